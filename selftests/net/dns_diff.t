#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against Knot: the same zones, the same generated queries, the same answers.

Knot runs in a network namespace of its own. Compared are rcode, AA, TC and, as sets of records
with TTL, answer and authority; and of referrals the additional section. What Knot adds beyond
that is its choice. Names and types are drawn from the zones, with a fixed seed.
"""
import os, random, shutil, socket, struct, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", "build")
PIPE = os.path.join(TOP, BUILD, "selftests/dns/pipe")
ZONES = {"example.com.": "example.com.zone", "kid.deep.example.com.": "child.example.com.zone"}
DIR = os.path.join(TOP, "selftests/dns/zones")
COUNT = int(os.environ.get("DNS_DIFF_QUERIES", "4000"))
PORT = 5300

if __name__ == "__main__" and not os.environ.get("DNS_DIFF_INSIDE"):
    if not shutil.which("knotd"):
        print("1..0 # SKIP knotd is not installed")
        sys.exit(0)
    os.environ["DNS_DIFF_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, os.path.abspath(__file__)])

import dns.edns, dns.flags, dns.message, dns.name, dns.opcode, dns.rcode, dns.rdataclass
import dns.rdatatype as T
import dns.zone

CONF = """
server:
    listen: 127.0.0.1@%(port)d
    rundir: %(dir)s
    nsid: "pop.node"
    udp-max-payload: 1232
    answer-rotation: off
database:
    storage: %(dir)s
template:
  - id: default
    storage: %(zones)s
    zonefile-sync: -1
    semantic-checks: off
    journal-content: none
zone:
"""

TYPES = [T.A, T.AAAA, T.NS, T.SOA, T.MX, T.TXT, T.SRV, T.CAA, T.CNAME, T.DNAME, T.DS, T.PTR,
         T.HINFO, T.NAPTR, 65280, 64]


class Engine:
    def __init__(self):
        args = [f"{zone}={os.path.join(DIR, file)}" for zone, file in ZONES.items()]
        self.proc = subprocess.Popen([PIPE] + args, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, wire, tcp):
        self.proc.stdin.write(bytes([tcp]) + struct.pack("!H", len(wire)) + wire)
        self.proc.stdin.flush()
        verdict, size = struct.unpack("!BH", self.proc.stdout.read(3))
        return self.proc.stdout.read(size) if verdict == 1 else None


class Knot:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="dns-diff.")
        subprocess.check_call(["ip", "link", "set", "lo", "up"])
        path = os.path.join(self.dir, "knot.conf")
        with open(path, "w") as f:
            f.write(CONF % {"port": PORT, "dir": self.dir, "zones": DIR})
            for zone, file in ZONES.items():
                f.write(f"  - domain: {zone}\n    file: {file}\n")
        self.log = open(os.path.join(self.dir, "log"), "w")
        self.proc = subprocess.Popen(["knotd", "-c", path], stdout=self.log, stderr=self.log)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(2)

    def ready(self):
        query = dns.message.make_query("www.example.com.", "SOA").to_wire()
        for _ in range(100):
            try:
                if dns.message.from_wire(self.ask(query, False)).rcode() == 0:
                    return True
            except (OSError, ConnectionError):
                pass
            time.sleep(0.1)
        return False

    def ask(self, wire, tcp):
        if not tcp:
            self.udp.sendto(wire, ("127.0.0.1", PORT))
            return self.udp.recv(65535)
        with socket.create_connection(("127.0.0.1", PORT), 2) as s:
            s.sendall(struct.pack("!H", len(wire)) + wire)
            f = s.makefile("rb")
            return f.read(struct.unpack("!H", f.read(2))[0])

    def stop(self):
        self.proc.terminate()
        self.proc.wait()
        shutil.rmtree(self.dir)


def zone_names():
    """Every name of the zones and every ancestor of one."""
    names = set()
    os.chdir(DIR)
    for zone, file in ZONES.items():
        origin = dns.name.from_text(zone)
        z = dns.zone.from_file(file, origin, relativize=False, allow_include=True,
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


def records(section):
    return sorted(f"{s.name.to_text().lower()} {s.ttl} {T.to_text(s.rdtype)} {rd.to_text().lower()}"
                  for s in section for rd in s)


def is_referral(m):
    return not m.answer and not m.flags & dns.flags.AA and \
        any(s.rdtype == T.NS for s in m.authority)


def summary(wire):
    if not wire:
        return {"flags": "none", "bytes": 0}
    m = dns.message.from_wire(wire)
    got = {"bytes": len(wire), "rcode": dns.rcode.to_text(m.rcode()), "id": m.id, "opcode": m.opcode(),
           "flags": dns.flags.to_text(m.flags), "question": [q.to_text() for q in m.question],
           "edns": m.edns, "nsid": [o.to_wire() for o in m.options if o.otype == 3]}
    if not m.flags & dns.flags.TC:
        got["answer"] = records(m.answer)
        got["authority"] = records(m.authority)
        if is_referral(m):
            got["additional"] = records(m.additional)
    return got


def differences(ours, knots, limit):
    """Where they differ, but for what is a choice."""
    if "TC" in ours["flags"] and knots["bytes"] > limit - 64 and knots["bytes"] <= limit:
        return []  # Knot finds more to compress, so we say TC a little sooner
    return [k for k in set(ours) | set(knots) if k != "bytes" and ours.get(k) != knots.get(k)]


def main():
    rng = random.Random(20261120)
    names = zone_names()
    engine, knot = Engine(), Knot()
    classes = {}
    try:
        if not knot.ready():
            print("1..1\nnot ok 1 - knotd starts")
            with open(knot.log.name) as f:
                print("".join("# " + line for line in f), file=sys.stderr)
            return 1
        for _ in range(COUNT):
            query, tcp = generate(rng, names)
            wire = query.to_wire()
            ours, theirs = engine.ask(wire, tcp), knot.ask(wire, tcp)
            a, b = summary(ours), summary(theirs)
            limit = max(min(query.payload, 1232), 512)
            keys = differences(a, b, limit)
            if keys:
                classes.setdefault(tuple(sorted(keys)), []).append((query, tcp, a, b))
    finally:
        knot.stop()
    print("1..1")
    print(f"{'not ' if classes else ''}ok 1 - {COUNT} answers are Knot's")
    for keys, cases in classes.items():
        query, tcp, a, b = cases[0]
        print(f"# {len(cases)} times {', '.join(keys)}; first: {query.question[0]} "
              f"edns {query.edns} payload {query.payload} tcp {tcp}; "
              f"{a['bytes']} bytes, Knot {b['bytes']}", file=sys.stderr)
        for key in keys:
            print(f"#   {key}: ours {a.get(key)}\n#   {key}: knot {b.get(key)}", file=sys.stderr)
    return 1 if classes else 0


sys.exit(main())
