# SPDX-License-Identifier: GPL-3.0-or-later
"""Which differences between readers of zone files are allowed: differences.md has the reasons.

A class says whose difference it is and when it applies. What no class covers is a failure.
"""
import re

BIND, NSD = "bind", "nsd"
BOTH = (BIND, NSD)
QUOTED = re.compile(rb'"((?:[^"\\\n]|\\.)+)"')
ESCAPED = re.compile(rb"\\(?:(\d{3})|([A-Za-z0-9_-]))")
# NSD refuses these whatever the rest of the file says. A bare "syntax error" is its lexer's, which
# stumbles over @.b and more; where BIND refuses too, BIND's own words must fall into a class.
UNKNOWN_TO_NSD = r": syntax error\n|unrecognized RR type|Unknown directive|requires absolute domain name|unknown character|cannot open include file" \
    r"|out of zone data|integer value is expected|invalid tag \w+: contains invalid char [A-Z]"


def nsd_has_a_say(case):
    return case.agrees(BIND, NSD) and not re.search(UNKNOWN_TO_NSD, case.nsd.said)


def unlisted(case):
    """(readers whose difference no class covers, the classes that cover one)

    Where BIND and NSD agree against us, a class must say that it is against both. Where all three
    differ, it is BIND that we are measured by.
    """
    if case.agrees("ours", BIND):
        return [], [("nsd-alone", NSD)] if case.differs else []
    against = BOTH if nsd_has_a_say(case) else (BIND,)
    names = [name for name, whose, applies in CLASSES if set(against) <= set(whose) and applies(case)]
    return ([], [(names[0], against[-1])]) if names else (list(against), [])


def says(who, pattern, refuses=True):
    """@who refuses (or not), and says so."""
    return lambda case: case.readings[who].loads != refuses and bool(re.search(pattern, case.readings[who].said))


def ours_only(case):
    return case.ours.loads and not case.bind.loads


def taken_if(*changes):
    """BIND refuses what we load; with something written otherwise that means the same, it has our records."""
    def applies(case):
        if not ours_only(case):
            return False
        for change in changes:
            other = case.altered(change)
            if other.files != case.files and other.bind.loads and other.bind.records == case.ours.records:
                return True
        return False
    return applies


def replaced(pattern, by, nr):
    """All matches, or the one of this number alone."""
    def change(data):
        found = list(pattern.finditer(data))
        for match in reversed(found if nr is None else found[nr:nr + 1]):
            data = data[:match.start()] + (by(match) if callable(by) else match.expand(by)) + data[match.end():]
        return data
    return change


def any_of(pattern, by):
    return [replaced(pattern, by, nr) for nr in (None, 0, 1, 2, 3)]


def unquote(match):
    return re.sub(rb"[ \t;()]", lambda special: b"\\%03d" % ord(special[0]), match[1])


def unescape(match):
    return bytes([int(match[1])]) if match[1] and int(match[1]) < 256 else match[2] or match[0]


def same_but(change):
    """All load, and BIND's or NSD's records are ours once both are changed."""
    def applies(case, who):
        theirs = case.readings[who]
        return case.ours.loads and theirs.loads and sorted(map(change, theirs.records or [])) == sorted(map(change, case.ours.records))
    return applies


def lower_ttls(case):
    """The same records; where the TTLs differ, ours is lower and the same in the whole set."""
    if not (case.ours.loads and case.bind.loads) or len(case.ours.records) != len(case.bind.records):
        return False
    def key(record):
        return record[0], record[2], record[3]
    pairs = list(zip(sorted(case.ours.records, key=key), sorted(case.bind.records, key=key)))
    return all(key(a) == key(b) and a[1] <= b[1] for a, b in pairs)


def private_key(record):
    return record[2] in (25, 48, 57, 60) and record[3][3] in (253, 254)


def folded(record):
    owner, ttl, kind, data = record
    return owner, ttl, kind, data.lower()


def has(pattern):
    return lambda case: bool(re.search(pattern, case.text, re.I))


def both(*tests):
    return lambda case: all(test(case) for test in tests)


NAPTR = rb"\b(NAPTR|TYPE35)\b"
CLASSES = [
    ("nsd-alone", (NSD,), lambda case: False),  # unlisted() counts it
    ("kept-spelling", (BIND,), lambda case: same_but(folded)(case, BIND)),
    ("obsolete-types", (BIND,), says(BIND, r"type 'M[DF]': obsolete")),
    ("quoted-words", BOTH, taken_if(*any_of(QUOTED, unquote), lambda data: QUOTED.sub(unquote, data) + b"\n")),
    ("uri-without-quotes", (BIND,), both(ours_only, has(rb"\bURI\b"), says(BIND, r"syntax error"))),
    ("escaped-words", (BIND,), taken_if(*any_of(ESCAPED, unescape))),
    ("last-line", BOTH, taken_if(lambda data: data + b"\n")),
    ("no-address", (BIND,), says(BIND, r"NS '[^']*' has no address records \(A or AAAA\)")),
    ("ds-at-apex", (BIND,), says(BIND, r"DS record at top of zone")),
    ("wildcard-ns", (BIND,), says(BIND, r"invalid NS owner name \(wildcard\)")),
    ("naptr-regexp", (BIND,), both(ours_only, has(NAPTR), says(BIND, r"syntax error|FORMERR"))),
    ("digest-length", BOTH, says("ours", r"(TLSA|SMIMEA): certificate association data|SSHFP: fingerprint: missing")),
    ("class-zero", (BIND,), says("ours", r"class CLASS0:")),
    ("hexadecimal-flags", (BIND,), says("ours", r'flags: "0x')),
    ("ttl-of-set", BOTH, lambda case: lower_ttls(case)),
    ("generate-range", (BIND,), says("ours", r'GENERATE: "[^"]*([+x ]|/.*/)[^"]*" is no range')),
    ("algorithm-names", (BIND,), says(BIND, r"near '(DSA-NSEC3-SHA1|ECC-GOST|RSASHA1-NSEC3-SHA1|GOST|0{9,}\d+)': unknown class/type")),
    ("ohttp", BOTH, both(ours_only, says(BIND, r"near '(ohttp|tls-supported-groups)"))),
    ("ohttp-value", BOTH, says("ours", r"(ohttp|tls-supported-groups): its value is not")),
    ("trailing-scan", (BIND,), says("ours", r"is not like (0014:4fff|00-00-5e)")),
    ("wks-services", BOTH, says(BIND, r"unknown (service|protocol)")),
    ("wks-zeros", (BIND,), both(ours_only, has(rb"TYPE11\b.*00\s"))),
    ("private-keys", (BIND,), both(ours_only, lambda case: any(private_key(r) for r in case.ours.records))),
    ("generate-words", (BIND,), both(ours_only, has(rb"\$GENERATE"), says(BIND, r"extra input text|unbalanced parentheses|unexpected end"))),
    ("ipseckey-without-key", (BIND,), both(ours_only, has(rb"IPSECKEY|TYPE45"), says(BIND, r"near eol: unexpected end of input"))),
    ("include-place", BOTH, says("ours", r"\$INCLUDE.*(reaches only files below|not a regular file)")),
    ("quoted-directive", (BIND,), both(has(rb'"\$'), says("ours", "without a type"))),
]
