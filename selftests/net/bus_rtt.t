#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_rtt.t: what a node measures of round-trip times is known at the other node by the bus, counts in its order of
# POPs, and stays there while the bus is away. What a node says of a POP that is not its own is not taken.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"

rtt_configure() { # ORDER
	bus_configure policies="[{ name: first, draw: rtt, default: $1 }]" rtt="{ samples: 5, hold: 1s, file: $LAB_DIR/rtt.json }"
}

samples() { # WHO POP
	"$1" rtt --json | jq --arg pop "$2" '[.rules[].pops[] | select(.pop == $pop).samples] | add'
}

knows() { # WHO POP LEAST
	(($(samples "$1" "$2") >= $3))
}

# The way to nyc, as a file says it.
nyc_is() { # MS
	printf '{"rtt": [{"policy": "first", "region": null, "pop": "nyc", "rtt_ms": %s, "samples": 1000, "at": %s}]}\n' \
		"$1" "$(date +%s)" >"$LAB_DIR/rtt.new"
	mv "$LAB_DIR/rtt.new" "$LAB_DIR/rtt.json"
}

sends_to() { # ADDRESS
	same "$(www_other)" "$1"
}

bus_up
trap bus_down EXIT
rtt_configure "[nyc, fra]"
configure_other
nyc_is 80
nats_start
anydoor bus init >/dev/null
daemon_start
other_start
ok "both are on the bus" await 10 both_fresh
ok "nobody has measured fra: the first choice stays" sends_to 192.0.2.20
connect $ASIDE_VIP 20
ok "20 connections to fra are counted" await 15 knows anydoor fra 19
ok "and known at the other node" await 15 knows other fra 19
is "which did not measure them" "$(other rtt --json | jq '[.rules[].pops[] | select(.pop == "fra").own] | any')" false
ok "fra is nearer: clients are sent there" await 20 sends_to 192.0.2.10
nats_stop
ok "the bus is away" await 10 is_state other stale
sleep 3
ok "what was known holds" knows other fra 10
ok "and where clients are sent" sends_to 192.0.2.10
nats_start
ok "it is back" await 10 both_fresh
connect $ASIDE_VIP 20
ok "more of it is heard" await 20 knows other fra 30
done_testing
