#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer is one that a forged question can do little with, whoever gives it; and what the
kernel passes up is answered by the daemon: the rcode due, never silence.

Frames are made by scapy and put on the wire as they are; so are the replies read.
"""
import os, socket, struct, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.edns, dns.flags, dns.message, dns.name, dns.opcode, dns.rcode, dns.rrset, dns.update
import dns.rdatatype as T
from dns_raw import Wire, faults, message_of
from dns_signals import end_by_finally
from dns_site import CLIENT4, CLIENT6, VIP4, VIP6, Site, enter, sh
from dns_tap import done, ok
from scapy.layers.inet import IP, UDP, IPOption_NOP, fragment
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                PadN, fragment6)
from scapy.packet import Raw

ZONE = "example.com."
POLICY = 1232
PORT = 5300
IN_KERNEL, BY_DAEMON = "dns_answered", "daemon"


def make(name="web." + ZONE, rdtype="A", **more):
    return dns.message.make_query(name, rdtype, **more)


def wire(query):
    return query if isinstance(query, bytes) else query.to_wire()


def ip4(query, chksum=None, **more):
    udp = UDP(sport=PORT, dport=53) if chksum is None else UDP(sport=PORT, dport=53, chksum=chksum)
    return IP(**{"src": CLIENT4, "dst": VIP4, "id": 7, "tos": 0x20, **more}) / udp / Raw(wire(query))


def ip6(query, *extensions):
    packet = IPv6(src=CLIENT6, dst=VIP6, tc=0x20, fl=0x12345)
    for extension in extensions:
        packet = packet / extension
    return packet / UDP(sport=PORT, dport=53) / Raw(wire(query))


def counts(site):
    """Questions that the kernel answered, and that the daemon did."""
    dns_ = site.stats()["dns"]
    return {IN_KERNEL: sum(dns_["kernel"].values()), BY_DAEMON: sum(dns_["daemon_udp"].values())}


def exchange(wire_, packets, tags=b"", padding=b""):
    for packet in packets:
        wire_.send(packet, tags, padding)
    return wire_.hear(PORT)


def expect(site, wire_, name, packets, rcode, who=None, tags=b"", padding=b"", limit=POLICY):
    """One exchange; gives the reply's message, or None."""
    six, before = packets[0].version == 6, counts(site)
    reply = exchange(wire_, packets, tags, padding)
    wrong = faults(reply, VIP6 if six else VIP4, CLIENT6 if six else CLIENT4)
    message = message_of(reply) if reply else b""
    if reply:
        got = dns.rcode.to_text(message[3] & 15)
        wrong += [f"{got}, not {rcode}"] if got != rcode else []
        wrong += [f"{len(message)} bytes"] if len(message) > limit else []
        by = {k: v - before[k] for k, v in counts(site).items()}
        wrong += [f"answered by {by}"] if who and by != {IN_KERNEL: 0, BY_DAEMON: 0, who: 1} else []
    ok(not wrong, f"{name}: {', '.join(wrong) or rcode}")
    return message


# --- what the kernel answers -------------------------------------------------------------------


def test_answers_in_kernel(site, wire_):
    vlan, qinq = b"\x81\x00\x00\x05", b"\x88\xa8\x00\x07\x81\x00\x00\x05"
    for family, packet in (("IPv4", ip4(make())), ("IPv6", ip6(make()))):
        expect(site, wire_, f"{family}, plain", [packet], "NOERROR", IN_KERNEL)
        expect(site, wire_, f"{family}, VLAN", [packet], "NOERROR", IN_KERNEL, tags=vlan)
        expect(site, wire_, f"{family}, QinQ", [packet], "NOERROR", IN_KERNEL, tags=qinq)
    expect(site, wire_, "IPv4 without a UDP checksum", [ip4(make(), chksum=0)], "NOERROR", IN_KERNEL)
    expect(site, wire_, "IPv4, not to be fragmented, TTL 1", [ip4(make(), flags="DF", ttl=1)],
           "NOERROR", IN_KERNEL)
    expect(site, wire_, "a frame padded by Ethernet", [ip4(make(".", "A"))], "REFUSED", IN_KERNEL,
           padding=bytes(18))


def test_sizes(site, wire_):
    """The client's size, 512 below that or without EDNS, never more than 1232."""
    for payload, limit in ((None, 512), (0, 512), (511, 512), (512, 512), (513, 513), (1231, 1231),
                           (1232, 1232), (1233, 1232), (4096, 1232), (65535, 1232)):
        edns = {} if payload is None else {"use_edns": 0, "payload": payload}
        for name in ("big512", "big1232", "big4096"):
            query = make(f"{name}.{ZONE}", "TXT", **edns)
            message = expect(site, wire_, f"{name}, EDNS {payload}", [ip4(query)], "NOERROR",
                             limit=limit)
            read = message and dns.message.from_wire(message)
            whole = read and read.answer and len(read.answer[0]) == SIZES[name]
            ok(bool(read) and (whole or read.flags & dns.flags.TC and not read.answer),
               f"  {'whole' if whole else 'TC and nothing of it'}")


