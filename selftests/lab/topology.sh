# SPDX-License-Identifier: GPL-3.0-or-later
# topology.sh: the lab's places, wires and addresses; README.md has the picture.
# shellcheck shell=bash disable=SC2034

readonly POP_NAMES=(fra nyc sin lon tyo syd gru jnb)
# How many of them.
LAB_POPS=${LAB_POPS:-3}
readonly POPS=("${POP_NAMES[@]:0:LAB_POPS}")
readonly EDGES=("${POPS[@]/#/edge_}")
# One node a POP, called like it, and more where told: LAB_NODES="fra2 fra3".
read -r -a LAB_MORE <<<"${LAB_NODES:-}"
readonly NODES=("${POPS[@]}" "${LAB_MORE[@]}")
readonly PLACES=(client isp "${EDGES[@]}" "${NODES[@]}" far)

# By their order.
declare -Ag NODE_ID=() NODE_NAME=()
nodes_number() {
	local node number
	for node in "${NODES[@]}"; do
		number=${node//[a-z]/}
		NODE_ID[$node]=$((${#NODE_ID[@]} + 1))
		NODE_NAME[$node]=${node%%[0-9]*}-${number:-1}
	done
}
nodes_number

# One wire a row: its number, then who is at its .1/::1 end and who at its .2/::2 end. The ISP has one to
# each edge, each edge one to each other and to each node of its POP.
wires_list() {
	local number=0 i j node
	for ((i = 0; i < ${#EDGES[@]}; i++)); do
		echo "$((++number)) isp ${EDGES[i]}"
	done
	for ((i = 0; i < ${#EDGES[@]}; i++)); do
		for ((j = i + 1; j < ${#EDGES[@]}; j++)); do
			echo "$((++number)) ${EDGES[i]} ${EDGES[j]}"
		done
	done
	for node in "${NODES[@]}"; do
		echo "$((++number)) edge_${node%%[0-9]*} $node"
	done
}
WIRES=$(wires_list)
readonly WIRES

readonly VIP4=192.0.2.53 VIP6=2001:db8:53::53
readonly CLIENT4=198.51.100.10 CLIENT6=2001:db8:c::10

# The tunnel's outer family: 4 or 6.
LAB_TUNNEL=${LAB_TUNNEL:-4}

# Bytes that every wire carries.
LAB_MTU=${LAB_MTU:-1500}

# Milliseconds that a packet takes from one edge to another, each way; 0: none.
LAB_FAR_MS=${LAB_FAR_MS:-0}

# 1: no packet of a flow overtakes another, as on real wires. Else a burst does now and then, when
# another CPU takes it than the one that still has the burst before.
LAB_IN_ORDER=${LAB_IN_ORDER:-0}

tunnel_address() { # NODE [FAMILY]
	case ${2:-$LAB_TUNNEL} in
	4) echo "203.0.113.${NODE_ID[$1]}" ;;
	6) echo "2001:db8:f::${NODE_ID[$1]}" ;;
	esac
}

# The name of PLACE's interface towards THERE: a node has one uplink, all others say who is there.
wire_end() { # PLACE THERE
	if [[ -v NODE_ID[$1] ]]; then
		echo uplink
	else
		echo "$2"
	fi
}

pop_of() { # NODE
	echo "${1%%[0-9]*}"
}

topology_up() {
	local place number a b node

	for place in "${PLACES[@]}"; do
		place_up "$place"
	done
	while read -r number a b; do
		[[ -z $number ]] || wire_up "$number" "$a" "$b"
	done <<<"$WIRES"
	((LAB_FAR_MS == 0)) || long_wires_up
	client_up
	for node in "${NODES[@]}"; do
		node_addresses_up "$node"
	done
	((LAB_IN_ORDER == 0)) || keep_order
}

# Receive packet steering: at each hop one CPU, chosen by the flow's hash. Its switches are in sysfs, and
# there is one for each namespace.
keep_order() {
	local place cpus
	cpus=$(nproc)
	for place in "${PLACES[@]}"; do
		# shellcheck disable=SC2016 # the inner shell's
		ip netns exec "$LAB_NAME-$place" sh -c 'for queue in /sys/class/net/*/queues/rx-*; do
			echo "$1" >"$queue/rps_cpus"; done' - "$(printf %x $(((1 << (cpus < 32 ? cpus : 32)) - 1)))"
	done
}

place_up() { # PLACE
	ip netns add "$LAB_NAME-$1"
	at "$1" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1
	at "$1" ip link set lo up
}

wire_up() { # NUMBER A B
	local number=$1 a=$2 b=$3 end_a end_b
	end_a=$(wire_end "$a" "$b") end_b=$(wire_end "$b" "$a")

	if [[ $LAB_FAR_MS != 0 && $a == edge_* && $b == edge_* ]]; then
		long_wire_end_up "$a" "$end_a" "${number}a"
		long_wire_end_up "$b" "$end_b" "${number}b"
	else
		ip link add "$end_a" netns "$LAB_NAME-$a" type veth \
			peer name "$end_b" netns "$LAB_NAME-$b"
	fi
	interface_up "$a" "$end_a" "10.0.$number.1/24" "2001:db8:0:$number::1/64"
	interface_up "$b" "$end_b" "10.0.$number.2/24" "2001:db8:0:$number::2/64"
	[[ $end_b != uplink ]] || router_port_up "$a" "$end_a"
}

# Both ends of a long wire are in the place `far`, where a process carries frames across. What comes
# there must be what a wire would carry: segments with complete checksums.
long_wire_end_up() { # PLACE INTERFACE END
	ip link add "$2" netns "$LAB_NAME-$1" type veth peer name "$3" netns "$LAB_NAME-far"
	at "$1" ethtool -K "$2" tx off >/dev/null
	at far sysctl -q -w "net.ipv6.conf.$3.disable_ipv6=1"
	at far ip link set "$3" up
}

long_wires_up() {
	local ends
	mapfile -t ends < <(at far ip -j link show type veth | jq -r '.[].ifname' | sort)
	AT='exec' at far chrt -f 20 "$LAB_HOME/long_wire.py" "$LAB_FAR_MS" "${ends[@]}" &
	disown $! # or bash tells when it dies
}

interface_up() { # PLACE INTERFACE ADDRESS4 ADDRESS6
	at "$1" ip addr add "$3" dev "$2"
	at "$1" ip addr add "$4" dev "$2" nodad
	at "$1" ip link set "$2" mtu "$LAB_MTU" up
}

# What PLACE sends by INTERFACE: some 2,000 KiB a second.
wire_slow() { # PLACE INTERFACE
	at "$1" tc qdisc add dev "$2" root tbf rate 16mbit burst 32k latency 100ms
}

wire_fast() { # PLACE INTERFACE
	at "$1" tc qdisc del dev "$2" root
}

# A POP's uplink is a veth; its other end must behave like a router's port:
# - a program there, or the kernel leaves packets sent by XDP_TX lying in the ring;
# - tx off: what comes to the POP is segmented and has complete checksums, as from a wire.
# Nothing is turned off at the POP's own end.
router_port_up() { # PLACE INTERFACE
	at "$1" ip link set "$2" xdpdrv obj "$ROUTER_PORT" sec xdp.frags
	at "$1" ethtool -K "$2" tx off >/dev/null
}

client_up() {
	ip link add isp netns "$LAB_NAME-client" type veth peer name client netns "$LAB_NAME-isp"
	interface_up client isp "$CLIENT4/24" "$CLIENT6/64"
	interface_up isp client 198.51.100.1/24 2001:db8:c::1/64
	at client ethtool -K isp tx off >/dev/null # a real client's NIC has completed them
	at client sysctl -q -w "net.ipv4.tcp_timestamps=${LAB_TIMESTAMPS:-1}"
	at client ip route add default via 198.51.100.1
	at client ip -6 route add default via 2001:db8:c::1
	at client nft -f - <<-END
		table inet lab {
			counter all_resets {}
			counter resets {}
			chain in {
				type filter hook input priority 0
				tcp flags & rst == rst counter name all_resets
				tcp flags & rst == rst socket mark 0 counter name resets
			}
		}
	END
}

# As a real host has it: a way to the world besides BGP's, and no subflows of MPTCP to the VIPs.
host_up() { # NODE
	at "$1" sysctl -qw net.mptcp.allow_join_initial_addr_port=0
	at "$1" ip route add default via "$(wire_to_edge "$1" 4)" metric 4000
	at "$1" ip -6 route add default via "$(wire_to_edge "$1" 6)" metric 4000
}

wire_to_edge() { # NODE FAMILY
	wire_address "$(awk -v node="$1" '$3 == node { print $1 }' <<<"$WIRES")" 1 "$2"
}

node_addresses_up() { # NODE
	local address
	for address in "$VIP4/32" "$(tunnel_address "$1" 4)/32"; do
		at "$1" ip addr add "$address" dev lo
	done
	# Without nodad a loaded machine may take its time until a server can bind to them.
	for address in "$VIP6/128" "$(tunnel_address "$1" 6)/128"; do
		at "$1" ip addr add "$address" dev lo nodad
	done
}

# RSTs since the lab came up that broke a connection of the client's. In TIME_WAIT there is nothing to
# break (nor a mark, for nft): if a FIN overtakes what was sent before it, both are acknowledged, and
# any server resets the second ACK. With all_resets, those and what strays get count, too.
client_resets() { # [all_resets]
	at client nft -j list counter inet lab "${1:-resets}" | jq '.nftables[1].counter.packets'
}
