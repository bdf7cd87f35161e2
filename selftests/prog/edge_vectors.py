# SPDX-License-Identifier: GPL-3.0-or-later
"""ICMP errors about our flows, packets too big to wrap, and fragments of TCP."""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6PacketTooBig,
                                ICMPv6ParamProblem, ICMPv6TimeExceeded, ICMPv6Unknown, IPv6,
                                IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN)
from scapy.layers.l2 import Dot1AD, Dot1Q
from scapy.packet import Raw

from layout import image
from oracle import (CLAIM, DIVERT, HUNT, HUNTED, MONO_MS, MONO_NS, MONO_S, NO, Segment, addr16,
                    ether, outer_label, outer_port, packed, stamp, too_big)
from broken_vectors import patched
from hunt_vectors import neighbours
from local_vectors import STRANGER4, STRANGER6
from tunnel_vectors import came, flips, unwrapped
from wrap_vectors import DIRECT, MACS, leg, stamped
from world import (AFTER_GAP, CLIENT4, CLIENT6, DEAD, DRAINS, FLOW_FORWARDED, FREE, HUNT_BUDGET,
                   ICMP_BUDGET, ICMP_RATES, NARROW, NARROW_MTU, OURS, PIN, REDIRECT, TOO_BIG_BUDGET,
                   TRANSIT, TX, UNKNOWN, US, VIP4, VIP4_DNS, VIP6, Flow, fleet, flow_entry, nobody,
                   node_image, socket_flow, spent, state, tokens, tunnel4, tunnel6, u32)

ROUTER4, ROUTER6 = "198.51.100.254", "2001:db8:c::fe"
MASK = 0xFFFFFFFF


# --- ICMP errors -----------------------------------------------------------------------------


def sent(flow, node=None):
    """What a router saw of a flow: a segment with the stamp of `node`, or without timestamps."""
    ts = (stamp(flow, node), 77) if node else None
    return Segment(flow, "PA", ts=ts, outward=True, ttl=60, payload=b"q" * 700)


def error(quoted, quote=None, kind=None, ttl=60, **ip):
    """An ICMP error about the IP packet `quoted`, of which it has `quote` bytes, from a router."""
    quoted = quoted if isinstance(quoted, bytes) else quoted.l3()
    if quoted[0] >> 4 == 6:
        kind = kind or ICMPv6PacketTooBig(mtu=1300)
        outer = IPv6(**{"src": ROUTER6, "dst": VIP6, "hlim": ttl, **ip})
        return bytes(outer / kind / Raw(quoted[:quote or 1232]))
    kind = kind or ICMP(type=3, code=4, nexthopmtu=1300)
    outer = IP(**{"src": ROUTER4, "dst": VIP4, "ttl": ttl, "id": 99, **ip})
    return bytes(outer / kind / Raw(quoted[:quote or 548]))


def minimal(flow):
    """The IP header and eight bytes: all that a router must quote."""
    return 48 if flow.ip6 else 28


def frame_of(packet, vlans=()):
    return ether(packet, packet[0] >> 4 == 6, vlans)


def led(w, name, flow, packet, onward, target, tunnel=tunnel4, reason="icmp_led", vlans=(), **more):
    """`packet` goes to `target` as `onward`, which has come one hop further."""
    out = leg(Segment(flow), target, (target,), tunnel).but(inner=onward)
    sets = list(more.pop("sets", ()))
    if tunnel is tunnel6:
        sets = fleet(tunnel6) + sets
    w.vector(name, frame_of(packet, vlans), "redirect" if target == REDIRECT else "tx", reason,
             out=out.frame(**MACS.get(target, DIRECT)), udp_check=14, peers=((target, 1, 0),),
             sets=sets, **more)


