# SPDX-License-Identifier: GPL-3.0-or-later
"""The hunt: whom a packet is sent to that nothing names an owner of, and what the answers do."""

from oracle import (CLAIM, DATA, DIVERT, HUNT, HUNTED, MONO_MS, MONO_NS, MONO_S, NO, UNASKED, Flow,
                    Segment, outer_label, outer_port, stamp)
from local_vectors import CLIENT_NEXT, MINUTE, STRANGER4, STRANGER6, unstamped
from tunnel_vectors import came, unwrapped
from wrap_vectors import DIRECT, MACS, stamped, wrapped
from world import (ACCEPT_BUDGET, ACKED, AFTER_GAP, ARMED, DATA_BUDGET, DEAD, DIVERT_BUDGET, DRAINING, DRAINS,
                   FLOW_CLOSING, FLOW_DOUBTED, FLOW_SCOUTED, FREE, GUESS_BUDGET, HINT_S, HUNT_BUDGET,
                   METERED, NARROW, NOBODY_MS, NO_NEIGH, NO_ROUTE, OURS, PIN, REDIRECT, TRANSIT, TX, UNKNOWN,
                   UNSENT, US, VLAN, fleet, flow_entry, hint, homes, hunt, nobody, node_image, socket_flow,
                   sources, spent, state, told, tunnel4, tunnel6, u32)


def neighbours(*nodes, **budgets):
    return [("hunt", u32(0), hunt(nodes, **budgets))]


def entries(*lists):
    """What `after` wants, of what `sets` takes."""
    return [entry for entries in lists for entry in entries]


def taught(flow, owner):
    """What the claim of `owner` leaves behind."""
    return entries(hint(flow.client, owner), sources(owner, MONO_S))


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


def write_dead(w):
    """A dead node's flow is not hunted, unless its stamp is so old that it may be another's."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        alone = neighbours(TX) + [("nodes", u32(DRAINS), bytes(32))]
        w.vector(f"hunt{family}-not-dead", stamped(flow, DEAD).frame(), "pass", "owner_dead",
                 sets=alone)
        hunted(w, f"{family}-dead-or-older", stamped(flow, NARROW, 150 * MINUTE), NARROW,
               (NARROW, TX), alone)


def write_transit(w):
    """What bears no stamp goes where the flow's stamps went; our own socket comes first."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        known = neighbours(REDIRECT) + flow_entry(flow, TRANSIT, TX)
        for label, segment in (("keepalive", Segment(flow)), ("rst", Segment(flow, "R")),
                               ("unknown", stamped(flow, UNKNOWN))):
            wrapped(w, f"transit{family}-{label}", segment, TX, (TX,), reason="wrap_pin", sets=known,
                    flows=((flow, TRANSIT, TX, 0),))
        # A forged stamp may have named a node that is dead by now: no live flow ends for that.
        hunted(w, f"{family}-transit-dead", Segment(flow), TX, (TX,),
               neighbours(TX) + flow_entry(flow, TRANSIT, DEAD))
        w.vector(f"pin{family}-dead", Segment(flow).frame(), "pass", "owner_dead",
                 sets=neighbours(TX) + flow_entry(flow, PIN, DEAD))
        mine = socket_flow("est" + family)
        w.vector(f"transit{family}-own-socket", Segment(mine).frame(), "pass", "local_socket",
                 sets=flow_entry(mine, TRANSIT, TX), needs=("est" + family,),
                 flows=((mine, OURS, US, 0),))


def write_heard(w):
    """What strays while its socket is heard is the socket's: nobody else is asked, or told no."""
    for name in ("est4", "est6"):
        flow, needs = socket_flow(name), (name,)
        plain = Segment(flow, payload=b"mine?", ack=ACKED + 1)
        for label, sets in (("", []), ("-known", flow_entry(flow, OURS, US))):
            for flags in ("A", "FA", "RA"):
                w.vector(f"heard-{name}{label}-{flags}", plain.but(flags=flags).frame(), "pass",
                         "local_socket", needs=needs, sets=neighbours(TX) + sets, after=sets)
        led = plain.but(flags="FA").l3()
        w.vector(f"heard-{name}-led", came(led, candidates=(US,)).frame(), "pass", "local_socket",
                 out=unwrapped(led), needs=needs, flows=((flow, FREE, 0, 0),))
        # Another's flow by now, says its stamp: that our old one is heard is not said by it.
        wrapped(w, f"heard-{name}-stamped", plain.but(ts=(7, stamp(flow, TX))), TX, (TX, REDIRECT),
                needs=needs)


