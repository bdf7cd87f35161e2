#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""attack.py mutate SEED ROUNDS KIND WHERE: good messages, mutated, to a listener.
attack.py crowd NUMBER WHERE: so many connections at once, silent; a line when they are open, then it waits for stdin.

KIND is dns, http or control; WHERE is ADDRESS:PORT or the path of a socket. Nothing is expected in
return but that the listener takes the next connection: one that is refused ends the program.
"""
import os
import random
import resource
import select
import socket
import struct
import sys

HTTP = [b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /metrics/flows?top=10 HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n\r\n",
        b"GET /flows HTTP/1.0\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"]
CONTROL = [b'{"verb": "nonsense", "args": {"force": true}}\n', b'{"verb": "x"}\n{"verb": "y"}\n',
           b'["verb"]\n', b'{"verb": {"a": [1, 2.5e9, null, "\\u0000\\ud83d\\ude00"]}}\n']


def name(*labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(owner, kind, options=b"", count=1):
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, len(options)) + options
    message = struct.pack("!6H", 1, 0x0100, count, 0, 0, 1) + owner + struct.pack("!HH", kind, 1) + opt
    return struct.pack("!H", len(message)) + message


DNS = [query(name(b"ns1", b"example", b"com"), 1), query(name(b"example", b"com"), 255),
       query(name(b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 50), 28), query(b"\xc0\x0c", 1),
       query(name(b"example", b"com"), 6, struct.pack("!HH", 10, 8) + b"12345678"),
       query(name(b"example", b"com"), 252), query(name(b"www", b"example", b"com"), 16,
                                                   struct.pack("!HHHBB", 8, 7, 1, 24, 0) + b"abc")]


def mutate(rng, message):
    """A few bytes changed, taken out, repeated; often nothing but a cut."""
    data = bytearray(message)
    for _ in range(rng.choice((0, 1, 1, 2, 4, 16))):
        at = rng.randrange(len(data)) if data else 0
        what = rng.randrange(5)
        if what == 0:
            data[at:at + 1] = bytes([rng.choice((0, 1, 10, 13, 63, 64, 127, 128, 192, 255, rng.randrange(256)))])
        elif what == 1:
            del data[at:at + rng.randrange(1, 8)]
        elif what == 2:
            data[at:at] = data[at:at + rng.randrange(1, 32)] * rng.choice((1, 2, 50))
        elif what == 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            data += message
    return bytes(data)


def connect(where):
    if "/" in where:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(10)
        sock.connect(where)
        return sock
    address, port = where.rsplit(":", 1)
    return socket.create_connection((address, int(port)), 10)


def send(rng, sock, data):
    """In pieces or at once; who is hung up on has been heard."""
    try:
        while data:
            size = rng.choice((1, 2, 3, 100, 100000))
            sock.send(data[:size])
            data = data[size:]
        if rng.random() < 0.3:
            sock.shutdown(socket.SHUT_WR)
        if rng.random() < 0.5 and select.select([sock], [], [], 0.02)[0]:
            sock.recv(65536)
    except OSError:
        pass


def mutate_all(seed, rounds, kind, where):
    rng = random.Random(int(seed))
    messages = {"dns": DNS, "http": HTTP, "control": CONTROL}[kind]
    for _ in range(int(rounds)):
        sock = connect(where)
        for _ in range(rng.choice((1, 1, 3))):
            send(rng, sock, mutate(rng, rng.choice(messages)))
        if rng.random() < 0.2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


def crowd(number, where):
    number = int(number)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, number + 100), hard))
    address, port = where.rsplit(":", 1)
    socks = []
    for _ in range(number):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((address, int(port)))
        socks.append(sock)
    print(len(socks), flush=True)
    os.read(0, 1)


if sys.argv[1] == "mutate":
    mutate_all(*sys.argv[2:])
else:
    crowd(*sys.argv[2:])
