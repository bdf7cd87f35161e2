# SPDX-License-Identifier: GPL-3.0-or-later
"""Steered names in the kernel. zones.c configures them: three POPs fra, nyc and sin; clients in
198.51.100.0/24 and 2001:db8:c::/48 belong to fra, those in 203.0.113.0/24 to sin, all others to nyc; in that
order when one is out."""

import dns.edns
import dns.rcode
import dns.rrset

from dns_vectors import FORMAT, answered, ask, question, soa
from layout import image
from world import CLIENT4, CLIENT6, VIP4, VIP6, u32

FRA, NYC, SIN = range(3)
OUT, DOUBT = 1, 2
A = {FRA: "192.0.2.10", NYC: "192.0.2.20", SIN: "192.0.2.30"}
AAAA = {FRA: "2001:db8:a::10", NYC: "2001:db8:a::20"}
BANK = 256
ZONE = """\
steer.fra  A     192.0.2.10
steer.fra  AAAA  2001:db8:a::10
steer.fra  MX    5 www
steer.nyc  A     192.0.2.20
steer.nyc  AAAA  2001:db8:a::20
steer.sin  A     192.0.2.30
towards    CNAME steer
"""


def ecs(family, source, scope, address):
    return dns.edns.GenericOption(
        dns.edns.ECS, bytes([0, family, source, scope]) + bytes.fromhex(address))


def states(**words):
    """Words of POPs, in both banks: whichever slot is live."""
    numbers = {"fra": FRA, "nyc": NYC, "sin": SIN}
    return [(f"steer_pops_{FORMAT}", u32(bank * BANK + numbers[name]), image(
        "ad_steer_pop", word=word)) for name, word in words.items() for bank in range(2)]


def has(pop, owner="steer.example.org.", ttl=60):
    return dns.rrset.from_text(owner, ttl, "IN", "A", A[pop])


def write_places(w):
    for label, client, vip in (("4", CLIENT4, VIP4), ("6", CLIENT6, VIP6)):
        query = question("steer.example.org.")
        ask(w, f"steer-a-in{label}", query, answered(query, has(FRA)), client, vip, truncate=True)
        query = question("steer.example.org.", "AAAA")
        ask(w, f"steer-aaaa-in{label}", query,
            answered(query, dns.rrset.from_text("steer.example.org.", 60, "IN", "AAAA", AAAA[FRA])),
            client, vip)
        query = question("steer.example.org.", use_edns=0, payload=1232)
        ask(w, f"steer-edns-in{label}", query, answered(query, has(FRA)), client, vip)
    for label, client, pop in (("sin", "203.0.113.9", SIN), ("nowhere", "192.0.2.9", NYC)):
        query = question("steer.example.org.")
        ask(w, f"steer-{label}", query, answered(query, has(pop)), client)
    query = question("sTeEr.eXample.org.")
    ask(w, "steer-0x20", query, answered(query, has(FRA, "sTeEr.eXample.org.")))


def write_types(w):
    query = question("steer.example.org.", "MX")
    reply = answered(query, dns.rrset.from_text("steer.example.org.", 60, "IN", "MX",
                                                "5 www.example.org."))
    reply.additional = [dns.rrset.from_text("www.example.org.", 300, "IN", "A", "192.0.2.80"),
                        dns.rrset.from_text("www.example.org.", 300, "IN", "AAAA",
                                            "2001:db8:a::80")]
    ask(w, "steer-mx", query, reply)
    query = question("steer.example.org.", "TXT")
    ask(w, "steer-nodata", query, answered(query, authority=[soa()]))
    query = question("steer.example.org.", "AAAA")
    ask(w, "steer-nodata-of-a-pop", query, answered(query, authority=[soa()]), "203.0.113.9")
    query = question("below.steer.example.org.")
    ask(w, "steer-nxdomain-below", query,
        answered(query, rcode=dns.rcode.NXDOMAIN, authority=[soa()]))
    query = question("towards.example.org.")
    ask(w, "steer-alias", query,
        answered(query, dns.rrset.from_text("towards.example.org.", 300, "IN", "CNAME",
                                            "steer.example.org."), has(FRA)))


