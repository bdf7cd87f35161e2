#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# race.t: the flow table under two CPUs at once, for RACE_SECONDS.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

make -s BUILD="$build" all "$build"/selftests/race/{race,frames} >&2
exec "$build/selftests/race/race" "$build/selftests/race/frames" "${RACE_SECONDS:-4}"
