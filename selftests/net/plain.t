#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# plain.t: a client without TCP timestamps. There is nothing to write a stamp in, so its flows are
# known by their sockets, and hunted where they shift to: an idle one, a download, and one that
# began where BGP did not lead, because the POP there drained.
set -euo pipefail
export LAB_BIG_MIB=16
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

net_up
at client sysctl -q -w net.ipv4.tcp_timestamps=0

talk_start
is "both families are answered" "$(talk)" "fra fra"
for family in 4 6; do
	web_download_start plain$family $family 4M
	await 10 web_downloaded plain$family 10
done
at_least "fra knew them by their sockets" "$(counter fra local_socket)" 2

bgp_prefer nyc
is "after a shift, the idle flows are still fra's" "$(talk)" "fra fra"
is "and after the next, too" "$(bgp_prefer sin && talk)" "fra fra"
downloads_intact 30 plain4 plain6
is "a new connection is sin's" "$(web_who 4)" sin

ok "drain sin" enter sin anydoor drain --to nyc-1
for family in 4 6; do
	is "a new connection over IPv$family is its successor's" "$(web_who $family)" nyc
	web_download_start diverted$family $family 8M
	await 10 web_downloaded diverted$family 10
done
at_least "sin diverted the SYNs, without a timestamp to stamp" "$(counter sin diverted)" 4
at_least "and nyc claimed what followed" "$(counter nyc wrap_claim)" 4
is "the old flows are still fra's" "$(talk)" "fra fra"
bgp_prefer fra
is "back home they are, too" "$(talk)" "fra fra"
downloads_intact 30 diverted4 diverted6
ok "nobody was reset" no_resets
net_done
