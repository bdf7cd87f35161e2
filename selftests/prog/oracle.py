# SPDX-License-Identifier: GPL-3.0-or-later
"""What packets ought to look like, worked out without a line of anydoor's own code.

Headers and checksums are scapy's. The stamp and the tunnel's tag are written here from their
descriptions (deploy/doc/design.md; maps/types.h), over the SipHash of keyed.py.
"""

import ipaddress
import struct
from dataclasses import dataclass, field, replace

from scapy.config import conf
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.layers.l2 import Dot1AD, Ether
from scapy.packet import Raw

from keyed import siphash
from layout import image

conf.ipv6_enabled = True

MASK32 = (1 << 32) - 1

# --- addresses, clocks, keys -----------------------------------------------------------------


def packed(address):
    return ipaddress.ip_address(address).packed


def addr16(address):
    """struct ad_addr: IPv4 as IPv4-mapped IPv6."""
    raw = packed(address)
    return raw if len(raw) == 16 else bytes(10) + b"\xff\xff" + raw


def is_ip6(address):
    return ":" in address


MONO_NS = 500_000_123_000_000  # the programs' clock stands here
MONO_MS = MONO_NS // 1_000_000
MONO_S = MONO_NS // 1_000_000_000
REAL_MINUS_MONO_NS = 1_790_000_000_250_000_000
WALL_S = (MONO_NS + REAL_MINUS_MONO_NS) // 1_000_000_000
STAMP_WALL_MINUS_MONO_MS = 1_790_000_000_250
WALL_MS = MONO_MS + STAMP_WALL_MINUS_MONO_MS

STAMP_KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
TUNNEL_KEY = bytes.fromhex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf")
TUNNEL_KEY_OLD = bytes.fromhex("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf")
EPOCH, EPOCH_OLD = 7, 6

# --- flows and stamps ------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    client: str
    cport: int
    vip: str
    vport: int = 80

    @property
    def ip6(self):
        return is_ip6(self.client)

    def prf64(self):
        return siphash(STAMP_KEY, packed(self.client) + packed(self.vip)
                       + struct.pack("!HH", self.cport, self.vport))

    def prf(self):
        return self.prf64() & MASK32

    def tuple40(self):
        """struct ad_tuple"""
        return image("ad_tuple", client=addr16(self.client), vip=addr16(self.vip),
                     client_port=self.cport, vip_port=self.vport)


def outer_port(flow):
    """The tunnel's UDP source port: fourteen bits of the PRF in the ephemeral range."""
    return 0xC000 | flow.prf64() >> 50


def outer_label(flow):
    """The tunnel's IPv6 flow label: the PRF's first twenty bits."""
    return flow.prf64() >> 44


def stamp_delta(flow, node, shift=22):
    """What egress of `node` adds to TSval, and its ingress takes off TSecr."""
    return (STAMP_WALL_MINUS_MONO_MS + (node << shift) + flow.prf()) & MASK32


def stamp(flow, node, age_ms=0, shift=22):
    """The TSval that `node` put on the wire `age_ms` ago: what a client echoes as TSecr."""
    return (MONO_MS - age_ms + stamp_delta(flow, node, shift)) & MASK32


def decode(tsecr, flow, shift=22):
    """d: the owner, or one less than the owner if the echo is old."""
    skew = 1 << (shift - 4)
    y = (tsecr - flow.prf() - WALL_MS) & MASK32
    return ((y + (1 << shift) - skew - 1) & MASK32) >> shift


# --- segments --------------------------------------------------------------------------------

MAC_US = "02:00:00:00:00:02"
MAC_GATEWAY = "02:00:00:00:00:01"