# --- what it passes up -------------------------------------------------------------------------


def strange_packets(query):
    """Heads that the program in the kernel leaves alone; each is one question."""
    big = make(use_edns=0, payload=POLICY,
               options=[dns.edns.GenericOption(dns.edns.OptionType.PADDING, bytes(900))])
    pad = PadN(optdata=bytes(4))
    yield "IPv4 options", [ip4(query, options=[IPOption_NOP()] * 4)]
    yield "IPv6 destination options", [ip6(query, IPv6ExtHdrDestOpt(options=[pad]))]
    yield "IPv6 hop-by-hop options", [ip6(query, IPv6ExtHdrHopByHop(options=[pad]))]
    yield "IPv6 atomic fragment", [ip6(query, IPv6ExtHdrFragment(id=5))]
    yield "IPv4 fragments", fragment(ip4(big, id=77), 400)
    yield "IPv4 fragments, last one first", fragment(ip4(big, id=78), 400)[::-1]
    yield "IPv6 fragments", fragment6(ip6(big, IPv6ExtHdrFragment(id=79)), 600)
    yield "IPv6 fragments, last one first", fragment6(ip6(big, IPv6ExtHdrFragment(id=80)), 600)[::-1]


def record(owner, rdtype, data=b"", rdclass=1):
    return owner + struct.pack("!HHIH", rdtype, rdclass, 0, len(data)) + data


def odd(counts_, extra, flags=0x100, question=b"\3web\7example\3com\0\0\1\0\1"):
    """A message by hand: counts, and what stands behind the question."""
    return struct.pack("!6H", 0xbeef, flags, *counts_) + question + extra


def opcode(query, number):
    query.set_opcode(number)
    return query


def ixfr():
    query = make(ZONE, "IXFR")
    query.authority.append(dns.rrset.from_text(ZONE, 0, "IN", "SOA", "ns1. host. 1 2 3 4 5"))
    return query


def signed():
    query = make(ZONE, "SOA")
    query.use_tsig({dns.name.from_text("key."): b"secret"})
    return query


def update():
    query = dns.update.UpdateMessage(ZONE)
    query.add("new", 60, "A", "192.0.2.1")
    return query


def strange_messages():
    """What the engine in the kernel does not think about, or answers without looking: the rcode."""
    address, opt = record(b"\xc0\x0c", T.A, b"\1\2\3\4"), record(b"\0", T.OPT, b"", POLICY)
    options = [dns.edns.GenericOption(65001 + n, b"x") for n in range(12)]
    padding = [dns.edns.GenericOption(dns.edns.OptionType.PADDING, bytes(1200))]
    yield "twelve EDNS options", make(use_edns=0, options=options), "NOERROR"
    yield "more than a kilobyte", make(use_edns=0, request_payload=4096, options=padding), "NOERROR"
    yield "127 labels", make("a." * 120 + ZONE), "NXDOMAIN"
    yield "an answer in the query", odd((1, 1, 0, 0), address), "NOERROR"
    yield "an authority in the query", odd((1, 0, 1, 0), address), "NOERROR"
    yield "an address beside OPT", odd((1, 0, 0, 2), address + opt), "NOERROR"
    yield "OPT behind the address", odd((1, 0, 0, 2), opt + address), "NOERROR"
    yield "two OPT records", odd((1, 0, 0, 2), opt + opt), "FORMERR"
    yield "OPT as an answer", odd((1, 1, 0, 0), opt), "FORMERR"
    yield "OPT of a name", odd((1, 0, 0, 1), record(b"\1x\0", T.OPT, b"", POLICY)), "FORMERR"
    yield "fewer records than it says", odd((1, 0, 0, 3), opt), "FORMERR"
    yield "more bytes than records", odd((1, 0, 0, 0), b"\0\0\0"), "FORMERR"
    yield "no question", odd((0, 0, 0, 0), b"", question=b""), "FORMERR"
    yield "two questions", odd((2, 0, 0, 0), b"\0\0\1\0\1"), "FORMERR"
    yield "TSIG", signed(), "NOTAUTH"
    yield "AXFR", make(ZONE, "AXFR"), "REFUSED"
    yield "AXFR of another's zone", make("example.net.", "AXFR"), "NOTAUTH"
    yield "IXFR", ixfr(), "REFUSED"
    yield "UPDATE", update(), "NOTIMP"
    yield "NOTIFY", opcode(make(ZONE, "SOA"), dns.opcode.NOTIFY), "NOTIMP"
    yield "STATUS", opcode(make(ZONE, "SOA"), dns.opcode.STATUS), "NOTIMP"
    for number in (1, 3, 6, 7, 15):
        yield f"opcode {number}", odd((1, 0, 0, 0), b"", flags=number << 11), "NOTIMP"
    for rdtype in ("TKEY", "MAILB", "MAILA", "OPT", "TSIG"):
        yield f"type {rdtype}", make(ZONE, rdtype), "REFUSED"
    yield "class ANY", make(ZONE, "A", rdclass="ANY"), "REFUSED"
    yield "a long chain of aliases", make("toself." + ZONE), "NOERROR"
    yield "below a DNAME", make("x.y.dname." + ZONE, "AAAA"), "NOERROR"


