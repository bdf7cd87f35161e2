# SPDX-License-Identifier: GPL-3.0-or-later
# bgp.sh: one BIRD in every router and POP, eBGP on every wire, and ways to move the client.
# shellcheck shell=bash

readonly ROUTERS=(isp "${EDGES[@]}" "${NODES[@]}")
declare -Ag AS=([isp]=64496)
for place in "${POPS[@]}"; do
	AS[edge_$place]=$((64500 + NODE_ID[$place]))
done
for place in "${NODES[@]}"; do
	AS[$place]=$((65000 + NODE_ID[$place]))
done

bgp_up() {
	local place
	for place in "${ROUTERS[@]}"; do
		mkdir -p "$LAB_DIR/bird/$place"
		bgp_avoid_write "$place" 0
		bgp_config "$place" >"$LAB_DIR/bird/$place/bird.conf"
		at "$place" bird -c "$LAB_DIR/bird/$place/bird.conf" -s "$LAB_DIR/bird/$place/ctl" \
			-P "$LAB_DIR/bird/$place/pid"
	done
	bgp_birdc_write
	await 20 bgp_converged || die "BGP did not converge"
}

# For whoever enters a place: the `birdc` found there speaks with the BIRD of that place.
bgp_birdc_write() {
	mkdir -p "$LAB_DIR/bin"
	cat >"$LAB_DIR/bin/birdc" <<-END
		#!/bin/sh
		exec $(command -v birdc) -s "$LAB_DIR/bird/\$LAB_PLACE/ctl" "\$@"
	END
	chmod +x "$LAB_DIR/bin/birdc"
	cp "$LAB_HOME/systemctl" "$LAB_DIR/bin/systemctl"
}

# --- configuration -----------------------------------------------------------------------------
bgp_config() { # PLACE
	local place=$1 family
	bgp_config_common "$place"
	bgp_config_policy "$place"
	for family in 4 6; do
		bgp_config_sessions "$place" "$family"
	done
}

bgp_config_common() { # PLACE
	cat <<-END
		# ${1}, AS ${AS[$1]}
		log "$LAB_DIR/bird/$1/log" all;
		router id $(bgp_router_id "${AS[$1]}");
		include "$LAB_DIR/bird/$1/avoid.conf";
		include "$LAB_DIR/bird/$1/any*.conf";
		protocol device {}
		protocol direct { ipv4; ipv6; interface "lo", "client"; }
		protocol kernel { merge paths $(bgp_multipath "$1"); ipv4 { export $(bgp_to_kernel "$1"); }; }
		protocol kernel { merge paths $(bgp_multipath "$1"); ipv6 { export where source = RTS_BGP; }; }
		template bgp session {
			local as ${AS[$1]};
			connect delay time 1;
			connect retry time 1;
			error wait time 1, 2;
		}
	END
}

# What a node sends to a server of the bus must find its way back: wires are in nobody's table.
bgp_to_kernel() { # PLACE
	if [[ -v NODE_ID[$1] ]] && ((${LAB_BUS:-0})); then
		echo "filter { if source != RTS_BGP then reject; krt_prefsrc = $(tunnel_address "$1" 4); accept; }"
	else
		echo "where source = RTS_BGP"
	fi
}

# An edge spreads flows over the nodes of its POP; the ISP chooses one POP.
bgp_multipath() { # PLACE
	[[ $1 == edge_* ]] && echo on || echo off
}

bgp_router_id() { # AS
	echo "10.255.$(($1 / 256)).$(($1 % 256))"
}

# Who tells whom what: `announce` for everybody, `to_isp` for an edge's side of the client's ISP.
bgp_config_policy() { # PLACE
	case $1 in
	isp) # no transit through the client's ISP: only its own customers
		echo 'filter announce { if source = RTS_DEVICE && ifname = "client" then accept; reject; }'
		;;
	edge_*) # customers hear all; the other edges hear of customers only
		cat <<-END
			filter announce { if proto ~ "edge_*" then reject; if source = RTS_BGP then accept; reject; }
			filter to_customer { if source = RTS_BGP then accept; reject; }
			filter to_isp {
				if source != RTS_BGP then reject;
				if AVOID > 0 then {
					bgp_path.prepend(${AS[$1]});
					bgp_path.prepend(${AS[$1]});
					bgp_path.prepend(${AS[$1]});
				}
				accept;
			}
		END
		;;
	*) # a node: the VIPs, as every other one, and its own tunnel addresses
		cat <<-END
			filter announce {
				if net = $(tunnel_address "$1" 4)/32 || net = $(tunnel_address "$1" 6)/128 then accept;
				if proto = "anydoor4" || proto = "anydoor6" then accept;
				if AVOID = 0 && (net = $VIP4/32 || net = $VIP6/128) then accept;
				reject;
			}
		END
		;;
	esac
}

