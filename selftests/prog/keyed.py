# SPDX-License-Identifier: GPL-3.0-or-later
"""SipHash-2-4 (Aumasson and Bernstein, 2012), and what DNS makes of it (RFC 9018), written from
their descriptions."""

import ipaddress
import struct

MASK64 = (1 << 64) - 1


def _rotl(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK64


def _sipround(v0, v1, v2, v3):
    v0 = (v0 + v1) & MASK64
    v1 = _rotl(v1, 13) ^ v0
    v0 = _rotl(v0, 32)
    v2 = (v2 + v3) & MASK64
    v3 = _rotl(v3, 16) ^ v2
    v0 = (v0 + v3) & MASK64
    v3 = _rotl(v3, 21) ^ v0
    v2 = (v2 + v1) & MASK64
    v1 = _rotl(v1, 17) ^ v2
    v2 = _rotl(v2, 32)
    return v0, v1, v2, v3


def siphash(key, data):
    """64-bit output as an integer; `key` is 16 bytes."""
    k0, k1 = struct.unpack("<QQ", key)
    v = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v = (v[0], v[1], v[2], v[3] ^ word)
        v = _sipround(*_sipround(*v))
        v = (v[0] ^ word, v[1], v[2], v[3])
    v = (v[0], v[1], v[2] ^ 0xFF, v[3])
    for _ in range(4):
        v = _sipround(*v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


# The example of the paper's appendix A.
assert siphash(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


def server_cookie(mine, client, made_s, secret, version=1):
    """The whole option: the client's cookie and the server's."""
    head = mine + struct.pack("!B3xI", version, made_s)
    return head + struct.pack("<Q", siphash(secret, head + ipaddress.ip_address(client).packed))


# RFC 9018, A.1.
assert server_cookie(bytes.fromhex("2464c4abcf10c957"), "198.51.100.100", 1559731985,
                     bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")).hex().endswith(
                         "1f8130c3eee29480")
