#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends segments of connections that do not exist, one for each port from --first on; then again.

With --spread, instead, as many as --count says, each from an address of its own and sent once.
"""
import argparse
import random
import socket
import struct
import time

from scapy.all import IP, TCP, IPv6, Raw, conf, send


def segment(client, vip, port):
    ip = IPv6 if ":" in vip else IP
    return (ip(src=client, dst=vip) /
            TCP(sport=port, dport=80, flags="PA", seq=1, ack=1) / Raw(b"anybody?"))


def moved(packet, host, port):
    """As if from 198.18.0.0 + `host`, `port`; the checksum follows (RFC 1624)."""
    old = struct.unpack("!HHH", packet[12:16] + packet[20:22])
    new = (198 << 8 | 18 + (host >> 16), host & 0xFFFF, port)
    total = (~struct.unpack("!H", packet[36:38])[0] & 0xFFFF)
    total += sum(new) + sum(~word & 0xFFFF for word in old)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (packet[:12] + struct.pack("!HH", *new[:2]) + packet[16:20] + struct.pack("!H", port)
            + packet[22:36] + struct.pack("!H", ~total & 0xFFFF) + packet[38:])


def flood(vip, count):
    """IPv4, from 198.18.0.0/15 (RFC 2544), as fast as it goes."""
    numbers = random.Random(1).sample(range(1 << 17), count)
    template = bytes(segment("198.18.0.0", vip, 1024))
    frames = [moved(template, n, 1024 + n % 60000) for n in numbers]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        for frame in frames:
            sock.sendto(frame, (vip, 0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--client")
    parser.add_argument("--vip", required=True)
    parser.add_argument("--first", type=int, default=1024)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--spread", action="store_true")
    args = parser.parse_args()
    conf.verb = 0
    if args.spread:
        flood(args.vip, args.count)
        return
    segments = [segment(args.client, args.vip, port)
                for port in range(args.first, args.first + args.count)]
    send(segments)
    time.sleep(0.5)
    send(segments)


main()
