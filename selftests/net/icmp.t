#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# icmp.t: the path to the client becomes narrower under two downloads that have left their POP. Its
# router complains to the VIP, and so to a POP that has no such flow.
set -euo pipefail
export LAB_BIG_MIB=64
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

# The last wire. The client's end of it, too, or what it sends would be lost.
narrow_to() { # MTU
	at client ip link set isp mtu "$1"
	at isp ip link set client mtu "$1"
	[[ -z ${TERSE:-} ]] || terse_router_start "$1"
}

# What the ISP's router itself sends leaves by POP; what it forwards follows BGP.
router_is_near() { # POP
	local number
	number=$(awk -v edge="edge_$1" '$2 == "isp" && $3 == edge { print $1 }' <<<"$WIRES")
	at isp ip rule add iif lo to $VIP4 lookup 100
	at isp ip -6 rule add iif lo to $VIP6 lookup 100
	at isp ip route replace default via "$(wire_address "$number" 2 4)" table 100
	at isp ip -6 route replace default via "$(wire_address "$number" 2 6)" table 100
}

router_is_anywhere() {
	at isp ip rule del iif lo to $VIP4 lookup 100
	at isp ip -6 rule del iif lo to $VIP6 lookup 100
}

# From now on its complaints quote eight bytes of TCP: no timestamps.
router_is_terse() {
	TERSE=yes
	at isp nft -f - <<-END
		table inet terse {
			chain out {
				type filter hook output priority 0
				meta mark 7 accept
				icmp type destination-unreachable drop
				icmpv6 type packet-too-big drop
			}
		}
	END
}

terse_router_start() { # MTU
	AT='exec' at isp "$NET_HOME/terse_router.py" --mtu "$1" --from edge_fra --from edge_nyc \
		--from edge_sin >"$LAB_DIR/terse" &
	await 5 grep -q ready "$LAB_DIR/terse"
}

# As routes know it, and the connection itself.
path_mtu_is() { # POP MTU
	at "$1" ip -4 route get $CLIENT4 | grep -q " mtu $2\b" &&
		at "$1" ip -6 route get $CLIENT6 | grep -q " mtu $2\b" &&
		[[ $(at "$1" ss -Htin state established sport = 80 | grep -c "pmtu:$2\b") == 2 ]]
}

counter_grew() { # POP LABEL BEFORE
	(($(counter "$1" "$2") > $3))
}

# The path is MTU wide now, and POP hears of it.
narrowed() { # MTU POP
	local before so_far
	before=$(counter "$2" icmp_led)
	narrow_to "$1"
	ok "the path is $1 bytes wide: $2 hears of it, fra's stack obeys" await 20 path_mtu_is fra "$1"
	ok "because $2 led it there" await 2 counter_grew "$2" icmp_led "$before"
	so_far=$(($(stat -c %s "$LAB_DIR/six") * 100 / BIG_BYTES))
	ok "and the downloads go on" await 10 web_downloaded six $((so_far < 98 ? so_far + 2 : 100))
}

refused_datagram() { # a traceroute's last: the port is closed, and the VIP says so
	at client /usr/bin/python3 - "$1" <<-'END'
		import socket, sys
		family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
		s = socket.socket(family, socket.SOCK_DGRAM)
		s.settimeout(3)
		s.connect((sys.argv[1], 33434))
		s.send(b"probe")
		try:
		    s.recv(1)
		except ConnectionRefusedError:
		    sys.exit(0)
		sys.exit(1)
	END
}

answers_for_itself() { # WHEN
	local vip
	for vip in $VIP4 $VIP6; do
		ok "$1: $vip answers a ping" at client ping -q -c 3 -i 0.2 -W 2 $vip
		ok "$1: $vip refuses a datagram" refused_datagram $vip
	done
}

net_up
answers_for_itself "up"
at client sysctl -q -w net.ipv4.tcp_rmem="4096 65536 131072" # or half of it would be on its way
wire_slow isp client # the downloads last for as long as the path is slow
web_download_start four 4 100M
web_download_start six 6 100M
await 10 web_downloaded four 2
await 10 web_downloaded six 2
bgp_prefer nyc

narrowed 1450 nyc
router_is_near sin
narrowed 1400 sin
router_is_anywhere
router_is_terse
narrowed 1350 nyc # where the flow's own packets land: it is known there
router_is_near sin
narrowed 1300 sin # where nothing names its owner: the error looks for it

wire_fast isp client
downloads_intact 40 four six
at_least "fra took them for its own" "$(counter fra icmp_local)" 8
ok "nobody was reset" no_resets

enter nyc anydoor drain >/dev/null
answers_for_itself "draining"
net_done
