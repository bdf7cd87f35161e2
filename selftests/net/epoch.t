#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# epoch.t: the tunnel's key changes on one node after the other, while flows are led home through it.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

raise() { # POP EPOCH
	sed -i "s/epoch: [0-9]*/epoch: $2/" "$LAB_DIR/$1.yaml"
	ok "$1 has epoch $2" enter "$1" anydoor reload
	is "the flows are still fra's" "$(talk)" "fra fra"
}

net_up
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
bgp_prefer nyc
bgp_await nyc
is "nyc leads them home" "$(talk)" "fra fra"
raise nyc 2
raise fra 2
raise fra 3
raise nyc 3
raise nyc 4
for pop in fra nyc; do
	is "$pop: no packet was refused" "$(counter $pop tunnel_auth)" 0
done
at_least "all the while nyc led them" "$(counter nyc wrap_stamp)" 6
ok "nobody was reset" no_resets
net_done
