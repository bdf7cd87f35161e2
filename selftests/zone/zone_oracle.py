# SPDX-License-Identifier: GPL-3.0-or-later
"""A zone file as BIND, NSD and we read it: whether it loads, the records to the byte, the errors by line."""
import os, re, shutil, struct, subprocess, tempfile, time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
DUMP = os.path.join(ROOT, os.environ.get("BUILD", "build"), "selftests/zone/dump")
LIMIT_S, LIMIT_BYTES = 20, 256 << 20  # the latter is ours alone
ZONE = "s.test"
RAW, RAW_VERSION, RAW_HEADER = 2, 1, 24
# Every check beyond the file's syntax and the records' own data is off: hosts, names, policies.
BIND_LAX = [x for flag in "knmrMSTW" for x in (f"-{flag}", "ignore")] + ["-i", "none"]
NO_ERROR = ("using RFC1035 TTL semantics", "no TTL specified", "> MAXTTL", "warning:", "record with inherited owner",
            "ignoring out-of-zone data", "signature has expired", "has no address records")


class Reading:
    """What one reader made of one zone file."""

    def __init__(self, status, said, records, seconds):
        self.status, self.said, self.seconds = status, said, seconds
        self.loads = status == 0
        self.records = records if self.loads else None

    def errors(self, path):
        """{line of the file: what is said of it}; warnings are none."""
        found = {}
        for line in self.said.splitlines():
            place = re.search(re.escape(path) + r":(\d+): (.*)", line)
            if place and not line.startswith("warn") and not any(s in line for s in NO_ERROR):
                found.setdefault(int(place[1]), place[2])
        return found


def call(args, folder):
    """(status, stdout, stderr, seconds); a reader that hangs is killed."""
    began = time.monotonic()
    child = subprocess.Popen(args, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    try:
        out, err = child.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
    return child.returncode, out, err.decode("latin-1"), time.monotonic() - began


def name_wire(text):
    """An absolute name in presentation format, as printed by us."""
    wire, label, at = b"", b"", 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1].isdigit():
            label += bytes([int(text[at + 1:at + 4])])
            at += 4
        elif text[at] == "\\":
            label += text[at + 1].encode("latin-1")
            at += 2
        elif text[at] == ".":
            wire += bytes([len(label)]) + label if label else b""
            label, at = b"", at + 1
        else:
            label += text[at].encode("latin-1")
            at += 1
    return wire + b"\0"


def ours(zone, path, folder):
    status, out, err, seconds = call(["prlimit", f"--as={LIMIT_BYTES}", DUMP, zone, path], folder)
    records = []
    for line in out.decode("latin-1").splitlines() if status == 0 else []:
        owner, ttl, kind, data = line.split(" ")
        records.append((name_wire(owner), int(ttl), int(kind),
                        b"" if data == "-" else bytes.fromhex(data)))
    return Reading(status, err, sorted(records), seconds)


def read_raw(raw):
    """BIND's raw format: rdatasets, each with a length, class, type, TTL, owner and its data."""
    kind, version = struct.unpack_from("!II", raw)
    assert (kind, version) == (RAW, RAW_VERSION), "another raw format"
    at, records = RAW_HEADER, []
    while at < len(raw):
        size, _, rtype, _, ttl, nr, owner_len = struct.unpack_from("!IHHHIIH", raw, at)
        p = at + 20
        owner, p = raw[p:p + owner_len], p + owner_len
        for _ in range(nr):
            length = int.from_bytes(raw[p:p + 2], "big")
            records.append((owner.lower(), ttl, rtype, raw[p + 2:p + 2 + length]))
            p += 2 + length
        assert p == at + size, "a rdataset that does not end where it says"
        at += size
    return sorted(records)


def bind(zone, path, folder):
    with tempfile.NamedTemporaryFile(prefix="zone-raw.") as out:
        args = ["named-compilezone", *BIND_LAX, "-F", "raw", "-o", out.name, zone, path]
        status, said, err, seconds = call(args, folder)
        records = None
        if status == 0:
            with open(out.name, "rb") as f:  # another file by now: it was renamed into place
                records = read_raw(f.read())
    return Reading(status, said.decode("latin-1") + err, records, seconds)


def nsd(zone, path, folder):
    """NSD prints text; BIND turns that into bytes, or where it knows less than NSD, we do."""
    status, out, err, seconds = call(["nsd-checkzone", "-p", zone, path], folder)
    records = None
    if status == 0:
        with tempfile.NamedTemporaryFile(prefix="zone-nsd.") as text:
            text.write(out)
            text.flush()
            again = bind(zone, text.name, folder)
            records = (again if again.loads else ours(zone, text.name, folder)).records
    return Reading(status, err, records, seconds)


READERS = {"ours": ours, "bind": bind, "nsd": nsd}


class Desk:
    """A folder for one zone file after the other."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="zone.")
        self.pool = ThreadPoolExecutor(len(READERS))
        return self

    def __exit__(self, *_):
        self.pool.shutdown()
        shutil.rmtree(self.folder)

    def read(self, files, readers=tuple(READERS)):
        """{reader: Reading} of files = {name: bytes}, of which "zone" is the zone's."""
        for name, data in files.items():
            place = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as f:
                f.write(data)
        calls = {name: self.pool.submit(READERS[name], ZONE, "zone", self.folder) for name in readers}
        return {name: call.result() for name, call in calls.items()}
