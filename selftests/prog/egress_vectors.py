# SPDX-License-Identifier: GPL-3.0-or-later
"""What our stack sends: stamped, clamped, or left alone."""

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import IPv6ExtHdrDestOpt
from scapy.layers.l2 import Dot1Q
from scapy.packet import Raw

from oracle import MONO_MS, MONO_S, Flow, Segment, addr16, ether, stamp_delta
from broken_vectors import patched
from local_vectors import SECOND, STRANGER4, STRANGER6, unstamped
from world import (CLIENT4, FREE, LOCAL_TCP, LOCAL_UNARMED, OURS, US, VIP4, VIP4_DNS, flow_entry,
                   local, state, u32, vip_index)

MASK = 0xFFFFFFFF
OVERHEAD = 84
MSS = (("MSS", 1460), ("SAckOK", b""))


def sent(flow, flags="A", tsval=MONO_MS, tsecr=55, **more):
    return Segment(flow, flags, ts=(tsval & MASK, tsecr), outward=True, ttl=64, **more)


def with_stamp(segment, node=US, shift=22):
    tsval, tsecr = segment.ts
    return segment.but(ts=((tsval + stamp_delta(segment.flow, node, shift)) & MASK, tsecr))


def stamped(w, name, segment, expected=None, **more):
    w.vector(name, segment.frame(), "pass", "out_stamped", program="egress",
             out=with_stamp(expected or segment).frame(), **more)


def left(w, name, segment, reason, out=None, **more):
    frame = segment if isinstance(segment, bytes) else segment.frame()
    w.vector(name, frame, "pass", reason, program="egress", out=out, **more)


