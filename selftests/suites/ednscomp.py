# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that ISC's EDNS compliance tester asks a server, and what it wants to hear; a row each.

Named as in its reports. A check gets the reply, which dnspython has read without complaint.
"""
import socket

import dns.edns, dns.flags, dns.message, dns.opcode, dns.query, dns.rcode
import dns.rdatatype as T

ECS_ALL = dns.edns.ECSOption("0.0.0.0", 0, 0)
COOKIE = dns.edns.GenericOption(10, b"8 bytes.")
EXPIRE, NSID, UNKNOWN = (dns.edns.GenericOption(code, b"") for code in (9, 3, 100))
MBZ = 0x40  # a flag beside DO that nobody has given a meaning to
Z = 0x40    # the header's bit that must be zero


def query(zone, rdtype="SOA", flags=0, edns=None, edns_flags=0, payload=4096, options=()):
    made = dns.message.make_query(zone, rdtype, flags=flags)
    if edns is not None:
        made.use_edns(edns, edns_flags, payload, options=list(options))
    return made


def has_soa(r):
    return [rrset.rdtype for rrset in r.answer] == [T.SOA] and r.flags & dns.flags.AA


def plain(r):
    return r.rcode() == dns.rcode.NOERROR and has_soa(r) and r.edns < 0


def with_opt(r):
    return r.rcode() == dns.rcode.NOERROR and has_soa(r) and r.edns == 0


def no_option(code):
    return lambda r: code not in [option.otype for option in r.options]


def bad_version(r):
    return r.rcode() == dns.rcode.BADVERS and not r.answer and r.edns == 0


def clear(bits):
    return lambda r: not r.flags & bits


def rows(zone):
    """Name, query, checks."""
    for name, bit in (("dns", 0), ("ad", dns.flags.AD), ("cd", dns.flags.CD), ("rd", dns.flags.RD),
                      ("aa", dns.flags.AA), ("tc", dns.flags.TC), ("ra", dns.flags.RA), ("zflag", Z)):
        yield name, query(zone, flags=bit), [plain, clear(dns.flags.RA | dns.flags.AD | Z |
                                                          dns.flags.TC)]
    for name, rdtype in (("type666", "TYPE666"), ("type1000", "TYPE1000")):
        yield name, query(zone, rdtype), [
            lambda r: r.rcode() == dns.rcode.NOERROR and not r.answer and
            r.authority[0].rdtype == T.SOA]
    yield "edns", query(zone, edns=0), [with_opt]
    yield "edns1", query(zone, edns=1), [bad_version]
    yield "ednsopt", query(zone, edns=0, options=[UNKNOWN]), [with_opt, no_option(100)]
    yield "edns1opt", query(zone, edns=1, options=[UNKNOWN]), [bad_version, no_option(100)]
    yield "do", query(zone, edns=0, edns_flags=dns.flags.DO), [
        lambda r: with_opt(r) or {x.rdtype for x in r.answer} == {T.SOA, T.RRSIG},
        lambda r: r.ednsflags & dns.flags.DO]
    yield "ednsflags", query(zone, edns=0, edns_flags=MBZ), [with_opt,
                                                                lambda r: not r.ednsflags & MBZ]
    yield "edns1flags", query(zone, edns=1, edns_flags=MBZ), [bad_version,
                                                                 lambda r: not r.ednsflags & MBZ]
    yield "optlist", query(zone, edns=0, options=[NSID, ECS_ALL, EXPIRE, COOKIE]), [with_opt]
    yield "nsid", query(zone, edns=0, options=[NSID]), [
        with_opt, lambda r: [o.otype for o in r.options] == [3]]
    yield "docookie", query(zone, edns=0, edns_flags=dns.flags.DO, options=[COOKIE]), [
        lambda r: r.rcode() == dns.rcode.NOERROR and r.ednsflags & dns.flags.DO]
    yield "edns@512", query(zone, "DNSKEY", edns=0, payload=512, edns_flags=dns.flags.DO), [
        lambda r: r.rcode() == dns.rcode.NOERROR and r.edns == 0,
        lambda r: r.size <= 512]


def ask(address, made, tcp):
    """The reply, with its size if that is limited."""
    if tcp:
        reply = dns.query.tcp(made, address, timeout=2)
        reply.size = 0
        return reply
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                       socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((address, 53))
        s.send(made.to_wire())
        wire = s.recv(65535)
    reply = dns.message.from_wire(wire, ignore_trailing=False)
    reply.size = len(wire)
    if not made.is_response(reply):
        raise ValueError("not a response to this")
    return reply


def refuses_opcode(address):
    """"opcode": dnspython knows no opcode 15."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                       socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((address, 53))
        s.send(b"\1\2\x78" + bytes(9))
        reply = s.recv(65535)
    return reply == b"\1\2\xf8\4" + bytes(8)


def faults(address, zone, tcp):
    """Names of the questions whose replies were not what they have to be."""
    for name, made, checks in rows(zone):
        try:
            reply = ask(address, made, tcp)
        except Exception as e:
            yield f"{name} ({type(e).__name__})"
            continue
        if not all(check(reply) for check in checks):
            yield name
