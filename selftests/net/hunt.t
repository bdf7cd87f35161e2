#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hunt.t: a client without TCP timestamps shifts in the middle of its downloads and uploads. Nothing in
# its packets names their owner; it is found all the same, soon, and whoever has none is told so.
set -euo pipefail
export LAB_BIG_MIB=1 LAB_FAR_MS=10
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/pulse.sh
. "$NET_HOME/pulse.sh"

# --- a neighbour ---------------------------------------------------------------------------------
# Further addresses of the client, in its /24 and /48, which the ISP routes apart. From here on new
# connections of this client have timestamps; the old ones go on without.
readonly NEIGHBOUR4=198.51.100.11 NEIGHBOUR6=2001:db8:c:0::11

neighbour_up() {
	at client sysctl -q -w net.ipv4.tcp_timestamps=1
	at client ip addr add $NEIGHBOUR4/24 dev isp
	at client ip addr add $NEIGHBOUR6/64 dev isp nodad
	at client ip route change default via 198.51.100.1 src $NEIGHBOUR4
	at client ip -6 route change default via 2001:db8:c::1 src $NEIGHBOUR6
}

neighbour_to() { # POP
	local number
	number=$(awk -v edge="edge_$1" '$2 == "isp" && $3 == edge { print $1 }' <<<"$WIRES")
	at isp ip rule add from $NEIGHBOUR4 lookup 100
	at isp ip -6 rule add from $NEIGHBOUR6 lookup 100
	at isp ip route add default via "$(wire_address "$number" 2 4)" table 100
	at isp ip -6 route add default via "$(wire_address "$number" 2 6)" table 100
}

sin_has_learned() {
	(($(enter sin anydoor stats --json | jq .hunt.learned) >= 2))
}

hunted_by() { # WHAT
	enter sin anydoor stats --json | jq ".hunt.by_$1"
}

# --- what nobody owns ----------------------------------------------------------------------------
# Five segments, over FAMILY, of connections that nobody has, each with a port of its own; and once
# more half a second later, as they would come from a client.
stray() { # FAMILY
	local client=CLIENT$1 vip=VIP$1
	STRAY_PORT=$((STRAY_PORT + 5))
	at client "$NET_HOME/stray.py" --client "${!client}" --vip "${!vip}" --first $STRAY_PORT --count 5
}

resets_are() { # COUNT
	same $(($(client_resets all_resets) - RESETS)) "$1"
}

counter_is() { # POP LABEL COUNT
	same "$(counter "$1" "$2")" "$3"
}

STRAY_PORT=20000
net_up
for pop in fra nyc; do
	pulse_serve $pop
done
at client sysctl -q -w net.ipv4.tcp_timestamps=0

pulse_start
steady "at fra: four streams flow"
bgp_prefer nyc
steady "fra to nyc, by the list of neighbours: no stall beyond $BOUND_MS ms"
at_least "nyc hunted" "$(counter nyc wrap_hunt)" 4
at_least "sin, asked first, passed it on" "$(counter sin wrap_next)" 4
at_least "fra claimed" "$(counter fra wrap_claim)" 4
is "nyc knows four flows to be fra's" "$(enter nyc anydoor flows --json |
	jq '[.[] | select(.kind == "pin" and .owner_pop == "fra")] | length')" 4
steady "pinned"
bgp_prefer fra
steady "home again: no stall"
bgp_prefer nyc
steady "and off once more: no stall"
ok "nobody was reset" no_resets
pulse_end

# Now with a neighbour whose stamp names its owner, and who shifts first: what it teaches spares the leg
# to the wrong POP. Seen from sin, fra comes before nyc.
pulse_start
steady "at nyc: four new streams flow"
neighbour_up
talk_start
is "a stamped neighbour's flows, too" "$(talk)" "nyc nyc"
neighbour_to sin
is "they shift to sin" "$(talk) $(talk)" "nyc nyc nyc nyc"
ok "sin sent scouts" await 5 sin_has_learned
fra_before=$(counter fra wrap_next)
bgp_prefer sin
steady "nyc to sin, after its neighbour: no stall beyond $BOUND_MS ms"
is "fra was not asked" "$(counter fra wrap_next)" "$fra_before"
at_least "sin hunted by hint" "$(hunted_by hint)" 4
ok "nobody was reset" no_resets
pulse_end
bgp_prefer nyc

RESETS=$(client_resets all_resets)
for family in 4 6; do
	stray $family
done
ok "nobody's segments: a RST each, when all have said no" await 5 resets_are 20
at_least "nyc's stack sent them" "$(counter nyc nobody)" 10
is "sent again, they are nobody's without a question" "$(counter nyc nobody_again)" 10

at edge_sin ip link set sin down
for family in 4 6; do
	stray $family
done
ok "with sin cut off: fra says no, sin could not be asked" await 5 counter_is nyc unasked 20
ok "so nobody is reset" resets_are 20
at edge_sin ip link set sin up
net_done
