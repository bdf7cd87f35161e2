# SPDX-License-Identifier: GPL-3.0-or-later
"""Random zone files: batches of records that stand for themselves, whole files of directives, and
mutations of both. Everything is drawn from one random.Random, so a seed gives the same files again.
"""
import re

from zone_draw import TTL, TYPES, draw, rdata

HEAD = ["$TTL 300", "@ IN SOA ns hostmaster 1 10800 600 86400 300", "@ IN NS ns", "ns IN A 192.0.2.1"]
BATCH = 24
BLANKS = [" ", " ", " ", "\t", "   ", " \t "]
COMMENTS = ["", "", "", " ; a comment", ";", ' ; "', " ; (", " ; )", "\t;\t$TTL", " ", "\t"]
OWNERS = ["{}", "{}", "{}", "{}", "{}.s.test.", '"{}"', "*.{}", "{}.b.c", "_{}", "{}\\.x", "{}\\032", "{}-", "{}!", "{}+b", "{}:c", "{}%", "{}~", "{}#",
          "{}=v", "{}&", "{}'", "{{{}}}", "{}|", "{}?", "{}^", "{},", "{}@b", "{}$", "{}\xe9", "{}\xc3\xbc", "{}/x", "\\{}", "\\097{}", "X{}", "{}[x]", "{}<x>", "{}`",
          "{}\\$", "{}\\@", "{}\\\"", "{}\\(", "{}\\;", "{}\\000", "{}\\255"]
ODD_OWNERS = ["{}.", "{}..x", ".{}", "{}\\300", "{}\\25", '"{} b"', '{}"b"', "{}.other.test.", "{}\\", "{}*", "{}.*", "{}\\256"] + ["{}" + "l" * 60, "{}" + "l" * 63]
CLASSES = ["", "", "IN", "in", "CLASS1", "class1"]
ODD_CLASSES = ["CH", "HS", "CLASS3", "CLASS0", "CLASS65536", "ANY", "NONE", "CLASS", "CLASS01", "IN IN", "CLASSX", "CLASS255", '"IN"']
QUOTE_OR_GROUP = re.compile(rb'\\.|["();\n]', re.S)


def case(rng, word):
    return rng.choice([word, word, word, word.lower(), word.title()])


def join(rng, words):
    """Words with blanks, comments and line breaks in parentheses between them."""
    out, depth = "", 0
    for nr, word in enumerate(words):
        if nr and depth and rng.random() < 0.3:
            out += rng.choice(["\n ", " ; in between\n\t", "\n\n ", ' ; "( \n'])
        elif nr:
            out += rng.choice(BLANKS)
        if nr > 1 and not depth and rng.random() < 0.06:
            out, depth = out + rng.choice(["(", "( ", "(\n "]), 1
        out += word
        if depth and rng.random() < 0.2:
            out, depth = out + rng.choice([")", " )", "\n)"]), 0
    return out + (rng.choice([" )", ")", "\n )"]) if depth else "")


def front(rng, kind):
    """TTL and class in either order, and the type."""
    ttl = draw(rng, TTL) if rng.random() < 0.25 else ""
    klass = rng.choice(ODD_CLASSES if rng.random() < rng.odd / 4 else CLASSES)
    words = [w for w in rng.choice([(ttl, klass), (klass, ttl)]) if w]
    return [*words, case(rng, kind)]


def tinker(rng, words):
    """One thing about the data's words that is different from what it ought to be."""
    at = rng.randrange(len(words))
    word = words[at]
    cut = rng.randint(0, len(word))
    words[at:at + 1] = rng.choice([
        [], [word, word], [f'"{word}"'], [word, "extra"], [word[:cut] + rng.choice("!\"'()*+,-./:;<=>?@[]^_`{|}~$%&#\\ \x7f\x01\xe9\r") + word[cut:]],
        [word[:cut] + "\\" + word[cut:]], [word[:cut] + "".join(f"\\{ord(c):03}" for c in word[cut:cut + 1]) + word[cut + 1:]], [word[:-1]], [word[1:]],
        [word.swapcase()], [word[:cut] + word[cut + 1:]], ["@"], ["\\" + word], [word + "\\"], ["(" + word + ")"], ["(", word, ")"], ["((", word, "))"],
        [word + '""'], [f'"{word[:cut]}"{word[cut:]}'], [word + "."], ["-" + word], ["0" + word]])
    return words


