# SPDX-License-Identifier: GPL-3.0-or-later
"""Which differences between servers are a choice that an RFC leaves: differences.md has the words.

A class says whose difference it is, when it applies, and which fields it may touch. A difference
that is not covered by the classes that apply to it is a failure.
"""
import re, struct, time

import dns.rdatatype as T

from dns_compare import SECTIONS
from dns_queries import BAD_SUBNETS, MY_COOKIE, NO_FAMILY, SECRET, server_cookie
from dns_wire import COOKIE, IN, OPT, SUBNET, Malformed, Message, read_name, read_record

KNOT, NSD, BIND = "knot", "nsd", "bind"
ALL = (KNOT, NSD, BIND)
DATA = ["rcode", "aa", "tc", *SECTIONS]
TRIMMINGS = ["question", "edns", "nsid", "cookie", "subnet", "do", "rd", "cd", "ad", "aa"]
UNDELEGATED = b"\4leaf\3kid\4deep\7example\3com\0"
HASH = re.compile(rb"\x20[0-9a-v]{32}")
OPTED_OUT = b"\4only\6optout\4test\0"  # exists by an opted-out delegation alone
STAR, BELOW_STAR = b"\1*", b"\1*\1*"
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN, NOTAUTH, BADVERS, BADCOOKIE = \
    0, 1, 2, 3, 4, 5, 6, 9, 16, 23


class Query:
    """What the classes ask about a query."""

    def __init__(self, wire, tcp):
        self.wire, self.tcp = wire, tcp
        self.flags, *self.counts = struct.unpack_from("!5H", wire, 2)
        self.opcode = self.flags >> 11 & 15
        self.plain = False  # a question and at most one good OPT, nothing else
        self.options, self.version, self.payload = [], None, 512
        try:
            self.read()
        except (Malformed, IndexError, struct.error):
            self.plain, self.name, self.qtype, self.qclass = False, None, None, None

    def read(self):
        self.name, at = read_name(self.wire, 12)
        self.qtype, self.qclass = struct.unpack_from("!HH", self.wire, at)
        at += 4
        if self.counts[0] != 1:
            return
        for nr in range(sum(self.counts[1:])):
            record, at = read_record(self.wire, at)
            if record[1] == OPT:
                self.read_opt(record)
            self.plain = not nr and record[1] == OPT
        self.plain = (self.plain or not any(self.counts[1:])) and at == len(self.wire) and \
            self.counts[1:3] == [0, 0]

    def read_opt(self, record):
        self.version = record[3] >> 16 & 255
        self.payload = min(max(record[2], 512), 1232)
        data, at = record[4], 0
        while at < len(data):
            code, length = struct.unpack_from("!HH", data, at)
            self.options.append((code, data[at + 4:at + 4 + length]))
            at += 4 + length
        if at != len(data) or record[0] != b"\0":
            raise Malformed("options")

    @property
    def codes(self):
        return [code for code, _ in self.options]

    def only(self, code):
        """The data of an option that is there once, or None."""
        found = [data for c, data in self.options if c == code]
        return found[0] if len(found) == 1 else None

    def has_good_cookie(self):
        data = self.only(COOKIE)
        if data is None or len(data) != 24:
            return False
        made = int.from_bytes(data[12:16], "big")
        return -300 <= time.time() - made <= 3600 and \
            data == server_cookie(MY_COOKIE, "127.0.0.1", made, SECRET)

    @property
    def limit(self):
        return 65535 if self.tcp else self.payload


CLASSES = []


def allow(name, servers, fields):
    """The decorated function says when the class applies."""
    def add(applies):
        CLASSES.append((name, servers, set(fields), applies))
        return applies
    return add


def rcodes(ours, theirs):
    return ours.rcode, theirs.rcode


def is_reply(m):
    return isinstance(m, Message)


def answers_begin_alike(ours, theirs):
    return ours.answer() < theirs.answer() or (ours.answer() == theirs.answer() and ours.answer())


def last_target(m):
    """Where the last alias of an answer leads."""
    aliases = [r for r in m.sections[0] if r[1] == T.CNAME]
    owners = {r[0] for r in m.sections[0]}
    ends = [r[4] for r in aliases if r[4] not in owners]
    return ends[0] if ends else None


# --- the header's odd bits -------------------------------------------------------------------------
@allow("checking-disabled", (BIND, NSD), ["cd"])
def _(q, ours, theirs):
    return theirs.cd and not ours.cd and q.flags & 0x10


@allow("authentic-data", (BIND,), ["ad"])
def _(q, ours, theirs):
    return theirs.ad and not ours.ad and q.flags & 0x20


# --- what is no plain query ------------------------------------------------------------------------
@allow("reserved-bits", (NSD,), ["z", "ra", "tc"])
def _(q, ours, theirs):
    return theirs.rcode not in (NOERROR, NXDOMAIN) or q.opcode


