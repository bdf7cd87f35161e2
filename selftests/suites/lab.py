# SPDX-License-Identifier: GPL-3.0-or-later
"""A small DNS of its own: a root and a top-level domain in Knot, at the client, that delegate two
zones to anydoor, at the other end of a cable; all signed. Whoever starts at this root finds us as on
the Internet."""
import glob, ipaddress, os, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
from dns_site import Site, enter

# Ours, and how dnssec-signzone is to prove what is not there.
ZONES = {"good.test.": [], "nsec3.test.": ["-3", "-"]}
VIPS = ("192.0.2.53", "2001:db8:53::53", "198.51.100.53", "2001:db8:54::53")
ROOT4, ROOT6 = "10.77.0.2", "fd77::2"  # the client's own

KNOT = """
server:
    listen: [ "{root4}@53", "{root6}@53" ]
    rundir: {dir}
database:
    storage: {dir}
template:
  - id: default
    storage: {dir}
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: .
    file: root
  - domain: test.
    file: test
"""
ROOT = """
. 86400 SOA a.root. hostmaster.root. 1 7200 3600 1209600 300
. 86400 NS a.root.
a.root. 86400 A {root4}
a.root. 86400 AAAA {root6}
test. 86400 NS a.nic.test.
a.nic.test. 86400 A {root4}
a.nic.test. 86400 AAAA {root6}
""" + "".join(f"{ipaddress.ip_address(vip).reverse_pointer}. 86400 PTR ns{1 + i // 2}.{zone}\n"
              for zone in ZONES for i, vip in enumerate(VIPS))
TEST = """
test. 86400 SOA a.nic.test. hostmaster.nic.test. 1 7200 3600 1209600 300
test. 86400 NS a.nic.test.
a.nic.test. 86400 A {root4}
a.nic.test. 86400 AAAA {root6}
"""
OURS = """
$TTL 3600
@	SOA	ns1 hostmaster 2026112001 14400 3600 1209600 3600
@	MX	10 mail
@	A	192.0.2.80
@	TXT	"v=spf1 mx -all"
mail	A	192.0.2.25
www	CNAME	@
*.wild	TXT	"wild"
deep.empty.below A 192.0.2.81
"""


def servers(zone):
    """NS and addresses, as the zone and its parent have them."""
    for n in (1, 2):
        yield f"{zone} 86400 NS ns{n}.{zone}"
    for i, vip in enumerate(VIPS):
        yield f"ns{1 + i // 2}.{zone} 86400 {'AAAA' if ':' in vip else 'A'} {vip}"


class Lab:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="suites.")
        self.zones = os.path.join(self.dir, "zones")
        os.mkdir(self.zones)
        self.knot = None
        self.ds = {}
        ds = "".join(self.make(self.zones, zone, OURS + "\n".join(servers(zone)) + "\n", *how)
                     for zone, how in ZONES.items())
        test = TEST + "".join(line + "\n" for zone in ZONES for line in servers(zone)) + ds
        ds = self.make(self.dir, "test.", test)
        self.make(self.dir, ".", ROOT + ds)
        self.write("knot.conf", KNOT)
        self.site = Site(vips=VIPS, folder=self.zones, files={zone: zone.strip(".") for zone in ZONES})

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text.format(root4=ROOT4, root6=ROOT6, dir=self.dir))
        return path

    def make(self, folder, zone, text, *how):
        """Writes the zone, signed, to `folder`; gives its DS."""
        name, path = zone.strip(".") or "root", self.write("unsigned", text)
        keys = os.path.join(self.dir, "keys")
        os.makedirs(keys, exist_ok=True)
        for flag in (["-f", "KSK"], []):
            subprocess.run(["dnssec-keygen", "-q", "-K", keys, "-a", "ECDSAP256SHA256", *flag, zone],
                           check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["dnssec-signzone", "-q", "-S", "-K", keys, "-d", self.dir, *how, "-o", zone,
                        "-f", os.path.join(folder, name), path],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ds = subprocess.run(["dnssec-dsfromkey", "-2", "-f", os.path.join(folder, name), zone],
                            check=True, capture_output=True, text=True).stdout
        self.ds[zone] = ",".join(ds.split()[3:7])
        return ds

    def anchor(self):
        """The root's key, for who wants to trust it."""
        for path in glob.glob(os.path.join(self.dir, "keys", "K.+*.key")):
            with open(path) as f:
                text = f.read()
            if " 257 " in text:
                return self.write("anchor", "".join(line for line in text.splitlines(True)
                                                    if not line.startswith(";")))
        raise RuntimeError("no key of the root's")

    def hints(self):
        return self.write("hints", ". 3600000 NS a.root.\na.root. 3600000 A {root4}\n"
                          "a.root. 3600000 AAAA {root6}\n")

    def up(self):
        """Afterwards this process is at the client."""
        self.site.up()
        enter(self.site.client)
        self.knot = subprocess.Popen(["knotd", "-c", os.path.join(self.dir, "knot.conf")],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            found = subprocess.run(["dig", f"@{ROOT4}", "+short", "+time=1", "SOA", "test."],
                                   capture_output=True, text=True)
            if "hostmaster" in found.stdout:
                return
            time.sleep(0.1)
        raise RuntimeError("the root does not come up")

    def down(self):
        if self.knot:
            self.knot.terminate()
            self.knot.wait()
        self.site.down()
        shutil.rmtree(self.dir)
