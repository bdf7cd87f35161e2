#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# prog.t: the real programs against packets made by scapy, through BPF_PROG_TEST_RUN.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

make -s BUILD="$build" all "$build"/selftests/prog/{runner,vectors} >&2
exec "$build/selftests/prog/runner" -p selftests/prog/programs.txt ${PROGRAMS:+-w} "$build/selftests/prog/vectors"
