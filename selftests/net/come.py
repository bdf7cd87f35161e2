#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""come.py tcp|udp SECONDS PER_SECOND SOURCE VIP PORT

Comes from SOURCE so often: a connection that is opened and reset, or a DNS query whose answer nobody
reads. Says how many there were.
"""
import socket
import struct
import sys
import time

QUERY = bytes.fromhex("000100000001000000000000036e7331076578616d706c6503636f6d0000010001")


def connect(source, vip):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.settimeout(2)
        sock.bind((source, 0))
        sock.connect(vip)


def ask(source, vip):
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.sendto(QUERY, vip)


def main():
    kind, seconds, rate, source, address, port = sys.argv[1:]
    come = {"tcp": connect, "udp": ask}[kind]
    began, number = time.monotonic(), 0
    while time.monotonic() - began < float(seconds):
        come(source, (address, int(port)))
        number += 1
        time.sleep(max(0, began + number / float(rate) - time.monotonic()))
    print(number)


main()
