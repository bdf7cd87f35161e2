# SPDX-License-Identifier: GPL-3.0-or-later
"""The hunt: whom a packet is sent to that nothing names an owner of, and what the answers do."""

from oracle import (CLAIM, DATA, HUNT, HUNTED, NO, UNASKED, Segment, outer_label, outer_port,
                    stamp)
from local_vectors import CLIENT_NEXT, MINUTE, STRANGER4, STRANGER6
from tunnel_vectors import came, unwrapped
from wrap_vectors import DIRECT, MACS, stamped, wrapped
from world import (AFTER_GAP, ARMED, DEAD, DRAINING, DRAINS, FLOW_CLOSING, FLOW_DOUBTED, FREE,
                   NO_NEIGH, NO_ROUTE, OURS, PIN, REDIRECT, TRANSIT, TX, UNKNOWN, US, fleet,
                   flow_entry, hunt, socket_flow, state, tunnel4, tunnel6, u32)


def neighbours(*nodes):
    return [("hunt", u32(0), hunt(nodes))]


def draining(*successors):
    return [("state", u32(0), state(flags=ARMED | DRAINING, successors=successors))]


def hunted(w, name, segment, target, candidates, sets, marks=HUNTED, **more):
    wrapped(w, f"hunt{name}", segment, target, candidates, reason="wrap_hunt", why=HUNT,
            marks=marks, sets=sets, **more)


def onward(leg_in, segment, target, why, candidates=None, marks=0, tunnel=tunnel4):
    """What we send of a packet that came by `leg_in`, which is `segment` inside."""
    return leg_in.but(inner=segment.but(ttl=segment.ttl - 1).l3(), src=tunnel(US),
                      dst=tunnel(target), hop=leg_in.hop + 1, why=why, marks=marks,
                      candidates=leg_in.candidates if candidates is None else candidates,
                      sport=outer_port(segment.flow), flow_label=outer_label(segment.flow))


def answered(w, name, leg_in, segment, target, reason, why, tunnel=tunnel4, sets=(), **more):
    """By tunnel in, by tunnel out."""
    kept = {k: more.pop(k) for k in ("candidates", "marks") if k in more}
    out = onward(leg_in, segment, target, why, tunnel=tunnel, **kept)
    if tunnel is tunnel6:
        sets = fleet(tunnel6) + list(sets)
    w.vector(name, leg_in.frame(), "redirect" if target == REDIRECT else "tx", reason,
             out=out.frame(**MACS.get(target, DIRECT)), udp_check=out.l3_at(), sets=sets, **more)