bgp_config_sessions() { # PLACE FAMILY
	local place=$1 family=$2 number a b
	while read -r number a b; do
		case $place in
		"$a") bgp_config_session "$place" "$b" "$family" "$(wire_address "$number" 2 "$family")" ;;
		"$b") bgp_config_session "$place" "$a" "$family" "$(wire_address "$number" 1 "$family")" ;;
		esac
	done <<<"$WIRES"
}

bgp_config_session() { # PLACE NEIGHBOUR FAMILY ADDRESS
	cat <<-END
		protocol bgp $2$3 from session {
			neighbor $4 as ${AS[$2]};
			ipv$3 { import all; export filter $(bgp_filter "$1" "$2"); };
		}
	END
}

bgp_filter() { # PLACE NEIGHBOUR
	case $1:$2 in
	edge_*:isp) echo to_isp ;;
	edge_*:edge_*) echo announce ;;
	edge_*) echo to_customer ;;
	*) echo announce ;;
	esac
}

wire_address() { # NUMBER END FAMILY
	case $3 in
	4) echo "10.0.$1.$2" ;;
	6) echo "2001:db8:0:$1::$2" ;;
	esac
}

# --- moving the client ---------------------------------------------------------------------------
# Prefer POP: every other edge prepends its AS path towards the ISP. Returns when the ISP's kernel
# forwards both VIPs there.
bgp_prefer() { # POP
	local pop
	for pop in "${POPS[@]}"; do
		bgp_avoid "edge_$pop" "$([[ $pop == "$1" ]] && echo 0 || echo 1)"
	done
	bgp_await "$1"
}

# An edge prepends its AS path towards the ISP, a node withdraws the VIPs.
bgp_avoid() { # PLACE 0|1
	bgp_avoid_write "$1" "$2"
	enter "$1" birdc configure >/dev/null
}

bgp_avoid_write() { # PLACE 0|1
	echo "define AVOID = $2;" >"$LAB_DIR/bird/$1/avoid.conf"
}

# The edge of POP loses, or gets back, its sessions with the client's ISP.
bgp_cut() { # POP
	enter "edge_$1" birdc disable '"isp*"' >/dev/null
}

bgp_mend() { # POP
	enter "edge_$1" birdc enable '"isp*"' >/dev/null
}

bgp_await() { # POP
	await 15 bgp_lands_at "$1" || die "BGP does not bring the client to $1"
}

# Where the ISP's kernel, not its BGP table, sends packets for the VIPs.
bgp_lands_at() { # POP
	[[ $(bgp_landing 4) == "$1" && $(bgp_landing 6) == "$1" ]]
}

bgp_landing() { # FAMILY
	local vip=VIP$1
	at isp ip "-$1" route get "${!vip}" | sed -n 's/.* dev edge_\([a-z]*\) .*/\1/p'
}

# Converged: the client has a POP, every node reaches the client and every other node's tunnel.
bgp_converged() {
	local node other
	[[ -n $(bgp_landing 4) && $(bgp_landing 4) == "$(bgp_landing 6)" ]] || return 1
	for node in "${NODES[@]}"; do
		at "$node" ip route get "$CLIENT4" && at "$node" ip route get "$CLIENT6" || return 1
		for other in "${NODES[@]}"; do
			at "$node" ip route get "$(tunnel_address "$other")" || return 1
		done
	done
	bgp_spreads "${NODES[@]:${#POPS[@]}}"
}

# Does their POP's edge send to these nodes, too?
bgp_spreads() { # [NODE...]
	local node
	for node; do
		at "edge_$(pop_of "$node")" ip -4 route show $VIP4 | grep -q "dev $node " || return 1
		at "edge_$(pop_of "$node")" ip -6 route show $VIP6 | grep -q "dev $node " || return 1
	done
}

# From now on the anydoor of NODE says what its BIRD tells of the VIPs.
bgp_by_anydoor() { # NODE
	cat >>"$LAB_DIR/$1.yaml" <<-END
		bgp: { driver: bird, socket: $LAB_DIR/bird/$1/ctl, file: $LAB_DIR/bird/$1/anydoor.conf, as: ${AS[$1]},
		       warm: 1s, settle: 2s }
	END
	enter "$1" anydoor reload >/dev/null
	await 15 bgp_is_told "$1" announce
	bgp_avoid "$1" 1
}

# That is wished at NODE, and what its neighbours hear, says anydoor.
bgp_is_told() { # NODE announce|deprefer|withdraw
	same "$(enter "$1" anydoor status --json | jq -r '.bgp.families | map(.wish, .fact) | unique | .[]')" "$2"
}

# A node leaves its POP, or joins it again: it withdraws the VIPs, and nothing else happens to it.
bgp_leave() { # NODE
	bgp_avoid "$1" 1
	await 10 not bgp_spreads "$1"
}

bgp_join() { # NODE
	bgp_avoid "$1" 0
	await 10 bgp_spreads "$1"
}
