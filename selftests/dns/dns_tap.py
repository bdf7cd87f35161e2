# SPDX-License-Identifier: GPL-3.0-or-later
"""TAP for the DNS tests."""
import sys

results = []


def ok(good, name):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)


def diag(text):
    print("\n".join("# " + line for line in str(text).splitlines()), file=sys.stderr, flush=True)


def done():
    """The plan; gives the exit code."""
    print(f"1..{len(results)}")
    return 0 if all(results) else 1
