#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long wires: what comes in at one end leaves at the other, some milliseconds later.

    long_wire.py MILLISECONDS END END [END END...]

Every END is an interface, two in a row are the ends of a wire. netem would do the same where the
kernel has it.
"""
import collections
import selectors
import socket
import sys
import time

ETH_P_ALL, PACKET_OUTGOING, FRAME_MAX = 3, 4, 65536


class End:
    """Frames that came in here, and the time when each is due at the other end."""

    def __init__(self, interface, delay_s):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.bind((interface, ETH_P_ALL))
        self.sock.setblocking(False)
        self.delay_s, self.on_the_way, self.other = delay_s, collections.deque(), None

    def take(self):
        while True:
            try:
                frame, (_, _, kind, *_) = self.sock.recvfrom(FRAME_MAX)
            except BlockingIOError:
                return
            if kind != PACKET_OUTGOING:
                self.on_the_way.append((time.monotonic() + self.delay_s, frame))

    def give(self, now):
        while self.on_the_way and self.on_the_way[0][0] <= now:
            try:
                self.other.sock.send(self.on_the_way.popleft()[1])
            except OSError:
                pass  # a wire loses what the other end cannot take


def main():
    delay_s = int(sys.argv[1]) / 1000
    ends = [End(interface, delay_s) for interface in sys.argv[2:]]
    selector = selectors.DefaultSelector()
    for a, b in zip(ends[::2], ends[1::2]):
        a.other, b.other = b, a
    for end in ends:
        selector.register(end.sock, selectors.EVENT_READ, end)
    while True:
        due = min((end.on_the_way[0][0] for end in ends if end.on_the_way), default=None)
        wait = None if due is None else max(due - time.monotonic(), 0)
        for key, _ in selector.select(wait):
            key.data.take()
        now = time.monotonic()
        for end in ends:
            end.give(now)


main()
