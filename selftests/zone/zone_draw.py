# SPDX-License-Identifier: GPL-3.0-or-later
"""Random data for every type that BIND knows by name: mostly right, sometimes at an edge, sometimes wrong.

A field is a list of good values or a function that draws one, and a list of odd ones. TYPES says
which fields a type has.
"""
import base64, random


class Dice(random.Random):
    """@odd: the share of fields that are unusual or wrong."""

    def __init__(self, seed):
        super().__init__(seed)
        self.odd = 0.12


NAMES = ["ns", "ns.s.test.", "@", ".", "a.b.c", "x.example.", "UPPER.Case", "*", "*.w", "a\\.b", "a\\032b",
         "\\097bc", "_sip._tcp", "1.2.3.4", "-", "xn--bcher-kva", "a/b", "\\@", "a\\;b", "a\\\"b", "l" * 63,
         ".".join(["n" * 60] * 3)]
ODD_NAMES = ["l" * 64, "a..b", ".a", "a.\\", "a\\25", "a\\256", "a\\300b", "a\\0001", "..", "a@b", '"q"', '"a b"',
             "a$b", "a,b", "a:b", "a!b", "a'b", "caf\xe9", "b\xc3\xbccher", ".".join(["n" * 63] * 4),
             ".".join(["n" * 61] * 4), ".".join(["n" * 62] * 4), "\\", "a\\\\b", "a\\.", "a.b..", "\x7f", "a\x01b",
             "@.b", "a.@", '""', "a\\b", "\\000", "\\255.", "$a", "{a}", "a%b", "\\#", "\\@.\\@"]
TEXTS = ['"a"', "a", '"a b"', '"v=spf1 -all"', '"a\\"b"', '"a;b"', "a\\;b", '"(x)"', '"\\255\\000\\010"', '"\xc3\xa9"',
         '"' + "t" * 255 + '"', "t" * 255, '"a\\\\b"', "a=b,c", "-", "a\\ b", "0", "key=value", '"tab\there"']
ODD_TEXTS = ['""', '"' + "t" * 256 + '"', "t" * 256, 'a"b"', '"a"b', '"a""b"', '"\\256"', '"\\25"', '"\\300"', "@", "caf\xe9",
             '"x\\\ny"', "$a", "{a}", "a'b", "a\\300", "\x7f", '"\x01"', '"\r"', "\\", "\\#", "\\097", '"\\a"',
             '"' + "\\097" * 255 + '"', '"' + "\\097" * 256 + '"', "a\\\\", '"a\\', "a\"", "IN", "300", "[x]", "`x`", "%x"]
IP4 = ["192.0.2.1", "0.0.0.0", "255.255.255.255", "10.1.2.3"]
ODD_IP4 = ["192.0.2", "192.0.2.256", "192.0.2.1.1", "192.0.2.01", "0300.0.2.1", "0x7f.0.0.1", "1", "3232235521", "192.0.2.", "192.0..1",
           ".0.0.2.1", "192.0.2.1 ", "::1", "a", "-1.0.0.0", "192.0.2.1/32", '"192.0.2.1"', "192.0.2.\\049", "192,0,2,1", "192.0.2.+1",
           "001.2.3.4", "1.2.3.0004", "1.2.3.4a", "0.0.0.00"]