def record(rng, owner, kinds=tuple(TYPES)):
    kind = rng.choice(kinds)
    words = rdata(rng, kind).split(" ") if rng.random() < 0.3 else [rdata(rng, kind)]
    if rng.random() < rng.odd:
        words = tinker(rng, words)
    shape = rng.choice(ODD_OWNERS if rng.random() < rng.odd / 2 else OWNERS) if rng.random() < 0.4 else "{}"
    line = join(rng, [shape.format(owner), *front(rng, kind), *[w for w in words if w]])
    return (line + rng.choice(COMMENTS)).encode("latin-1")


def stands_alone(snippet):
    """Quotes, parentheses and escapes end within the snippet, as all readers see it."""
    depth, quoted, comment = 0, False, False
    for mark in QUOTE_OR_GROUP.findall(snippet):
        if mark == b"\n":
            comment = False
            if quoted:
                return False
        elif comment or mark[:1] == b"\\":
            if mark[-1:] == b"\n":
                return False
        elif mark == b'"':
            quoted = not quoted
        elif not quoted:
            comment = mark == b";"
            depth += (mark == b"(") - (mark == b")")
            if depth < 0 or depth > 1:
                return False
    return not (depth or quoted) and not re.search(rb'\\$|\r', snippet)


def batch(rng):
    """Records of different owners, each readable without the others."""
    found = []
    while len(found) < BATCH:
        snippet = record(rng, f"r{len(found)}")
        if stands_alone(snippet):
            found.append(snippet)
    return found


def lay_out(snippets):
    """(file, [(first line, last line)]): an empty line after each, where errors at an end may fall."""
    lines, spans = [line.encode() for line in HEAD], []
    for snippet in snippets:
        first = len(lines) + 1
        lines += [*snippet.split(b"\n"), b""]
        spans.append((first, len(lines)))
    return b"\n".join(lines) + b"\n", spans


# --- whole files -------------------------------------------------------------------------------------

SAFE = ("A", "AAAA", "MX", "TXT", "SRV", "CAA", "SVCB", "TYPE65280", "PTR", "LOC", "DS", "NAPTR")
ORIGINS = ["sub", "sub.s.test.", "@", "s.test.", "a.b", '"q"', "*.w", "SUB"]
ODD_ORIGINS = [".", "other.test.", "a..b", "", "x" * 64, "sub extra", "a\\300", "test.", '""', "\\@", "sub;c", "s.test", "(sub)", "( sub )"]
RANGES = ["1-3", "0-10/2", "1-1", "5-6", "10-12/1", "0-0", "1-3/3"]
ODD_RANGES = ["3-1", "1-", "-3", "1-3/0", "1-3/-1", "a-b", "1", "1-3/", "1-3x", "1 - 3", "2147483647-2147483648", "1-3/4", "4294967295-4294967296", "01-03", "1-3/1/1", "+1-3"]
LEFTS = ["g$", "g${0,3,d}", "g${1}", "g${-1}", "$.g", "g$.s.test.", "g\\$-$", "g$$", "g${0,4,x}", "g${0,4,X}", "g${0,5,o}", "${0,8,n}", "${0,3,N}", "g-$-$", "g${2,3}", "${0,1,n}.g"]
ODD_LEFTS = ["g", "g${", "g${}", "g${0,3,z}", "g${0,3,d,1}", "g${a}", "g${0,-1,d}", "g${0,300,d}", "g$ $", "@", "g${0,3,d", "g${ 0,3,d}", "g${0 ,3,d}", "g$\\$", "g${-5}", "g${0,,d}", "${", "g${+1}", "g${0x1}"]
RIGHTS = ["A 192.0.2.$", "TXT $", 'TXT "a $ b"', "CNAME c$", "MX 10 m$", "AAAA 2001:db8::$", "PTR $.x", "A 192.0.2.${1,0,d}", "TXT ${0,3,x}", "300 A 192.0.2.$", "IN A 192.0.2.$", "300 IN A 192.0.2.$",
          "A 192.0.2.1", "NS n$", "DNAME d$", "TXT \\$"]
