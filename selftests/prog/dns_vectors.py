# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS in the kernel: a handful of questions through the real programs. dnspython writes the
expected answers, to the byte; the engine's own tests are in selftests/unit."""

import re

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import dns.zone
from scapy.layers.inet import IP, UDP, IPOption_NOP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Dot1AD, Dot1Q
from scapy.packet import Raw

from layout import TREE
from oracle import MAC_GATEWAY, MAC_US, ether
from world import (CLIENT4, CLIENT6, OWN, US, VIP4, VIP4_DNS, VIP4_TCP, VIP6, VIP6_DNS, own_bit,
                   tunnel4, u32)

ORIGIN = "example.org."
NSID = b"fra.fra1"
UDP_SIZE = 1232
ZONE = """\
$ORIGIN example.org.
$TTL 300
@       SOA   ns1 hostmaster 7 3600 600 86400 60
        NS    ns1
ns1     A     192.0.2.53
www     A     192.0.2.80
        AAAA  2001:db8:a::80
text    TXT   "one" "two"
alias   CNAME www
*.wild  A     192.0.2.81
mid     TXT   %(mid)s
big     TXT   %(big)s
d       NS    ns.d
        NS    fat
        NS    www
ns.d    A     192.0.2.5
        AAAA  2001:db8:a::5
glut    NS    ns.glut
%(fat)s
%(chain)s
""" % {"mid": " ".join(f'"{c * 200}"' for c in "abc"),
       "big": " ".join(f'"{c * 200}"' for c in "abcdefg"),
       "fat": "\n".join(f"{name} A 10.0.{i}.{n}" for i, name in enumerate(("fat", "ns.glut"))
                        for n in range(1, 41)),
       "chain": "\n".join(f"step{n} CNAME step{n + 1}" for n in range(1, 9)) + "\nstep9 A 192.0.2.90"}
records = dns.zone.from_text(ZONE, ORIGIN, relativize=False)


def question(name, rdtype="A", **more):
    return dns.message.make_query(name, rdtype, id=0xBEEF, flags=dns.flags.RD, **more)


def answered(query, *sections, rcode=dns.rcode.NOERROR, authority=(), aa=True, options=()):
    """The reply to `query`, as RFC 1035 and 6891 want it."""
    reply = dns.message.make_response(query)
    reply.flags = dns.flags.QR | (query.flags & dns.flags.RD) | (dns.flags.AA if aa else 0)
    reply.answer = list(sections)
    reply.authority = list(authority)
    if query.edns >= 0:
        nsid = [dns.edns.GenericOption(dns.edns.NSID, NSID)] if asks_nsid(query) else []
        reply.use_edns(0, query.ednsflags & dns.flags.DO, UDP_SIZE, options=nsid + list(options))
    reply.set_rcode(rcode)  # its high bits are among the flags of EDNS
    return reply


def asks_nsid(query):
    return any(option.otype == dns.edns.NSID for option in query.options)


def rrset(name, rdtype, owner=None):
    """From the zone; `owner` where a wildcard made it."""
    found = records.find_rrset(name, rdtype)
    return dns.rrset.from_rdata_list(owner or name, found.ttl, list(found))


def soa():
    """RFC 2308, 5: as long as nothing is known to be there."""
    found = rrset(ORIGIN, "SOA")
    return dns.rrset.from_rdata_list(ORIGIN, min(found.ttl, found[0].minimum), list(found))


def carried(payload, client, vip, sport=5353, **more):
    """A query on its way; scapy writes the headers."""
    ip = (IPv6(src=client, dst=vip, hlim=55) if ":" in vip else
          IP(src=client, dst=vip, ttl=55, id=99, tos=0x20, **more.get("ip", {})))
    for extension in more.get("extensions", ()):
        ip = ip / extension
    udp = UDP(sport=sport, dport=53, **more.get("udp", {}))
    return bytes(ip / udp / Raw(payload))


def returned(payload, client, vip, sport=5353):
    ip = (IPv6(src=vip, dst=client, hlim=64) if ":" in vip else
          IP(src=vip, dst=client, ttl=64, id=0, flags="DF"))
    return bytes(ip / UDP(sport=53, dport=sport) / Raw(payload))


def ask(w, name, query, reply, client=CLIENT4, vip=VIP4, vlans=(), padding=b"", udp={},
        reason="dns_answered", **more):
    frame = ether(carried(wire(query), client, vip, udp=udp), ":" in vip, vlans) + padding
    out = ether(returned(reply.to_wire(), client, vip), ":" in vip, vlans, dst=MAC_GATEWAY,
                src=MAC_US)
    w.vector(f"dns-{name}", frame, "tx", reason, out=out, **more)