def write_stray(w):
    """A socket of ours cannot be meant: its client may be gone, and its ports in use elsewhere."""
    for name in ("est4", "est6"):
        flow, needs = socket_flow(name), (name,)
        plain = Segment(flow, payload=b"mine?", ack=ACKED + 1)
        old = flow_entry(flow, OURS, US, last_s=MONO_S - 2)
        hunted(w, f"-stray-{name}", plain, TX, (TX,), neighbours(TX), needs=needs,
               flows=((flow, FREE, 0, 0),))
        hunted(w, f"-stray-{name}-known", plain, TX, (TX,), neighbours(TX) + old, needs=needs,
               flows=((flow, OURS, US, 0),))
        # It may be forged: our socket gets it, and nothing else comes of it.
        w.vector(f"stray-{name}-alone", plain.frame(), "pass", "local_socket", needs=needs,
                 flows=((flow, FREE, 0, 0),))
        w.vector(f"stray-{name}-rst", plain.but(flags="R").frame(), "pass", "local_socket",
                 needs=needs, sets=neighbours(TX))
        w.vector(f"stray-{name}-fits", plain.but(ack=ACKED).frame(), "pass", "local_socket",
                 needs=needs, sets=neighbours(TX) + old)
        # Another's flow by now, says its stamp: that our old one is heard of is not said by it.
        for flags in ("A", "FA"):
            wrapped(w, f"stray-{name}-stamped-{flags}", plain.but(flags=flags, ts=(7, stamp(flow, TX))),
                    TX, (TX, REDIRECT), sets=old, after=old, needs=needs, meters=False)
        back = came(plain.l3(), landing=US, candidates=(TX,), why=NO, hop=2, marks=HUNTED)
        w.vector(f"stray-{name}-no", back.frame(), "pass", "local_socket", needs=needs,
                 out=unwrapped(plain.l3()))
        claim = back.but(why=CLAIM, marks=0)
        answered(w, f"stray-{name}-claimed", claim, plain, TX, "wrap_claimed", DATA, needs=needs,
                 sets=old, flows=((flow, PIN, TX, US),), after=taught(flow, TX))
        asked = came(plain.l3(), candidates=(US,), why=HUNT, marks=HUNTED)
        answered(w, f"stray-{name}-asked", asked, plain, TX, "wrap_no", NO, marks=HUNTED,
                 needs=needs, sets=old, flows=((flow, OURS, US, 0),))
        for flags in (0, FLOW_DOUBTED):
            wrapped(w, f"stray-{name}-pinned{flags}", plain, TX, (TX,), reason="wrap_pin",
                    sets=flow_entry(flow, PIN, TX, flags=flags), needs=needs)


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
    # On a short wire an ACK is here before the sender has noted that it sent.
    for name in ("unsent4", "unsent6"):
        for ack, reason, why in ((ACKED + UNSENT, "wrap_claim", CLAIM), (ACKED + UNSENT + 1, "wrap_no", NO)):
            plain = Segment(socket_flow(name), ack=ack)
            early = came(plain.l3(), why=HUNT, marks=HUNTED, candidates=(US,))
            answered(w, f"asked-{name}-{reason}", early, plain, TX, reason, why, needs=(name,),
                     marks=0 if why == CLAIM else HUNTED)
    # Half open, waiting, or meant for another connection on the same ports.
    for name in ("half4", "wait4", "cookie4", "est4", "est6"):
        ack = ACKED + 1 if "est" in name else Segment.ack
        plain = Segment(socket_flow(name), seq=CLIENT_NEXT, ack=ack)
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


