#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that do as they are told, one word at a time.

puppet.py serve NAME PORT
    On every address. A line is a word: `who` is answered with NAME; `stream N` with so many
    numbered lines, one every 10 ms, and then the server ends; so it does on `bye`, at once.
puppet.py play PORT
    The client. Each line on stdin is answered with one on stdout:
    open CONNECTION ADDRESS [SOURCE-PORT [fast]]    `fast`: data in the SYN (RFC 7413) if it may
    who CONNECTION        who answers, or what went wrong
    stream CONNECTION N   the server streams from now on
    half CONNECTION       we end our half
    rest CONNECTION       how many lines came until the end, or what was wrong with them
    leave CONNECTION      the server closes
    bye CONNECTION        the server closes first, then we do
    close CONNECTION      we do
    abort CONNECTION      with a RST
    fast CONNECTION       was the data in its SYN taken?
"""
import socket
import socketserver
import struct
import sys
import time

TIMEOUT_S = 8
FASTOPEN = 23  # TCP_FASTOPEN
SYN_DATA = 32  # TCPI_OPT_SYN_DATA


# --- the server ----------------------------------------------------------------------------------
class Talker(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                word = line.decode().strip()
                if word == "bye":
                    return
                if word == "who":
                    self.wfile.write(self.server.name)
                elif word.startswith("stream"):
                    self.stream(int(word.split()[1]))
                    return
        except OSError:
            pass

    def stream(self, count):
        for i in range(count):
            self.wfile.write(b"%d\n" % i)
            time.sleep(0.01)


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_TCP, FASTOPEN, 64)
        super().server_bind()


def serve(name, port):
    server = Server(("::", int(port)), Talker)
    server.name = name.encode() + b"\n"
    server.serve_forever()


# --- the client ----------------------------------------------------------------------------------
class Connection:
    def __init__(self, address, port, source=0, fast=False):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("", int(source)))
        if fast:  # without a timeout, or it would not wait where it has no cookie yet
            self.socket.sendto(b"who\n", socket.MSG_FASTOPEN, (address, port))
        self.socket.settimeout(TIMEOUT_S)
        if not fast:
            self.socket.connect((address, port))
        self.lines = self.socket.makefile("rb")
        if fast:
            self.lines.readline()

    def who(self):
        self.socket.sendall(b"who\n")
        return self.lines.readline().decode().strip() or "closed"

    def stream(self, count):
        self.socket.sendall(b"stream %s\n" % count.encode())
        return "streaming"

    def half(self):
        self.socket.shutdown(socket.SHUT_WR)
        return "half"

    def rest(self):
        lines = [line.decode().strip() for line in self.lines]
        return str(len(lines)) if lines == [str(i) for i in range(len(lines))] else "garbled"

    def leave(self):
        self.socket.sendall(b"bye\n")
        return "left"

    def bye(self):
        self.leave()
        ended = not self.lines.readline()
        return self.close() if ended else "not yet"

    def close(self):
        self.lines.close()
        self.socket.close()
        return "closed"

    def abort(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return self.close()

    def fast(self):
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 16)
        return "taken" if info[5] & SYN_DATA else "not taken"


def obey(connections, port, word, name, *rest):
    if word == "open":
        connections[name] = Connection(rest[0], port, *rest[1:])
        return "open"
    return getattr(connections[name], word)(*rest)


def play(port):
    connections = {}
    for line in sys.stdin:
        try:
            answer = obey(connections, int(port), *line.split())
        except KeyError:
            answer = "not open"
        except TimeoutError:
            answer = "silence"
        except OSError as error:
            answer = error.strerror
        print(answer, flush=True)


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    play(sys.argv[2])
