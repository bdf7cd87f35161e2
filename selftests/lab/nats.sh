# SPDX-License-Identifier: GPL-3.0-or-later
# nats.sh: with LAB_BUS=1 there is a bus between the nodes: a nats-server beside the first node of up to three POPs, one
# cluster, on the unicast addresses of those nodes.
# shellcheck shell=bash

readonly BUS_AT=("${POPS[@]:0:3}")

bus_up() {
	local place
	((${LAB_BUS:-0})) || return 0
	for place in "${BUS_AT[@]}"; do
		bus_server_start "$place"
	done
	await 20 bus_init || die "the bus does not come up: see $LAB_DIR/nats/*/log"
}

# A cluster of two is no better than one server: either is needed.
bus_init() {
	enter "${POPS[0]}" anydoor bus init --replicas "${#BUS_AT[@]}"
}

bus_server_start() { # PLACE
	local dir=$LAB_DIR/nats/$1
	mkdir -p "$dir"
	cat >"$dir/nats.conf" <<-END
		server_name: $1
		listen: "$(tunnel_address "$1" 4):4222"
		jetstream { store_dir: $dir }
		cluster { name: anydoor, listen: "$(tunnel_address "$1" 4):6222", routes: [$(bus_urls nats 6222)] }
	END
	AT='exec' at "$1" setsid nats-server -c "$dir/nats.conf" >>"$dir/log" 2>&1 </dev/null &
	echo $! >"$dir/pid"
	disown $! # or bash tells when it dies
}

bus_server_stop() { # PLACE
	kill "$(cat "$LAB_DIR/nats/$1/pid")"
}

bus_urls() { # SCHEME PORT
	local place comma=
	for place in "${BUS_AT[@]}"; do
		printf '%s"%s://%s:%s"' "$comma" "$1" "$(tunnel_address "$place" 4)" "$2"
		comma=", "
	done
}

bus_config() {
	((${LAB_BUS:-0})) || return 0
	echo "bus: { servers: [$(bus_urls nats 4222)], beat: 1s }"
}

# The bus is fresh at NODE, and every other node on it.
bus_is_fresh() { # NODE
	same "$(enter "$1" anydoor bus --json | jq -r '[.state, ([.nodes[] | select(.gone | not)] | length)] | join(" ")')" \
		"fresh $((${#NODES[@]} - 1))"
}