def wire(query):
    return query if isinstance(query, bytes) else query.to_wire()


def write_answers(w):
    www, www6 = rrset("www.example.org.", "A"), rrset("www.example.org.", "AAAA")
    for label, client, vip in (("4", CLIENT4, VIP4), ("6", CLIENT6, VIP6),
                               ("4-dns-only", CLIENT4, VIP4_DNS),
                               ("6-dns-only", CLIENT6, VIP6_DNS)):
        query = question("www.example.org.")
        ask(w, f"a-in{label}", query, answered(query, www), client, vip,
            truncate="only" not in label)
        query = question("www.example.org.", "AAAA")
        ask(w, f"aaaa-in{label}", query, answered(query, www6), client, vip)
        query = question("no.such.name.example.org.")
        ask(w, f"nxdomain-in{label}", query,
            answered(query, rcode=dns.rcode.NXDOMAIN, authority=[soa()]), client, vip)
        query = question("www.example.org.", use_edns=0, payload=4096,
                         options=[dns.edns.GenericOption(dns.edns.NSID, b"")])
        ask(w, f"nsid-in{label}", query, answered(query, www), client, vip)
        query = question("www.example.net.")
        ask(w, f"refused-in{label}", query,
            answered(query, rcode=dns.rcode.REFUSED, aa=False), client, vip)
    query = question("www.example.org.", "TXT")
    ask(w, "nodata", query, answered(query, authority=[soa()]))
    query = question("text.example.org.", "TXT")
    ask(w, "txt", query, answered(query, rrset("text.example.org.", "TXT")))
    query = question("alias.example.org.")
    ask(w, "cname", query, answered(query, rrset("alias.example.org.", "CNAME"), www))
    query = question("step2.example.org.")
    ask(w, "seven-aliases", query,
        answered(query, *(rrset(f"step{n}.example.org.", "CNAME") for n in range(2, 9)),
                 rrset("step9.example.org.", "A")))
    query = question("a.b.wild.example.org.")
    ask(w, "wildcard", query, answered(query, rrset("*.wild.example.org.", "A",
                                                    "a.b.wild.example.org.")))
    query = question("www.example.org.")
    ask(w, "vlan", query, answered(query, www), vlans=(Dot1Q(vlan=5),))
    query = question("wWw.eXaMpLe.OrG.")
    ask(w, "0x20", query, answered(query, rrset("www.example.org.", "A", "wWw.eXaMpLe.OrG.")))
    query = question("www.example.org.", use_edns=0, payload=512)
    ask(w, "edns", query, answered(query, www))


def in_order(name, rdtype):
    """A set as we write it; dnspython would shuffle one of several records."""
    found = records.find_rrset(name, rdtype)
    return [dns.rrset.from_rdata(name, found.ttl, rdata)
            for rdata in sorted(found, key=lambda rdata: rdata.to_wire())]


def write_referrals(w):
    """RFC 9471: glue or TC, then what fits, set by set.."""
    def refer(name, cut, glue, tc=False, **edns):
        query = question(f"x.{cut}.example.org.", **edns)
        reply = answered(query, authority=in_order(f"{cut}.example.org.", "NS"), aa=False)
        for host, rdtype in glue:
            reply.additional += in_order(f"{host}.example.org.", rdtype)
        reply.flags |= dns.flags.TC if tc else 0
        ask(w, f"referral-{name}", query, reply)

    below = [("ns.d", "A"), ("ns.d", "AAAA")]
    refer("glue-first", "d", below)
    refer("all", "d", below + [("fat", "A"), ("www", "A"), ("www", "AAAA")], use_edns=0,
          payload=1232)
    refer("part", "d", below + [("fat", "A")], use_edns=0, payload=790)
    refer("no-glue", "glut", [], tc=True)
    refer("all-glue", "glut", [("ns.glut", "A")], use_edns=0, payload=1232)


# AD_DOOR_DNS_COPIED is empty: where it is depends on the format of images.
FORMAT = int(re.search(r"^#define AD_DNS_FORMAT (\d+)$", (TREE / "maps/dns.h").read_text(), re.M)[1])
IN_FRAME = ("door_xdp", u32(2 + FORMAT % 2), b"")


