# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the DNS engine share: its zones, itself on a pipe, and generated queries."""
import os, struct, subprocess, sys, time

import dns.name, dns.zone
import dns.rdatatype as T

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../prog"))
from keyed import server_cookie

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
PIPE = os.path.join(BUILD, "selftests/dns/pipe")
ZONES = {"example.com.": "example.com.zone", "kid.deep.example.com.": "child.example.com.zone",
         "leaf.kid.deep.example.com.": "leaf.zone", "under.it.sub.example.com.": "under.zone",
         "elsewhere.test.": "elsewhere.test.zone", "registry.example.": "registry.zone"}
DIR = os.path.join(TOP, "selftests/dns/zones")
NSID = "pop.node"  # what pipe.c says

IN, OPT = 1, 41
TYPES = [T.A] * 4 + [T.AAAA] * 2 + [T.NS, T.SOA, T.MX, T.TXT, T.SRV, T.CAA, T.CNAME, T.DNAME, T.DS,
         T.PTR, T.HINFO, T.NAPTR, T.LOC, T.HTTPS, T.SVCB, T.TLSA, T.RP, T.AFSDB, T.KX, T.URI,
         T.SSHFP, T.EUI48, T.NULL, T.DNSKEY, T.NSEC, T.NSEC, T.NSEC, T.RRSIG, T.NSEC3PARAM, T.NSEC3,
         T.ANY, 65280, 731, 62347, 1000]
LABELS = [b"nx", b"*", b"a", b"www", b"x", b"y", b"_", b"\0", b"ns", b"x" * 63, b"\xff\xc0", b"a.b"]
COOKIE, SUBNET = 10, 8
OPTIONS = [(3, b""), (3, b""), (11, b""), (12, b"\0" * 9), (15, b"\0\1"), (65001, b"\1\2\3"),
           (26946, b"")]
NO_FAMILY = bytes(4)  # nor an address, so it needs none
SUBNETS = [b"\0\1\x18\0\xc0\0\2", b"\0\2\x38\0\x20\1\x0d\xb8\0\0\0", b"\0\1\0\0", b"\0\2\0\0",
           b"\0\1\x20\0\xc0\0\2\1", b"\0\1\x15\0\xc0\0\x08", NO_FAMILY]
BAD_SUBNETS = [b"", b"\0\1", b"\0\1\x18\x18\xc0\0\2", b"\0\3\x18\0\xc0\0\2", b"\0\1\x21\0\xc0\0\2\1\0",
               b"\0\1\x18\0\xc0\0", b"\0\1\x18\0\xc0\0\2\0", b"\0\1\x17\0\xc0\0\3",
               b"\0\0\x08\0\xc0", b"\0\2\x81\0" + bytes(17)]
# All servers of a test share it; cookies are made for who asks: a query's bytes hang on the clock.
SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
MY_COOKIE = b"cookie!!"


def random_case(rng, wire):
    """Length bytes are below the letters."""
    return bytes(c ^ 32 if chr(c).isalpha() and c < 128 and rng.random() < 0.5 else c
                 for c in wire)


def draw_name(rng, names):
    """A name in wire format: one of the zones', what lies below one, or somebody else's."""
    name = rng.choice(names)
    if rng.random() < 0.02:
        name = b"\7example\7invalid\0"
    while name and rng.random() < 0.1:  # a brother, or an uncle
        name = name[name[0] + 1:] or name
        break
    for _ in range(rng.choice([0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 5, 20, 120])):
        label = rng.choice(LABELS)
        if len(name) + len(label) + 1 > 255:
            break
        name = bytes([len(label)]) + label + name
    return random_case(rng, name) if rng.random() < 0.4 else name


def draw_type(rng):
    if rng.random() < 0.03:
        return rng.choice([0, 128, 248, 249, 250, 251, 253, 254, 256, OPT, 65535,
                           rng.randrange(65536)])
    return rng.choice(TYPES)


def draw_cookie(rng, client):
    """None yet, one of ours of some age, somebody else's, or one of a length that cannot be."""
    age = rng.choice([0, 60, 1700, 1900, 3500, 3700, -200, -400, 100000])
    kind = rng.randrange(8)
    if kind < 3:
        return MY_COOKIE
    if kind < 6:
        return server_cookie(MY_COOKIE, client, int(time.time()) - age, SECRET)
    if kind == 6:
        return MY_COOKIE + bytes(rng.choice([8, 16, 17, 32]))
    return b"x" * rng.choice([0, 1, 7, 9, 15, 41, 80])


def draw_option(rng, client):
    kind = rng.random()
    if kind < 0.2:
        return COOKIE, draw_cookie(rng, client)
    if kind < 0.35:
        return SUBNET, rng.choice(SUBNETS)
    if kind < 0.36:
        return SUBNET, rng.choice(BAD_SUBNETS)
    return rng.choice(OPTIONS)


