# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not ours, and what is ours and stays: rungs 0, 1, 2 (self), 3 (ours), 4 and 6."""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from oracle import MAC_US, MONO_MS, MONO_S, Flow, Segment, addr16, decode, ether, stamp
from world import (CLIENT4, CLIENT6, DEAD, DRAINS, FLOW_CLOSING, FLOW_FORWARDED, FREE, LOCAL_TCP,
                   LOCAL_UNARMED, NODE_DEAD, NODE_KNOWN, OURS, PIN, REDIRECT, TX, UNKNOWN, US, VIP4,
                   VIP4_DNS, VIP4_TCP, VIP6, VIP6_DNS, flow_entry, local, node_image, socket_flow,
                   state, tunnel4, u32)

SECOND, MINUTE = 1000, 60_000
CLIENT_NEXT = 1001  # what sockets.c's clients would send next
STRANGER4 = Flow(CLIENT4, 50001, VIP4)  # no socket, no entry
STRANGER6 = Flow(CLIENT6, 50001, VIP6)


def unstamped(flow, last_s=MONO_S):
    return [("state", u32(0), state(unstamped=1)), ("unstamped", flow.tuple40(), u32(last_s))]


def kept(w, name, segment, age_ms=0, **more):
    """Ours by its stamp: what the stack sent `age_ms` ago comes out."""
    stamped = segment.but(ts=(77, stamp(segment.flow, US, age_ms)))
    restored = segment.but(ts=(77, (MONO_MS - age_ms) & 0xFFFFFFFF))
    w.vector(name, stamped.frame(), "pass", "local_stamp", out=restored.frame(), **more)


def write_foreign(w):
    w.vector("foreign-arp", bytes(Ether(dst=MAC_US) / ARP(psrc="10.0.0.1", pdst="10.0.0.2")),
             "pass", "foreign")
    w.vector("foreign-runt", ether(b"", False), "pass", "foreign")
    w.vector("foreign-runt-ip", ether(b"\x45" + bytes(9), False), "pass", "foreign")
    w.vector("foreign-garbage", ether(bytes(range(200)), True), "pass", "foreign")
    other4, other6 = IP(src=CLIENT4, dst="10.0.0.2"), IPv6(src=CLIENT6, dst="2001:db8::2")
    for name, l3 in (("udp4", other4 / UDP(sport=9, dport=53)),
                     ("tcp4", other4 / TCP(dport=80)),
                     ("tcp6", other6 / TCP(dport=80)),
                     ("icmp", other4 / ICMP())):
        w.vector(f"foreign-{name}", ether(bytes(l3), l3.version == 6), "pass", "foreign",
                 truncate=True)
    # RFC 4291, 2.5.5.2: our way to write IPv4 VIPs must not be an address one can send to.
    mapped = IPv6(src=CLIENT6, dst="2001:db8::2") / TCP(dport=80)
    raw = bytearray(bytes(mapped))
    raw[24:40] = addr16(VIP4)
    w.vector("foreign-mapped-vip", ether(bytes(raw), True), "pass", "foreign")
    for flags in ("S", "A"):
        mapped = IPv6(src=f"::ffff:{CLIENT4}", dst=VIP6) / TCP(dport=80, flags=flags)
        w.vector(f"foreign-mapped-client-{flags}", ether(bytes(mapped), True), "pass", "foreign")
    w.vector("foreign-ethertype", ether(Segment(STRANGER4).l3(), False)[:12] + b"\x88\xcc"
             + Segment(STRANGER4).l3(), "pass", "foreign")
    # Three tags are more than we look behind.
    tags = (Dot1AD(vlan=2), Dot1Q(vlan=3), Dot1Q(vlan=4))
    w.vector("foreign-three-tags", Segment(STRANGER4, vlans=tags).frame(), "pass", "foreign")


