#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dead.t: the owner cannot be reached for a while, which nobody is reset for; then it is gone, the
# others are told, and its flows, and no others, are reset where they land.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=40

# Nothing that is tunnelled reaches fra.
partition() {
	at edge_fra nft -f - <<-END
		table inet partition {
			chain f { type filter hook forward priority 0; oifname fra udp dport 6081 drop; }
		}
	END
}

heal() {
	at edge_fra nft delete table inet partition
}

# Nobody knows a way to fra, either.
unroute() {
	enter fra birdc disable '"edge_*"' >/dev/null
	await 5 not has_route_to_fra
}

reroute() {
	enter fra birdc enable '"edge_*"' >/dev/null
	await 10 has_route_to_fra
}

has_route_to_fra() {
	at nyc ip route get "$(tunnel_address fra)" && at fra ip route get $CLIENT4 && at fra ip route get $CLIENT6
}

# Of the crowds at fra and at sin: both live, and so many at fra wait.
waiting() { # LEAST MOST
	local at_fra
	same "$(crowd_ask at_sin)" "live $COUNT lost 0 waiting 0" || return 1
	at_fra=$(crowd_ask at_fra)
	echo "$at_fra"
	[[ $at_fra == "live $COUNT lost 0 waiting "* ]] && ((${at_fra##* } >= $1 && ${at_fra##* } <= $2))
}

# How long, in ms, until the flows of fra are told that they are no more?
reset_after() {
	local before=${EPOCHREALTIME/./} answer
	answer=$(talk)
	[[ $answer == "lost lost" ]] || {
		echo "$answer"
		return
	}
	echo $(((${EPOCHREALTIME/./} - before) / 1000))
}

net_up
crowd_serve fra nyc sin
bgp_prefer sin
crowd_start at_sin "${LAB_TIMESTAMPS:-1}" $COUNT
bgp_prefer fra
crowd_start at_fra "${LAB_TIMESTAMPS:-1}" $COUNT
talk_start
is "flows begin at fra" "$(talk)" "fra fra"
bgp_prefer nyc
is "they land at nyc, and are fra's" "$(talk)" "fra fra"
sleep 2 # all who talk have: a flow of sin's that nyc still had to look for would wait for fra, too

for trouble in "partition heal" "unroute reroute"; do
	read -r worse better <<<"$trouble"
	$worse
	ok "$worse: fra's flows wait, sin's do not" await 8 waiting 10 $COUNT
	$better
	ok "$better: all go on" await 20 waiting 0 0
	is "$better: so do those that had said nothing" "$(talk)" "fra fra"
done
at_least "nyc dropped what had no route" "$(counter nyc no_route)" 10
ok "nobody was reset" no_resets

at fra ip link set uplink down
ok "fra is gone: its flows wait" await 8 waiting 10 $COUNT
ok "still nobody was reset" no_resets
ok "the others are told" node_tell fra down
told=$(reset_after)
at_most "fra's silent flows are reset as soon as they speak ($told ms)" "$told" 200
crowd_end at_fra
is "the others of fra's are reset, too" "$(crowd_told at_fra .lost_by)" \
	"{\"fra: Connection reset by peer\":$COUNT}"
at_least "by nyc, which knows why" "$(counter nyc owner_dead)" 3
is "sin's live" "$(crowd_ask at_sin)" "live $COUNT lost 0 waiting 0"
is "new flows begin at nyc" "$(web_who 4) $(web_who 6)" "nyc nyc"
bgp_prefer sin
crowd_end at_sin
is "sin's end, each whole" "$(crowd_told at_sin '[.whole, .lost_by]')" "[$COUNT,{}]"
net_done
