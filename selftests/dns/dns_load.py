# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions over and over while something happens; every answer must be one of the legal ones."""
import socket, threading

import dns.message
from dns_site import VIP4, VIP6, enter


def udp(family, timeout=1.0):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(timeout)
    s.connect(((VIP6 if family == socket.AF_INET6 else VIP4), 53))
    return s


def ask(s, wire):
    s.send(wire)
    try:
        return s.recv(65535)
    except TimeoutError:
        return None


class Load(threading.Thread):
    """@legal: what may stand behind the question, by name."""

    def __init__(self, client, legal, rdtype="A"):
        super().__init__(daemon=True)  # nor does it keep an interrupted test alive
        self.client, self.legal, self.rdtype = client, legal, rdtype
        self.asked, self.lost, self.wrong, self.stop = 0, 0, [], False

    def run(self):
        enter(self.client)
        s = udp(socket.AF_INET)
        queries = [dns.message.make_query(name, self.rdtype).to_wire() for name in self.legal]
        while not self.stop:
            for name, wire in zip(self.legal, queries):
                reply = ask(s, wire)
                self.asked += 1
                if reply is None:
                    self.lost += 1
                elif reply[len(wire):] not in self.legal[name]:
                    self.wrong.append(reply)