@allow("other-opcode", ALL, TRIMMINGS + ["rcode", "silence"])
def _(q, ours, theirs):
    return q.opcode and ours.rcode in (NOTIMP, BADVERS) and (not is_reply(theirs) or theirs.rcode)


@allow("bare-error", ALL, TRIMMINGS)
def _(q, ours, theirs):
    return rcodes(ours, theirs) == (FORMERR, FORMERR)


@allow("unreadable", ALL, TRIMMINGS + DATA + ["silence"])
def _(q, ours, theirs):
    return not q.plain and ours.rcode == FORMERR


@allow("more-than-a-question", ALL, TRIMMINGS + DATA + ["silence"])
def _(q, ours, theirs):
    return not q.plain and q.counts[0] == 1 and ours.rcode != FORMERR and \
        (not is_reply(theirs) or theirs.rcode == FORMERR)


@allow("option-twice", (NSD,), ["silence"])
def _(q, ours, theirs):
    return len(q.codes) != len(set(q.codes))


@allow("second-option", ALL, TRIMMINGS + DATA + ["silence"])
def _(q, ours, theirs):
    return q.codes.count(COOKIE) > 1 or q.codes.count(SUBNET) > 1


@allow("bad-cookie", (KNOT,), DATA)
def _(q, ours, theirs):
    return theirs.rcode == BADCOOKIE and not q.tcp and q.only(COOKIE) is not None and \
        not q.has_good_cookie()


@allow("odd-subnet", (KNOT,), TRIMMINGS + DATA)
def _(q, ours, theirs):
    return ours.rcode == FORMERR and q.only(SUBNET) in BAD_SUBNETS


@allow("no-family", (KNOT,), TRIMMINGS + DATA)
def _(q, ours, theirs):
    return theirs.rcode == FORMERR and q.only(SUBNET) == NO_FAMILY


@allow("no-subnet", (NSD,), ["subnet"])
def _(q, ours, theirs):
    return SUBNET in q.codes


@allow("no-subnet-to-judge", (NSD,), TRIMMINGS + DATA)
def _(q, ours, theirs):
    return ours.rcode == FORMERR and SUBNET in q.codes


@allow("malformed-cookie", (NSD,), ["silence"])
def _(q, ours, theirs):
    return ours.rcode == FORMERR and COOKIE in q.codes


@allow("options-before-version", (KNOT, BIND), TRIMMINGS + ["rcode"])
def _(q, ours, theirs):
    return rcodes(ours, theirs) == (BADVERS, FORMERR) and (COOKIE in q.codes or SUBNET in q.codes)


@allow("bad-version", ALL, TRIMMINGS)
def _(q, ours, theirs):
    return rcodes(ours, theirs) == (BADVERS, BADVERS)


# --- types and classes that are no data ------------------------------------------------------------
@allow("zone-transfer", ALL, DATA + ["question", "silence"])
def _(q, ours, theirs):
    return q.qtype in (T.AXFR, T.IXFR) and ours.rcode in (REFUSED, NOTAUTH)


@allow("meta-type", ALL, DATA + ["silence"])
def _(q, ours, theirs):
    return q.qtype in (0, OPT) or (q.qtype and 128 <= q.qtype <= 254)


@allow("other-class", ALL, DATA + ["question", "silence"])
def _(q, ours, theirs):
    return q.qclass != IN and ours.rcode == REFUSED


@allow("any", ALL, [*SECTIONS, "rcode", "tc", "aa", "question"])
def _(q, ours, theirs):
    return q.qtype == T.ANY and (ours.tc or theirs.tc or ours.rcode == theirs.rcode)


# --- how far an answer goes ------------------------------------------------------------------------
@allow("next-zone", (NSD, BIND), ["rcode", "tc", *SECTIONS])
def _(q, ours, theirs):
    return last_target(ours) and (theirs.tc or answers_begin_alike(ours, theirs))


@allow("undelegated-zone", (KNOT,), ["rcode", *SECTIONS])
def _(q, ours, theirs):
    return (last_target(ours) or b"").endswith(UNDELEGATED) and answers_begin_alike(ours, theirs)


@allow("proof-at-alias", (NSD,), ["rcode", "tc", *SECTIONS])
def _(q, ours, theirs):
    return q.qtype in (T.RRSIG, T.NSEC) and not ours.answer() and \
        any(r[1] == T.CNAME for r in theirs.sections[0])


@allow("alias-loop", (BIND,), ["rcode"])
def _(q, ours, theirs):
    return rcodes(ours, theirs) == (NOERROR, SERVFAIL) and ours.answer() == theirs.answer() and \
        last_target(ours) is None


@allow("too-long-by-dname", (KNOT,), ["rcode", *SECTIONS])
def _(q, ours, theirs):
    return ours.rcode == YXDOMAIN and ours.answer() <= theirs.answer()


@allow("ds-between-zones", ALL, ["aa", *SECTIONS])
def _(q, ours, theirs):
    return q.qtype == T.DS and theirs.is_referral() and ours.aa and \
        any(r[:2] == (q.name, T.SOA) for r in ours.authority())


