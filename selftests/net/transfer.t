#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones from a primary as deploy/doc/transfer.md says: Knot beside anydoor is the secondary. Then the
primary signs, as deploy/doc/dnssec.md says.

The primary is on the client's side of the wire. A change there must reach the answers in the kernel
within seconds, by NOTIFY and IXFR, with no answer lost and none that no version of the zone gives.
"""
import os, re, shutil, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../dns"))
import dns.message, dns.rdatatype
from dns_load import Load, ask, udp
from dns_queries import DIR, Engine
from dns_signals import end_by_finally
from dns_site import CLIENT4, TOP, Site, enter, sh
from dns_tap import diag, done, ok, results

ZONE = "elsewhere.test."
FILE = f"{ZONE[:-1]}.zone"
NODE4 = "10.77.0.1"
FIRST, CHANGES = 10, 5  # above the serial of the file that is there
LAST = FIRST + CHANGES
SECONDS = 3  # that a change may take

PRIMARY = """
server:
    listen: {client}@53
    rundir: {dir}
database:
    storage: {dir}
log:
  - target: stdout
    any: info
key:
  - id: transfer
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: node
    address: {node}@53
    key: transfer
acl:
  - id: nodes
    address: {node}
    key: transfer
    action: transfer
zone:
  - domain: {zone}
    storage: {dir}
    file: {file}
    notify: node
    acl: nodes
    zonefile-load: difference
    zonefile-sync: -1
"""


class Knot:
    """A knotd in a namespace."""

    def __init__(self, netns, directory, config):
        os.makedirs(directory, exist_ok=True)
        self.conf, self.path = os.path.join(directory, "conf"), os.path.join(directory, "log")
        with open(self.conf, "w") as f:
            f.write(config)
        self.log = open(self.path, "w")
        self.proc = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{netns}", "knotd", "-c", self.conf],
            stdout=self.log, stderr=self.log)

    def said(self):
        with open(self.path) as f:
            return f.read()

    def stop(self):
        self.proc.terminate()
        self.proc.wait()


def example(name, directory, zones, kept):
    """An example, with the addresses and directories of this network."""
    with open(os.path.join(TOP, "deploy/examples", name)) as f:
        text = f.read()
    for old, new in ((zones, kept), ("198.51.100.1", NODE4), ("203.0.113.1", CLIENT4),
                     ("/var/lib/knot", directory),
                     ("    user: knot:knot\n", f"    rundir: {directory}\n"),
                     ("target: syslog", "target: stdout"), ("example.com", ZONE)):
        assert old in text, old
        text = text.replace(old, new)
    return text


def secondary(site):
    directory = os.path.join(site.dir, "knot")
    text = example("knot.conf", directory, "/var/lib/anydoor/zones", site.zones)
    return Knot(site.server, directory, text), re.search(r"secret: (\S+)", text).group(1)


def signer(site):
    """The primary again, as one that signs: deploy/doc/dnssec.md."""
    directory = os.path.join(site.dir, "signer")
    os.makedirs(directory)
    write(os.path.join(directory, FILE), LAST)
    text = example("knot-signer.conf", directory, "/var/lib/knot/zones", directory)
    return Knot(site.client, directory, text)


def zone_text(serial):
    with open(os.path.join(DIR, FILE)) as f:
        text = f.read().replace("hostmaster 3 ", f"hostmaster {serial} ")
    return text + f"serial TXT {serial}\nmirror CNAME serial\n"


def write(path, serial):
    with open(path + ".new", "w") as f:
        f.write(zone_text(serial))
    os.rename(path + ".new", path)


def primary(site, secret):
    directory = os.path.join(site.dir, "primary")
    os.makedirs(directory)
    write(os.path.join(directory, FILE), FIRST)
    return Knot(site.client, directory, PRIMARY.format(
        client=CLIENT4, node=NODE4, dir=directory, file=FILE, zone=ZONE, secret=secret))


def answer(name):
    wire = dns.message.make_query(f"{name}.{ZONE}", "TXT").to_wire()
    return dns.message.from_wire(ask(udp(socket.AF_INET), wire))


def serial_served():
    reply = answer("serial")
    return int(reply.answer[0][0].strings[0]) if reply.answer else 0


def await_serial(serial, seconds):
    """How long it took, or None."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if serial_served() == serial:
            return time.monotonic() - began
        time.sleep(0.01)
    return None


