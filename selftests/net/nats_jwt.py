#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""nats_jwt.py DIR: an operator, an account and users of NATS, as `nsc` would make them: DIR/operator.conf for servers,
and credentials for clients: DIR/node.creds, DIR/old.creds (expired) and DIR/foreign.creds (of another operator)."""
import base64
import json
import os
import subprocess
import sys
import time

OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3
DER_SEED = bytes.fromhex("302e020100300506032b657004220420")
NODE = {"pub": {"allow": ["$KV.anydoor.>", "$JS.API.>", "$JS.ACK.>", "$JS.FC.>"]}, "sub": {"allow": ["_INBOX.>"]}}
NO_LIMIT = dict.fromkeys(("subs", "data", "payload"), -1)
ACCOUNT_LIMITS = NO_LIMIT | dict.fromkeys(("imports", "exports", "conn", "leaf", "mem_storage", "disk_storage",
                                           "streams", "consumer"), -1) | {"wildcards": True}


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc


def nkey(data):
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode().rstrip("=")


class Key:
    def __init__(self, folder, kind):
        self.seed, self.kind = os.urandom(32), kind
        self.file = os.path.join(folder, "nkey.der")
        self.write()
        der = subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", self.file, "-pubout", "-outform", "DER"],
                             check=True, capture_output=True).stdout
        self.public = nkey(bytes([kind]) + der[-32:])

    def write(self):
        with open(self.file, "wb") as file:
            file.write(DER_SEED + self.seed)

    def secret(self):
        return nkey(bytes([SEED | self.kind >> 5, (self.kind & 31) << 3]) + self.seed)

    def sign(self, data):
        self.write()
        with open(self.file + ".data", "wb") as file:
            file.write(data)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", self.file,
                               "-in", self.file + ".data"], check=True, capture_output=True).stdout


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(issuer, subject, name, kind, claims, **more):
    body = {"jti": os.urandom(8).hex(), "iat": int(time.time()), "iss": issuer.public, "sub": subject.public,
            "name": name, "nats": {"type": kind, "version": 2} | claims} | more
    text = part(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode()) + b"." + part(json.dumps(body).encode())
    return (text + b"." + part(issuer.sign(text))).decode()


def credentials(path, account, **more):
    user = Key(os.path.dirname(path), USER)
    with open(path, "w", encoding="ascii") as file:
        file.write("-----BEGIN NATS USER JWT-----\n"
                   f"{token(account, user, 'node', 'user', NODE | NO_LIMIT, **more)}\n"
                   "------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n"
                   f"{user.secret()}\n------END USER NKEY SEED------\n")
    os.chmod(path, 0o600)


def main():
    folder = sys.argv[1]
    operator, system, account = Key(folder, OPERATOR), Key(folder, ACCOUNT), Key(folder, ACCOUNT)
    limits = {"limits": ACCOUNT_LIMITS, "default_permissions": {"pub": {}, "sub": {}}}
    with open(os.path.join(folder, "operator.conf"), "w", encoding="ascii") as file:
        file.write(f"operator: {token(operator, operator, 'operator', 'operator', {'system_account': system.public})}\n"
                   f"system_account: {system.public}\nresolver: MEMORY\nresolver_preload: {{\n"
                   f"\t{system.public}: {token(operator, system, 'system', 'account', {'limits': NO_LIMIT | {'conn': -1, 'leaf': -1, 'imports': -1, 'exports': -1, 'wildcards': True}})}\n"
                   f"\t{account.public}: {token(operator, account, 'fleet', 'account', limits)}\n}}\n"
                   f'default_js_domain: {{ {account.public}: "" }}\n')
    credentials(os.path.join(folder, "node.creds"), account)
    credentials(os.path.join(folder, "old.creds"), account, exp=int(time.time()) - 60)
    credentials(os.path.join(folder, "foreign.creds"), Key(folder, ACCOUNT))
    os.remove(os.path.join(folder, "nkey.der"))
    os.remove(os.path.join(folder, "nkey.der.data"))


main()
