# SPDX-License-Identifier: GPL-3.0-or-later
"""Knot, NSD and BIND with the tests' zones, each on a port of the loopback of this namespace.

They are told to say as little as we do: no authority section where none is needed, no rate
limits, answers in the file's order, and the same size of a datagram.
"""
import os, shutil, socket, struct, subprocess, tempfile, time

from dns_queries import DIR, NSID, SECRET, ZONES

SIZE = 1232
ROUND = struct.pack("!H", 0xffff) + b"\1\0\0\1\0\0\0\0\0\0\3ns1\7example\3com\0\0\1\0\1"

KNOT = """
server:
    listen: {address}@{port}
    rundir: {dir}
    nsid: "{nsid}"
    udp-max-payload: {size}
    answer-rotation: off
    edns-client-subnet: on
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {dir}
mod-cookies:
  - id: ours
    secret: 0x{secret}
template:
  - id: default
    global-module: mod-cookies/ours
    storage: {zones}
    zonefile-sync: -1
    semantic-checks: off
    journal-content: none
zone:
"""

NSD = """
server:
    ip-address: {address}@{port}
    username: ""
    chroot: ""
    zonesdir: "{zones}"
    database: ""
    pidfile: "{dir}/pid"
    xfrdfile: "{dir}/xfrd"
    xfrdir: "{dir}"
    zonelistfile: "{dir}/list"
    cookie-secret-file: ""
    answer-cookie: yes
    cookie-secret: "{secret}"
    nsid: "ascii_{nsid}"
    ipv4-edns-size: {size}
    minimal-responses: yes
    refuse-any: yes
    rrl-ratelimit: 0
    server-count: 1
    tcp-timeout: 60
    verbosity: 0
remote-control:
    control-enable: no
"""

BIND = """
options {{
    directory "{zones}";
    pid-file "{dir}/pid";
    session-keyfile "{dir}/session";
    managed-keys-directory "{dir}";
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    server-id "{nsid}";
    recursion no;
    minimal-responses yes;
    minimal-any yes;
    rrset-order {{ order fixed; }};
    max-udp-size {size};
    edns-udp-size {size};
    nocookie-udp-size {size};
    answer-cookie yes;
    cookie-algorithm siphash24;
    cookie-secret "{secret}";
    check-names primary ignore;
    check-integrity no;
    notify no;
    zero-no-soa-ttl no;
    tcp-idle-timeout 600;
    empty-zones-enable no;
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
"""


class Rival:
    """One server, and the sockets to it."""
    port = 0
    address = "127.0.0.1"
    program = ""
    raised = []  # to be taken down, however far each has come

    def __init__(self, folder=DIR, zones=ZONES):
        """`zones`: their files in the folder, by name."""
        self.dir, self.proc = None, None
        Rival.raised.append(self)
        self.dir = tempfile.mkdtemp(prefix=f"dns-{self.program}.")
        path = os.path.join(self.dir, "conf")
        with open(path, "w") as f:
            f.write(self.config().format(address=self.address, port=self.port, dir=self.dir,
                                         zones=folder, nsid=NSID, size=SIZE, secret=SECRET.hex()))
            for zone, file in zones.items():
                f.write(self.zone().format(zone=zone, file=file))
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.proc = subprocess.Popen(self.command(path), stdout=self.log, stderr=self.log)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(2)
        self.udp.connect((self.address, self.port))
        self.tcp = None

    def await_ready(self):
        for _ in range(200):
            try:
                self.udp.send(ROUND)
                if self.udp.recv(65535)[3] & 15 == 0:
                    return
            except OSError:
                pass
            if self.proc.poll() is not None:
                break
            time.sleep(0.1)
        self.log.seek(0)
        raise RuntimeError(f"{self.program} does not serve:\n{self.log.read()}")

    def ask_udp(self, wires):
        """Replies to up to 65535 queries with ids of their own; none where there is silence."""
        replies = {}
        for again in range(3):  # a datagram may be late; silence is silence three times
            missing = [w for w in wires if w[:2] not in replies]
            if missing:
                self.ask_round(missing, replies)
        return [replies.get(w[:2]) for w in wires]

    def ask_round(self, wires, replies):
        for wire in wires:
            self.udp.send(wire)
        self.udp.send(ROUND)
        while True:
            reply = self.udp.recv(65535)
            if reply[:2] == ROUND[:2]:
                return
            replies[reply[:2]] = reply

    def ask_tcp(self, wire):
        return self.ask_stream(wire) or self.ask_stream(wire)  # an idle connection may be over

    def ask_stream(self, wire):
        try:
            if not self.tcp:
                self.tcp = socket.create_connection((self.address, self.port), 5)
                self.stream = self.tcp.makefile("rb")
            self.tcp.sendall(struct.pack("!H", len(wire)) + wire)
            return self.stream.read(struct.unpack("!H", self.stream.read(2))[0])
        except (OSError, struct.error):
            self.tcp = None
            return None

    def stop(self):
        if self.proc:
            self.proc.terminate()
            self.proc.wait()
            self.log.close()
        if self.dir:
            shutil.rmtree(self.dir)


class Knot(Rival):
    program, port = "knotd", 5301

    def config(self):
        return KNOT

    def zone(self):
        return "  - domain: {zone}\n    file: {file}\n"

    def command(self, path):
        return [self.program, "-c", path]


class Nsd(Rival):
    program, port = "nsd", 5302

    def config(self):
        return NSD

    def zone(self):
        return 'zone:\n    name: "{zone}"\n    zonefile: "{file}"\n'

    def command(self, path):
        return [self.program, "-d", "-c", path]


class Bind(Rival):
    program, port = "named", 5303

    def config(self):
        return BIND

    def zone(self):
        return 'zone "{zone}" {{ type primary; file "{file}"; }};\n'

    def command(self, path):
        return [self.program, "-g", "-n", "1", "-c", path]


RIVALS = {"knot": Knot, "nsd": Nsd, "bind": Bind}
