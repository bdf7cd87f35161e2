#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# silence.t: flows that said nothing for 40 seconds, 70 minutes, 130 minutes and 3 hours speak again, at
# their owner and at another POP, where the flow table has long forgotten them.
#
# After three hours the stamp names a node that does not know them: elsewhere they are hunted.
#
# Nobody waits: every POP's stamp clock is moved forward instead. What the client then echoes is
# as old, by all that the data path can tell, as if that time had passed.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly AGES=("40 s" "70 min" "130 min" "3 h")
declare -Ar AGE_MS=(["40 s"]=40000 ["70 min"]=4200000 ["130 min"]=7800000 ["3 h"]=10800000)

# pins POP MAP COMMAND...
pins() {
	at "$1" bpftool -j map "${@:3:1}" pinned "$LAB_DIR/bpf/$1/$2" "${@:4}"
}

# ad_state.stamp_wall_minus_mono_ms, its first member.
stamp_clock_forward() { # POP MS
	local bytes value i
	mapfile -t bytes < <(pins "$1" state lookup key 0 0 0 0 | jq -r '.value[]')
	for ((i = 7, value = 0; i >= 0; i--)); do
		value=$((value << 8 | bytes[i]))
	done
	value=$((value + $2))
	for ((i = 0; i < 8; i++, value >>= 8)); do
		bytes[i]=$((value & 255))
	done
	pins "$1" state update key 0 0 0 0 value "${bytes[@]}" >/dev/null
}

# As if all its flows had made room for others.
table_forget() { # POP
	pins "$1" flow_tags dump |
		jq -r --arg map "$LAB_DIR/bpf/$1/flow_tags" '.[] | select(any(.value[]; . != "0x00")) |
			"map update pinned \($map) key \(.key | join(" ")) value \([range(64) | "0"] | join(" "))"' \
			>"$LAB_DIR/forget"
	at "$1" bpftool batch file "$LAB_DIR/forget" >/dev/null
}

pass_time() { # MS
	local pop
	for pop in "${POPS[@]}"; do
		stamp_clock_forward "$pop" "$1"
		table_forget "$pop"
	done
}

# The flows are OWNER's; BGP now brings the client to POP.
speak_after_each() { # OWNER POP
	local age
	for age in "${AGES[@]}"; do
		pass_time "${AGE_MS[$age]}"
		is "$1's flows speak at $2 after $age" "$(talk)" "$1 $1"
	done
}

net_up
for owner in fra sin; do
	bgp_prefer $owner
	talk_start
	is "flows begin at $owner" "$(talk)" "$owner $owner"
	speak_after_each $owner $owner
	bgp_prefer nyc
	speak_after_each $owner nyc
	talk_end
done
is "no clock but ours was moved" "$(counter_sum fra '.reason == "tunnel_stale"')" 0
ok "nobody was reset" no_resets
net_done
