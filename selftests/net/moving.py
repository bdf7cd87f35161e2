#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""moving.py [--twice] SEED NR NETWORKS OURS THEIRS NAME...: NR random questions, each a client (in or near a network of
the file NETWORKS, told as its subnet) and a name, to both servers (ADDRESS:PORT). JSON: how often they said the same,
what each said how often, and, asked twice, how many of its answers were another one the second time."""
import collections
import ipaddress
import json
import random
import select
import socket
import sys
import time

import dns.edns
import dns.message
import dns.rcode
import dns.rdatatype

AT_ONCE = 32
TRIES = 5


def client(chance, networks):
    """An address of a network, or of its neighbour, and how much of it is told."""
    network = chance.choice(networks)
    bits = network.max_prefixlen
    size = network.prefixlen
    address = int(network.network_address) ^ chance.choice([0, 0, 0, 1]) << (bits - size)
    address |= chance.getrandbits(bits - size)
    family = ipaddress.IPv4Address if bits == 32 else ipaddress.IPv6Address
    told = chance.randint(size, max(size, 32 if bits == 32 else 64))
    whole = ipaddress.ip_network((family(address), told), strict=False)
    return str(whole.network_address), told


def answers_of(wire):
    message = dns.message.from_wire(wire)
    if message.rcode():
        return dns.rcode.to_text(message.rcode())
    found = [str(record) for rrset in message.answer for record in rrset
             if rrset.rdtype == dns.rdatatype.A]
    return ",".join(sorted(found)) or "nothing"


def ask(server, wires):
    """What the server says to each; a question without an answer is asked again."""
    said = [None] * len(wires)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    host, port = server.split(":")
    sock.connect((host, int(port)))
    for first in range(0, len(wires), AT_ONCE):
        wanted = set(range(first, min(first + AT_ONCE, len(wires))))
        for _ in range(TRIES):
            for number in wanted:
                sock.send(wires[number])
            end = time.monotonic() + 1
            while wanted and select.select([sock], [], [], max(0, end - time.monotonic()))[0]:
                wire = sock.recv(4096)
                number = int.from_bytes(wire[:2], "big")
                if number in wanted:
                    wanted.discard(number)
                    said[number] = answers_of(wire)
            if not wanted:
                break
        for number in wanted:
            said[number] = "silence"
    return said


def main():
    twice = sys.argv[1] == "--twice"
    seed, count, path, ours, theirs, *names = sys.argv[1 + twice:]
    chance = random.Random(int(seed))
    with open(path, encoding="ascii") as file:
        networks = [ipaddress.ip_network(line.split()[0]) for line in file]
    questions, wires = [], []
    for number in range(int(count)):
        address, told = client(chance, networks)
        name = chance.choice(names)
        query = dns.message.make_query(name, "A", use_edns=0,
                                       options=[dns.edns.ECSOption(address, told)])
        query.flags = 0
        query.id = number
        questions.append(f"{name} {address}/{told}")
        wires.append(query.to_wire())
    first = [ask(server, wires) for server in (ours, theirs)]
    again = [ask(server, wires) for server in (ours, theirs)] if twice else first
    pairs = list(zip(questions, *first))
    print(json.dumps({
        "same": sum(a == b for _, a, b in pairs),
        "different": [f"{q}: {a}, {b}" for q, a, b in pairs if a != b][:5],
        "ours": collections.Counter(first[0]),
        "theirs": collections.Counter(first[1]),
        "moved": [sum(a != b for a, b in zip(*both)) for both in zip(first, again)]}))


main()
