#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures that nobody renews: who looks after a zone that was signed elsewhere hears of it before
its resolvers' users do, and when it has happened; and signing it again is all that it takes.

Both signers, one with NSEC and one with NSEC3, signed for a month, then up to an hour from now, then
for some seconds.
"""
import json, os, re, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.message, dns.rcode, dns.rdatatype, dns.zone
from dns_load import ask, udp
from dns_queries import DIR
from dns_sign import SIGNED, missing_tools, sign
from dns_signals import end_by_finally
from dns_site import Site, enter
from dns_tap import done, ok

ZONES = {"nsec.test.": "NSEC", "nsec3.test.": "NSEC3"}
OPTIONS = {"ldns": ("-i", "-e"), "bind": ("-s", "-e")}
MONTH, DAY, HOUR, SHORT = 30 * 86400, 86400, 3600, 15


def stamp(at):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(at))


def sign_zone(zone, target, before, after):
    """From so many seconds ago for so many more, with new keys; into `target` in one go, as a signer
    ought to. Keys may take a while: time is told when they are there."""
    folder, way = tempfile.mkdtemp(prefix="dns-sign."), SIGNED[zone]
    try:
        source = os.path.join(folder, "source")
        with open(os.path.join(DIR, "signed.src")) as f, open(source, "w") as to:
            to.write(f"$ORIGIN {zone}\n{f.read()}")
        begin, end = OPTIONS[way.signer]
        sign(folder, zone, way, source, "signed",
             lambda: (begin, stamp(time.time() - before), end, stamp(time.time() + after)))
        shutil.copy(os.path.join(folder, "signed"), target + ".new")
        os.rename(target + ".new", target)
    finally:
        shutil.rmtree(folder)


def sign_all(folder, before, after):
    for zone in ZONES:
        sign_zone(zone, os.path.join(folder, zone + "zone"), before, after)
    return {zone: zone + "zone" for zone in ZONES}


def wait(what, seconds):
    for _ in range(seconds * 10):
        if what():
            return True
        time.sleep(0.1)
    return False


def states(site):
    return {z["zone"]: z.get("signing") for z in site.zones_json()}


def all_are(site, state):
    return states(site) == {zone: state for zone in ZONES}


def shown(site, zone):
    """The zone's line in `anydoor zones`."""
    lines = site.call("zones").stdout.splitlines()
    return next((line for line in lines if line.startswith(zone)), "")


def warnings(site):
    got = site.call("status", "--json")
    return got.returncode, json.loads(got.stdout)["warnings"]


def answers(site):
    reply = ask(udp(2), dns.message.make_query("www.nsec.test.", "A", want_dnssec=True).to_wire())
    return reply and dns.message.from_wire(reply).rcode() == dns.rcode.NOERROR


def metrics(site):
    words = ["nsenter", f"--net=/run/netns/{site.server}", "curl", "-s",
             "http://127.0.0.1:9911/metrics"]
    return subprocess.run(words, capture_output=True, text=True).stdout


def first_end(site, zone):
    """By another reader of the file."""
    found = dns.zone.from_file(os.path.join(site.zones, zone + "zone"), zone)
    return min(rr.expiration for _, _, rr in found.iterate_rdatas()
               if rr.rdtype == dns.rdatatype.RRSIG)


def test_signed(site):
    ok(all_are(site, "signed"), "zones that are good for a month are signed")
    for zone in site.zones_json():
        ends = first_end(site, zone["zone"])
        ok(zone["denial"] == ZONES[zone["zone"]] and zone["signed_until_s"] == ends and
           ends - MONTH / 9 < zone["resign_by_s"] < ends - MONTH / 11,
           f"{zone['zone']}: until when, and by when it ought to be renewed")
        said = shown(site, zone["zone"])
        ok(any(f" {zone['denial']}, {left}" in said for left in ("29d23h", "30d00h")),
           f"{zone['zone']}: for people too")
        line = (f'anydoor_dns_zone_signed_until_timestamp_seconds{{zone="{zone["zone"]}",'
                f'denial="{zone["denial"]}"}} {ends}\n')
        ok(line in metrics(site), f"{zone['zone']}: and for Prometheus")
    ok(not any("signature" in warning for warning in warnings(site)[1]), "nothing is warned of")
    ok("signature" not in site.said(), "nor in the log")


def place_named(site, said, zone):
    """A warning for the zone names a line of its file: a signature's last (BIND's have several)."""
    path = os.path.join(site.zones, zone + "zone")
    for number in re.findall(re.escape(path) + r":(\d+): .* its signature (?:expires on|has expired)",
                             said):
        with open(path) as f:
            lines = f.readlines()[:int(number)]
        begins = next(line for line in reversed(lines) if line[0] != "\t" or "3600" in line)
        return "RRSIG" in begins
    return False


def test_near_its_end(site):
    sign_all(site.zones, DAY, HOUR)
    ok(wait(lambda: all_are(site, "resign"), 20), "near their end they want to be signed again")
    code, said = warnings(site)
    for zone, denial in ZONES.items():
        ok(f" {denial}, only " in shown(site, zone), f"{zone}: zones says so")
        ok(any(f"{zone}: signatures expire in " in warning for warning in said),
           f"{zone}: status says so")
        ok(place_named(site, site.said(), zone), f"{zone}: the log names the first signature")
    ok(code == 4, "that is degraded")


def test_expired(site):
    sign_all(site.zones, DAY, SHORT)
    gone = lambda: all(f"zone {zone}: signatures have expired" in site.said() for zone in ZONES)
    ok(wait(gone, SHORT + 30), "when they expire the daemon says so, with nobody touching anything")
    ok(all_are(site, "expired"), "and zones")
    said = warnings(site)[1]
    for zone, denial in ZONES.items():
        ok(f" {denial}, expired " in shown(site, zone), f"{zone}: for people too")
        ok(any(f"{zone}: signatures expired " in warning for warning in said),
           f"{zone}: and status")
    check = site.call("check", "--config-only")
    ok(check.returncode == 0 and all(place_named(site, check.stderr, zone) for zone in ZONES),
       "check names the first signature of each, and that it is no reason not to start")
    ok(answers(site), "answers go on: who does not validate has no part in it")


def test_signed_again(site):
    sign_all(site.zones, HOUR, MONTH)
    ok(wait(lambda: all_are(site, "signed"), 20), "signed again, they are good again")
    ok(not any("signature" in warning for warning in warnings(site)[1]), "nothing is left to warn of")
    ok(answers(site), "and answer")


def main():
    end_by_finally()
    if missing_tools():
        print(f"1..0 # SKIP not installed: {', '.join(missing_tools())}")
        return 0
    folder, site = tempfile.mkdtemp(prefix="dns-zones."), None
    try:
        site = Site(watch=True, folder=folder, files=sign_all(folder, HOUR, MONTH))
        site.up()
        enter(site.client)
        test_signed(site)
        test_near_its_end(site)
        test_expired(site)
        test_signed_again(site)
    finally:
        if site:
            site.down()
        shutil.rmtree(folder)
    return done()


sys.exit(main())