def write_in_frame(w):
    """Answered with nobody behind `dns` that would answer in a copy; names of every length
    modulo 8, with something behind them and without."""
    def alone(name, query, reply, **more):
        ask(w, f"frame-{name}", query, reply, sets=[IN_FRAME], **more)

    for name, edns in (("", {}), ("-edns", {"use_edns": 0}),
                       ("-do", {"use_edns": 0, "want_dnssec": True})):
        for rdtype in ("A", "AAAA"):
            query = question("www.example.org.", rdtype, **edns)
            alone(f"{rdtype.lower()}{name}", query, answered(query, rrset("www.example.org.", rdtype)))
        query = question("text.example.org.", "TXT", **edns)
        alone(f"txt{name}", query, answered(query, rrset("text.example.org.", "TXT")))
        query = question("www.example.org.", "MX", **edns)
        alone(f"nodata{name}", query, answered(query, authority=[soa()]))
        query = question("example.org.", "NS", **edns)
        reply = answered(query, rrset(ORIGIN, "NS"))
        reply.additional = [rrset("ns1.example.org.", "A")]
        alone(f"ns{name}", query, reply)
        for length in range(1, 9):
            label = "x" * length
            query = question(f"{label}.wild.example.org.", **edns)
            found = rrset("*.wild.example.org.", "A", f"{label}.wild.example.org.")
            alone(f"wildcard-{length}{name}", query, answered(query, found))
            query = question(f"{label}.no.such.example.org.", **edns)
            alone(f"nxdomain-{length}{name}", query,
                  answered(query, rcode=dns.rcode.NXDOMAIN, authority=[soa()]))
    for rdtype in ("A", "ANY", "CNAME"):
        query = question("alias.example.org.", rdtype)
        more = [rrset("www.example.org.", "A")] if rdtype == "A" else []
        alone(f"alias-{rdtype.lower()}", query,
              answered(query, rrset("alias.example.org.", "CNAME"), *more))
    query = question("x.d.example.org.")
    reply = answered(query, authority=in_order("d.example.org.", "NS"), aa=False)
    reply.additional += [rrset("ns.d.example.org.", rdtype) for rdtype in ("A", "AAAA")]
    alone("referral", query, reply)
    query = question("d.example.org.", "DS")
    alone("no-ds", query, answered(query, authority=[soa()]))
    query = question("big.example.org.", "TXT", use_edns=0)
    alone("cut", query, cut(query))
    query = question("www.example.net.")
    alone("refused", query, answered(query, rcode=dns.rcode.REFUSED, aa=False))
    query = question("no.such.example.org.")
    reply = answered(query, rcode=dns.rcode.NXDOMAIN, authority=[soa()])
    alone("in6", query, reply, client=CLIENT6, vip=VIP6)
    alone("vlan", query, reply, vlans=(Dot1Q(vlan=5),))


def write_heads(w):
    """Tags, padding, no checksum: what leaves is right all the same, and has none of that."""
    tags = {"qinq": (Dot1AD(vlan=7, prio=3), Dot1Q(vlan=5)), "vlan-twice": (Dot1Q(vlan=7), Dot1Q(vlan=5))}
    query = question("www.example.org.", "AAAA")
    reply = answered(query, rrset("www.example.org.", "AAAA"))
    for name, vlans in tags.items():
        ask(w, f"{name}-in4", query, reply, vlans=vlans)
        ask(w, f"{name}-in6", query, reply, CLIENT6, VIP6, vlans=vlans)
    ask(w, "no-checksum", query, reply, udp={"chksum": 0})
    ask(w, "padded", query, reply, padding=bytes(46))
    ask(w, "padded6", query, reply, CLIENT6, VIP6, padding=bytes(3))
    ask(w, "namesake", query, reply, client=namesake())
    query = question(".", "A")
    ask(w, "shortest", query, answered(query, rcode=dns.rcode.REFUSED, aa=False), padding=bytes(15))


def namesake():
    """A client whose address shares its bit in state.own with one of ours."""
    return next(f"198.51.100.{n}" for n in range(1, 255) if OWN >> own_bit(f"198.51.100.{n}") & 1)


def cut(query):
    reply = answered(query)
    reply.flags |= dns.flags.TC
    return reply


def write_sizes(w):
    """512 without EDNS or below; what the client offers; never more than 1232."""
    for name, payload, whole in (("mid", None, False), ("mid", 0, False), ("mid", 512, False),
                                 ("mid", 700, True), ("mid", 65535, True), ("big", 1232, False),
                                 ("big", 4096, False), ("big", 65535, False)):
        edns = {} if payload is None else {"use_edns": 0, "payload": payload}
        query = question(f"{name}.example.org.", "TXT", **edns)
        reply = answered(query, rrset(f"{name}.example.org.", "TXT")) if whole else cut(query)
        ask(w, f"{name}-{payload}", query, reply)
        ask(w, f"{name}-{payload}-in6", query, reply, CLIENT6, VIP6)


