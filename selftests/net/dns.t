#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS on the wire: native XDP on a veth, the daemon behind it, one client.

What leaves the kernel must be what the engine says in userspace, byte for byte (dns_diff.t says
that this is right), over both families, with full and with partial checksums; the counters must
add up; and a reload under load may lose or mix nothing.
"""
import os, random, re, shutil, socket, struct, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.edns, dns.flags, dns.message, dns.opcode, dns.rcode, dns.rrset, dns.tsig, dns.update
from dns_load import Load, ask, udp
from dns_queries import MY_COOKIE, Engine, generate, zone_names
from dns_sign import all_zones
from dns_signals import end_by_finally
from dns_site import CLIENT4, CLIENT6, VIP4, Site, enter
from dns_tap import diag, done, ok

COUNT = 2000
RELOADS = 100


def tcp():
    return socket.create_connection((VIP4, 53), 2)


def reasons(site):
    return {r["reason"]: r["packets"] for r in site.stats()["reasons"]}


def answered(site):
    got = site.stats()["dns"]
    return {who: sum(got[who].values()) for who in ("kernel", "daemon_udp", "daemon_tcp")}


def edns_of(counts, who):
    return {(family, kind): n for family, kinds in counts["edns"][who].items()
            for kind, n in kinds.items()}


def ask_both(s, engine, wire):
    """Both replies, and how often asked: a new cookie is of this second, whose end may be between."""
    for times in range(1, 4):
        replies = ask(s, wire), engine.ask(wire, False)
        if replies[0] == replies[1]:
            break
    return *replies, times


def without_time(reply):
    """Its cookie's time and hash left out."""
    return re.sub(b"(\0\x0a\0\x18" + MY_COOKIE + b"\\x01...).{12}", rb"\1", reply, flags=re.DOTALL)


def test_wire_is_engine(site, rng, names, family, what):
    client = CLIENT6 if family == socket.AF_INET6 else CLIENT4
    engine, s, wrong, asked = Engine(site.zones, site.files, client), udp(family), [], 0
    before, counted = reasons(site), answered(site)
    for _ in range(COUNT):
        wire = generate(rng, names, client)[0]
        theirs, ours, times = ask_both(s, engine, wire)
        asked += times
        if theirs != ours:
            wrong.append((wire, theirs, ours))
    ok(not wrong, f"{what}: {COUNT} replies are the engine's")
    for wire, theirs, ours in wrong[:3]:
        diag(f"{dns.message.from_wire(wire)}\nwire:   {theirs and theirs.hex()}\n"
             f"engine: {ours and ours.hex()}")
    after, now = reasons(site), answered(site)
    kernel = after["dns_answered"] - before["dns_answered"]
    passed = after["dns_passed"] - before["dns_passed"]
    ok(kernel + passed == asked and kernel == now["kernel"] - counted["kernel"] and
       passed == now["daemon_udp"] - counted["daemon_udp"], f"{what}: the counters add up")
    counts = site.stats()["dns"]
    ok(all(now[who] == sum(counts["types"][who].values()) == sum(edns_of(counts, who).values())
           for who in now), f"{what}: so do those by type and by EDNS")
    ok(kernel > COUNT * 0.8, f"{what}: the kernel answered {kernel}")


def test_ignored(site):
    from scapy.all import IP, UDP, Raw, conf, send
    conf.verb = 0
    query = dns.message.make_query("example.com.", "A").to_wire()
    before = reasons(site)
    s = udp(socket.AF_INET, 0.3)
    reply = ask(s, query[:2] + b"\x84" + query[3:])
    send(IP(dst=VIP4, src=CLIENT4) / UDP(sport=0, dport=53) / Raw(query))
    send(IP(dst=VIP4, src=VIP4) / UDP(sport=53, dport=53) / Raw(query))
    send(IP(dst=VIP4, src="127.0.0.1") / UDP(sport=999, dport=53) / Raw(query))
    send(IP(dst=VIP4, src=CLIENT4) / UDP(sport=999, dport=53) / Raw(b"short"))
    time.sleep(0.2)
    after = reasons(site)
    ok(reply is None and after["dns_ignored"] - before["dns_ignored"] == 5,
       "a reply, source port 0, ourselves, loopback and a scrap are ignored")
    ok(after["dns_answered"] == before["dns_answered"], "and not answered")