def write_lists(w):
    """Who is asked, in which order."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"whose?")
        hunted(w, f"{family}-one", plain, TX, (TX,), neighbours(TX), flows=((flow, FREE, 0, 0),),
               truncate=True)
        hunted(w, f"{family}-one-in6", plain, TX, (TX,), neighbours(TX), tunnel=tunnel6)
        hunted(w, f"{family}-redirect", plain, REDIRECT, (REDIRECT, TX), neighbours(REDIRECT, TX))
        hunted(w, f"{family}-three", plain, TX, (TX, REDIRECT, DRAINS),
               neighbours(TX, REDIRECT, DRAINS, NO_ROUTE))
        hunted(w, f"{family}-each-once", plain, TX, (TX, REDIRECT),
               neighbours(US, TX, TX, DEAD, UNKNOWN, TX, REDIRECT))
        hunted(w, f"{family}-fin", plain.but(flags="FA"), TX, (TX,), neighbours(TX))
        hunted(w, f"{family}-successor", plain, TX, (TX, REDIRECT),
               neighbours(REDIRECT, TX) + draining(TX))
        w.vector(f"hunt{family}-nobody-known", plain.frame(), "pass", "nobody", sets=neighbours())
        w.vector(f"hunt{family}-all-dead", plain.frame(), "pass", "nobody",
                 sets=neighbours(DEAD, UNKNOWN, US))
        for flags in ("R", "RA", "SA", "", "F"):
            w.vector(f"hunt{family}-not-{flags or 'nothing'}", plain.but(flags=flags).frame(),
                     "pass", "nobody", sets=neighbours(TX))
        # Whoever cannot be reached is passed over, and the packet says so.
        hunted(w, f"{family}-round", plain, REDIRECT, (NO_ROUTE, NO_NEIGH, REDIRECT),
               neighbours(NO_ROUTE, NO_NEIGH, REDIRECT), marks=HUNTED | UNASKED)
        w.vector(f"hunt{family}-none-reached", plain.frame(), "drop", "no_neigh",
                 sets=neighbours(NO_ROUTE, NO_NEIGH))
        # A stamp that means nobody leads nowhere; the one two before an owner may be too old.
        hunted(w, f"{family}-stamp-unknown", stamped(flow, UNKNOWN), TX, (TX,), neighbours(TX))
        hunted(w, f"{family}-stamp-too-old", stamped(flow, TX, 150 * MINUTE), TX, (TX, REDIRECT),
               neighbours(REDIRECT))
        # An entry that a socket has refuted is gone, and its flow is looked for.
        hunted(w, f"{family}-not-ours-any-more", plain, TX, (TX,),
               neighbours(TX) + flow_entry(flow, OURS, US, flags=FLOW_CLOSING), flows=((flow, FREE, 0, 0),))


def write_asked(w):
    """Somebody asks us."""
    for outer, tunnel, base in (("4", tunnel4, []), ("6", tunnel6, fleet(tunnel6))):
        for name in ("est4", "est6"):
            flow = socket_flow(name)
            plain = Segment(flow, payload=b"yours?")
            leg_in = came(plain.l3(), candidates=(AFTER_GAP, US, REDIRECT), tunnel=tunnel, why=HUNT,
                          hop=2, marks=HUNTED | UNASKED)
            answered(w, f"asked-{name}-in{outer}", leg_in, plain, TX, "wrap_claim", CLAIM, tunnel,
                     candidates=(US,), needs=(name,), flows=((flow, FREE, 0, 0),),
                     peers=((TX, 1, 1),), truncate=True)
    flow = socket_flow("est4")
    plain = Segment(flow)
    leg_in = came(plain.l3(), why=HUNT, marks=HUNTED)
    answered(w, "asked-landing-elsewhere", leg_in.but(landing=REDIRECT), plain, REDIRECT,
             "wrap_claim", CLAIM, candidates=(US,), needs=("est4",))
    # Nothing is entered and nothing is counted: it comes again as data.
    answered(w, "asked-entered", leg_in, plain, TX, "wrap_claim", CLAIM, candidates=(US,),
             needs=("est4",), sets=flow_entry(flow, OURS, US), flows=((flow, OURS, US, 0),))
    own = Segment(flow, ts=(7, stamp(flow, US)))
    answered(w, "asked-stamp", came(own.l3(), why=HUNT), own, TX, "wrap_claim", CLAIM,
             candidates=(US,), needs=("est4",))
    for name in ("half4", "wait4", "cookie4"):
        plain = Segment(socket_flow(name), seq=CLIENT_NEXT)
        no = came(plain.l3(), why=HUNT, marks=HUNTED, candidates=(US,))
        answered(w, f"asked-{name}-not", no, plain, TX, "wrap_no", NO, marks=HUNTED, needs=(name,))
    for home, reason in ((DEAD, "unasked"), (UNKNOWN, "unasked")):
        w.vector(f"asked-home-{home}", leg_in.but(landing=home).frame(), "drop", reason,
                 out=unwrapped(Segment(socket_flow("est4")).l3()), needs=("est4",))
    # The table alone is no proof that a claim could rest on.
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow)
        only = came(plain.l3(), why=HUNT, marks=HUNTED, candidates=(US,))
        answered(w, f"asked{family}-table-only", only, plain, TX, "wrap_no", NO, marks=HUNTED,
                 sets=flow_entry(flow, OURS, US), flows=((flow, FREE, 0, 0),))
        further = came(plain.l3(), why=HUNT, marks=HUNTED, candidates=(US, REDIRECT))
        answered(w, f"asked{family}-next", further, plain, REDIRECT, "wrap_next", HUNT,
                 marks=HUNTED)


def write_claims(w):
    """A claim comes home."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"mine!")

        def claim(segment=plain, peer=TX, **more):
            return came(segment.l3(), peer, **{"candidates": (peer,), "why": CLAIM, "landing": US,
                                               "hop": 2, **more})

        def claimed(name, leg_in=None, segment=plain, peer=TX, **more):
            answered(w, f"claim{family}-{name}", leg_in or claim(segment, peer), segment, peer,
                     "wrap_claimed", DATA, **more)

        for peer in (TX, REDIRECT):
            claimed(f"from{peer}", peer=peer, flows=((flow, PIN, peer, US),), truncate=True)
        claimed("in6", claim(tunnel=tunnel6), tunnel=tunnel6, flows=((flow, PIN, TX, US),))
        claimed("again", sets=flow_entry(flow, PIN, TX), flows=((flow, PIN, TX, US),))
        claimed("other", sets=flow_entry(flow, PIN, REDIRECT), flows=((flow, PIN, TX, US),))
        claimed("over-transit", sets=flow_entry(flow, TRANSIT, REDIRECT),
                flows=((flow, PIN, TX, US),))
        claimed("last-hop", claim(hop=7), flows=((flow, PIN, TX, US),))
        # Who has a stamp that says the same needs no pin; one that says otherwise is wrong.
        own = stamped(flow, TX)
        claimed("stamped", segment=own, flows=((flow, FREE, 0, 0),))
        other = stamped(flow, DRAINS)
        claimed("stamp-disagrees", segment=other, flows=((flow, PIN, TX, US),))
        w.vector(f"claim{family}-worn", claim(hop=8).frame(), "drop", "tunnel_hops",
                 out=unwrapped(plain.l3()))
        for name, leg_in in {
                "not-ours": claim(landing=REDIRECT), "not-home": claim(landing=TX),
                "of-another": claim(candidates=(REDIRECT,)),
                "of-nobody": claim(candidates=()),
                "second": claim(candidates=(REDIRECT, TX)),
                "no-not-ours": claim(why=NO, landing=REDIRECT)}.items():
            w.vector(f"claim{family}-{name}", leg_in.frame(), "drop", "tunnel_answer",
                     flows=((flow, FREE, 0, 0),))
        syn = Segment(flow, "S", ack=0)
        w.vector(f"claim{family}-syn", claim(syn).frame(), "drop", "tunnel_syn")
    # Our own socket knows better.
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        plain = Segment(flow)
        leg_in = came(plain.l3(), candidates=(TX,), why=CLAIM, landing=US, hop=2)
        w.vector(f"claim-{name}", leg_in.frame(), "pass", "local_socket",
                 out=unwrapped(plain.l3()), needs=(name,), flows=((flow, OURS, US, US),))