def write_icmp_owner(w):
    """Stamp, table, socket: whose flow it is."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        own, short = socket_flow("est" + family), minimal(flow)
        for outer, tunnel in (("4", tunnel4), ("6", tunnel6)):
            for target in (TX, REDIRECT):
                quoted = sent(flow, target)
                led(w, f"icmp{family}-stamp-in{outer}-to{target}", flow, error(quoted),
                    error(quoted, ttl=59), target, tunnel, truncate=outer == "4")
        stamped_quote = sent(flow, TX)
        led(w, f"icmp{family}-vlan", flow, error(stamped_quote), error(stamped_quote, ttl=59), TX,
            vlans=(Dot1AD(vlan=9), Dot1Q(vlan=5)))
        # Just up to TSval.
        to_options = short - 8 + 28
        led(w, f"icmp{family}-options", flow, error(stamped_quote, to_options),
            error(stamped_quote, to_options, ttl=59), TX)
        w.vector(f"icmp{family}-options-cut", frame_of(error(stamped_quote, to_options - 1)),
                 "pass", "icmp_nobody")
        # Options that our stack does not write so, and a header that ends before them.
        there = len(sent(flow).l3()) - 700
        for name, at, value in (("other", there, b"\1\1\5\12"), ("doff", there - 8, b"\x70")):
            w.vector(f"icmp{family}-options-{name}",
                     frame_of(error(patched(stamped_quote.l3(), (at, value)))), "pass",
                     "icmp_nobody")
        plain = sent(flow)
        for name, kind in (("pin", PIN), ("transit", TRANSIT)):
            led(w, f"icmp{family}-{name}", flow, error(plain, short), error(plain, short, ttl=59),
                TX, sets=flow_entry(flow, kind, TX))
        # The stamp is the younger word.
        led(w, f"icmp{family}-stamp-over-pin", flow, error(stamped_quote),
            error(stamped_quote, ttl=59), TX, sets=flow_entry(flow, PIN, REDIRECT))
        led(w, f"icmp{family}-unknown-stamp", flow, error(sent(flow, UNKNOWN)),
            error(sent(flow, UNKNOWN), ttl=59), TX, sets=flow_entry(flow, PIN, TX))
        for name, node, entry in (("stamp-us", US, ()), ("table", None, flow_entry(flow, OURS, US))):
            w.vector(f"icmp{family}-{name}", frame_of(error(sent(flow, node), short + 24)), "pass",
                     "icmp_local", sets=entry)
        for name, packet in (("nobody", error(plain)), ("nobody-short", error(plain, short)),
                             ("dead", error(sent(flow, DEAD)))):
            w.vector(f"icmp{family}-{name}", frame_of(packet), "pass", "icmp_nobody")
        w.vector(f"icmp{family}-dead-pin", frame_of(error(plain)), "pass", "icmp_nobody",
                 sets=flow_entry(flow, PIN, DEAD))
        for name in ("est", "half", "wait"):
            held = socket_flow(name + family)
            w.vector(f"icmp{family}-{name}", frame_of(error(sent(held), short)), "pass",
                     "icmp_local", needs=(name + family,))
        # A live socket of ours knows better than a stamp; one that is half open does not.
        w.vector(f"icmp{family}-socket-over-stamp", frame_of(error(sent(own, TX))), "pass",
                 "icmp_local", needs=("est" + family,))
        half = socket_flow("half" + family)
        led(w, f"icmp{family}-stamp-over-half-open", half, error(sent(half, TX)),
            error(sent(half, TX), ttl=59), TX, needs=("half" + family,))
        cookie = socket_flow("cookie" + family)
        w.vector(f"icmp{family}-listener", frame_of(error(sent(cookie))), "pass", "icmp_nobody",
                 needs=("cookie" + family,))
        w.vector(f"icmp{family}-disarmed", frame_of(error(stamped_quote)), "pass", "disarmed",
                 sets=[("state", u32(0), state(flags=0))])


def write_icmp_hunt(w):
    """Eight bytes name no owner: the error asks its way, like a packet of the flow itself."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        short = error(sent(flow), minimal(flow))
        onward = error(sent(flow), minimal(flow), ttl=59)

        def asked(candidates, **more):
            return leg(Segment(flow), candidates[0], candidates).but(inner=onward, why=HUNT,
                                                                     **more)

        for name, nodes in (("two", (TX, REDIRECT)), ("four", (TX, REDIRECT, DRAINS))):
            w.vector(f"icmp{family}-hunt-{name}", frame_of(short), "tx", "icmp_led",
                     sets=neighbours(*nodes, AFTER_GAP) if len(nodes) > 2 else neighbours(*nodes),
                     out=asked(nodes, marks=HUNTED).frame(**DIRECT), udp_check=14,
                     peers=((TX, 1, 0),), flows=((flow, FREE, 0, 0),))
        w.vector(f"icmp{family}-hunt-nobody-left", frame_of(short), "pass", "icmp_nobody",
                 sets=neighbours(DEAD, US))
        w.vector(f"icmp{family}-hunt-budget", frame_of(short), "drop", "icmp_budget",
                 sets=neighbours(TX) + spent(ICMP_BUDGET, "prefix", flow.client))
        # A hunt that is none is not called one: over its own budget, or of what is nobody's.
        w.vector(f"icmp{family}-hunt-budget-of-hunts", frame_of(short), "drop", "icmp_budget",
                 sets=neighbours(TX, hunt=(5, 0, 0)) + spent(HUNT_BUDGET, "all"))
        w.vector(f"icmp{family}-hunt-nobody-again", frame_of(short), "pass", "icmp_nobody",
                 sets=neighbours(TX) + nobody(flow, 0))
        # Who was asked and has no such flow asks the next; the last one lets it be.
        inner = came(short, why=HUNT, candidates=(US, REDIRECT), marks=HUNTED)
        out = inner.but(inner=onward, src=tunnel4(US), dst=tunnel4(REDIRECT), hop=2,
                        sport=outer_port(flow), flow_label=outer_label(flow))
        w.vector(f"icmp{family}-hunt-next", inner.frame(), "redirect", "icmp_led",
                 out=out.frame(**MACS[REDIRECT]), udp_check=14)
        last = came(short, why=HUNT, candidates=(REDIRECT, US), marks=HUNTED)
        w.vector(f"icmp{family}-hunt-last", last.frame(), "pass", "icmp_nobody",
                 out=unwrapped(short))
        for why in (CLAIM, NO):
            answer = came(short, why=why, landing=US, candidates=(TX,))
            w.vector(f"icmp{family}-hunt-answer{why}", answer.frame(), "drop", "tunnel_answer")


