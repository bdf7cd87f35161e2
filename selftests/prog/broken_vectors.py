# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets for a VIP that cannot be, and what is the stack's to judge."""

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, PadN)
from scapy.packet import Raw

from oracle import Segment, ether
from local_vectors import STRANGER4, STRANGER6
from world import CLIENT4, CLIENT6, VIP4, VIP6

PLAIN4, PLAIN6 = Segment(STRANGER4), Segment(STRANGER6)


def patched(frame, *changes):
    """`frame` with bytes overwritten at offsets; checksums stay as they were."""
    raw = bytearray(frame)
    for at, value in changes:
        raw[at:at + len(value)] = value
    return bytes(raw)


def datagrams():
    """To port 53: the program `dns` reads these by itself."""
    udp, data = UDP(sport=99, dport=53), Raw(bytes(30))
    return (ether(bytes(IP(src=CLIENT4, dst=VIP4) / udp / data), False),
            ether(bytes(IPv6(src=CLIENT6, dst=VIP6) / udp / data), True))


def write_bad_ip(w):
    frame4 = PLAIN4.but(payload=b"d" * 40).frame()
    frame6 = PLAIN6.but(payload=b"d" * 40).frame()
    udp4, udp6 = datagrams()
    for name, frame in {
            "version4": patched(frame4, (14, b"\x55")),
            "version6": patched(frame6, (14, b"\x40")),
            "ihl0": patched(frame4, (14, b"\x40")),
            "ihl4": patched(frame4, (14, b"\x44")),
            "ihl-beyond-total": patched(frame4, (14, b"\x4f"), (16, b"\x00\x28")),
            "ihl-beyond-frame": patched(frame4[:54], (14, b"\x4f"), (16, b"\x00\x28")),
            "total-below-ihl": patched(frame4, (16, b"\x00\x13")),
            "total-zero": patched(frame4, (16, b"\x00\x00")),
            "total-beyond-frame": patched(frame4, (16, b"\xff\xff")),
            "total-one-beyond": patched(frame4, (16, len(frame4[14:]).to_bytes(2, "big"))) [:-1],
            "payload-beyond-frame": patched(frame6, (18, b"\xff\xff")),
            "payload-one-beyond": frame6[:-1],
            "extension-beyond-payload": patched(
                PLAIN6.but(extensions=(IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(44))]),))
                .frame(), (18, b"\x00\x10")),
            "query-total-below-head": patched(udp4, (16, b"\x00\x13")),
            "query-total-zero": patched(udp4, (16, b"\x00\x00")),
            "query-total-one-beyond": udp4[:-1],
            "query-payload-one-beyond": udp6[:-1],
    }.items():
        w.vector(f"bad-ip-{name}", frame, "drop", "bad_ip")


def write_bad_l4(w):
    frame4, frame6 = PLAIN4.frame(), PLAIN6.frame()
    udp4, udp6 = datagrams()
    for name, frame in {
            "doff4": patched(frame4, (46, b"\x40")),
            "doff0": patched(frame6, (66, b"\x00")),
            "doff-beyond": patched(frame4, (46, b"\x60")),
            "doff15": patched(frame6, (66, b"\xf0")),
            "tcp-cut4": patched(frame4[:-1], (16, b"\x00\x27")),
            "tcp-cut6": patched(frame6[:-1], (18, b"\x00\x13")),
            "tcp-none4": patched(frame4[:34], (16, b"\x00\x14")),
            "tcp-none6": patched(frame6[:54], (18, b"\x00\x00")),
            "udp-cut": patched(udp4[:41], (16, b"\x00\x1b")),
            "udp-none": patched(udp4, (16, b"\x00\x14")),
            "udp-none6": patched(udp6, (18, b"\x00\x07")),
            "udp-length0": patched(udp4, (38, b"\x00\x00")),
            "udp-length7": patched(udp6, (58, b"\x00\x07")),
            "udp-length-beyond": patched(udp4, (38, b"\x00\x27")),
            "udp-length-beyond6": patched(udp6, (58, b"\xff\xff")),
    }.items():
        w.vector(f"bad-l4-{name}", frame, "drop", "bad_l4")


def write_fragments(w):
    """Of the stack's own concern; those of TCP are in edge_vectors.py."""
    # RFC 6946: an atomic fragment is a whole packet.
    w.vector("fragment-atomic6", PLAIN6.but(extensions=(IPv6ExtHdrFragment(id=5),)).frame(),
             "pass", "nobody")
    udp = IP(src=CLIENT4, dst=VIP4, frag=100, proto=17) / Raw(b"more of an answer")
    w.vector("fragment-udp", ether(bytes(udp), False), "pass", "vip_other")
    first = IP(src=CLIENT4, dst=VIP4, flags="MF") / UDP(dport=53, len=900) / Raw(bytes(80))
    w.vector("fragment-udp-first", ether(bytes(first), False), "pass", "vip_other")


def write_extensions(w):
    """Headers that hide a TCP from us would not hide it from the stack, and its RST."""
    for name, extensions, reason in (
            ("six", (IPv6ExtHdrHopByHop(),) + (IPv6ExtHdrDestOpt(),) * 5, "nobody"),
            ("seven", (IPv6ExtHdrHopByHop(),) + (IPv6ExtHdrDestOpt(),) * 6, "chain"),
            ("long", (IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(200))]),), "chain"),
            ("long-together", (IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(44))]),) * 2, "chain"),
            ("fragment-seven", (IPv6ExtHdrHopByHop(),) + (IPv6ExtHdrDestOpt(),) * 5 +
             (IPv6ExtHdrFragment(id=5),), "chain"),
            ("routing-done", (IPv6ExtHdrRouting(segleft=0, addresses=["2001:db8::9"]),), "nobody"),
            ("routing-on", (IPv6ExtHdrRouting(segleft=1, addresses=["2001:db8::9"]),),
             "vip_other")):
        w.vector(f"extensions-{name}", PLAIN6.but(extensions=extensions).frame(),
                 "drop" if reason == "chain" else "pass", reason)
    # What we do not look behind, nor does a stack that has no use for it: no RST comes of these.
    for protocol in (50, 51, 135, 139, 140, 253, 254):
        packet = IPv6(src=CLIENT6, dst=VIP6, nh=protocol) / Raw(b"\x06\x04" + PLAIN6.l3()[40:])
        w.vector(f"extensions-protocol{protocol}", ether(bytes(packet), True), "pass", "vip_other")


def write(w):
    write_bad_ip(w)
    write_bad_l4(w)
    write_fragments(w)
    write_extensions(w)