def write_no(w):
    """A no comes home."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"whose?")

        def no(segment=plain, peer=TX, **more):
            return came(segment.l3(), peer, **{"candidates": (TX,), "why": NO, "landing": US,
                                               "hop": 2, **more})

        def ends(name, reason, leg_in, segment=plain, **more):
            w.vector(f"no{family}-{name}", leg_in.frame(),
                     "pass" if reason in ("nobody", "local_socket") else "drop", reason,
                     out=unwrapped(segment.l3()), **more)

        ends("last", "nobody", no(marks=HUNTED), sets=neighbours(REDIRECT), truncate=True)
        ends("unasked", "unasked", no(marks=HUNTED | UNASKED), sets=neighbours(REDIRECT))
        ends("unasked-data", "unasked", no(marks=UNASKED), sets=neighbours(TX))
        # A pin that was wrong goes, and the hunt begins, without the one that has just said no.
        pinned = flow_entry(flow, PIN, TX)
        ends("pin", "nobody", no(), sets=pinned + neighbours(TX), flows=((flow, FREE, 0, 0),))
        answered(w, f"no{family}-pin-hunt", no(), plain, REDIRECT, "wrap_hunt", HUNT,
                 candidates=(REDIRECT, DRAINS), marks=HUNTED,
                 sets=pinned + neighbours(TX, REDIRECT, DRAINS), flows=((flow, FREE, 0, 0),))
        # Meanwhile another has claimed it.
        answered(w, f"no{family}-pinned-since", no(marks=HUNTED), plain, REDIRECT, "wrap_pin",
                 DATA, candidates=(REDIRECT,), marks=HUNTED, sets=flow_entry(flow, PIN, REDIRECT),
                 flows=((flow, PIN, REDIRECT, US),))
        # A stamp was wrong. Young, it can mean nobody else; old, it may have meant anybody.
        young, old = stamped(flow, TX), stamped(flow, TX, 10 * MINUTE)
        ends("stamp-young", "nobody", no(young, REDIRECT, candidates=(TX, REDIRECT), hop=3), young,
             sets=neighbours(DRAINS) + flow_entry(flow, TRANSIT, TX), flows=((flow, FREE, 0, 0),))
        answered(w, f"no{family}-stamp-old", no(old, REDIRECT, candidates=(TX, REDIRECT), hop=3),
                 old, DRAINS, "wrap_hunt", HUNT, candidates=(DRAINS,), marks=HUNTED,
                 sets=neighbours(TX, REDIRECT, DRAINS) + [("nodes", u32(4), bytes(32))])
    flow = socket_flow("est4")
    plain = Segment(flow)
    back = came(plain.l3(), candidates=(TX,), why=NO, landing=US, hop=2)
    w.vector("no-own-socket", back.frame(), "pass", "local_socket", out=unwrapped(plain.l3()),
             needs=("est4",), sets=flow_entry(flow, PIN, TX), flows=((flow, OURS, US, US),))


def write_doubt(w):
    """A SYN clears no pin, and never loses to one."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        syn = Segment(flow, "S", ack=0, options=(("MSS", 1460),))
        w.vector(f"doubt{family}-syn", syn.frame(), "pass", "local_syn",
                 sets=flow_entry(flow, PIN, TX), after=doubted(flow, PIN, TX),
                 flows=((flow, PIN, TX, 0),))
        w.vector(f"doubt{family}-not-ours", syn.frame(), "pass", "local_syn",
                 sets=flow_entry(flow, OURS, US), flows=((flow, OURS, US, 0),))
        plain = Segment(flow)
        pin = flow_entry(flow, PIN, REDIRECT, flags=FLOW_DOUBTED)
        wrapped(w, f"doubt{family}-forged", plain, REDIRECT, (REDIRECT,), reason="wrap_pin",
                sets=pin, flows=((flow, PIN, REDIRECT, 0),))
        # Was it diverted? The successor is asked, and then the pin's owner.
        hunted(w, f"{family}-doubt-draining", plain, TX, (TX, REDIRECT), pin + draining(TX))
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        w.vector(f"doubt-{name}", Segment(flow).frame(), "pass", "local_socket", needs=(name,),
                 sets=flow_entry(flow, PIN, TX, flags=FLOW_DOUBTED), flows=((flow, OURS, US, 0),))
    half = socket_flow("half4")
    wrapped(w, "doubt-half4", Segment(half), TX, (TX,), reason="wrap_pin", needs=("half4",),
            sets=flow_entry(half, PIN, TX, flags=FLOW_DOUBTED), flows=((half, PIN, TX, 0),))


def doubted(flow, kind, owner):
    return [flow_entry(flow, kind, owner, flags=FLOW_DOUBTED)[1]]


def write(w):
    write_lists(w)
    write_asked(w)
    write_claims(w)
    write_no(w)
    write_doubt(w)
