#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones signed by ldns-signzone and dnssec-signzone, served by us, judged by validators: Unbound as a
resolver with our keys as trust anchors, delv and drill.

What is there must be secure, what is not must be proven so, below an insecure delegation nothing is
claimed, and what was tampered with must be bogus. dns.t and dns_diff.t have the answers themselves.
"""
import os, shutil, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.flags, dns.message, dns.rcode, dns.rdatatype
from dns_sign import SIGNED, missing_tools, sign_all
from dns_signals import end_by_finally
from dns_site import VIP4, Site, enter
from dns_tap import diag, done, ok

PORT = 5353
UNBOUND = """
server:
    interface: 127.0.0.1
    port: {port}
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: "{dir}/pid"
    use-syslog: no
    logfile: "{dir}/log"
    do-not-query-localhost: no
    module-config: "validator iterator"
    qname-minimisation: no
    aggressive-nsec: no
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    val-bogus-ttl: 1
    val-log-level: 2
    infra-host-ttl: 1
    access-control: 127.0.0.0/8 allow
    local-zone: "test." nodefault
{anchors}
remote-control:
    control-enable: no
{stubs}
"""
SECURE, INSECURE, BOGUS = "secure", "insecure", "bogus"

# What to ask in every zone, and what of: the rcode, and whether it is secure.
ASKED = [("@", "SOA", "NOERROR"), ("@", "DNSKEY", "NOERROR"), ("www", "A", "NOERROR"),
         ("www", "TXT", "NOERROR"), ("@", "MX", "NOERROR"), ("svc", "HTTPS", "NOERROR"),
         ("chain", "A", "NOERROR"), ("nothing", "A", "NXDOMAIN"), ("x.y.nothing", "A", "NXDOMAIN"),
         ("non.terminal", "A", "NOERROR"), ("x.non.terminal", "A", "NXDOMAIN"),
         ("dangling", "A", "NXDOMAIN"), ("toent", "A", "NOERROR"),
         ("a.b.wild", "A", "NOERROR"), ("a.b.wild", "SRV", "NOERROR"),
         ("towild", "A", "NOERROR"), ("towildalias", "A", "NOERROR"), ("x.wchain", "A", "NOERROR"),
         ("x.wgone", "A", "NXDOMAIN"), ("below.sub.wild", "A", "NXDOMAIN"),
         ("a.star", "TXT", "NOERROR"), ("a.b.star", "TXT", "NOERROR"),
         ("www.d", "A", "NOERROR"), ("x.sub.d", "TXT", "NXDOMAIN"), ("y.e", "A", "NXDOMAIN"),
         ("secure", "DS", "NOERROR"), ("insecure", "DS", "NOERROR"),
         ("far.below.only", "DS", "NOERROR"), ("big", "TXT", "NOERROR"),
         (r"a\001b", "TXT", "NOERROR"), (r"a\001", "TXT", "NXDOMAIN"), ("zz", "A", "NXDOMAIN")]
# With opt-out the span that covers a name may hide a delegation: such denials prove less
# (RFC 5155, 12.2): a validator calls them insecure.
OPT_OUT = [zone for zone, way in SIGNED.items() if {"-A", "-p"} & set(way.options)]
MAY_BE_OPTED_OUT = {("nothing", "A"), ("x.y.nothing", "A"), ("dangling", "A"), ("zz", "A"),
                    ("x.non.terminal", "A"), ("a.b.wild", "A"), ("a.b.wild", "SRV"),
                    ("towild", "A"), ("towildalias", "A"), ("x.wchain", "A"), ("x.wgone", "A"),
                    ("below.sub.wild", "A"), ("a.star", "TXT"), ("a.b.star", "TXT"),
                    ("www.d", "A"), ("x.sub.d", "TXT"), ("y.e", "A"), ("insecure", "DS"),
                    ("far.below.only", "DS"), (r"a\001", "TXT")}


def need_tools():
    missing = missing_tools() + [p for p in ("unbound", "delv", "drill") if not shutil.which(p)]
    if missing:
        print(f"1..0 # SKIP not installed: {', '.join(missing)}")
        sys.exit(0)


class Resolver:
    """Unbound beside the client; it asks nobody but us, and trusts the keys of `anchors` alone."""

    def __init__(self, anchors, zones):
        self.dir = tempfile.mkdtemp(prefix="dns-unbound.")
        with open(os.path.join(self.dir, "conf"), "w") as f:
            f.write(UNBOUND.format(
                port=PORT, dir=self.dir,
                anchors="".join(f'    trust-anchor: "{ds.strip()}"\n' for ds in anchors),
                stubs="".join(f'stub-zone:\n    name: "{zone}"\n    stub-addr: {VIP4}\n'
                              for zone in zones)))
        self.proc = subprocess.Popen(["unbound", "-d", "-c", os.path.join(self.dir, "conf")],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(3)
        self.socket.connect(("127.0.0.1", PORT))

    def ask(self, name, rdtype):
        """The rcode, and how sure it is; CD tells an answer that is not there from a bogus one."""
        reply = self.send(name, rdtype, 0)
        if reply.rcode() == dns.rcode.SERVFAIL:
            unchecked = self.send(name, rdtype, dns.flags.CD)
            return dns.rcode.to_text(unchecked.rcode()), BOGUS
        sure = SECURE if reply.flags & dns.flags.AD else INSECURE
        return dns.rcode.to_text(reply.rcode()), sure

    def send(self, name, rdtype, flags):
        query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232)
        query.flags |= flags
        for _ in range(20):
            try:
                self.socket.send(query.to_wire())
                reply = dns.message.from_wire(self.socket.recv(65535))
                if reply.id == query.id:
                    return self.whole(query, reply)
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"unbound does not answer:\n{self.log()}")

    def whole(self, query, reply):
        import dns.query
        return dns.query.tcp(query, "127.0.0.1", 5, PORT) if reply.flags & dns.flags.TC else reply

    def log(self):
        path = os.path.join(self.dir, "log")
        return open(path).read() if os.path.exists(path) else ""

    def stop(self):
        self.proc.terminate()
        self.proc.wait()
        shutil.rmtree(self.dir)


def absolute(name, zone):
    return zone if name == "@" else f"{name}.{zone}"


def is_right(zone, name, rdtype, rcode, got):
    if got == (rcode, SECURE):
        return True
    return zone in OPT_OUT and (name, rdtype) in MAY_BE_OPTED_OUT and got == (rcode, INSECURE)


def test_zone(resolver, zone):
    wrong = []
    for name, rdtype, rcode in ASKED:
        got = resolver.ask(absolute(name, zone), rdtype)
        if not is_right(zone, name, rdtype, rcode, got):
            wrong.append(f"{name} {rdtype}: {' '.join(got)}, not {rcode}")
    ok(not wrong, f"unbound: {zone} is secure: {len(ASKED)} questions")
    diag("\n".join(wrong + [resolver.log()[-3000:]])) if wrong else None


def test_children(resolver):
    ok(resolver.ask("www.kid.nsec.test.", "A") == ("NOERROR", SECURE),
       "unbound: a signed child below a signed parent is secure")
    ok(resolver.ask("kid.nsec.test.", "DS") == ("NOERROR", SECURE),
       "unbound: and so is its DS, from the parent")
    ok(resolver.ask("plain.nsec.test.", "DS") == ("NOERROR", SECURE),
       "unbound: the parent proves that there is no DS of an unsigned child")
    for name, rcode in (("www.plain.nsec.test.", "NOERROR"), ("no.plain.nsec.test.", "NXDOMAIN")):
        ok(resolver.ask(name, "A") == (rcode, INSECURE), f"unbound: {name} is insecure")


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=20)


def key_file(folder, zone, flags):
    """The key with these flags: 257 signs keys, 256 all else."""
    for file in os.listdir(folder):
        path = os.path.join(folder, file)
        if file.startswith(f"K{zone}+") and file.endswith(".key"):
            with open(path) as f:
                if f"DNSKEY\t{flags} " in f.read().replace("DNSKEY ", "DNSKEY\t"):
                    return path
    raise RuntimeError(f"no key of {zone} with flags {flags}")


def delv(folder, zone, name, rdtype):
    """What delv says, with the zone's own key as the anchor."""
    anchor = os.path.join(folder, "anchor")
    with open(key_file(folder, zone, 257)) as f:
        fields = f.read().split("DNSKEY")[1].split(";")[0].split()
    with open(anchor, "w") as f:
        f.write(f'trust-anchors {{ "{zone}" static-key {" ".join(fields[:3])} '
                f'"{"".join(fields[3:])}"; }};\n')
    got = run("delv", f"@{VIP4}", "-a", anchor, f"+root={zone}", name, rdtype)
    return got.stdout + got.stderr


