#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# maintenance.t: connections that send, receive, talk or are idle, over IPv4 and IPv6, stamped and not, live at fra. fra
# is drained through its BIRD; its anydoor, its web server and its BIRD are stopped and started again; it is taken back.
# Nobody loses anything. Then the classic order, withdraw first and without anydoor, for contrast.
#
# MAINTENANCE_COUNT (10,000): connections, half of them stamped.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=${MAINTENANCE_COUNT:-10000}

# Does every connection live?
live() { # NAME...
	local name
	sleep 0.5 # each of them has its turn
	for name; do
		same "$name: $(crowd_ask "$name")" "$name: live $((COUNT / 2)) lost 0 waiting 0" || return 1
	done
}

# Did each connection end in good order, with every byte it should have?
whole() { # NAME...
	local name
	for name; do
		same "$name: $(crowd_told "$name" '[.whole, .lost_by]')" "$name: [$((COUNT / 2)),{}]" || return 1
	done
}

leads_to_fra() {
	at edge_fra ip -4 route get $VIP4 | grep -q "dev fra " && at edge_fra ip -6 route get $VIP6 | grep -q "dev fra "
}

step_is() { # STEP
	same "$(enter fra anydoor status --json | jq -r .drain.steps.step)" "$1"
}

# Ten new connections over each family: is every one served, and by another POP?
served_elsewhere() {
	local i family who
	for i in {1..10}; do
		for family in 4 6; do
			who=$(web_who $family) || true
			[[ $who == nyc || $who == sin ]] || {
				echo "connection $i over IPv$family: served by '${who:-nobody}'"
				return 1
			}
		done
	done
}

bird_of_fra() { # stop|start
	if [[ $1 == stop ]]; then
		kill "$(cat "$LAB_DIR/bird/fra/pid")"
		await 5 not test -e "$LAB_DIR/bird/fra/pid"
	else
		at fra bird -c "$LAB_DIR/bird/fra/bird.conf" -s "$LAB_DIR/bird/fra/ctl" -P "$LAB_DIR/bird/fra/pid"
	fi
}

sessions_of_fra() {
	(($(enter fra birdc show protocols | grep -c Established) == 2))
}

net_up
bgp_prefer fra
bgp_by_anydoor fra
crowd_serve fra nyc sin
crowd_start stamped 1 $((COUNT / 2)) # not in a subshell: it keeps their pipes
crowd_start plain 0 $((COUNT / 2))
ok "fra's router leads there" leads_to_fra

# --- drain -----------------------------------------------------------------------------------------
enter fra anydoor drain --wait --window 3m --reason maintenance >"$LAB_DIR/drain" 2>&1 &
DRAIN=$!
ok "fra is de-preferred: its router leads to another POP" await 15 not leads_to_fra
ok "new connections are served by others" served_elsewhere
ok "all $COUNT connections live, led home by other POPs" await 20 live stamped plain
ok "the drain waits for them" await 15 step_is flows
is "they are fra's" "$(enter fra anydoor status --json | jq .drain.flows_left)" $COUNT
crowd_end stamped plain
ok "they end in good order, every byte of them right" whole stamped plain
wait $DRAIN && code=0 || code=$?
is "the drain ends quiet" "$code $(tail -n 1 "$LAB_DIR/drain")" "0 quiet"
diag "$(cat "$LAB_DIR/drain")"

# --- maintenance -----------------------------------------------------------------------------------
kill "$(pop_pid fra)"
pop_await_gone fra
bird_of_fra stop
at fra nginx -p "$LAB_DIR/nginx/fra" -c "$LAB_DIR/nginx/fra/nginx.conf" -s stop
ok "all is stopped at fra: new connections are served" served_elsewhere
bird_of_fra start
await 15 sessions_of_fra
at fra nginx -p "$LAB_DIR/nginx/fra" -c "$LAB_DIR/nginx/fra/nginx.conf"
pop_start fra
pop_await fra
sleep 3
ok "all runs again: it drains on" await 10 step_is quiet
ok "and is announced to nobody" not leads_to_fra

# --- back ------------------------------------------------------------------------------------------
ok "undrain" enter fra anydoor undrain
ok "its router leads there again" await 15 leads_to_fra
is "new connections are fra's" "$(web_who 4) $(web_who 6)" "fra fra"
ok "nobody was reset" no_resets
for pop in "${NODES[@]}"; do
	ok "$pop: packets in and out add up with the reasons" ledger_balanced "$pop"
done

# --- the classic order -----------------------------------------------------------------------------
crowd_start classic 1 $((COUNT / 2))
for pop in "${POPS[@]}"; do
	enter "$pop" anydoor detach --force >/dev/null
done
ok "withdrawn first, without anydoor" await 15 not leads_to_fra
sleep 5
crowd_end classic
lost=$((COUNT / 2 - $(crowd_told classic .whole)))
diag "the classic order, withdraw and wait: $lost of $((COUNT / 2)) connections were lost"
at_least "many are lost" "$lost" $((COUNT / 8))
((TAP_FAILED == 0)) || pops_explain >&2
done_testing
