# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow table when it is full: who makes room for whom."""

from oracle import MONO_S, Segment
from local_vectors import STRANGER4
from wrap_vectors import stamped, wrapped
from world import (FREE, OURS, PIN, REDIRECT, SLOTS, TRANSIT, TX, US, Options, bucket, flow_entry,
                   slot, socket_flow, u32)

IDLE_S = Options.idle_s


def full(flow, kinds, ages=(0,) * SLOTS, busy=0):
    """A bucket that other flows fill; their tags are never `flow`'s."""
    image = b"".join(slot(flow.prf() ^ (i + 1), kind, MONO_S - age, busy)
                     for i, (kind, age) in enumerate(zip(kinds, ages)))
    return "flow_tags", u32(bucket(flow)), image


def empty(flow):
    return "flow_tags", u32(bucket(flow)), bytes(8 * SLOTS)


def with_slot(entry, at, flow, kind, busy=0):
    name, key, image = entry
    return name, key, image[:8 * at] + slot(flow.prf(), kind, busy=busy) + image[8 * at + 8:]


def own(w, name, entry, at):
    """A flow of ours comes, and takes slot `at`; None: none."""
    flow = socket_flow("est4")
    after = entry if at is None else with_slot(entry, at, flow, OURS)
    w.vector(f"full-{name}", Segment(flow).frame(), "pass", "local_socket", needs=("est4",),
             sets=[entry], after=[after],
             flows=((flow, FREE if at is None else OURS, 0 if at is None else US, 0),))


def transit(w, name, entry, at):
    """One that is only passing through does, and is led to its owner all the same."""
    after = entry if at is None else with_slot(entry, at, STRANGER4, TRANSIT)
    kind, owner = (FREE, 0) if at is None else (TRANSIT, TX)
    wrapped(w, f"full-{name}", stamped(STRANGER4, TX), TX, (TX, REDIRECT), sets=[entry],
            after=[after], flows=((STRANGER4, kind, owner, 0),))


def write(w):
    mine, other = socket_flow("est4"), STRANGER4
    eight = (OURS,) * SLOTS
    oldest = tuple(range(100, 100 + SLOTS))  # the last one is
    own(w, "ours-by-ours", full(mine, eight, oldest), SLOTS - 1)
    own(w, "pins-by-ours", full(mine, (PIN,) * SLOTS, oldest), SLOTS - 1)
    own(w, "transit-by-ours", full(mine, (TRANSIT,) * SLOTS, oldest), SLOTS - 1)
    own(w, "lesser-kind-first", full(mine, (OURS,) * 3 + (PIN, TRANSIT) + (OURS,) * 3, oldest), 4)
    own(w, "idle-first", full(mine, (TRANSIT,) * 5 + (OURS,) + (TRANSIT,) * 2,
                              (9,) * 5 + (IDLE_S + 1,) + (9,) * 2), 5)
    own(w, "free-first", full(mine, (TRANSIT,) * 2 + (FREE,) + (TRANSIT,) * 5, oldest), 2)
    own(w, "busy", full(mine, (TRANSIT,) * SLOTS, oldest, busy=1), None)
    transit(w, "ours-not-by-transit", full(other, eight, oldest), None)
    transit(w, "pins-not-by-transit", full(other, (PIN,) * SLOTS, oldest), None)
    transit(w, "transit-by-transit", full(other, (OURS,) * 6 + (TRANSIT, OURS), oldest), 6)
    transit(w, "idle-by-transit", full(other, eight, (0,) * 3 + (IDLE_S + 1,) + (0,) * 4), 3)
    transit(w, "not-yet-idle", full(other, eight, (IDLE_S,) * SLOTS), None)
    # Another CPU is entering the same flow.
    for kind in (TRANSIT, OURS):
        own(w, f"entered-meanwhile{kind}", with_slot(empty(mine), 3, mine, kind, busy=1), None)
        transit(w, f"passing-meanwhile{kind}", with_slot(empty(other), 3, other, kind, busy=1), None)
    # A slot hears of a packet once in a sixteenth of the idle time: its line is not its own.
    for name, age, told in (("young", IDLE_S // 16, False), ("older", IDLE_S // 16 + 1, True)):
        then = slot(mine.prf(), OURS, MONO_S - age) + bytes(8 * (SLOTS - 1))
        now = slot(mine.prf(), OURS) + bytes(8 * (SLOTS - 1))
        entries = flow_entry(mine, OURS, US)[1:]
        w.vector(f"age-{name}", Segment(mine).frame(), "pass", "local_flow",
                 sets=[("flow_tags", u32(bucket(mine)), then)] + entries,
                 after=[("flow_tags", u32(bucket(mine)), now if told else then)])
