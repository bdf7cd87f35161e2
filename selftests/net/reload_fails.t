#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reload that fails while maps are written tells the truth: the kernel, the daemon and what is said of
both agree. A map that is frozen refuses to be written, as one would for want of memory. And the secrets
of cookies are read once in each load, so that the kernel and the daemon have the same."""
import ctypes, json, os, platform, struct, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dns"))
from dns_signals import end_by_finally
from dns_site import VIP4, Site
from dns_tap import diag, done, ok

SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_MAP_LOOKUP, BPF_OBJ_GET, BPF_MAP_FREEZE = 1, 7, 22
IN_OPEN, IN_CLOSE_NOWRITE = 0x20, 0x10
HEAD = "$TTL 300\n@ SOA ns host {serial} 7200 3600 1209600 300\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.{serial}\n"


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(SYS_BPF, command, ctypes.byref(attributes), ctypes.sizeof(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result


def freeze(path):
    """For good: no system call writes this map any more."""
    name = ctypes.create_string_buffer(path.encode())
    fd = bpf(BPF_OBJ_GET, (ctypes.c_uint64 * 2)(ctypes.addressof(name), 0))
    bpf(BPF_MAP_FREEZE, (ctypes.c_uint32 * 4)(fd, 0, 0, 0))
    os.close(fd)


def knows_node(path, node):
    """Whether a row of the map `nodes` has anything in it."""
    name, key, row = ctypes.create_string_buffer(path.encode()), ctypes.c_uint32(node), ctypes.create_string_buffer(64)
    fd = bpf(BPF_OBJ_GET, (ctypes.c_uint64 * 2)(ctypes.addressof(name), 0))
    bpf(BPF_MAP_LOOKUP, (ctypes.c_uint64 * 4)(fd, ctypes.addressof(key), ctypes.addressof(row), 0))
    os.close(fd)
    return any(row.raw)


class Opened:
    """How often a file is opened; closing tells two openings apart, which would be one event."""

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK)
        if libc.inotify_add_watch(self.fd, path.encode(), IN_OPEN | IN_CLOSE_NOWRITE) < 0:
            raise OSError(ctypes.get_errno(), path)

    def times(self):
        events = os.read(self.fd, 65536)
        return sum(bool(mask & IN_OPEN) for _, mask, _, _ in struct.iter_unpack("iIII", events))


class Zoned(Site):
    def __init__(self):
        super().__init__(files={"example.": "example"})

    def write(self, serial):
        with open(os.path.join(self.zones, "example"), "w") as f:
            f.write(HEAD.format(serial=serial))

    def add_node(self):
        path = os.path.join(self.dir, "site.yaml")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("\nkeys:", "\n- {name: n2, id: 2, pop: pop, tunnel: 10.77.0.9}\nkeys:"))

    def knows_node(self, node):
        return knows_node(os.path.join(self.bpffs, "t/nodes"), node)

    def asked(self, *how):
        command = ["nsenter", f"--net=/run/netns/{self.client}", "kdig", "+short", "+time=1", "+retry=3", *how,
                   f"@{VIP4}", "www.example", "A"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def served(self):
        """The serial by the kernel, by the daemon, and by `zones`."""
        listed = self.zones_json()
        return [self.asked()[-1:], self.asked("+tcp")[-1:], str(listed[0]["serial"])]

    def reload(self):
        return json.loads(self.call("reload", "--json").stdout)


def with_frozen(name, check):
    site = Zoned()
    try:
        site.write(1)
        site.up()
        ok(site.served() == ["1"] * 3, f"{name}: the zone is served")
        freeze(os.path.join(site.bpffs, "t", name))
        site.write(2)
        site.add_node()
        check(site)
        ok(site.daemon.poll() is None, f"{name}: the daemon goes on")
    except Exception:
        diag(site.said())
        raise
    finally:
        site.down()


def check_before_zones(site):
    """What comes before the zones fails: they stay as they were, in the kernel and in the daemon."""
    said = site.reload()
    ok(not said["applied"] and any("locals" in line for line in said["errors"]), "locals: the reload is refused")
    ok(not said["changes"], "locals: and nothing is said to have changed")
    ok(site.knows_node(1) and not site.knows_node(2), "locals: the new node that was written before is taken back")
    served = site.served()
    ok(served == ["1"] * 3, f"locals: the zone of before is served by all: {served}")


def check_behind_zones(site):
    """What comes behind the zones fails: they are the new ones, and this is said."""
    said = site.reload()
    ok(said["applied"] and not said["ok"] and any("the new ones are served" in line for line in said["errors"]),
       "meta: the reload fails halfway")
    ok(any("serial 1 -> 2" in line for line in said["changes"]), "meta: the change of the zone is said")
    ok(site.knows_node(1) and not site.knows_node(2), "meta: the new node is taken back")
    ok("nothing was changed" not in site.said(), "meta: and not that nothing was changed")
    served = site.served()
    ok(served == ["2"] * 3, f"meta: the new zone is served by all: {served}")
    site.write(3)
    site.reload()
    served = site.served()
    ok(served == ["3"] * 3, f"meta: and the next one after it: {served}")
    status = json.loads(site.call("status", "--json").stdout)
    ok("partly" in json.dumps(status), "meta: status tells it")


def test_cookie_secrets_are_read_once():
    site = Zoned()
    try:
        site.write(1)
        site.up()
        files = {name: Opened(os.path.join(site.dir, name)) for name in ("cookies", "site.yaml")}
        ok(site.call("reload").returncode == 0, "a reload")
        opened = {name: file.times() for name, file in files.items()}
        ok(opened["cookies"] == 1, f"reads the secrets of cookies once: {opened}")
        ok(opened["site.yaml"] >= 1, "and opened files are seen")
    finally:
        site.down()


def main():
    end_by_finally()
    with_frozen("locals", check_before_zones)
    with_frozen("meta", check_behind_zones)
    test_cookie_secrets_are_read_once()
    return done()


sys.exit(main())
