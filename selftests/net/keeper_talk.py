#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to tell a live data path from a broken one.

serve PORT
    Echo on every address of this host, both families on one socket.
leave PORT ADDRESS [FROM]
    One connection that the server closes first.
hold PORT ADDRESS...
    One connection to each address; the first is never silent, the others wait. For every line on
    stdin: an exchange on each, then one line that says how many are alive and the longest that the
    busy one waited since the last line, in ms.
"""
import os
import socket
import socketserver
import sys
import threading
import time

BLOCK = 32768
BYE = b"bye"
TIMEOUT_S = 15


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while (data := self.request.recv(BLOCK)) and data != BYE:
                self.request.sendall(data)
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class Connection:
    def __init__(self, address, port):
        self.socket = socket.create_connection((address, port), TIMEOUT_S)
        self.lock = threading.Lock()
        self.longest = 0.0
        self.alive = True

    def exchange(self):
        block = os.urandom(BLOCK)
        with self.lock:
            begin = time.monotonic()
            try:
                self.socket.sendall(block)
                self.alive = self.alive and self.read(len(block)) == block
            except OSError:
                self.alive = False
            self.longest = max(self.longest, time.monotonic() - begin)
        return self.alive

    def read(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                break
            data += part
        return data

    def talk_forever(self):
        while self.exchange():
            time.sleep(0.005)


def hold(port, addresses):
    connections = [Connection(address, port) for address in addresses]
    busy = connections[0]
    threading.Thread(target=busy.talk_forever, daemon=True).start()
    print("holding", flush=True)
    for _ in sys.stdin:
        alive = sum(connection.exchange() for connection in connections)
        print(alive, int(busy.longest * 1000), flush=True)
        busy.longest = 0.0


def leave(port, address, source=""):
    with socket.create_connection((address, port), TIMEOUT_S, (source, 0)) as connection:
        connection.sendall(BYE)
        connection.recv(1)


def main():
    command, port, *rest = sys.argv[1:]
    if command == "serve":
        Server(("::", int(port)), Echo).serve_forever()
    elif command == "leave":
        leave(int(port), *rest)
    else:
        hold(int(port), rest)


main()
