#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files that people brought along and that were refused, misread or deadly: cases/. BIND and NSD
say what is right where they load a file; where it is wrong, the lines of the errors are written here."""
import os, shutil, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "../dns")]
from dns_tap import diag, done, ok
from zone_oracle import LIMIT_S, READERS, bind, name_wire, nsd, ours

CASES = os.path.join(HERE, "cases")
EITHER = {"cname-twice-case.zone"}  # a record that stands there twice: either spelling of a name in it
SOON_S = 2  # an error within a second or so, twice that beside other tests
A, HTTPS, SVCB = 1, 65, 64


def difference(mine, theirs):
    if not mine.loads:
        return mine.said
    return {"only ours": [r for r in mine.records if r not in theirs.records],
            "only theirs": [r for r in theirs.records if r not in mine.records]}


def fold(records):
    return sorted((owner, ttl, kind, data.lower()) for owner, ttl, kind, data in records)


def loads_as(zone, file, folder, *oracles):
    """Ours has the oracles' records, to the byte."""
    mine = ours(zone, file, folder)
    for oracle in oracles:
        theirs = oracle(zone, file, folder)
        good = theirs.loads and mine.loads and mine.records == theirs.records
        if file in EITHER:
            good = theirs.loads and mine.loads and fold(mine.records) == fold(theirs.records)
        ok(good, f"{os.path.relpath(folder, CASES)}/{file}: records as {oracle.__name__} has them")
        if not good:
            diag(difference(mine, theirs) if theirs.loads else f"{oracle.__name__}: {theirs.said}")
    return mine


def refused(zone, file, folder, lines, words=()):
    """Every one of these lines, and no other, is told as wrong; {line: word in what is said}."""
    mine = ours(zone, file, folder)
    told = mine.errors(file)
    good = not mine.loads and set(told) == set(lines)
    good = good and all(word in told[line] for line, word in dict(words).items())
    ok(good, f"{os.path.relpath(folder, CASES)}/{file}: errors at {min(lines)} to {max(lines)}")
    if not good:
        diag(f"status {mine.status}: {mine.said}")


def ttls():
    folder = os.path.join(CASES, "no-ttl-directive")
    for name in ("last", "dollar", "huge", "none"):
        mine = loads_as("ttl.test", f"{name}.ttl.test.zone", folder, bind)
        if name in ("huge", "none"):
            word = {"huge": ".zone:7: ", "none": ".zone:2: "}[name]
            ok(mine.loads and word in mine.said, f"{name}: a warning names the line")
    refused("ttl.test", "over.ttl.test.zone", folder, range(6, 9))


def origins():
    folder = os.path.join(CASES, "relative-origin")
    loads_as("ori.test", "ori.test.zone", folder, bind)
    loads_as("ori2.test", "absolute.ori2.test.zone", folder, bind)


def ends_soon(name, folder, *words):
    """With LIMIT_BYTES of memory; without them there is no error with a place."""
    file = f"{name}.loop.test.zone"
    mine = ours("loop.test", file, folder)
    ok(mine.status == 1 and mine.seconds < SOON_S, f"{name}: refused within {SOON_S} s")
    missing = [word for word in words if word not in mine.said]
    ok(not missing, f"{name}: the errors have their places")
    if mine.status != 1 or missing:
        diag(f"status {mine.status}, {mine.seconds:.1f} s of {LIMIT_S}; missing {missing}\n{mine.said[:2000]}")


def includes():
    kept = os.path.join(CASES, "include-cycle")
    folder = tempfile.mkdtemp(prefix="zone-cases.")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        os.mkfifo(os.path.join(folder, "fifo.inc"))
        ends_soon("self", folder, "self.loop.test.zone:5: ")
        ends_soon("pair", folder, "pong.inc:2: ")
        ends_soon("bomb", folder, ".inc:")
        ends_soon("device", folder, *(f"device.loop.test.zone:{line}: " for line in (6, 7, 8)))
    finally:
        shutil.rmtree(folder)
    # A name in $INCLUDE is relative to the file it stands in; to BIND and NSD, to where they run.
    deep = ours("loop.test", "deep.loop.test.zone", kept)
    addresses = [r for r in deep.records or [] if r[2] == A]
    ok(len(addresses) == 13, "deep: an honest chain of twelve files, with all of their addresses")


def owners():
    folder = os.path.join(CASES, "odd-owner-chars")
    loads_as("odd.test", "bare.odd.test.zone", folder, bind, nsd)
    loads_as("esc.test", "escaped.esc.test.zone", folder, bind, nsd)


def generic():
    folder = os.path.join(CASES, "generic-class")
    loads_as("gen.test", "gen.test.zone", folder, bind)
    loads_as("gen2.test", "noclass1.gen2.test.zone", folder, bind, nsd)
    refused("gen3.test", "bad.gen3.test.zone", folder, range(6, 17), {6: "class", 7: "class"})


def expected(path):
    kinds = {"A": A, "NS": 2, "SOA": 6, "AAAA": 28, "SVCB": SVCB, "HTTPS": HTTPS}
    with open(path) as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    return sorted((name_wire(owner), 300, kinds[kind], bytes.fromhex(data)) for owner, kind, data in rows)


def services():
    folder = os.path.join(CASES, "svcb-corner")
    mine = loads_as("svc.test", "svc.test.zone", folder, bind, nsd)
    others = [r for r in mine.records or [] if not r[0].startswith(b"\x06aliasp")]
    ok(others == expected(os.path.join(folder, "expected-svc.test.txt")), "SvcParams as dnspython encodes them")
    loads_as("svc2.test", "dohpath.svc2.test.zone", folder, bind, nsd)
    refused("svc4.test", "bad.svc4.test.zone", folder, range(6, 20))
    oblivious = ours("svc3.test", "ohttp.svc3.test.zone", folder)
    data = [r[3].hex() for r in oblivious.records or [] if r[2] == HTTPS]
    ok(data == ["000100" "00010003026832" "00080000"], "ohttp is key 8, without a value")


def snippets():
    """RFC 1035, 5.1, as BIND and NSD read it; each file is one thing that was read otherwise."""
    folders = {"bind-and-nsd-load": (bind, nsd), "bind-loads": (bind,)}
    for name, oracles in folders.items():
        folder = os.path.join(CASES, "syntax", name)
        for file in sorted(os.listdir(folder)):
            loads_as("s.test", file, folder, *oracles)
    folder = os.path.join(CASES, "syntax/bind-and-nsd-refuse")
    for file in sorted(os.listdir(folder)):
        status = [READERS[who]("s.test", file, folder).status for who in ("ours", "bind", "nsd")]
        ok(status == [1, 1, 1], f"{file}: refused by all")


def main():
    missing = [program for program in ("named-compilezone", "nsd-checkzone") if not shutil.which(program)]
    if missing:
        print(f"1..0 # SKIP not installed: {', '.join(missing)}")
        return 0
    for part in (ttls, origins, includes, owners, generic, services, snippets):
        part()
    return done()


sys.exit(main())