def test_strange_packets(site, wire_):
    for name, packets in strange_packets(make()):
        expect(site, wire_, name, list(packets), "NOERROR", BY_DAEMON)


def test_strange_messages(site, wire_):
    for name, query, rcode in strange_messages():
        expect(site, wire_, f"{name}, IPv4", [ip4(query)], rcode)
        expect(site, wire_, f"{name}, IPv6", [ip6(query)], rcode)


# --- EDNS in what is no answer ------------------------------------------------------------------


def opt_record(flags=0, version=0, data=b""):
    return b"\0" + struct.pack("!HHBBHH", T.OPT, POLICY, 0, version, flags, len(data)) + data


def by_udp(query):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.sendto(query, (VIP4, 53))
        return s.recv(65535)


def by_tcp(query):
    with socket.create_connection((VIP4, 53), 2) as s:
        s.sendall(struct.pack("!H", len(query)) + query)
        size = struct.unpack("!H", s.recv(2, socket.MSG_WAITALL))[0]
        return s.recv(size, socket.MSG_WAITALL)


def without_answer(extra):
    """Name, query, rcode, and how many questions come back along with OPT."""
    end = (1,) if extra else (0,)
    web, one = b"\3web\7example\3com\0\0\1\0\1", (1, 0, 0) + end
    for number in (1, 2, 4, 5, 6, 15):
        yield f"opcode {number}", odd(one, extra, number << 11), dns.rcode.NOTIMP, 1
    yield "two questions", odd((2, 0, 0) + end, web + extra), dns.rcode.FORMERR, 0
    yield "no question", odd((0, 0, 0) + end, extra, question=b""), dns.rcode.FORMERR, 0
    for name, question, rcode in (
            ("another's zone", b"\3www\7example\7invalid\0\0\1\0\1", dns.rcode.REFUSED),
            ("no such name", b"\2no\7example\3com\0\0\1\0\1", dns.rcode.NXDOMAIN),
            ("AXFR", b"\7example\3com\0\0\xfc\0\1", dns.rcode.REFUSED),
            ("class CH", b"\7version\4bind\0\0\x10\0\3", dns.rcode.REFUSED),
            ("class ANY", b"\7example\3com\0\0\6\0\xff", dns.rcode.REFUSED),
            ("type OPT", b"\7example\3com\0\0\x29\0\1", dns.rcode.REFUSED)):
        yield name, odd(one, extra, question=question), rcode, 1


def is_due(query, reply, rcode, questions, flags):
    """RFC 6891, 6.1.1 and 7, RFC 3225, 3: OPT for who sent one, with its DO, and the question."""
    opcode = 0x78  # which dnspython would stumble over
    if (query[2] ^ reply[2]) & opcode:
        return False
    read = dns.message.from_wire(reply[:2] + bytes([reply[2] & ~opcode]) + reply[3:])
    if flags is None:
        return read.rcode() == rcode and read.edns < 0
    return read.rcode() == rcode and read.edns == 0 and \
        read.ednsflags & dns.flags.DO == flags and len(read.question) == questions


