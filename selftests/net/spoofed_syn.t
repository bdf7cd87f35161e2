#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# spoofed_syn.t: a SYN with the addresses and ports of a live flow reaches the POP where that flow lands
# but does not live. It leaves a half-open socket there; the stamp outranks it.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

spoof_syns() {
	at client ss -Htn 'dport = 80' | awk '{ print $4, $5 }' >"$LAB_DIR/flows"
	same "$(wc -l <"$LAB_DIR/flows")" 2 || return 1
	at isp /usr/bin/python3 - "$LAB_DIR/flows" <<-'END'
		import sys
		from scapy.all import IP, TCP, IPv6, conf, send

		conf.verb = 0
		for line in open(sys.argv[1]):
		    (src, sport), (dst, dport) = (end.rsplit(":", 1) for end in line.split())
		    layer = IPv6 if "[" in src else IP
		    send(layer(src=src.strip("[]"), dst=dst.strip("[]")) /
		         TCP(sport=int(sport), dport=int(dport), flags="S", seq=12345))
	END
}

half_open_at() { # POP
	[[ $(at "$1" ss -Htn state syn-recv | wc -l) == 2 ]]
}

net_up
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
bgp_prefer nyc
is "they land at nyc, and are fra's" "$(talk)" "fra fra"
ok "SYNs of both are spoofed" spoof_syns
ok "nyc holds two half-open sockets" await 3 half_open_at nyc
is "the flows are fra's all the same" "$(talk)" "fra fra"
ok "nobody was reset" no_resets
net_done