def write_icmp_kinds(w):
    quoted4, quoted6 = sent(STRANGER4, TX), sent(STRANGER6, TX)
    for name, kind in {
            "net-unreachable": ICMP(type=3, code=0), "port-unreachable": ICMP(type=3, code=3),
            "prohibited": ICMP(type=3, code=13), "time-exceeded": ICMP(type=11, code=0),
            "parameter": ICMP(type=12, code=0, ptr=20)}.items():
        led(w, f"icmp4-{name}", STRANGER4, error(quoted4, kind=kind),
            error(quoted4, kind=kind, ttl=59), TX)
    for name, kind in {
            "unreachable": ICMPv6DestUnreach(code=0), "port-unreachable": ICMPv6DestUnreach(code=4),
            "time-exceeded": ICMPv6TimeExceeded(code=0),
            "parameter": ICMPv6ParamProblem(code=1, ptr=6)}.items():
        led(w, f"icmp6-{name}", STRANGER6, error(quoted6, kind=kind),
            error(quoted6, kind=kind, ttl=59), TX)
    for length, reason in ((44, "icmp_led"), (60, "vip_other")):
        extended = IPv6(error(quoted6))
        extended.payload = IPv6ExtHdrDestOpt(nh=58, options=[PadN(optdata=bytes(length))]) / \
            extended.payload
        extended.nh, extended.plen = 60, None
        aged = extended.copy()
        aged.hlim = 59
        if reason == "icmp_led":
            led(w, f"icmp6-extension{length}", STRANGER6, bytes(extended), bytes(aged), TX)
        else:
            w.vector(f"icmp6-extension{length}", frame_of(bytes(extended)), "pass", reason)
    options = {"options": [b"\x01" * 40]}
    led(w, "icmp4-ip-options", STRANGER4, error(quoted4, **options),
        error(quoted4, ttl=59, **options), TX)
    for kind in (0, 4, 5, 8, 9, 13, 40):
        packet = error(quoted4, kind=ICMP(type=kind, id=0, seq=0) if kind in (0, 8) else
                       ICMP(type=kind))
        w.vector(f"icmp4-type{kind}-local", frame_of(packet), "pass", "vip_other")
    for kind in (0, 5, 100, 127, 200):
        packet = error(quoted6, kind=ICMPv6Unknown(type=kind))
        w.vector(f"icmp6-type{kind}-local", frame_of(packet), "pass", "vip_other")
    w.vector("icmp6-echo", frame_of(error(quoted6, kind=ICMPv6EchoRequest())), "pass", "vip_other")


