# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed zones, made afresh: two signers, four algorithms, NSEC, NSEC3 and opt-out.

All have the contents of zones/signed.src. kid.nsec.test is a signed zone below a signed one,
plain.nsec.test an unsigned one; both are served too.
"""
import os, shutil, subprocess

from dns_queries import DIR, ZONES

SALT = "5a17"


class Way:
    def __init__(self, signer, algorithm, options=()):
        self.signer, self.algorithm, self.options = signer, algorithm, list(options)


# Children first: a parent needs their DS.
SIGNED = {
    "kid.nsec.test.": Way("bind", "ED25519", ["-3", "-"]),
    "nsec.test.": Way("ldns", "ECDSAP256SHA256"),
    "nsec3.test.": Way("bind", "RSASHA256", ["-3", SALT, "-H", "2"]),
    "optout.test.": Way("bind", "ECDSAP384SHA384", ["-3", "-", "-A"]),
    "ldns3.test.": Way("ldns", "ED25519", ["-n", "-s", SALT, "-t", "0"]),
    "ldnsout.test.": Way("ldns", "ECDSAP256SHA256", ["-n", "-p"]),
}
PLAIN = {"plain.nsec.test.": "plain.zone"}
TOOLS = ["ldns-keygen", "ldns-signzone", "dnssec-keygen", "dnssec-signzone", "dnssec-dsfromkey"]


def missing_tools():
    return [tool for tool in TOOLS if not shutil.which(tool)]


def call(folder, *words):
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout


def make_keys(folder, zone, way):
    if way.signer == "ldns":
        return [call(folder, "ldns-keygen", "-a", way.algorithm, *flags, zone).strip()
                for flags in (["-k"], [])]
    bits = ["-b", "1024"] if way.algorithm.startswith("RSA") else []
    return [call(folder, "dnssec-keygen", "-q", "-a", way.algorithm, *bits, *flags, zone).strip()
            for flags in (["-f", "KSK"], [])]


def sign(folder, zone, way, source, target, times=tuple):
    """Gives the DS of the zone. `times` gives options of either signer, once there are keys."""
    keys = make_keys(folder, zone, way)
    if way.signer == "ldns":
        call(folder, "ldns-signzone", "-o", zone, *way.options, *times(), "-f", target, source, *keys)
    else:
        call(folder, "dnssec-signzone", "-q", "-S", "-K", folder, "-o", zone, *way.options, *times(),
             "-f", target, source)
    return call(folder, "dnssec-dsfromkey", "-2", keys[0] + ".key")


def sign_all(folder):
    """Into the folder; gives zones and files as ZONES has them, and the DS of each zone."""
    files, ds = dict(PLAIN), {}
    with open(os.path.join(DIR, "signed.src")) as f:
        text = f.read()
    shutil.copy(os.path.join(DIR, "plain.zone"), folder)
    for zone, way in SIGNED.items():
        name = zone.strip(".")
        source = os.path.join(folder, name + ".src")
        with open(source, "w") as f:
            f.write(f"$ORIGIN {zone}\n{text}")
            f.writelines(line for child, line in ds.items() if child.endswith("." + zone))
        ds[zone] = sign(folder, zone, way, source, name + ".zone")
        files[zone] = name + ".zone"
    return files, ds


def all_zones(folder):
    """The plain zones and the signed ones, in the folder; their files by name."""
    shutil.copytree(DIR, folder, dirs_exist_ok=True)
    return ZONES | sign_all(folder)[0]
