#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""mmdb.py OUT [TYPE]: writes a small database in MaxMind's format (version 2.0 of its specification) out of
lines on stdin: a network, and what is known of it: country=DE continent=EU subdivision=BE asn=64500 at=50.1,8.7."""
import ipaddress
import struct
import sys

NOTHING = object()


def number(kind, value):
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    head = bytes([len(data), kind - 7]) if kind > 7 else bytes([kind << 5 | len(data)])
    return head + data


def encode(value):
    if isinstance(value, str):
        return bytes([2 << 5 | len(value)]) + value.encode()
    if isinstance(value, float):
        return bytes([3 << 5 | 8]) + struct.pack(">d", value)
    if isinstance(value, dict):
        return bytes([7 << 5 | len(value)]) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(encode, value))
    return number(*value)


def record(words):
    said = dict(word.split("=", 1) for word in words)
    made = {}
    if "continent" in said:
        made["continent"] = {"code": said["continent"]}
    if "country" in said:
        made["country"] = {"iso_code": said["country"]}
    if "subdivision" in said:
        made["subdivisions"] = [{"iso_code": said["subdivision"]}]
    if "at" in said:
        latitude, longitude = map(float, said["at"].split(","))
        made["location"] = {"latitude": latitude, "longitude": longitude}
    if "asn" in said:
        made["autonomous_system_number"] = (6, int(said["asn"]))
    return encode(made)


def bits_of(text):
    network = ipaddress.ip_network(text)
    size = network.max_prefixlen
    bits = format(int(network.network_address), f"0{size}b")[:network.prefixlen]
    return "0" * (128 - size) + bits


def put(nodes, bits, value):
    at = 0
    for bit in map(int, bits[:-1]):
        below = nodes[at][bit]
        if not isinstance(below, int):
            nodes.append([below, below])
            below = nodes[at][bit] = len(nodes) - 1
        at = below
    nodes[at][int(bits[-1])] = value


def main():
    nodes, data = [[NOTHING, NOTHING]], b""
    for line in sys.stdin:
        words = line.split("#")[0].split()
        if words:
            put(nodes, bits_of(words[0]), (len(data),))
            data += record(words[1:])
    tree = b""
    for node in nodes:
        for side in node:
            if side is NOTHING:
                side = len(nodes)
            elif isinstance(side, tuple):
                side = side[0] + len(nodes) + 16
            tree += struct.pack(">I", side)
    about = {"node_count": (6, len(nodes)), "record_size": (5, 32), "ip_version": (5, 6),
             "database_type": (sys.argv[2:] or ["Test"])[0], "languages": [], "binary_format_major_version": (5, 2),
             "binary_format_minor_version": (5, 0), "build_epoch": (9, 1700000000), "description": {}}
    with open(sys.argv[1], "wb") as file:
        file.write(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encode(about))


main()
