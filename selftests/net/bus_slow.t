#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_slow.t: between one node and the bus every byte takes 0.3 to 5 seconds, each way. What is slow is said, what
# does not come is stale; commands, answers and the data path do not wait; in time again all is reconciled.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"

slow() { # MS
	echo "$1" >"$LAB_DIR/delay.new"
	mv "$LAB_DIR/delay.new" "$LAB_DIR/delay"
}

pipe_listens() {
	at pop ss -Hltn "sport = 4333" | grep -q LISTEN
}

# within MS CMD...: it succeeds, and ends in that time.
within() {
	local began end
	began=$(date +%s%N)
	"${@:2}" || return 1
	end=$(date +%s%N)
	not_above $(((end - began) / 1000000)) "$1"
}

www() {
	same "$(at client timeout 5 dig +short +norec +tries=1 +time=2 www.example.com A @$ASIDE_VIP)" "$1"
}

# How long its own words took to come back, in ms.
echo_ms() {
	bus .echo_ms
}

slow_down() {
	[[ -z ${PIPE:-} ]] || kill "$PIPE" 2>/dev/null
	bus_down
}

trap slow_down EXIT
bus_up
trap slow_down EXIT
at client ip route replace $ASIDE_VIP via 10.9.0.1
slow 0
(AT='exec' at pop "$KEEPER_HOME/slow_pipe.py" 4333 10.9.0.2 4222 "$LAB_DIR/delay") &
PIPE=$!
await 5 pipe_listens
nats_start
anydoor bus init >/dev/null
sed -i 's/10\.9\.0\.2:4222/127.0.0.1:4333/' "$LAB_DIR/anydoor.yaml"
daemon_start
other_start
ok "both fresh" await 10 both_fresh
at_most "an echo takes no time, ms" "$(echo_ms)" 250
hold one $ASIDE_VIP
is "a connection beside it" "$HELD" holding

slow 300
sleep 3
ok "0.3 s: fresh" is_state anydoor fresh
ok "an operator waits for seconds at most" within 4000 anydoor pop nyc down
ok "the other hears it in time" await_ms 2000 told_at other nyc down
at_least "what it takes is shown, ms" "$(echo_ms)" 550
anydoor pop nyc auto >/dev/null

slow 550
sleep 8
ok "0.55 s: fresh" is_state anydoor fresh
ok "status warns that it is slow" grep -q "bus is slow: what this node writes takes" <(anydoor status 2>&1)
is "and goes on so" "$(for _ in {1..8}; do sleep 1; bus .state; done | uniq)" fresh

for ms in 1000 2000 5000; do
	slow $ms
	sleep $((6 + ms / 500))
	said="$(anydoor status 2>&1)"
	if is_state anydoor fresh >/dev/null; then
		at_least "$ms ms: fresh, and how late is shown, ms" "$(echo_ms)" $((2 * ms - 100))
		ok "status warns that it is slow" grep -q "bus is slow: what this node writes takes" <<<"$said"
	else
		ok "$ms ms: stale, says status" grep -q "bus is stale for" <<<"$said"
	fi
	diag "$ms ms: $(bus '"\(.state), echo after \(.echo_ms) ms, \(.why)"')"
	ok "an operator waits for seconds at most" within 4000 anydoor pop nyc down
	ok "nor status" within 500 grep -q . <(anydoor status)
	ok "nor an answer, which obeys" within 500 www 192.0.2.10
	anydoor pop nyc up >/dev/null
	ok "nor the next one" within 500 www 192.0.2.20
	ok "the other is not held up" is_state other fresh
	anydoor pop nyc "$([[ $ms == 2000 ]] && echo up || echo down)" >/dev/null
	slow 0
	ok "in time again: fresh" await 25 is_state anydoor fresh
	ok "the last word has come to the other" await 10 told_at other nyc "$([[ $ms == 2000 ]] && echo up || echo down)"
	other pop nyc auto >/dev/null
	ok "and one of the other's here" await 10 told_at anydoor nyc auto
	ok "not slow any more" await 10 not grep -q "bus is slow" <(anydoor status 2>&1)
done
is "the connection beside it has not stopped" "$(alive one)" 1
at_most "its longest wait, ms" "$(cat "$LAB_DIR/pause")" 1500
done_testing