def write_vip_other(w):
    for name, l3 in (
            ("icmp4", IP(src=CLIENT4, dst=VIP4) / ICMP()),
            ("icmp6", IPv6(src=CLIENT6, dst=VIP6) / ICMPv6EchoRequest(data=b"hello")),
            ("quic", IP(src=CLIENT4, dst=VIP4) / UDP(sport=4433, dport=443) / Raw(bytes(64))),
            ("dns-to-tcp-vip", IP(src=CLIENT4, dst=VIP4_TCP) / UDP(sport=999, dport=53)
             / Raw(bytes(32))),
            ("tcp-to-dns-vip", IP(src=CLIENT4, dst=VIP4_DNS) / TCP(sport=999, dport=53)),
            ("tcp6-to-dns-vip", IPv6(src=CLIENT6, dst=VIP6_DNS) / TCP(sport=999, dport=53)),
            ("gre", IP(src=CLIENT4, dst=VIP4, proto=47) / Raw(bytes(40))),
            ("no-next-header", IPv6(src=CLIENT6, dst=VIP6, nh=59))):
        w.vector(f"vip-other-{name}", ether(bytes(l3), l3.version == 6), "pass", "vip_other")


def write_syn(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        syn = Segment(flow, "S", ack=0, options=(("MSS", 1460), ("SAckOK", b"")))
        w.vector(f"syn{family}", syn.but(ts=(5, 0)).frame(), "pass", "local_syn",
                 flows=((flow, FREE, 0, 0),), truncate=True)
        # A reused port: TSecr is left over from another connection and means nothing.
        w.vector(f"syn{family}-tsecr", syn.but(ts=(5, stamp(flow, TX))).frame(), "pass",
                 "local_syn")
        w.vector(f"syn{family}-tsecr-ours", syn.but(ts=(5, stamp(flow, US))).frame(), "pass",
                 "local_syn")
        w.vector(f"syn{family}-ecn", syn.but(flags="SEC").frame(), "pass", "local_syn")
        w.vector(f"syn{family}-data", syn.but(payload=b"GET /").frame(), "pass", "local_syn")
        # One spoofed SYN must not clear a pin nor an entry, and is led by neither.
        for kind, owner in ((PIN, REDIRECT), (OURS, US)):
            w.vector(f"syn{family}-keeps-kind{kind}", syn.frame(), "pass", "local_syn",
                     sets=flow_entry(flow, kind, owner), flows=((flow, kind, owner, 0),))


def write_disarmed(w):
    off = [("state", u32(0), state(flags=0))]
    new = [("locals", addr16(vip), local(index, LOCAL_TCP | LOCAL_UNARMED))
           for index, vip in enumerate((VIP4, VIP6))]
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        w.vector(f"disarmed{family}-new-vip", Segment(flow, ts=(1, stamp(flow, TX))).frame(),
                 "pass", "disarmed", sets=new)
        w.vector(f"disarmed{family}", Segment(flow, ts=(1, stamp(flow, TX))).frame(), "pass",
                 "disarmed", sets=off)
        w.vector(f"disarmed{family}-syn", Segment(flow, "S").frame(), "pass", "disarmed", sets=off)


def write_unstamped(w):
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        # Even what looks like our stamp is the client's echo of something that we never stamped.
        for ts in (None, (1, 2), (1, stamp(flow, US)), (1, stamp(flow, TX))):
            label = {None: "none", 2: "plain"}.get(ts and ts[1], "stamp" + str(ts and ts[1] ==
                                                                                stamp(flow, TX)))
            w.vector(f"unstamped-{name}-{label}", Segment(flow, ts=ts).frame(), "pass",
                     "local_unstamped", sets=unstamped(flow), needs=(name,),
                     flows=((flow, OURS, US, 0),))
    # The entry outlived its socket: it says nothing, and is the daemon's to remove.
    w.vector("unstamped-no-socket", Segment(STRANGER4).frame(), "pass", "nobody",
             sets=unstamped(STRANGER4), flows=((STRANGER4, FREE, 0, 0),),
             after=(("unstamped", STRANGER4.tuple40(), u32(MONO_S)),))
    # The count says that the list is empty: nobody looks at it.
    w.vector("unstamped-skipped", Segment(STRANGER4).frame(), "pass", "nobody",
             sets=[("unstamped", STRANGER4.tuple40(), u32(MONO_S))])
    w.vector("unstamped-syn", Segment(STRANGER4, "S").frame(), "pass", "local_syn",
             sets=unstamped(STRANGER4),
             after=(("unstamped", STRANGER4.tuple40(), u32(MONO_S)),))


def write_stamp_shapes(w):
    """Every way that a segment of ours may look."""
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        plain = Segment(flow)
        ours = ((flow, OURS, US, 0),)
        kept(w, f"stamp-{name}", plain, needs=(name,), flows=ours, truncate=True)
        shapes = {
            "data": plain.but(payload=bytes(range(250)), flags="PA"),
            "odd": plain.but(payload=b"x" * 501),
            "big": plain.but(payload=b"y" * 1400),
            "vlan": plain.but(vlans=(Dot1Q(vlan=5, prio=3),)),
            "qinq": plain.but(vlans=(Dot1AD(vlan=9), Dot1Q(vlan=5))),
            "padding": plain.but(padding=b"\xaa" * 6),
            "fin": plain.but(flags="FA"),
            "urgent": plain.but(flags="UA", tcp={"urgptr": 7}),
            "sack": plain.but(options=(("NOP", None), ("NOP", None), ("SAck", (1, 2)))),
            "tos": plain.but(tos=0xBB),
            "checksum-ffff": checksum_of(plain, 0xFFFF),
        }
        if flow.ip6:
            shapes["extensions"] = plain.but(extensions=(IPv6ExtHdrHopByHop(),
                                                         IPv6ExtHdrDestOpt()))
        else:
            shapes["ip-options"] = plain.but(ip={"options": [b"\x01\x01\x01\x01" * 3]})
            shapes["ip-options-all"] = plain.but(ip={"options": [b"\x01" * 40]})
        for shape, segment in shapes.items():
            kept(w, f"stamp-{name}-{shape}", segment, needs=(name,), flows=ours,
                 truncate=shape in ("qinq", "extensions", "ip-options", "sack"))
        # Jumbo frames come in more than one buffer.
        kept(w, f"stamp-{name}-jumbo", plain.but(payload=b"j" * 8900), needs=(name,), flows=ours)


def checksum_of(segment, wanted):
    """The same segment with two bytes of payload that make its restored checksum `wanted`."""
    for guess in range(0x10000):
        tried = segment.but(payload=guess.to_bytes(2, "big"), ts=(77, MONO_MS & 0xFFFFFFFF))
        at = len(bytes(tried.ip_header()))
        if guess == 0:
            # One's complement: adding d to the payload takes d off the checksum.
            check = int.from_bytes(tried.l3()[at + 16:at + 18], "big")
            need = (check - wanted) % 0xFFFF
            return segment.but(payload=need.to_bytes(2, "big"))
    return segment


def write_stamp_ages(w):
    flow = socket_flow("est4")
    plain = Segment(flow)
    for label, age in (("1min", MINUTE), ("65min", 65 * MINUTE), ("70min", 70 * MINUTE),
                       ("100min", 100 * MINUTE), ("134min", 134 * MINUTE), ("1ms-ahead", -1)):
        kept(w, f"stamp-age-{label}", plain, age, needs=("est4",))
    # It may just as well be a young stamp of our neighbour's. TIME_WAIT and a socket whose client is
    # gone are no proof then, nor is the table, but a socket that this packet belongs to is.
    for name in ("wait4", "wait6"):
        old = socket_flow(name)
        at = plain.but(ts=(1, 1), flow=old).tcp_at()
        kept(w, f"stamp-old-{name}", Segment(old), 70 * MINUTE, needs=(name,), acks=((name, at, 0),))
        w.vector(f"stamp-old-{name}-stray", Segment(old, ts=(1, stamp(old, US, 70 * MINUTE))).frame(),
                 "pass", "nobody", needs=(name,), sets=[("nodes", u32(TX), bytes(32))])
    # Not restored, because our stack cannot have sent it; still ours, by the socket.
    for label, age in (("2ms-ahead", -2), ("1min-ahead", -MINUTE), ("4min-ahead", -260 * SECOND)):
        w.vector(f"stamp-age-{label}", plain.but(ts=(1, stamp(flow, US, age))).frame(), "pass",
                 "local_socket", needs=("est4",))
    for name, tsecr in (("zero", 0), ("unknown", stamp(flow, UNKNOWN)),
                        ("last", stamp(flow, 1023))):
        w.vector(f"stamp-{name}", plain.but(ts=(1, tsecr)).frame(), "pass", "local_socket",
                 needs=("est4",))
    # Of another 4-tuple: the PRF makes noise of it, here an id that nobody has.
    w.vector("stamp-other-tuple", plain.but(ts=(1, foreign_tsecr(flow))).frame(), "pass",
             "local_socket", needs=("est4",))


def foreign_tsecr(flow):
    for port in range(2000, 3000):
        tsecr = stamp(Flow(flow.client, port, flow.vip), US)
        if decode(tsecr, flow) > UNKNOWN:
            return tsecr
    raise AssertionError("no noise")


def write_stamp_options(w):
    """Timestamps where they are not usual, and where they are not to be touched."""
    flow = socket_flow("est4")
    tsecr, restored = stamp(flow, US), MONO_MS & 0xFFFFFFFF

    def options(*parts):
        return Segment(flow).but(options=parts)

    def ts(value):
        return ("Timestamp", (1, value))

    nop = ("NOP", None)
    for label, make in {
            "first": lambda v: options(ts(v), nop, nop),
            "odd": lambda v: options(nop, ts(v), nop),
            "behind-mss": lambda v: options(("MSS", 1400), ts(v), nop, nop),
            "behind-unknown": lambda v: options((254, b"abcd"), ts(v)),
            "second-counts": lambda v: options(ts(tsecr), ts(v)),
            "last": lambda v: options((254, b"x" * 26), nop, nop, ts(v)),
            "eol": lambda v: options(ts(v), ("EOL", None), (254, b"")),
    }.items():
        w.vector(f"options-{label}", make(tsecr).frame(), "pass", "local_stamp",
                 out=make(restored).frame(), needs=("est4",))
    for label, segment in {
            "ao": options((29, bytes(14)), nop, nop, ts(tsecr)),
            "ao-behind": options(nop, nop, ts(tsecr), (29, bytes(14))),
            "behind-eol": options(("EOL", None), nop, nop, nop, ts(tsecr)),
            "short": options((8, b"1234567")),
            "cut": Segment(flow, tcp={"dataofs": 7}, payload=b"\x01\x01\x08\x0a\0\0\0\x01"),
            "length-zero": options((254, b""), nop, nop).but(
                tcp={"options": [], "dataofs": 6}, payload=b"\xfe\x00\x01\x01"),
    }.items():
        w.vector(f"options-{label}", segment.frame(), "pass", "local_socket", needs=("est4",))


def write_sockets(w):
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        w.vector(f"socket-{name}", Segment(flow).frame(), "pass", "local_socket", needs=(name,),
                 flows=((flow, OURS, US, 0),), truncate=True)
        w.vector(f"socket-{name}-rst", Segment(flow, "R").frame(), "pass", "local_socket",
                 needs=(name,))
    for name in ("half4", "half6", "wait4", "wait6", "cookie4", "cookie6"):
        flow = socket_flow(name)
        at = Segment(flow).tcp_at()
        w.vector(f"socket-{name}", Segment(flow, seq=CLIENT_NEXT).frame(), "pass", "local_socket",
                 needs=(name,), acks=((name, at, 0),), flows=((flow, OURS, US, 0),))
        # One off in a cookie is another cookie that could have been given (its MSS index).
        for delta in (-70000, 70000) if "cookie" in name else (-1, 1, 70000):
            w.vector(f"socket-{name}-ack{delta:+}", Segment(flow, seq=CLIENT_NEXT).frame(), "pass",
                     "nobody", needs=(name,), acks=((name, at, delta),),
                     flows=((flow, FREE, 0, 0),))
        w.vector(f"socket-{name}-no-ack", Segment(flow, "").frame(), "pass", "nobody",
                 needs=(name,), acks=((name, at, 0),))
        # Our own stamp makes TIME_WAIT ours; a half-open socket has to be hit.
        if "wait" in name:
            kept(w, f"socket-{name}-stamp", Segment(flow), needs=(name,))
        elif "half" in name:
            kept(w, f"socket-{name}-stamp", Segment(flow), needs=(name,),
                 acks=((name, at, 0),))
    for name in ("listen4", "listen6"):
        flow = socket_flow(name)
        w.vector(f"socket-{name}", Segment(flow).frame(), "pass", "nobody", needs=(name,))


def write_table(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        ours = flow_entry(flow, OURS, US, flags=FLOW_FORWARDED)
        w.vector(f"table{family}", Segment(flow).frame(), "pass", "local_flow", sets=ours,
                 flows=((flow, OURS, US, 0),))
        kept(w, f"table{family}-stamp", Segment(flow), sets=ours)
        w.vector(f"table{family}-no-proof", Segment(flow).frame(), "pass", "nobody",
                 sets=flow_entry(flow, OURS, US), flows=((flow, FREE, 0, 0),))
        w.vector(f"table{family}-closing", Segment(flow).frame(), "pass", "nobody",
                 sets=flow_entry(flow, OURS, US, flags=FLOW_CLOSING),
                 flows=((flow, FREE, 0, 0),))
    flow = socket_flow("est4")
    w.vector("table-closing-socket", Segment(flow).frame(), "pass", "local_socket",
             sets=flow_entry(flow, OURS, US, flags=FLOW_CLOSING), needs=("est4",))
    # Another flow in our slot: same tag, other key.
    entry = flow_entry(STRANGER4, OURS, US, flags=FLOW_FORWARDED)
    other = flow_entry(Flow(CLIENT4, 50002, VIP4), OURS, US,
                       flags=FLOW_FORWARDED)
    w.vector("table-tag-collides", Segment(STRANGER4).frame(), "pass", "nobody",
             sets=[entry[0], (entry[1][0], entry[1][1], other[1][2])])


def write_nobody(w):
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        w.vector(f"nobody{family}", Segment(flow, payload=b"late").frame(), "pass", "nobody",
                 flows=((flow, FREE, 0, 0),), truncate=True)
        w.vector(f"nobody{family}-rst", Segment(flow, "R").frame(), "pass", "nobody")
        w.vector(f"nobody{family}-synack", Segment(flow, "SA").frame(), "pass", "nobody")
        # Two hours asleep: the stamp knows nothing any more, or names nobody.
        w.vector(f"nobody{family}-unknown", Segment(flow, ts=(1, stamp(flow, UNKNOWN))).frame(),
                 "pass", "nobody")


def write_dead(w):
    flow = STRANGER4
    alone = [("nodes", u32(DRAINS), bytes(32))]
    w.vector("dead-stamp", Segment(flow, ts=(1, stamp(flow, DEAD))).frame(), "pass", "owner_dead",
             sets=alone)
    w.vector("dead-stamp-old", Segment(flow, ts=(1, stamp(flow, DEAD, 70 * MINUTE))).frame(),
             "pass", "owner_dead",
             sets=alone + [("nodes", u32(DEAD - 1), bytes(32))])
    w.vector("dead-both", Segment(flow, ts=(1, stamp(flow, DEAD))).frame(), "pass", "owner_dead",
             sets=[("nodes", u32(DRAINS), node_image(tunnel4(DRAINS), NODE_KNOWN | NODE_DEAD))])
    w.vector("dead-pin", Segment(flow).frame(), "pass", "owner_dead",
             sets=flow_entry(flow, PIN, DEAD))
    # A socket of our own outranks a dead node's stamp.
    mine = socket_flow("est4")
    w.vector("dead-stamp-own-socket", Segment(mine, ts=(1, stamp(mine, DEAD))).frame(), "pass",
             "local_socket", sets=alone, needs=("est4",))


def write(w):
    write_foreign(w)
    write_vip_other(w)
    write_disarmed(w)
    write_syn(w)
    write_unstamped(w)
    write_stamp_shapes(w)
    write_stamp_ages(w)
    write_stamp_options(w)
    write_sockets(w)
    write_table(w)
    write_nobody(w)
    write_dead(w)
