# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that answer side by side, each with the same zone on the same address, in turn.

All may use both cores, are told to be brief, and to know no rate limit.
"""
import ipaddress, json, os, random, shutil, signal, struct, subprocess, sys, time

SELFTESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.append(os.path.join(SELFTESTS, "dns"))
from dns_sign import Way, sign

VIP, GATEWAY, CLIENT = "192.0.2.53", "10.77.0.1", "10.77.0.2"
ZONE, SIGNED, STEERED = "bench.example", "signed.example", "steered.example"
NAMES = 1000
# Of steered names: those who ask, by which POP they are to be sent to, and its address.
CLIENTS = "10.96.0.0/12"
COUNTRIES = {"DE": "fra", "FR": "fra", "US": "nyc", "CA": "nyc"}
ADDRESSES = {"fra": "198.51.100.10", "nyc": "198.51.100.20"}

ANYDOOR = """
node: n1
interfaces: [up0]
vips: [{{address: {vip}}}]
pops: [{{name: fra}}, {{name: nyc}}]
nodes: [{{name: n1, id: 1, pop: fra, tunnel: {gateway}}}]
keys: {{file: fleet.key}}
stamp: {{tcp_timestamps: set, clock: any}}
xdp: {{dispatcher: off}}
dns:
  zones:
    - {{name: {zone}, file: {dir}/zone}}
    - {{name: {signed}, file: {dir}/signed}}
    - {{name: {steered}, file: {dir}/steered}}
geo: {{databases: [{{name: country, file: {dir}/country.mmdb}}]}}
regions:
  - {{name: europe, countries: [DE, FR]}}
  - {{name: america, countries: [US, CA]}}
policies:
  - {{name: nearest, rules: {{europe: [fra, nyc], america: [nyc, fra]}}, default: [fra, nyc]}}
steer:
{names}
state: {{bpffs: {bpffs}, run: {dir}/run}}
"""

KNOT = """
server:
    {listen}
    rundir: {dir}
    udp-workers: 2
    answer-rotation: off
    edns-client-subnet: on
{xdp}
database:
    storage: {dir}
mod-geoip:
  - id: nearest
    config-file: {dir}/geoip.conf
    ttl: 300
    mode: geodb
    geodb-file: {dir}/country.mmdb
    geodb-key: country/iso_code
template:
  - id: default
    storage: {dir}
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: {zone}
    file: {dir}/zone
  - domain: {signed}
    file: {dir}/signed
  - domain: {steered}
    file: {dir}/steered
    module: mod-geoip/nearest
