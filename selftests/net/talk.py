#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps one HTTP connection to each address given and says nothing, until asked to.

For every line on stdin it asks / on each of its connections, never on a new one, and prints in one
line who answered, in the order of the addresses; "lost" for a connection that is no more. If the
line says `anew`, it first forgets them without a word, as a client that crashed would, and makes
others from the same ports. If it says `keepalive`, it asks nothing: the kernel sends one keepalive
on each, a second later, and no other for a minute.
"""
import http.client
import socket
import sys

TIMEOUT_S = 10
TCP_REPAIR, TCP_REPAIR_ON = 19, 1


def connect(address, port=0):
    source = ("::" if ":" in address else "0.0.0.0", port)
    connection = http.client.HTTPConnection(address, 80, timeout=TIMEOUT_S, source_address=source)
    connection.connect()
    connection.auto_open = 0  # a broken connection stays broken
    return connection


def anew(connection):
    """A socket under repair is closed without a FIN and without a RST."""
    port = connection.sock.getsockname()[1]
    connection.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON)
    connection.close()
    return connect(connection.host, port)


def keepalive(connection):
    for option, seconds in ((socket.TCP_KEEPINTVL, 60), (socket.TCP_KEEPIDLE, 1)):
        connection.sock.setsockopt(socket.IPPROTO_TCP, option, seconds)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return "set"


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
            connections = [anew(connection) for connection in connections]
        act = keepalive if line.strip() == "keepalive" else ask
        print(" ".join(act(connection) for connection in connections), flush=True)


main()
