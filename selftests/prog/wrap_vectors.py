# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to another node and is sent there: the outer headers, to the last bit."""

from scapy.layers.inet6 import IPv6ExtHdrDestOpt
from scapy.layers.l2 import Dot1AD, Dot1Q

from oracle import (DATA, DIVERT, EPOCH, HUNT, HUNTED, MONO_MS, MONO_NS, TUNNEL_KEY, Segment, Tunnel, decode,
                    ether, outer_label, outer_port, stamp, too_big)
from local_vectors import MINUTE, STRANGER4, STRANGER6, unstamped
from world import (MAX_WINDOW, ACKED, AFTER_GAP, ARMED, CLIENT4, DEAD, DIVERTS, DRAINING, DRAINS, FREE,
                   MAC_SIDE, MAC_SIDE_GATEWAY, NARROW, NARROW_MTU, NO_NEIGH, NO_ROUTE, OURS, PIN, REDIRECT,
                   ROUTES_BY_ADDRESS, TAGGED, TRANSIT, TX, UNKNOWN, UPLINK, US, VLAN, Flow, fleet,
                   flow_entry, keys, leg_image, nobody, node_image, socket_flow, state, tunnel4, tunnel6,
                   u32)

MACS = {REDIRECT: {"dst": MAC_SIDE_GATEWAY, "src": MAC_SIDE}}
DIRECT = {"dst": "02:00:00:00:00:01", "src": "02:00:00:00:00:02"}
OVERHEAD4, OVERHEAD6 = 64, 84


def leg(segment, target, candidates, tunnel=tunnel4, **more):
    """The first leg from us to `target`; the inner packet has come one hop further."""
    flow = segment.flow
    wrapped = {"inner": segment.but(ttl=segment.ttl - 1).l3(), "src": tunnel(US),
               "dst": tunnel(target), "landing": US, "candidates": candidates,
               "sport": outer_port(flow), "flow_label": outer_label(flow)}
    return Tunnel(**{**wrapped, **more})


def wrapped(w, name, segment, target, candidates, reason="wrap_stamp", tunnel=tunnel4, sets=(),
            meters=True, vlans=(), device=None, why=DATA, marks=0, **more):
    out = leg(segment, target, candidates, tunnel, vlans=vlans, why=why, marks=marks)
    frame = out.frame(**MACS.get(target, DIRECT))
    if tunnel is tunnel6:
        sets = fleet(tunnel6) + list(sets)
    if meters and reason == "wrap_stamp":
        more.setdefault("flows", ((segment.flow, TRANSIT, target, 0),))
    w.vector(name, segment.frame(), "redirect" if target == REDIRECT or device else "tx", reason,
             out=frame, sets=sets, peers=((target, 1, 0),), udp_check=out.l3_at(), device=device,
             **more)


def stamped(flow, node, age_ms=0, **more):
    return Segment(flow, ts=(99, stamp(flow, node, age_ms)), **more)


