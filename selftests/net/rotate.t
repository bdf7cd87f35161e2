#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# rotate.t: the tunnel's keys change at three POPs by the bus, while nyc and sin lead uploads, downloads and idle
# flows home to fra. The command is killed at each step, and so is a daemon; somebody goes back; a node is away.
# No node ever refuses a packet of another.
set -euo pipefail
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly UPLOAD_S=40

eval "$(declare -f pop_config | sed '1s/pop_config/pop_config_plain/')"
pop_config() { # NODE
	pop_config_plain "$1"
	echo "bus: { servers: [\"nats://$(tunnel_address fra 4):4222\"], beat: 1s }"
}

# What nyc and sin send to fra's tunnel address comes from their own, the only ones that fra has a way back to.
ways_back() {
	local pop to gateway
	to=$(tunnel_address fra 4)
	for pop in nyc sin; do
		gateway=$(at $pop ip route get "$to" | awk '{ for (i = 1; i < NF; i++) if ($i == "via") print $(i + 1) }')
		at $pop ip route add "$to/32" via "$gateway" src "$(tunnel_address $pop 4)"
	done
}

nats_up() {
	AT='exec' at fra nats-server -a "$(tunnel_address fra 4)" -p 4222 -js -sd "$LAB_DIR/nats" \
		>"$LAB_DIR/nats.log" 2>&1 &
	NATS=$!
	disown $NATS
	await 5 listens fra 4222
	enter fra anydoor bus init >/dev/null
}

keys() { # POP JQ
	enter "$1" anydoor keys --json | jq -r "$2"
}

# All nodes, as each of them sees it.
all_at() { # EPOCH
	local pop
	for pop in "${NODES[@]}"; do
		same "$(keys "$pop" '"\([.nodes[].epoch] | unique | join(",")) \(.epoch)"')" "$1 $1" || return 1
	done
}

is_at() { # POP EPOCH
	same "$(keys "$1" .epoch)" "$2"
}

rotate() { # POP ARG...
	local code=0
	enter "$1" anydoor keys rotate "${@:2}" >"$LAB_DIR/said" 2>&1 || code=$?
	((code == 0)) || sed 's/^/# /' "$LAB_DIR/said"
	return $code
}

refused_packets() {
	local pop sum=0
	for pop in "${NODES[@]}"; do
		sum=$((sum + $(counter "$pop" tunnel_auth)))
	done
	echo $sum
}

# A rotation at POP that ends when the fleet is at EPOCH, for its process is killed then.
rotate_until() { # POP EPOCH
	AT='exec' enter "$1" anydoor keys rotate >"$LAB_DIR/said" 2>&1 &
	local pid=$!
	await 20 is_at "$1" "$2"
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	await 10 all_at "$2"
}

is_here() { # NODE true|false
	same "$(keys nyc ".nodes[] | select(.node == \"$1\").here")" "$2"
}

daemon_kill() { # POP
	kill -KILL "$(pop_pid "$1")"
	pop_await_gone "$1"
}

pops_up() {
	pops_write
	nats_up
	ways_back
	pops_start
}

net_up
uploads_serve fra
talk_start
is "the idle flows begin at fra" "$(talk)" "fra fra"
uploads_start fra $UPLOAD_S
web_download_start four 4 4M
web_download_start six 6 4M
bgp_prefer nyc
bgp_await nyc
is "nyc leads them home" "$(talk)" "fra fra"
ok "all are at the epoch of the configuration" await 10 all_at 1

# --- a whole rotation ------------------------------------------------------------------------------
ok "rotate" rotate nyc --reason yearly
ok "all are two steps beyond the one that dropped key 0" all_at 4
is "each step is said" "$(grep -c '^epoch [0-9] at all nodes' "$LAB_DIR/said")" 3
is "the flows are still fra's" "$(talk)" "fra fra"
is "no packet was refused" "$(refused_packets)" 0
ok "history has it" grep -q 'keys .*epoch 4 .*@nyc-1 .*yearly' <(enter fra anydoor history)

