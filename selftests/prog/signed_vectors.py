# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed zones in the kernel: the program behind `dns`. dnspython hashes names and writes the expected
answers; signatures are only carried, so these here sign nothing."""

import struct

import dns.dnssec
import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.renderer
import dns.rrset
import dns.zone

from dns_vectors import IN_FRAME, answered, ask, carried, question
from oracle import ether
from world import CLIENT4, VIP4

SIG = "RRSIG {} 13 {} 300 20400101000000 20200101000000 59506 {} {}"
DS = "1 13 2 " + "00112233445566778899AABBCCDDEEFF" * 2
ONE_MORE = "abcdefghijklmnopqrstuvwxyz" * 2
FAR = ".".join(c * 50 for c in "xyz")  # as a key more than 128 bytes

# In canonical order; NS of delegations and glue are not signed.
PLAIN = [("@", "SOA", "ns hostmaster 7 3600 600 86400 60"), ("@", "NS", "ns"),
         ("@", "MX", "10 web"), ("@", "DNSKEY", "256 3 13 a2V5"),
         ("@", "CDS", DS), ("@", "CDNSKEY", "257 3 13 a2V5"),
         ("deep.ent", "TXT", '"deep"'), ("insecure", "NS", "ns.insecure"), ("ns", "A", "192.0.2.1"),
         ("old", "DNAME", "new"), ("secure", "NS", "ns.secure"), ("secure", "DS", DS),
         ("tonx", "CNAME", "no.where"), ("web", "A", "192.0.2.80"),
         ("*.wild", "A", "192.0.2.33"), ("www", "CNAME", "web"), (f"end.{FAR}", "A", "192.0.2.99")]
GLUE = [("ns.insecure", "A", "192.0.2.4"), ("ns.secure", "A", "192.0.2.5")]


class Reply:
    """dnspython's message, but that the owner of a denial, which rests spelled out in the zone, is
    shortened by the apex alone (RFC 1035, 4.1.4: a pointer may be used, and need not)."""

    def __init__(self, message, origin):
        self.message, self.origin = message, dns.name.from_text(origin)

    @staticmethod
    def is_denial(rrset):
        kinds = dns.rdatatype.NSEC, dns.rdatatype.NSEC3
        return rrset.rdtype in kinds or rrset.covers in kinds

    def to_wire(self):
        message, asked = self.message, self.message.question[0]
        writer = dns.renderer.Renderer(message.id, message.flags, 65535)
        writer.add_question(asked.name, asked.rdtype)
        shared, own = writer.compress, {}
        for section, rrsets in enumerate((message.answer, message.authority, message.additional), 1):
            for rrset in rrsets:
                apex = {self.origin: shared[self.origin]}
                writer.compress = own.setdefault(rrset.name, apex) if self.is_denial(rrset) else shared
                writer.add_rrset(section, rrset)
        writer.add_rrset(dns.renderer.ADDITIONAL, message.opt)
        writer.write_header()
        return writer.get_wire()


class Signed:
    """A zone, its text, and its parts as the answers need them."""

    def __init__(self, origin, nsec3, opt_out=False, iterations=1, plain=None, by="c2lnbmF0dXJl"):
        self.origin, self.nsec3, self.opt_out = origin, nsec3, opt_out
        self.iterations, self.by, self.plain = iterations, by, plain or PLAIN
        self.records = self.plain + (self.hashes() if nsec3 else self.names())
        glue = [] if plain else GLUE
        lines = [f"{owner} 300 {rdtype} {data}" for owner, rdtype, data in self.records + glue]
        lines += [f"{owner} 300 {self.signature(owner, rdtype)}" for owner, rdtype in
                  sorted({r[:2] for r in self.records}) if not self.is_cut(owner, rdtype)]
        self.text = "\n".join(lines) + "\n"
        self.zone = dns.zone.from_text(f"$ORIGIN {origin}\n{self.text}", origin, relativize=False)

    def signature(self, owner, rdtype):
        labels = len(dns.name.from_text(self.origin)) - 1
        labels += 0 if owner == "@" else owner.replace("*.", "").count(".") + 1
        return SIG.format(rdtype, labels, self.origin, self.by)

    def types(self, owner):
        """Of a name, as its denial lists them; an empty non-terminal has none."""
        return "".join(f" {rdtype}" for name, rdtype, _ in self.plain if name == owner)

    @staticmethod
    def is_cut(owner, rdtype):
        return owner in ("insecure", "secure") and rdtype == "NS"

    def names(self):
        owners = list(dict.fromkeys(r[0] for r in self.plain))
        return [(a, "NSEC", f"{b if b != '@' else self.origin}{self.types(a)} RRSIG NSEC")
                for a, b in zip(owners, owners[1:] + owners[:1])]

    def hash(self, owner):
        name = self.origin if owner == "@" else f"{owner}.{self.origin}"
        return dns.dnssec.nsec3_hash(name, "AABB", self.iterations, 1).lower()

    def hashes(self):
        left_out = {"insecure"} if self.opt_out else set()
        names = {r[0] for r in self.plain}
        above = {name[i + 1:] for name in names for i, c in enumerate(name) if c == "."}
        listed = {self.hash(o): self.types(o) for o in (names | above) - left_out}
        self.ring = owners = sorted(listed)
        return [(a, "NSEC3", f"1 {int(self.opt_out)} {self.iterations} AABB {b}{listed[a]} RRSIG")
                for a, b in zip(owners, owners[1:] + owners[:1])] + \
            [("@", "NSEC3PARAM", f"1 0 {self.iterations} AABB")]

    def sets(self, owner, rdtype, shown=None, ttl=None):
        """The set and its signature, as `shown` if a wildcard made it."""
        name = dns.name.from_text(self.origin if owner == "@" else f"{owner}.{self.origin}")
        as_name = name if shown is None else dns.name.from_text(f"{shown}.{self.origin}")
        found = [self.zone.find_rdataset(name, rdtype)]
        if not self.is_cut(owner, rdtype):
            found.append(self.zone.find_rdataset(name, "RRSIG", rdtype))
        return [dns.rrset.from_rdata_list(as_name, f.ttl if ttl is None else ttl, list(f))
                for f in found]

    def soa(self):
        return self.sets("@", "SOA", ttl=60)

    def proof(self, owner):
        """The NSEC at @owner; for NSEC3, what covers it or is its own."""
        if not self.nsec3:
            return self.sets(owner, "NSEC")
        at = self.hash(owner)
        before = [h for h in self.ring if h <= at]
        return self.sets(before[-1] if before else self.ring[-1], "NSEC3")


NSEC, NSEC3 = Signed("sig.test.", False), Signed("hash.test.", True)
OPT_OUT = Signed("out.test.", True, opt_out=True)
MOST, BEYOND = (Signed(f"{n}.test.", True, iterations=i) for n, i in (("most", 10), ("beyond", 11)))


def secure(w, name, zone, asked, rdtype, answer=(), authority=(), **more):
    query = question(f"{asked}.{zone.origin}" if asked != "@" else zone.origin, rdtype,
                     want_dnssec=True, payload=1232)
    glue = more.pop("glue", ())
    reply = answered(query, *answer, authority=authority, **more)
    reply.use_edns(0, dns.flags.DO, 1232)
    reply.additional = list(glue)
    ask(w, f"signed-{name}", query, Reply(reply, zone.origin))
    if "dname" not in name:  # what a DNAME makes is written in a copy
        ask(w, f"signed-frame-{name}", query, Reply(reply, zone.origin), sets=[IN_FRAME])


def plain(w, name, zone, asked, rdtype, answer=(), authority=(), **more):
    query = question(f"{asked}.{zone.origin}", rdtype, use_edns=0, payload=1232)
    ask(w, f"signed-{name}", query, answered(query, *answer, authority=authority, **more))


def write_nsec(w):
    z, s = NSEC, NSEC.sets
    secure(w, "answer", z, "web", "A", s("web", "A"))
    secure(w, "alias", z, "www", "A", s("www", "CNAME") + s("web", "A"))
    secure(w, "dnskey", z, "@", "DNSKEY", s("@", "DNSKEY"))
    secure(w, "extra", z, "@", "MX", s("@", "MX"), glue=s("web", "A"))
    secure(w, "empty", z, "ent", "A", authority=z.soa() + z.proof("@"))
    secure(w, "nxdomain", z, "nothing", "A", rcode=dns.rcode.NXDOMAIN,
           authority=z.soa() + z.proof("@") + z.proof("insecure"))
    secure(w, "nxdomain-deep", z, f"{ONE_MORE}.x.nothing", "A", rcode=dns.rcode.NXDOMAIN,
           authority=z.soa() + z.proof("@") + z.proof("insecure"))
    secure(w, "alias-nxdomain", z, "tonx", "A", s("tonx", "CNAME"), rcode=dns.rcode.NXDOMAIN,
           authority=z.soa() + z.proof("@") + z.proof("web"))
    secure(w, "secure-cut", z, "x.secure", "A", aa=False,
           authority=s("secure", "NS") + s("secure", "DS"), glue=glue("secure", z))
    secure(w, "ds", z, "secure", "DS", s("secure", "DS"))
    secure(w, "nodata", z, "web", "AAAA", authority=z.soa() + z.proof("web"))
    secure(w, "no-ds", z, "insecure", "DS", authority=z.soa() + z.proof("insecure"))
    secure(w, "insecure-cut", z, "x.insecure", "A", aa=False,
           authority=s("insecure", "NS") + z.proof("insecure"), glue=glue("insecure", z))
    secure(w, "wildcard", z, "q.wild", "A", s("*.wild", "A", "q.wild"),
           authority=z.proof("*.wild"))
    secure(w, "wildcard-nodata", z, "q.wild", "TXT", authority=z.soa() + z.proof("*.wild"))
    secure(w, "dname", z, "q.old", "A", s("old", "DNAME") + made("q.old", "q.new", z),
           rcode=dns.rcode.NXDOMAIN, authority=z.soa() + z.proof("@") + z.proof("insecure"))
    secure(w, "cds", z, "@", "CDS", s("@", "CDS"))
    secure(w, "cdnskey", z, "@", "CDNSKEY", s("@", "CDNSKEY"))


def made(owner, target, zone):
    """The CNAME that a DNAME implies (RFC 6672, 3.1): nobody signed that. Of its target what the
    DNAME has is a pointer to that: behind the question and ten bytes of fixed fields."""
    label = target.split(".")[0].encode()
    question_end = 12 + len(dns.name.from_text(f"{owner}.{zone.origin}").to_wire()) + 4
    data = bytes([len(label)]) + label + struct.pack("!H", 0xc000 | question_end + 12)
    data = dns.rdata.GenericRdata(1, dns.rdatatype.CNAME, data)
    return [dns.rrset.from_rdata(f"{owner}.{zone.origin}", 300, data)]


def glue(cut, zone):
    return zone.zone.get_rrset(f"ns.{cut}.{zone.origin}", "A"),


def write_nsec3(w):
    z, s = NSEC3, NSEC3.sets
    secure(w, "3-answer", z, "web", "A", s("web", "A"))
    secure(w, "3-nodata", z, "web", "AAAA", authority=z.soa() + z.proof("web"))
    secure(w, "3-empty", z, "ent", "A", authority=z.soa() + z.proof("ent"))
    secure(w, "3-wildcard", z, "q.wild", "A", s("*.wild", "A", "q.wild"),
           authority=z.proof("q.wild"))
    for name in ("nothing", "x.y.nothing", f"{ONE_MORE}.absent"):
        closer = name.split(".")[-1]
        secure(w, f"3-nxdomain-{name[:3]}", z, name, "A", rcode=dns.rcode.NXDOMAIN,
               authority=z.soa() + unique(z.proof("@"), z.proof("*"), z.proof(closer)))
    secure(w, "3-no-ds", z, "insecure", "DS", authority=z.soa() + z.proof("insecure"))
    secure(w, "3-ds", z, "secure", "DS", s("secure", "DS"))
    secure(w, "3-secure-cut", z, "x.secure", "A", aa=False,
           authority=s("secure", "NS") + s("secure", "DS"), glue=glue("secure", z))
    secure(w, "3-insecure-cut", z, "x.insecure", "A", aa=False,
           authority=s("insecure", "NS") + z.proof("insecure"), glue=glue("insecure", z))
    secure(w, "3-wildcard-nodata", z, "q.wild", "TXT", authority=z.soa() + unique(
        z.proof("q.wild"), z.proof("wild"), z.proof("*.wild")))
    secure(w, "3-dname", z, "q.old", "A", s("old", "DNAME") + made("q.old", "q.new", z),
           rcode=dns.rcode.NXDOMAIN,
           authority=z.soa() + unique(z.proof("@"), z.proof("*"), z.proof("new")))
    # What asks for a hash's owner asks for nothing that is there (RFC 5155, 7.2.8).
    owner = z.ring[3]
    secure(w, "3-hash-owner", z, owner, "NSEC3", rcode=dns.rcode.NXDOMAIN,
           authority=z.soa() + unique(z.proof("@"), z.proof("*"), z.proof(owner)))


def write_opt_out(w):
    """An insecure delegation has no NSEC3: its closest encloser has, and a span covers it (RFC 5155,
    7.2.4 and 7.2.7)."""
    z, s = OPT_OUT, OPT_OUT.sets
    denied = unique(z.proof("@"), z.proof("insecure"))
    secure(w, "out-insecure-cut", z, "x.insecure", "A", aa=False,
           authority=s("insecure", "NS") + denied, glue=glue("insecure", z))
    secure(w, "out-no-ds", z, "insecure", "DS", authority=z.soa() + denied)
    secure(w, "out-ds", z, "secure", "DS", s("secure", "DS"))
    secure(w, "out-nodata", z, "web", "AAAA", authority=z.soa() + z.proof("web"))


def unique(*proofs):
    """Each proof once, where it came first."""
    seen, kept = set(), []
    for proof in proofs:
        if proof[0].name not in seen:
            seen.add(proof[0].name)
            kept += proof
    return kept


def left(w, name, zone, asked):
    """Too long a thought for the kernel."""
    query = question(f"{asked}.{zone.origin}", want_dnssec=True, payload=1232)
    w.vector(f"dns-signed-{name}", ether(carried(query.to_wire(), CLIENT4, VIP4), False), "pass",
             "dns_passed")


def write_limits(w):
    """What the kernel hashes and searches for, and one more: the daemon's."""
    z = MOST
    secure(w, "most-iterations", z, "nothing", "A", rcode=dns.rcode.NXDOMAIN,
           authority=z.soa() + unique(z.proof("@"), z.proof("*"), z.proof("nothing")))
    z = BEYOND
    left(w, "more-iterations", z, "nothing")
    secure(w, "more-iterations-answer", z, "web", "A", z.sets("web", "A"))
    secure(w, "more-iterations-nodata", z, "web", "AAAA", authority=z.soa() + z.proof("web"))
    left(w, "far", NSEC, f"gone.{FAR}")


def write_without_do(w):
    z, s = NSEC, NSEC.sets
    plain(w, "not-asked-answer", z, "web", "A", s("web", "A")[:1])
    plain(w, "not-asked-nxdomain", z, "nothing", "A", rcode=dns.rcode.NXDOMAIN,
          authority=z.soa()[:1])
    plain(w, "not-asked-nsec", z, "web", "NSEC", s("web", "NSEC")[:1])


def write(w):
    write_nsec(w)
    write_nsec3(w)
    write_opt_out(w)
    write_limits(w)
    write_without_do(w)


def write_zones(folder):
    zones = {}
    for zone in (NSEC, NSEC3, OPT_OUT, MOST, BEYOND):
        file = f"vectors.{zone.origin}zone"
        (folder / file).write_text(zone.text, encoding="ascii")
        zones[zone.origin] = file
    return zones