def write_icmp_quotes(w):
    """Quotes that are not of TCP from the VIP to which the error came."""
    l3, l6 = sent(STRANGER4, TX).l3(), sent(STRANGER6, TX).l3()
    udp = bytes(IP(src=VIP4, dst=CLIENT4) / UDP(sport=53, dport=999) / Raw(bytes(60)))
    for name, packet in {
            "vip": error(sent(Flow(CLIENT4, 50001, VIP4_DNS), TX)),
            "not-from-vip": error(Segment(STRANGER4, ts=(1, stamp(STRANGER4, TX)))),
            "udp": error(udp),
            "later-fragment": error(patched(l3, (6, b"\x00\x08"))),
            "options": error(patched(l3, (0, b"\x46"))),
            "version": error(patched(l3, (0, b"\x65"))),
            "seven": error(l3, 27),
            "none": error(l3, 1),
            "vip6": error(patched(l6, (8, packed("2001:db8:a::11")))),
            "next6": error(patched(l6, (6, b"\x3c"))),
            "version6": patched(error(l6), (48, b"\x45")),
            "seven6": error(l6, 47),
            "wrong-family": bytes(IP(src=ROUTER4, dst=VIP4, proto=58)
                                  / Raw(error(l6)[40:])),
    }.items():
        w.vector(f"icmp-quote-{name}", frame_of(packet), "pass", "vip_other")
    w.vector("icmp-fragment", frame_of(error(l3, flags="MF")), "pass", "vip_other")
    w.vector("icmp-other-vip", frame_of(error(l3, dst=VIP4_DNS)), "pass", "vip_other")
    # Padding is not a quote.
    w.vector("icmp-quote-in-padding", ether(error(l3, 27) + b"\0" * 30, False), "pass",
             "vip_other")


