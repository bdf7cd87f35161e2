#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the frames that race.c sends from all CPUs at once, in the format of the program tests.

    frames.py OUT

A vector is called GROUP-NUMBER-ROLE, and each flow has a client port of its own. What comes of a
frame depends on the others; of `flow` lines only bucket and tag are meant.
"""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "prog"))

import world
from oracle import CLAIM, HUNT, NO, Flow, Segment, stamp
from tunnel_vectors import came
from world import (CLIENT4, CLIENT6, OURS, PIN, REDIRECT, TRANSIT, TX, US, VIP4, VIP6, Options, Writer,
                   bucket)

MIXED = range(8)  # buckets with some flows of ours, and more of others' than the rest can hold
FULL = 0  # of these, the one where the rest is nothing
CROWDED = (8, 9)  # more flows of ours than slots
OWN = range(16, 24)  # one flow of others' each

OLDER_MS = 3000  # than fresh: all such packets are counted, and not a sample of them
PORTS = itertools.count(10000)


def flow_in(place):
    """A flow of that bucket, over either family in turn."""
    for port in PORTS:
        flow = Flow(CLIENT6, port, VIP6) if port % 2 else Flow(CLIENT4, port, VIP4)
        if bucket(flow) == place:
            return flow
    raise ValueError


def plan():
    """GROUP, flow."""
    for place in MIXED:
        yield from (("kept", flow_in(place)) for _ in range(8 if place == FULL else 3))
        yield from (("pin", flow_in(place)) for _ in range(8))
        yield from (("transit", flow_in(place)) for _ in range(8))
    for place in CROWDED:
        yield from (("crowd", flow_in(place)) for _ in range(12))
    for place in OWN:
        yield "alone", flow_in(place)


def ours(flow):
    """What its client and our stack send."""
    plain, out = Segment(flow), Segment(flow, outward=True, ttl=64)
    asked = came(plain.l3(), candidates=(US,), why=HUNT)
    return {"in": plain, "fin": plain.but(flags="FA"), "out": out, "outfin": out.but(flags="FA"),
            "stamped": plain.but(ts=(7, stamp(flow, US, OLDER_MS))), "asked": asked}


def theirs(flow):
    """What its client sends, and what other nodes answer."""
    plain, marked = Segment(flow), Segment(flow, ts=(7, stamp(flow, TX, OLDER_MS)))

    def answer(segment, peer, why):
        return came(segment.l3(), peer, candidates=(peer,), why=why, landing=US, hop=2)

    return {"in": plain, "syn": plain.but(flags="S", ack=0), "claim": answer(plain, TX, CLAIM),
            "other": answer(plain, REDIRECT, CLAIM), "no": answer(plain, TX, NO),
            "stamped": marked, "fin": marked.but(flags="FA"), "gone": answer(marked, TX, NO)}


def write(writer, flows):
    for number, (group, flow) in enumerate(flows):
        is_ours = group in ("kept", "crowd")
        check = (flow, {"pin": PIN, "transit": TRANSIT, "alone": TRANSIT}.get(group, OURS), US, 0)
        for role, segment in (ours(flow) if is_ours else theirs(flow)).items():
            writer.vector(f"{group}-{number}-{role}", segment.frame(), "pass", "foreign",
                          program="egress" if role.startswith("out") else "packet", flows=(check,))


def main():
    flows = list(plan())
    world.NOBODY_MS = 0  # the clock stands: whom nobody knew would stay unknown
    world.SOCKETS.clear()
    world.SOCKETS.update({f"own{number}": ("established", flow) for number, (group, flow)
                          in enumerate(flows) if group in ("kept", "crowd")})
    with open(sys.argv[1], "w", encoding="ascii") as out:
        writer = Writer(out)
        writer.options(Options("default"), {})
        write(writer, flows)


if __name__ == "__main__":
    main()