@dataclass(frozen=True)
class Segment:
    """A TCP segment of a flow, from the client unless `outward`."""
    flow: Flow
    flags: str = "A"
    ts: tuple = None  # (TSval, TSecr)
    payload: bytes = b""
    seq: int = 0x01020304
    ack: int = 0x05060708
    ttl: int = 57
    tos: int = 0
    options: tuple = ()  # further TCP options, before the timestamps
    ip: dict = field(default_factory=dict)  # fields of the IP header, as scapy names them
    extensions: tuple = ()  # IPv6 extension headers
    tcp: dict = field(default_factory=dict)  # fields of the TCP header
    outward: bool = False
    vlans: tuple = ()  # scapy tags, outermost first
    padding: bytes = b""  # behind the IP packet

    def but(self, **changes):
        return replace(self, **changes)

    def ip_header(self):
        src, dst = self.flow.client, self.flow.vip
        if self.outward:
            src, dst = dst, src
        if not self.flow.ip6:
            return IP(**{"src": src, "dst": dst, "ttl": self.ttl, "tos": self.tos, "id": 4711,
                         "flags": "DF", **self.ip})
        packet = IPv6(**{"src": src, "dst": dst, "hlim": self.ttl, "tc": self.tos, "fl": 0x12345,
                         **self.ip})
        for extension in self.extensions:
            packet = packet / extension
        return packet

    def _tcp(self):
        sport, dport = self.flow.cport, self.flow.vport
        if self.outward:
            sport, dport = dport, sport
        options = list(self.options)
        if self.ts:
            options += [("NOP", None), ("NOP", None), ("Timestamp", self.ts)]
        return TCP(**{"sport": sport, "dport": dport, "flags": self.flags, "seq": self.seq,
                      "ack": self.ack, "window": 501, "options": options, **self.tcp})

    def l3(self):
        """The IP packet's bytes."""
        packet = self.ip_header() / self._tcp()
        return bytes(packet / Raw(self.payload) if self.payload else packet)

    def frame(self):
        return ether(self.l3() + self.padding, self.flow.ip6, self.vlans, self.outward)

    def l3_at(self):
        return 14 + 4 * len(self.vlans)

    def tcp_at(self):
        """Offset of the TCP header in the frame."""
        bare = self.ip_header()
        return self.l3_at() + len(bytes(bare))


def ether(payload, ip6, vlans=(), outward=False, dst=None, src=None):
    src = src or (MAC_US if outward else MAC_GATEWAY)
    dst = dst or (MAC_GATEWAY if outward else MAC_US)
    packet = Ether(src=src, dst=dst, type=0x86DD if ip6 else 0x0800)
    for i, tag in enumerate(vlans):
        if i == 0:
            packet.type = 0x88A8 if isinstance(tag, Dot1AD) else 0x8100
        last = i == len(vlans) - 1
        below = vlans[i + 1] if not last else None
        kind = (0x86DD if ip6 else 0x0800) if last else \
            (0x88A8 if isinstance(below, Dot1AD) else 0x8100)
        tag = tag.copy()
        tag.type = kind
        packet = packet / tag
    return bytes(packet) + payload


# --- ICMP ------------------------------------------------------------------------------------


def too_big(packet, mtu):
    """Our answer to a packet that a path of `mtu` does not take: an IP packet's bytes."""
    if packet[0] >> 4 == 6:
        original = IPv6(packet[:40])
        answer = (IPv6(src=original.dst, dst=original.src, tc=0xC0, hlim=64)
                  / ICMPv6PacketTooBig(mtu=mtu) / Raw(packet[:1280 - 48]))
    else:
        original = IP(packet[:20])
        answer = (IP(src=original.dst, dst=original.src, tos=0xC0, id=0, flags="DF", ttl=64)
                  / ICMP(type=3, code=4, nexthopmtu=mtu) / Raw(packet[:576 - 28]))
    return bytes(answer)


# --- the tunnel ------------------------------------------------------------------------------

DATA, DIVERT, HUNT, CLAIM, NO = range(5)
HUNTED, UNASKED = 1, 2  # marks


