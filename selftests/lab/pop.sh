# SPDX-License-Identifier: GPL-3.0-or-later
# pop.sh: anydoor in every POP: its configuration, its zone, its daemon.
# shellcheck shell=bash

# The fleet's key is no secret here: tests forge with it.
readonly FLEET_KEY=6c61622d6b65792d6c61622d6b65792d6c61622d6b65792d6c61622d6b657921
readonly ZONE=example.org
declare -A NODE_STATE

pops_up() {
	pops_write
	bus_up
	pops_start
}

pops_start() {
	local node
	for node in "${NODES[@]}"; do
		pop_start "$node"
	done
	for node in "${NODES[@]}"; do
		pop_await "$node"
	done
}

pops_write() {
	local node
	install -m 600 /dev/stdin "$LAB_DIR/fleet.key" <<<"$FLEET_KEY"
	steer_up
	zone_write 1
	for node in "${NODES[@]}"; do
		pop_config "$node" >"$LAB_DIR/$node.yaml"
	done
	steer_sign
}

pop_config() { # NODE
	cat <<-END
		node: ${NODE_NAME[$1]}
		interfaces: [uplink]
		vips:
		  - address: $VIP4
		  - address: "$VIP6"
		pops:
		$(printf '  - name: %s\n' "${POPS[@]}")
		nodes:
		$(pop_config_nodes)
		$(pop_config_hunt "$1")
		stamp: { clock: any, tcp_timestamps: set, owner_bits: ${LAB_OWNER_BITS:-10} }
		keys: { file: fleet.key, epoch: 1 }
		tunnel: { mss_overhead: ${LAB_MSS_OVERHEAD:-auto} }
		flows: { max: 4K }
		drain: { slow_start: ${LAB_SLOW_START:-0} }
		dns:
		  zones:
		    - { name: $ZONE, file: $ZONE.zone }
		$(steer_signed)
		$(steer_config)
		$(bus_config)
		xdp: { mode: ${LAB_XDP:-native} }
		state: { bpffs: $LAB_DIR/bpf, run: $LAB_DIR/run }
	END
}

# Those in NODE_STATE are in that state.
pop_config_nodes() {
	local node
	for node in "${NODES[@]}"; do
		echo "  - { name: ${NODE_NAME[$node]}, id: ${NODE_ID[$node]}, pop: $(pop_of "$node")," \
			"tunnel: \"$(tunnel_address "$node")\", state: ${NODE_STATE[$node]:-up} }"
	done
}

# A node asks its siblings by itself; where another POP has several, it is told of all of them.
pop_config_hunt() { # NODE
	local node names=()
	for node in "${NODES[@]}"; do
		[[ $(pop_of "$node") == "$(pop_of "$1")" || " ${LAB_MORE[*]}" != *" $(pop_of "$node")"[0-9]* ]] ||
			names+=("${NODE_NAME[$node]}")
	done
	((${#names[@]})) || return 0
	names=("${names[@]:0:16}")
	echo "hunt: { neighbours: [$(printf '%s, ' "${names[@]}")] }"
}

# Tell everybody but NODE itself that it is up, draining or down.
node_tell() { # NODE STATE
	local node
	NODE_STATE[$1]=$2
	for node in "${NODES[@]}"; do
		[[ $node != "$1" ]] || continue
		pop_config "$node" >"$LAB_DIR/$node.yaml"
		enter "$node" anydoor reload >/dev/null || return 1
	done
}

# SERIAL is also what the TXT record of `serial` says, so that an answer tells which zone it is of.
zone_write() { # SERIAL
	cat >"$LAB_DIR/$ZONE.zone" <<-END
		\$ORIGIN $ZONE.
		\$TTL 60
		@       SOA   ns1 hostmaster $1 3600 600 86400 60
		        NS    ns1
		        MX    10 mail
		ns1     A     $VIP4
		        AAAA  $VIP6
		www     A     $VIP4
		        AAAA  $VIP6
		mail    A     203.0.113.25
		shop    CNAME www
		*.user  A     203.0.113.80
		serial  TXT   "$1"
		$(steer_zone)
	END
}

pop_start() { # POP
	AT='exec' enter "$1" setsid anydoor run >>"$LAB_DIR/$1.log" 2>&1 </dev/null &
	echo $! >"$LAB_DIR/$1.pid"
	disown $! # or bash tells when it dies
}

# Up: the program is on the uplink and stamping, and the daemon answers.
pop_await() { # POP
	await 20 pop_is_up "$1" || {
		pops_explain >&2
		die "anydoor does not come up in $1"
	}
}

pop_is_up() { # POP
	enter "$1" anydoor status
}

pop_await_gone() { # POP
	await 10 not kill -0 "$(pop_pid "$1")" || die "anydoor does not stop in $1"
}

pop_pid() { # POP
	cat "$LAB_DIR/$1.pid"
}

# When something failed: what the daemons said.
pops_explain() {
	local node
	for node in "${NODES[@]}"; do
		[[ ! -s $LAB_DIR/$node.log ]] || tail -n 20 "$LAB_DIR/$node.log" | sed "s/^/# $node: /"
	done
}
