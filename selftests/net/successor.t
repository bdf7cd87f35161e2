#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# successor.t: fra drains, and its successor does not answer: first nothing listens there, then the tunnel
# gets nowhere. New clients wait for their second SYN, and are served; whoever asks is told.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/puppet.sh
. "$NET_HOME/puppet.sh"

# Nothing that fra sends through the tunnel gets anywhere.
silence() {
	at edge_fra nft -f - <<-END
		table inet silence {
			chain forward {
				type filter hook forward priority filter
				ip saddr $(tunnel_address fra) udp dport 6081 drop
			}
		}
	END
}

drain() {
	enter fra anydoor drain 2>"$LAB_DIR/said"
}

# Five new connections over each family: is every one served, and by fra?
served_at_home() { # NAME
	local family vip i
	for family in 4 6; do
		vip=VIP$family
		for i in {1..5}; do
			same "$(puppet open "$1$family$i" "${!vip}")" open || return 1
			same "$(puppet who "$1$family$i")" fra || return 1
		done
	done
}

warned() {
	local code=0
	SAID=$(enter fra anydoor status 2>&1) || code=$?
	((code == 4)) && grep -q 'nyc-1 does not answer through the tunnel' <<<"$SAID"
}

state_is() { # STATE
	same "$(enter fra anydoor pops --json | jq -r '.. | objects | select(.node? == "nyc-1") | .state')" "$1"
}

net_up
puppet_serve fra sin # and not nyc, the nearest
puppet_start
ok "drain" drain
is "the successor answers: nothing is said of it" "$(grep -c 'does not answer' "$LAB_DIR/said")" 0
ok "nothing listens at nyc: clients are served at fra" served_at_home deaf
at_least "nyc was silent" "$(counter nyc syn_unserved)" 10
at_least "and fra took back what came again" "$(counter fra syn_repeated)" 10
ok "undrain" enter fra anydoor undrain

silence
ok "drain, with a tunnel that gets nowhere" drain
is "that is said first" "$(grep -c 'nyc-1 does not answer through the tunnel' "$LAB_DIR/said")" 1
repeated=$(counter fra syn_repeated)
ok "clients are served at fra" served_at_home cut
at_least "by what came again" $(($(counter fra syn_repeated) - repeated)) 10
ok "status warns of nyc" await 40 warned
ok "pops calls it silent" state_is silent
ok "a reload" enter fra anydoor reload
ok "changes nothing of that" state_is silent
at edge_fra nft delete table inet silence
ok "it answers again" await 20 state_is up
ok "undrain" enter fra anydoor undrain
ok "nobody was reset" no_resets
net_done