@dataclass(frozen=True)
class Tunnel:
    """An inner IP packet on its way from one node to another."""
    inner: bytes
    src: str
    dst: str
    landing: int
    candidates: tuple
    hop: int = 1
    why: int = DATA
    epoch: int = EPOCH
    key: bytes = TUNNEL_KEY
    time_s: int = WALL_S
    tos: int = None  # None: as the inner packet's
    ttl: int = 64
    port: int = 6081
    sport: int = 50000
    flow_label: int = 0
    classid: int = 0xFF0A
    kind: int = 0x81
    tag: bytes = None
    protocol: int = None
    critical: int = 1
    geneve: dict = field(default_factory=dict)
    option: dict = field(default_factory=dict)
    marks: int = 0
    vlans: tuple = ()
    padding: bytes = b""
    ip: dict = field(default_factory=dict)
    udp: dict = field(default_factory=dict)

    def but(self, **changes):
        return replace(self, **changes)

    def inner_is_ip6(self):
        return self.inner[0] >> 4 == 6

    def inner_tos(self):
        if self.inner_is_ip6():
            return (struct.unpack("!H", self.inner[:2])[0] >> 4) & 0xFF
        return self.inner[1]

    def _fields(self):
        """The option's data but the tag."""
        wanted = (tuple(self.candidates) + (0, 0, 0))[:3]
        return struct.pack("!HBBIHHHH", self.landing, self.hop << 4 | self.why, self.epoch,
                           self.time_s & MASK32, *wanted, self.marks)

    def _geneve(self, tag):
        protocol = self.protocol
        if protocol is None:
            protocol = 0x86DD if self.inner_is_ip6() else 0x0800
        option = GeneveOptions(**{"classid": self.classid, "type": self.kind,
                                  "data": self._fields() + tag, **self.option})
        return bytes(GENEVE(**{"critical": self.critical, "proto": protocol, "vni": 0,
                               "options": [option], **self.geneve}))

    def transport_at(self):
        if not self.inner_is_ip6():
            return (self.inner[0] & 15) * 4
        at, kind = 40, self.inner[6]
        while kind in (0, 43, 60, 135):
            kind, at = self.inner[at], at + 8 + 8 * self.inner[at + 1]
        return at

    def header(self):
        """Geneve and option, up to the tag."""
        return self._geneve(bytes(8))[:-8]

    def signed(self):
        """How much of the inner packet the tag covers."""
        if self.inner_is_ip6():
            at, kind = self.transport_at(), 6
            extensions = self.inner[6] in (0, 43, 60, 135)
            if self.inner[6] == 58 or (extensions and self.inner[40] == 58):
                kind = 58
        else:
            at, kind = self.transport_at(), self.inner[9]
        return at + {1: 36, 58: 56}.get(kind, 20)

    def make_tag(self):
        if self.tag is not None:
            return self.tag
        header = self.header()
        covered = (packed(self.src) + packed(self.dst) + header
                   + struct.pack("!HH", len(self.inner), 0)
                   + self.inner[:self.signed()])
        return struct.pack("<Q", siphash(self.key, covered))

    def l3(self):
        tos = self.inner_tos() if self.tos is None else self.tos
        udp = UDP(**{"sport": self.sport, "dport": self.port, **self.udp})
        if is_ip6(self.src):
            ip = IPv6(**{"src": self.src, "dst": self.dst, "hlim": self.ttl, "tc": tos,
                         "fl": self.flow_label, **self.ip})
        else:
            ip = IP(**{"src": self.src, "dst": self.dst, "ttl": self.ttl, "tos": tos, "id": 0,
                       "flags": "DF", **self.ip})
        return bytes(ip / udp / Raw(self._geneve(self.make_tag()) + self.inner))

    def frame(self, **macs):
        return ether(self.l3() + self.padding, is_ip6(self.src), self.vlans, **macs)

    def l3_at(self):
        return 14 + 4 * len(self.vlans)

    def udp_at(self):
        return self.l3_at() + (40 if is_ip6(self.src) else 20)

    def geneve_at(self):
        return self.udp_at() + 8

    def inner_at(self):
        return self.geneve_at() + 8 + 28
