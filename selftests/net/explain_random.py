#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""explain_random.py: a random world for explain.t, and what is asked of it.

  make DIR SEED NR       writes DIR/geo.txt (for mmdb.py), DIR/example.zone, DIR/steer.yaml (top-level keys,
                         one a line) and DIR/questions: NR lines "ADDRESS/BITS NAME"
  ask SERVER FILE        asks each of them with that subnet, or without one where no length stands, and
                         prints what the reply says: rcode, TTL and address of each A, scope
  told FILE              the same of what `anydoor explain --json --stdin` said
"""
import ipaddress
import json
import random
import socket
import sys
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

POPS = ("fra", "nyc", "sin", "ams", "lon", "tyo")
COUNTRIES = ("DE", "FR", "US", "CA", "JP", "KE", "BR", "AU")
CONTINENTS = ("EU", "NA", "AS", "AF", "SA", "OC")
NAMES, WILD, ALIASES, POLICIES = 40, 4, 10, 12  # the first WILD are wildcards


def network(draw, most4=28, most6=56):
    if draw.random() < 0.6:
        bits = draw.randint(6, most4)
        return ipaddress.ip_network((draw.getrandbits(32) >> (32 - bits) << (32 - bits), bits))
    bits = draw.randint(18, most6)
    start = 0x2 << 124 | draw.getrandbits(bits - 4) << (128 - bits)
    return ipaddress.ip_network((start, bits))


def is_plain(net):
    """Not where IPv6 addresses stand for others."""
    hidden = ("::/32", "64:ff9b::/32", "2001::/32", "2002::/16")
    return net.version == 4 or not any(net.overlaps(ipaddress.ip_network(other)) for other in hidden)


def geo_lines(draw, networks):
    for net in networks:
        words = [f"country={draw.choice(COUNTRIES)}"] if draw.random() < 0.8 else []
        if words and draw.random() < 0.3:
            words.append("subdivision=AA")
        if draw.random() < 0.5 or not words:
            words.append(f"asn={draw.randint(64500, 64509)}")
        yield f"{net} {' '.join(words)}"


def regions(draw):
    yield from (f"{{ name: c{code.lower()}, continents: [{code}] }}" for code in CONTINENTS)
    yield from (f"{{ name: l{code.lower()}, countries: [{code}] }}" for code in COUNTRIES)
    yield "{ name: part, subdivisions: [DE-AA, US-AA, JP-AA] }"
    yield from (f"{{ name: as{n}, asns: [{n}] }}" for n in range(64500, 64504))
    for number in range(6):
        inside = ", ".join(f'"{network(draw)}"' for _ in range(8))
        yield f"{{ name: own{number}, networks: [{inside}] }}"


def choices(draw):
    """Some POPs in ranks, some of them groups with weights."""
    left = draw.sample(POPS, draw.randint(1, len(POPS)))
    ranks = []
    while left:
        group, left = left[:draw.randint(1, 3)], left[3:]
        ranks.append(group[0] if len(group) == 1 else
                     "{ " + ", ".join(f"{pop}: {draw.randint(1, 5)}" for pop in group) + " }")
    return "[" + ", ".join(ranks) + "]"


def policies(draw, names):
    for number in range(POLICIES):
        keys = [f"name: p{number}", f"draw: {draw.choice(('order', 'weighted', 'spread'))}"]
        where = draw.choice(("ecs", "ecs", "ecs", "resolver", "pop"))
        keys.append(f"locate: {where}")
        if where != "pop":
            rules = ", ".join(f"{name}: {choices(draw)}" for name in draw.sample(names, 6))
            keys.append(f"rules: {{ {rules} }}")
        keys.append(f"default: {choices(draw)}")
        keys.append(f"all_out: {draw.choice(('last_resort', 'servfail', 'nodata'))}")
        yield "{ " + ", ".join(keys) + " }"


def steered(draw):
    for number in range(NAMES):
        owner, members = f"n{number}", "{name}.{pop}"
        if number < WILD:
            owner, members = f"*.n{number}", f"n{number}.{{pop}}"
        keys = [f'name: "{owner}.example.com"', f"policy: p{number % POLICIES}", f'members: "{members}"']
        if draw.random() < 0.7:
            keys.append(f"ttl: {draw.randint(20, 600)}")
        if draw.random() < 0.7:
            keys.append(f"doubt_ttl: {draw.randint(1, 20)}")
        if draw.random() < 0.2:
            keys.append("ecs: off")
        if draw.random() < 0.3:
            keys.append(f"answers: {draw.randint(2, 4)}")
        yield "{ " + ", ".join(keys) + " }"


def asked_as(draw, number):
    return f"x{draw.randrange(100)}.n{number}" if number < WILD else f"n{number}"


def zone_lines(draw):
    yield from ("$ORIGIN example.com.", "@ 300 SOA ns host 1 3600 600 86400 60", "@ 300 NS ns",
                "ns 300 A 198.51.100.1")
    for number in range(NAMES):
        for index, pop in enumerate(POPS):
            yield f"n{number}.{pop} {draw.randint(20, 600)} A 10.{index}.{number}.1"
    for number in range(ALIASES):
        yield f"a{number} 300 CNAME {asked_as(draw, draw.randrange(NAMES))}"


def client(draw, networks):
    """A subnet near something that is known, or anywhere; of all kinds."""
    kind = draw.random()
    if kind < 0.03:
        return draw.choice(("0.0.0.0/0", "::/0"))
    net = draw.choice(networks) if kind < 0.7 else network(draw, 32, 64)
    inner = ipaddress.ip_address(int(net.network_address) |
                                 draw.getrandbits(net.max_prefixlen - net.prefixlen or 1) %
                                 net.num_addresses)
    if net.version == 6:
        bits = draw.choice((48, 56, 56, 64, 128, draw.randint(1, 128)))
    elif kind < 0.08:
        inner, bits = ipaddress.ip_address(0x2002 << 112 | int(inner) << 80), draw.randint(16, 64)
    elif kind < 0.12:
        inner, bits = ipaddress.ip_address(0x64ff9b << 96 | int(inner)), draw.randint(96, 128)
    else:
        bits = draw.choice((24, 24, 24, 32, draw.randint(1, 32)))
    return str(ipaddress.ip_network((inner, bits), strict=False))


def make(home, seed, nr):
    draw = random.Random(seed)
    networks = list(filter(is_plain, (network(draw) for _ in range(600))))
    all_regions = list(regions(draw))
    names = [text.split()[2].rstrip(",") for text in all_regions]
    (home / "geo.txt").write_text("\n".join(geo_lines(draw, sorted(
        networks, key=lambda net: net.prefixlen))) + "\n")
    (home / "example.zone").write_text("\n".join(zone_lines(draw)) + "\n")
    keys = {"pops": (f"{{ name: {pop} }}" for pop in POPS), "regions": all_regions,
            "policies": policies(draw, names), "steer": steered(draw)}
    (home / "steer.yaml").write_text("".join(f"{key}=[{', '.join(rows)}]\n"
                                             for key, rows in keys.items()))
    asked = [asked_as(draw, n) for n in range(NAMES)] + ["n0", "x.y.n1"] + [f"a{n}" for n in range(ALIASES)] + ["ns", "none"]
    (home / "questions").write_text("".join(
        f"{client(draw, networks)} {draw.choice(asked)}.example.com\n" for _ in range(nr)))


def say(rcode, answers, scope):
    print(rcode, " ".join(f"{ttl}={address}" for ttl, address in answers) or "-", scope)


def ask(server, path):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((server, 53))
        for line in Path(path).read_text().splitlines():
            where, name = line.split()
            query = dns.message.make_query(name, "A", use_edns=0, payload=1232)
            query.flags &= ~dns.flags.RD
            if "/" in where:
                net = ipaddress.ip_network(where)
                query.use_edns(0, payload=1232, options=[dns.edns.ECSOption(
                    str(net.network_address), net.prefixlen)])
            sock.send(query.to_wire())
            reply = dns.message.from_wire(sock.recv(4096))
            scopes = [option.scopelen for option in reply.options
                      if isinstance(option, dns.edns.ECSOption)]
            say(dns.rcode.to_text(reply.rcode()),
                [(rrset.ttl, rr.address) for rrset in reply.answer if rrset.rdtype == dns.rdatatype.A
                 for rr in rrset], scopes[0] if scopes else "-")


def told(path):
    for line in Path(path).read_text().splitlines():
        said = json.loads(line)
        say(said["rcode"], [(rr["ttl"], rr["data"]) for rr in said["answers"] if rr["type"] == "A"],
            "-" if said["scope"] is None else said["scope"])


if sys.argv[1] == "make":
    make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
elif sys.argv[1] == "ask":
    ask(*sys.argv[2:])
else:
    told(sys.argv[2])
