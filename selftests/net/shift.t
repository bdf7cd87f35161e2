#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shift.t: BGP takes the client round all three POPs under load, once because the owner itself is cut
# off from the client's ISP and must answer another way; nothing breaks, nothing is reset.
set -euo pipefail
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly UPLOAD_S=8

# The client is at POP; it stays until the downloads have come to PERCENT.
visit() { # POP PERCENT
	is "$1: a new connection is its own, IPv4" "$(web_who 4)" "$1"
	is "$1: a new connection is its own, IPv6" "$(web_who 6)" "$1"
	is "$1: the idle flows are still fra's" "$(talk)" "fra fra"
	await 20 web_downloaded four "$2"
	await 20 web_downloaded six "$2"
}

net_up
uploads_serve fra
talk_start
is "the idle flows begin at fra" "$(talk)" "fra fra"
uploads_start fra $UPLOAD_S
web_download_start four 4 6M
web_download_start six 6 6M

bgp_cut fra
bgp_await nyc
visit nyc 20
bgp_prefer sin
visit sin 40
bgp_prefer nyc
visit nyc 60
bgp_mend fra
bgp_prefer fra
visit fra 80

for family in 4 6; do
	ok "the upload over IPv$family arrives" upload_complete $family $UPLOAD_S
done
downloads_intact 30 four six
ok "doctor says in which mode" grep -q "^ok *xdp .*: ${LAB_XDP:-native}, " <<<"$(enter nyc anydoor doctor --alone)"
ok "nobody was reset" no_resets
at_least "nyc led packets home" "$(counter nyc wrap_stamp)" 1000
at_least "sin led packets home" "$(counter sin wrap_stamp)" 1000
for pop in "${POPS[@]}"; do
	# A connection that has ended may send one more ACK, which no node owns: no loss to anybody.
	is "$pop: nothing else was dropped" \
		"$(counter_sum $pop '.action == "drop" and .reason != "nobody_once"')" 0
done
net_done