ODD_RIGHTS = ["A $", "A", "", "FOO $", "SOA a b $ 1 1 1 1", "TXT \\\\$", "A 192.0.2.${1,0,z}", "IN 300 A 192.0.2.$", "CH A 192.0.2.$", "A 192.0.2.$ ; comment", "TXT $ $", "SRV 1 2 $ s$", "MX $ m$", "TXT a b c",
              "TXT (a b)", "TYPE65280 \\# 1 0$", "CLASS1 A 192.0.2.$", "TXT \"$", "1h A 192.0.2.$", "OPT $", "RRSIG $", "NSEC $"]
TTLS = ["300", "1h", "1W2d3h4M5s", "0", "60"]
ODD_TTLS = ["", "x", "1x", "-1", "2147483648", "4294967296", "300 extra", "1h 2m", '"300"', "(300)", "3550w", "49711d", "00060", "1.5", "@"]
PATHS = ["inc", "./inc", '"inc"', '"with blank"', "sub/inc", "with\\032blank", "inc ; comment"]
ODD_PATHS = ["missing", "", "inc inc inc", "inc .", "inc other.test.", "inc x.s.test.", "inc @", '"inc" rel', "inc\\", "sub", "zone", "/dev/null"]


def odd(rng, good, bad, share=0.25):
    return rng.choice(bad if rng.random() < share else good)


def directive(rng):
    name = rng.choice(["$ORIGIN", "$ORIGIN", "$TTL", "$TTL", "$INCLUDE", "$INCLUDE", "$GENERATE", "$GENERATE", "$GENERATE", "$"])
    name = {"$": rng.choice(["$FOO", "$", "$DATE", "$$", "$ORIGINX", '"$TTL"', "\\$TTL", "$UNIX 1"])}.get(name, name) if rng.random() < 0.8 else case(rng, name)
    words = {"$ORIGIN": lambda: odd(rng, ORIGINS, ODD_ORIGINS), "$TTL": lambda: odd(rng, TTLS, ODD_TTLS), "$INCLUDE": lambda: odd(rng, PATHS, ODD_PATHS),
             "$GENERATE": lambda: " ".join([odd(rng, RANGES, ODD_RANGES, 0.1), odd(rng, LEFTS, ODD_LEFTS, 0.15), odd(rng, RIGHTS, ODD_RIGHTS, 0.2)])}
    rest = words.get(name.upper(), lambda: "60")()
    indent = " " if rng.random() < 0.03 else ""
    return (indent + name + rng.choice(BLANKS) + rest + rng.choice(COMMENTS)).encode("latin-1")


def plain(rng, owner):
    """A record of which little is unusual: what surrounds it is to be tried."""
    usual, rng.odd = rng.odd, 0.01
    snippet = b"("
    while not stands_alone(snippet):
        snippet = record(rng, owner, SAFE)
        if rng.random() < 0.3:
            snippet = rng.choice([b"", b"@"]) + snippet[re.match(rb"\S*", snippet).end():]
    rng.odd = usual
    return snippet


def lines_of(rng, count):
    return [directive(rng) if rng.random() < 0.3 else plain(rng, f"r{nr}") for nr in range(count)]


