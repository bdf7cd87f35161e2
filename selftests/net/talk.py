#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps one HTTP connection to each address given and says nothing, until asked to.

For every line on stdin it asks / on each of its connections, never on a new one, and prints in one
line who answered, in the order of the addresses; "lost" for a connection that is no more.
"""
import http.client
import sys

TIMEOUT_S = 10


def connect(address):
    connection = http.client.HTTPConnection(address, 80, timeout=TIMEOUT_S)
    connection.connect()
    connection.auto_open = 0  # a broken connection stays broken
    return connection


def ask(connection):
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode().strip()
    except (OSError, http.client.HTTPException):
        return "lost"


def main():
    connections = [connect(address) for address in sys.argv[1:]]
    for _ in sys.stdin:
        print(" ".join(ask(connection) for connection in connections), flush=True)


main()
