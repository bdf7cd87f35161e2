# SPDX-License-Identifier: GPL-3.0-or-later
"""A message as sets of records: what servers may write differently is made equal, and nothing else.

Names are lower-cased and decompressed, also inside the types that RFC 1035 and its first successors
let be compressed. Done by hand, because a fifth of a million times four is too much for
dnspython; the test has dnspython read a sample of our replies.
"""
import struct

import dns.rdatatype as T

OPT, IN = 41, 1
HEADER = 12
NSID, SUBNET, COOKIE = 3, 8, 10
# Bytes before the names of a type's data, and how many names there are.
NAMES = {T.NS: (0, 1), T.CNAME: (0, 1), T.PTR: (0, 1), T.DNAME: (0, 1), T.SOA: (0, 2), T.MX: (2, 1),
         T.RP: (0, 2), T.AFSDB: (2, 1), T.RT: (2, 1), T.KX: (2, 1), T.SRV: (6, 1), T.PX: (2, 2)}


class Malformed(Exception):
    pass


def read_name(wire, at):
    """The name at an offset, lower-cased and in full, and where it ends."""
    labels, end, jumps = [], None, 0
    while True:
        length = wire[at]
        if length >= 0xc0:
            end = at + 2 if end is None else end
            target = (length & 0x3f) << 8 | wire[at + 1]
            jumps += 1
            if target >= at or jumps > 128:
                raise Malformed("a pointer that does not point backwards")
            at = target
        elif length > 63:
            raise Malformed("a label of a kind that there is not")
        else:
            labels.append(wire[at:at + length + 1])
            at += length + 1
            if not length:
                return b"".join(labels).lower(), at if end is None else end


def read_rdata(wire, rdtype, at, end):
    if rdtype not in NAMES:
        return wire[at:end]
    fixed, count = NAMES[rdtype]
    data = wire[at:at + fixed]
    at += fixed
    for _ in range(count):
        name, at = read_name(wire, at)
        data += name
    return data + wire[at:end]


def read_record(wire, at):
    owner, at = read_name(wire, at)
    rdtype, rdclass, ttl, length = struct.unpack_from("!HHIH", wire, at)
    at += 10
    if at + length > len(wire):
        raise Malformed("a record beyond the end")
    return (owner, rdtype, rdclass, ttl, read_rdata(wire, rdtype, at, at + length)), at + length


class Cookie:
    """The client's, version and reserved bytes, time, hash."""

    def __init__(self, data):
        self.data = data

    def __eq__(self, other):
        a, b = self.data, other.data
        return a[:12] == b[:12] and len(a) == len(b) and (a[12:16] != b[12:16] or a == b)

    def __repr__(self):
        return self.data.hex()


class Message:
    """What is compared of a reply. Sections are sets: `sets()`."""

    def __init__(self, wire):
        self.size = len(wire)
        try:
            self.read(wire)
        except (IndexError, struct.error):
            raise Malformed("cut short")

    def read(self, wire):
        self.id, flags, qd, an, ns, ar = struct.unpack_from("!6H", wire)
        self.qr, self.opcode, self.rcode = flags >> 15, flags >> 11 & 15, flags & 15
        self.aa, self.tc, self.rd = flags >> 10 & 1, flags >> 9 & 1, flags >> 8 & 1
        self.ra, self.z, self.ad, self.cd = (flags >> 7 & 1, flags >> 6 & 1, flags >> 5 & 1,
                                             flags >> 4 & 1)
        self.edns, self.do, self.options = None, 0, []
        at = HEADER
        for _ in range(qd):
            at = read_name(wire, at)[1] + 4
        self.question = wire[HEADER:at]
        self.sections = []
        for count in (an, ns, ar):
            records = []
            for _ in range(count):
                record, at = self.read_one(wire, at)
                if record:
                    records.append(record)
            self.sections.append(records)
        if at != len(wire):
            raise Malformed("bytes behind the last record")

    def read_one(self, wire, at):
        record, end = read_record(wire, at)
        if record[1] == OPT:
            self.read_opt(record)
            return None, end
        return record, end

    def read_opt(self, record):
        _, _, self.payload, ttl, data = record
        self.rcode |= ttl >> 24 << 4
        self.edns, self.do = ttl >> 16 & 255, ttl >> 15 & 1
        at = 0
        while at < len(data):
            code, length = struct.unpack_from("!HH", data, at)
            self.options.append((code, data[at + 4:at + 4 + length]))
            at += 4 + length

    @property
    def nsid(self):
        return [data for code, data in self.options if code == NSID]

    @property
    def cookie(self):
        """Of cookies made in different seconds, time and hash mean nothing to each other."""
        return [Cookie(data) for code, data in self.options if code == COOKIE]

    @property
    def subnet(self):
        return [data for code, data in self.options if code == SUBNET]

    def answer(self):
        return frozenset(self.sections[0])

    def authority(self):
        return frozenset(self.sections[1])

    def additional(self):
        return frozenset(self.sections[2])

    def names(self, begin):
        """Whether an owner begins with these labels."""
        return any(r[0].startswith(begin) for records in self.sections for r in records)

    def is_referral(self):
        return self.rcode == 0 and not self.aa and not self.tc and not self.sections[0] and \
            any(r[1] == T.NS for r in self.sections[1])


def name_text(wire):
    import dns.name
    return dns.name.from_wire(wire, 0)[0].to_text()


def record_text(record):
    owner, rdtype, _, ttl, data = record
    return f"{name_text(owner)} {ttl} {T.to_text(rdtype)} {data.hex()}"
