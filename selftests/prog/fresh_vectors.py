# SPDX-License-Identifier: GPL-3.0-or-later
"""A stamp that was written a moment ago decides alone; a sample of such packets climbs the ladder."""

from oracle import MONO_MS, NO, Segment, stamp
from hunt_vectors import answered, neighbours
from local_vectors import STRANGER4, STRANGER6, kept, unstamped
from tunnel_vectors import came, unwrapped
from wrap_vectors import stamped, wrapped
from world import (ARMED, BEYOND, DATA_BUDGET, DEAD, DRAINS, FREE, METERED, OURS, PIN, REDIRECT,
                   SAMPLE_ALL, SAMPLE_OF, TX, US, flow_entry, flow_image, node_image, sample,
                   socket_flow, spent, state, tunnel4, u32)

FRESH_MS, PERIOD_MS = 2000, 1 << 22
ALIAS = 1023  # whose fresh stamp ours looks like after two periods; ids end there


def write_own(w):
    """Neither socket nor table is asked, and nothing is entered."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        nothing = {"flows": ((flow, FREE, 0, 0),)}
        for age in (0, 1, FRESH_MS):
            kept(w, f"fresh{family}-{age}ms", Segment(flow), age, sets=BEYOND, **nothing)
        kept(w, f"fresh{family}-data", Segment(flow, "PA", payload=b"data"), sets=BEYOND, **nothing)
        kept(w, f"fresh{family}-pinned", Segment(flow), sets=BEYOND + flow_entry(flow, PIN, TX),
             flows=((flow, PIN, TX, 0),))
        nobody = [("nodes", u32(TX), bytes(32))]  # has the next id
        for label, segment, age, sets in (
                ("older", Segment(flow), FRESH_MS + 1, BEYOND),
                ("fin", Segment(flow, "FA"), 0, BEYOND), ("rst", Segment(flow, "RA"), 0, BEYOND),
                ("synack", Segment(flow, "SA"), 0, BEYOND),
                ("first", Segment(flow), 0, sample(0)),
                ("last-of-all", Segment(flow), 0, sample(SAMPLE_ALL - 1)),
                ("one-of-many", Segment(flow), 0, sample(5 * SAMPLE_OF - 1)),
                ("next-tick", Segment(flow), 0, sample(SAMPLE_ALL, ago_ns=1))):
            w.vector(f"fresh{family}-climbs-{label}",
                     segment.but(ts=(7, stamp(flow, US, age))).frame(), "pass", "nobody",
                     sets=sets + nobody, **nothing)
        own = socket_flow("est" + family)
        w.vector(f"fresh{family}-listed", Segment(own, ts=(7, stamp(own, US))).frame(), "pass",
                 "local_unstamped", needs=("est" + family,), sets=BEYOND + unstamped(own))
    flow = socket_flow("est4")
    segment = Segment(flow, ts=(77, stamp(flow, US)))
    for label, nr, weight in (("all", SAMPLE_ALL - 1, 1), ("many", SAMPLE_OF - 1, SAMPLE_OF)):
        _, place, _ = flow_entry(flow, OURS, US)[1]
        kept(w, f"fresh-counts-{label}", Segment(flow), needs=("est4",),
             sets=sample(nr) + flow_entry(flow, OURS, US),
             after=[("flows", place, flow_image(flow, 0, OURS, US, received=(segment,),
                                                weight=weight))])


def write_led(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        nothing = {"meters": False, "flows": ((flow, FREE, 0, 0),)}
        for age in (-FRESH_MS, 0, FRESH_MS):
            wrapped(w, f"fresh{family}-led{age:+}ms", stamped(flow, TX, age), TX, (TX, REDIRECT),
                    sets=BEYOND, **nothing)
        wrapped(w, f"fresh{family}-led-on-air", stamped(flow, TX), TX, (TX,),
                sets=BEYOND + [("nodes", u32(REDIRECT), node_image(tunnel4(REDIRECT), 0))], **nothing)
        for label, segment, sets in (
                ("older", stamped(flow, TX, FRESH_MS + 1), BEYOND),
                ("ahead", stamped(flow, TX, -FRESH_MS - 1), BEYOND),
                ("sample", stamped(flow, TX), sample(SAMPLE_OF - 1))):
            wrapped(w, f"fresh{family}-led-climbs-{label}", segment, TX, (TX, REDIRECT), sets=sets)
        metered = neighbours(TX, data=(9, 0, 0)) + [("state", u32(0), state(flags=ARMED | METERED))]
        w.vector(f"fresh{family}-led-budget", stamped(flow, TX).frame(), "drop", "budget_data",
                 sets=BEYOND + metered + spent(DATA_BUDGET, "all"))
        w.vector(f"fresh{family}-led-dead", stamped(flow, DEAD).frame(), "pass", "owner_dead",
                 sets=BEYOND + [("nodes", u32(DRAINS), bytes(32))])


def write_come(w):
    """By tunnel a socket of ours has to agree: the landing node learns by our NO that none does."""
    flow = socket_flow("est4")
    inner = Segment(flow, ts=(7, stamp(flow, US)))
    restored = unwrapped(inner.but(ts=(7, MONO_MS & 0xFFFFFFFF)).l3())
    w.vector("fresh-come", came(inner.l3(), candidates=(US,)).frame(), "pass", "local_stamp",
             out=restored, needs=("est4",), sets=BEYOND, flows=((flow, FREE, 0, 0),))
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        inner = Segment(flow, ts=(7, stamp(flow, US)))
        answered(w, f"fresh{family}-come-not-ours", came(inner.l3(), candidates=(US,)), inner, TX,
                 "wrap_no", NO, candidates=(US,), sets=BEYOND)


def write_alias(w):
    """Silent for two periods, ours looks like another's: led away once, told no, and kept."""
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        segment = Segment(flow, ts=(7, stamp(flow, US, 2 * PERIOD_MS)))
        known = BEYOND + [("nodes", u32(ALIAS), node_image(tunnel4(TX)))]
        w.vector(f"alias-{name}-unknown", segment.frame(), "pass", "local_socket", needs=(name,),
                 sets=BEYOND)
        back = came(segment.l3(), landing=US, candidates=(ALIAS,), why=NO, hop=2)
        w.vector(f"alias-{name}-no", back.frame(), "pass", "local_socket", needs=(name,),
                 out=unwrapped(segment.l3()), sets=known)
    # At a node that has no such socket either, the next candidate is asked: one period names it.
    flow = STRANGER4
    segment = Segment(flow, ts=(7, stamp(flow, REDIRECT, PERIOD_MS)))
    wrapped(w, "alias-elsewhere", segment, TX, (TX, REDIRECT), sets=BEYOND, meters=False)


def write(w):
    write_own(w)
    write_led(w)
    write_come(w)
    write_alias(w)
