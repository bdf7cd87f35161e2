#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""panels.py URL DASHBOARD...: every query of Grafana dashboards, asked of a real Prometheus: a TAP line each. Empty,
or a number that is none, is wrong."""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

# What Grafana puts in.
VARIABLES = {"$__rate_interval": "10s", "$instance": ".*"}


def ask(url, expression):
    query = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as reply:
            return json.load(reply)["data"]["result"], ""
    except urllib.error.HTTPError as error:
        return [], json.load(error).get("error", str(error))


def queries(path):
    with open(path, encoding="utf-8") as file:
        board = json.load(file)
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def fault(url, expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    rows, error = ask(url, expression)
    if error or not rows:
        return error or "it is empty"
    if any(row["value"][1] in ("NaN", "+Inf", "-Inf") for row in rows):
        return "it has what is no number"
    return ""


def main():
    url, number, failed = sys.argv[1], 0, 0
    for path in sys.argv[2:]:
        board = path.rsplit("/", 1)[-1]
        for title, expression in queries(path):
            number += 1
            wrong = fault(url, expression)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {board}: {title}")
            if wrong:
                print(f"# {expression}: {wrong}", file=sys.stderr)
    sys.exit(failed > 0 or not number)


main()