def test_zone_counts(site):
    counts = lambda: {z["zone"]: z["queries"] for z in site.stats()["dns"]["zones"]}
    before, s = counts(), udp(socket.AF_INET)
    for _ in range(7):
        ask(s, dns.message.make_query("www.kid.deep.example.com.", "A").to_wire())
    after = counts()
    ok(after["kid.deep.example.com."] - before["kid.deep.example.com."] == 7 and
       after["example.com."] == before["example.com."], "queries are counted for their zone")


def added(after, before):
    return {k: n - before.get(k, 0) for k, n in after.items() if n != before.get(k, 0)}


def test_kinds(site):
    """What clients ask for and how, by whomever it is answered: in the frame, in a copy, by the
    daemon. What the one before was must not show."""
    asked = [("CAA", {"want_dnssec": True}), ("A", {}), ("MX", {}), ("A", {"use_edns": 0}),
             ("A", {"want_dnssec": True}), ("AAAA", {}), ("CAA", {}), ("AAAA", {"use_edns": 0}),
             ("ANY", {}), ("TYPE65400", {}), ("NSEC3PARAM", {"want_dnssec": True})]
    wires = [dns.message.make_query("mail.example.com.", t, **how).to_wire() for t, how in asked]
    wires.append(wires[0][:4] + bytes(8))  # no question
    types = {"A": 3, "AAAA": 2, "MX": 1, "CAA": 2, "ANY": 1, "NSEC3PARAM": 1, "other": 2}
    edns = {"none": 7, "plain": 2, "do": 3}
    for family, label in ((socket.AF_INET, "ip4"), (socket.AF_INET6, "ip6")):
        s, before = udp(family), site.stats()["dns"]
        good = all(ask(s, wire) for wire in wires)
        after, got, spoken = site.stats()["dns"], {}, {}
        for who in ("kernel", "daemon_udp"):
            for name, n in added(after["types"][who], before["types"][who]).items():
                got[name] = got.get(name, 0) + n
            for name, n in added(edns_of(after, who), edns_of(before, who)).items():
                spoken[name] = spoken.get(name, 0) + n
        ok(good and got == types, f"{label}: answers are counted by type: {got}")
        ok(spoken == {(label, kind): n for kind, n in edns.items()}, f"and by EDNS: {spoken}")
    before = site.stats()["dns"]
    for query in wires:
        ask_tcp(query)
    after = site.stats()["dns"]
    ok(added(after["types"]["daemon_tcp"], before["types"]["daemon_tcp"]) == types and
       after["types"]["daemon_udp"] == before["types"]["daemon_udp"], "TCP: likewise, apart")
    big = dns.message.make_query("big4096.example.com.", "TXT", use_edns=False).to_wire()
    before = after["truncated"]
    ask(udp(socket.AF_INET), big), ask_tcp(big)
    after = site.stats()["dns"]["truncated"]
    ok(sum(after.values()) - sum(before.values()) == 1 and
       after["daemon_tcp"] == before["daemon_tcp"], "one answer said TC")
    shown = site.call("stats").stdout
    ok(re.search(r"^NSEC3PARAM +\d", shown, re.M) and re.search(r"^ip6, do +\d", shown, re.M)
       and re.search(r"^truncated +\d", shown, re.M), "for people too")


