# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the DNS engine share: its zones, itself on a pipe, and generated queries."""
import os, struct, subprocess

import dns.edns, dns.flags, dns.message, dns.name, dns.zone
import dns.rdatatype as T

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
PIPE = os.path.join(BUILD, "selftests/dns/pipe")
ZONES = {"example.com.": "example.com.zone", "kid.deep.example.com.": "child.example.com.zone"}
DIR = os.path.join(TOP, "selftests/dns/zones")
NSID = "pop.node"  # what pipe.c says

TYPES = [T.A, T.AAAA, T.NS, T.SOA, T.MX, T.TXT, T.SRV, T.CAA, T.CNAME, T.DNAME, T.DS, T.PTR,
         T.HINFO, T.NAPTR, 65280, 64]


class Engine:
    def __init__(self, zones=DIR):
        args = [f"{zone}={os.path.join(zones, file)}" for zone, file in ZONES.items()]
        self.proc = subprocess.Popen([PIPE] + args, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, wire, tcp):
        self.proc.stdin.write(bytes([tcp]) + struct.pack("!H", len(wire)) + wire)
        self.proc.stdin.flush()
        verdict, size = struct.unpack("!BH", self.proc.stdout.read(3))
        return self.proc.stdout.read(size) if verdict == 1 else None


def zone_text(file):
    """A zone file with what it includes in place."""
    text = ""
    with open(os.path.join(DIR, file)) as f:
        for line in f:
            text += zone_text(line.split()[1]) if line.startswith("$INCLUDE") else line
    return text


def zone_names():
    """Every name of the zones and every ancestor of one."""
    names = set()
    for zone, file in ZONES.items():
        z = dns.zone.from_text(zone_text(file), dns.name.from_text(zone), relativize=False,
                               check_origin=False)
        for name in z.nodes:
            while len(name) > 1:
                names.add(name)
                name = name.parent()
    names.add(dns.name.root)
    return sorted(names)


def random_case(rng, name):
    return dns.name.Name([bytes(rng.choice([c, c ^ 32]) if chr(c).isalpha() else c for c in label)
                          for label in name.labels])


def generate(rng, names):
    name = rng.choice(names)
    try:
        for _ in range(rng.choice([0, 0, 0, 0, 1, 1, 2, 5, 20])):
            label = rng.choice([b"nx", b"*", b"a", b"www", b"x", b"y", b"_", b"\0", b"ns"])
            name = dns.name.Name((label,) + name.labels)
    except dns.name.NameTooLong:
        pass
    if rng.random() < 0.5:
        name = random_case(rng, name)
    query = dns.message.make_query(name, rng.choice(TYPES), use_edns=False)
    query.id = rng.randrange(65536)
    if rng.random() < 0.3:
        query.flags &= ~dns.flags.RD
    if rng.random() < 0.7:
        options = [dns.edns.GenericOption(3, b"")] if rng.random() < 0.2 else []
        query.use_edns(edns=1 if rng.random() < 0.02 else 0,
                       payload=rng.choice([0, 512, 900, 1232, 4096]), options=options)
    return query, rng.random() < 0.15
