#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question with DO, and its answer validated by dnspython: for what delv and drill cannot ask.

    secure.py SERVER SUBNET|- NAME TYPE KEYFILE...        over UDP and TCP, which must say the same

Says "TTL DATA... /SCOPE" of a positive answer, "no such type /SCOPE" of a proven negative one, and
what is wrong otherwise.
"""
import sys

import dns.dnssec
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.rrset

NSEC = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


def read_keys(files):
    keys = {}
    for file in files:
        with open(file, encoding="ascii") as f:
            owner, rest = f.read().split(";")[0].split(None, 1)
        words = rest.split("DNSKEY")[1].split()
        name = dns.name.from_text(owner)
        rrset = dns.rrset.from_text(name, 3600, "IN", "DNSKEY", " ".join(words))
        keys.setdefault(name, rrset).update(rrset)
    return keys


def check(section, keys):
    """Every set of the section has a signature that is right."""
    for rrset in section:
        if rrset.rdtype == dns.rdatatype.RRSIG:
            continue
        sigs = [s for s in section if s.rdtype == dns.rdatatype.RRSIG and s.name == rrset.name and
                s.covers == rrset.rdtype]
        if not sigs:
            raise ValueError(f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} is not signed")
        dns.dnssec.validate(rrset, sigs[0], keys)
        # RFC 4035, 5.3.3: a validator takes the least of these.
        if sigs[0].ttl != rrset.ttl or rrset.ttl > sigs[0][0].original_ttl:
            raise ValueError(f"TTL {rrset.ttl} of the set, {sigs[0].ttl} of its signature")


def lists(rdata, rdtype):
    return any(window == rdtype >> 8 and (rdtype & 255) // 8 < len(bitmap) and
               bitmap[(rdtype & 255) // 8] & 0x80 >> rdtype % 8 for window, bitmap in rdata.windows)


def scope(reply):
    for option in reply.options:
        if isinstance(option, dns.edns.ECSOption):
            return f" /{option.scopelen}"
    return ""


def say(reply, rdtype, keys):
    check(reply.answer, keys)
    check(reply.authority, keys)
    data = [r for r in reply.answer if r.rdtype == rdtype]
    if data:
        return f"{data[0].ttl} {' '.join(sorted(map(str, data[0])))}{scope(reply)}"
    proofs = [r for r in reply.authority if r.rdtype in NSEC]
    if len(proofs) != 1 or any(lists(r, rdtype) for r in proofs[0]):
        raise ValueError("what denies the type is not there, or says that it is")
    return f"no such type{scope(reply)}"


def main(server, subnet, name, rdtype, *files):
    options = [] if subnet == "-" else [dns.edns.ECSOption(*subnet.split("/")[:1],
                                                           int(subnet.split("/")[1]))]
    query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232, options=options)
    query.flags &= ~dns.flags.RD
    keys, said = read_keys(files), []
    for ask in (dns.query.udp, dns.query.tcp):
        said.append(say(ask(query, server, 3), dns.rdatatype.from_text(rdtype), keys))
    print(said[0] if said[0] == said[1] else f"UDP: {said[0]}; TCP: {said[1]}")


main(*sys.argv[1:])