def test_tcp(site, rng, names):
    engine, s, wires = Engine(site.zones, site.files, CLIENT4), tcp(), []
    for _ in range(200):
        wires.append(generate(rng, names, CLIENT4)[0])
    stream = b"".join(struct.pack("!H", len(w)) + w for w in wires)
    sender = threading.Thread(target=lambda: [s.sendall(stream[i:i + 7])
                                              for i in range(0, len(stream), 7)])
    sender.start()
    f, good = s.makefile("rb"), True
    for wire in wires:
        reply = f.read(struct.unpack("!H", f.read(2))[0])
        good &= without_time(reply) == without_time(engine.ask(wire, True))
    sender.join()
    ok(good, "200 queries pipelined over TCP in scraps: the engine's replies in order")
    big = dns.message.make_query("big4096.example.com.", "TXT", use_edns=False)
    small = dns.message.from_wire(ask(udp(socket.AF_INET), big.to_wire()))
    s.sendall(struct.pack("!H", len(big.to_wire())) + big.to_wire())
    whole = dns.message.from_wire(f.read(struct.unpack("!H", f.read(2))[0]))
    ok(small.flags & dns.flags.TC and len(whole.answer[0]) == 60, "TC by UDP, all of it by TCP")


def ask_tcp(wire):
    with tcp() as s:
        s.sendall(struct.pack("!H", len(wire)) + wire)
        f = s.makefile("rb")
        return f.read(struct.unpack("!H", f.read(2))[0])


def said(reply, query):
    """The rcode of a reply that belongs to the query; what is wrong with it otherwise."""
    if not reply:
        return "silence"
    if reply[:2] != query[:2] or reply[2] & 0xf8 != 0x80 | query[2] & 0x78:
        return "not a reply to this"
    return dns.rcode.to_text(reply[3] & 15)


