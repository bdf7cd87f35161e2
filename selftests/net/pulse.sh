# SPDX-License-Identifier: GPL-3.0-or-later
# pulse.sh: streams over both families, down and up, whose worst delay tells what a shift costs. Beside
# them, two streams to an address of fra's that is no VIP: what delays those is this machine's load.
# Sourced after net.sh.
# shellcheck shell=bash

readonly BOUND_MS=$((2 * LAB_FAR_MS + 50)) # a round trip to the owner, and 50 ms
PULSE_BESIDE=$(tunnel_address fra 4)
readonly PULSE_BESIDE

pulse_serve() { # POP
	local addresses=($VIP4 $VIP6)
	[[ $1 != fra ]] || addresses+=("$PULSE_BESIDE")
	AT='exec' at "$1" chrt -f 10 "$NET_HOME/pulse.py" serve "${addresses[@]}" &
	await 5 listens "$1" 5300 ${#addresses[@]}
}

# Two downloads and two uploads begin where the client lands, and two at fra.
pulse_start() {
	rm -f "$LAB_DIR"/pulse.*
	mkfifo "$LAB_DIR/pulse.in" "$LAB_DIR/pulse.out"
	AT='exec' at client chrt -f 10 "$NET_HOME/pulse.py" run $VIP4 $VIP6 "$PULSE_BESIDE" \
		<"$LAB_DIR/pulse.in" >"$LAB_DIR/pulse.out" &
	PULSE_PID=$!
	exec {PULSE_IN}>"$LAB_DIR/pulse.in" {PULSE_OUT}<"$LAB_DIR/pulse.out"
	sleep 0.5
	pulse >/dev/null
}

# What became of the six streams since they were asked last: "ADDRESS WAY BLOCKS WORST_MS STATE" each.
pulse() {
	local line
	echo >&"$PULSE_IN"
	for _ in {1..6}; do
		read -r -t 25 line <&"$PULSE_OUT" || line=silence
		echo "$line"
	done
}

# Each of them is alive, has moved, and was never late by more than BOUND_MS beyond what load explains.
pulse_is_steady() {
	local report address way blocks worst state load
	report=$(cat)
	load=$(awk -v beside="$PULSE_BESIDE" '$1 == beside && $4 > worst { worst = $4 } END { print worst + 0 }' \
		<<<"$report")
	while read -r address way blocks worst state; do
		echo "$way $address: $blocks blocks, the worst $worst ms late, $state"
		[[ $state == alive ]] && ((blocks >= 50 && worst <= BOUND_MS + load)) || return 1
	done <<<"$report"
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
