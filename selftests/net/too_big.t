#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# too_big.t: uploads that travel between POPs over paths of 1500 bytes. With the MSS clamped they fit;
# without, the client is told, once or a few times, and goes on with less.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly UPLOAD_S=6

# Fragments on the way between POPs, and what the client is told by the VIPs and by others.
watch_wires() {
	local edge
	for edge in edge_fra edge_nyc; do
		at $edge nft -f - <<-END
			table inet watch {
				counter fragments {}
				chain forward {
					type filter hook forward priority 0
					ip frag-off & 0x3fff != 0 counter name fragments
					exthdr frag exists counter name fragments
				}
			}
		END
	done
	at client nft -f - <<-END
		table inet watch {
			counter told4 {}
			counter told6 {}
			counter others {}
			chain in {
				type filter hook input priority 0
				ip saddr $VIP4 icmp type destination-unreachable icmp code 4 icmp mtu 1436 \
					counter name told4 accept
				ip6 saddr $VIP6 icmpv6 type packet-too-big icmpv6 mtu 1436 \
					counter name told6 accept
				icmp type destination-unreachable counter name others
				icmpv6 type packet-too-big counter name others
			}
		}
	END
}

watched() { # PLACE COUNTER
	at "$1" nft -j list counter inet watch "$2" | jq '.nftables[1].counter.packets'
}

path_mtu() { # FAMILY
	local vip=VIP$1
	at client ip "-$1" route get "${!vip}" | sed -n 's/.* mtu \([0-9]*\).*/\1/p'
}

# Uploads to fra that land at nyc from their first second on.
uploads_shift() {
	bgp_prefer fra
	uploads_start fra $UPLOAD_S
	bgp_prefer nyc
}

uploads_arrive() { # HOW
	local family
	for family in 4 6; do
		ok "$1: the upload over IPv$family arrives" upload_complete $family $UPLOAD_S
	done
	is "$1: no fragment on the way to nyc" "$(watched edge_nyc fragments)" 0
	is "$1: none from there to fra" "$(watched edge_fra fragments)" 0
}

net_up
watch_wires
uploads_serve fra

uploads_shift
uploads_arrive "clamped"
at_least "clamped: they went by way of nyc" "$(counter nyc wrap_stamp)" 1000
is "clamped: the client was told nothing" "$(watched client told4) $(watched client told6)" "0 0"
is "clamped: everything did fit" "$(counter_sum nyc '.reason | startswith("too_big")')" 0

# The same daemons, told to clamp no more.
for pop in "${POPS[@]}"; do
	LAB_MSS_OVERHEAD=0 pop_config "$pop" >"$LAB_DIR/$pop.yaml"
	enter "$pop" anydoor reload >/dev/null
done
uploads_shift
uploads_arrive "not clamped"
is "not clamped: the paths are known to be narrower" "$(path_mtu 4) $(path_mtu 6)" "1436 1436"
at_least "not clamped: because the VIP said so, IPv4" "$(watched client told4)" 1
at_least "not clamped: because the VIP said so, IPv6" "$(watched client told6)" 1
is "not clamped: and nobody else" "$(watched client others)" 0
is "every word of nyc's was heard" "$(($(watched client told4) + $(watched client told6)))" \
	"$(counter nyc too_big_told)"
ok "nobody was reset" no_resets
net_done
