# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the structs that maps hold. Where a member lies, and how long it is, says the BTF of the
object that was built ($BUILD/anydoor.bpf.o), so no layout is copied by hand.
"""

import functools
import json
import os
import pathlib
import subprocess

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
OBJECT = TREE / os.environ.get("BUILD", "build") / "anydoor.bpf.o"


@functools.cache
def types():
    """BTF's types, by id."""
    tool = os.environ.get("BPFTOOL") or "/usr/sbin/bpftool"
    dump = subprocess.run([tool, "-j", "btf", "dump", "file", OBJECT, "format", "raw"],
                          check=True, capture_output=True)
    return {entry["id"]: entry for entry in json.loads(dump.stdout)["types"]}


@functools.cache
def named(name):
    found = [t for t in types().values() if t["kind"] == "STRUCT" and t["name"] == name]
    if len(found) != 1:
        raise KeyError(f"{OBJECT}: {len(found)} structs called {name}")
    return found[0]


def plain(type_id):
    """Behind typedefs and qualifiers: the type, and whether it is in the order of the wire."""
    kind, wire = types()[type_id], False
    while kind["kind"] in ("TYPEDEF", "CONST", "VOLATILE"):
        wire |= kind["name"].startswith("__be")
        kind = types()[kind["type_id"]]
    return kind, wire


def size(type_id):
    kind, _ = plain(type_id)
    if kind["kind"] == "ARRAY":
        return kind["nr_elems"] * size(kind["type_id"])
    return kind["size"]


def encoded(what, type_id, value):
    """A number; bytes as they are; of an array its first elements; a dictionary for a struct."""
    kind, wire = plain(type_id)
    length = size(type_id)
    if isinstance(value, dict):
        return filled(what, kind, value)
    if isinstance(value, (bytes, bytearray)):
        if len(value) != length:
            raise ValueError(f"{what} has {length} bytes, not {len(value)}")
        return bytes(value)
    if kind["kind"] == "ARRAY":
        if len(value) > kind["nr_elems"]:
            raise ValueError(f"{what} has {kind['nr_elems']} elements, not {len(value)}")
        return b"".join(encoded(what, kind["type_id"], one) for one in value).ljust(length, b"\0")
    return value.to_bytes(length, "big" if wire else "little", signed=value < 0)


def filled(what, kind, members):
    image = bytearray(kind["size"])
    places = {member["name"]: member for member in kind["members"]}
    for name, value in members.items():
        if name not in places:
            raise KeyError(f"{what} has no member {name}")
        at = places[name]["bits_offset"] // 8
        data = encoded(f"{what}.{name}", places[name]["type_id"], value)
        image[at:at + len(data)] = data
    return bytes(image)


def image(struct, **members):
    """A struct by its name in C; what is not given is zero."""
    return filled(struct, named(struct), members)
