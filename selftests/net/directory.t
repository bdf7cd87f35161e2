#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# directory.t: two POPs of six nodes, and a thousand connections of a client without timestamps. Routers
# hash anew whenever a node leaves or joins, and BGP moves all from one POP to the other. A hunt asks three
# nodes: it finds the owner among twelve because the nodes of a POP tell each other of such flows.
set -euo pipefail
export LAB_BIG_MIB=1 LAB_NODES="fra2 fra3 fra4 fra5 fra6 nyc2 nyc3 nyc4 nyc5 nyc6"
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=1000 FRA=(fra fra2 fra3 fra4 fra5 fra6) NYC=(nyc nyc2 nyc3 nyc4 nyc5 nyc6)

# Connections of the crowd that this node's kernel has.
sockets() { # NODE
	at "$1" ss -Htn state established "sport = $CROWD_PORT" | wc -l
}

live() {
	sleep 2.5 # whoever is stalled now would be waiting then
	same "$(crowd_ask crowd)" "live $COUNT lost 0 waiting 0"
}

seen() { # NODE JQ
	enter "$1" anydoor status --json | jq -c ".directory | $2"
}

sum_seen() { # FIELD NODE...
	local node sum=0
	for node in "${@:2}"; do
		((sum += $(seen "$node" ".$1"))) || true
	done
	echo "$sum"
}

# Each flow of these nodes has its home at a sibling, or, of one in so many, at its owner.
all_are_known() { # NODE...
	local owned kept
	owned=$(sum_seen owned "$@") kept=$(sum_seen kept "$@")
	((owned >= COUNT && kept <= owned && kept >= owned * 6 / 10)) && return
	diag "owned $owned, kept $kept"
	return 1
}

# A sum of what `status` says.
sum_is() { # SUM FIELD NODE...
	same "$(sum_seen "${@:2}")" "$1"
}

sum_counter() { # LABEL NODE...
	local node sum=0
	for node in "${@:2}"; do
		((sum += $(counter "$node" "$1"))) || true
	done
	echo "$sum"
}

# Its next daemon is told nothing by the kernel.
start_deaf() { # NODE
	AT='exec' enter "$1" setsid unshare --mount --propagation slave \
		sh -c 'umount -a -t cgroup2; exec anydoor run' >>"$LAB_DIR/$1.log" 2>&1 </dev/null &
	echo $! >"$LAB_DIR/$1.pid"
	disown $!
}

is_deaf() { # NODE
	[[ $(seen "$1" .state) == '"lists"' ]]
}

net_up
crowd_serve "${FRA[@]}" "${NYC[@]}" sin
crowd_start crowd 0 $COUNT
for node in "${FRA[@]}"; do
	at_least "$node has its share of $COUNT flows" "$(sockets "$node")" 60
done
ok "siblings know of all of them within seconds" await 10 all_are_known "${FRA[@]}"
is "the other POP has none" "$(sum_seen owned "${NYC[@]}")" 0

bgp_leave fra2
bgp_leave fra5
ok "two nodes leave, and routers hash anew: nobody is lost" live
bgp_join fra2
bgp_join fra5
ok "they are back" live
at_least "homes sent hunted packets to owners" "$(sum_counter wrap_directory "${FRA[@]}")" 100

bgp_prefer nyc
ok "all land at the other POP: nobody is lost" live
bgp_leave nyc3
ok "a node of it leaves" live
bgp_prefer fra
ok "all are at home again" live

bgp_leave fra4
kill -KILL "$(pop_pid fra4)"
pop_await_gone fra4
bgp_prefer nyc
ok "what it knew is still known: nobody is lost" live
start_deaf fra4
ok "its successor runs without cgroup v2, and lists sockets" await 30 is_deaf fra4
ok "which status says" grep -q "does not tell of connections without stamps (cgroup v2" <<<"$(enter fra4 anydoor status)"
ok "it knows the same" await 15 all_are_known "${FRA[@]}"
bgp_prefer fra
ok "nobody is lost" live

for node in "${FRA[@]}" "${NYC[@]}"; do
	is "$node: every flow had an owner" "$(counter "$node" nobody)" 0
	is "$node: no sibling is mute, and nothing strange was heard" \
		"$(seen "$node" '[.mute, .refused]')" '[0,0]'
done
ok "nobody was reset" no_resets
crowd_end crowd
is "every connection ends whole" "$(crowd_told crowd '[.whole, .lost_by]')" "[$COUNT,{}]"
ok "what has ended is known no more" await 10 sum_is 0 kept "${FRA[@]}"
net_done
