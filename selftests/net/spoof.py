#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends what somebody may send who knows a flow's addresses and ports, and nothing else of it.

spoof.py KIND... < LINES
    A line is one flow as `ss -Htn` tells it: the client's address and port, the server's. KINDs: syn,
    rst, ack, data, fin, synack; `echo` is an ack with a TSecr at random.
"""
import random
import sys

from scapy.all import IP, TCP, IPv6, Raw, conf, send

FLAGS = {"syn": "S", "rst": "R", "ack": "A", "data": "PA", "fin": "FA", "synack": "SA", "echo": "A"}


def spoofed(src, sport, dst, dport, kind):
    layer = IPv6 if ":" in src else IP
    options = []
    if kind in ("syn", "echo"):
        options = [("NOP", None), ("NOP", None), ("Timestamp", (7, random.getrandbits(32)))]
    segment = TCP(sport=sport, dport=dport, flags=FLAGS[kind], seq=random.getrandbits(32),
                  ack=0 if kind in ("syn", "rst") else random.getrandbits(32), options=options)
    payload = Raw(b"GET /forged") if kind == "data" else b""
    return layer(src=src, dst=dst) / segment / payload


def main():
    conf.verb = 0
    for line in sys.stdin:
        (src, sport), (dst, dport) = (end.rsplit(":", 1) for end in line.split()[-2:])
        send([spoofed(src.strip("[]"), int(sport), dst.strip("[]"), int(dport), kind)
              for kind in sys.argv[1:]])


main()
