#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# model.t: the ladder as the design tells it, against the program. ROUNDS packets; the same ones each
# time, or, with SEED=, others.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

make -s BUILD="$build" all "$build"/selftests/{model/check,prog/vectors} >&2
exec "$build/selftests/model/check" "$build/selftests/prog/vectors" "${ROUNDS:-100000}" ${SEED-1}