def write_pinned(w):
    """What others led here by a pin, and is not for the socket that is still here."""
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        stray = Segment(flow, ack=ACKED + 70000, payload=b"another's")
        answered(w, f"pinned-{name}-stray", came(stray.l3(), candidates=(US,)), stray, TX, "wrap_no",
                 NO, needs=(name,))
        # One older than us, too, of which nothing has been heard for a while.
        old = unstamped(flow) + flow_entry(flow, OURS, US, last_s=MONO_S - 2)
        answered(w, f"pinned-{name}-stray-listed", came(stray.l3(), candidates=(US,)), stray, TX,
                 "wrap_no", NO, needs=(name,), sets=old)
        # Our own stamp makes it ours: its stack is to judge it.
        own = stray.but(ts=(7, stamp(flow, US)))
        restored = own.but(ts=(7, MONO_MS & 0xFFFFFFFF))
        w.vector(f"pinned-{name}-stray-stamped", came(own.l3()).frame(), "pass", "local_stamp",
                 out=unwrapped(restored.l3()), needs=(name,))


def in_pop(pop, *nodes):
    return [("nodes", u32(node), node_image(tunnel4(node), pop=pop)) for node in nodes]


def write_directory(w):
    """A POP's node that is told of a flow stands for all of them."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"whose?")
        # At the landing node: the home of the neighbour's POP, then what room is left for.
        there = in_pop(1, TX, REDIRECT) + homes(REDIRECT, pop=1)
        hunted(w, f"{family}-home", plain, REDIRECT, (REDIRECT, TX), neighbours(TX) + there)
        hunted(w, f"{family}-home-by-hint", plain, REDIRECT, (REDIRECT, DRAINS, TX),
               neighbours(DRAINS) + there + hint(flow.client, TX))
        hunted(w, f"{family}-home-each-once", plain, REDIRECT, (REDIRECT, DRAINS, TX),
               neighbours(TX, REDIRECT, DRAINS) + there)
        hunted(w, f"{family}-home-three-pops", plain, TX, (TX, VLAN, REDIRECT),
               neighbours(AFTER_GAP, TX, NARROW, VLAN, REDIRECT) + in_pop(1, AFTER_GAP, TX) +
               in_pop(2, NARROW, VLAN) + in_pop(3, REDIRECT, DRAINS) + homes(TX, pop=1) +
               homes(VLAN, pop=2) + homes(REDIRECT, pop=3))
        hunted(w, f"{family}-home-of-ours", plain, REDIRECT, (REDIRECT, DRAINS),
               neighbours(DRAINS) + homes(REDIRECT, pop=US))
        # The home is this node: it knows the owner, or has nobody to ask.
        here = neighbours(DRAINS) + in_pop(9, DRAINS) + homes(US, pop=9)
        hunted(w, f"{family}-home-is-us", plain, TX, (TX, DRAINS), here + told(flow, TX))
        hunted(w, f"{family}-home-is-us-untold", plain, TX, (TX,), neighbours(TX) + in_pop(9, TX) +
               homes(US, pop=9))
        # Asked: it sends the question to the owner, in its own place.
        asked = came(plain.l3(), why=HUNT, marks=HUNTED, candidates=(US, REDIRECT))
        answered(w, f"directory{family}", asked, plain, DRAINS, "wrap_directory", HUNT,
                 candidates=(DRAINS, REDIRECT), marks=HUNTED, sets=told(flow, DRAINS))
        answered(w, f"directory{family}-second", asked.but(candidates=(AFTER_GAP, US, REDIRECT)),
                 plain, DRAINS, "wrap_directory", HUNT, candidates=(AFTER_GAP, DRAINS, REDIRECT),
                 marks=HUNTED, sets=told(flow, DRAINS))
        answered(w, f"directory{family}-later", asked.but(candidates=(US, DRAINS, REDIRECT)), plain,
                 REDIRECT, "wrap_directory", HUNT, candidates=(REDIRECT, DRAINS), marks=HUNTED,
                 sets=told(flow, REDIRECT))
        # Nobody is asked twice, nor who cannot know; and what is led here as data goes back.
        answered(w, f"directory{family}-before", asked.but(candidates=(AFTER_GAP, US, REDIRECT)),
                 plain, REDIRECT, "wrap_next", HUNT, candidates=(AFTER_GAP, US, REDIRECT),
                 marks=HUNTED, sets=told(flow, AFTER_GAP))
        for name, owner in (("asks", TX), ("us", US), ("dead", DEAD),
                            ("unknown", UNKNOWN)):
            answered(w, f"directory{family}-{name}", asked, plain, REDIRECT, "wrap_next", HUNT,
                     marks=HUNTED, sets=told(flow, owner))
        led = came(plain.l3(), candidates=(US,))
        answered(w, f"directory{family}-data", led, plain, TX, "wrap_no", NO,
                 sets=told(flow, DRAINS))


def write_claims(w):
    """A claim comes home."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"mine!")

        def claim(segment=plain, peer=TX, **more):
            return came(segment.l3(), peer, **{"candidates": (peer,), "why": CLAIM, "landing": US,
                                               "hop": 2, **more})

        def claimed(name, leg_in=None, segment=plain, peer=TX, **more):
            more.setdefault("after", taught(flow, peer))
            answered(w, f"claim{family}-{name}", leg_in or claim(segment, peer), segment, peer,
                     "wrap_claimed", DATA, **more)

        for peer in (TX, REDIRECT):
            claimed(f"from{peer}", peer=peer, flows=((flow, PIN, peer, US),), truncate=True)
        claimed("in6", claim(tunnel=tunnel6), tunnel=tunnel6, flows=((flow, PIN, TX, US),))
        claimed("again", sets=flow_entry(flow, PIN, TX), flows=((flow, PIN, TX, US),))
        claimed("other", sets=flow_entry(flow, PIN, REDIRECT), flows=((flow, PIN, TX, US),))
        claimed("over-transit", sets=flow_entry(flow, TRANSIT, REDIRECT),
                flows=((flow, PIN, TX, US),))
        claimed("last-hop", claim(hop=10), flows=((flow, PIN, TX, US),))
        # Who has a stamp that says the same needs no pin; one that says otherwise is wrong.
        own = stamped(flow, TX)
        claimed("stamped", segment=own, flows=((flow, FREE, 0, 0),))
        other = stamped(flow, DRAINS)
        claimed("stamp-disagrees", segment=other, flows=((flow, PIN, TX, US),))
        w.vector(f"claim{family}-worn", claim(hop=11).frame(), "drop", "tunnel_hops",
                 out=unwrapped(plain.l3()), after=taught(flow, TX))
        for name, leg_in in {
                "not-ours": claim(landing=REDIRECT), "not-home": claim(landing=TX),
                "of-another": claim(candidates=(REDIRECT,)),
                "of-nobody": claim(candidates=()),
                "second": claim(candidates=(REDIRECT, TX)),
                "no-not-ours": claim(why=NO, landing=REDIRECT)}.items():
            w.vector(f"claim{family}-{name}", leg_in.frame(), "drop", "tunnel_answer",
                     flows=((flow, FREE, 0, 0),))
        # An address that is still known, of a node that is not: it has just left.
        w.vector(f"claim{family}-left", claim().frame(), "drop", "tunnel_peer",
                 out=unwrapped(plain.l3()), sets=[("nodes", u32(TX), bytes(32))],
                 flows=((flow, FREE, 0, 0),), peers=((TX, 0, 1),),
                 after=[(name, key, bytes(len(value))) for name, key, value in taught(flow, TX)])
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

        remembered, with_stamp = (nobody(flow, plain.ack, timestamps=yes) for yes in (False, True))
        ends("last", "nobody", no(marks=HUNTED), sets=neighbours(REDIRECT), truncate=True,
             after=remembered)
        ends("unasked", "unasked", no(marks=HUNTED | UNASKED), sets=neighbours(REDIRECT),
             after=untouched(remembered))
        ends("unasked-data", "unasked", no(marks=UNASKED), sets=neighbours(TX))
        # Not for a pin of its ports' last flow, to a node that is dead by now.
        ends("unasked-pin-dead", "unasked", no(marks=HUNTED | UNASKED),
             sets=neighbours(TX) + flow_entry(flow, PIN, DEAD))
        # The hunt begins, without the one that has just said no. What it said no to may be forged:
        # the pin stays until somebody else claims the flow.
        pinned = flow_entry(flow, PIN, TX)
        ends("pin", "nobody", no(), sets=pinned + neighbours(TX), flows=((flow, PIN, TX, 0),),
             after=remembered)
        answered(w, f"no{family}-pin-hunt", no(), plain, REDIRECT, "wrap_hunt", HUNT,
                 candidates=(REDIRECT, DRAINS), marks=HUNTED,
                 sets=pinned + neighbours(TX, REDIRECT, DRAINS), flows=((flow, PIN, TX, 0),))
        # An empty ACK may be a keepalive of a flow whose next segment bears a stamp.
        empty = Segment(flow)
        ends("empty", "nobody_once", no(empty, marks=HUNTED), empty, sets=neighbours(REDIRECT),
             after=remembered)
        for name, segment, sets in (
                ("again", empty, nobody(flow, plain.ack, MONO_MS - 2 * NOBODY_MS)),
                ("fin", empty.but(flags="FA"), []),
                ("timestamps", stamped(flow, UNKNOWN), [])):
            ends(f"empty-{name}", "nobody", no(segment, marks=HUNTED), segment,
                 sets=neighbours(REDIRECT) + sets,
                 after=with_stamp if name == "timestamps" else remembered)
        # Meanwhile another has claimed it.
        answered(w, f"no{family}-pinned-since", no(marks=HUNTED), plain, REDIRECT, "wrap_pin",
                 DATA, candidates=(REDIRECT,), marks=HUNTED, sets=flow_entry(flow, PIN, REDIRECT),
                 flows=((flow, PIN, REDIRECT, US),))
        # A stamp was wrong. Young, it can mean nobody else; old, it may have meant anybody.
        young, old = stamped(flow, TX), stamped(flow, TX, 10 * MINUTE)
        ends("stamp-young", "nobody", no(young, REDIRECT, candidates=(TX, REDIRECT), hop=3), young,
             sets=neighbours(DRAINS) + flow_entry(flow, TRANSIT, TX), flows=((flow, FREE, 0, 0),),
             after=with_stamp)
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


