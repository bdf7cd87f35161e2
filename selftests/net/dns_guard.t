#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cookies and limits on the wire: dig and kdig ask, BIND and Knot share our secret, secrets roll
over, another node knows the first one's cookies, and a network that asks too often is told so."""
import os, re, signal, socket, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.edns, dns.flags, dns.message, dns.query, dns.rcode
from dns_queries import SECRET
from dns_rivals import Bind, Knot, Rival
from dns_signals import end_by_finally
from dns_site import CLIENT4, VIP4, VIP6, Site, enter
from dns_tap import diag, done, ok

NAME = "web.example.com."
MINE = bytes(range(8))
FOREIGN = "10.77.0.1"
RATE = 20
SO_RCVBUFFORCE = 33
NEW = "00112233445566778899aabbccddeeff"


class Server:
    """In the site's namespace, on an address that the client reaches."""

    def command(self, path):
        return ["nsenter", f"--net=/run/netns/{self.netns}", *super().command(path)]


class StrictBind(Server, Bind):
    address = FOREIGN

    def config(self):
        return super().config().replace("answer-cookie yes;",
                                        "answer-cookie yes; require-server-cookie yes;")


class StrictKnot(Server, Knot):  # BADCOOKIE is its default
    address = FOREIGN


def query(cookie=None, name=NAME, **more):
    options = [dns.edns.GenericOption(dns.edns.COOKIE, cookie)] if cookie else []
    return dns.message.make_query(name, "A", use_edns=0, payload=1232, options=options, **more)


def odd(wire):
    """With one more record, which means nothing: the daemon's to answer."""
    return wire[:11] + bytes([wire[11] + 1]) + wire[12:] + b"\0\0\1\0\1" + bytes(6)


def connect(at=(VIP4, 53)):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(at)
    s.settimeout(0.5)
    return s


def ask(cookie=None, at=(VIP4, 53), name=NAME, shape=bytes):
    with connect(at) as s:
        s.send(shape(query(cookie, name).to_wire()))
        return dns.message.from_wire(s.recv(4096))


def cookie_of(reply):
    return next((o.data if hasattr(o, "data") else o.to_wire() for o in reply.options
                 if o.otype == dns.edns.COOKIE), None)


def has_answer(reply):
    return reply.rcode() == dns.rcode.NOERROR and bool(reply.answer)


def found(site):
    """How many cookies were good, and so on."""
    return site.stats()["dns"]["cookies"]


def is_good(site, cookie):
    before = found(site)
    reply = ask(cookie)
    return has_answer(reply) and found(site)["good"] == before["good"] + 1


def change(site, *pairs):
    """Other words in the configuration, in force."""
    path = os.path.join(site.dir, "site.yaml")
    with open(path) as f:
        text = f.read()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    with open(path, "w") as f:
        f.write(text)


def reload(site, *pairs):
    change(site, *pairs)
    done_ = site.call("reload")
    ok(done_.returncode == 0, "reloaded" + "".join(f": {new.strip()}" for _, new in pairs))
    diag(done_.stderr) if done_.returncode else None


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=20).stdout


# --- cookies ---------------------------------------------------------------------------------------
def test_tools(site):
    for vip in (VIP4, VIP6):
        out = run("dig", "+cookie", f"@{vip}", NAME)
        given = re.search(r"; COOKIE: ([0-9a-f]{48}) \(good\)", out)
        ok(given and "status: NOERROR" in out, f"dig +cookie @{vip}: it takes ours for good")
        before = found(site)
        out = run("dig", f"+cookie={given[1]}", f"@{vip}", NAME)
        ok(f"COOKIE: {given[1]} (good)" in out and found(site)["good"] == before["good"] + 1,
           "it comes with it, and keeps it")
        out = run("kdig", "+cookie", f"@{vip}", NAME)
        ok(re.search(r"COOKIE: [0-9A-Fa-f]{48}", out) and "status: NOERROR" in out,
           f"kdig +cookie @{vip}")
    out = run("dig", "+subnet=192.0.2.0/24", f"@{VIP4}", NAME)
    ok("CLIENT-SUBNET: 192.0.2.0/24/0" in out, "dig +subnet: the same network, scope 0")
    out = run("dig", "+subnet=2001:db8::/56", f"@{VIP4}", NAME)
    ok("CLIENT-SUBNET: 2001:db8::/56/0" in out, "over IPv6's too")