def whole(rng):
    """{name: bytes} of one zone file and what it includes."""
    head = [line.encode() for line in HEAD[1:]]
    head = rng.choice([[b"$TTL 300", *head], head, [b"$ORIGIN s.test.", *head], [b"", b"; x", *head],
                       [b"@ 60 SOA ns hostmaster 1 1h 10m 1d 5m", b"  NS ns", b"ns A 192.0.2.1"],
                       [b"$TTL 1h", b"@ SOA ns hostmaster@s.test. (1 3H", b" 15M 1W 1D )", b"\tNS ns", b"ns A 192.0.2.1"]])
    lines = [*head, *lines_of(rng, rng.randint(1, 6))]
    end = b"\r\n" if rng.random() < 0.08 else b"\n"
    zone = end.join(lines) + (end if rng.random() < 0.8 else b"")
    inner = b"\n".join(lines_of(rng, rng.randint(1, 3))) + (b"\n" if rng.random() < 0.7 else b"")
    return {"zone": zone, "inc": inner, "with blank": b"blank A 192.0.2.9\n", "sub/inc": b"deeper A 192.0.2.8\n" + inner}


# --- records of one name ---------------------------------------------------------------------------------

CROWD = ["@", "@", "a", "a", "A", "b.a", "*.a", "*", "ns", "x.ns", "a.b", "d.s.test.", "\\097", "*.*", "a.*"]
CROWDED = ["CNAME ns", "CNAME NS", "CNAME x.example.", "DNAME b", "DNAME other.test.", "DNAME B", "NS ns", "NS a", "NS ns.a", "NS NS", "A 192.0.2.7", "a 192.0.2.7", "A 192.0.2.8", "600 A 192.0.2.9", "TXT x",
           "TXT X", 'TXT "x"', "MX 10 a", "MX 10 A", "AAAA ::1", "SOA ns h 1 1 1 1 1", "SOA ns hostmaster 1 10800 600 86400 300", "PTR a", "PTR A.s.test.", "DS 1 8 1 " + "00" * 20, "SRV 1 2 3 a", "SRV 1 2 3 A",
           "KEY 0 3 8 AQIDBAUGBwg=", "HINFO a b", 'NAPTR 1 1 a b "" a', 'NAPTR 1 1 a b "" A', "SVCB 1 a", "SVCB 1 A", "HTTPS 0 a", "LP 1 a", "LP 1 A", "KX 1 a", "KX 1 A", "RP a b", "RP A b", "MINFO a A", "AFSDB 1 A", "AFSDB 1 a",
           "RT 1 a", "RT 1 A", "PX 1 a b", "PX 1 A b", "MB a", "MB A", "MG a", "MG A", "MR a", "MR A", "TALINK a b", "TALINK A b", "HIP 2 20010010 AQID a", "HIP 2 20010010 AQID A", "IPSECKEY 1 3 0 a", "IPSECKEY 1 3 0 A",
           "AMTRELAY 1 0 3 a", "AMTRELAY 1 0 3 A", "DSYNC 59 1 53 a", "DSYNC 59 1 53 A", "A6 64 ::1 a", "A6 64 ::1 A", "NSAP-PTR a", "NSAP-PTR A", "SINK 1 2 3 AQID", "NXT a A", "NXT A A", "SPF x", "TYPE65280 \\# 1 00", "CAA 0 issue x",
           "CAA 0 ISSUE x", "DNSKEY 256 3 8 AQIDBAUGBwg=", "CSYNC 1 3 A", "CDS 0 0 0 00", "CDNSKEY 0 3 0 AA=="]


def crowd(rng):
    """Records that may, or may not, stand beside or above one another; and duplicates (RFC 2181, 5)."""
    head = [line.encode() for line in HEAD]
    if rng.random() < 0.1:
        del head[rng.randrange(1, 4)]
    kinds = rng.sample(CROWDED, rng.randint(1, 3))
    few = rng.sample(CROWD, 2)
    lines = [f"{rng.choice(few)} {rng.choice(kinds)}".encode() for _ in range(rng.randint(1, 4))]
    return {"zone": b"\n".join([*head, *lines]) + b"\n"}


# --- every byte in every place -------------------------------------------------------------------------

