#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hunt_flood.t: segments of connections that do not exist, from everywhere: what they make a POP ask of
# the others stays within its budget, and the flows that it leads home do not notice.
set -euo pipefail
export LAB_BIG_MIB=1 LAB_FAR_MS=10
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/pulse.sh
. "$NET_HOME/pulse.sh"

readonly COUNT=20000 RATE=100

# nyc may hunt RATE packets a second.
budget_set() {
	echo "budgets: { hunt: { all: $RATE } }" >>"$LAB_DIR/nyc.yaml"
	enter nyc anydoor reload
}

flood_arrived() {
	(($(counter nyc wrap_hunt) + $(counter nyc budget_hunt) >= COUNT))
}

refused() { # SCOPE
	enter nyc anydoor stats --json | jq ".hunt.refused.hunt.$1"
}

net_up
at isp ip route add blackhole 198.18.0.0/15
pulse_serve fra
at client sysctl -q -w net.ipv4.tcp_timestamps=0
pulse_start
bgp_prefer nyc
steady "four streams, led home from nyc"
ok "a budget of $RATE hunts a second" budget_set

began=$SECONDS
at client "$NET_HOME/stray.py" --vip $VIP4 --count $COUNT --spread
ok "$COUNT segments that nobody owns arrive at nyc" await 10 flood_arrived
hunted=$(counter nyc wrap_hunt)
most=$((RATE * (SECONDS - began + 3)))
at_most "it asked about $hunted of them, of $most that it might" "$hunted" "$most"
at_least "the rest was dropped" "$(counter nyc budget_hunt)" $((COUNT - most))
at_least "because of the limit in all" "$(refused all)" $((COUNT - most))
steady "the streams were late by no more than $BOUND_MS ms"
is "and all of them stayed pinned" "$(enter nyc anydoor flows --json |
	jq '[.[] | select(.kind == "pin" and .owner_pop == "fra")] | length')" 4
ok "nobody was reset" no_resets
pulse_end
net_done