def draw_opt(rng, client="127.0.0.1"):
    """An OPT record, seldom a broken one."""
    options = b""
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3, 7])):
        code, data = draw_option(rng, client)
        options += struct.pack("!HH", code, len(data)) + data
    if rng.random() < 0.01:
        options = options[:-1] + b"\0\0"  # lengths that disagree
    version = rng.randrange(1, 256) if rng.random() < 0.02 else 0
    flags = rng.choice([0, 0, 0, 0x8000, 0x8000, 0x4000, 1])
    payload = rng.choice([0, 511, 512, 900, 1220, 1232, 1400, 4096, 65535])
    owner = b"\1x\0" if rng.random() < 0.005 else b"\0"
    return owner + struct.pack("!HHBBHH", OPT, payload, 0, version, flags, len(options)) + options


def draw_junk(rng, head, question, extra):
    """Sections that a query has no business with, and messages that are none."""
    record = b"\xc0\x0c" + struct.pack("!HHIH", T.A, IN, 60, 4) + b"\xc0\0\2\1"
    kind = rng.randrange(9)
    whole = struct.pack("!6H", *head) + question
    if kind == 0:
        return whole + b"\0" * rng.randrange(1, 9)  # more than its counts say
    if kind == 1:
        return whole[:rng.randrange(12, len(whole))]  # or less
    if kind == 2:
        head[2] = rng.choice([0, 2, 3, 65535])
    elif kind == 3:
        head[3], extra = 1, record + extra
    elif kind == 4:
        head[4], extra = 1, record + extra
    elif kind == 5:
        head[5], extra = head[5] + 1, record + extra
    elif kind == 6:
        head[5], extra = 2, draw_opt(rng) + draw_opt(rng)
    elif kind == 7:
        question = b"\xc0\x0c" + question[-4:]  # a name that is its own end
    else:
        question = bytes([rng.choice([0x40, 0x80, 0xff])]) + question[1:]
    return struct.pack("!6H", *head) + question + extra


def draw_flags(rng):
    flags = rng.choice([0x100, 0x100, 0, 0x120, 0x10])  # RD, AD, CD
    if rng.random() < 0.01:
        flags |= rng.choice([0x40, 0x80, 0x200, 0x400, 0x780 & 15])  # Z, RA, TC, AA, an rcode
    if rng.random() < 0.01:
        flags |= rng.randrange(1, 16) << 11
    return flags


def generate(rng, names, client="127.0.0.1"):
    """A query in wire format, and whether it is to go by TCP."""
    rdclass = rng.choice([2, 3, 4, 254, 255, 1000]) if rng.random() < 0.01 else IN
    question = draw_name(rng, names) + struct.pack("!HH", draw_type(rng), rdclass)
    opt = draw_opt(rng, client) if rng.random() < 0.65 else b""
    head = [rng.randrange(65536), draw_flags(rng), 1, 0, 0, bool(opt)]
    if rng.random() < 0.02:
        return draw_junk(rng, head, question, opt), False
    return struct.pack("!6H", *head) + question + opt, rng.random() < 0.08


class Engine:
    """It gives cookies as if asked by @client; None: none."""

    def __init__(self, folder=DIR, zones=ZONES, client=None):
        env = {**os.environ, "PIPE_SECRET": SECRET.hex(), "PIPE_CLIENT": client} if client else None
        args = [f"{zone}={os.path.join(folder, file)}" for zone, file in zones.items()]
        self.proc = subprocess.Popen([PIPE] + args, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     env=env)

    def ask(self, wire, tcp):
        self.proc.stdin.write(bytes([tcp]) + struct.pack("!H", len(wire)) + wire)
        self.proc.stdin.flush()
        verdict, size = struct.unpack("!BH", self.proc.stdout.read(3))
        return self.proc.stdout.read(size) if verdict == 1 else None


def zone_text(folder, file):
    """A zone file with what it includes in place."""
    text = ""
    with open(os.path.join(folder, file)) as f:
        for line in f:
            text += zone_text(folder, line.split()[1]) if line.startswith("$INCLUDE") else line
    return text


def zone_names(folder=DIR, zones=ZONES):
    """Every name of the zones and every ancestor of one."""
    names = set()
    for zone, file in zones.items():
        z = dns.zone.from_text(zone_text(folder, file), dns.name.from_text(zone), relativize=False,
                               check_origin=False)
        for name in z.nodes:
            while len(name) > 1:
                names.add(name)
                name = name.parent()
    names.add(dns.name.root)
    return [name.to_wire() for name in sorted(names)]