def write_stamps(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        stamped(w, f"out{family}-ack", sent(flow), flows=((flow, FREE, 0, 0),), truncate=True)
        stamped(w, f"out{family}-data", sent(flow, "PA", payload=bytes(range(200))))
        stamped(w, f"out{family}-odd", sent(flow, payload=b"x" * 777))
        stamped(w, f"out{family}-big", sent(flow, payload=b"x" * 1448))
        stamped(w, f"out{family}-fin", sent(flow, "FA"))
        stamped(w, f"out{family}-rst", sent(flow, "RA"))
        stamped(w, f"out{family}-vlan", sent(flow, vlans=(Dot1Q(vlan=5),)))
        stamped(w, f"out{family}-wraps", sent(flow, tsval=MASK))
        # Past the handshake nobody asks whether it is our clock: the flow was stamped from its
        # SYN-ACK on, and a flow is stamped whole or not at all.
        stamped(w, f"out{family}-old-clock", sent(flow, tsval=MONO_MS - 5000 * SECOND))
        # Its socket counts; the flow table is left alone.
        known = flow_entry(flow, OURS, US)
        stamped(w, f"out{family}-known", sent(flow, "FA"), sets=known, after=known)
        stamped(w, f"out{family}-sack", sent(flow, options=(("NOP", None), ("NOP", None),
                                                            ("SAck", (1, 2)))))
    stamped(w, "out4-ip-options", sent(STRANGER4, ip={"options": [b"\x01" * 8]}))
    stamped(w, "out6-extension", sent(STRANGER6, extensions=(IPv6ExtHdrDestOpt(),)))


def clamped(segment, mss):
    options = tuple(("MSS", mss) if name == "MSS" else (name, value)
                    for name, value in segment.options)
    return segment.but(options=options)


def write_handshakes(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        synack = sent(flow, "SA", options=MSS)
        stamped(w, f"synack{family}", synack, clamped(synack, 1460 - OVERHEAD),
                flows=((flow, FREE, 0, 0),), truncate=True)
        for mss, offered in ((9000, 9000 - OVERHEAD), (620, 536), (619, 619), (536, 536), (88, 88),
                             (65535, 65535 - OVERHEAD)):
            one = synack.but(options=(("MSS", mss),))
            stamped(w, f"synack{family}-mss{mss}", one, clamped(one, offered))
        odd = synack.but(options=(("NOP", None), ("MSS", 1400)))
        stamped(w, f"synack{family}-mss-odd", odd, clamped(odd, 1400 - OVERHEAD))
        stamped(w, f"synack{family}-no-mss", synack.but(options=()))
        # Bits of a SYN cookie lie in TSval's low six bits: 64 ms of the clock.
        for label, age in (("63ms", 63), ("2s", 2000), ("2s-ahead", -2000)):
            late = synack.but(ts=((MONO_MS - age) & MASK, 55))
            stamped(w, f"synack{family}-{label}", late, clamped(late, 1460 - OVERHEAD))
        # Not our clock (usec timestamps, another sysctl): clamped, noted, never stamped.
        for label, tsval in (("late", MONO_MS - 2001), ("early", MONO_MS + 2001),
                             ("usec", MONO_MS * 1000), ("random", 0x80000000 + MONO_MS)):
            wrong = synack.but(ts=(tsval & MASK, 55))
            left(w, f"clock{family}-{label}", wrong, "out_clock",
                 out=clamped(wrong, 1460 - OVERHEAD).frame(),
                 after=(("unstamped", flow.tuple40(), u32(MONO_S)),
                        ("state", u32(0), state(unstamped=1))))
        bare = synack.but(ts=None)
        left(w, f"synack{family}-no-ts", bare, "out_plain",
             out=clamped(bare, 1460 - OVERHEAD).frame())
        data = sent(flow, options=(("MSS", 1460),))
        stamped(w, f"out{family}-mss-in-data", data)


def write_left_alone(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        left(w, f"plain{family}", sent(flow).but(ts=None), "out_plain")
        left(w, f"plain{family}-ao", sent(flow, options=((29, bytes(14)),)), "out_plain")
        left(w, f"listed{family}", sent(flow), "out_unstamped", sets=unstamped(flow, MONO_S - 60),
             after=(("unstamped", flow.tuple40(), u32(MONO_S)),))
        left(w, f"listed{family}-plain", sent(flow).but(ts=None), "out_unstamped",
             sets=unstamped(flow, MONO_S - 60))
        disarmed = [("state", u32(0), state(flags=0))]
        noted = (("unstamped", flow.tuple40(), u32(MONO_S)),
                 ("state", u32(0), state(flags=0, unstamped=1)))
        left(w, f"noted{family}", sent(flow), "out_noted", sets=disarmed, after=noted)
        left(w, f"noted{family}-synack", sent(flow, "SA", options=MSS), "out_noted",
             sets=disarmed, after=noted)
        left(w, f"noted{family}-plain", sent(flow).but(ts=None), "out_noted", sets=disarmed,
             after=noted)
        index = vip_index(flow)
        left(w, f"noted{family}-new-vip", sent(flow), "out_noted",
             sets=[("locals", addr16(flow.vip), local(index, LOCAL_TCP | LOCAL_UNARMED))],
             after=noted[:1] + (("state", u32(0), state(unstamped=1)),))
        left(w, f"noted{family}-again", sent(flow), "out_noted",
             sets=[("state", u32(0), state(flags=0, unstamped=1)),
                   ("unstamped", flow.tuple40(), u32(MONO_S - 60))], after=noted)
    left(w, "foreign-out-tcp", Segment(Flow(CLIENT4, 5, "10.0.0.2"), ts=(1, 2),
                                       outward=True), "out_foreign")
    left(w, "foreign-out-dns-vip", Segment(Flow(CLIENT4, 5, VIP4_DNS), ts=(1, 2), outward=True),
         "out_foreign")
    for name, l3 in (("udp", IP(src=VIP4, dst=CLIENT4) / UDP(sport=53) / Raw(bytes(40))),
                     ("icmp", IP(src=VIP4, dst=CLIENT4) / ICMP())):
        left(w, f"foreign-out-{name}", ether(bytes(l3), False, outward=True), "out_foreign")
    left(w, "foreign-out-fragment", Segment(STRANGER4, outward=True, payload=bytes(64),
                                            ip={"flags": "MF"}), "out_foreign")
    left(w, "foreign-out-arp", ether(bytes(28), False, outward=True)[:12] + b"\x08\x06"
         + bytes(28), "out_foreign")


def write_bad(w):
    frame = sent(STRANGER4).frame()
    for name, changes in {"ihl4": ((14, b"\x44"),), "version": ((14, b"\x65"),),
                          "doff4": ((46, b"\x40"),), "doff-beyond": ((46, b"\xf0"),)}.items():
        left(w, f"out-bad-{name}", patched(frame, *changes), "out_bad")
    left(w, "out-bad-short", frame[:50], "out_bad")


def write_full(w):
    """With a list of two (options 'small'): what does not fit is told, and not stamped."""
    others = [Flow(CLIENT4, port, VIP4) for port in (1, 2)]
    full = [("unstamped", flow.tuple40(), u32(MONO_S)) for flow in others]
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        left(w, f"full{family}", sent(flow), "out_full",
             sets=full + [("state", u32(0), state(flags=0, unstamped=2))],
             after=(("unstamped", flow.tuple40(), b""),
                    ("state", u32(0), state(flags=0, unstamped=2))))
        left(w, f"full{family}-clock", sent(flow, "SA", tsval=5), "out_full",
             sets=full + [("state", u32(0), state(unstamped=2))])
    left(w, "full-but-listed", sent(others[0]), "out_noted",
         sets=full + [("state", u32(0), state(flags=0, unstamped=2))])


def write(w):
    write_stamps(w)
    write_handshakes(w)
    write_left_alone(w)
    write_bad(w)
