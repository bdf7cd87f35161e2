#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# spoof.t: one forged packet of each kind, with the addresses and ports of a live flow, reaches its owner, the
# POP where it lands, and a third one. The flow lives, wherever it lands then; and its owner's
# table still knows it.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly KINDS=(syn rst ack data fin synack echo)

# As if from the client, out of the edge that POP is behind.
spoof() { # POP
	at client ss -Htn 'dport = 80' >"$LAB_DIR/flows"
	same "$(wc -l <"$LAB_DIR/flows")" 2 || return 1
	at "edge_$1" "$NET_HOME/spoof.py" "${KINDS[@]}" <"$LAB_DIR/flows"
}

half_open_at() { # POP
	[[ $(at "$1" ss -Htn state syn-recv | wc -l) == 2 ]]
}

# For how long fra's table has known each of the two.
known_s() {
	enter fra anydoor flows --json |
		jq 'map(select(.kind == "ours") | .age_s) | if length == 2 then min else -1 end'
}

net_up
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
bgp_prefer nyc
is "they land at nyc, and are fra's" "$(talk)" "fra fra"
known=$(known_s) began=$SECONDS
sleep 2 # what is entered from now on is younger than that
for pop in fra nyc sin; do
	ok "forged at $pop: ${KINDS[*]}" spoof $pop
	is "at nyc the flows are fra's all the same" "$(talk)" "fra fra"
	[[ $pop == fra ]] || ok "$pop holds two half-open sockets" await 3 half_open_at $pop
done
bgp_prefer sin
is "at sin, too" "$(talk)" "fra fra"
bgp_prefer fra
is "and at home" "$(talk)" "fra fra"
at_least "fra's table has not forgotten them" "$(known_s)" $((known + SECONDS - began - 1))
net_done