def test_delv(folder, zone):
    said = delv(folder, zone, f"www.{zone}", "A")
    absent = delv(folder, zone, f"nothing.{zone}", "A")
    good = "; fully validated" in said and "NXDOMAIN" in absent and \
        "negative response, fully validated" in absent
    ok(good, f"delv: {zone} is fully validated, and so is what is not there")
    diag(said + absent) if not good else None


def test_drill(folder, zone):
    key = key_file(folder, zone, 256)
    got = run("drill", "-D", "-k", key, f"@{VIP4}", f"www.{zone}", "A")
    good = got.returncode == 0 and "; VALIDATED by " in got.stdout
    ok(good, f"drill: www.{zone} is trusted")
    diag(got.stdout + got.stderr) if not good else None


def tamper(site):
    """A record, a denial and a wildcard's data are not what was signed."""
    path = os.path.join(site.zones, "nsec.test.zone")
    with open(path) as f:
        text = f.read()
    changed = text.replace("192.0.2.82", "192.0.2.182").replace("192.0.2.33", "192.0.2.133")
    with open(path, "w") as f:
        f.write(changed)
    return site.call("reload")


def test_tampered(site, anchors):
    good = tamper(site).returncode == 0
    ok(good, "a zone whose data were changed after signing can be loaded: nothing is verified here")
    resolver = Resolver([anchors["nsec.test."]], ["nsec.test."])
    try:
        for name in ("mixed.nsec.test.", "y.wild.nsec.test."):
            got = resolver.ask(name, "A")
            ok(got == ("NOERROR", BOGUS), f"unbound: {name} is {' '.join(got)}")
        ok(resolver.ask("www.nsec.test.", "A") == ("NOERROR", SECURE), "unbound: the rest is not")
    finally:
        resolver.stop()


