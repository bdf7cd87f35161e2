#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# split.t: some paths take the SYN to one POP and all the rest to another. Not a corner: behind such
# a path it happens to every connection.
set -euo pipefail
export LAB_BIG_MIB=16
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

# In the client's ISP: the SYN follows BGP, everything behind it goes to POP.
split_to() { # POP
	local number
	number=$(awk -v edge="edge_$1" '$2 == "isp" && $3 == edge { print $1 }' <<<"$WIRES")
	at isp nft -f - <<-END
		table inet split {
			chain in {
				type filter hook prerouting priority mangle
				iifname client tcp flags & (syn | ack) != syn meta mark set 1
			}
		}
	END
	at isp ip rule add fwmark 1 lookup 100
	at isp ip -6 rule add fwmark 1 lookup 100
	at isp ip route add default via "$(wire_address "$number" 2 4)" table 100
	at isp ip -6 route add default via "$(wire_address "$number" 2 6)" table 100
}

connections() { # FAMILY
	local i
	for i in {1..10}; do
		same "$i $(web_who "$1")" "$i fra" || return 1
	done
}

net_up
split_to nyc
for family in 4 6; do
	ok "ten connections over IPv$family, each of them fra's" connections $family
	web_download_start split$family $family 100M
done
for family in 4 6; do
	await 30 web_download_ended split$family
	ok "the download over IPv$family arrives whole" web_download_intact split$family
done
ok "nobody was reset" no_resets
at_least "fra saw every SYN" "$(counter fra local_syn)" 22
is "nyc saw none" "$(counter nyc local_syn)" 0
at_least "nyc led the rest to fra" "$(counter nyc wrap_stamp)" 100
net_done
