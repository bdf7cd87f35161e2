#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against Knot: the same zones, the same generated queries, the same answers.

Knot runs in a network namespace of its own. Compared are rcode, AA, TC and, as sets of records
with TTL, answer and authority; and of referrals the additional section. What Knot adds beyond
that is its choice. Names and types are drawn from the zones, with a fixed seed.
"""
import os, random, shutil, socket, struct, subprocess, sys, tempfile, time

COUNT = int(os.environ.get("DNS_DIFF_QUERIES", "4000"))
PORT = 5300

if __name__ == "__main__" and not os.environ.get("DNS_DIFF_INSIDE"):
    if not shutil.which("knotd"):
        print("1..0 # SKIP knotd is not installed")
        sys.exit(0)
    os.environ["DNS_DIFF_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, os.path.abspath(__file__)])

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.flags, dns.message, dns.rcode
import dns.rdatatype as T
from dns_queries import DIR, NSID, ZONES, Engine, generate, zone_names

CONF = """
server:
    listen: 127.0.0.1@%(port)d
    rundir: %(dir)s
    nsid: "%(nsid)s"
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

class Knot:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="dns-diff.")
        subprocess.check_call(["ip", "link", "set", "lo", "up"])
        path = os.path.join(self.dir, "knot.conf")
        with open(path, "w") as f:
            f.write(CONF % {"port": PORT, "dir": self.dir, "zones": DIR, "nsid": NSID})
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