def test_transports(site):
    reply = dns.query.tcp(query(MINE), VIP4, 2)
    ok(has_answer(reply) and is_good(site, cookie_of(reply)), "one given by TCP is good by UDP")
    reply = ask(MINE, shape=odd)
    ok(is_good(site, cookie_of(reply)), "so is one that the daemon gave")


def test_rivals(site):
    for kind in (StrictBind, StrictKnot):
        kind.netns = site.server
        server = kind()
        server.await_ready()
        at = (FOREIGN, kind.port)
        theirs = ask(MINE, at)
        ok(theirs.rcode() == dns.rcode.BADCOOKIE, f"{kind.program} wants a cookie of its secret")
        ok(has_answer(ask(cookie_of(ask(MINE)), at)), "it takes ours")
        ok(is_good(site, cookie_of(theirs)), "and we take its")


def test_required(site):
    reload(site, ("cookie_secrets: cookies\n", "cookie_secrets: cookies\n  cookies: required\n"))
    reply = ask(MINE)
    ok(reply.rcode() == dns.rcode.BADCOOKIE and not reply.answer, "BADCOOKIE without one of ours")
    ok(has_answer(ask(cookie_of(reply))), "with the one that it brought, an answer")
    ok(has_answer(ask()), "who knows no cookies is answered")
    ok("status: NOERROR" in run("dig", "+cookie", f"@{VIP4}", NAME), "dig comes again by itself")
    ok(ask(MINE, shape=odd).rcode() == dns.rcode.BADCOOKIE, "the daemon wants one too")
    ok(has_answer(dns.query.tcp(query(MINE), VIP4, 2)), "TCP needs none")
    reload(site, ("cookies: required", "cookies: off"))
    ok(cookie_of(ask(MINE)) is None, "off: none is given")
    reload(site, ("  cookies: off\n", ""))


def write_secrets(site, *secrets):
    with open(os.path.join(site.dir, "cookies"), "w") as f:
        f.write("".join(f"{s}\n" for s in secrets))


def test_rollover(site):
    old = cookie_of(ask(MINE))
    write_secrets(site, SECRET.hex(), NEW)  # RFC 9018, 5: first everybody learns to check it
    reload(site)
    ok(cookie_of(ask(old)) == old, "the next secret is there, the one before still makes cookies")
    write_secrets(site, NEW, SECRET.hex())
    reload(site)
    ok(is_good(site, old), "the next secret is in use: cookies of the one before are good")
    ok(cookie_of(ask(old)) not in (None, old), "and replaced")
    write_secrets(site, NEW)
    reload(site)
    ok(not is_good(site, old), "without the old secret they are not")
    write_secrets(site, SECRET.hex(), "short")
    failed = site.call("reload")
    ok(failed.returncode and "cookies" in failed.stderr + failed.stdout,
       "a broken file changes nothing, and is named")
    ok(is_good(site, cookie_of(ask(MINE))), "indeed nothing")
    write_secrets(site, SECRET.hex())
    reload(site)


def restart(site, *pairs):
    """As another node would: nothing is left of the first."""
    site.daemon.send_signal(signal.SIGTERM)
    site.daemon.wait()
    site.call("detach", "--force")
    change(site, *pairs)
    site.start()


def test_fleet(site):
    reload(site, ("  cookie_secrets: cookies\n", ""))
    cookie = cookie_of(ask(MINE))
    ok(is_good(site, cookie), "without secrets in the configuration, the fleet's key makes them")
    restart(site, ("node: n1\n", "node: n2\n"), ("name: n1, id: 1", "name: n2, id: 2"))
    ok(is_good(site, cookie), "a cookie of one node is good at another")
    reload(site, ("{file: fleet.key}", "{file: fleet.key, epoch: 1}"))
    ok(is_good(site, cookie), "and one key epoch later")
    reload(site, ("epoch: 1", "epoch: 2"))
    ok(not is_good(site, cookie), "but not two")


