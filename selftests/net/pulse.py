#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steady streams whose worst delay is measured: how long does a shift hold an application up?

    pulse.py serve ADDRESS...    in a POP
    pulse.py run ADDRESS...      at the client: a download and an upload with each address

Every few milliseconds the sender writes a block, with its number and the time; how late the
receiving application reads it is its delay. `run` answers each line on stdin with a line for every
stream: address, way, blocks since the last line, the worst of their delays in ms, and how the
stream is. All clocks are one machine's.
"""
import socket
import struct
import sys
import threading
import time

PORT, PERIOD_S = 5300, 0.005
BLOCK, DELAY = struct.Struct("!QQ1008x"), struct.Struct("!Q")
SILENCE_S = 30


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError("closed")
        data += more
    return data


def send_blocks(sock):
    number, due = 0, time.monotonic()
    while True:
        sock.sendall(BLOCK.pack(number, time.monotonic_ns()))
        number, due = number + 1, due + PERIOD_S
        time.sleep(max(due - time.monotonic(), 0))


def receive_blocks(sock):
    """The delay of each block in ns. Blocks lost, changed or out of order end the stream."""
    number = 0
    while True:
        got, written_ns = BLOCK.unpack(read_exactly(sock, BLOCK.size))
        if got != number:
            raise ValueError(f"block {got} instead of {number}")
        number += 1
        yield max(time.monotonic_ns() - written_ns, 0)


def in_background(function, *args):
    threading.Thread(target=function, args=args, daemon=True).start()


# --- in the POP --------------------------------------------------------------------------------
def serve_one(sock):
    try:
        if read_exactly(sock, 1) == b"d":
            send_blocks(sock)
        for delay in receive_blocks(sock):
            sock.sendall(DELAY.pack(delay))
    except (OSError, EOFError, ValueError):
        sock.close()


def serve(address):
    with socket.create_server((address, PORT), family=family_of(address), backlog=64) as listener:
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            in_background(serve_one, sock)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# --- at the client -----------------------------------------------------------------------------
class Stream:
    def __init__(self, address, way):
        self.address, self.way = address, way
        self.blocks, self.worst_ns, self.state = 0, 0, "alive"
        self.sock = socket.create_connection((address, PORT), timeout=SILENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(way[:1].encode())
        in_background(self.follow)
        if way == "up":
            in_background(self.send)

    def delays(self):
        if self.way == "down":
            yield from receive_blocks(self.sock)
        while True:
            yield DELAY.unpack(read_exactly(self.sock, DELAY.size))[0]

    def follow(self):
        try:
            for delay in self.delays():
                self.blocks += 1
                self.worst_ns = max(self.worst_ns, delay)
        except (OSError, EOFError, ValueError) as error:
            self.state = str(error).replace(" ", "_")

    def send(self):
        try:
            send_blocks(self.sock)
        except OSError as error:
            self.state = str(error).replace(" ", "_")

    def report(self):
        line = f"{self.address} {self.way} {self.blocks} {self.worst_ns // 1000000} {self.state}"
        self.blocks, self.worst_ns = 0, 0
        return line


def run(addresses):
    streams = [Stream(address, way) for address in addresses for way in ("down", "up")]
    for _ in sys.stdin:
        print("\n".join(stream.report() for stream in streams), flush=True)


def main():
    if sys.argv[1] == "run":
        run(sys.argv[2:])
        return
    for address in sys.argv[3:]:
        in_background(serve, address)
    serve(sys.argv[2])


main()
