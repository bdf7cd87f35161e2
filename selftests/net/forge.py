#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends tunnel packets, most of which a node must not believe; each word names a kind.

Run where packets with any source address can be sent towards the target. It knows the fleet's
key, so that each kind is wrong in one thing only. What a tag covers is written in maps/types.h;
SipHash and the key derivation are done here on their own, as an oracle.
"""
import argparse
import hashlib
import ipaddress
import struct
import time

from scapy.all import IP, TCP, UDP, IPv6, Raw, conf, send

MASK = (1 << 64) - 1
CLASS, TYPE, OPTION_WORDS = 0xFF0A, 0x81, 6
PORT = 6081
WHY_DATA = 0
SUBKEY_TUNNEL = 256


# --- keys and tags -----------------------------------------------------------------------------
def tunnel_key(master, epoch):
    """libsodium's crypto_kdf: BLAKE2b keyed by the master, the subkey's number as salt."""
    return hashlib.blake2b(b"", digest_size=16, key=master, person=b"anydoor1".ljust(16, b"\0"),
                           salt=struct.pack("<Q", SUBKEY_TUNNEL + epoch).ljust(16, b"\0")).digest()


def rotl(x, bits):
    return (x << bits | x >> (64 - bits)) & MASK


def sip_round(v):
    v[0] = (v[0] + v[1]) & MASK
    v[1] = rotl(v[1], 13) ^ v[0]
    v[0] = rotl(v[0], 32)
    v[2] = (v[2] + v[3]) & MASK
    v[3] = rotl(v[3], 16) ^ v[2]
    v[0] = (v[0] + v[3]) & MASK
    v[3] = rotl(v[3], 21) ^ v[0]
    v[2] = (v[2] + v[1]) & MASK
    v[1] = rotl(v[1], 17) ^ v[2]
    v[2] = rotl(v[2], 32)


def siphash24(key, data):
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        sip_round(v)
        sip_round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        sip_round(v)
    return struct.pack("<Q", v[0] ^ v[1] ^ v[2] ^ v[3])


# --- packets -----------------------------------------------------------------------------------
def packed(address):
    return ipaddress.ip_address(address).packed


def ip_layer(source, destination):
    if ":" in destination:
        return IPv6(src=source, dst=destination)
    return IP(src=source, dst=destination)


class Tunnel:
    """One tunnel packet, right in everything unless told otherwise."""

    def __init__(self, args):
        self.source, self.destination = args.peer, args.target
        self.key = (bytes.fromhex(args.tunnel_key) if args.tunnel_key else
                    tunnel_key(bytes.fromhex(args.key), args.epoch))
        self.landing, self.hop, self.why, self.epoch = args.landing, 1, WHY_DATA, args.epoch
        self.time, self.option_class = int(time.time()), CLASS
        self.candidates = [args.owner, 0, 0]
        self.inner = self.inner_tcp(args.client, args.vip)
        self.signed_for = self.destination
        self.spoil_tag = False

    @staticmethod
    def inner_tcp(client, vip, flags="A"):
        return ip_layer(client, vip) / TCP(sport=40000, dport=80, flags=flags, seq=1, ack=1)

    def option(self, tag=b""):
        head = struct.pack("!HBBHBBI3HH", self.option_class, TYPE, OPTION_WORDS, self.landing,
                           self.hop << 4 | self.why, self.epoch, self.time & 0xFFFFFFFF,
                           *self.candidates, 0)
        return head + tag

    def packet(self):
        inner = bytes(self.inner)
        protocol = 0x86DD if inner[0] >> 4 == 6 else 0x0800
        geneve = struct.pack("!BBHI", OPTION_WORDS + 1, 0x40, protocol, 0)
        head = (40 if protocol == 0x86DD else 20) + 20
        tag = siphash24(self.key, packed(self.source) + packed(self.signed_for) + geneve +
                        self.option() + struct.pack("!HH", len(inner), 0) + inner[:head])
        if self.spoil_tag:
            tag = bytes([tag[0] ^ 1]) + tag[1:]
        return (ip_layer(self.source, self.destination) / UDP(sport=50000, dport=PORT) /
                Raw(geneve + self.option(tag) + inner))


# --- what can be wrong with it -------------------------------------------------------------------
def right(tunnel, args):
    pass


def stranger(tunnel, args):
    tunnel.source = str(ipaddress.ip_address(args.peer) + 100)


def stale(tunnel, args):
    tunnel.time -= 60


def future(tunnel, args):
    tunnel.time += 60


def forged(tunnel, args):
    tunnel.spoil_tag = True


def moved(tunnel, args):
    """Caught on its way to another node, and replayed to this one."""
    tunnel.signed_for = str(ipaddress.ip_address(args.target) + 1)


def old_key(tunnel, args):
    tunnel.epoch = args.epoch + 1


def syn(tunnel, args):
    tunnel.inner = tunnel.inner_tcp(args.client, args.vip, flags="S")


def not_vip(tunnel, args):
    tunnel.inner = tunnel.inner_tcp(args.client, str(ipaddress.ip_address(args.vip) + 1))


def foreign(tunnel, args):
    tunnel.option_class = 0x0102


def loop(tunnel, args):
    """If the target does not own it, a third node does, and if that does not, the target does."""
    tunnel.candidates = [args.owner, args.third, args.owner]


def worn(tunnel, args):
    tunnel.hop = 15


KINDS = {f.__name__: f for f in (right, stranger, stale, future, forged, moved, old_key, syn, not_vip,
                                 foreign, loop, worn)}


def arguments():
    parser = argparse.ArgumentParser()
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--key", help="the fleet's: 64 hexadecimal digits")
    which.add_argument("--tunnel-key", help="what is made of it: 32 hexadecimal digits")
    parser.add_argument("--epoch", type=int, default=1)
    parser.add_argument("--peer", required=True, help="tunnel address that we claim to be")
    parser.add_argument("--landing", type=int, required=True, help="its node id")
    parser.add_argument("--target", required=True, help="tunnel address of the victim")
    parser.add_argument("--owner", type=int, required=True, help="its node id")
    parser.add_argument("--third", type=int, required=True, help="a third node's id")
    parser.add_argument("--client", required=True)
    parser.add_argument("--vip", required=True)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--hex", action="store_true", help="print them, and send nothing")
    parser.add_argument("--print-key", action="store_true", help="print that of the tunnel instead")
    parser.add_argument("kind", nargs="+", choices=KINDS)
    return parser.parse_args()


def main():
    args = arguments()
    conf.verb = 0
    for kind in args.kind:
        tunnel = Tunnel(args)
        KINDS[kind](tunnel, args)
        if args.print_key:
            print(tunnel.key.hex())
        elif args.hex:
            print(bytes(tunnel.packet()).hex())
        else:
            send(tunnel.packet(), count=args.count)


main()