def strangers():
    """What primaries, secondaries and updaters send, and the rcode due."""
    make, zone = dns.message.make_query, "example.com."
    notify, update, status = make(zone, "SOA"), dns.update.UpdateMessage(zone), make(zone, "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    update.add("new", 60, "A", "192.0.2.1")
    status.set_opcode(dns.opcode.STATUS)
    ixfr = make(zone, "IXFR")
    ixfr.authority.append(dns.rrset.from_text(zone, 0, "IN", "SOA", "ns1. host. 1 2 3 4 5"))
    signed = make(zone, "SOA")
    signed.use_tsig({dns.name.from_text("key."): b"secret"})
    padding = dns.edns.GenericOption(12, bytes(3000))
    padded = make(zone, "SOA", use_edns=0, payload=4096, request_payload=4096, options=[padding])
    return [("NOTIFY", notify, "NOTIMP"), ("UPDATE", update, "NOTIMP"),
            ("STATUS", status, "NOTIMP"), ("AXFR", make(zone, "AXFR"), "REFUSED"),
            ("IXFR", ixfr, "REFUSED"),
            ("AXFR of another's zone", make("example.net.", "AXFR"), "NOTAUTH"),
            ("TSIG", signed, "NOTAUTH"), ("more than a packet", padded, "NOERROR")]


def test_strangers(site):
    s = udp(socket.AF_INET)
    for name, message, rcode in strangers():
        wire = message.to_wire()
        got = said(ask(s, wire), wire), said(ask_tcp(wire), wire)
        ok(got == (rcode, rcode), f"{name}: {', '.join(got)} by UDP and TCP")
    signed = strangers()[-2][1]
    try:
        dns.message.from_wire(ask(s, signed.to_wire()), keyring=signed.keyring,
                              request_mac=signed.mac)
        ok(False, "the key is unknown")
    except dns.tsig.PeerBadKey:
        ok(True, "whoever signs is told that the key is unknown")


def test_tcp_limits(site):
    with tcp() as s:
        s.sendall(b"\0\5GET /")
        ok(s.recv(10) == b"", "TCP: what is no query ends the connection")
    with tcp() as s:
        wire = dns.message.make_query("web.example.com.", "A").to_wire()
        s.sendall((struct.pack("!H", len(wire)) + wire) * 50)
        s.shutdown(socket.SHUT_WR)
        got = b"".join(iter(lambda: s.recv(65536), b""))
        ok(got.count(b"\x03web") == 50,
           "TCP: who closes his half gets all answers")
    with tcp() as s:
        s.settimeout(15)
        started = time.time()
        ok(s.recv(10) == b"" and 5 < time.time() - started < 15, "TCP: silence ends it, later")


def test_query(site):
    """`anydoor query` has the same engine, zones and secrets: what it shows holds on the wire."""
    shown = site.call("query", "web.example.com", "A", "--from", CLIENT4, "--subnet",
                      "192.0.2.77/20", "--dnssec").stdout
    ok("CLIENT-SUBNET: 192.0.0.0/20/0\n" in shown and "flags: do;" in shown,
       "query: the subnet comes back, of scope 0")
    cookie = re.search(r"^;; COOKIE: ([0-9A-F]{48})$", shown, re.M)
    given = bytes.fromhex(cookie.group(1)) if cookie else b""
    query = dns.message.make_query("web.example.com.", "A", use_edns=0,
                                   options=[dns.edns.GenericOption(10, given)])
    reply = dns.message.from_wire(ask(udp(socket.AF_INET), query.to_wire()))
    back = [o.data for o in reply.options if o.otype == 10]
    ok(cookie and back == [given], "query: the cookie for a client is good when that client brings it")
    ok(all(str(r) in shown for r in reply.answer[0]), "query: the same addresses")
    for words in (["--from", "nobody"], ["--subnet", "192.0.2.0"], ["--subnet", "192.0.2.0/33"],
                  ["--subnet", "::/129"]):
        ok(site.call("query", "web.example.com", "A", *words).returncode == 2,
           f"query: {' '.join(words)} is refused")


def kdig(*words):
    """Its lines, but those that are of the network and of this moment."""
    said = subprocess.run(["kdig", f"@{VIP4}", "+norecurse", "+nsid", "+bufsize=4096", *words],
                          capture_output=True, text=True).stdout
    return without_moment(said)


def without_moment(said):
    return [re.sub(r"; id: \d+$", "", line) for line in said.splitlines()
            if line and not re.match(";; (Time|From) ", line)]


def test_query_is_kdig(site):
    """Line by line: who knows one can read the other, and diff(1) can compare them."""
    whose = f"+cookie={b'anydoor?'.hex()}", "+subnet=192.0.2.77/20"
    for ours, theirs in ((["web.example.com"], ["web.example.com", "A"]),
                         (["nothing.example.com", "AAAA"], ["nothing.example.com", "AAAA"]),
                         (["sub.example.com", "MX"], ["sub.example.com", "MX"]),
                         (["example.com", "MX", "--tcp"], ["example.com", "MX", "+tcp"]),
                         (["big4096.example.com", "TXT"], ["big4096.example.com", "TXT", "+ignore"]),
                         (["example.net", "A"], ["example.net", "A"]),
                         (["www.nsec.test", "A", "--dnssec"], ["www.nsec.test", "A", "+dnssec"]),
                         (["no.nsec3.test", "A", "--dnssec"], ["no.nsec3.test", "A", "+dnssec"]),
                         (["id.server", "--chaos"], ["id.server", "CH", "TXT"]),
                         (["web.example.com", "A", "--from", CLIENT4, "--subnet", "192.0.2.77/20"],
                          ["web.example.com", "A", *whose])):
        for _ in range(3):  # a cookie is of its second
            pair = without_moment(site.call("query", *ours).stdout), kdig(*theirs)
            if pair[0] == pair[1]:
                break
        ok(pair[0] == pair[1] and len(pair[0]) > 4, f"query {' '.join(ours)}: as kdig has it")
        diag("\n".join(pair[0] + ["--"] + pair[1])) if pair[0] != pair[1] else None


def write_generation(site, generation):
    path = os.path.join(site.zones, "example.com.zone")
    with open(path) as f:
        text = f.read()
    marker = "; generation\n"
    text = text.split(marker)[0] + marker
    text += f"swap A 192.0.2.{generation}\nswapped CNAME swap\n"
    if generation % 2:  # so that everything moves to another place
        text += "".join(f"filler{i} MX {i} mail\n" for i in range(500))
    with open(path, "w") as f:
        f.write(text)


def test_reload(site):
    legal, engine = {"swap.example.com.": set(), "swapped.example.com.": set()}, None
    for generation in (1, 2):
        write_generation(site, generation)
        engine = Engine(site.zones)
        for name in legal:
            wire = dns.message.make_query(name, "A").to_wire()
            legal[name].add(engine.ask(wire, False)[len(wire):])
    write_generation(site, 1)
    failed = site.call("reload").returncode
    load = Load(site.client, legal)
    load.start()
    fresh, s = 0, udp(socket.AF_INET)
    for i in range(RELOADS):
        write_generation(site, 1 + (i + 1) % 2)
        failed |= site.call("reload").returncode
        reply = dns.message.from_wire(ask(s, dns.message.make_query("swap.example.com.",
                                                                    "A").to_wire()))
        fresh += reply.answer[0][0].address == f"192.0.2.{1 + (i + 1) % 2}"
    load.stop = True
    load.join()
    ok(not failed, f"{RELOADS} reloads")
    ok(fresh == RELOADS, "each was in force when the command returned")
    ok(load.asked > 1000 and not load.lost, f"{load.asked} queries meanwhile, {load.lost} lost")
    ok(not load.wrong, f"{len(load.wrong)} answers that no version of the zone gives")


def test_broken_reload(site):
    path = os.path.join(site.zones, "example.com.zone")
    query = dns.message.make_query("web.example.com.", "A").to_wire()
    s = udp(socket.AF_INET)
    before = ask(s, query)
    with open(path) as f:
        good = f.read()
    with open(path, "w") as f:
        f.write(good.replace("ns2	A	192.0.2.54", "ns2	A	192.0.2.540"))
    done = site.call("reload")
    line = 1 + good[:good.index("ns2	A	192.0.2.54")].count("\n")
    ok(done.returncode != 0, "a reload with a broken zone fails")
    ok(f"example.com.zone:{line}:" in done.stderr + done.stdout, "and says where it is broken")
    diag(done.stderr + done.stdout) if f":{line}:" not in done.stderr + done.stdout else None
    ok(ask(s, query) == before, "and changes nothing")
    with open(path, "w") as f:
        f.write(good)
    ok(site.call("reload").returncode == 0, "mended, it is loaded")


def test_last_error(site):
    """A zone whose file, or one that it includes, is broken says so beside what it still serves."""
    errors = lambda: {z["zone"]: z["error"] for z in site.zones_json()}
    path = os.path.join(site.zones, "big.inc")
    ok(not any(errors().values()), "no zone has an error")
    serials = {z["zone"]: z["serial"] for z in site.zones_json()}
    with open(path) as f:
        good = f.read()
    with open(path, "w") as f:
        f.write(good + "broken A 192.0.2.256\n")
    site.call("reload")
    place = f"big.inc:{1 + good.count(chr(10))}: "
    got = errors()
    ok(place in (got.pop("example.com.") or ""), "an error in an included file is the zone's")
    ok(not any(got.values()), "and no other's")
    ok({z["zone"]: z["serial"] for z in site.zones_json()} == serials, "all still serve")
    ok(place in site.call("zones").stdout, "for people too")
    with open(path, "w") as f:
        f.write(good)
    site.call("reload")
    ok(not any(errors().values()), "mended, it is gone")


def main():
    end_by_finally()
    rng, folder, site = random.Random(4711), tempfile.mkdtemp(prefix="dns-zones."), None
    try:
        zones = all_zones(folder)
        names, site = zone_names(folder, zones), Site(folder=folder, files=zones)
        site.up()
        enter(site.client)
        test_wire_is_engine(site, rng, names, socket.AF_INET, "IPv4")
        test_wire_is_engine(site, rng, names, socket.AF_INET6, "IPv6")
        subprocess.run("ethtool -K up1 tx off", shell=True, stdout=subprocess.DEVNULL)
        test_wire_is_engine(site, rng, names, socket.AF_INET6, "IPv6, full checksums")
        test_ignored(site)
        test_zone_counts(site)
        test_kinds(site)
        test_tcp(site, rng, names)
        test_strangers(site)
        test_tcp_limits(site)
        test_query(site)
        test_query_is_kdig(site)
        test_reload(site)
        test_broken_reload(site)
        test_last_error(site)
    finally:
        if site:
            site.down()
        shutil.rmtree(folder)
    return done()


sys.exit(main())
