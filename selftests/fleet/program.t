#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# program.t: what must be true of each packet of a fleet, by the program, with maps, sockets and a network
# namespace for each node.
# PACKETS of the same each time, and as many others: SEED=, from the output, plays those again.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

exec "$build/selftests/fleet/fleet" program "${PACKETS:-20000}" 1 "${SEED:-$RANDOM$RANDOM}"