IP6 = ["2001:db8::1", "::", "::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "2001:DB8::A", "1::8", "0:0:0:0:0:0:0:0"]
ODD_IP6 = ["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1", "1:", ":::", "12345::", "g::", "192.0.2.1", "1::192.0.2.256", "1:2:3:4:5:6:7::",
           "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "fe80::1%eth0", "2001:db8::1/64", '"::1"', "::00001", "::0001", "1:2:3:4:5:6:1.2.3.4",
           "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "0::0::0", "1:2:3:4::5:6:7:8", ""]
TIMES = ["20270101000000", "20300615123059", "1900000000", "0", "20380119031408", "4294967295", "19700101000000", "20000229000000"]
ODD_TIMES = ["20271301000000", "20270230000000", "20270101240000", "20270101006000", "20270101000060", "20270101000061", "2027010100000",
             "202701010000000", "4294967296", "19691231235959", "21060207062816", "a", "-1", "2027010100000a", "20270229000000", "21000229000000",
             "20270001000000", "20270100000000", "99999999999999", "0x10", "00000000000000", "18000101000000"]
ALGORITHMS = ["8", "13", "15", "5", "RSASHA256", "ECDSAP256SHA256", "ED25519", "RSASHA1", "rsasha512", "0", "255", "253", "PRIVATEDNS",
              "PRIVATEOID", "DH", "DSA", "RSAMD5", "NSEC3RSASHA1", "ECDSAP384SHA384", "ED448", "INDIRECT", "1"]
ODD_ALGORITHMS = ["256", "RSASHA999", "-1", "ECC", "ECC-GOST", "a", "08", "0x8", "RSASHA256X", "DSA-NSEC3-SHA1", "RSA", "ECCGOST", "GOST",
                  "RSASHA2", "NSEC3DSA", "16777216"]
TYPE_NAMES = ["A", "NS", "MX", "TXT", "aaaa", "SOA", "RRSIG", "NSEC", "TYPE1", "TYPE65280", "CAA", "DS", "HTTPS", "type255", "TYPE300", "URI"]
ODD_TYPE_NAMES = ["TYPE65536", "FOO", "ANY", "TYPE0", "OPT", "TYPE", "TYPEX", "AXFR", "TYPE01", "1", "*", "TYPE-1", "A6", "NULL", "MAILB",
                  "RESERVED0", "TSIG", "TKEY", "TYPE65535", "NXNAME", "UNSPEC"]


def number(bits, extra=()):
    top = (1 << bits) - 1
    good = ["0", "1", str(top), str(top // 2), "10", "300"[:bits // 8 + 1 if bits < 16 else 3], *extra]
    odd = [str(top + 1), "-1", "0x10", "1.5", "00010", "+1", "1a", "99999999999", "4294967296", "4294967297", "18446744073709551616",
           "18446744073709551617", "a", '"1"', "\\049", "1k", "1h", "0" * 20 + "1", "-0", ""]
    return good, odd


U8, U16, U32 = number(8), number(16), number(32)
NAME, TEXT, V4, V6 = (NAMES, ODD_NAMES), (TEXTS, ODD_TEXTS), (IP4, ODD_IP4), (IP6, ODD_IP6)
TIME, ALGORITHM = (TIMES, ODD_TIMES), (ALGORITHMS, ODD_ALGORITHMS)
TYPE_NAME = (TYPE_NAMES, ODD_TYPE_NAMES)
TTL = (["0", "300", "1h", "1W2D3H4M5S", "2147483647", "30m"], ["1x", "-1", "2147483648", "4294967295", "4294967296", "1h1h", "h", "1h30", "3550w",
                                                               "7102w", "1s1w", "1.5h", "00300", "1H", "0w", "1hh", "49711d", "1w1w"])


def draw(rng, field):
    if callable(field):
        return field(rng)
    good, odd = field
    return rng.choice(odd if rng.random() < rng.odd else good)


def some(field, low, high):
    return lambda rng: " ".join(draw(rng, field) for _ in range(rng.randint(low, high)))


def maybe(*fields):
    return lambda rng: " ".join(draw(rng, f) for f in fields) if rng.random() < 0.5 else ""


def wrapped(rng, text):
    """Cut with blanks in any place, as hand-wrapped files have it."""
    for _ in range(rng.choice([0, 0, 1, 1, 3])):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice([" ", "  ", "\t"]) + text[at:]
    return text


def hexes(*sizes, cut=True):
    def drawn(rng):
        text = rng.randbytes(rng.choice(sizes)).hex()
        text = rng.choice([text, text.upper()])
        if rng.random() < rng.odd:
            text = rng.choice([text[:-1], text + "0", text + "00", text + "g", text[:-2], "", "-", "0x" + text, '"' + text + '"', text + ":"])
        return wrapped(rng, text) if cut else text
    return drawn


def base64s(*sizes):
    def drawn(rng):
        text = base64.b64encode(rng.randbytes(rng.choice(sizes))).decode()
        if rng.random() < rng.odd:
            text = rng.choice([text[:-1], text + "=", text + "A", "=" + text, text.replace("A", "-"), "", text + "====", text + "!", '"' + text + '"',
                               text[:-2] + "==", text.rstrip("="), "A" + text, "AQI", "AQ==", "AR==", "AQJ=", "A===", "====", "\\065QID"])
        return wrapped(rng, text)
    return drawn


def base32s(rng):
    text = base64.b32hexencode(rng.randbytes(20)).decode().lower()
    if rng.random() < rng.odd:
        return rng.choice([text[:-1], text + "0", text.upper(), base64.b32hexencode(rng.randbytes(3)).decode(), "-", text + "=", "w" + text[1:], "",
                           "z" * 32, text[:16], base64.b32hexencode(rng.randbytes(5)).decode().lower(), text[:16] + " " + text[16:]])
    return text


def salt(rng):
    odd = ["", "a", "zz", "0", "--", "00" * 256, "0x00", '"-"', "aabb cc"]
    return rng.choice(odd if rng.random() < rng.odd else ["-", "aabb", "00", "AABBCCDD", "ff" * 255])


def location(rng):
    good = ["52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", "42 21 54 N 71 06 18 W -24m 30m", "42 21 43.952 N 71 5 6.344 W -24m 1m 200m",
            "52 14 05 N 00 08 50 E 10m", "0 N 0 E 0", "90 N 180 W 0m", "90 0 0 S 180 0 0 E 42849672.95m", "32 7 19 S 116 2 25 E 10m", "1 N 1 E -100000m",
            "1 2 3.001 N 1 2 3.1 E 1.5m 1m 1m 1m", "1 n 1 e 1.01m 90000000m", "1 2 N 3 4 W 100.00m 1m"]
    odd = ["91 N 0 E 0m", "90 0 1 N 0 E 0m", "1 60 N 1 E 0m", "1 1 60 N 1 E 0m", "1 N 181 E 0m", "1 N 1 E", "1 N 1 E -100000.01m", "1 N 1 E 42849672.96m",
           "1 E 1 N 0m", "N 1 E 1 0m", "1 N 1 E 0m 90000000.01m", "1 N 1 E 0m 1m 1m 1m 1m", "1 1 1.0001 N 1 E 0m", "1 1 1. N 1 E 0m", "1 N 1 E 1.234m",
           "1 N 1 E 0m 0.5m", "1 N 1 E 0m 1.05m", "-1 N 1 E 0m", "1.5 N 1 E 0m", "1 N 1 E 1km", "1 N 1 E +1m", "1 1 59.9999 N 1 E 0m", "1 N 1 E 0m 99999999.99m",
           "180 N 1 E 0m", "1 N 180 0 0.001 E 0m", "1 N 1 E -0.01m", "1 N 1 E -1.5", "1 N 1 E .5m", "1 N 1 E 0.m", "1 N 1 E 0M", "001 N 1 E 0m",
           "1 2 3 4 N 1 E 0m", "1 N 1 E 0m -1m", "1 N 1 E 00000000001m", "1 N 1 E 0m 0m 0m 0m", "1 N 1 E 0m 0.01m", "1 1 1.12 N 1 E 0m", "1 N 1 E 10000000000m"]
    return rng.choice(odd if rng.random() < 0.3 else good)


def prefixes(rng):
    good = ["1:192.168.32.0/21", "!1:192.168.38.0/28", "2:2001:db8::/32", "1:0.0.0.0/0", "2:::/0", "1:224.0.0.0/4", "!2:FF00:0:0:0:0:0:0:0/8", "1:10.0.0.0/32",
            "1:192.0.2.1/24"]
    odd = ["3:1.2.3.4/1", "1:1.2.3.4/33", "2:::/129", "1:1.2.3.4", "1:1.2.3/8", "0:1.2.3.4/8", "!!1:1.2.3.4/8", "1:1.2.3.4/", "1:1.2.3.4/-1", "1.2.3.4/8", "1:::/0",
           "2:1.2.3.4/8", "65536:1.2.3.4/8", ":1.2.3.4/8", "1:1.2.3.4/08", "01:1.2.3.4/8", '"1:1.2.3.4/8"', "1:1.2.3.4/8/8"]
    return " ".join(rng.choice(odd if rng.random() < rng.odd else good) for _ in range(rng.randint(0, 4)))


def gateway(rng, kinds, odd):
    kind = rng.choice(list(kinds))
    field = kinds[kind]
    if rng.random() < rng.odd:
        kind = rng.choice(odd)
    return kind, draw(rng, field) if field else ""


def ipseckey(rng):
    kind, where = gateway(rng, {"0": (["."], ["a", "0", "192.0.2.1"]), "1": V4, "2": V6, "3": NAME}, ["4", "256", "1", "2", "3", "0", "255", "-1"])
    algorithm = draw(rng, (["0", "1", "2", "3"], ["256", "4", "RSA", "255"]))
    return f"{draw(rng, U8)} {kind} {algorithm} {where} {rng.choice(['', base64s(3, 33)(rng), base64s(3, 33)(rng)])}"


def amtrelay(rng):
    kind, where = gateway(rng, {"0": (["."], ["a"]), "1": V4, "2": V6, "3": NAME}, ["4", "127", "128", "1", "2", "3", "0", "255"])
    return f"{draw(rng, U8)} {draw(rng, (['0', '1'], ['2', '-1', '01']))} {kind} {where}"


def a6(rng):
    bits = rng.choice([0, 64, 127, 128, 48, 1, 129] if rng.random() < 0.3 else [0, 64, 128, 48])
    return " ".join([str(bits), *([draw(rng, V6)] if bits < 128 else []), *([draw(rng, NAME)] if bits else [])])


PARAMS = ["alpn=h2", 'alpn="h2,h3"', "alpn=h3", "no-default-alpn", "port=443", "port=0", "port=65535", "ipv4hint=192.0.2.1", "ipv4hint=192.0.2.1,192.0.2.2",
          "ipv6hint=2001:db8::1", 'ipv6hint="::1,::2"', "ech=AQID", "dohpath=/q{?dns}", 'key667="a b"', "key667=x", "key667", "key65534=a", "mandatory=alpn",
          "mandatory=port", "key1=\\002h2", "key3=\\001\\187", "key7=/q{?dns}", 'alpn="a\\\\,b"', "key12345=\\000", "key6=\\032\\001\\013\\184\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001"]
ODD_PARAMS = ["alpn", "alpn=", "alpn=,", "alpn=h2,,h3", 'alpn=""', "alpn=" + "x" * 255, "alpn=" + "x" * 256, "no-default-alpn=", "no-default-alpn=x", "port", "port=", "port=65536",
              "port=a", "port=0443", "port=-1", 'port="443"', "ipv4hint", "ipv4hint=", "ipv4hint=1.2.3", "ipv4hint=1.2.3.4,", "ipv4hint=::1", "ipv6hint=", "ipv6hint=1.2.3.4",
              "ipv6hint=::1,", "ech", "ech=", "ech=!", "ech=AQ", "ech=AQI", "mandatory=", "mandatory", "mandatory=mandatory", "mandatory=alpn,alpn", "mandatory=key1",
              "mandatory=nosuch", "mandatory=port,alpn", "mandatory=key0", "key0", "key0=\\000\\001", "key65535=a", "key65536=a", "key01=a", "key=1", "keyx=1", "KEY667=x", "ALPN=h2",
              "Alpn=h2", "key667=", 'key667=""', "key667=a\"b\"", '"key667=a"', '"alpn"=h2', "alpn =h2", "alpn= h2", "=x", "dohpath=", "dohpath", "dohpath=q", "dohpath=/q{?dns",
              "dohpath=/q", "dohpath=/\xff{?dns}", "ohttp", "ohttp=", "ohttp=x", "key8", "key8=x", "tls-supported-groups=29,23", "key9=\\000\\029", "key2", "key2=a", "key4", "key4=abc",
              "key3=a", "key1", "key1=", "key1=\\003h2", "key5", "key7", "key7=x", "port=443=443", "key667=\\256", "key667=\\25", "key667=a;b", "key667=a\\;b", "alpn=a\\,b",
              "alpn=a\\\\,b", "alpn=a\\\\b", "alpn=a\\092,b", "alpn=\\104\\050", "ipv4hint=192.0.2.\\049", "nosuch", "nosuch=1", "key667=" + "x" * 600, "alpn='h2'", "docpath", "docpath=a"]


def service(rng):
    params = [rng.choice(ODD_PARAMS if rng.random() < rng.odd else PARAMS) for _ in range(rng.choice([0, 1, 1, 2, 3, 4]))]
    return f"{draw(rng, U16 if rng.random() < 0.2 else (['1', '1', '2', '0'], ['65536']))} {draw(rng, NAME if rng.random() < 0.2 else (['ns', '.'], ['@']))} {' '.join(params)}"


DIGESTS = {"1": 20, "2": 32, "4": 48}


def digest(rng):
    """A type of digest and hexadecimal, mostly of its length."""
    kind = rng.choice(list(DIGESTS))
    size = DIGESTS[kind]
    if rng.random() < 0.2:
        kind = rng.choice(["0", "3", "5", "255", "256", "SHA256", "SHA-256", "1", "2", "4", "sha1", "SHA-384", "GOST", "SHA1", "SHA384", "SHA-1"])
    return f"{kind} {hexes(size, size, size, size - 1, size + 1)(rng) if rng.random() < 0.3 else hexes(size)(rng)}"


def fingerprint(rng):
    kind = rng.choice(["1", "2"])
    size = {"1": 20, "2": 32}[kind]
    return f"{draw(rng, U8)} {draw(rng, ([kind], ['0', '3', '256']))} {hexes(size, size, size, 1, 0)(rng)}"


def services(rng):
    protocol = draw(rng, (["tcp", "udp", "TCP", "6", "17"], ["icmp", "1", "256", "nosuch", "0", "-1", "255"]))
    good, odd = ["smtp", "http", "domain", "25", "80", "0", "65535", "7"], ["65536", "nosuch", "-1", "SMTP", "a", "080"]
    return f"{draw(rng, V4)} {protocol} " + " ".join(rng.choice(odd if rng.random() < rng.odd else good) for _ in range(rng.randint(0, 4)))


def hip(rng):
    hit = hexes(16, 16, 16, 1, 20, 255, cut=False)(rng)
    return f"{draw(rng, U8)} {hit} {rng.choice(['AQID', 'AQIDBA==', 'AQ', '', 'A!'] if rng.random() < rng.odd else ['AQID', 'AwEAAbdx'])} {some(NAME, 0, 3)(rng)}"


def grouped(groups, odd):
    def drawn(rng):
        text = rng.choice([":", "-"])[0].join([])
        text = groups[1].join("%0*x" % (groups[2], rng.getrandbits(4 * groups[2])) for _ in range(groups[0]))
        return rng.choice(odd) if rng.random() < rng.odd else rng.choice([text, text.upper()])
    return drawn


EUI48 = grouped((6, "-", 2), ["00-00-5e-00-53", "00-00-5e-00-53-2a-1", "00:00:5e:00:53:2a", "0-0-5e-00-53-2a", "00005e00532a", "gg-00-5e-00-53-2a", "00-00-5e-00-53-2a-", '"00-00-5e-00-53-2a"',
                             "00-00-5e-00-53-2ab"])
EUI64 = grouped((8, "-", 2), ["00-00-5e-ef-10-00-00", "00-00-5e-ef-10-00-00-2a-00", "0000:5eef:1000:002a", "00-00-5e-ef-10-00-00-2", "00:00:5e:ef:10:00:00:2a"])
LOCATOR64 = grouped((4, ":", 4), ["14:4fff:ff20:ee64", "0014:4fff:ff20", "0014:4fff:ff20:ee64:1", "::1", "0014:4fff:ff20:ee6g", "00014:4fff:ff20:ee64", "0014-4fff-ff20-ee64", "0014:4fff:ff20:ee64:", ":4fff:ff20:ee64",
                                 "1.2.3.4", "0:0:0:0"])
TAG = (["issue", "issuewild", "iodef", "contactemail", "ISSUE", "a1"], ['""', "iss-ue", "a b", "is.sue", "issue" * 51, "issue" * 52, '"issue"', "a_b", "\\105ssue", "caf\xe9", "@"])
VALUE = (['"letsencrypt.org"', '"x"', '""', "x", '";"', '"' + "v" * 300 + '"', "mailto:a@b.example", '"a; b=c"'], ['x"y"', "a b", '"\\256"', "", '"a" "b"', "v" * 300, '"\\000"', "\\"])
CERT_TYPE = (["PKIX", "SPKI", "PGP", "IPKIX", "ISPKI", "IPGP", "ACPKIX", "IACPKIX", "URI", "OID", "1", "65535", "0", "9"], ["65536", "X509", "pkix", "-1", ""])
URI_TARGET = (['"http://a.example/"', '"x"', '"' + "u" * 300 + '"'], ['""', "http://a.example/", '"a" "b"', "", "u" * 300, '"a"b'])
FLAGS = (["256", "257", "0"], ["65535", "65536", "NOCONF", "ZONE", "HOST|ZONE", "1", "384", "258", "0x100", "NOKEY", "49152", "-1", "USER", "FLAG2|ZONE", "FOO", "zone"])
PROTOCOL = (["3"], ["0", "1", "255", "256", "DNSSEC", "TLS", "ALL", "dnssec", "NONE", "EMAIL", "IPSEC", "FOO"])
DIGITS = (["311061700956", '"311061700956"', "1234"], ["123", "12a4", '""', "1" * 255, "1" * 256, "+1234", "31-10", "1234 5678"])
ISDN = (["150862028003217", '"150862028003217" "004"', "150862028003217 004"], ['""', '"1" "2" "3"', "a", "1a 2b", '"1" ""', "1 g"])
NSAP = (["0x47.0005.80.005a00.0000.0001.e133.ffffff000162.00", "0x00", "0X4700", "0xAbCd"], ["0x", "47", "0x4", "0xgg", '"0x00"', "0x47..00", "0x47 00", "0x.47", "0x47."])
ATMA = (["39246f000e7c9c0312000100010000123456789a00", "+358400123456", "39.246f.000e7c9c031200010001000012345678.9a00", "00"], ["+", "3", "3g", "+12a", "+358.400", "39..24", ".39", "39.", "", "+358 400", '"00"', "+358..4"])
DEGREE = (["-32.6882", '"-32.6882"', "116.8652", "10.0", "0", "90", "-90", "-180"], ["91", "181", "a", '""', "1e1", "+10", " 10", '"10 "', "-90.1", "10.", ".5", "180", "-.5", "90.0000"])
GENERIC = (["\\# 0", "\\# 1 00", "\\# 4 c0000201", "\\# 4 c0 00 02 01", "\\# 3 ABCDEF"], ["\\# 4 c0000", "\\# 5 c0000201", "\\#", "\\# 1", "\\# 0 00", "\\# 1 0g", "\\# -1", "\\# 65536", "\\# 1 0 0", "\\# 1 000", '"\\#" 0', "\\# a", "1 2",
                                                                                                              "\\#0", "\\# 01 00", "\\035 0", "\\# 1 \"00\"", "\\# 1h 00", "\\# 4 192.0.2.1"])
REGEXP = (['""', '"!^.*$!sip:info@example.com!"', '"/a(b)c/\\\\1/i"', "!a!b!"], ["!a!b", '"!a!b!x"', "a", "!a!\\\\1!", '"!(!b!"', "1a1b1", "iaibi", '"!a!\\\\0!"', '"!a!b!!"', '"!a\\\\!b!c!"'])
SCHEME = (["1", "0", "128", "NOTIFY"], ["256", "a", "notify", "-1", "", "NULL"])
MAP = some(TYPE_NAME, 0, 5)
SIGNED = [TYPE_NAME, ALGORITHM, U8, TTL, TIME, TIME, U16, NAME, base64s(0, 1, 64, 128)]

TYPES = {
    "A": [V4], "NS": [NAME], "MD": [NAME], "MF": [NAME], "CNAME": [NAME], "MB": [NAME], "MG": [NAME], "MR": [NAME], "PTR": [NAME], "DNAME": [NAME],
    "NSAP-PTR": [NAME], "NULL": [GENERIC], "WKS": [services], "HINFO": [TEXT, TEXT], "MINFO": [NAME, NAME], "MX": [U16, NAME], "TXT": [some(TEXT, 1, 4)],
    "SPF": [some(TEXT, 1, 3)], "NINFO": [some(TEXT, 1, 3)], "AVC": [some(TEXT, 1, 3)], "RESINFO": [some(TEXT, 1, 3)], "WALLET": [some(TEXT, 1, 3)],
    "RP": [NAME, NAME], "AFSDB": [U16, NAME], "RT": [U16, NAME], "KX": [U16, NAME], "LP": [U16, NAME], "X25": [DIGITS], "ISDN": [ISDN], "NSAP": [NSAP],
    "SIG": SIGNED, "RRSIG": SIGNED, "KEY": [FLAGS, PROTOCOL, ALGORITHM, base64s(64, 66, 3, 0, 1)], "DNSKEY": [FLAGS, PROTOCOL, ALGORITHM, base64s(64, 66, 3, 0, 1)],
    "CDNSKEY": [FLAGS, PROTOCOL, ALGORITHM, base64s(64, 66, 3, 1)], "RKEY": [(["0"], ["1", "256", "65535"]), PROTOCOL, ALGORITHM, base64s(64, 3, 0)], "PX": [U16, NAME, NAME],
    "GPOS": [DEGREE, DEGREE, DEGREE], "AAAA": [V6], "LOC": [location], "NXT": [NAME, MAP], "EID": [hexes(1, 4, 20, 0)], "NIMLOC": [hexes(1, 4, 20, 0)],
    "SRV": [U16, U16, U16, NAME], "ATMA": [ATMA], "NAPTR": [U16, U16, TEXT, TEXT, REGEXP, NAME], "CERT": [CERT_TYPE, U16, ALGORITHM, base64s(1, 30, 0)], "A6": [a6],
    "SINK": [U8, U8, U8, base64s(0, 3, 10)], "APL": [prefixes], "DS": [U16, ALGORITHM, digest], "CDS": [U16, ALGORITHM, digest], "DLV": [U16, ALGORITHM, digest],
    "TA": [U16, ALGORITHM, digest], "SSHFP": [fingerprint], "IPSECKEY": [ipseckey], "NSEC": [NAME, MAP], "DHCID": [base64s(35, 3, 1, 0)],
    "NSEC3": [U8, U8, U16, salt, base32s, MAP], "NSEC3PARAM": [U8, U8, U16, salt], "TLSA": [U8, U8, U8, hexes(32, 32, 64, 1, 0)], "SMIMEA": [U8, U8, U8, hexes(32, 64, 1, 0)],
    "HIP": [hip], "TALINK": [NAME, NAME], "OPENPGPKEY": [base64s(100, 3, 0)], "CSYNC": [U32, U16, MAP],
    "ZONEMD": [U32, (["1"], ["0", "2", "255", "256"]), (["1", "2"], ["0", "3", "256"]), hexes(48, 48, 64, 64, 11, 12, 0)], "SVCB": [service], "HTTPS": [service],
    "NID": [U16, LOCATOR64], "L64": [U16, LOCATOR64], "L32": [U16, V4], "EUI48": [EUI48], "EUI64": [EUI64], "URI": [U16, U16, URI_TARGET], "CAA": [U8, TAG, VALUE],
    "DOA": [U32, U32, U8, TEXT, (["-", "AQID"], ["", "!", "AQ"])], "AMTRELAY": [amtrelay], "DSYNC": [TYPE_NAME, SCHEME, U16, NAME], "HHIT": [base64s(3, 30, 0)],
    "BRID": [base64s(3, 30, 0)], "UINFO": [GENERIC], "UID": [GENERIC], "GID": [GENERIC], "UNSPEC": [GENERIC], "TYPE65280": [GENERIC], "TYPE300": [GENERIC],
    "TYPE1": [V4], "TYPE16": [some(TEXT, 1, 2)], "TYPE28": [V6], "TYPE15": [U16, NAME], "TYPE65": [service],
}


def rdata(rng, kind):
    return " ".join(draw(rng, field) for field in TYPES[kind])
