#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks each address given, in turn and without a pause, until a line comes on stdin; never asks twice.

Every other question is for a record that all versions of the zone share, every other for the TXT
record that tells the version, which must never run backwards. Prints one JSON object.
"""
import json
import select
import socket
import sys
import time

import dns.flags
import dns.message
import dns.rcode

TIMEOUT_S = 2
PACE_S = 0.0005
ZONE = "example.org"
SHARED = "192.0.2.53"


class Load:
    def __init__(self, addresses):
        self.sockets = [connect(address) for address in addresses]
        self.asked = self.lost = 0
        self.wrong = []
        self.serials = []

    def ask(self, name, rdtype):
        query = dns.message.make_query(name, rdtype, id=self.asked & 0xFFFF)
        sock = self.sockets[self.asked % len(self.sockets)]
        self.asked += 1
        sock.send(query.to_wire())
        try:
            reply = dns.message.from_wire(sock.recv(4096))
        except TimeoutError:
            self.lost += 1
            return None
        if not query.is_response(reply) or not reply.flags & dns.flags.AA:
            self.wrong.append(str(reply))
        return reply

    def ask_shared(self):
        reply = self.ask("www." + ZONE, "A")
        if reply and [r.address for rrset in reply.answer for r in rrset] != [SHARED]:
            self.wrong.append(str(reply))

    def ask_serial(self):
        reply = self.ask("serial." + ZONE, "TXT")
        if not reply:
            return
        try:
            serial = int(reply.answer[0][0].strings[0])
        except (IndexError, ValueError):
            self.wrong.append(str(reply))
            return
        if not self.serials or serial > self.serials[-1]:
            self.serials.append(serial)
        elif serial < self.serials[-1]:
            self.wrong.append(f"serial {serial} after {self.serials[-1]}")


def connect(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(TIMEOUT_S)
    sock.connect((address, 53))
    return sock


def main():
    load = Load(sys.argv[1:])
    while not select.select([sys.stdin], [], [], 0)[0]:
        load.ask_shared()
        load.ask_serial()
        time.sleep(PACE_S)
    print(json.dumps({"asked": load.asked, "lost": load.lost, "wrong": len(load.wrong),
                      "serials": load.serials, "examples": load.wrong[:3]}))


main()
