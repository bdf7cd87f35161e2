# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes by tunnel: believed, led on, or dropped, each for its own reason."""

import struct

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1AD, Dot1Q
from scapy.packet import Raw

from oracle import (DIVERT, EPOCH_OLD, MONO_MS, NO, TUNNEL_KEY, TUNNEL_KEY_OLD, UNASKED, WALL_S,
                    Flow, Segment, Tunnel, addr16, ether, outer_label, outer_port, stamp,
                    too_big)
from broken_vectors import patched
from local_vectors import STRANGER4, STRANGER6, unstamped
from wrap_vectors import DIRECT, MACS
from world import (AFTER_GAP, ARMED, CLIENT4, DEAD, DRAINING, DRAINS, FLOW_FORWARDED, FORWARDS,
                   FREE, NARROW, NARROW_MTU, NO_NEIGH, NO_ROUTE, OURS, PIN, REDIRECT, TX, UNKNOWN,
                   US, VIP4, VIP4_DNS, fleet, flow_entry, keys, socket_flow, state, tunnel4,
                   tunnel6, u32)

INNER_BAD = ("tunnel_bad", "tunnel_auth")


def came(inner, peer=TX, candidates=(US, TX), tunnel=tunnel4, **more):
    """`inner` as `peer` sent it to us."""
    return Tunnel(**{"inner": inner, "src": tunnel(peer), "dst": tunnel(US), "landing": peer,
                     "candidates": candidates, **more})


def unwrapped(inner, vlans=()):
    return ether(inner, inner[0] >> 4 == 6, vlans)


def flips(tunnel):
    """Bits that the tag covers, and what may come of flipping one."""
    at, geneve = tunnel.l3_at(), tunnel.geneve_at()
    ip6 = ":" in tunnel.src
    source, length = (at + 8, 16) if ip6 else (at + 12, 4)
    return (
        (source, length, ("tunnel_peer", "tunnel_auth")),
        (source + length, length, ("foreign",)),
        (geneve, 8, ("tunnel_foreign", "tunnel_bad", "tunnel_auth")),
        (geneve + 8, 8, ("tunnel_foreign", "tunnel_version", "tunnel_bad", "tunnel_auth")),
        (geneve + 16, 4, ("tunnel_stale", "tunnel_auth")),
        (geneve + 20, 8, ("tunnel_auth", "tunnel_bad")),
        (geneve + 28, 8, ("tunnel_auth",)),
        (tunnel.inner_at(), tunnel.signed(), INNER_BAD),
    )


def write_good(w):
    for outer, tunnel, base in (("4", tunnel4, []), ("6", tunnel6, fleet(tunnel6))):
        for name in ("est4", "est6"):
            flow = socket_flow(name)
            inner = Segment(flow, ts=(7, stamp(flow, US)), payload=b"across")
            restored = inner.but(ts=(7, MONO_MS & 0xFFFFFFFF))
            leg = came(inner.l3(), tunnel=tunnel)
            w.vector(f"tunnel-{name}-in{outer}", leg.frame(), "pass", "local_stamp", sets=base,
                     out=unwrapped(restored.l3()), needs=(name,), flips=flips(leg),
                     flows=((flow, OURS, US, TX),), peers=((TX, 0, 1),), truncate=True)
            for vlans in ((Dot1Q(vlan=5),), (Dot1AD(vlan=9), Dot1Q(vlan=5))):
                tagged = leg.but(vlans=vlans)
                w.vector(f"tunnel-{name}-in{outer}-{len(vlans)}tags", tagged.frame(), "pass",
                         "local_stamp", sets=base, out=unwrapped(restored.l3(), vlans),
                         needs=(name,))
            w.vector(f"tunnel-{name}-in{outer}-no-checksum", leg.but(udp={"chksum": 0}).frame(),
                     "pass", "local_stamp", sets=base, out=unwrapped(restored.l3()), needs=(name,))