def write_budgets(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        packet = error(sent(flow, TX))
        onward = error(sent(flow, TX), ttl=59)
        of_prefix, of_node = spent(ICMP_BUDGET, "prefix", flow.client), spent(ICMP_BUDGET, "all")

        led(w, f"icmp{family}-last-token", flow, packet, onward, TX,
            sets=[tokens(ICMP_BUDGET, "prefix", flow.client, MONO_NS),
                  tokens(ICMP_BUDGET, "all", 0, MONO_NS)],
            after=[tokens(ICMP_BUDGET, "prefix", flow.client, MONO_NS + 10**9 // ICMP_RATES[2]),
                   tokens(ICMP_BUDGET, "all", 0, MONO_NS + 10**9 // ICMP_RATES[0])])
        w.vector(f"icmp{family}-budget", frame_of(packet), "drop", "icmp_budget",
                 sets=of_prefix, after=of_prefix + [tokens(ICMP_BUDGET, "all")])
        w.vector(f"icmp{family}-budget-node", frame_of(packet), "drop", "icmp_budget",
                 sets=of_node)
        # A neighbour in the same /24 or /48 has the same, and other kinds have their own.
        far = Flow("198.51.100.200" if family == "4" else "2001:db8:c:9900::1", 5, flow.vip)
        w.vector(f"icmp{family}-budget-neighbour", frame_of(error(sent(far, TX))), "drop",
                 "icmp_budget", sets=of_prefix)
        led(w, f"icmp{family}-budget-kinds", flow, packet, onward, TX,
            sets=spent(TOO_BIG_BUDGET, "prefix", flow.client) + spent(TOO_BIG_BUDGET, "all"))
        # What is ours costs nothing.
        w.vector(f"icmp{family}-budget-local", frame_of(error(sent(flow, US))), "pass",
                 "icmp_local", sets=of_prefix, after=of_prefix)


def write_icmp_tunnel(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        own = socket_flow("est" + family)
        for outer, tunnel, sets in (("4", tunnel4, []), ("6", tunnel6, fleet(tunnel6))):
            inner = error(sent(own, US))
            way = came(inner, tunnel=tunnel)
            w.vector(f"icmp{family}-tunnel-in{outer}", way.frame(), "pass", "icmp_local",
                     out=unwrapped(inner), sets=sets, needs=("est" + family,), flips=flips(way),
                     peers=((TX, 0, 1),), truncate=True)
        for name in ("half", "wait"):
            inner = error(sent(socket_flow(name + family)), minimal(flow))
            w.vector(f"icmp{family}-tunnel-{name}", came(inner).frame(), "pass", "icmp_local",
                     out=unwrapped(inner), needs=(name + family,))
        inner = error(sent(flow, US), minimal(flow))
        w.vector(f"icmp{family}-tunnel-nobody", came(inner).frame(), "pass", "icmp_nobody",
                 out=unwrapped(inner))
        # The table's and the stamp's word is for those where it lands.
        w.vector(f"icmp{family}-tunnel-no-pin", came(inner).frame(), "pass", "icmp_nobody",
                 out=unwrapped(inner), sets=flow_entry(flow, PIN, REDIRECT))
        on = came(inner, candidates=(US, REDIRECT))
        out = on.but(inner=error(sent(flow, US), minimal(flow), ttl=59), src=tunnel4(US),
                     dst=tunnel4(REDIRECT), hop=2, sport=outer_port(flow),
                     flow_label=outer_label(flow))
        w.vector(f"icmp{family}-tunnel-next", on.frame(), "redirect", "icmp_led",
                 out=out.frame(**MACS[REDIRECT]), udp_check=14, peers=((REDIRECT, 1, 0), (TX, 0, 1)))
        w.vector(f"icmp{family}-tunnel-divert", came(inner, why=DIVERT).frame(), "drop",
                 "tunnel_syn")
        w.vector(f"icmp{family}-tunnel-hops", came(inner, hop=12).frame(), "drop", "tunnel_hops")
    for name, inner in {
            "echo": error(sent(STRANGER4), kind=ICMP(type=8)),
            "echo6": error(sent(STRANGER6), kind=ICMPv6EchoRequest()),
            "redirect": error(sent(STRANGER4), kind=ICMP(type=5)),
            "quote": error(Segment(STRANGER4)),
            "other-vip": error(sent(STRANGER4), dst=VIP4_DNS),
            "no-vip": error(sent(Flow(CLIENT4, 1, "192.0.2.99")), dst="192.0.2.99"),
            "fragment": error(sent(STRANGER4), flags="MF"),
    }.items():
        w.vector(f"icmp-tunnel-inner-{name}", came(inner).frame(), "drop", "tunnel_inner")
    short = error(sent(STRANGER4), 27)
    w.vector("icmp-tunnel-short", came(short, tag=bytes(8)).frame(), "drop", "tunnel_bad")
    # Too big itself: nobody is told of that (RFC 1122, 3.2.2).
    long = bytes(IP(src=ROUTER4, dst=VIP4) / ICMP(type=3, code=4, nexthopmtu=900)
                 / Raw(sent(STRANGER4, NARROW).but(payload=b"l" * 1340).l3()))
    w.vector("icmp-too-big", frame_of(long), "drop", "too_big", 
             after=[tokens(TOO_BIG_BUDGET, "prefix", CLIENT4)])


# --- too big to wrap -------------------------------------------------------------------------


def told(w, name, segment, mtu, **more):
    answer = ether(too_big(segment.l3(), mtu), segment.flow.ip6, segment.vlans, outward=True)
    w.vector(f"too-big-{name}", segment.frame(), "tx", "too_big_told", out=answer, **more)


def write_too_big(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        for outer, tunnel, overhead in (("4", tunnel4, 64), ("6", tunnel6, 84)):
            sets = fleet(tunnel6) if tunnel is tunnel6 else []
            head = 72 if flow.ip6 else 52
            for name, node, mtu in (("narrow", NARROW, NARROW_MTU), ("route", TX, 1500)):
                fit = mtu - overhead
                long = stamped(flow, node, payload=b"m" * (fit - head + 1))
                told(w, f"{name}{family}-in{outer}", long, fit, sets=sets,
                     truncate=name == "route")
        long = stamped(flow, TX, payload=bytes(range(256)) * 6)
        for name, segment in {
                "odd": long.but(payload=b"o" * 1399),
                "jumbo": long.but(payload=bytes(range(250)) * 35),
                "vlan": long.but(vlans=(Dot1Q(vlan=5, prio=3),)),
                "qinq": long.but(vlans=(Dot1AD(vlan=9), Dot1Q(vlan=5))),
                "padding": long.but(padding=b"\xaa" * 30),
        }.items():
            told(w, f"{name}{family}", segment, 1500 - 64)
        # Of two limits the lower one counts: that of the node, or that of the route.
        for mtu, least in ((1450, 1450), (1600, 1500)):
            told(w, f"of-two{family}-{mtu}", long, least - 64,
                 sets=[("nodes", u32(TX), node_image(tunnel4(TX), mtu=mtu))])
        for name, sets in (("budget", spent(TOO_BIG_BUDGET, "prefix", flow.client)),
                           ("budget-node", spent(TOO_BIG_BUDGET, "all"))):
            w.vector(f"too-big-{name}{family}", long.frame(), "drop", "too_big", sets=sets)
        many = long.frame()
        w.vector(f"too-big-multicast{family}", b"\x01" + many[1:], "drop", "too_big")
    long = stamped(STRANGER4, TX, payload=b"m" * 1500)
    told(w, "no-df", long.but(ip={"flags": ""}), 1436)
    told(w, "ip-options", long.but(ip={"options": [b"\x01" * 40]}), 1436)
    told(w, "extensions", stamped(STRANGER6, TX, payload=b"m" * 1500).but(
        extensions=(IPv6ExtHdrDestOpt(),)), 1436)
    # Below what every IPv6 path must carry nothing that the client can do would help.
    little = [("nodes", u32(TX), node_image(tunnel4(TX), mtu=1280 + 63))]
    w.vector("too-big-below-least6", stamped(STRANGER6, TX, payload=b"m" * 1400).frame(), "drop",
             "too_big", sets=little)
    told(w, "not-below-least4", stamped(STRANGER4, TX, payload=b"m" * 1400), 1279, sets=little)
    for address in ("0.0.0.1", "127.0.0.1", "224.0.0.1", "240.0.0.1", VIP4, "::", "::1", "ff02::1",
                    VIP6):
        flow = Flow(address, 50001, VIP6 if ":" in address else VIP4)
        w.vector(f"too-big-nobody-{address}", stamped(flow, TX, payload=b"m" * 1500).frame(),
                 "drop", "too_big")


# --- fragments -------------------------------------------------------------------------------

DATA = b"f" * 64


def first(flow, number=7, **more):
    """The first fragment of a larger packet."""
    if flow.ip6:
        return Segment(flow, "PA", payload=DATA, **more,
                       extensions=(IPv6ExtHdrFragment(m=1, id=number << 16 | 1),))
    return Segment(flow, "PA", payload=DATA, ip={"flags": "MF", "id": number}, **more)


def later(flow, number=7, last=True):
    if flow.ip6:
        head = IPv6(src=flow.client, dst=flow.vip) / IPv6ExtHdrFragment(
            offset=20, m=not last, id=number << 16 | 1, nh=6)
    else:
        head = IP(src=flow.client, dst=flow.vip, proto=6, frag=20, id=number,
                  flags="" if last else "MF")
    return ether(bytes(head / Raw(DATA)), flow.ip6)


def passing(flow, number=7, since_s=MONO_S):
    """Its first fragment was ours."""
    wire = (number << 16 | 1).to_bytes(4, "big") if flow.ip6 else number.to_bytes(2, "big") + b"\0\0"
    key = image("ad_fragment", client=addr16(flow.client), vip=addr16(flow.vip), id=wire)
    return "fragments", key, u32(since_s)


def write_fragments(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        own, other = socket_flow("est" + family), STRANGER6 if family == "4" else STRANGER4
        gone = (*passing(flow)[:2], b"")
        stamp_ours = first(own, ts=(7, stamp(own, US)))
        w.vector(f"fragment{family}-first-stamp", stamp_ours.frame(), "pass", "local_stamp",
                 out=stamp_ours.but(ts=(7, MONO_MS & MASK)).frame(), needs=("est" + family,), after=[passing(own)], truncate=True)
        w.vector(f"fragment{family}-first-socket", first(own).frame(), "pass", "local_socket",
                 needs=("est" + family,), after=[passing(own)], flows=((own, OURS, US, 0),))
        w.vector(f"fragment{family}-first-table", first(flow).frame(), "pass", "local_flow",
                 sets=flow_entry(flow, OURS, US, flags=FLOW_FORWARDED), after=[passing(flow)])
        for name, frame in (("last", later(flow)), ("middle", later(flow, last=False))):
            w.vector(f"fragment{family}-{name}", frame, "pass", "local_fragment",
                     sets=[passing(flow)])
            w.vector(f"fragment{family}-{name}-alone", frame, "drop", "fragment")
        for name, entry in {"30s": passing(flow, since_s=MONO_S - 30)}.items():
            w.vector(f"fragment{family}-{name}", later(flow), "pass", "local_fragment",
                     sets=[entry])
        for name, entry in {"31s": passing(flow, since_s=MONO_S - 31),
                            "id": passing(flow, number=8), "flow": passing(other)}.items():
            w.vector(f"fragment{family}-other-{name}", later(flow), "drop", "fragment",
                     sets=[entry])
        # Nobody's, and a new flow's: the stack would answer with a RST, or wait for the rest.
        w.vector(f"fragment{family}-first-nobody", first(flow).frame(), "drop", "fragment",
                 after=[gone])
        w.vector(f"fragment{family}-first-syn", first(flow).but(flags="S").frame(), "drop",
                 "fragment", after=[gone])
        w.vector(f"fragment{family}-disarmed", later(flow), "pass", "disarmed",
                 sets=[("state", u32(0), state(flags=0))])
        w.vector(f"fragment{family}-first-disarmed", first(flow).frame(), "pass", "disarmed",
                 sets=[("state", u32(0), state(flags=0))])
        # Too short for a TCP header: nobody cuts so but to get past a filter (RFC 1858).
        short = later(flow)[:-60]
        w.vector(f"fragment{family}-short", patched(short, (18, b"\x00\x0c") if flow.ip6 else
                                                    (16, b"\x00\x18")), "drop", "fragment")
    there = first(STRANGER4, ts=(7, stamp(STRANGER4, TX)))
    answer = ether(too_big(there.l3(), len(there.l3())), False, outward=True)
    w.vector("fragment4-first-elsewhere", there.frame(), "tx", "too_big_told", out=answer,
             after=[(*passing(STRANGER4)[:2], b"")], peers=((TX, 0, 0),))
    w.vector("fragment4-first-pin", first(STRANGER4).frame(), "tx", "too_big_told",
             out=ether(too_big(first(STRANGER4).l3(), len(first(STRANGER4).l3())), False,
                       outward=True), sets=flow_entry(STRANGER4, PIN, TX))
    w.vector("fragment4-budget", there.frame(), "drop", "fragment",
             sets=spent(TOO_BIG_BUDGET, "prefix", CLIENT4))
    # Over IPv6 only the sender cuts, and knows the path.
    w.vector("fragment6-first-elsewhere",
             first(STRANGER6, ts=(7, stamp(STRANGER6, TX))).frame(), "drop", "fragment")


def write(w):
    write_icmp_owner(w)
    write_icmp_hunt(w)
    write_icmp_kinds(w)
    write_icmp_quotes(w)
    write_budgets(w)
    write_icmp_tunnel(w)
    write_too_big(w)
    write_fragments(w)