PLACES = [(b"r%d", b" A 192.0.2.1"), (b"r%d", b"b A 192.0.2.1"), (b"r%d MX 1 a", b""), (b"r%d MX 1 a", b"b"), (b"r%d MX 1 ", b""), (b"r%d TXT ", b""), (b"r%d TXT a", b"b"),
          (b'r%d TXT "a', b'b"'), (b"r%d TXT \"", b'"'), (b"r%d TXT", b" x"), (b"r%d HINFO a", b" b"), (b"r%d CAA 0 issue", b" x"), (b"r%d CAA 0 issue a", b"b"), (b"r%d SVCB 1 . key667=a", b"b"),
          (b"r%d SVCB 1 . key667=", b""), (b"r%d A 192.0.2.1", b""), (b"r%d IN", b" A 192.0.2.1"), (b"r%d 300", b" A 192.0.2.1"), (b"r%d URI 1 1 \"a", b'b"'), (b"r%d DNSKEY 256 3 8 AQID", b"BAUG"),
          (b"r%d TYPE65280 \\# 2 00", b"00"), (b"r%d NAPTR 1 1 a", b' b "" .')]


def every_byte():
    """Batches: each byte, plain, escaped and as its number, in each place."""
    found, later = [], []
    for before, behind in PLACES:
        for byte in range(1, 256):
            for put in (bytes([byte]), b"\\" + bytes([byte]), b"\\%03d" % byte):
                snippet = before.replace(b"%d", b"%d" % (len(found) % BATCH)) + put + behind
                (found if stands_alone(snippet) else later).append(snippet)
    return [found[at:at + BATCH] for at in range(0, len(found), BATCH)], later


BYTES = [b'"', b"(", b")", b";", b"\\", b"\n", b"\r", b"\r\n", b" ", b"\t", b"$", b"@", b"\0", b"\xff", b"\x7f", b"\xef\xbb\xbf", b"#", b"\\#", b"\\000", b".", b"..", b"0", b"\n ", b"\n\n", b"*", b"\x0b", b"\x0c", b"\xc3\xbc",
         b"\\\n", b'""', b"()", b"IN", b"-", b",", b"=", b"/", b":"]


def mutate_bytes(rng, data):
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(data) + 1)
        span = rng.choice([0, 0, 1, 1, 2, rng.randint(0, 12)])
        put = rng.choice([rng.choice(BYTES), rng.choice(BYTES), b"", bytes([rng.randrange(256)]), data[at:at + span] * 2])
        data = data[:at] + put + data[at + span:]
    return data


def broken(rng):
    """A zone file of a few plain records, of which some bytes have been changed."""
    snippets = [b"@ IN SOA ns hostmaster 1 10800 600 86400 300", b"@ IN NS ns", b"ns IN A 192.0.2.1"]
    snippets = [b"$TTL 300", *snippets, *[plain(rng, f"r{nr}") for nr in range(rng.randint(1, 3))]]
    return {"zone": mutate_bytes(rng, b"\n".join(snippets) + b"\n")}


# --- data in hexadecimal -----------------------------------------------------------------------------

def mutate_wire(rng, data):
    if rng.random() < 0.3:
        return data
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2])):
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(4)
        if how == 0:
            del data[at:at + rng.choice([1, 1, 2, 8])]
        elif how == 1:
            data[at:at] = rng.randbytes(rng.choice([1, 1, 2, 8]))
        elif how == 2 and at < len(data):
            data[at] = rng.choice([0, 1, 63, 64, 192, 255, rng.randrange(256), data[at] ^ 1 << rng.randrange(8), data[at] + 1 & 255])
        else:
            del data[at:]
    return bytes(data)


def generic(rng, records):
    """\\# with the data of records that were read, as they are and mutated."""
    found = []
    for _ in range(BATCH if records else 0):
        _, _, rtype, data = rng.choice(records)
        if rtype != 6:
            data = mutate_wire(rng, data)
            name = rng.choice([f"TYPE{rtype}", f"TYPE{rtype}", f"type{rtype}"])
            found.append(f"r{len(found)} {name} \\# {len(data)} {data.hex()}".encode())
    return found
