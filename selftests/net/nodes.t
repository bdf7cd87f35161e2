#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# nodes.t: a POP of three nodes. Its router spreads flows over them by hash, and hashes anew whenever one
# leaves or joins; each flow stays with the node that has its socket. Of siblings no configuration tells.
set -euo pipefail
export LAB_BIG_MIB=1 LAB_NODES="fra2 fra3"
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=120 FRA=(fra fra2 fra3)

# Connections of the crowd that this node's kernel has.
sockets() { # NODE
	at "$1" ss -Htn state established "sport = $CROWD_PORT" | wc -l
}

live() {
	sleep 2.5 # whoever is stalled now would be waiting then
	same "$(crowd_ask crowd)" "live $COUNT lost 0 waiting 0"
}

# NODE has as many sockets as it had, and nobody lost one.
undisturbed() {
	local node
	live || return 1
	for node in "${FRA[@]}"; do
		same "$node: $(sockets "$node")" "$node: ${HELD[$node]}" || return 1
	done
}

declare -A HELD
net_up
crowd_serve "${FRA[@]}" nyc sin
crowd_start crowd "${LAB_TIMESTAMPS:-1}" $COUNT
for node in "${FRA[@]}"; do
	HELD[$node]=$(sockets "$node")
	at_least "$node has its share of $COUNT flows" "${HELD[$node]}" 15
done
is "all land where they live" "$(led "${FRA[@]}")" 0

bgp_leave fra2
ok "fra2 leaves: each flow stays with its node" undisturbed
at_least "the others lead its flows to it" "$(led fra fra3)" 50
bgp_join fra2
ok "fra2 is back: each flow stays with its node" undisturbed

is "fra3 drains, to its siblings" "$(enter fra3 anydoor drain --json | jq -c .successors)" '["fra-1","fra-2"]'
crowd_start late "${LAB_TIMESTAMPS:-1}" $COUNT
is "what comes now is the others'" "$(sockets fra3)" "${HELD[fra3]}"
at_least "because fra3 diverts it" "$(counter fra3 diverted)" 15
bgp_leave fra3
ok "fra3 leaves: its flows stay" same "$(sockets fra3)" "${HELD[fra3]}"
bgp_prefer nyc
for node in "${FRA[@]}"; do
	HELD[$node]=$(sockets "$node")
done
ok "all land at nyc: each flow stays with its node" undisturbed
bgp_prefer fra
ok "and at home again" undisturbed

ok "nobody was reset" no_resets
for node in "${NODES[@]}"; do
	is "$node: every flow had an owner" "$(counter "$node" nobody)" 0
done
crowd_end crowd late
for crowd in crowd late; do
	is "$crowd: every connection ends whole" "$(crowd_told $crowd '[.whole, .lost_by]')" "[$COUNT,{}]"
done
net_done
