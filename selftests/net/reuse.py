#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP connection to each address, from a port of its own, which the next one uses again.

For every line on stdin: `ask` says who answers on the connections as they are, `anew` first makes
new ones from the same ports and forgets the old ones without a word, as a client that crashed would.
One line on stdout says who answered, in the order of the addresses; "lost" for a broken connection.
"""
import http.client
import socket
import sys

PORT, TIMEOUT_S = 42424, 10
TCP_REPAIR, TCP_REPAIR_ON = 19, 1


def connect(address):
    source = ("::", PORT + 1) if ":" in address else ("0.0.0.0", PORT)
    connection = http.client.HTTPConnection(address, 80, timeout=TIMEOUT_S, source_address=source)
    connection.connect()
    connection.auto_open = 0  # a broken connection stays broken
    return connection


def forget(connection):
    """A socket under repair is closed without a FIN and without a RST."""
    connection.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON)
    connection.close()


def ask(connection):
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode().strip()
    except (OSError, http.client.HTTPException):
        return "lost"


def main():
    connections = [connect(address) for address in sys.argv[1:]]
    for line in sys.stdin:
        if line.strip() == "anew":
            for connection in connections:
                forget(connection)
            connections = [connect(address) for address in sys.argv[1:]]
        print(" ".join(ask(connection) for connection in connections), flush=True)


main()
