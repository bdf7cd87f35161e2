#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# nat.t: fra's web server is a container: its port of the VIP is published by DNAT, as Docker does it,
# and no socket of fra's has its flows. They are fra's all the same: known by their replies, never
# asked about while they stay, and led home when BGP moves them.
set -euo pipefail
export LAB_BIG_MIB=4
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/puppet.sh
. "$NET_HOME/puppet.sh"

container_up() {
	local box=$LAB_NAME-box
	ip netns add "$box"
	ip link add bridge netns "$LAB_NAME-fra" type veth peer name eth0 netns "$box"
	at fra ip addr add 172.17.0.1/24 dev bridge
	at fra ip link set bridge up
	at box ip link set lo up
	at box ip addr add 172.17.0.2/24 dev eth0
	at box ip link set eth0 up
	at box ip route add default via 172.17.0.1
	at fra nft -f - <<-END
		table ip docker {
			chain in {
				type nat hook prerouting priority dstnat
				ip daddr $VIP4 tcp dport $PUPPET_PORT dnat to 172.17.0.2
			}
		}
	END
	AT='exec' at box "$NET_HOME/puppet.py" serve box $PUPPET_PORT &
	disown $!
}

container_down() {
	local pids
	mapfile -t pids < <(ip netns pids "$LAB_NAME-box")
	((${#pids[@]} == 0)) || kill "${pids[@]}" || true
	ip netns del "$LAB_NAME-box"
}

# Nothing that fra sends through the tunnel gets anywhere.
silence() {
	at edge_fra nft -f - <<-END
		table inet silence {
			chain forward {
				type filter hook forward priority filter
				ip saddr $(tunnel_address fra) udp dport 6081 drop
			}
		}
	END
}

asked() {
	counter_sum fra '.reason == "wrap_hunt"'
}

box_answers() {
	[[ $(at box ss -Htln "sport = $PUPPET_PORT" | wc -l) == 1 ]]
}

forwarded() {
	enter fra anydoor flows | grep -c "^ours.*:$PUPPET_PORT .*forwarded"
}

forwarded_json() {
	enter fra anydoor flows --json | jq '[.[] | select(.kind == "ours" and .forwarded)] | length'
}

drained() {
	same "$(forwarded_left)" 0
}

forwarded_left() {
	enter fra anydoor drain --json | jq .owned
}

net_up
trap 'container_down; lab_down' EXIT
container_up
await 5 box_answers
puppet_start
ok "check tells of the table" grep -q 'nat: table docker' < <(enter fra anydoor check 2>&1)

ok "and of MPTCP" grep -q 'net.mptcp.allow_join_initial_addr_port is 1' < <(enter fra anydoor check 2>&1)
at fra sysctl -q -w net.mptcp.allow_join_initial_addr_port=0
ok "but only if it may do harm" not grep -q 'net.mptcp' < <(enter fra anydoor check 2>&1)

# With timestamps of its own clock, and with none; the other POPs are silent all the while.
silence
for timestamps in 1 0; do
	at client sysctl -q -w net.ipv4.tcp_timestamps=$timestamps
	before=$(asked)
	is "timestamps $timestamps: a connection" "$(puppet open t$timestamps $VIP4)" open
	for _ in 1 2 3; do
		is "the container answers" "$(puppet who t$timestamps)" box
	done
	is "nobody was asked about it" "$(asked)" "$before"
	is "the table has it as forwarded" "$(forwarded)" $((2 - timestamps))
	is "in JSON, too" "$(forwarded_json)" $((2 - timestamps))
done
at edge_fra nft delete table inet silence
is "one that will move" "$(puppet open moves $VIP4) $(puppet who moves)" "open box"
bgp_prefer nyc
is "at nyc, it is the container's" "$(puppet who moves) $(puppet who moves)" "box box"
at_least "nyc asked for it, and fra claimed it" "$(counter fra wrap_claim)" 1
bgp_prefer fra
is "and home again" "$(puppet who moves)" box
is "a drain waits for all three" "$(forwarded_left)" 3
ok "undrain" enter fra anydoor undrain
for name in t1 t0 moves; do
	is "$name ends" "$(puppet bye $name)" closed
done
ok "what has ended is over, and keeps no drain waiting" await 5 drained
ok "undrain" enter fra anydoor undrain
ok "nobody was reset" no_resets
net_done