def write_families(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        for outer, tunnel in (("4", tunnel4), ("6", tunnel6)):
            for target, candidates in ((TX, (TX, REDIRECT)), (REDIRECT, (REDIRECT, NO_ROUTE))):
                wrapped(w, f"wrap{family}-in{outer}-to{target}", stamped(flow, target), target,
                        candidates, tunnel=tunnel, truncate=True)


def write_shapes(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        plain = stamped(flow, TX)
        shapes = {
            "data": plain.but(payload=bytes(range(256)), flags="PA"),
            "odd": plain.but(payload=b"x" * 333),
            "vlan": plain.but(vlans=(Dot1Q(vlan=5, prio=3),)),
            "qinq": plain.but(vlans=(Dot1AD(vlan=9), Dot1Q(vlan=5))),
            "padding": plain.but(padding=b"\xaa" * 6),
            "padding-much": plain.but(padding=b"\xaa" * 500),
            "tos": plain.but(tos=0xB8),
            "ect0": plain.but(tos=0x02),
            "ce": plain.but(tos=0x03),
            "ttl2": plain.but(ttl=2),
            "ttl255": plain.but(ttl=255),
            "fin": plain.but(flags="FA"),
            "rst": plain.but(flags="RA"),
            "synack": plain.but(flags="SA"),
        }
        if flow.ip6:
            shapes["extensions"] = plain.but(extensions=(IPv6ExtHdrDestOpt(),))
        else:
            shapes["ip-options"] = plain.but(ip={"options": [b"\x01" * 4]})
            shapes["ip-options-all"] = plain.but(ip={"options": [b"\x01" * 40]})
            shapes["no-df"] = plain.but(ip={"flags": ""})
        for shape, segment in shapes.items():
            wrapped(w, f"wrap{family}-{shape}", segment, TX, (TX, REDIRECT),
                    meters=shape != "synack")
            if shape in ("padding", "odd", "extensions", "ip-options"):
                wrapped(w, f"wrap{family}-{shape}-in6", segment, TX, (TX, REDIRECT),
                        tunnel=tunnel6)


def write_ages(w):
    flow = STRANGER4
    for label, age, candidates in (
            ("1min", MINUTE, (TX, REDIRECT)), ("65min", 65 * MINUTE, (TX, REDIRECT)),
            ("4min-ahead", -4 * MINUTE, (TX, REDIRECT)),
            # d is one less: ourselves, and no socket here says that it was us.
            ("70min", 70 * MINUTE, (TX,)), ("134min", 134 * MINUTE, (TX,))):
        wrapped(w, f"wrap-age-{label}", stamped(flow, TX, age), TX, candidates)
    for label, age, target, candidates in (
            ("redirect-65min", 65 * MINUTE, REDIRECT, (REDIRECT, NO_ROUTE)),
            ("redirect-70min", 70 * MINUTE, TX, (TX, REDIRECT)),
            ("redirect-134min", 134 * MINUTE, TX, (TX, REDIRECT))):
        wrapped(w, f"wrap-age-{label}", stamped(flow, REDIRECT, age), target, candidates)
    # The last and the first millisecond of each, with K = 22 and a skew of 2^18 ms.
    slot, skew = 1 << 22, 1 << 18
    for label, age, target, candidates in (
            ("last-fresh", slot - skew - 1, TX, (TX, REDIRECT)),
            ("first-old", slot - skew, TX, (TX,)),
            ("last-old", 2 * slot - skew - 1, TX, (TX,)),
            ("first-ahead", -skew, TX, (TX, REDIRECT)),
            ("too-far-ahead", -skew - 1, REDIRECT, (REDIRECT, NO_ROUTE))):
        assert decode(stamp(flow, TX, age), flow) == candidates[0] - (len(candidates) == 1)
        wrapped(w, f"wrap-age-{label}", stamped(flow, TX, age), target, candidates)
    # Beyond that it means somebody else: here nobody, d = 0 and d + 1 = us without a socket. One
    # that is older still is d + 2, who is worth a question.
    wrapped(w, "wrap-age-too-old", stamped(flow, TX, 2 * slot - skew), TX, (TX,),
            reason="wrap_hunt", why=HUNT, marks=HUNTED)
    # d unknown: straight to d + 1. d + 1 unknown: d alone.
    wrapped(w, "wrap-gap-old", stamped(flow, AFTER_GAP, 80 * MINUTE), AFTER_GAP, (AFTER_GAP,))
    wrapped(w, "wrap-gap-fresh", stamped(flow, AFTER_GAP), AFTER_GAP, (AFTER_GAP,))
    # d dead: its successor in number may have sent an old echo.
    wrapped(w, "wrap-dead-first", stamped(flow, DEAD), DRAINS, (DRAINS,))
    wrapped(w, "wrap-draining", stamped(flow, DRAINS), DRAINS, (DRAINS, NARROW))


def write_ladder(w):
    """The stamp against what else we know."""
    flow = socket_flow("half4")
    # A SYN retransmit landed here while the client already talks to the owner.
    wrapped(w, "wrap-over-half-open", stamped(flow, TX), TX, (TX, REDIRECT), needs=("half4",))
    wait = socket_flow("wait4")
    wrapped(w, "wrap-over-time-wait", stamped(wait, TX), TX, (TX, REDIRECT), needs=("wait4",))
    # So was one of ours listed, once, whose ports the client used again at the owner.
    for name, old in (("gone", STRANGER4), ("time-wait", wait)):
        wrapped(w, f"wrap-over-unstamped-{name}", stamped(old, TX), TX, (TX, REDIRECT),
                sets=unstamped(old), needs=("wait4",))
    # The table says ours, the socket does not: the entry goes and the stamp is followed.
    wrapped(w, "wrap-over-table", stamped(STRANGER4, TX), TX, (TX, REDIRECT),
            sets=flow_entry(STRANGER4, OURS, US))
    # After hours of silence our own stamp looks like another's, and the table may have forgotten.
    for name in ("est4", "est6"):
        own = socket_flow(name)
        for label, sets in (("", []), ("table-and-", flow_entry(own, OURS, US))):
            for delta in (0, -1, -MAX_WINDOW):
                w.vector(f"{label}socket-over-stamp-{name}{delta:+}",
                         stamped(own, TX, ack=ACKED + delta).frame(), "pass", "local_socket",
                         sets=sets, needs=(name,), flows=((own, OURS, US, 0),))
            # What it acknowledges was never sent, or long ago: that socket's client is gone, and has
            # used its ports again with the owner. Or it is forged, and then our entry stays.
            kind, owner = (OURS, US) if sets else (TRANSIT, TX)
            for delta in (1, -MAX_WINDOW - 1, 1 << 30):
                wrapped(w, f"wrap-over-{label}stale-{name}{delta:+}",
                        stamped(own, TX, ack=ACKED + delta), TX, (TX, REDIRECT), sets=sets,
                        needs=(name,), flows=((own, kind, owner, 0),))
    wrapped(w, "wrap-over-pin", stamped(STRANGER4, TX), TX, (TX, REDIRECT),
            sets=flow_entry(STRANGER4, PIN, REDIRECT),
            flows=((STRANGER4, PIN, REDIRECT, 0),))
    wrapped(w, "wrap-again", stamped(STRANGER4, TX, payload=b"more"), TX, (TX, REDIRECT),
            sets=flow_entry(STRANGER4, TRANSIT, REDIRECT))


def write_pins(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        for target in (TX, REDIRECT):
            wrapped(w, f"pin{family}-to{target}", Segment(flow, payload=b"more"), target, (target,),
                    reason="wrap_pin", sets=flow_entry(flow, PIN, target),
                    flows=((flow, PIN, target, 0),))
        wrapped(w, f"pin{family}-unknown-stamp", stamped(flow, UNKNOWN), TX, (TX,),
                reason="wrap_pin", sets=flow_entry(flow, PIN, TX))
        w.vector(f"pin{family}-to-us", Segment(flow).frame(), "pass", "nobody",
                 sets=flow_entry(flow, PIN, US))
        w.vector(f"pin{family}-to-unknown", Segment(flow).frame(), "pass", "nobody",
                 sets=flow_entry(flow, PIN, UNKNOWN))


def write_vlan_routes(w):
    """The route leaves by a VLAN device: sent from the device beneath, tags and all."""
    segment = stamped(STRANGER4, VLAN)
    macs = {"dst": "02:00:00:00:02:01", "src": "02:00:00:00:02:02"}
    for name, tags in (("vlan", (Dot1Q(vlan=5, prio=1),)),
                       ("qinq", (Dot1AD(vlan=9), Dot1Q(vlan=5)))):
        link = u32(UPLINK) + u32(len(tags))
        for tag in tags:
            link += (b"\x88\xa8" if isinstance(tag, Dot1AD) else b"\x81\x00")
            link += (tag.prio << 13 | tag.vlan).to_bytes(2, "big")
        for outer, tunnel in (("4", tunnel4), ("6", tunnel6)):
            out = leg(segment, VLAN, (VLAN,), tunnel, vlans=tags)
            w.vector(f"wrap-route-{name}-in{outer}", segment.frame(), "tx", "wrap_stamp",
                     out=out.frame(**macs), udp_check=out.l3_at(),
                     sets=(fleet(tunnel6) if tunnel is tunnel6 else []) +
                     [("links", u32(TAGGED), link.ljust(16, b"\0"))])
    # A packet that came with a tag leaves by the route, without one.
    wrapped(w, "wrap-from-side", stamped(STRANGER4, TX), TX, (TX, REDIRECT), device="tag0")


def write_refused(w):
    flow = STRANGER4
    for family, tunnel, sets in (("4", tunnel4, []), ("6", tunnel6, fleet(tunnel6))):
        for name, node, reason in (("no-route", NO_ROUTE, "no_route"),
                                   ("no-neigh", NO_NEIGH, "no_neigh")):
            w.vector(f"refused-{name}-in{family}", stamped(flow, node).frame(), "drop", reason,
                     sets=sets, peers=((node, 0, 0),))
    w.vector("refused-families", stamped(flow, TX).frame(), "drop", "no_route",
             sets=[("nodes", u32(TX), node_image(tunnel6(TX)))])
    fit = NARROW_MTU - OVERHEAD4 - 52
    wrapped(w, "mtu-narrow-fits", stamped(flow, NARROW, payload=b"m" * fit), NARROW,
            (NARROW, VLAN))
    fit = 1500 - OVERHEAD4 - 52
    wrapped(w, "mtu-route-fits", stamped(flow, TX, payload=b"m" * fit), TX, (TX, REDIRECT))
    for family, other in (("4", STRANGER4), ("6", STRANGER6)):
        for size in (4000, 8800):
            wrapped(w, f"mtu-jumbo{family}-{size}", stamped(other, REDIRECT, payload=b"j" * size),
                    REDIRECT, (REDIRECT, NO_ROUTE))
        wrapped(w, f"mtu-jumbo{family}-padded", stamped(other, REDIRECT, payload=b"j" * 5001,
                                                        padding=b"p" * 300),
                REDIRECT, (REDIRECT, NO_ROUTE), tunnel=tunnel6)
    fit = 1500 - OVERHEAD6 - 52
    wrapped(w, "mtu-route-fits-in6", stamped(flow, TX, payload=b"m" * fit), TX, (TX, REDIRECT),
            tunnel=tunnel6)
    for family, other in (("4", STRANGER4), ("6", STRANGER6)):
        for ttl in (0, 1):
            w.vector(f"expired{family}-{ttl}", stamped(other, TX, ttl=ttl).frame(), "drop",
                     "expired", flows=())
        w.vector(f"partial{family}", partial(stamped(other, TX, payload=b"later")).frame(), "drop",
                 "partial")
        # One honest segment in 65536 looks the same.
        wrapped(w, f"partial{family}-only-looks-so", looks_partial(stamped(other, TX)), TX,
                (TX, REDIRECT))
    w.vector("internal-no-key", stamped(flow, TX).frame(), "drop", "internal",
             sets=[("keys", u32(0), keys(current=(TUNNEL_KEY, EPOCH, 0)))])
    w.vector("internal-no-self", stamped(flow, TX).frame(), "drop", "internal",
             sets=[("nodes", u32(US), bytes(32))])


LEGS, REMEMBERED = 64, "02:00:00:00:0a:01"


def write_legs(w):
    """The way to a node is asked for once a tick: only then does what was found before count."""
    flow = STRANGER4
    port, segment = outer_port(flow), stamped(flow, TX)
    by_address = [("state", u32(0), state(flags=ARMED | ROUTES_BY_ADDRESS))]
    for family, tunnel in (("4", tunnel4), ("6", tunnel6)):
        sets = fleet(tunnel6) if tunnel is tunnel6 else []
        out = leg(segment, TX, (TX, REDIRECT), tunnel)
        remembered, asked = out.frame(dst=REMEMBERED, src=DIRECT["src"]), out.frame(**DIRECT)
        for name, image, frame, more in (
                ("this-tick", leg_image(TX, port, tunnel=tunnel), remembered, []),
                ("tick-before", leg_image(TX, port, MONO_NS - 1, tunnel=tunnel), asked, []),
                ("other-port", leg_image(TX, port ^ 1, tunnel=tunnel), asked, []),
                ("other-port-by-address", leg_image(TX, port ^ 1, tunnel=tunnel), remembered,
                 by_address),
                ("other-node", leg_image(TX + LEGS, port, tunnel=tunnel), asked, by_address)):
            w.vector(f"leg{family}-{name}", segment.frame(), "tx", "wrap_stamp", out=frame,
                     sets=sets + more + [("legs", u32(TX), image)])
    fit = 1300 - OVERHEAD4 - 52
    narrow = [("legs", u32(TX), leg_image(TX, port, mtu=1300))]
    fits = stamped(flow, TX, payload=b"m" * fit)
    w.vector("leg-fits", fits.frame(), "tx", "wrap_stamp", sets=narrow,
             out=leg(fits, TX, (TX, REDIRECT)).frame(dst=REMEMBERED, src=DIRECT["src"]))
    long = stamped(flow, TX, payload=b"m" * (fit + 1))
    w.vector("leg-too-big", long.frame(), "tx", "too_big_told", sets=narrow,
             out=ether(too_big(long.l3(), fit + 52), False, outward=True))


def pseudo_sum(segment):
    """The folded sum of the pseudo header: what a sender leaves to its hardware to complete."""
    at = len(bytes(segment.ip_header()))
    packet = segment.l3()
    addresses = packet[8:40] if segment.flow.ip6 else packet[12:20]
    total = sum(int.from_bytes(addresses[i:i + 2], "big") for i in range(0, len(addresses), 2))
    total += 6 + len(packet) - at
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def partial(segment):
    return segment.but(tcp={"chksum": pseudo_sum(segment)})


def looks_partial(segment):
    """Payload that makes the right checksum the one that a partial packet would carry."""
    at = len(bytes(segment.ip_header())) + 16
    base = segment.but(payload=b"\0\0")
    check = int.from_bytes(base.l3()[at:at + 2], "big")
    need = (check - pseudo_sum(base)) % 0xFFFF
    found = segment.but(payload=need.to_bytes(2, "big"))
    assert int.from_bytes(found.l3()[at:at + 2], "big") == pseudo_sum(found)
    return found


def write_divert(w):
    def draining(*successors):
        return [("state", u32(0), state(flags=ARMED | DRAINING, successors=successors))]

    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        syn = Segment(flow, "S", ack=0, options=(("MSS", 1460),), ts=(5, 0))
        wrapped(w, f"divert{family}-without-timestamps", syn.but(ts=None), TX, (),
                reason="diverted", why=DIVERT, sets=draining(TX))
        for target in (TX, REDIRECT):
            wrapped(w, f"divert{family}-to{target}", syn, target, (), reason="diverted",
                    why=DIVERT, sets=draining(target), flows=((flow, FREE, 0, 0),))
        wrapped(w, f"divert{family}-tsecr", syn.but(ts=(5, stamp(flow, REDIRECT))), TX, (),
                reason="diverted", why=DIVERT, sets=draining(TX))
        w.vector(f"divert{family}-nobody-left", syn.frame(), "pass", "local_syn", sets=draining())
        w.vector(f"divert{family}-nobody-alive", syn.frame(), "pass", "local_syn",
                 sets=draining(DEAD, DRAINS, US, UNKNOWN))
        wrapped(w, f"divert{family}-only-alive", syn, TX, (), reason="diverted", why=DIVERT,
                sets=draining(DEAD, DRAINS, US, UNKNOWN, TX))
        # What cannot leave is served.
        w.vector(f"divert{family}-no-route", syn.frame(), "pass", "local_syn",
                 sets=draining(NO_ROUTE), peers=((NO_ROUTE, 0, 0),))
        w.vector(f"divert{family}-no-neigh", syn.frame(), "pass", "local_syn",
                 sets=draining(NO_NEIGH))
        # It comes again: nobody has answered, or the answer is on its way.
        again = (("soon", 499, False), ("answered-not", 500, True), ("late", 60000, True),
                 ("much-later", 60001, False))
        for label, age_ms, back in again:
            before = draining(TX) + nobody(flow, syn.seq, MONO_MS - age_ms)
            if back:
                w.vector(f"divert{family}-again-{label}", syn.frame(), "pass", "syn_repeated",
                         sets=before, peers=((TX, 0, 0),))
            else:
                wrapped(w, f"divert{family}-again-{label}", syn, TX, (), reason="diverted",
                        why=DIVERT, sets=before)
        wrapped(w, f"divert{family}-noted", syn, TX, (), reason="diverted", why=DIVERT,
                sets=draining(TX), after=nobody(flow, syn.seq))
        wrapped(w, f"divert{family}-another", syn.but(seq=syn.seq + 1), TX, (), reason="diverted",
                why=DIVERT, sets=draining(TX) + nobody(flow, syn.seq, MONO_MS - 3000))
        wrapped(w, f"divert{family}-not-data", Segment(flow), TX, (TX,), reason="wrap_hunt",
                why=HUNT, marks=HUNTED, sets=draining(TX))
        wrapped(w, f"divert{family}-not-stamped", stamped(flow, TX), TX, (TX, REDIRECT),
                sets=draining(REDIRECT))
    for name in ("half4", "half6", "est4"):
        flow = socket_flow(name)
        w.vector(f"divert-held-{name}", Segment(flow, "S", ack=0, ts=(5, 0)).frame(), "pass",
                 "local_syn", sets=draining(TX), needs=(name,))
    for name in ("wait4", "listen4", "cookie4"):
        flow = socket_flow(name)
        wrapped(w, f"divert-over-{name}", Segment(flow, "S", ack=0, ts=(5, 0)), TX, (),
                reason="diverted", why=DIVERT, sets=draining(TX), needs=(name,))
    # By hash: the same flow always, and every successor some.
    successors = (TX, REDIRECT)
    seen = set()
    for port in range(50100, 50112):
        flow = Flow(CLIENT4, port, STRANGER4.vip)
        target = successors[(flow.prf64() >> 32) % len(successors)]
        seen.add(target)
        wrapped(w, f"divert-hash-{port}", Segment(flow, "S", ack=0, ts=(5, 0)), target, (),
                reason="diverted", why=DIVERT, sets=draining(*successors))
    assert seen == set(successors)


def write_divert_part(w):
    """A node that fails, or comes back, keeps a part of its new flows, by their hash."""
    def diverting(kept, *successors, flags=ARMED | DIVERTS):
        return [("state", u32(0), state(flags=flags, successors=successors, kept=kept))]

    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        syn = Segment(flow, "S", ack=0, ts=(5, 0))
        high = flow.prf64() >> 32
        for label, kept in (("none", 0), ("less", high)):
            wrapped(w, f"part{family}-keeps-{label}", syn, TX, (), reason="diverted", why=DIVERT,
                    sets=diverting(kept, TX))
        for label, kept in (("this", high + 1), ("most", 0xFFFFFFFF)):
            w.vector(f"part{family}-keeps-{label}", syn.frame(), "pass", "local_syn",
                     sets=diverting(kept, TX), peers=((TX, 0, 0),))
        wrapped(w, f"part{family}-drain-keeps-nothing", syn, TX, (), reason="diverted", why=DIVERT,
                sets=diverting(0xFFFFFFFF, TX, flags=ARMED | DIVERTS | DRAINING))
        w.vector(f"part{family}-nobody-left", syn.frame(), "pass", "local_syn", sets=diverting(0))
        w.vector(f"part{family}-nobody-alive", syn.frame(), "pass", "local_syn",
                 sets=diverting(0, DEAD, DRAINS, US, UNKNOWN))
        w.vector(f"part{family}-again", syn.frame(), "pass", "syn_repeated",
                 sets=diverting(0, TX) + nobody(flow, syn.seq, MONO_MS - 3000), peers=((TX, 0, 0),))
        # It may have been diverted when less was kept.
        wrapped(w, f"part{family}-hunt", Segment(flow), TX, (TX,), reason="wrap_hunt",
                why=HUNT, marks=HUNTED, sets=diverting(0xFFFFFFFF, TX))


def write(w):
    write_families(w)
    write_shapes(w)
    write_ages(w)
    write_ladder(w)
    write_pins(w)
    write_vlan_routes(w)
    write_refused(w)
    write_legs(w)
    write_divert(w)
    write_divert_part(w)