def write_variants(w):
    flow = socket_flow("est4")
    inner = Segment(flow, ts=(7, stamp(flow, US)))
    restored = unwrapped(inner.but(ts=(7, MONO_MS & 0xFFFFFFFF)).l3())
    leg = came(inner.l3())
    for name, tunnel in {
            "previous-epoch": leg.but(epoch=EPOCH_OLD, key=TUNNEL_KEY_OLD),
            "30s-late": leg.but(time_s=WALL_S - 30),
            "30s-early": leg.but(time_s=WALL_S + 30),
            "second-leg": leg.but(hop=2, candidates=(AFTER_GAP, US)),
            "last-leg": leg.but(hop=11),
            "dscp": leg.but(tos=0xB8),
            "ttl1": leg.but(ttl=1),
            "no-candidates": leg.but(candidates=()),
            "other-source-port": leg.but(sport=1),
            "outer-options": leg.but(ip={"options": [b"\x01" * 8]}),
            "no-df": leg.but(ip={"flags": ""}),
    }.items():
        w.vector(f"tunnel-{name}", tunnel.frame(), "pass", "local_stamp", out=restored,
                 needs=("est4",))
    jumbo = inner.but(payload=b"j" * 8000)
    w.vector("tunnel-jumbo", came(jumbo.l3()).frame(), "pass", "local_stamp", needs=("est4",),
             out=unwrapped(jumbo.but(ts=(7, MONO_MS & 0xFFFFFFFF)).l3()))
    w.vector("tunnel-padding", leg.but(padding=b"\0" * 9).frame(), "pass", "local_stamp",
             out=restored + b"\0" * 9, needs=("est4",))
    w.vector("tunnel-landing-elsewhere", leg.but(landing=REDIRECT).frame(), "pass", "local_stamp",
             out=restored, needs=("est4",), flows=((flow, OURS, US, REDIRECT),))
    # A tunnelled packet that is ours by another rung.
    plain = Segment(flow)
    w.vector("tunnel-unstamped", came(plain.l3()).frame(), "pass", "local_unstamped",
             out=unwrapped(plain.l3()), needs=("est4",), sets=unstamped(flow))
    w.vector("tunnel-socket", came(plain.l3()).frame(), "pass", "local_socket",
             out=unwrapped(plain.l3()), needs=("est4",))
    entry = flow_entry(STRANGER4, OURS, US, flags=FLOW_FORWARDED)
    plain = Segment(STRANGER4)
    w.vector("tunnel-table", came(plain.l3()).frame(), "pass", "local_flow",
             out=unwrapped(plain.l3()), sets=entry, flows=((STRANGER4, OURS, US, TX),))
    w.vector("tunnel-disarmed", came(plain.l3()).frame(), "pass", "disarmed",
             out=unwrapped(plain.l3()), sets=[("state", u32(0), state(flags=0))])