def write_rejected(w):
    """Answered with a bare header: there is no question that could be repeated."""
    good = question("www.example.org.").to_wire()
    for name, payload, opcode, rcode in (
            ("name-cut", good[:20], dns.opcode.QUERY, dns.rcode.FORMERR),
            ("no-question", good[:4] + bytes(8), dns.opcode.QUERY, dns.rcode.FORMERR),
            ("update", b"\xbe\xef\x28" + bytes(9), dns.opcode.UPDATE, dns.rcode.NOTIMP)):
        reply = dns.message.Message(id=0xBEEF)
        reply.flags = dns.flags.QR | (dns.flags.RD if payload[2] & 1 else 0)
        reply.set_opcode(opcode)
        reply.set_rcode(rcode)
        ask(w, name, payload, reply)


def write_left(w):
    """What is ignored, and what is somebody else's to think about."""
    query = question("www.example.org.")
    response = answered(query, rrset("www.example.org.", "A")).to_wire()
    good = query.to_wire()

    def left(name, payload, reason, client=CLIENT4, vip=VIP4, **more):
        w.vector(f"dns-{name}", ether(carried(payload, client, vip, **more), ":" in vip),
                 "drop" if reason == "dns_ignored" else "pass", reason)

    left("response", response, "dns_ignored")
    left("response6", response, "dns_ignored", CLIENT6, VIP6)
    left("empty", b"", "dns_ignored")
    left("half-header", good[:11], "dns_ignored")
    left("from-port-0", good, "dns_ignored", sport=0)
    for port in (7, 19, 37, 464):
        left(f"from-port-{port}", good, "dns_ignored", sport=port)
        left(f"from-port-{port}-v6", good, "dns_ignored", CLIENT6, VIP6, sport=port)
    left("from-mapped", good, "foreign", f"::ffff:{CLIENT4}", VIP6)
    left("from-multicast", good, "dns_ignored", client="224.0.0.1")
    left("from-ourselves", good, "dns_ignored", client=VIP4)
    left("from-another-vip", good, "dns_ignored", client=VIP4_TCP)
    left("from-another-vip6", good, "dns_ignored", VIP6_DNS, VIP6)
    left("from-our-tunnel", good, "dns_ignored", client=tunnel4(US))
    left("long", good + bytes(1100), "dns_passed")
    left("options4", good, "dns_passed", ip={"options": [IPOption_NOP()] * 4})
    left("fragment", good, "vip_other", ip={"flags": "MF"})
    left("extension", good, "dns_passed", CLIENT6, VIP6, extensions=(IPv6ExtHdrDestOpt(),))
    left("eight-aliases", question("step1.example.org.").to_wire(), "dns_passed")
    left("two-answers", good[:6] + b"\0\2" + good[8:] + bytes(40), "dns_passed")


def write_unread(w):
    """An image of another format is the daemon's, whatever is asked."""
    for name, image_format in (("older", 0), ("newer", 99)):
        for label, query in (("in-frame", question("www.example.org.")),
                             ("copied", question("www.example.org.", "TXT")),
                             ("more", question("step1.example.org."))):
            for client, vip in ((CLIENT4, VIP4), (CLIENT6, VIP6)):
                ip6 = ":" in vip
                w.vector(f"dns-unread-{name}-{label}-v{6 if ip6 else 4}",
                         ether(carried(query.to_wire(), client, vip), ip6), "pass", "dns_unread",
                         sets=[("image_format", u32(0), u32(image_format))])


def write(w):
    write_unread(w)
    write_answers(w)
    write_referrals(w)
    write_in_frame(w)
    write_heads(w)
    write_sizes(w)
    write_rejected(w)
    write_left(w)


def write_zone(folder, more):
    (folder / "vectors.zone").write_text(ZONE + more, encoding="ascii")
    return {ORIGIN: "vectors.zone"}


def write_unserved(w):
    """dns.unserved: pass (options 'far')."""
    query = question("www.example.net.")
    w.vector("dns-unserved-passed", ether(carried(query.to_wire(), CLIENT4, VIP4), False), "pass",
             "dns_passed")
    query = question("www.example.org.")
    ask(w, "served-beside", query, answered(query, rrset("www.example.org.", "A")))
