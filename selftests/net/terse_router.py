#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router that quotes no more than it must: IP header and eight bytes.

Run where packets pass: for the first of each flow, and then one every half a second, that comes in
from --from and is larger than --mtu it sends "too big", marked 7, to its source. It does not drop
anything; the kernel, which does, must be kept from sending its own.
"""
import argparse
import socket
import struct
import time

ETH_P_ALL = 3
MARK = 7
PAUSE_S = 0.5


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def raw_socket(family, protocol):
    sock = socket.socket(family, socket.SOCK_RAW, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    return sock


class Router:
    def __init__(self, mtu):
        self.mtu = mtu
        self.raw4 = raw_socket(socket.AF_INET, socket.IPPROTO_ICMP)
        self.raw6 = raw_socket(socket.AF_INET6, socket.IPPROTO_ICMPV6)
        self.last = {}

    def answer(self, packet):
        if packet[0] >> 4 == 4:
            message = struct.pack("!BBHHH", 3, 4, 0, 0, self.mtu) + packet[:28]
            message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
            self.raw4.sendto(message, (socket.inet_ntop(socket.AF_INET, packet[12:16]), 0))
        else:  # the kernel fills in the checksum
            message = struct.pack("!BBHI", 2, 0, 0, self.mtu) + packet[:48]
            self.raw6.sendto(message, (socket.inet_ntop(socket.AF_INET6, packet[8:24]), 0))

    def see(self, packet):
        tuple_at = 12 if packet[0] >> 4 == 4 else 8
        flow = packet[tuple_at:tuple_at + 32]
        now = time.monotonic()
        if now - self.last.get(flow, 0) >= PAUSE_S:
            self.last[flow] = now
            self.answer(packet)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mtu", type=int, required=True)
    parser.add_argument("--from", dest="interfaces", action="append", required=True)
    args = parser.parse_args()
    router = Router(args.mtu)
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    print("ready", flush=True)
    while True:
        packet, (interface, protocol, kind, *_) = sniffer.recvfrom(65535)
        if interface in args.interfaces and kind == socket.PACKET_HOST and \
                protocol in (0x0800, 0x86DD) and len(packet) > args.mtu:
            router.see(packet)


main()