def write_tag_starts(w):
    """A tag's start is remembered with all that it was made of; if any of it differs, it is not
    believed. What is remembered here is wrong, so that to believe it is to drop the packet."""
    inner = Segment(socket_flow("est4"), ts=(7, stamp(socket_flow("est4"), US)))
    restored = unwrapped(inner.but(ts=(7, MONO_MS & 0xFFFFFFFF)).l3())
    for family, tunnel, sets in (("4", tunnel4, []), ("6", tunnel6, fleet(tunnel6))):
        came_so = came(inner.l3(), tunnel=tunnel)
        made_of = (addr16(came_so.src) + addr16(came_so.dst) + came_so.key
                   + came_so.header()[:24])
        words = struct.unpack("<9Q", made_of)
        mix = words[0] + words[2] + 3 * words[1] + words[3] + words[7] + (words[8] >> 32)
        place = u32((mix * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> 56)

        def remembered(image):
            return sets + [("tag_starts", place, image + bytes(32))]

        w.vector(f"tag-start{family}-same", came_so.frame(), "drop", "tunnel_auth",
                 sets=remembered(made_of), needs=("est4",))
        for word in range(9):
            other = bytearray(made_of)
            other[8 * word + word % 8] ^= 1 << word % 8
            w.vector(f"tag-start{family}-other-word{word}", came_so.frame(), "pass",
                     "local_stamp", out=restored, sets=remembered(bytes(other)),
                     needs=("est4",))


def write_ecn(w):
    """RFC 6040, figure 4: inner codepoint down, outer codepoint across."""
    not_ect, ect1, ect0, ce = 0, 1, 2, 3
    table = {not_ect: (not_ect, not_ect, not_ect, None), ect0: (ect0, ect1, ect0, ce),
             ect1: (ect1, ect1, ect1, ce), ce: (ce, ce, ce, ce)}
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        for inner_ecn, row in table.items():
            for outer_ecn, merged in enumerate(row):
                inner = Segment(flow, tos=0xB8 | inner_ecn)
                frame = came(inner.l3(), tos=outer_ecn).frame()
                name = f"ecn{family}-inner{inner_ecn}-outer{outer_ecn}"
                if merged is None:
                    w.vector(name, frame, "drop", "tunnel_ecn")
                    continue
                w.vector(name, frame, "pass", "local_flow",
                         sets=flow_entry(flow, OURS, US, flags=FLOW_FORWARDED),
                         out=unwrapped(inner.but(tos=0xB8 | merged).l3()))


def write_foreign(w):
    inner = Segment(STRANGER4).l3()
    leg = came(inner)

    def udp(payload, **more):
        packet = IP(src=tunnel4(TX), dst=tunnel4(US)) / UDP(**{"sport": 5, "dport": 6081, **more})
        return ether(bytes(packet / Raw(payload)), False)

    for name, frame in {
            "class": leg.but(classid=0x0102).frame(),
            "no-option": leg.but(geneve={"options": [], "optionlen": 0}).frame(),
            "version": leg.but(geneve={"version": 1}).frame(),
            "empty": udp(b""),
            "short": udp(bytes(20)),
            "ethernet": udp(b"\0\0\x65\x58" + bytes(60)),
            "text": udp(b"not Geneve at all, but long enough to be taken for it"),
    }.items():
        w.vector(f"tunnel-foreign-{name}", frame, "pass", "tunnel_foreign")
    # Somebody else's tunnel from somebody unknown is none of our business either.
    w.vector("tunnel-foreign-from-afar", leg.but(classid=0x0102, src="198.51.100.77").frame(),
             "pass", "tunnel_foreign")
    w.vector("tunnel-other-port", udp(bytes(80), dport=4789), "pass", "foreign")
    w.vector("tunnel-address-tcp",
             ether(bytes(IP(src=tunnel4(TX), dst=tunnel4(US)) / TCP(dport=179)), False),
             "pass", "foreign")
    w.vector("tunnel-to-vip", leg.but(dst=VIP4).frame(), "pass", "vip_other")
    w.vector("tunnel-to-nobody", leg.but(dst="10.0.0.2").frame(), "pass", "foreign")


def write_malformed(w):
    inner = Segment(STRANGER4).l3()
    leg = came(inner)
    for name, tunnel in {
            "oam": leg.but(geneve={"oam": 1}),
            "not-critical": leg.but(critical=0),
            "vni": leg.but(geneve={"vni": 1}),
            "reserved-header": leg.but(geneve={"reserved2": 1}),
            "protocol": leg.but(protocol=0x6558),
            "type": leg.but(kind=0x01),
            "option-reserved": leg.but(option={"reserved": 1, "length": 6}),
            "option-length": leg.but(option={"length": 5}),
            "marks": leg.but(marks=4), "marks-all": leg.but(marks=0xFFFF),
            "landing0": leg.but(landing=0),
            "why5": leg.but(why=5), "why15": leg.but(why=15),
            "second-option": leg.but(geneve={"optionlen": 8}),
            "protocol-disagrees": leg.but(protocol=0x86DD),
            "inner-cut": leg.but(inner=inner[:39], tag=bytes(8)),
            "inner-short": leg.but(inner=inner[:19], tag=bytes(8)),
            "inner-long": leg.but(inner=inner + b"tail"),
            "inner-version": leg.but(inner=patched(inner, (0, b"\x65")), tag=bytes(8),
                                     protocol=0x0800),
            "inner-ihl": leg.but(inner=patched(inner, (0, b"\x4f")), tag=bytes(8)),
            "inner-total": leg.but(inner=patched(inner, (2, b"\x00\x29"))),
    }.items():
        w.vector(f"tunnel-bad-{name}", tunnel.frame(), "drop", "tunnel_bad")


def write_versions(w):
    """This version of the option is read, and, from the second on, the one before; no other, and
    that is told apart from what is malformed, whatever else is different in it."""
    leg = came(Segment(STRANGER4).l3())
    for version in (0, 2, 3, 0x7F):
        other = leg.but(kind=0x80 | version)
        w.vector(f"tunnel-version-{version}", other.frame(), "drop", "tunnel_version",
                 peers=((TX, 0, 0),))
        w.vector(f"tunnel-version-{version}-longer",
                 other.but(marks=0xFFFF, option={"length": 7}).frame(), "drop", "tunnel_version")


def write_refused(w):
    segment = Segment(STRANGER4, ts=(7, stamp(STRANGER4, US)))
    leg = came(segment.l3())
    w.vector("tunnel-peer", leg.but(src="203.0.113.200").frame(), "drop", "tunnel_peer",
             peers=((TX, 0, 0),))
    w.vector("tunnel-peer-self", leg.but(src=tunnel4(US), landing=US).frame(), "drop",
             "tunnel_peer", sets=[("peer_ids", addr16(tunnel4(US)), b"")])
    for name, seconds in (("past", -31), ("future", 31), ("epoch0", -WALL_S),
                          ("half-way", 1 << 31)):
        w.vector(f"tunnel-stale-{name}", leg.but(time_s=WALL_S + seconds).frame(), "drop",
                 "tunnel_stale", peers=((TX, 0, 0),))
    for name, tunnel in {
            "tag": leg.but(tag=bytes(8)),
            "key": leg.but(key=TUNNEL_KEY_OLD),
            "old-key": leg.but(epoch=EPOCH_OLD, key=TUNNEL_KEY),
            "epoch": leg.but(epoch=99),
            "other-peer": came(segment.l3(), peer=REDIRECT).but(
                tag=came(segment.l3(), landing=REDIRECT).make_tag()),
    }.items():
        w.vector(f"tunnel-auth-{name}", tunnel.frame(), "drop", "tunnel_auth",
                 peers=((TX, 0, 0), (REDIRECT, 0, 0)))
    w.vector("tunnel-auth-epoch-ended", leg.but(epoch=EPOCH_OLD, key=TUNNEL_KEY_OLD).frame(),
             "drop", "tunnel_auth",
             sets=[("keys", u32(0), keys(previous=(TUNNEL_KEY_OLD, EPOCH_OLD, 0)))])
    for hop in (0, 12, 15):
        w.vector(f"tunnel-hops-{hop}", leg.but(hop=hop).frame(), "drop", "tunnel_hops")


def write_inner(w):
    other = {
        "not-vip": Segment(Flow(CLIENT4, 50001, "192.0.2.99")).l3(),
        "dns-vip": Segment(Flow(CLIENT4, 50001, VIP4_DNS)).l3(),
        "tunnel-address": Segment(Flow(CLIENT4, 50001, tunnel4(US), 179)).l3(),
        "udp": bytes(IP(src=CLIENT4, dst=VIP4) / UDP(dport=53) / Raw(bytes(40))),
        "fragment": Segment(STRANGER4, ip={"frag": 8, "flags": ""}).l3(),
        "first-fragment": Segment(STRANGER4, ip={"flags": "MF"}).l3(),
        "doff4": patched(Segment(STRANGER4).l3(), (32, b"\x40")),
        "doff-beyond": patched(Segment(STRANGER4).l3(), (32, b"\xf0")),
        "geneve": came(Segment(STRANGER4).l3()).l3(),
    }
    for name, inner in other.items():
        w.vector(f"tunnel-inner-{name}", came(inner).frame(), "drop", "tunnel_inner")


def write_syn(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        syn = Segment(flow, "S", ack=0, options=(("MSS", 1460),)).l3()
        data = Segment(flow).l3()
        w.vector(f"tunnel-syn{family}", came(syn).frame(), "drop", "tunnel_syn")
        w.vector(f"tunnel-divert{family}-data", came(data, why=DIVERT).frame(), "drop",
                 "tunnel_syn")
        w.vector(f"tunnel-divert{family}", came(syn, why=DIVERT, candidates=()).frame(), "pass",
                 "local_syn", out=unwrapped(syn), peers=((TX, 0, 1),))
        # Where nothing listens, silence is better than a RST: it comes again, where it landed.
        deaf = Segment(Flow(flow.client, flow.cport, flow.vip, 9999), "S", ack=0).l3()
        w.vector(f"tunnel-divert{family}-deaf", came(deaf, why=DIVERT, candidates=()).frame(),
                 "drop", "syn_unserved", out=unwrapped(deaf))
        w.vector(f"tunnel-divert{family}-forwards", came(deaf, why=DIVERT, candidates=()).frame(),
                 "pass", "local_syn", out=unwrapped(deaf),
                 sets=[("state", u32(0), state(flags=ARMED | FORWARDS))])
        # A diverted SYN is final, whatever we are up to ourselves.
        w.vector(f"tunnel-divert{family}-draining",
                 came(syn, why=DIVERT, candidates=()).frame(), "pass", "local_syn",
                 out=unwrapped(syn),
                 sets=[("state", u32(0), state(flags=ARMED | DRAINING, successors=(REDIRECT,)))])
        w.vector(f"tunnel-synack{family}", came(Segment(flow, "SA").l3()).frame(), "pass",
                 "nobody", out=unwrapped(Segment(flow, "SA").l3()))


def write_next(w):
    """Not ours: on to the next candidate, never back, never round."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        segment = Segment(flow, ts=(7, stamp(flow, US, 1000)), payload=b"lost")
        inner, onward = segment.l3(), segment.but(ttl=segment.ttl - 1).l3()

        def next_leg(name, leg, target, tunnel=tunnel4, sets=(), marks=0):
            out = leg.but(marks=marks, inner=onward, src=tunnel(US), dst=tunnel(target), hop=leg.hop + 1,
                          sport=outer_port(flow), flow_label=outer_label(flow))
            w.vector(f"next{family}-{name}", leg.frame(),
                     "redirect" if target == REDIRECT else "tx", "wrap_next",
                     out=out.frame(**MACS.get(target, DIRECT)), udp_check=out.l3_at(),
                     peers=((target, 1, 0), (TX, 0, 1)) if target != TX else (), sets=sets,
                     flows=((flow, FREE, 0, 0),), truncate=True)

        def last(name, leg, marks=0, packet=segment, **more):
            """Nobody left to ask: back to where it landed."""
            home = leg.landing
            out = leg.but(inner=packet.but(ttl=packet.ttl - 1).l3(), src=tunnel4(US),
                          dst=tunnel4(home), hop=leg.hop + 1, why=NO, marks=marks,
                          sport=outer_port(flow))
            w.vector(f"next{family}-{name}", leg.frame(),
                     "redirect" if home == REDIRECT else "tx", "wrap_no",
                     out=out.frame(**MACS.get(home, DIRECT)), udp_check=out.l3_at(), **more)

        next_leg("second", came(inner, candidates=(US, REDIRECT)), REDIRECT)
        next_leg("second-in6", came(inner, candidates=(US, REDIRECT), tunnel=tunnel6), REDIRECT,
                 tunnel6, fleet(tunnel6))
        next_leg("third", came(inner, candidates=(AFTER_GAP, US, REDIRECT), hop=2), REDIRECT)
        next_leg("skips-dead", came(inner, candidates=(US, DEAD, REDIRECT)), REDIRECT)
        next_leg("skips-unknown", came(inner, candidates=(US, UNKNOWN, REDIRECT)), REDIRECT)
        next_leg("draining", came(inner, candidates=(US, DRAINS)), DRAINS)
        last("last", came(inner, candidates=(US,)))
        last("not-back", came(inner, candidates=(US, TX)))
        last("not-home", came(inner, candidates=(US, REDIRECT), landing=REDIRECT))
        last("not-self", came(inner, candidates=(AFTER_GAP, US)))
        last("past-end", came(inner, candidates=(AFTER_GAP, REDIRECT, US), hop=3))
        last("no-backward", came(inner, candidates=(REDIRECT, AFTER_GAP, US), hop=3))
        # Pins and other stamps are for those who land here: by tunnel they would ping-pong.
        last("no-pin", came(inner, candidates=(US,)), sets=flow_entry(flow, PIN, REDIRECT))
        other = Segment(flow, ts=(7, stamp(flow, REDIRECT)))
        last("no-stamp", came(other.l3(), candidates=(US,)), packet=other)
        # Who cannot be reached is passed over, and the packet says so.
        for name, node in (("no-route", NO_ROUTE), ("no-neigh", NO_NEIGH)):
            last(name, came(inner, candidates=(US, node)), marks=UNASKED)
        next_leg("round", came(inner, candidates=(US, NO_ROUTE, REDIRECT)), REDIRECT,
                 marks=UNASKED)
        # An end is not sent about: the stack that got it knows it not, and is silent.
        for flags in ("R", "RA", "SA"):
            end = segment.but(flags=flags).l3()
            w.vector(f"next{family}-last-{flags}", came(end, candidates=(US,)).frame(), "pass",
                     "nobody", out=unwrapped(end))
        # Back to a node that cannot be reached: nothing.
        for name, node in (("dead", DEAD), ("unknown", UNKNOWN)):
            w.vector(f"next{family}-home-{name}",
                     came(inner, candidates=(US,), landing=node).frame(), "pass", "nobody",
                     out=unwrapped(inner))
        w.vector(f"next{family}-home-no-route",
                 came(inner, candidates=(US,), landing=NO_ROUTE).frame(), "drop", "no_route",
                 out=unwrapped(inner))
        tired = segment.but(ttl=1).l3()
        w.vector(f"next{family}-expired", came(tired, candidates=(US, REDIRECT)).frame(), "drop",
                 "expired", out=unwrapped(tired))
        long = segment.but(payload=b"l" * 1340).l3()
        w.vector(f"next{family}-too-big", came(long, candidates=(US, NARROW)).frame(), "tx",
                 "too_big_told", out=ether(too_big(long, NARROW_MTU - 64), flow.ip6, outward=True))


def write(w):
    write_good(w)
    write_variants(w)
    write_tag_starts(w)
    write_ecn(w)
    write_foreign(w)
    write_malformed(w)
    write_versions(w)
    write_refused(w)
    write_inner(w)
    write_syn(w)
    write_next(w)