def legal_answers(serials):
    """What the engine may say while the serials follow each other."""
    legal = {f"serial.{ZONE}": set(), f"mirror.{ZONE}": set()}
    with tempfile.TemporaryDirectory(prefix="transfer.") as directory:
        shutil.copytree(DIR, directory, dirs_exist_ok=True)
        for serial in serials:
            write(os.path.join(directory, FILE), serial)
            engine = Engine(directory)
            for name in legal:
                wire = dns.message.make_query(name, "TXT").to_wire()
                legal[name].add(engine.ask(wire, False)[len(wire):])
    return legal


def test_first_transfer(site, knots):
    took = await_serial(FIRST, 20)
    ok(took is not None, "the zone of the primary is served")
    ok("AXFR, incoming" in knots[0].said(), "by AXFR")


def test_changes(site, knots):
    load = Load(site.client, legal_answers(range(FIRST, LAST + 1)), "TXT")
    path, times = os.path.join(site.dir, "primary", FILE), []
    load.start()
    for serial in range(FIRST + 1, LAST + 1):
        write(path, serial)
        sh(f"knotc -c {knots[1].conf} zone-reload {ZONE}")
        times.append(await_serial(serial, SECONDS))
    load.stop = True
    load.join()
    ok(None not in times, f"{CHANGES} changes at the primary are in the kernel after "
       + ", ".join("never" if t is None else f"{t * 1000:.0f} ms" for t in times))
    said = knots[0].said()
    ok(said.count("IXFR, incoming, remote") >= CHANGES and "notify, incoming" in said,
       "by NOTIFY and IXFR")
    ok(load.asked > 1000 and not load.lost, f"{load.asked} queries meanwhile, {load.lost} lost")
    ok(not load.wrong, f"{len(load.wrong)} answers that no version of the zone gives")


def await_signed(site, after, seconds):
    """The zone as it is listed once it is signed for longer than that."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        zone = next(z for z in site.zones_json() if z["zone"] == ZONE)
        if zone.get("signed_until_s", 0) > after:
            return zone
        time.sleep(0.1)
    return None


def test_signed(site, knots):
    """A primary that signs, and renews: nobody does anything on the node."""
    knots.pop().stop()
    knots.append(signer(site))
    zone = await_signed(site, 0, 20)
    ok(zone and zone["signing"] == "signed" and zone["denial"] == "NSEC3",
       "from a primary that signs comes a signed zone")
    wire = dns.message.make_query(f"nothing.{ZONE}", "A", want_dnssec=True).to_wire()
    reply = dns.message.from_wire(ask(udp(socket.AF_INET), wire))
    ok(any(rrset.rdtype == dns.rdatatype.NSEC3 for rrset in reply.authority), "with its denials")
    time.sleep(1)  # signatures end at a second
    sh(f"knotc -c {knots[1].conf} zone-sign {ZONE}")
    ok(zone and await_signed(site, zone["signed_until_s"], 20), "and what it renews comes too")
    ok(serial_served() == LAST, "the rest is as it was")


def test_broken_file(site):
    with open(os.path.join(site.zones, "example.com.zone"), "a") as f:
        f.write("broken A 300.1.2.3\n")
    time.sleep(1)
    ok(serial_served() == LAST, "a broken file changes nothing")
    errors = [z["error"] for z in site.zones_json() if z["zone"] == "example.com."]
    ok(errors and "example.com.zone:" in str(errors[0]), "and is told of")


def main():
    if not shutil.which("knotd"):
        print("1..0 # SKIP knotd is not installed")
        return 0
    end_by_finally()
    site, knots = Site(watch=True), []
    try:
        site.up()
        enter(site.client)
        knot, secret = secondary(site)
        knots += [knot, primary(site, secret)]
        test_first_transfer(site, knots)
        test_changes(site, knots)
        test_signed(site, knots)
        test_broken_file(site)
        if not all(results):
            diag("\n".join(k.said() for k in knots))
            site.log.seek(0)
            diag(site.log.read())
    finally:
        for knot in knots:
            knot.stop()
        site.down()
    return done()


sys.exit(main())
