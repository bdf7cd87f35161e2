#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# model.t: the ladder as the design tells it, against the program. ROUNDS packets, SEED for a known case.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

make -s BUILD="$build" all "$build"/selftests/{model/check,prog/vectors} >&2
exec "$build/selftests/model/check" "$build/selftests/prog/vectors" "${ROUNDS:-100000}" ${SEED:+"$SEED"}
