# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow table when it is full: who makes room for whom."""

from oracle import CLAIM, DATA, HUNT, HUNTED, MONO_S, Segment
from hunt_vectors import answered, neighbours, taught
from local_vectors import CLIENT_NEXT, STRANGER4, STRANGER6, kept
from tunnel_vectors import came
from wrap_vectors import stamped, wrapped
from world import (FLOW_CLOSING, FLOW_FORWARDED, FLOW_HALF_OPEN, FREE, OURS, PIN, REDIRECT, SLOTS,
                   TRANSIT, TX, US, Options, bucket, bucket_of, flow_entry, slot, socket_flow, u32)

IDLE_S = Options.idle_s


def full(flow, kinds, ages=(0,) * SLOTS, busy=0):
    """A bucket that other flows fill; their tags are never `flow`'s."""
    slots = (slot(flow.prf() ^ (i + 1), kind, MONO_S - age, busy)
             for i, (kind, age) in enumerate(zip(kinds, ages)))
    return "flow_tags", u32(bucket(flow)), bucket_of(*slots)


def empty(flow):
    return "flow_tags", u32(bucket(flow)), bucket_of()


def with_slot(entry, at, flow, kind, busy=0, age=0):
    name, key, image = entry
    new = slot(flow.prf(), kind, MONO_S - age, busy)
    return name, key, image[:len(new) * at] + new + image[len(new) * (at + 1):]


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
    # What has ended makes room at once, also for a pin that a claim brings.
    past = IDLE_S + 1
    claimed = Segment(other, payload=b"mine!")
    full_of_ended = full(other, eight, (0, 1, past, 3, 4, 5, 6, 7))
    answered(w, "full-ended-by-pin", came(claimed.l3(), candidates=(TX,), why=CLAIM, landing=US,
                                          hop=2),
             claimed, TX, "wrap_claimed", DATA, candidates=(TX,), sets=[full_of_ended],
             after=[with_slot(full_of_ended, 2, other, PIN)] + taught(other, TX),
             flows=((other, PIN, TX, US),))
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        ended = lambda age, at=flow: ("flow_tags", u32(bucket(at)),
                                      bucket_of(slot(at.prf(), OURS, MONO_S - age)))
        entry = flow_entry(flow, OURS, US)
        fits = Segment(flow, "FA", seq=CLIENT_NEXT)
        for label, segment, age, flags in (
                ("fin", fits, past, FLOW_CLOSING), ("rst", fits.but(flags="RA"), past, FLOW_CLOSING),
                ("rst-bare", fits.but(flags="R"), past, FLOW_CLOSING),
                ("fin-forged", fits.but(seq=CLIENT_NEXT + 70000), 0, 0),
                ("rst-forged", fits.but(flags="R", seq=2 ** 32 - 5000), 0, 0)):
            w.vector(f"ends-{name}-{label}", segment.frame(), "pass", "local_socket", needs=(name,),
                     sets=entry, after=[ended(age)] + flow_entry(flow, OURS, US, flags=flags,
                                                                 received=(segment,))[1:])
        # Forged, or of an earlier flow: the socket says that it lives, and so its slot does.
        w.vector(f"ends-{name}-not", Segment(flow).frame(), "pass", "local_socket", needs=(name,),
                 sets=[ended(past)] + flow_entry(flow, OURS, US, flags=FLOW_CLOSING)[1:],
                 after=[ended(0)])
        w.vector(f"ends-{name}-unknown", fits.frame(), "pass", "local_socket", needs=(name,),
                 after=[("flow_tags", u32(bucket(flow)), with_slot(empty(flow), flow.prf64() >> 61,
                                                                  flow, OURS, age=past)[2])])
    # An end takes no room from what lives.
    alive = full(mine, (TRANSIT,) * SLOTS)
    w.vector("full-not-by-end", Segment(mine, "FA", seq=CLIENT_NEXT).frame(), "pass", "local_socket",
             needs=("est4",), sets=[alive], after=[alive])
    # Forwarded by NAT: no socket, but replies have left through us.
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"for the container")
        for label, flags, age, holds in (("", FLOW_FORWARDED, 5, True),
                                        ("-begins", FLOW_FORWARDED | FLOW_HALF_OPEN, 0, True),
                                        ("-ends", FLOW_FORWARDED | FLOW_CLOSING, 5, True),
                                        ("-silent", FLOW_FORWARDED, IDLE_S + 1, False),
                                        ("-not", FLOW_CLOSING, 5, False)):
            sets = flow_entry(flow, OURS, US, flags=flags, last_s=MONO_S - age)
            for bits in ("A", "FA"):
                if holds:
                    w.vector(f"forwarded{family}{label}-{bits}", plain.but(flags=bits).frame(),
                             "pass", "local_flow", sets=neighbours(TX) + sets,
                             flows=((flow, OURS, US, 0),))
                else:
                    wrapped(w, f"forwarded{family}{label}-{bits}", plain.but(flags=bits), TX, (TX,),
                            reason="wrap_hunt", why=HUNT, marks=HUNTED,
                            sets=neighbours(TX) + sets, flows=((flow, FREE, 0, 0),))
        known = flow_entry(flow, OURS, US, flags=FLOW_FORWARDED, last_s=MONO_S - 5)
        asked = came(plain.l3(), candidates=(US,), why=HUNT, marks=HUNTED)
        answered(w, f"forwarded{family}-claimed", asked, plain, TX, "wrap_claim", CLAIM,
                 candidates=(US,), sets=known, flows=((flow, OURS, US, 0),))
        kept(w, f"forwarded{family}-stamp", Segment(flow, "FA"), sets=known)
        wrapped(w, f"forwarded{family}-stamp-others", stamped(flow, TX), TX, (TX, REDIRECT),
                sets=known)
    # Another CPU is entering the same flow.
    for kind in (TRANSIT, OURS):
        own(w, f"entered-meanwhile{kind}", with_slot(empty(mine), 3, mine, kind, busy=1), None)
        transit(w, f"passing-meanwhile{kind}", with_slot(empty(other), 3, other, kind, busy=1), None)
    # A slot hears of a packet once in a sixteenth of the idle time: its line is not its own.
    for name, age, told in (("young", IDLE_S // 16, False), ("older", IDLE_S // 16 + 1, True)):
        then = bucket_of(slot(mine.prf(), OURS, MONO_S - age))
        now = bucket_of(slot(mine.prf(), OURS))
        entries = flow_entry(mine, OURS, US)[1:]
        w.vector(f"age-{name}", Segment(mine).frame(), "pass", "local_socket", needs=("est4",),
                 sets=[("flow_tags", u32(bucket(mine)), then)] + entries,
                 after=[("flow_tags", u32(bucket(mine)), now if told else then)])
