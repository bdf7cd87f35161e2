# SPDX-License-Identifier: GPL-3.0-or-later
"""Cookies (RFC 9018), client subnets (RFC 7871) and answers over the limit, in the kernel."""

import itertools
import struct

import dns.edns
import dns.flags
import dns.rcode

import keyed
from dns_vectors import IN_FRAME, answered, ask, carried, question, rrset, soa
from oracle import WALL_S, ether
from world import (CLIENT4, CLIENT6, COOKIE_SECRET, COOKIE_SECRET_OLD, COOKIES_OFF,
                   COOKIES_REQUIRED, TICKS_A_SECOND, VIP4, VIP6, guard, prefix, u32)

NAME = "www.example.org."
CLIENT_COOKIE = bytes.fromhex("2464c4abcf10c957")
MINUTE = 60


def server_cookie(client, age_s=0, secret=COOKIE_SECRET, version=1):
    return keyed.server_cookie(CLIENT_COOKIE, client, WALL_S - age_s, secret, version)


def option(code, data):
    return dns.edns.GenericOption(code, data)


def cookie(data):
    return option(dns.edns.COOKIE, data)


def subnet(text):
    return option(dns.edns.ECS, bytes.fromhex(text))


def asked(*options, name=NAME):
    return question(name, use_edns=0, payload=1232, options=list(options))


def rules(**more):
    return [("dns_guard", u32(0), guard(**more))]


def write_cookies(w):
    www = rrset(NAME, "A")
    for label, client, vip in (("4", CLIENT4, VIP4), ("6", CLIENT6, VIP6)):
        fresh = server_cookie(client)

        def case(name, brought, given, **more):
            query = asked(cookie(brought))
            ask(w, f"cookie{label}-{name}", query, answered(query, www, options=[cookie(given)]),
                client, vip, **more)

        case("new", CLIENT_COOKIE, fresh, truncate=True)
        case("good", fresh, fresh)
        for name, age, kept in (("29min", 29 * MINUTE, True), ("31min", 31 * MINUTE, False),
                                ("59min", 59 * MINUTE, False), ("61min", 61 * MINUTE, False),
                                ("4min-ahead", -4 * MINUTE, True),
                                ("6min-ahead", -6 * MINUTE, False)):
            brought = server_cookie(client, age)
            case(name, brought, brought if kept else fresh)
        case("old-secret", server_cookie(client, MINUTE, COOKIE_SECRET_OLD), fresh)
        case("other-secret", server_cookie(client, MINUTE, bytes(16)), fresh)
        case("other-client", server_cookie("192.0.2.77", MINUTE), fresh)
        case("other-version", server_cookie(client, MINUTE, version=2), fresh)
        case("long", fresh + bytes(16), fresh)
        bad = asked(cookie(CLIENT_COOKIE + bytes(4)))
        ask(w, f"cookie{label}-length", bad,
            answered(bad, rcode=dns.rcode.FORMERR, aa=False), client, vip)
        query = asked(cookie(CLIENT_COOKIE))
        ask(w, f"cookie{label}-required", query,
            answered(query, rcode=dns.rcode.BADCOOKIE, aa=False, options=[cookie(fresh)]), client,
            vip, sets=rules(cookies=COOKIES_REQUIRED))
        case("required-good", fresh, fresh, sets=rules(cookies=COOKIES_REQUIRED))
        case("required-stale", server_cookie(client, 59 * MINUTE), fresh,
             sets=rules(cookies=COOKIES_REQUIRED))
        ask(w, f"cookie{label}-off", query, answered(query, www), client, vip,
            sets=rules(cookies=COOKIES_OFF))
    plain = question(NAME)
    ask(w, "cookie-required-not-known", plain, answered(plain, www),
        sets=rules(cookies=COOKIES_REQUIRED))
    alone = struct.pack("!6H", 0xBEEF, 0, 0, 0, 0, 1) + asked(cookie(CLIENT_COOKIE)).to_wire()[33:]
    for name, counts, flags in (("notimp", 1, 0x1000), ("two-questions", 2, 0)):
        odd = struct.pack("!6H", 0xBEEF, flags, counts, 0, 0, 1) + alone[12:]
        w.vector(f"dns-opt-{name}", ether(carried(odd, CLIENT4, VIP4), False), "pass",
                 "dns_passed")
    w.vector("dns-cookie-alone", ether(carried(alone, CLIENT4, VIP4), False), "pass", "dns_passed")


def write_subnets(w):
    www = rrset(NAME, "A")
    for name, text in (("v4", "00011800c00002"), ("v4-odd", "00011900c0000280"),
                       ("v4-host", "00012000c0000201"), ("v4-none", "00010000"), ("no-family", "00000000"),
                       ("v6", "0002380020010db8000000"), 
                       ("v6-host", "0002800020010db8000000000000000000000001")):
        query = asked(subnet(text))
        ask(w, f"subnet-{name}", query, answered(query, www, options=[subnet(text)]))
    for name, text in (("empty", ""), ("family", "00031800c00002"), ("no-family", "00000100"), ("scope", "00011818c00002"),
                       ("v4-long", "00012100c000020100"), ("short", "00011800c000"),
                       ("bytes", "00011800c0000200"), ("bits", "00011700c00003")):
        query = asked(subnet(text))
        ask(w, f"subnet-bad-{name}", query, answered(query, rcode=dns.rcode.FORMERR, aa=False))
    write_together(w)
    both = asked(subnet("00011800c00002"), cookie(CLIENT_COOKIE), name="no.example.org.")
    ask(w, "subnet-and-cookie-nxdomain", both,
        answered(both, rcode=dns.rcode.NXDOMAIN, authority=[soa()],
                 options=[cookie(server_cookie(CLIENT4)), subnet("00011800c00002")]))