# --- killed at each step ---------------------------------------------------------------------------
rotate_until sin 5
is "killed half way: the rotation is not at its end" "$(keys fra .word.goal)" 6
ok "and says so" grep -q "a rotation to epoch 6 is not at its end" <(enter fra anydoor keys)
bus_says() { # POP PATTERN
	enter "$1" anydoor bus | grep -q "$2"
}
ok "so do bus and status at every node" await 5 bus_says nyc "keys: a rotation to epoch 6 is at epoch 5 since .*@sin-1"
ok "and status" grep -q "a rotation to epoch 6 is at epoch 5 since" <(enter nyc anydoor status)
is "as JSON" "$(enter nyc anydoor bus --json | jq -c '.rotation | [.epoch, .goal]')" "[5,6]"
is "the flows are still fra's" "$(talk)" "fra fra"
bgp_prefer sin
bgp_await sin
is "sin leads them, too" "$(talk)" "fra fra"
daemon_kill fra
ok "a daemon dies" await 15 is_here fra-1 false
ok "a node whose daemon is gone holds it up" not rotate nyc --within 3
ok "and is named" grep -q "fra-1 is not heard of by the bus" "$LAB_DIR/said"
is "the flows are still fra's" "$(talk)" "fra fra"
pop_start fra
pop_await fra
is "a new daemon goes on from there, by its own record" "$(enter fra jq .epoch "$LAB_DIR/run/fra/keys.json")" 5
ok "and the rotation, too, by another operator" rotate nyc
ok "to its end" all_at 6
is "the flows are still fra's" "$(talk)" "fra fra"

# --- somebody goes back ----------------------------------------------------------------------------
ok "there is nothing to go back from" not rotate sin --abort
enter nyc timeout -s INT 2 anydoor keys rotate --reason "a look" >"$LAB_DIR/said" 2>&1 || true
ok "who interrupts it is told where it stands, and how to go on" \
	grep -q "on its way to epoch 8 it was to step from 6 to 7: .* goes on, .* goes back" "$LAB_DIR/said"
ok "all are at that step" await 10 all_at 7
ok "who, when and why" grep -qE "keys: set by .*@nyc-1, [0-9]+s ago: a look" <(enter fra anydoor keys)
ok "while it is under way there is something to go back from" rotate sin --abort
ok "all are where they were" all_at 6
is "the flows are still fra's" "$(talk)" "fra fra"

# --- a node that is away ---------------------------------------------------------------------------
is "no packet was refused until here" "$(refused_packets)" 0
bgp_prefer nyc
bgp_await nyc
daemon_kill sin
ok "it is gone" await 15 is_here sin-1 false
ok "without it" rotate nyc --without sin-1
pop_start sin
pop_await sin
ok "it follows when it is back" await 10 all_at 8
is "the flows are still fra's" "$(talk)" "fra fra"

# --- a reload ----------------------------------------------------------------------------------------
says() { # TEXT ARG...: the exit code, and whether it is said
	local code=0 said
	said=$(enter nyc anydoor keys "${@:2}" 2>&1) || code=$?
	echo "$code $(grep -cF -- "$1" <<<"$said")"
}
is "what goes with rotate alone is refused" "$(says "go with" --abort)" "2 1"
kill -STOP "$NATS"
bus_is_stale() {
	same "$(enter nyc anydoor bus --json | jq -r .state)" stale
}
ok "the bus is away" await 30 bus_is_stale
is "then no step is taken" "$(says "the bus is not fresh" rotate --within 5)" "1 1"
kill -CONT "$NATS"
ok "it is back" await 30 not bus_is_stale
ok "a reload reads the file" enter nyc anydoor reload
ok "and the bus counts" all_at 8
sed -i 's/epoch: 1/epoch: 8/' "$LAB_DIR/nyc.yaml"
is "the file that follows changes nothing" "$(enter nyc anydoor reload)" "reloaded: nothing changed"

for family in 4 6; do
	ok "the upload over IPv$family arrives" upload_complete $family $UPLOAD_S
done
downloads_intact 60 four six
ok "nobody was reset" no_resets
at_least "nyc led packets home" "$(counter nyc wrap_stamp)" 1000
at_least "sin led packets home" "$(counter sin wrap_stamp)" 100
# What sin sent while it was left out was signed by a key of before: its questions whether others answer.
at_most "packets of others were refused" "$(refused_packets)" 50
# While packets of the bus come and go no counters of all packets can be compared.
for pop in "${NODES[@]}"; do
	kill -TERM "$(pop_pid $pop)"
	pop_await_gone $pop
done
kill -KILL "$NATS"
net_done