# --- signed zones ----------------------------------------------------------------------------------
@allow("signatures-asked", (KNOT, BIND), ["answer", "tc"])
def _(q, ours, theirs):
    return q.qtype == T.RRSIG and theirs.answer() and \
        (ours.tc or theirs.tc or theirs.answer() < ours.answer() or
         {r[1] for r in theirs.sections[0]} == {T.RRSIG})


@allow("proof-at-alias-of-hashes", (NSD,), ["rcode", "answer", "authority", "tc"])
def _(q, ours, theirs):
    return q.qtype == T.NSEC3 and not theirs.answer() and \
        (ours.tc or any(r[1] == T.CNAME for r in ours.sections[0]))


@allow("hash-for-a-name", (NSD,), ["authority", "tc"])
def _(q, ours, theirs):
    return HASH.search(q.name.lower()) and rcodes(ours, theirs) == (NXDOMAIN, NXDOMAIN)


@allow("no-provable-encloser", (NSD,), ["authority", "tc"])
def _(q, ours, theirs):
    return q.name.lower().endswith(OPTED_OUT) and rcodes(ours, theirs) == (NXDOMAIN, NXDOMAIN)


@allow("empty-wildcard", (KNOT, BIND), ["authority", "tc"])
def _(q, ours, theirs):
    if ours.tc:
        return theirs.names(BELOW_STAR)
    missing = ours.authority() - theirs.authority()
    return ours.authority() > theirs.authority() and \
        all(r[4].startswith(BELOW_STAR) for r in missing if r[1] == T.NSEC)


@allow("asterisk-asked", (KNOT, NSD), ["authority", "tc"])
def _(q, ours, theirs):
    a, b = ours.authority(), theirs.authority()
    return q.name.startswith(b"\1*") and (ours.tc or theirs.tc or (
        ours.answer() == theirs.answer() and (a > b if ours.answer() else a < b)))


@allow("proof-asked", (KNOT,), ["authority"])
def _(q, ours, theirs):
    return q.qtype == T.NSEC and ours.answer() == theirs.answer() and \
        {r[4] for r in ours.authority()} <= {r[4] for r in ours.answer()}


@allow("proof-at-cut", (BIND,), ["aa", "tc", *SECTIONS])
def _(q, ours, theirs):
    return q.qtype == T.NSEC and ours.is_referral() and theirs.answer() and \
        any(r[:2] == (q.name.lower(), T.NS) for r in ours.authority())


@allow("wildcard-by-dname", (NSD,), ["authority"])
def _(q, ours, theirs):
    return ours.answer() == theirs.answer() and any(r[1] == T.DNAME for r in ours.answer()) and \
        any(r[4].startswith(STAR) for r in theirs.authority() if r[1] == T.NSEC)


# --- what comes along ------------------------------------------------------------------------------
@allow("optional-glue", (BIND, NSD), ["additional"])
def _(q, ours, theirs):
    cut = {r[0] for r in ours.authority() if r[1] == T.NS}
    a, b = ({r for r in m.additional() if any(r[0].endswith(c) for c in cut)}
            for m in (ours, theirs))
    return ours.is_referral() and theirs.is_referral() and a == b and \
        theirs.additional() < ours.additional()


@allow("useful-extras", ALL, ["additional"])
def _(q, ours, theirs):
    a, b = ours.additional(), theirs.additional()
    return not ours.is_referral() and {r for r in a if any(r[:2] == s[:2] for s in b)} <= b


# --- sizes -----------------------------------------------------------------------------------------
@allow("glue-or-truncate", (NSD, BIND), ["tc", "additional"])
def _(q, ours, theirs):
    return ours.authority() == theirs.authority() and theirs.is_referral() and \
        (ours.tc or theirs.additional() < ours.additional() and theirs.size > q.limit - 64)


@allow("truncated", ALL, ["rcode"])
def _(q, ours, theirs):
    return ours.tc or theirs.tc


@allow("near-the-limit", ALL, ["tc"])
def _(q, ours, theirs):
    by_dname = any(r[1] == T.DNAME for r in theirs.sections[0])
    margin = 256 if by_dname else 128  # the target's labels may stand in the question already
    return not (ours.tc and theirs.tc) and max(ours.size, theirs.size) > q.limit - margin


@allow("uncompressed", (BIND,), ["tc"])
def _(q, ours, theirs):
    return theirs.tc and not ours.tc and len(q.name) > 150


def unlisted(server, query, ours, theirs, fields):
    """What no class allows, and the classes that were needed."""
    left, used = set(fields), []
    for name, servers, allowed, applies in CLASSES:
        if server in servers and left & allowed and may_judge(allowed, theirs) and \
                applies(query, ours, theirs):
            used.append(name)
            left -= allowed
    return left, used


def may_judge(allowed, theirs):
    """Without a reply to look at, only classes that speak of silence are asked."""
    return is_reply(theirs) or "silence" in allowed