def write_together(w):
    """Whatever options a resolver sends, in whatever order: answered in the frame, and in one order."""
    www, fresh, padding = rrset(NAME, "A"), server_cookie(CLIENT4), option(dns.edns.PADDING, bytes(9))
    kinds = {"n": option(dns.edns.NSID, b""), "c": cookie(CLIENT_COOKIE), "C": cookie(fresh),
             "s": subnet("00011800c00002"), "S": subnet("0002380020010db8000000"), "p": padding}
    given = {"c": cookie(fresh), "C": cookie(fresh), "s": kinds["s"], "S": kinds["S"]}
    orders = {order for length in (1, 2, 3) for chosen in ("ncs", "nCS", "pcs", "ps")
              for order in itertools.permutations(chosen, min(length, len(chosen)))}
    for order in sorted(orders):
        told = [given[kind] for kind in sorted(order) if kind in given]
        for name, reply in (("a", {}), ("do", {}), ("nx", {"rcode": dns.rcode.NXDOMAIN,
                                                           "authority": [soa()]})):
            query = asked(*(kinds[kind] for kind in order),
                          name="no.such.example.org." if name == "nx" else NAME)
            query.ednsflags |= dns.flags.DO if name == "do" else 0
            sections = [] if name == "nx" else [www]
            ask(w, f"frame-options-{name}-{''.join(order)}", query,
                answered(query, *sections, options=told, **reply), sets=[IN_FRAME])
    for name, brought in (("cookie", cookie(CLIENT_COOKIE + bytes(4))), ("subnet", subnet("0003"))):
        bad = asked(kinds["n"], brought)
        bad_reply = answered(bad, rcode=dns.rcode.FORMERR, aa=False)
        bad_reply.use_edns(0, 0, 1232)
        bad_reply.set_rcode(dns.rcode.FORMERR)
        ask(w, f"frame-options-bad-{name}", bad, bad_reply, sets=[IN_FRAME])
    known = asked(kinds["c"])
    ask(w, "frame-options-badcookie", known,
        answered(known, rcode=dns.rcode.BADCOOKIE, aa=False, options=[cookie(fresh)]),
        sets=[*rules(cookies=COOKIES_REQUIRED), IN_FRAME])


def slipped(query, **more):
    reply = answered(query, **more)
    reply.flags |= dns.flags.TC
    return reply


def write_limited(w):
    """Options 'limited'. An answer that costs more than a second is over the limit at once."""
    www, over = rrset(NAME, "A"), TICKS_A_SECOND + 1
    plain, known, good = question(NAME), asked(cookie(CLIENT_COOKIE)), \
        asked(cookie(server_cookie(CLIENT4)))
    ask(w, "limit-under", plain, answered(plain, www), sets=rules(cost=1))
    ask(w, "limit-none", plain, answered(plain, www), sets=rules(cost=0))
    for label, client, vip in (("4", CLIENT4, VIP4), ("6", CLIENT6, VIP6)):
        w.vector(f"dns-limit{label}-dropped",
                 ether(carried(plain.to_wire(), client, vip), ":" in vip), "drop", "dns_limited",
                 sets=rules(cost=over), truncate=True)
        ask(w, f"limit{label}-slipped", plain, slipped(plain), client, vip, reason="dns_slipped",
            sets=rules(cost=over, slip=1))
        ask(w, f"limit{label}-exempt", plain, answered(plain, www), client, vip,
            sets=[*rules(cost=over, exempt=1),
                  ("dns_exempt", prefix(96 + 24 if label == "4" else 48, client), u32(1))])
    gone = question("gone.example.org.")
    ask(w, "limit-nxdomain-slipped", gone, slipped(gone, rcode=dns.rcode.NXDOMAIN),
        reason="dns_slipped", sets=rules(cost=over, slip=1))
    ask(w, "limit-badcookie", known,
        answered(known, rcode=dns.rcode.BADCOOKIE, aa=False,
                 options=[cookie(server_cookie(CLIENT4))]),
        reason="dns_slipped", sets=rules(cost=over, slip=1))
    # RFC 6891, 6.1.3: another version of EDNS is told so, whatever else is to be said
    newer = asked(cookie(CLIENT_COOKIE))
    newer.use_edns(1, payload=1232, options=[cookie(CLIENT_COOKIE)])
    badvers = answered(asked(cookie(CLIENT_COOKIE)), aa=False, rcode=dns.rcode.BADVERS,
                       options=[cookie(server_cookie(CLIENT4))])
    badvers.flags |= dns.flags.TC
    ask(w, "limit-badvers", newer, badvers, reason="dns_slipped", sets=rules(cost=over, slip=1))
    given = [cookie(server_cookie(CLIENT4))]
    ask(w, "limit-cookie-exempt", good, answered(good, www, options=given), sets=rules(cost=over))
    ask(w, "limit-cookie-frame", good, answered(good, www, options=given),
        sets=[*rules(cost=over), IN_FRAME])
    w.vector("dns-limit-cookie-too", ether(carried(good.to_wire(), CLIENT4, VIP4), False), "drop",
             "dns_limited", sets=rules(cost=over, cookies_exempt=0))
    ask(w, "limit-log-only", plain, answered(plain, www), sets=rules(cost=over, log_only=1))


def write(w):
    write_cookies(w)
    write_subnets(w)
