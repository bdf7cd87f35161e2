#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# plain.t: a client without TCP timestamps. There is nothing to write a stamp in; until flows are
# hunted, such a connection lives where it landed and is reset by a shift.
set -euo pipefail
export LAB_BIG_MIB=16
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

net_up
at client sysctl -q -w net.ipv4.tcp_timestamps=0

talk_start
is "without a shift: both families are answered" "$(talk)" "fra fra"
for family in 4 6; do
	web_download_start plain$family $family 100M
	await 30 web_download_ended plain$family
	ok "without a shift: the download over IPv$family arrives whole" \
		web_download_intact plain$family
done
at_least "fra knew them by their sockets" "$(counter fra local_socket)" 2
ok "without a shift: nobody was reset" no_resets

bgp_prefer nyc
is "today, after a shift: the connections are lost" "$(talk)" "lost lost"
is "because nyc's stack knows them not, and resets them" "$(client_resets)" 2
is "nyc says so" "$(counter nyc nobody)" 2
is "a new connection is nyc's" "$(web_who 4)" nyc
net_done
