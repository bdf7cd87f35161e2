#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# nodes_bus.t: `nodes: from bus`. A third POP joins, and no file of the other two is touched; connections survive
# BGP shifts to it and from it; the list holds over restarts without the bus; lies, foreign ids and strangers take
# nothing; a thousand join at once; a node is forgotten by an operator's word alone, and may come again.
set -euo pipefail
export LAB_BIG_MIB=1 LAB_OWNER_BITS=12
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=60 SERVER=203.0.113.2

# No node's file names another node, or another POP.
pop_config() { # NODE [SELF]
	cat <<-END
		node: ${NODE_NAME[$1]}
		interfaces: [uplink]
		vips: [{ address: $VIP4 }, { address: "$VIP6" }]
		pops: [{ name: $1 }]
		nodes: from bus
		self: ${2:-{ id: ${NODE_ID[$1]}, pop: $1, tunnel: $(tunnel_address "$1") \}}
		bus: { servers: ["nats://$SERVER:4222"], beat: 1s }
		stamp: { clock: any, tcp_timestamps: set, owner_bits: $LAB_OWNER_BITS }
		keys: { file: fleet.key, epoch: 1 }
		flows: { max: 4K }
		dns: { zones: [{ name: $ZONE, file: $ZONE.zone }] }
		$([[ $1 == sin ]] || echo "hunt: { neighbours: [sin-1] }")
		xdp: { mode: native }
		state: { bpffs: $LAB_DIR/bpf, run: $LAB_DIR/run, keep: $LAB_DIR/keep-$1 }
	END
}

nats_start() {
	AT='exec' at nyc setsid nats-server -a $SERVER -p 4222 -js -sd "$LAB_DIR/nats" >>"$LAB_DIR/nats.log" 2>&1 &
	NATS=$!
	disown $NATS
	await 5 listens nyc 4222
}

nats_stop() {
	kill -TERM $NATS
	await 10 not listens nyc 4222
}

names() { # NODE
	enter "$1" anydoor pops --json | jq -c '[.nodes[].node]'
}

knows() { # NODE NAMES
	same "$(names "$1")" "$2"
}

has_number() { # NODE NR
	same "$(enter "$1" anydoor pops --json | jq '.nodes | length')" "$2"
}

logged() { # NODE TEXT
	grep -qF -- "$2" "$LAB_DIR/$1.log"
}

bus() { # NODE JQ
	enter "$1" anydoor bus --json | jq -r "$2"
}

fresh() { # NODE
	same "$(bus "$1" .state)" fresh
}

stale() { # NODE
	same "$(bus "$1" .state)" stale
}

gone() { # NODE NAME
	same "$(bus "$1" ".nodes[] | select(.node == \"$2\").gone")" true
}

files() {
	md5sum "$LAB_DIR/fra.yaml" "$LAB_DIR/nyc.yaml"
}

pop_stop() { # NODE
	kill -TERM "$(pop_pid "$1")"
	pop_await_gone "$1"
}

refused() { # TEXT CMD...
	local said
	! said=$("${@:2}" 2>&1) || return 1
	grep -qF -- "$1" <<<"$said" || { echo "$said"; return 1; }
}

# Its daemon, whatever it says of the bus.
answers() { # NODE
	enter "$1" anydoor reload
}

live() {
	sleep 2.5
	same "$(crowd_ask "$1")" "live $COUNT lost 0 waiting 0"
}

# says ID JSON: a record of the fleet's own key, as a node that lies would write it.
says() {
	at nyc "$LAB_BUILD/selftests/bus/crowd" "$LAB_DIR/nyc.yaml" "$1" "$2"
}

((EUID == 0)) || skip_all "network namespaces need root"
lab_up
install -m 600 /dev/stdin "$LAB_DIR/fleet.key" <<<"$FLEET_KEY"
STEER_ZONE='' zone_write 1
for pop in "${POPS[@]}"; do
	pop_config "$pop" >"$LAB_DIR/$pop.yaml"
done

# From addresses that have a way back.
at fra ip route replace $SERVER via 10.0.7.1 src 203.0.113.1
at sin ip route replace $SERVER via 10.0.9.1 src 203.0.113.3

# --- two nodes find each other ---------------------------------------------------------------------
nats_start
ok "check: no other node is known" grep -q "no other node is known yet: .*keep-fra/fra-1.nodes" \
	<(enter fra anydoor check --config-only)
enter fra anydoor bus init >/dev/null
for pop in fra nyc; do
	pop_start $pop
done
for pop in fra nyc; do
	pop_await $pop
done
before=$(files)
ok "fra knows nyc" await 10 knows fra '["fra-1","nyc-1"]'
ok "nyc knows fra" await 10 knows nyc '["fra-1","nyc-1"]'
is "and its POP, which its file does not name" \
	"$(enter fra anydoor pops --json | jq -c '[.nodes[].pop]')" '["fra","nyc"]'
