#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random zone files as BIND, NSD and we read them: the same records to the byte, or refused by all.

What differs must belong to a class that differences.md allows. ZONE_DIFF_ROUNDS says how many
rounds (zone_judge.py), ZONE_DIFF_SEED which: empty draws one. `make diff` tries thousands.
"""
import collections, itertools, os, random, re, shutil, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "../dns")]
from dns_tap import diag, done, ok
from zone_classes import CLASSES, unlisted
from zone_draw import Dice
from zone_judge import Hunt
from zone_oracle import Desk

ROUNDS = int(os.environ.get("ZONE_DIFF_ROUNDS", "20"))
SEED = int(os.environ.get("ZONE_DIFF_SEED", "20261127") or random.SystemRandom().randrange(1 << 32))
ALL_SEEN = 400  # rounds; with so many, every class must have occurred
SHOWN = 40


def listed():
    with open(os.path.join(HERE, "differences.md")) as f:
        return re.findall(r"^\| `([a-z-]+)` \|", f.read(), re.M)


def main():
    missing = [program for program in ("named-compilezone", "nsd-checkzone") if not shutil.which(program)]
    if missing:
        print(f"1..0 # SKIP not installed: {', '.join(missing)}")
        return 0
    classes, bad, slow, began = collections.Counter(), [], [], time.monotonic()
    with Desk() as desk:
        hunt = Hunt(Dice(SEED), desk)
        for case in itertools.chain(hunt.bytes(min(1, ROUNDS / ALL_SEEN)), hunt.cases(ROUNDS)):
            left, used = unlisted(case)
            classes.update(used)
            if left:
                bad.append((left, case))
            if case.ours.status not in (0, 1):
                slow.append(case)
    took = time.monotonic() - began
    ok(not bad, f"seed {SEED}: {hunt.compared} records and files compared, {len(bad)} differ against the list")
    for left, case in bad[:SHOWN]:
        diag(f"{', '.join(left)}:\n  {case.describe()}")
    ok(not slow, "ours ends by itself, each time")
    for case in slow[:SHOWN]:
        diag(case.describe())
    ok(sorted(listed()) == sorted(c[0] for c in CLASSES), f"{len(CLASSES)} classes, each has its words in differences.md")
    if ROUNDS >= ALL_SEEN:
        stale = {c[0] for c in CLASSES} - {name for name, _ in classes}
        ok(not stale, f"every class occurs{': but ' if stale else ''}{', '.join(sorted(stale))}")
    diag(f"{ROUNDS} rounds, {hunt.compared} compared, {hunt.loaded} of them loaded, {hunt.nsd_alone} read otherwise by NSD alone, {took:.0f} s")
    for (name, who), nr in sorted(classes.items()):
        diag(f"{nr:7} {who:4} {name}")
    return done()


sys.exit(main())
