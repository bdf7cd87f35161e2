#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# silence.t: flows that said nothing for 40 seconds, 70 minutes, 130 minutes and 3 hours speak again, at
# their owner and at other POPs, where the flow table has long forgotten them.
#
# What names the owner shows that they have aged. After 70 and 130 minutes the stamp reads as the node
# before the owner, so that one is asked first, unless it is where they land. After three hours it names
# a node that does not know them: the owner takes them by their sockets, elsewhere they are hunted.
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

# --- what names the owner ------------------------------------------------------------------------------
# Scouts only ask to learn: their flow has an owner.
note_counters() {
	local pop
	for pop in "${POPS[@]}"; do
		enter "$pop" anydoor stats --json |
			jq '[.reasons[] | {(.reason): .packets}] | add | .wrap_hunt -= $scouts' \
				--argjson scouts "$(enter "$pop" anydoor stats --json | jq .hunt.scouts)" >"$LAB_DIR/$pop.$1"
	done
}

# By how much it has grown between the notes.
grown() { # POP REASON
	jq -s --arg reason "$2" '.[1][$reason] - .[0][$reason]' "$LAB_DIR/$1".{before,after}
}

# Each of the two flows left or came in so.
twice() { # POP REASON
	(($(grown "$1" "$2") >= 2))
}

told_by() { # OWNER POP
	if [[ $1 == "$2" ]]; then
		if twice "$2" local_socket; then echo socket; elif twice "$2" local_stamp; then echo stamp; fi
	elif twice "$2" wrap_hunt; then
		echo hunt
	elif twice "$2" wrap_stamp; then
		echo stamp
	fi
}

may_tell() { # OWNER POP AGE
	if [[ ${LAB_TIMESTAMPS:-1} == 1 && $3 != "3 h" ]]; then
		echo stamp
	elif [[ $1 == "$2" ]]; then
		echo socket
	else
		echo hunt
	fi
}

# Of those that were neither owner nor where it landed: who was asked first, and passed it on.
passed_on_by() { # OWNER POP
	local pop
	for pop in "${POPS[@]}"; do
		[[ $pop == "$1" || $pop == "$2" ]] || ! twice "$pop" wrap_next || echo "$pop"
	done
}

# The node before sin is nyc; that before fra is none.
before_owner() { # OWNER POP AGE
	[[ $1 != sin || $2 != fra || $3 != *min ]] || echo nyc
}

# The flows are OWNER's; BGP now brings the client to POP.
speak_after_each() { # OWNER POP
	local age by
	for age in "${AGES[@]}"; do
		pass_time "${AGE_MS[$age]}"
		note_counters before
		is "$1's flows speak at $2 after $age" "$(talk)" "$1 $1"
		note_counters after
		by=$(may_tell "$1" "$2" "$age")
		is "it is known by: $by" "$(told_by "$1" "$2")" "$by"
		[[ $by != stamp ]] ||
			is "asked first:" "$(passed_on_by "$1" "$2") or owner" "$(before_owner "$1" "$2" "$age") or owner"
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
	[[ $owner == fra ]] || {
		bgp_prefer fra
		speak_after_each sin fra
	}
	talk_end
done
is "no clock but ours was moved" "$(counter_sum fra '.reason == "tunnel_stale"')" 0
ok "nobody was reset" no_resets
net_done
