# SPDX-License-Identifier: GPL-3.0-or-later
"""Steered names of signed zones in the kernel: zones.c configures them as steer_vectors.py says, in two
zones, one with NSEC and one with NSEC3, and their variants, one for each POP. Each file has signatures of its
own, so that nobody's can be taken for another's."""

import dns.edns
import dns.flags

from dns_vectors import IN_FRAME, answered, ask, question
from signed_vectors import Reply, Signed
from steer_vectors import DOUBT, FRA, NYC, OUT, SIN, ecs, states

POPS = {FRA: "fra", NYC: "nyc", SIN: "sin"}
FROM = {FRA: "198.51.100.9", NYC: "192.0.2.9", SIN: "203.0.113.9"}
APEX = [("@", "SOA", "ns hostmaster 7 3600 600 86400 60"), ("@", "NS", "ns"),
        ("@", "DNSKEY", "256 3 13 a2V5")]


def members(pop):
    n = 10 * pop + 10
    return [("A", f"192.0.2.{n}"), ("AAAA", f"2001:db8:a::{n}"), ("MX", f"{n} ns")]


def named(owner, pop):
    return [(owner, rdtype, data) for rdtype, data in members(pop)]


# In canonical order. What the zone has at the steered names is told to nobody.
PLAIN = APEX + named("@", 9) + \
    [r for owner in ("fra-apex", "fra-www") for r in named(owner, FRA)] + [("ns", "A", "192.0.2.53")] + \
    [r for owner in ("nyc-apex", "nyc-www") for r in named(owner, NYC)] + \
    [r for owner in ("sin-apex", "sin-www") for r in named(owner, SIN)] + \
    named("www", 9) + [("www", "TXT", '"of all POPs"')]


class Steered:
    def __init__(self, origin, nsec3):
        self.zone = Signed(origin, nsec3, plain=PLAIN)
        self.variants = {pop: Signed(origin, nsec3, by=f"{name}s", plain=APEX + named("@", pop) + [
            ("ns", "A", "192.0.2.53")] + named("www", pop)) for pop, name in POPS.items()}


ZONES = {"nsec": Steered("steer.test.", False), "nsec3": Steered("steer3.test.", True)}


def secure(w, name, steered, asked, rdtype, pop, answer, authority=(), source=None, scope=0, glue=(),
           sets=()):
    """Both ways: as the frame takes it, and as a copy does."""
    zone = steered.zone
    options = [ecs(1, 24, 0, source)] if source else []
    query = question(zone.origin if asked == "@" else f"{asked}.{zone.origin}", rdtype,
                     want_dnssec=True, payload=1232, options=options)
    reply = answered(query, *answer, authority=authority)
    back = [dns.edns.GenericOption(dns.edns.ECS, bytes([0, 1, 24, scope]) + bytes.fromhex(source))] \
        if source else []
    reply.use_edns(0, dns.flags.DO, 1232, options=back)
    reply.additional = list(glue)
    for label, more in (("", []), ("frame-", [IN_FRAME])):
        ask(w, f"steer-signed-{label}{name}", query, Reply(reply, zone.origin), FROM[pop],
            sets=[*sets, *more])


def write_zone(w, label, steered):
    zone = steered.zone
    for pop, variant in steered.variants.items():
        at = f"{label}-{POPS[pop]}"
        for rdtype in ("A", "AAAA"):
            secure(w, f"{at}-{rdtype.lower()}", steered, "www", rdtype, pop,
                   variant.sets("www", rdtype, ttl=60))
            secure(w, f"{at}-apex-{rdtype.lower()}", steered, "@", rdtype, pop,
                   variant.sets("@", rdtype, ttl=60))
        secure(w, f"{at}-mx", steered, "www", "MX", pop, variant.sets("www", "MX", ttl=60),
               glue=zone.sets("ns", "A"))
        secure(w, f"{at}-own", steered, "www", "TXT", pop, zone.sets("www", "TXT"))
        secure(w, f"{at}-nodata", steered, "www", "SRV", pop, [],
               authority=zone.soa() + zone.proof("www"))
        secure(w, f"{at}-apex-nodata", steered, "@", "SRV", pop, [],
               authority=zone.soa() + zone.proof("@"))
    secure(w, f"{label}-subnet", steered, "www", "A", FRA, steered.variants[SIN].sets("www", "A", ttl=60),
           source="cb0071", scope=24)
    secure(w, f"{label}-out", steered, "www", "A", FRA, steered.variants[NYC].sets("www", "A", ttl=10),
           sets=states(fra=OUT))
    secure(w, f"{label}-doubt", steered, "@", "A", FRA, steered.variants[FRA].sets("@", "A", ttl=10),
           sets=states(fra=DOUBT))
    query = question(f"www.{zone.origin}", use_edns=0, payload=1232)
    ask(w, f"steer-signed-{label}-without-do", query,
        answered(query, steered.variants[FRA].sets("www", "A", ttl=60)[0]))


def write(w):
    for label, steered in ZONES.items():
        write_zone(w, label, steered)


def write_zones(folder):
    zones = {}
    for steered in ZONES.values():
        origin = steered.zone.origin
        (folder / f"vectors.{origin}zone").write_text(steered.zone.text, encoding="ascii")
        for pop, variant in steered.variants.items():
            file = f"vectors.{origin}{POPS[pop]}.zone"
            (folder / file).write_text(variant.text, encoding="ascii")
        zones[origin] = f"vectors.{origin}zone"
    return zones
