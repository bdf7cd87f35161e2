#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# lost.t: a POP that neither the bus nor the tunnel hears of is dead to the others within six seconds: its flows are reset
# where they land, and steered names cease to name it. One of the two alone is no proof, nor are packets that are lost on
# the way. When it is back, it is back.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
export LAB_STEER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

eval "$(declare -f pop_config | sed '1s/pop_config/pop_config_plain/')"
pop_config() { # NODE
	pop_config_plain "$1"
	echo "bus: { servers: [\"nats://$(tunnel_address sin):4222\"] }" # with the default beat
}

nats_start() {
	(exec nsenter --net="/run/netns/$LAB_NAME-sin" nats-server -a "$(tunnel_address sin)" -p 4222 -js \
		-sd "$LAB_DIR/nats") >>"$LAB_DIR/nats.log" 2>&1 &
	NATS=$!
	await 5 nats_listens
	enter sin anydoor bus init >/dev/null
}

# From the tunnel address: nobody knows a way to that of the uplink.
route_to_nats() { # NODE
	local gateway
	gateway=$(at "$1" ip -j route get "$(tunnel_address sin)" | jq -r '.[0].gateway')
	at "$1" ip route add "$(tunnel_address sin)/32" via "$gateway" dev uplink src "$(tunnel_address "$1")"
}

nats_listens() {
	at sin ss -Hltn "sport = 4222" | grep -q LISTEN
}

nats_stop() {
	kill -KILL "$NATS" 2>/dev/null || true
	lab_down
}

# How fra stands for nyc: its state, whether the bus has lost it, and whether names cease to name it.
fra_is() { # STATE
	same "$(enter nyc anydoor pops --json | jq -r '.nodes[] | select(.node == "'"${NODE_NAME[fra]}"'").state')" "$1"
}

fra_is_gone() {
	enter nyc anydoor bus --json | jq -e '.nodes[] | select(.node == "'"${NODE_NAME[fra]}"'").gone'
}

fra_is_out() { # true|false
	same "$(enter nyc anydoor pops --json | jq '.steered[] | select(.pop == "fra").out')" "$1"
}

all_fresh() {
	local node
	for node in "${NODES[@]}"; do
		same "$node $(enter "$node" anydoor bus --json | jq -r '"\(.state) \([.nodes[] | select(.gone | not)] | length)"')" "$node fresh 2" || return 1
	done
}

# The bus is on the way to fra, or its tunnel.
cut() { # FILTER
	at fra nft "add table inet cut; add chain inet cut in { type filter hook input priority 0; }; add chain inet cut out { type filter hook output priority 0; }"
	at fra nft "add rule inet cut in $1 drop; add rule inet cut out $1 drop"
}

heal() {
	at fra nft delete table inet cut
}

# Of the packets to fra and from it, at its router.
lose() { # PERCENT
	at edge_fra nft "add table inet loss; delete table inet loss"
	(($1 == 0)) || at edge_fra nft "add table inet loss; add chain inet loss c { type filter hook forward priority 0; };
		add rule inet loss c udp dport 6081 numgen random mod 100 < $1 counter drop"
}

not_logged() { # TEXT
	! grep -qF -- "$1" "$LAB_DIR/nyc.log"
}

((EUID == 0)) || skip_all "network namespaces need root"
lab_up
trap nats_stop EXIT
pops_write
for node in fra nyc; do
	route_to_nats $node
done
nats_start
pops_start
ok "all three are on the bus" await 20 all_fresh
bgp_prefer fra
talk_start
is "flows begin at fra" "$(talk)" "fra fra"
bgp_prefer nyc
is "they land at nyc" "$(talk)" "fra fra"
ok "steered names name fra" fra_is_out false

# --- the bus alone ---------------------------------------------------------------------------------
cut "tcp dport 4222"
ok "fra has lost its bus" await 20 fra_is_gone
sleep 5
is "that is no proof: its flows live" "$(talk)" "fra fra"
ok "it is up for nyc" fra_is up
ok "and named" fra_is_out false
lose 20
sleep 25
ok "nor is one packet in five that is lost in the tunnel" fra_is up
ok "not for a moment" not_logged "fra-1 is lost"
lose 0
heal
ok "on the bus again" await 30 all_fresh

# --- all of it -------------------------------------------------------------------------------------
at fra ip link set uplink down
began=${EPOCHREALTIME/./}
ok "fra is lost" await 40 fra_is dead
took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
diag "after $took_ms ms"
ok "within six seconds and what this machine needs" test "$took_ms" -lt 7000
ok "the log says why" await 3 grep -q "fra-1 is lost: it is heard of neither by the bus nor" "$LAB_DIR/nyc.log"
ok "steered names cease to name it" await 2 fra_is_out true
began=${EPOCHREALTIME/./}
is "its flows are reset where they land" "$(talk)" "lost lost"
took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
ok "as soon as they speak ($took_ms ms)" test "$took_ms" -lt 1000
at_least "by nyc, which knows why" "$(counter nyc owner_dead)" 2
is "new flows are served" "$(web_who 4) $(web_who 6)" "nyc nyc"
sed -i "/name: ${NODE_NAME[fra]},/s/state: up/state: down/" "$LAB_DIR/nyc.yaml"
enter nyc anydoor reload >/dev/null
ok "an operator says that it is down, too: it is not named again" await 2 fra_is_out true
sed -i "/name: ${NODE_NAME[fra]},/s/state: down/state: up/" "$LAB_DIR/nyc.yaml"
enter nyc anydoor reload >/dev/null
ok "nor when he takes that back" await 20 fra_is dead
ok "for nothing is heard of it" fra_is_out true
kill -STOP "$NATS"
sleep 8
ok "a bus that is stale changes nothing" fra_is dead
kill -CONT "$NATS"
sleep 3
ok "nor one that is back" fra_is dead

# --- back ------------------------------------------------------------------------------------------
at fra ip link set uplink up
ok "fra is heard of again" await 60 fra_is up
ok "and named" await 5 fra_is_out false
((TAP_FAILED == 0)) || pops_explain >&2
done_testing
