# SPDX-License-Identifier: GPL-3.0-or-later
"""A small DNS of its own: a root and a top-level domain in Knot, at the client, that delegate
good.test to anydoor, at the other end of a cable. Whoever starts at this root finds us as on the
Internet."""
import ipaddress, os, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
from dns_site import Site, enter

ZONE = "good.test."
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
    file: top
"""
ROOT = """
. 86400 SOA a.root. hostmaster.root. 1 7200 3600 1209600 300
. 86400 NS a.root.
a.root. 86400 A {root4}
a.root. 86400 AAAA {root6}
test. 86400 NS a.nic.test.
a.nic.test. 86400 A {root4}
a.nic.test. 86400 AAAA {root6}
""" + "".join(f"{ipaddress.ip_address(vip).reverse_pointer}. 86400 PTR ns{1 + i // 2}.good.test.\n"
              for i, vip in enumerate(VIPS))
TOP = """
test. 86400 SOA a.nic.test. hostmaster.nic.test. 1 7200 3600 1209600 300
test. 86400 NS a.nic.test.
a.nic.test. 86400 A {root4}
a.nic.test. 86400 AAAA {root6}
""" + "".join(f"good.test. 86400 NS ns{n}.good.test.\n" for n in (1, 2)) + "".join(
    f"ns{1 + i // 2}.good.test. 86400 {'AAAA' if ':' in vip else 'A'} {vip}\n"
    for i, vip in enumerate(VIPS))
GOOD = """
$TTL 3600
@	SOA	ns1 hostmaster 2026112001 14400 3600 1209600 3600
@	NS	ns1
@	NS	ns2
@	MX	10 mail
@	A	192.0.2.80
@	TXT	"v=spf1 mx -all"
""" + "".join(f"ns{1 + i // 2} {'AAAA' if ':' in vip else 'A'} {vip}\n"
              for i, vip in enumerate(VIPS)) + """
mail	A	192.0.2.25
www	CNAME	@
*.wild	TXT	"wild"
"""


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as f:
        f.write(text.format(root4=ROOT4, root6=ROOT6, dir=folder))


class Lab:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="suites.")
        zones = os.path.join(self.dir, "zones")
        os.mkdir(zones)
        write(zones, "good", GOOD)
        for name, text in (("knot.conf", KNOT), ("root", ROOT), ("top", TOP)):
            write(self.dir, name, text)
        self.site = Site(vips=VIPS, folder=zones, files={ZONE: "good"})
        self.knot = None

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

    def hints(self):
        """A file of root hints."""
        path = os.path.join(self.dir, "hints")
        with open(path, "w") as f:
            f.write(f". 3600000 NS a.root.\na.root. 3600000 A {ROOT4}\na.root. 3600000 AAAA {ROOT6}\n")
        return path

    def down(self):
        if self.knot:
            self.knot.terminate()
            self.knot.wait()
        self.site.down()
        shutil.rmtree(self.dir)