def test_opt_goes_back():
    for what, flags in (("without OPT", None), ("with OPT", 0), ("with DO", dns.flags.DO)):
        extra = b"" if flags is None else opt_record(flags)
        for name, query, rcode, questions in without_answer(extra):
            wrong = [way.__name__ for way in (by_udp, by_tcp)
                     if not is_due(query, way(query), rcode, questions, flags)]
            ok(not wrong, f"{name}, {what}: {dns.rcode.to_text(rcode)} {' '.join(wrong)}")
    for name, number, opt, rcode in (
            ("another version", 0, opt_record(version=1), dns.rcode.BADVERS),
            ("another version of another opcode", 2, opt_record(version=1), dns.rcode.BADVERS),
            ("a cookie of 7 bytes", 0, opt_record(data=b"\0\x0a\0\7abcdefg"), dns.rcode.FORMERR),
            ("an option that does not end", 0, opt_record(data=b"\0\3\0\xff"), dns.rcode.FORMERR)):
        query = odd((1, 0, 0, 1), opt, number << 11)
        wrong = [way.__name__ for way in (by_udp, by_tcp)
                 if not is_due(query, way(query), rcode, 1, 0)]
        ok(not wrong, f"{name}: {dns.rcode.to_text(rcode)} {' '.join(wrong)}")


# --- what nobody answers -----------------------------------------------------------------------


def unanswerable():
    reply = bytearray(make().to_wire())
    reply[2] |= 0x80
    for label, head in (("IPv4", IP), ("IPv6", IPv6)):
        six = head is IPv6
        vip, client = (VIP6, CLIENT6) if six else (VIP4, CLIENT4)
        for name, src in ([("loopback", "::1"), ("the VIP itself", VIP6), ("multicast", "ff02::1"), ("nobody", "::"),
                           ("an IPv4 address", "::ffff:192.0.2.9")] if six else
                          [("loopback", "127.0.0.1"), ("the VIP itself", VIP4),
                           ("multicast", "224.0.0.1"), ("broadcast", "255.255.255.255"),
                           ("nobody", "0.0.0.0"), ("class E", "240.0.0.1")]):
            yield f"{label} from {name}", head(src=src, dst=vip) / UDP(sport=PORT, dport=53) / \
                Raw(wire(make()))
        for name, sport, data in (("port 0", 0, wire(make())), ("chargen", 19, wire(make())),
                                  ("who sends a reply", PORT, reply),
                                  ("who sends half a header", PORT, b"\0" * 11)):
            yield f"{label} from {name}", head(src=client, dst=vip) / UDP(sport=sport, dport=53) / \
                Raw(bytes(data))
    yield "chargen, past the kernel", IP(src=CLIENT4, dst=VIP4, options=[IPOption_NOP()] * 4) / \
        UDP(sport=19, dport=53) / Raw(wire(make()))


def test_silence(site, wire_):
    wire_.timeout = 0.15
    for name, packet in unanswerable():
        before = counts(site)
        wire_.send(packet)
        reply = wire_.hear(packet[UDP].sport)
        ok(reply is None and counts(site) == before, f"{name}: silence")
    wire_.timeout = 1.0


# --- an interface that is too narrow -----------------------------------------------------------


def test_narrow(site, wire_):
    """The daemon's answers are not fragmented either."""
    sh(f"ip -n {site.server} link set up0 mtu 1000")
    query = odd((1, 0, 0, 2), record(b"\xc0\x0c", T.A, b"\1\2\3\4") +
                record(b"\0", T.OPT, b"", POLICY),
                question=b"\7big1232\7example\3com\0\0\20\0\1")
    truncated = lambda: site.stats()["dns"]["truncated"]["daemon_udp"]
    before = truncated()
    message = expect(site, wire_, "an answer that the interface cannot send whole", [ip4(query)],
                     "NOERROR", BY_DAEMON, limit=512)
    read = message and dns.message.from_wire(message)
    ok(truncated() == before + 1, "  and is counted as cut")
    ok(bool(read) and read.flags & dns.flags.TC and read.edns == 0, "  TC instead, with OPT")
    sh(f"ip -n {site.server} link set up0 mtu 1500")


SIZES = {}


def learn_sizes():
    """How many strings each set of big.inc has."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           "../dns/zones/big.inc")) as f:
        for line in f:
            name = line.split("\t")[0]
            SIZES[name] = SIZES.get(name, 0) + 1


def server_mac(site):
    return subprocess.check_output(["ip", "-n", site.server, "-j", "link", "show", "up0"],
                                   text=True).split('"address":"')[1][:17]


def main():
    end_by_finally()
    learn_sizes()
    site = Site()
    try:
        site.up()
        mac = server_mac(site)
        # A wire carries whole checksums.
        sh(f"nsenter --net=/run/netns/{site.server} ethtool -K up0 tx off")
        enter(site.client)
        wire_ = Wire("up1", mac)
        test_answers_in_kernel(site, wire_)
        test_sizes(site, wire_)
        test_strange_packets(site, wire_)
        test_strange_messages(site, wire_)
        test_opt_goes_back()
        test_silence(site, wire_)
        test_narrow(site, wire_)
    finally:
        site.down()
    return done()


sys.exit(main())
