# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the single records and files that the readers take differently, each as small as it gets."""
import re

from zone_make import HEAD, batch, broken, crowd, every_byte, generic, lay_out, whole

BASE = [line.encode() for line in HEAD]
LINES_MAX = 12  # of a file that is made smaller line by line


class Case:
    """A zone file, and what each reader made of it."""

    def __init__(self, desk, files):
        self.desk, self.files = desk, files
        readings = self.readings = desk.read(files)
        self.ours, self.bind, self.nsd = (readings[who] for who in ("ours", "bind", "nsd"))
        self.text = b"\n".join(files.values())

    def agrees(self, a, b):
        x, y = self.readings[a], self.readings[b]
        return x.loads == y.loads and x.records == y.records

    @property
    def differs(self):
        """From whom ours differs."""
        return [who for who in ("bind", "nsd") if not self.agrees("ours", who)]

    def only(self, a, b):
        """Records that a has and b has not."""
        mine, theirs = (self.readings[who].records or [] for who in (a, b))
        return [r for r in mine if r not in theirs]

    def altered(self, change):
        """The case whose files are change(of this one's)."""
        return Case(self.desk, {name: change(data) for name, data in self.files.items()})

    def describe(self):
        out = [f"{name}: {data[-1200:]!r}" for name, data in self.files.items()]
        for who, reading in self.readings.items():
            if not reading.loads:
                said = [line for line in reading.said.splitlines() if "not loaded" not in line]
                out.append(f"{who:4} refuses ({reading.status}): {' / '.join(said)[:400]}")
            else:
                rest = [r for r in reading.records or [] if r[0] not in (b"\1s\4test\0", b"\2ns\1s\4test\0")]
                out.append(f"{who:4} loads: {[(o, t, k, d.hex()) for o, t, k, d in rest][:4]}")
        return "\n  ".join(out)


def alone(desk, snippet):
    files = {"zone": b"\n".join([*BASE, snippet]) + b"\n"}
    return Case(desk, files)


class Hunt:
    """Draws files and yields a Case for each thing that BIND and we read differently. What NSD alone
    reads otherwise is only counted."""

    def __init__(self, rng, desk):
        self.rng, self.desk = rng, desk
        self.compared = self.loaded = self.nsd_alone = 0

    def wrong(self, readings, spans):
        """{reader: [is the snippet told as wrong?]}"""
        found = {}
        for who, reading in readings.items():
            lines = reading.errors("zone")
            found[who] = [any(first <= line <= last for line in lines) for first, last in spans]
        return found

    def suspects(self, snippets):
        """Which snippets may be read differently, and the records of those that are right to all."""
        text, spans = lay_out(snippets)
        wrong = self.wrong(self.desk.read({"zone": text}), spans)
        both = list(zip(wrong["ours"], wrong["bind"], wrong["nsd"]))
        odd = {nr for nr, (mine, binds, _) in enumerate(both) if mine != binds}
        self.nsd_alone += sum(mine == binds != nsds for mine, binds, nsds in both)
        self.compared += len(snippets)
        good = [s for s, told in zip(snippets, both) if not any(told[:2])]
        readings = self.desk.read({"zone": lay_out(good)[0]})
        self.loaded += len(good)
        if readings["ours"].records is None or readings["bind"].records is None:
            return snippets, []
        mine, theirs, others = (set(readings[who].records or []) for who in ("ours", "bind", "nsd"))
        whose = {int(m) for owner, *_ in mine ^ theirs for m in re.findall(rb"r(\d+)", owner)}
        found = {snippets[nr] for nr in odd} | {s for s in good if int(re.search(rb"r(\d+)", s)[1]) in whose}
        self.nsd_alone += len((mine & theirs) - others)
        return sorted(found), readings["bind"].records

    def batch(self):
        found, records = self.suspects(batch(self.rng))
        yield from self.single(found)
        yield from self.single(self.suspects(generic(self.rng, records))[0])

    def bytes(self, share):
        batches, later = every_byte()
        for snippets in self.rng.sample(batches, int(len(batches) * share)):
            yield from self.single(self.suspects(snippets)[0])
        for snippet in self.rng.sample(later, int(len(later) * share)):
            self.compared += 1
            yield from self.single([snippet])

    def single(self, snippets):
        for snippet in snippets:
            case = alone(self.desk, snippet)
            if not case.agrees("ours", "bind"):
                yield case

    def file(self, files):
        case = Case(self.desk, files)
        self.compared += 1
        self.loaded += case.bind.loads
        if not case.bind.loads and not case.ours.loads:
            case = self.without_errors(case)
        if not case.agrees("ours", "bind"):
            yield self.smaller(case)
        else:
            self.nsd_alone += not case.agrees("ours", "nsd")

    def without_errors(self, case):
        """What is refused may still differ in the lines that nobody complains of."""
        wrong = set(case.ours.errors("zone")) | set(case.bind.errors("zone"))
        lines = case.files["zone"].split(b"\n")
        kept = [line for nr, line in enumerate(lines, 1) if nr not in wrong]
        if len(kept) == len(lines):
            return case
        files = case.files | {"zone": b"\n".join(kept)}
        again = Case(self.desk, files)
        self.loaded += again.bind.loads
        return again

    def smaller(self, case):
        """The same difference in fewer lines; an apex and a last newline are left to it."""
        for name in list(case.files):
            lines = case.files[name].split(b"\n")
            for nr in range(len(lines) - 2, -1, -1) if len(lines) <= LINES_MAX else ():
                if any(mark in lines[nr] for mark in (b"SOA", b"NS ns", b"ns ")):
                    continue
                tried = Case(self.desk, case.files | {name: b"\n".join(lines[:nr] + lines[nr + 1:])})
                if (tried.ours.loads, tried.bind.loads) == (case.ours.loads, case.bind.loads) and not tried.agrees("ours", "bind"):
                    case, lines = tried, tried.files[name].split(b"\n")
        return case

    def cases(self, rounds):
        """Each round is a batch, the same data in hexadecimal, and five files of several kinds."""
        for _ in range(rounds):
            yield from self.batch()
            for files in (whole(self.rng), whole(self.rng), crowd(self.rng), broken(self.rng), broken(self.rng)):
                yield from self.file(files)
