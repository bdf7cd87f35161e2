#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# handshake.t: connections that begin in other ways: by SYN cookie, forced and under a flood, and with
# data in the SYN, whose cookie another POP gave.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/puppet.sh
. "$NET_HOME/puppet.sh"

declare -Ar VIP=([4]=$VIP4 [6]=$VIP6)

everywhere() { # SYSCTL=VALUE...
	local pop
	for pop in "${POPS[@]}"; do
		at "$pop" sysctl -q -w "$@"
	done
}

# From now on SYNs go where BGP says, and all else from the client to nyc.
split() {
	detour_up nyc
	at isp nft -f - <<-END
		table inet split {
			chain in {
				type filter hook prerouting priority mangle
				iifname client tcp flags & (syn | ack) != syn meta mark set 1
			}
		}
	END
}

unsplit() {
	at isp nft delete table inet split
	detour_down
}

# A connection over each family begins at fra, and is fra's after a shift.
begin_and_shift() { # HOW
	local family
	for family in 4 6; do
		is "$1: a connection over IPv$family begins at fra" \
			"$(puppet open "begun$family" "${VIP[$family]}") $(puppet who "begun$family")" "open fra"
	done
	bgp_prefer sin
	for family in 4 6; do
		is "$1: after a shift it is still fra's" "$(puppet who "begun$family")" fra
		puppet close "begun$family" >/dev/null
	done
	bgp_prefer fra
}

cookies() { # POP: received and found right
	at "$1" nstat -asz TcpExtSyncookiesRecv | awk '$1 == "TcpExtSyncookiesRecv" { print $2 }'
}

# More SYNs than the listener's queue holds, from addresses that will not answer, again and again: the
# kernel forgets them early when the queue is full. For a minute, or until flood_end.
flood_start() { # POP
	AT='exec' at "edge_$1" /usr/bin/python3 -B - $VIP4 $VIP6 $PUPPET_PORT <<-'END' &
		import sys
		import time
		from scapy.all import IP, TCP, IPv6, conf

		vip4, vip6, port = sys.argv[1:]
		options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("WScale", 7)]
		wires = [(conf.L3socket(), IP, "198.51.100.", vip4), (conf.L3socket6(), IPv6, "2001:db8:c::", vip6)]
		syns = [(wire, layer(src=f"{net}{100 + i}", dst=vip) /
		         TCP(sport=1000 + i, dport=int(port), flags="S", seq=i, options=options))
		        for i in range(40) for wire, layer, net, vip in wires]
		for _ in range(120):
		    for wire, syn in syns:
		        wire.send(syn)
		    time.sleep(0.5)
	END
	FLOOD=$!
}

flood_end() {
	kill "$FLOOD"
	wait "$FLOOD" || true
}

queue_full() { # POP
	not_below "$(at "$1" ss -Htn state syn-recv | wc -l)" 16
}

lab_up
everywhere net.core.somaxconn=16 net.ipv4.tcp_max_syn_backlog=16 net.ipv4.tcp_fastopen=3 \
	net.ipv4.tcp_fastopen_key=01234567-89abcdef-01234567-89abcdef
at client sysctl -q -w net.ipv4.tcp_fastopen=1
puppet_serve "${POPS[@]}"
pops_up
ledger_open
puppet_start

# --- data in the SYN -----------------------------------------------------------------------------
for family in 4 6; do
	is "fast open, IPv$family: the client gets a cookie of fra" \
		"$(puppet open "give$family" "${VIP[$family]}" 0 fast) $(puppet fast "give$family")" "open not taken"
done
bgp_prefer nyc
for family in 4 6; do
	is "fast open, IPv$family: nyc takes it, and the data" \
		"$(puppet open "fast$family" "${VIP[$family]}" 0 fast) $(puppet fast "fast$family")" "open taken"
	is "fast open, IPv$family: it is nyc's" "$(puppet who "fast$family")" nyc
done
bgp_prefer fra
for family in 4 6; do
	is "fast open, IPv$family: and after a shift" "$(puppet who "fast$family")" nyc
done
ok "fra drains" enter fra anydoor drain --to sin-1
for family in 4 6; do
	is "fast open, IPv$family: the data is diverted with its SYN" \
		"$(puppet open "away$family" "${VIP[$family]}" 0 fast) $(puppet fast "away$family") $(puppet who "away$family")" \
		"open taken sin"
done
ok "no more" enter fra anydoor undrain

# --- SYN cookies -----------------------------------------------------------------------------------
everywhere net.ipv4.tcp_syncookies=2
begin_and_shift "forced cookies"
split
before=$(led nyc)
begin_and_shift "forced cookies, a path that splits"
at_least "nyc led the answers to fra's cookies there" $(($(led nyc) - before)) 4
unsplit
is "fra's cookies were answered there, and nowhere else" \
	"$(cookies fra) $(cookies nyc) $(cookies sin)" "4 0 0"

everywhere net.ipv4.tcp_syncookies=1
flood_start fra
ok "fra is flooded: its queue is full" await 20 queue_full fra
begin_and_shift "flooded"
flood_end
is "by cookies, again" "$(cookies fra)" 6
ok "nobody was reset" no_resets
net_done
