#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# divert.t: health checks of a POP fail: new connections go to another POP at once, long before BGP has moved, and come
# back by and by; the same after a drain. Through a kill -9 of the daemon, too.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
export LAB_STEER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly SLOW_S=30

# fra's own service is well while a file is there. Others may be down for fra.
fra_config() { # [STATE-OF-NYC STATE-OF-SIN]
	NODE_STATE[nyc]=${1:-up} NODE_STATE[sin]=${2:-up}
	pop_config fra | sed "s|^  - name: fra\$|  - { name: fra, service: [203.0.113.1] }|
		s|^drain: .*|drain: { slow_start: $SLOW_S }|" >"$LAB_DIR/fra.yaml"
	cat >>"$LAB_DIR/fra.yaml" <<-END
		health:
		  checks:
		    - { name: file, by: command, command: [/usr/bin/test, -e, $WELL], every: 1s, timeout: 1s, fall: 1, rise: 1 }
	END
	NODE_STATE[nyc]=up NODE_STATE[sin]=up
}

fra_says() { # JQ EXPECTED
	same "$(enter fra anydoor status --json | jq -c ".drain | $1")" "$2"
}

kept() {
	enter fra anydoor status --json | jq .drain.kept_percent
}

kept_at_least() { # PERCENT
	(($(kept) >= $1))
}

# Of NR new connections over each family, how many does each POP serve?
served() { # NR
	local i family
	for ((i = 0; i < $1; i++)); do
		for family in 4 6; do
			web_who $family || echo nobody
			echo
		done
	done | sed '/^$/d' | sort | uniq -c | awk '{ printf "%s%s %s", sep, $2, $1; sep = ", " }'
}

net_up
WELL=$LAB_DIR/well
touch "$WELL"
fra_config
ok "fra has a check" enter fra anydoor reload
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
is "fra serves" "$(served 5)" "fra 10"
is "and keeps all new flows" "$(kept)" 100

# --- its service fails -----------------------------------------------------------------------------
rm "$WELL"
began=${EPOCHREALTIME/./}
ok "new flows are diverted" await 10 fra_says .diverts '"unhealthy"'
took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
diag "after $took_ms ms, of which up to a second is the check's"
ok "within three seconds of the failure" test "$took_ms" -lt 3500
ok "BGP still lands at fra" bgp_lands_at fra
is "every new connection is served by the nearest POP" "$(served 10)" "nyc 20"
is "the old ones are still fra's" "$(talk)" "fra fra"
ok "status says why" grep -q "off; health checks of this POP fail: new flows go to nyc" <(enter fra anydoor status)
kill -KILL "$(pop_pid fra)"
pop_await_gone fra
is "no daemon: still diverted" "$(served 3)" "nyc 6"
ok "until an operator ends that" grep -q "no daemon looks whether health checks of this POP pass" <(enter fra anydoor undrain --now 2>&1)
is "then fra serves" "$(served 3)" "fra 6"
pop_start fra
pop_await fra
ok "the next one diverts again" await 10 fra_says .diverts '"unhealthy"'
is "all of them" "$(served 3)" "nyc 6"
ok "with a daemon it does not end it" grep -q "health checks of this POP fail: new flows go elsewhere until they pass" \
	<(enter fra anydoor undrain --now 2>&1)
is "of which nothing comes" "$(served 3)" "nyc 6"
ok "fra is told to be up" enter fra anydoor pop fra up
sleep 2
is "which is about answers" "$(served 3)" "nyc 6"
ok "status says that" grep -q "warning:.* POP fra was told to be up, .* led elsewhere" <(enter fra anydoor status)
ok "and no more" enter fra anydoor pop fra auto
fra_config down
ok "nyc is down for fra" enter fra anydoor reload
sleep 2
is "the next POP serves" "$(served 5)" "sin 10"
fra_config down down
ok "no other POP is up" enter fra anydoor reload
ok "then nothing is diverted" await 5 fra_says .diverts null
is "fra serves, ill as it is" "$(served 5)" "fra 10"
fra_config
ok "they are up again" enter fra anydoor reload
ok "and get its new flows" await 5 fra_says .diverts '"unhealthy"'

# --- and is well again -----------------------------------------------------------------------------
touch "$WELL"
ok "they come back slowly" await 5 fra_says .diverts '"slow_start"'
await $SLOW_S kept_at_least 35
early=$(served 10)
ok "some here, some there ($early)" grep -q "fra.*nyc" <<<"$early"
ok "status shows the part" grep -q "off; slow start: .* % of new flows are served here, the others go to nyc" \
	<(enter fra anydoor status)
before=$(kept)
kill -KILL "$(pop_pid fra)"
pop_await_gone fra
pop_start fra
pop_await fra
at_least "kill -9: the next daemon goes on from there" "$(kept)" "$before"
is "it is still on its way" "$(enter fra anydoor status --json | jq -c .drain.diverts)" '"slow_start"'
ok "to the end" await $((SLOW_S + 5)) fra_says .diverts null
is "all are fra's" "$(served 5) $(kept)" "fra 10 100"

# --- the same after a drain ------------------------------------------------------------------------
ok "drain" enter fra anydoor drain
is "none is served here" "$(kept) $(served 3)" "0 nyc 6"
ok "undrain says how" grep -q "a part at first, all of them in $SLOW_S s" <(enter fra anydoor undrain)
sleep 5
at_least "a part comes back" "$(kept)" 5
ok "not all" test "$(kept)" -lt 60
is "a repeated undrain changes nothing" "$(enter fra anydoor undrain)" "was not draining; the slow start goes on, \`--now\` ends it"
ok "not all, still" test "$(kept)" -lt 90
ok "undrain --now" grep -q "the slow start is over, all new flows are served here" <(enter fra anydoor undrain --now)
is "all of them" "$(kept) $(served 5)" "100 fra 10"
ok "drain, and undrain at once" enter fra anydoor drain
ok "back" enter fra anydoor undrain --now
is "without a slow start" "$(kept) $(served 5)" "100 fra 10"
ok "drain in the middle of a slow start" enter fra anydoor drain
enter fra anydoor undrain >/dev/null
sleep 3
ok "is a drain" enter fra anydoor drain
is "of all of them" "$(kept) $(served 3)" "0 nyc 6"
enter fra anydoor undrain --now >/dev/null
is "the old flows are still fra's" "$(talk)" "fra fra"
ok "nobody was reset" no_resets
net_done