def test_counters(site, before):
    after = site.stats()["dns"]
    kernel = sum(after["kernel"].values()) - sum(before["kernel"].values())
    daemon = sum(after["daemon_udp"].values()) - sum(before["daemon_udp"].values())
    # A veth leaves little room behind a query (bpf/README.md): larger answers are the daemon's here.
    ok(kernel > 50 and daemon, f"{kernel} of these were answered in the kernel, {daemon} by the daemon")


def main():
    end_by_finally()
    need_tools()
    folder, site, resolver = tempfile.mkdtemp(prefix="dns-zones."), None, None
    try:
        files, anchors = sign_all(folder)
        site = Site(folder=folder, files=files)
        site.up()
        enter(site.client)
        subprocess.check_call(["ip", "link", "set", "lo", "up"])
        before = site.stats()["dns"]
        top = [zone for zone in SIGNED if zone != "kid.nsec.test."]
        resolver = Resolver([anchors[zone] for zone in top], top)
        for zone in SIGNED:
            test_zone(resolver, zone)
        test_children(resolver)
        resolver.stop()
        resolver = None
        for zone in SIGNED:
            test_delv(folder, zone)
            test_drill(folder, zone)
        test_counters(site, before)
        test_tampered(site, anchors)
    finally:
        if resolver:
            resolver.stop()
        if site:
            site.down()
        shutil.rmtree(folder)
    return done()


sys.exit(main())
