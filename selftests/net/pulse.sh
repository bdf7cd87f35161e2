# SPDX-License-Identifier: GPL-3.0-or-later
# pulse.sh: streams over both families, down and up, whose worst delay tells what a shift costs.
# Sourced after net.sh.
# shellcheck shell=bash

readonly BOUND_MS=$((2 * LAB_FAR_MS + 50)) # a round trip to the owner, and 50 ms

pulse_serve() { # POP
	AT='exec' at "$1" chrt -f 10 "$NET_HOME/pulse.py" serve $VIP4 $VIP6 &
	await 5 listens "$1" 5300 2
}

# Two downloads and two uploads begin where the client lands.
pulse_start() {
	rm -f "$LAB_DIR"/pulse.*
	mkfifo "$LAB_DIR/pulse.in" "$LAB_DIR/pulse.out"
	AT='exec' at client chrt -f 10 "$NET_HOME/pulse.py" run $VIP4 $VIP6 \
		<"$LAB_DIR/pulse.in" >"$LAB_DIR/pulse.out" &
	PULSE_PID=$!
	exec {PULSE_IN}>"$LAB_DIR/pulse.in" {PULSE_OUT}<"$LAB_DIR/pulse.out"
	sleep 0.5
	pulse >/dev/null
}

# What became of the four streams since they were asked last: "WAY BLOCKS WORST_MS STATE" each.
pulse() {
	local line
	echo >&"$PULSE_IN"
	for _ in {1..4}; do
		read -r -t 25 line <&"$PULSE_OUT" || line=silence
		echo "$line"
	done
}

# Each of them is alive, has moved, and was never late by more than BOUND_MS.
pulse_is_steady() {
	local address way blocks worst state
	while read -r address way blocks worst state; do
		echo "$way $address: $blocks blocks, the worst $worst ms late, $state"
		[[ $state == alive ]] && ((blocks >= 50 && worst <= BOUND_MS)) || return 1
	done
}

steady() { # NAME
	local report
	sleep 0.5
	report=$(pulse)
	ok "$1" pulse_is_steady <<<"$report"
	sed 's/^/# /' <<<"$report"
}

pulse_end() {
	kill "$PULSE_PID" || true
	exec {PULSE_IN}>&- {PULSE_OUT}<&-
	wait "$PULSE_PID" 2>/dev/null || true
}
