# SPDX-License-Identifier: GPL-3.0-or-later
"""A client and a server in network namespaces, native XDP between them, anydoor on the server."""
import ctypes, json, os, shutil, signal, subprocess, tempfile, time

from dns_queries import BUILD, DIR, NSID, SECRET, TOP, ZONES

VIP4, VIP6 = "192.0.2.53", "2001:db8:0:53::1"
CLIENT4, CLIENT6 = "10.77.0.2", "fd77::2"

CONFIG = """
node: n1
interfaces: [up0]
vips:
%(vips)s
pops:
- {name: pop}
nodes:
- {name: n1, id: 1, pop: pop, tunnel: 10.77.0.1}
keys: {file: fleet.key}
stamp: {tcp_timestamps: set, clock: any%(stamp)s}
xdp: {dispatcher: off}
dns:
  nsid: %(nsid)s
  watch: %(watch)s
  cookie_secrets: cookies
%(more)s  zones:
%(zones)s
state: {bpffs: %(bpffs)s, run: %(run)s}
%(rest)s
"""


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def enter(netns):
    """Puts this thread into a namespace; /sys stays, and bpffs with it."""
    with open(f"/run/netns/{netns}") as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")


class Site:
    def __init__(self, watch=False, more=(), under=(), vips=(VIP4, VIP6), folder=DIR, files=ZONES,
                 rest=(), stamp=()):
        """`more`: lines for the configuration's `dns`; `under`: what the daemon is started by;
        `files`: of which zone in `folder`; `rest`: lines of the configuration beside `dns`;
        `stamp`: more of its `stamp`."""
        self.stamp = "".join(f", {pair}" for pair in stamp)
        self.rest = "\n".join(rest)
        self.vips, self.files = vips, files
        self.watch = str(watch).lower()
        self.more = "".join(f"  {line}\n" for line in more)
        self.under = list(under)
        self.tag = f"dns-{os.getpid()}"
        self.server, self.client = f"{self.tag}-s", f"{self.tag}-c"
        self.dir = tempfile.mkdtemp(prefix="dns.")
        self.bpffs = f"/sys/fs/bpf/{self.tag}"
        self.zones = os.path.join(self.dir, "zones")
        shutil.copytree(folder, self.zones)
        self.daemon = None

    def net_up(self):
        s, c = self.server, self.client
        sh(f"mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf")
        sh(f"ip netns add {s} && ip netns add {c}")
        sh(f"ip link add up0 netns {s} type veth peer name up1 netns {c}")
        sh(f"ip -n {s} link set lo up && ip -n {c} link set lo up")
        sh(f"ip -n {s} addr add 10.77.0.1/24 dev up0 && ip -n {c} addr add {CLIENT4}/24 dev up1")
        sh(f"ip -n {s} addr add fd77::1/64 dev up0 nodad")
        sh(f"ip -n {c} addr add {CLIENT6}/64 dev up1 nodad")
        sh(f"ip -n {s} link set up0 up && ip -n {c} link set up1 up")
        for vip in self.vips:
            sh(f"ip -n {s} addr add {vip} dev lo" + (" nodad" if ":" in vip else ""))
            sh(f"ip -n {c} route add {vip} via {'fd77::1' if ':' in vip else '10.77.0.1'}")
        sh(f"ip -n {c} link set up1 xdpdrv obj {BUILD}/selftests/dns/pass.bpf.o sec xdp.frags")

    def config(self):
        zones = "\n".join(f"  - {{name: {name}, file: {self.zones}/{file}}}"
                          for name, file in self.files.items())
        with open(os.path.join(self.dir, "fleet.key"), "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(os.urandom(32).hex())
        with open(os.path.join(self.dir, "cookies"), "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(SECRET.hex() + "\n")
        with open(os.path.join(self.dir, "site.yaml"), "w") as f:
            vips = "\n".join(f"- {{address: \"{vip}\"}}" for vip in self.vips)
            f.write(CONFIG % {"vips": vips, "nsid": NSID, "zones": zones,
                              "watch": self.watch, "more": self.more,
                              "rest": self.rest, "stamp": self.stamp, "bpffs": self.bpffs, "run": self.dir + "/run"})

    def anydoor(self, *words):
        return ["nsenter", f"--net=/run/netns/{self.server}", os.path.join(BUILD, "anydoor"),
                *words, "--config", os.path.join(self.dir, "site.yaml"), "--name", "t"]

    def up(self):
        self.net_up()
        self.config()
        self.start()

    def start(self):
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.daemon = subprocess.Popen(self.under + self.anydoor("run"), stdout=self.log,
                                       stderr=self.log)
        control = os.path.join(self.dir, "run/t/control")
        for _ in range(100):
            if self.call("zones").returncode == 0 and os.path.exists(control):
                return
            time.sleep(0.1)
        raise RuntimeError("anydoor does not come up:\n" + self.said())

    def said(self):
        """What the daemon has logged."""
        with open(os.path.join(self.dir, "log")) as f:
            return f.read()

    def call(self, *words):
        return subprocess.run(self.anydoor(*words), capture_output=True, text=True)

    def stats(self):
        """Packets by reason, and what was answered by whom."""
        got = json.loads(self.call("stats", "--json").stdout)
        return got

    def zones_json(self):
        return json.loads(self.call("zones", "--json").stdout)["zones"]

    def down(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait()
            self.call("detach", "--force")
        for netns in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", netns], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.bpffs, ignore_errors=True)
        shutil.rmtree(self.dir)