ok "check says what it would take" grep -q "nodes: from bus: 1, as .*; POPs known from there alone: 1" \
	<(enter fra anydoor check --config-only)
ok "and which name it does not know" grep -q 'neighbours\[\]: sin-1 is a node that the bus does not know' \
	<(enter fra anydoor check --config-only)
crowd_serve "${POPS[@]}"
bgp_prefer fra
crowd_start early 1 $COUNT
bgp_prefer nyc
ok "a shift from one to the other breaks nothing" live early

# --- a third one joins ------------------------------------------------------------------------------
pop_start sin
began=$(date +%s%N)
pop_await sin
ok "fra knows sin" await 10 knows fra '["fra-1","nyc-1","sin-1"]'
ok "nyc knows sin" await 10 knows nyc '["fra-1","nyc-1","sin-1"]'
diag "known to both $((($(date +%s%N) - began) / 1000000)) ms after its start"
ok "sin knows both" await 10 knows sin '["fra-1","nyc-1","sin-1"]'
bgp_prefer sin
ok "a shift to it breaks nothing" live early
at_least "it led flows home" "$(led sin)" 10
crowd_start late 1 $COUNT
bgp_prefer fra
ok "nor does a shift from it, of its own connections" live late
is "all without an edit" "$(files)" "$before"

# --- who lies, and who is strange ------------------------------------------------------------------
says 9 '{"name": "vip", "pop": "fra", "tunnel": "'$VIP4'"}'
says 10 '{"name": "fra-1", "pop": "fra", "tunnel": "203.0.113.10"}'
says 11 '{"name": "else", "pop": "fra", "tunnel": "203.0.113.2"}'
says 12 '{"name": "loop", "pop": "fra", "tunnel": "127.0.0.1"}'
says 13 '{"name": "six", "pop": "fra", "tunnel": "2001:db8:f::13"}'
says 14 '{"name": "a b\u001b[0m", "pop": "fra", "tunnel": "203.0.113.14"}'
says 15 '{"name": "x", "pop": "../x", "tunnel": "203.0.113.15"}'
says 16 '{"name": 7}'
says 5000 '{"name": "big", "pop": "fra", "tunnel": "203.0.113.50"}'
ok "no tunnel to a VIP" await 10 logged fra "node 9: vip has a VIP as its tunnel address"
ok "no second name" await 5 logged nyc "node 10, fra-1, has the name of fra-1 (node 1)"
ok "not even our own" await 5 logged fra "node 10, fra-1, has the name of this node"
ok "no second address" await 5 logged fra "node 11, else, has the tunnel address of nyc-1 (node 2)"
ok "no loopback" await 5 logged fra "node 12, loop, is a loopback address"
ok "no other family" await 5 logged fra "node 13: six is reached by another IP version"
ok "no odd name" await 5 logged fra "node 14, "
ok "no odd POP" await 5 logged fra "node 15, x, has a POP whose name no POP can have"
ok "no nonsense" await 5 logged fra "node 16, "
ok "no id beyond owner_bits" await 5 logged fra "node 5000: big has an id that does not fit"
sleep 2
for pop in "${POPS[@]}"; do
	ok "$pop: takes none of them" knows $pop '["fra-1","nyc-1","sin-1"]'
done
ok "terminals are safe" not grep -q $'\033' "$LAB_DIR/fra.log"

# --- an address that changes, while somebody has half edited a file ------------------------------------
echo "nodes: [" >>"$LAB_DIR/fra.yaml"
says 20 '{"name": "mover", "pop": "sea", "tunnel": "203.0.113.20"}'
ok "the text in force is what counts" await 10 logged fra "reload: node mover: added"
sed -i '$d' "$LAB_DIR/fra.yaml"
ok "a node of a POP of its own" await 10 knows fra '["fra-1","nyc-1","sin-1","mover"]'
says 20 '{"name": "mover", "pop": "sea", "tunnel": "203.0.113.21"}'
ok "moves" await 10 grep -q "mover sea 203.0.113.21" "$LAB_DIR/keep-fra/fra-1.nodes"
says 20 '{"name": "thief", "pop": "sea", "tunnel": "203.0.113.22"}'
ok "its id is no other's" await 10 logged fra "node 20, thief, has the id of mover (node 20)"
ok "and it stays" knows fra '["fra-1","nyc-1","sin-1","mover"]'

