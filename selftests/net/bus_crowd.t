#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_crowd.t: a hundred nodes without a data path join and leave the bus all the time, for BUS_CROWD_S seconds.
# Meanwhile each word of an operator is known at the other node within a second;
# in the end each of the hundred is gone, and the daemon has not grown.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"
CROWD_S=${BUS_CROWD_S:-20}

crowd() {
	at client "${BUILD:-build}/selftests/bus/crowd" "$LAB_DIR/anydoor.yaml" 100 "$CROWD_S"
}

on_bus() { # LEAST
	(($(bus '[.nodes[] | select(.gone | not)] | length') >= $1))
}

only_two() {
	same "$(bus '[.nodes[] | select(.gone | not)] | length')" 1
}

memory() { # kB
	awk '/^VmRSS/ { print $2 }' "/proc/$DAEMON/status"
}

bus_up
trap bus_down EXIT
nats_start
anydoor bus init >/dev/null
daemon_start
other_start
ok "both are on the bus" await 10 both_fresh
before=$(memory)
crowd >"$LAB_DIR/crowd" 2>&1 &
CROWD=$!
ok "many join" await 15 on_bus 60
late=0 words=0
while kill -0 $CROWD 2>/dev/null; do
	for state in down up; do
		anydoor pop nyc $state >/dev/null
		await_ms 1000 told_at other nyc $state >/dev/null || late=$((late + 1))
		words=$((words + 1))
	done
done
wait $CROWD
is "the crowd did what it should" "$? $(tail -n 1 "$LAB_DIR/crowd")" "0 "
at_least "words were said meanwhile" $words 10
is "each was known within a second" $late 0
ok "in the end only the two are there" await 15 only_two
ok "both fresh" both_fresh
grown=$(($(memory) - before))
diag "the daemon has grown by $grown kB, after $words words"
at_most "kB that the daemon has grown" $grown 16384
is "no node was refused" "$(bus .refused)" 0
done_testing