def untouched(entries_):
    """None of them was written."""
    return [(name, key, bytes(len(value))) for name, key, value in entries_]


def write_hints(w):
    """Whom the claims of others make likely."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"whose?")
        near = {"4": "198.51.100.250", "6": "2001:db8:c:ffff::1"}[family]
        far = {"4": "198.51.101.7", "6": "2001:db8:d::7"}[family]
        list_ = neighbours(DRAINS)
        hunted(w, f"{family}-hint", plain, TX, (TX, DRAINS), list_ + hint(near, TX))
        hunted(w, f"{family}-hint-old", plain, TX, (TX, DRAINS),
               list_ + hint(near, TX, MONO_S - HINT_S))
        hunted(w, f"{family}-hint-too-old", plain, DRAINS, (DRAINS,),
               list_ + hint(near, TX, MONO_S - HINT_S - 1))
        hunted(w, f"{family}-hint-of-others", plain, DRAINS, (DRAINS,), list_ + hint(far, TX))
        hunted(w, f"{family}-hint-dead", plain, DRAINS, (DRAINS,), list_ + hint(near, DEAD))
        hunted(w, f"{family}-hint-empty", plain, DRAINS, (DRAINS,), list_ + hint(near, 0))
        hunted(w, f"{family}-sources", plain, TX, (TX, REDIRECT, DRAINS),
               list_ + sources(REDIRECT, MONO_S - 2, TX, MONO_S - 1))
        hunted(w, f"{family}-sources-other", plain, REDIRECT, (REDIRECT, TX, DRAINS),
               list_ + sources(REDIRECT, MONO_S - 1, TX, MONO_S - 2))
        hunted(w, f"{family}-source-too-old", plain, TX, (TX, DRAINS),
               list_ + sources(TX, MONO_S - HINT_S, REDIRECT, MONO_S - HINT_S - 1))
        hunted(w, f"{family}-hint-then-source", plain, TX, (TX, REDIRECT, DRAINS),
               list_ + hint(near, TX) + sources(TX, MONO_S, REDIRECT, MONO_S))
        guesses = hint(near, NARROW) + sources(TX, MONO_S, REDIRECT, MONO_S - 1)
        hunted(w, f"{family}-last-is-neighbour", plain, NARROW, (NARROW, TX, DRAINS), list_ + guesses)
        hunted(w, f"{family}-no-neighbour", plain, NARROW, (NARROW, TX, REDIRECT), neighbours() + guesses)
        hunted(w, f"{family}-successor-then-hint", plain, REDIRECT, (REDIRECT, TX, DRAINS),
               list_ + draining(REDIRECT) + hint(near, TX))
        # A claim teaches over what was taught, and makes the older source go.
        claim = came(plain.l3(), candidates=(TX,), why=CLAIM, landing=US, hop=2)
        answered(w, f"hint{family}-taught-anew", claim, plain, TX, "wrap_claimed", DATA,
                 sets=hint(near, REDIRECT, 5, 6) + sources(DRAINS, 9, REDIRECT, 7),
                 after=entries(hint(near, TX, MONO_S, 6), sources(DRAINS, 9, TX, MONO_S)))


def write_scouts(w):
    """A stamped flow that passes through asks, once, if nobody has."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        through = flow_entry(flow, TRANSIT, TX)
        bare = stamped(flow, TX)
        asked = hint(flow.client, 0, 0, MONO_S)

        def scout(name, sets, after, segment=bare):
            hunted(w, f"{family}-scout-{name}", segment, TX, (TX, REDIRECT),
                   neighbours() + through + sets, after=after, flows=((flow, TRANSIT, TX, 0),))

        def no_scout(name, sets, segment=bare):
            wrapped(w, f"hunt{family}-no-scout-{name}", segment, TX, (TX, REDIRECT),
                    sets=neighbours() + sets)

        scout("first", [], asked)
        scout("again", hint(flow.client, 0, 0, MONO_S - 2), asked)
        scout("half-life", hint(flow.client, REDIRECT, MONO_S - HINT_S // 2 - 1, 5),
              hint(flow.client, REDIRECT, MONO_S - HINT_S // 2 - 1, MONO_S))
        no_scout("known", through + hint(flow.client, TX, MONO_S - HINT_S // 2))
        no_scout("just-asked", through + hint(flow.client, 0, 0, MONO_S - 1))
        no_scout("twice", flow_entry(flow, TRANSIT, TX, flags=FLOW_SCOUTED))
        no_scout("data", through, bare.but(payload=b"data"))
        no_scout("push", through, bare.but(flags="PA"))
        no_scout("fin", through, bare.but(flags="FA"))
        no_scout("old-stamp", through, stamped(flow, TX, 3 * MINUTE))
        # Not in the place of another prefix's hint.
        (_, place, image), = hint(flow.client, REDIRECT)
        other = [("hints", place, bytes([image[0] ^ 1]) + image[1:])]
        no_scout("place-taken", through + other)
        no_scout("budget", through + neighbours(hunt=(5, 0, 0)) + spent(HUNT_BUDGET, "all"))


def write_nobodies(w):
    """What was nobody's a moment ago."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = Segment(flow, payload=b"again")

        def again(name, segment, reason="nobody_again", sets=(), **more):
            w.vector(f"nobody{family}-{name}", segment.frame(), "pass", reason,
                     sets=neighbours(TX) + nobody(flow, plain.ack) + list(sets), **more)

        again("again", plain)
        again("again-stamped", stamped(flow, TX), flows=((flow, FREE, 0, 0),),
              sets=nobody(flow, plain.ack, timestamps=True))
        # It may have been a keepalive without timestamps: that says nothing of what has a stamp.
        wrapped(w, f"nobody{family}-unstamped", stamped(flow, TX), TX, (TX, REDIRECT),
                sets=neighbours(TX) + nobody(flow, plain.ack), flows=((flow, TRANSIT, TX, 0),))
        for name, segment, sets in (
                ("late", plain, nobody(flow, plain.ack, MONO_MS - NOBODY_MS)),
                ("other-ack", plain.but(ack=plain.ack + 1), nobody(flow, plain.ack)),
                ("other-flow", plain, nobody(Flow(flow.client, 7, flow.vip), plain.ack))):
            hunted(w, f"{family}-nobody-{name}", segment, TX, (TX,), neighbours(TX) + sets)
        last = nobody(flow, plain.ack, MONO_MS - NOBODY_MS + 1)
        again("again-last-ms", plain, sets=last)


def write_budgets(w):
    """Beyond each budget, by each of its bounds; and each just within."""
    rates = {"all": (9, 0, 0), "node": (0, 9, 0), "prefix": (0, 0, 9)}
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain, old = Segment(flow, payload=b"much"), stamped(flow, TX, 10 * MINUTE)
        syn = Segment(flow, "S", ack=0)
        near = {"4": "198.51.100.250", "6": "2001:db8:c:ffff::1"}[family]
        metered = [("state", u32(0), state(flags=ARMED | METERED))]
        for scope, rate in rates.items():
            which = {"all": 0, "node": TX, "prefix": near}[scope]

            def over(budget, name, frame, reason, number, sets=(), **more):
                action = "pass" if reason == "local_syn" else "drop"
                w.vector(f"budget{family}-{name}-{scope}", frame, action, reason,
                         sets=neighbours(TX, **{budget: rate}) + list(sets)
                         + spent(number, scope, which), **more)

            over("hunt", "hunt", plain.frame(), "budget_hunt", HUNT_BUDGET)
            over("guess", "guess", old.frame(), "budget_guess", GUESS_BUDGET,
                 flows=((flow, FREE, 0, 0),))
            over("data", "pin", plain.frame(), "budget_data", DATA_BUDGET,
                 metered + flow_entry(flow, PIN, TX))
            over("data", "transit", stamped(flow, TX).frame(), "budget_data", DATA_BUDGET,
                 metered + flow_entry(flow, TRANSIT, TX))
            over("divert", "divert", syn.frame(), "local_syn", DIVERT_BUDGET, draining(TX))
            over("accept", "accept", came(syn.l3(), why=DIVERT, candidates=()).frame(),
                 "budget_syn", ACCEPT_BUDGET, out=unwrapped(syn.l3()))
            # Overdrawn, but there is no limit; another's bucket; and one that is not overdrawn.
            for name, budget, sets in (
                    ("unlimited", {}, spent(HUNT_BUDGET, scope, which)),
                    ("other-class", {"hunt": rate}, spent(GUESS_BUDGET, scope, which)),
                    ("fresh", {"hunt": rate}, [])):
                more = {}
                if name == "fresh":
                    (_, place, _), = spent(HUNT_BUDGET, scope, which)
                    sets = [("budgets", place, bytes(8))]
                    more["after"] = [("budgets", place, (MONO_NS - 10**9 + 10**9 // 9)
                                      .to_bytes(8, "little"))]
                hunted(w, f"{family}-budget-{scope}-{name}", plain, TX, (TX,),
                       neighbours(TX, **budget) + sets, **more)
        # What a stamp says is neither hunted nor guessed at, if it is young or its flow known.
        for name, segment, sets in (("young", stamped(flow, TX), []),
                                    ("known", old.but(payload=b"x"),
                                     flow_entry(flow, TRANSIT, TX))):
            wrapped(w, f"budget{family}-not-for-{name}", segment, TX, (TX, REDIRECT),
                    sets=neighbours(TX, hunt=(9, 9, 9), guess=(9, 9, 9)) + sets
                    + spent(HUNT_BUDGET, "all") + spent(GUESS_BUDGET, "all"))
        wrapped(w, f"budget{family}-data-unmetered", stamped(flow, TX), TX, (TX, REDIRECT),
                sets=neighbours(TX, data=(9, 9, 9)) + spent(DATA_BUDGET, "all"))


def doubted(flow, kind, owner):
    return [flow_entry(flow, kind, owner, flags=FLOW_DOUBTED)[1]]


def write(w):
    write_lists(w)
    write_dead(w)
    write_transit(w)
    write_stray(w)
    write_asked(w)
    write_pinned(w)
    write_directory(w)
    write_claims(w)
    write_no(w)
    write_doubt(w)
    write_hints(w)
    write_scouts(w)
    write_nobodies(w)
    write_budgets(w)
