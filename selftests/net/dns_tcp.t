#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to port 53: who may stay, who goes first, and what the greedy cost (RFC 7766, 6)."""
import multiprocessing, os, resource, select, selectors, shutil, socket, struct, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
import dns.edns, dns.message
from dns_queries import DIR
from dns_sign import Way, sign
from dns_signals import end_by_finally
from dns_site import VIP4, VIP6, Site, enter
from dns_tap import diag, done, ok

MAX, IDLE = 600, 3
HELD = 32 << 20  # what the daemon keeps at most for all that is not whole
FILES = 400
QUERY = dns.message.make_query("web.example.com.", "A").to_wire()
HASHED = dns.message.make_query("ns.hashed.test.", "A").to_wire()
BIG = dns.message.make_query("big4096.example.com.", "TXT").to_wire()


def connect():
    s = socket.create_connection((VIP4, 53), 5)
    s.settimeout(IDLE + 5)
    return s


def framed(wire):
    return struct.pack("!H", len(wire)) + wire


def read(s):
    head = s.recv(2, socket.MSG_WAITALL)
    return s.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL) if len(head) == 2 else b""


def asks(s):
    """Does the connection still answer?"""
    try:
        s.sendall(framed(QUERY))
        return len(read(s)) > len(QUERY)
    except OSError:
        return False


def readable(s):
    return bool(select.select([s], [], [], 0)[0])