# --- without the bus ---------------------------------------------------------------------------------
nats_stop
ok "stale" await 10 stale fra
pop_stop fra
pop_start fra
ok "fra starts without the bus" await 20 answers fra
ok "the list outlives the daemon, without the bus" knows fra '["fra-1","nyc-1","sin-1","mover"]'
ok "flows hold" live early
pop_stop nyc
enter nyc anydoor detach --force >/dev/null
pop_start nyc
ok "nyc is loaded anew without the bus" await 20 answers nyc
ok "and a reboot" knows nyc '["fra-1","nyc-1","sin-1","mover"]'
ok "nobody is forgotten without the bus" refused "the bus is not fresh" enter fra anydoor bus forget mover
nats_start
ok "back" await 15 fresh fra
ok "back" await 15 fresh nyc
ok "back" await 15 fresh sin

# --- a thousand at once ------------------------------------------------------------------------------
reloads() {
	grep -c 'reloaded: .*(nodes: from bus)' "$LAB_DIR/fra.log"
}
were=$(reloads) began=$(date +%s%N)
at nyc "$LAB_BUILD/selftests/bus/crowd" "$LAB_DIR/nyc.yaml" 1000 0
ok "a thousand join" await 30 has_number fra 1004
diag "known to fra $((($(date +%s%N) - began) / 1000000)) ms after the first was written, by $(($(reloads) - were)) reloads"
at_most "reloads for that" $(($(reloads) - were)) 10
ok "flows hold" live late
ok "the bus did, too" fresh fra

forget_sin() {
	SUDO_USER=alice enter fra anydoor bus forget sin-1 >"$LAB_DIR/said" 2>&1
}

forgotten_by() { # USER
	enter nyc anydoor history | grep -q "sin-1 .*forget .*$1"
}

# --- gone for good -----------------------------------------------------------------------------------
ok "who lives is not forgotten" refused "nyc-1 is on the bus" enter fra anydoor bus forget nyc-1
ok "nor is oneself" refused "fra-1 is this node" enter fra anydoor bus forget fra-1
ok "nor who is unknown" refused "is no node that the bus knows" enter fra anydoor bus forget nobody
bgp_prefer fra
crowd_end early late
pop_stop sin
enter sin anydoor detach --force >/dev/null
ok "silence alone" await 20 gone fra sin-1
sleep 2
ok "takes nobody off" has_number nyc 1004
nats_stop
cp -a "$LAB_DIR/nats" "$LAB_DIR/backup"
nats_start
ok "fra is on the bus again" await 20 fresh fra
ok "and nyc" await 20 fresh nyc
ok "an operator does, when the bus has been back for six beats" await 30 forget_sin
is "and is told so" "$(<"$LAB_DIR/said")" "node 3, sin-1: forgotten"
ok "here" await 10 has_number fra 1003
ok "and there" await 10 has_number nyc 1003
is "its POP with it" "$(enter nyc anydoor pops --json | jq '[.nodes[] | select(.pop == "sin")] | length')" 0
ok "history says who" grep -q "sin-1 .*forget .*alice" <(enter nyc anydoor history)
nats_stop
rm -rf "$LAB_DIR/nats"
mv "$LAB_DIR/backup" "$LAB_DIR/nats"
nats_start
ok "a bus that was filled from a backup of before hears of it anew" await 20 forgotten_by alice
ok "fra is on it" await 20 fresh fra
ok "and nyc" await 20 fresh nyc
sleep 2
ok "it brings nobody back" has_number fra 1003
ok "nor there" has_number nyc 1003
pop_stop nyc
pop_start nyc
pop_await nyc
sleep 3
ok "a daemon that starts does not take it back" has_number nyc 1003
pop_start sin
pop_await sin
ok "but it may come again" await 10 has_number fra 1004
is "as itself" "$(enter nyc anydoor pops --json | jq -r '.nodes[] | select(.id == 3).node')" sin-1
ok "everywhere" await 10 has_number nyc 1004

# --- a key file that changes under a reload of the bus's own -----------------------------------------
is_of_no_fleet() {
	enter sin anydoor bus --json | jq -e '.state == "fresh" and .refused > 1000' >/dev/null
}
pop_stop sin
install -m 600 "$LAB_DIR/fleet.key" "$LAB_DIR/sin.key"
sed -i 's/file: fleet.key/file: sin.key/' "$LAB_DIR/sin.yaml"
pop_start sin
pop_await sin
ok "sin is on the bus, with a key file of its own" await 20 fresh sin
"$ANYDOOR" keygen "$LAB_DIR/new.key" >/dev/null
mv "$LAB_DIR/new.key" "$LAB_DIR/sin.key"
says 21 '{"name": "late", "pop": "sea", "tunnel": "203.0.113.221"}'
ok "with the next node it is read: sin connects anew, and understands nobody" await 30 is_of_no_fleet

ok "nobody was reset" no_resets
for crowd in early late; do
	is "$crowd: every connection ends whole" "$(crowd_told $crowd '[.whole, .lost_by]')" "[$COUNT,{}]"
done
((TAP_FAILED == 0)) || pops_explain >&2
done_testing
