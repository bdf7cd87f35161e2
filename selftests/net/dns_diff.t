#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against Knot, NSD and BIND: the same zones, the same generated queries.

What differs must belong to a class that selftests/dns/differences.md allows. The servers run in a
network namespace of their own; the engine answers on a pipe, and dns.t shows that what leaves the
kernel and the daemon is byte for byte the engine's. DNS_DIFF_QUERIES says how many, DNS_DIFF_SEED
which. `make diff` asks 200,000.
"""
import collections, os, random, re, shutil, subprocess, sys, tempfile, time

COUNT = int(os.environ.get("DNS_DIFF_QUERIES", "10000"))
ALL_SEEN = 100000  # queries; with so many, every class must have occurred
BATCH = 64
SHOWN = 3
SEED = int(os.environ.get("DNS_DIFF_SEED", "20261120"))

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../dns"))
import dns.message
from dns_classes import CLASSES, Query, unlisted
from dns_compare import describe, differences, read
from dns_queries import NO_FAMILY, Engine, generate, zone_names
from dns_rivals import RIVALS, Rival
from dns_sign import all_zones, missing_tools
from dns_signals import end_by_finally
from dns_tap import diag, done, ok
from dns_wire import SUBNET

if __name__ == "__main__" and not os.environ.get("DNS_DIFF_INSIDE"):
    missing = [p for p in ("knotd", "nsd", "named") if not shutil.which(p)] + missing_tools()
    if missing:
        print(f"1..0 # SKIP not installed: {', '.join(missing)}")
        sys.exit(0)
    os.environ["DNS_DIFF_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, os.path.abspath(__file__)])


class Tally:
    """What was compared, and what came of it."""

    def __init__(self):
        self.classes = collections.Counter()
        self.unlisted = {}
        self.differing = collections.Counter()
        self.unread = []

    def compare(self, server, query, ours, theirs):
        fields = differences(ours, theirs)
        if not fields:
            return
        self.differing[server] += 1
        left, used = unlisted(server, query, ours, theirs, fields)
        for name in used:
            self.classes[name, server] += 1
        if left:
            self.unlisted.setdefault((server, *sorted(left)), []).append((query, ours, theirs))

    def let_dnspython_read(self, wire):
        try:
            dns.message.from_wire(wire, ignore_trailing=False)
        except Exception as e:
            self.unread.append((e, wire.hex()))


def draw(rng, names):
    """A batch; its ids are its places."""
    drawn = (generate(rng, names) for _ in range(BATCH))
    return [(i.to_bytes(2, "big") + wire[2:], tcp) for i, (wire, tcp) in enumerate(drawn)]


def it_can_read(query):
    """dnspython takes no subnet of family 0, which comes back as it was sent."""
    return not query.opcode and (SUBNET, NO_FAMILY) not in query.options


def compare_batch(engine, servers, tally, batch):
    wires = [engine.ask(*query) for query in batch]
    ours, queries = [read(w) for w in wires], [Query(*query) for query in batch]
    tally.let_dnspython_read(next(wire for wire, q in zip(wires, queries) if it_can_read(q)))
    for name, server in servers.items():
        udp = iter(server.ask_udp([wire for wire, tcp in batch if not tcp]))
        for query, mine in zip(queries, ours):
            theirs = server.ask_tcp(query.wire) if query.tcp else next(udp)
            tally.compare(name, query, mine, read(theirs))


def run(tally):
    end_by_finally()
    rng, servers = random.Random(SEED), {}
    folder = tempfile.mkdtemp(prefix="dns-zones.")
    try:
        zones = all_zones(folder)
        names, engine = zone_names(folder, zones), Engine(folder, zones, "127.0.0.1")
        for name, rival in RIVALS.items():
            servers[name] = rival(folder, zones)
        for server in servers.values():
            server.await_ready()
        for _ in range(0, COUNT, BATCH):
            compare_batch(engine, servers, tally, draw(rng, names))
    finally:
        for server in Rival.raised:
            server.stop()
        shutil.rmtree(folder)


def listed():
    with open(os.path.join(HERE, "../dns/differences.md")) as f:
        return re.findall(r"^\| `([a-z-]+)` \|", f.read(), re.M)


def report(tally):
    for (name, server), n in sorted(tally.classes.items()):
        diag(f"{n:7} {server:5} {name}")
    for key, cases in tally.unlisted.items():
        diag(f"{len(cases)} times {', '.join(key)}")
        for query, ours, theirs in cases[:SHOWN]:
            diag(f"  query {query.wire.hex()}{' by TCP' if query.tcp else ''}\n"
                 f"  ours  {describe(ours)}\n  {key[0]:5} {describe(theirs)}")


def main():
    tally, started = Tally(), time.monotonic()
    subprocess.check_call(["ip", "link", "set", "lo", "up"])
    run(tally)
    took = time.monotonic() - started
    for server in RIVALS:
        bad = sum(len(c) for k, c in tally.unlisted.items() if k[0] == server)
        ok(not bad, f"{server}: {COUNT} replies, "
           f"{tally.differing[server]} differ as listed, {bad} otherwise")
    ok(not tally.unread, "dnspython reads ours")
    for case in tally.unread[:SHOWN]:
        diag(case)
    names = [c[0] for c in CLASSES]
    ok(sorted(listed()) == sorted(names),
       f"{len(names)} classes, each has its words in differences.md")
    if COUNT >= ALL_SEEN:
        unseen = set(names) - {name for name, _ in tally.classes}
        ok(not unseen, f"every class occurs{': but ' if unseen else ''}{', '.join(unseen)}")
    diag(f"{COUNT} queries, three servers, {took:.0f} s")
    report(tally)
    return done()


sys.exit(main())