def seconds_until_closed(s, meanwhile=lambda: None):
    began = time.monotonic()
    s.settimeout(0.3)
    while time.monotonic() - began < IDLE + 5:
        try:
            meanwhile()
            if not s.recv(1):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def resident(site):
    with open(f"/proc/{site.daemon.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


def test_idle(site):
    s = connect()
    ok(asks(s), "a query is answered")
    time.sleep(IDLE - 1)
    ok(asks(s), "and the next, on the same connection, in time")
    took = seconds_until_closed(s)
    ok(IDLE - 1 < took < IDLE + 3, f"silence ends it: after {took:.1f} s")
    s = connect()
    took = seconds_until_closed(s)
    ok(IDLE - 1 < took < IDLE + 3, f"so does saying nothing at all: {took:.1f} s")


def test_keepalive(site):
    """RFC 7828: who asks hears by TCP how long he may be silent; by UDP nobody does."""
    option = dns.edns.GenericOption(11, b"")
    query = dns.message.make_query("web.example.com.", "A", use_edns=0, options=[option])
    said = lambda wire: [o.data for o in dns.message.from_wire(wire).options if o.otype == 11]
    s = connect()
    s.sendall(framed(query.to_wire()) + framed(QUERY) + framed(query.to_wire()))
    ok(said(read(s)) == [struct.pack("!H", 10 * IDLE)], f"keepalive: {IDLE} s")
    ok(said(read(s)) == [] and said(read(s)), "only to who asks")
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.settimeout(2)
    u.sendto(query.to_wire(), (VIP4, 53))
    ok(said(u.recv(4096)) == [], "not by UDP")


def test_slow(site):
    s, left = connect(), iter(framed(QUERY + bytes(200)))
    took = seconds_until_closed(s, lambda: s.send(bytes([next(left)])))
    ok(IDLE - 1 < took < IDLE + 3, f"a byte now and then is silence: {took:.1f} s")
    s = connect()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(0.5)
    before, sent = resident(site), 0
    try:
        while sent < 200000:
            sent += s.send(framed(BIG) * 100) // len(framed(BIG))
    except OSError:
        pass
    grown = resident(site) - before
    ok(100 < sent < 200000 and grown < 4 << 20,
       f"who does not read is not read: {sent} queries, {grown >> 10} KiB more")
    time.sleep(IDLE + 2)
    try:
        s.settimeout(5)
        while s.recv(1 << 20):
            pass
        ended = True
    except OSError as e:
        ended = isinstance(e, ConnectionError)
    ok(ended, "and is closed in the end")


def test_limit(site):
    held = [connect() for _ in range(MAX)]
    ok(asks(held[0]), f"{MAX} connections, the first of which asks")
    late = connect()
    ok(asks(late), "one more is served")
    ok(seconds_until_closed(held[1]) < 1, "the one that was silent longest is closed for it")
    ok(asks(held[0]) and asks(held[2]), "and no other")
    dns_ = site.stats()["dns"]
    ok(dns_["tcp_open"] == MAX and dns_["tcp_refused"] == 1,
       f"both are counted: {dns_['tcp_open']} open, {dns_['tcp_refused']} closed")
    for s in held:
        s.close()


def test_held(site):
    """Each keeps 64 KiB of a query that never becomes whole."""
    before, part = resident(site), struct.pack("!H", 65535) + bytes(65000)
    held = []
    for _ in range(MAX - 20):
        s = connect()
        s.sendall(part)
        held.append(s)
    grown = resident(site) - before
    ok(HELD // 2 < grown < HELD + (8 << 20),
       f"{len(held)} queries of 64 KiB never whole: {grown >> 20} MiB more")
    closed = sum(map(readable, held))
    ok(0 < closed < len(held) // 2, f"{closed} of them are closed for the others")
    ok(asks(connect()), "who asks meanwhile is served")
    for s in held:
        s.close()


def test_reload(site):
    path = os.path.join(site.dir, "site.yaml")
    with open(path) as f:
        text = f.read()
    held = [connect() for _ in range(20)]
    ok(all(map(asks, held)), "twenty connections")
    with open(path, "w") as f:
        f.write(text.replace(f"tcp_max: {MAX}", "tcp_max: 10"))
    ok(site.call("reload").returncode == 0, "a reload allows ten")
    ok(sum(map(asks, held)) == 10, "ten are left, and serve on")


def test_files(site):
    said = site.said()
    ok(f"tcp_max: {MAX} connections need" in said and f"the limit is {FILES}" in said,
       "too few open files for so many connections: said")
    held = [connect() for _ in range(FILES)]
    ok(asks(held[-1]), f"{FILES} connections: the last one is served")
    served = sum(map(asks, held))
    ok(FILES // 4 < served < FILES, f"and {served} in all, as many as files are left for")
    ok(site.call("zones").returncode == 0 and site.call("reload").returncode == 0,
       "and the daemon can do its work")
    for s in held:
        s.close()


def greedy(go, count):
    """Sends all that each connection takes, of names that do not exist, and reads what comes."""
    ask = lambda i: dns.message.make_query(f"n{i}.hashed.test.", "A", want_dnssec=True).to_wire()
    batch = b"".join(framed(ask(i)) for i in range(3000))
    chooser, left = selectors.DefaultSelector(), {}

    def take(old=None):
        if old:
            chooser.unregister(old)
            old.close()
        s = connect()
        s.setblocking(False)
        chooser.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE)
        left[s] = batch

    for _ in range(count):
        take()
    go.set()
    while True:
        for key, what in chooser.select():
            try:
                if what & selectors.EVENT_READ:
                    key.fileobj.recv(1 << 20)
                if what & selectors.EVENT_WRITE:
                    left[key.fileobj] = left[key.fileobj][key.fileobj.send(left[key.fileobj]):] or batch
            except BlockingIOError:
                pass
            except ConnectionError:
                take(key.fileobj)


def seconds_of_an_answer():
    began = time.monotonic()
    try:
        with socket.create_connection((VIP6, 53), 60) as s:
            s.settimeout(60)
            s.sendall(framed(HASHED))
            answered = len(read(s)) > len(HASHED)
    except OSError as e:
        diag(f"after {time.monotonic() - began:.1f} s: {e}")
        answered = False
    return time.monotonic() - began if answered else 60


def answers(site):
    """How many the daemon has given over TCP."""
    return sum(site.stats()["dns"]["daemon_tcp"].values())


def test_turns(site):
    """Each of a hundred connections has work for the daemon that takes long, and never ends."""
    go = multiprocessing.Event()
    child = multiprocessing.Process(target=greedy, args=(go, 100), daemon=True)
    child.start()
    try:
        go.wait(20)
        time.sleep(1)
        before = answers(site)
        took = [seconds_of_an_answer() for _ in range(20)]
        work = answers(site) - before
    finally:
        child.kill()
        child.join()
    ok(max(took) < 0.5, f"another network is answered meanwhile, within {max(took):.3f} s")
    ok(work > 2 * len(took), f"while the hundred get {work - len(took)} answers")


def test_share(site):
    """One network has all connections; another one comes."""
    held = [connect() for _ in range(MAX)]
    with socket.create_connection((VIP6, 53), 5) as s:
        s.settimeout(5)
        ok(asks(s), "a network has all connections, and another one is served")
        late = [connect() for _ in range(MAX)]
        ok(asks(s), "it stays when the first one wants all again, however long it was silent")
        ok(asks(late[-1]) and not asks(held[0]), "which gets them, in the place of its own")
    for s in held + late:
        s.close()


def hashed_zone(folder):
    """With NSEC3 that takes as long as may be."""
    shutil.copy(os.path.join(DIR, "plain.zone"), folder)
    source = os.path.join(folder, "hashed.src")
    with open(source, "w") as f:
        f.write("$ORIGIN hashed.test.\n$TTL 60\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\n"
                f"ns A {VIP4}\n")
    sign(folder, "hashed.test.", Way("ldns", "ED25519", ["-n", "-s", "5a17", "-t", "150"]), source,
         "hashed.zone")
    return {"hashed.test.": "hashed.zone"}


def with_hashes():
    with tempfile.TemporaryDirectory() as folder:
        with_site([test_turns], folder=folder, files=hashed_zone(folder))


def with_site(tests, **more):
    site = Site(more=[f"tcp_max: {MAX}", f"tcp_idle: {IDLE}s"], **more)
    try:
        site.up()
        enter(site.client)
        for test in tests:
            test(site)
    finally:
        site.down()


def main():
    end_by_finally()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with_site([test_idle, test_keepalive, test_slow, test_limit, test_share, test_held, test_reload])
    with_hashes()
    with_site([test_files], under=["prlimit", f"--nofile={FILES}:{FILES}", "--"])
    return done()


sys.exit(main())