# --- limits ----------------------------------------------------------------------------------------
def flood(count, cookie=None, shape=bytes):
    """Answers in full, and replies that say to come again."""
    s, wire, full, again = connect(), shape(query(cookie).to_wire()), 0, 0
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
    for i in range(count):
        s.send(wire)
        time.sleep(0.002 if i % 10 == 9 else 0)  # no longer than a veth's ring
    try:
        while True:
            reply = dns.message.from_wire(s.recv(4096))
            full += has_answer(reply)
            again += bool(reply.flags & dns.flags.TC or reply.rcode() == dns.rcode.BADCOOKIE)
    except TimeoutError:
        return full, again


def limited(site):
    got = site.stats()["dns"]["limited"]["answer"]
    return got["dropped"], got["slipped"], got["spared"]


def reasons(site):
    return {r["reason"]: r["packets"] for r in site.stats()["reasons"]}


def test_limit(site):
    reload(site, ("  zones:\n", f"  limit: {{rate: {RATE}, slip: 1, window: 2s}}\n  zones:\n"))
    cookie = cookie_of(ask(MINE))
    before = reasons(site)
    full, again = flood(200)
    ok(full <= 2 * RATE and full + again == 200, f"{full} of 200 in full, {again} say to use TCP")
    after = reasons(site)
    ok(after["dns_slipped"] - before["dns_slipped"] == again == limited(site)[1],
       "they are counted as such")
    ok(has_answer(dns.query.tcp(query(), VIP4, 2)), "TCP is answered meanwhile")
    ok(flood(50, cookie)[0] == 50, "so is whoever has a cookie")
    ok(ask(MINE).rcode() == dns.rcode.BADCOOKIE, "who knows cookies is asked for one")
    ok("status: NOERROR" in run("dig", "+cookie", f"@{VIP4}", NAME), "dig has one a moment later")
    ok(has_answer(ask(name="ns2.example.com.")), "another name has an account of its own")
    full, again = flood(200, shape=odd)
    ok(full <= 2 * RATE and again == 200 - full, f"the daemon limits what is its: {full} of 200")
    time.sleep(3)
    ok(has_answer(ask()), "quiet for a window, all is well again")


def test_limit_changes(site):
    reload(site, ("slip: 1", "slip: 0"))
    flood(3 * RATE)
    before = reasons(site), limited(site)[0]
    full, again = flood(30)
    after = reasons(site), limited(site)[0]
    ok(full + again == 0, "slip 0: silence")
    ok(after[0]["dns_limited"] - before[0]["dns_limited"] == 30 == after[1] - before[1],
       "counted as dropped")
    reload(site, ("slip: 0", "slip: 0, exempt: [10.77.0.0/24]"))
    ok(flood(3 * RATE) == (3 * RATE, 0), "an exempt network is not limited")
    reload(site, (", exempt: [10.77.0.0/24]", ", log_only: true"))
    before = limited(site)[2]
    ok(flood(3 * RATE) == (3 * RATE, 0) and limited(site)[2] > before,
       "log_only: nothing is dropped, what would be is counted")
    reload(site, (", log_only: true", ", table: 64K"))
    ok(flood(2 * RATE + 10)[0] < 2 * RATE + 10, "a table of another size limits too")
    text = site.call("stats").stdout
    ok("DNS OVER LIMIT" in text and "DNS COOKIES" in text and "dns_limited" in text,
       "`stats` has it all")
    metrics = run("nsenter", f"--net=/run/netns/{site.server}", "curl", "-s",
                  "http://127.0.0.1:9911/metrics")
    ok(re.search(r'dns_limited_total\{class="answer",action="dropped"\} [1-9]', metrics) and
       re.search(r'dns_cookies_total\{cookie="good"\} [1-9]', metrics), "so has Prometheus")
    reload(site, (f"  limit: {{rate: {RATE}, slip: 0, table: 64K, window: 2s}}\n", ""))
    ok(flood(100)[0] == 100, "without a limit there is none")


def main():
    end_by_finally()
    site = Site()
    try:
        site.up()
        enter(site.client)
        test_tools(site)
        test_transports(site)
        test_rivals(site)
        test_required(site)
        test_rollover(site)
        test_fleet(site)
        test_limit(site)
        test_limit_changes(site)
    finally:
        for server in Rival.raised:
            server.stop()
        site.down()
    return done()


sys.exit(main())