"""

NSD = """
server:
    ip-address: {vip}@53
    username: ""
    chroot: ""
    zonesdir: "{dir}"
    database: ""
    pidfile: "{dir}/pid"
    xfrdfile: "{dir}/xfrd"
    xfrdir: "{dir}"
    zonelistfile: "{dir}/list"
    cookie-secret-file: ""
    minimal-responses: yes
    rrl-ratelimit: 0
    server-count: 2
    reuseport: yes
    verbosity: 0
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "{dir}/zone"
"""

GDNSD = """
options => {{
    listen => [ {vip}:53 ],
    http_listen => [],
    udp_threads => 2,
    run_dir => {dir},
    state_dir => {dir},
    zones_default_ttl => 300,
}}
plugins => {{ geoip => {{
    maps => {{ world => {{
        geoip2_db => {dir}/country.mmdb
        datacenters => [fra, nyc]
        map => {{
            EU => [fra, nyc]
            NA => [nyc, fra]
        }}
    }} }}
    resources => {{ nearest => {{ map => world, dcmap => {{ {dcmap} }} }} }}
}} }}
"""

BIND = """
options {{
    directory "{dir}";
    pid-file "{dir}/pid";
    session-keyfile "{dir}/session";
    managed-keys-directory "{dir}";
    listen-on {{ {vip}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    minimal-responses yes;
    answer-cookie no;
    notify no;
    empty-zones-enable no;
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
zone "{zone}" {{ type primary; file "{dir}/zone"; }};
"""


def write_zone(path, zone):
    with open(path, "w") as f:
        f.write(f"$ORIGIN {zone}.\n$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 300\n"
                "@ NS ns\nns A 198.51.100.53\nmail A 198.51.100.25\n*.w A 198.51.100.99\n")
        for i in range(NAMES):
            f.write(f"n{i} A 198.51.100.{i % 256}\nn{i} AAAA 2001:db8::1:{i:x}\nn{i} MX 10 mail\n")


def write_places(folder):
    """Each /24 of the clients in one of the countries: `country.mmdb`."""
    chance, lines = random.Random(1), ["10.77.0.0/24 continent=EU country=DE"]
    for net in ipaddress.ip_network(CLIENTS).subnets(new_prefix=24):
        country = chance.choice(list(COUNTRIES))
        continent = "EU" if COUNTRIES[country] == "fra" else "NA"
        lines.append(f"{net} continent={continent} country={country}")
    subprocess.run([f"{SELFTESTS}/steer/mmdb.py", f"{folder}/country.mmdb", "GeoLite2-Country"],
                   input="\n".join(lines), text=True, check=True)
    return lines


def write_steered(folder):
    """The zone, and what gdnsd and Knot have for names that are steered."""
    head = ("@ 300 SOA ns hostmaster 1 7200 3600 1209600 300\n@ 300 NS ns\n"
            "ns 300 A 198.51.100.53\n")
    with open(f"{folder}/steered", "w") as f:
        f.write(f"$ORIGIN {STEERED}.\n{head}")
        f.writelines(f"{pop} 300 A {address}\n" for pop, address in ADDRESSES.items())
    with open(f"{folder}/steered.gdnsd", "w") as f:
        f.write(head)
        f.writelines(f"n{i} 300 DYNA geoip!nearest\n" for i in range(NAMES))
    with open(f"{folder}/geoip.conf", "w") as f:
        for i in range(NAMES):
            f.write(f"n{i}.{STEERED}:\n")
            f.writelines(f"  - geo: \"{country}\"\n    A: {ADDRESSES[pop]}\n"
                         for country, pop in COUNTRIES.items())


def write_zones(folder):
    """`zone`, `signed`, which has the same contents, and `steered`; where its clients are."""
    write_zone(f"{folder}/zone", ZONE)
    write_zone(f"{folder}/unsigned", SIGNED)
    sign(folder, SIGNED, Way("ldns", "ECDSAP256SHA256"), "unsigned", "signed")
    write_steered(folder)
    return write_places(folder)


def inside(netns, *command):
    return ["nsenter", f"--net=/run/netns/{netns}", *command]


class Server:
    """One server: raised, asked, taken down."""
    command = ()

    def __init__(self, netns, dir):
        self.netns, self.dir, self.proc = netns, dir, None

    def fill(self, text, **more):
        return text.format(dir=self.dir, vip=VIP, gateway=GATEWAY, zone=ZONE, signed=SIGNED,
                           steered=STEERED, **more)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self, *command):
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.proc = subprocess.Popen(inside(self.netns, *command), stdout=self.log,
                                     stderr=self.log)

    def up(self):
        self.start(*self.configure())

    def down(self):
        if self.proc:
            self.proc.terminate()
            self.proc.wait()
            self.log.close()
            self.proc = None

    def said(self):
        self.log.seek(0)
        return self.log.read()


class Reflector(Server):
    """Sends each query back, `more` bytes longer and with that rcode."""

    def __init__(self, netns, dir, build, bpffs):
        super().__init__(netns, dir)
        self.program, self.bpffs = f"{build}/selftests/bench/qps/reflect.bpf.o", f"{bpffs}-reflect"

    def up(self):
        os.makedirs(self.bpffs)
        subprocess.run(["bpftool", "prog", "load", self.program, f"{self.bpffs}/reflect",
                        "pinmaps", self.bpffs], check=True)
        subprocess.run(inside(self.netns, "ip", "link", "set", "up0", "xdpdrv", "pinned",
                              f"{self.bpffs}/reflect"), check=True)

    def set(self, more, rcode):
        value = [f"{byte:#x}" for byte in struct.pack("=II", more, rcode)]
        subprocess.run(["bpftool", "map", "update", "pinned", f"{self.bpffs}/reflect_bss", "key",
                        "0", "0", "0", "0", "value", *value], check=True)

    def down(self):
        subprocess.run(["ip", "-n", self.netns, "link", "set", "up0", "xdpdrv", "off"])
        shutil.rmtree(self.bpffs, ignore_errors=True)


class Anydoor(Server):
    def __init__(self, netns, dir, build, bpffs):
        super().__init__(netns, dir)
        self.program, self.bpffs = f"{build}/anydoor", bpffs

    def words(self, *words):
        return [self.program, *words, "--config", f"{self.dir}/anydoor.yaml", "--name", "qps"]

    def configure(self):
        key = self.write("fleet.key", os.urandom(32).hex())
        os.chmod(key, 0o600)
        names = "\n".join(f"  - {{name: n{i}.{STEERED}, policy: nearest, members: '{{pop}}'}}"
                          for i in range(NAMES))
        self.write("anydoor.yaml", self.fill(ANYDOOR, bpffs=self.bpffs, names=names))
        return self.words("run")

    def call(self, *words):
        return subprocess.run(inside(self.netns, *self.words(*words)), capture_output=True,
                              text=True)

    def counts(self):
        """Answers by the kernel, and by the daemon over UDP."""
        got = json.loads(self.call("stats", "--json").stdout)["dns"]
        return sum(got["kernel"].values()), sum(got["daemon_udp"].values())

    def down(self):
        super().down()
        self.call("detach", "--force")


class Knot(Server):
    listen, xdp = f"listen: {VIP}@53", ""

    def configure(self):
        return "knotd", "-c", self.write("knot.conf", self.fill(KNOT, listen=self.listen,
                                                                xdp=self.xdp))


class KnotXdp(Knot):
    listen, xdp = "", "xdp:\n    listen: up0@53"

    def down(self):
        super().down()
        subprocess.run(["ip", "-n", self.netns, "link", "set", "up0", "xdpdrv", "off"])


class Nsd(Server):
    def configure(self):
        return "nsd", "-d", "-c", self.write("nsd.conf", self.fill(NSD))


class Gdnsd(Server):
    def configure(self):
        os.makedirs(f"{self.dir}/zones", exist_ok=True)
        os.replace(self.write("g", open(f"{self.dir}/zone").read()), f"{self.dir}/zones/{ZONE}")
        shutil.copy(f"{self.dir}/steered.gdnsd", f"{self.dir}/zones/{STEERED}")
        dcmap = ", ".join(f"{pop} => {address}" for pop, address in ADDRESSES.items())
        self.write("config", self.fill(GDNSD, dcmap=dcmap))
        return "gdnsd", "-c", self.dir, "start"

    def down(self):
        if self.proc:
            self.proc.send_signal(signal.SIGTERM)
        super().down()


class Bind(Server):
    def configure(self):
        return "named", "-g", "-n", "2", "-c", self.write("named.conf", self.fill(BIND))
