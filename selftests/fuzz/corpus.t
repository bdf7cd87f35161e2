#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# corpus.t: every input that fuzzing found worth keeping, once through each fuzzer's judgement; and
# what reads bytes without the kernel goes on from there, for a fixed number of inputs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. selftests/net/tap.sh

build=${BUILD:-build}
make -s BUILD="$build" fuzzers >&2

for target in dns zone packet bus bgp directory; do
	inputs=$(wc -l <"selftests/fuzz/corpus/$target.hex")
	ok "$target: $inputs inputs" selftests/fuzz/fuzz $target replay
done
for target in dns zone bus bgp directory; do
	ok "$target: inputs that are made from these" selftests/fuzz/fuzz $target short
done
done_testing
