#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the vector file that runner.c plays (README.md has its grammar).

    vectors.py OUT
"""

import pathlib
import sys

from world import Options, Writer
import broken_vectors
import catchment_vectors
import dns_vectors
import edge_vectors
import egress_vectors
import fresh_vectors
import guard_vectors
import hunt_vectors
import local_vectors
import option_vectors
import signed_vectors
import steer_signed_vectors
import steer_vectors
import table_vectors
import tunnel_vectors
import wrap_vectors

# Those with SYN cookies first: the kernel believes a cookie for two minutes after it gave one.
PARTS = (local_vectors, catchment_vectors, broken_vectors, table_vectors, wrap_vectors, fresh_vectors,
         tunnel_vectors, hunt_vectors, edge_vectors, egress_vectors, dns_vectors, guard_vectors,
         signed_vectors, steer_vectors, steer_signed_vectors)


def main():
    path = pathlib.Path(sys.argv[1])
    zones = dns_vectors.write_zone(path.parent, steer_vectors.ZONE)
    zones |= signed_vectors.write_zones(path.parent)
    zones |= steer_signed_vectors.write_zones(path.parent)
    with path.open("w", encoding="ascii") as out:
        writer = Writer(out)
        writer.options(Options("default"), zones)
        for part in PARTS:
            part.write(writer)
        option_vectors.write(writer, zones)


if __name__ == "__main__":
    main()