def write_subnets(w):
    for label, family, source, address, scope, pop in (
            ("v4", 1, 24, "c63364", 24, FRA), ("v4-host", 1, 32, "cb007109", 24, SIN),
            ("v4-short", 1, 8, "0a", 1, NYC), ("v4-private", 1, 24, "c0a800", 6, NYC),
            ("v6", 2, 48, "20010db8000c", 48, FRA), ("v6-elsewhere", 2, 48, "2a0000000000", 5, NYC),
            ("v4-mapped", 2, 128, "00000000000000000000ffffc6336407", 120, FRA),
            ("none", 1, 0, "", 0, FRA), ("none6", 2, 0, "", 0, FRA)):
        query = question("steer.example.org.", use_edns=0, payload=1232,
                         options=[ecs(family, source, 0, address)])
        ask(w, f"steer-subnet-{label}", query,
            answered(query, has(pop), options=[ecs(family, source, scope, address)]))
    query = question("below.steer.example.org.", use_edns=0, payload=1232,
                     options=[ecs(1, 24, 0, "cb0071")])
    ask(w, "steer-subnet-nxdomain", query,
        answered(query, rcode=dns.rcode.NXDOMAIN, authority=[soa()],
                 options=[ecs(1, 24, 0, "cb0071")]))


def write_states(w):
    """Whatever rows say: the words are obeyed by the next answer, in the frame."""
    for label, words, pop, ttl in (
            ("out", {"fra": OUT}, NYC, 10), ("two-out", {"fra": OUT, "nyc": OUT}, SIN, 10),
            ("others-out", {"nyc": OUT, "sin": OUT}, FRA, 60), ("doubt", {"fra": DOUBT}, FRA, 10),
            ("sheds-all", {"fra": 64 << 8}, NYC, 60), ("sheds-none", {"fra": DOUBT | 0 << 8}, FRA, 10),
            ("all-shed", {"fra": 64 << 8, "nyc": 64 << 8, "sin": 64 << 8}, FRA, 60)):
        query = question("steer.example.org.")
        ask(w, f"steer-{label}", query, answered(query, has(pop, ttl=ttl)), sets=states(**words))
    everything = states(fra=OUT, nyc=OUT, sin=OUT)
    query = question("steer.example.org.")
    ask(w, "steer-last-resort", query, answered(query, has(NYC, ttl=10)), sets=everything)
    query = question("steer.closed.example.org.")
    ask(w, "steer-closed", query, answered(query, rcode=dns.rcode.SERVFAIL, aa=False),
        sets=everything)
    query = question("steer.empty.example.org.")
    ask(w, "steer-empty", query, answered(query, authority=[soa()]), sets=everything)


def write_several(w):
    """Up to three POPs at once, of the rank {fra, nyc}: sin only when both are out."""
    owner = "steer.two.example.org."
    query = question(owner)
    for label, words, pops, ttl in (
            ("both", {}, (FRA, NYC), 60), ("one-out", {"fra": OUT}, (NYC,), 10),
            ("next-rank", {"fra": OUT, "nyc": OUT}, (SIN,), 10),
            ("one-sheds", {"nyc": 64 << 8}, (FRA,), 60)):
        found = [has(pop, owner, ttl) for pop in pops]  # one each: dnspython would shuffle them
        ask(w, f"steer-several-{label}", query, answered(query, *found), sets=states(**words))
    query = question(owner, "AAAA", use_edns=0, payload=1232, options=[ecs(1, 24, 0, "c63364")])
    ask(w, "steer-several-aaaa", query,
        answered(query, *(dns.rrset.from_text(owner, 60, "IN", "AAAA", AAAA[pop])
                          for pop in (FRA, NYC)),
                 options=[ecs(1, 24, 24, "c63364")]))
    query = question(owner)
    ask(w, "steer-several-out", query, answered(query, rcode=dns.rcode.SERVFAIL, aa=False),
        sets=states(fra=OUT, nyc=OUT, sin=OUT))


def write(w):
    write_places(w)
    write_types(w)
    write_subnets(w)
    write_states(w)
    write_several(w)
