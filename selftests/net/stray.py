#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends segments of connections that do not exist, one for each port from --first on; then again."""
import argparse
import time

from scapy.all import IP, TCP, IPv6, Raw, conf, send


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", required=True)
    parser.add_argument("--vip", required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, default=1)
    args = parser.parse_args()
    conf.verb = 0
    ip = IPv6 if ":" in args.vip else IP
    segments = [ip(src=args.client, dst=args.vip) /
                TCP(sport=port, dport=80, flags="PA", seq=1, ack=1) / Raw(b"anybody?")
                for port in range(args.first, args.first + args.count)]
    send(segments)
    time.sleep(0.5)
    send(segments)


main()
