#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""steer_scale.py: a large steering, and how soon it obeys; for steer_scale.t.

  make POLICIES REGIONS    prints keys of a configuration: each policy has a rule for each region
  react CONTROL SERVER NAME TIMES
                           tells POP fra down and up again through the daemon's control socket, and prints
                           for each time the milliseconds until an answer obeys: from before it is told
"""
import json
import random
import socket
import sys
import time

POPS = ("fra", "nyc", "sin")
LIMIT_S = 5


def make(policies, regions):
    draw = random.Random(1)
    print("pops: [" + ", ".join(f"{{ name: {pop} }}" for pop in POPS) + "]\nregions:")
    for n in range(regions):
        print(f"  - {{ name: r{n}, networks: [172.16.{n % 250}.0/24] }}")
    print("policies:")
    for n in range(policies):
        print(f"  - name: p{n}\n    default: [fra, nyc, sin]\n    rules:")
        for region in range(regions):
            one, two, three = draw.sample(POPS, 3)
            print(f"      r{region}: [{{ {one}: {draw.randint(1, 9)}, {two}: 1 }}, {three}]")
    print("steer: [{ name: www.example.com, policy: p0, ttl: 60s, doubt_ttl: 10s }]")


def query(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def tell(path, state):
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(path)
        args = {"pop": "fra", "state": state, "who": "test"}
        control.sendall(json.dumps({"verb": "pop", "args": args}).encode() + b"\n")
        if not json.loads(control.makefile().readline())["ok"]:
            sys.exit("the daemon refuses")


def react(path, server, name, times):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((server, 53))

        def address():
            sock.send(query(name))
            return sock.recv(512)[-4:]

        was = address()
        for number in range(2 * times):
            began = time.monotonic()
            tell(path, "auto" if number % 2 else "down")
            while (address() != was) == bool(number % 2):
                if time.monotonic() > began + LIMIT_S:
                    sys.exit("no answer obeys")
            print(f"{(time.monotonic() - began) * 1000:.3f}")


if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]))
else:
    react(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
