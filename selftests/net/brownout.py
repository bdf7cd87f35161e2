#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""brownout.py ADDRESS PORT FILE: a web server that answers one request in N with 503, where N is the number in
FILE; 0: none. It looks at each request."""
import http.server
import sys


class Server(http.server.ThreadingHTTPServer):
    asked = 0

    def handle_error(self, request, client_address):
        """A check that is not needed any more is cut off."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[3], encoding="ascii") as file:
            every = int(file.read() or 0)
        self.server.asked += 1
        fails = every and self.server.asked % every == 0
        self.send_response(503 if fails else 200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"fine\n")

    def log_message(self, *args):
        pass


Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
