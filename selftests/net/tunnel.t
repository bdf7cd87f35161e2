#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tunnel.t: tunnel packets that must not be believed, each wrong in one thing, sent from where any
# source address can be written: dropped, each for its reason, and nothing more comes of them. What is
# right is answered to the node that it seems to have landed at.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=5

# What fra must say of which kinds of packets.
declare -Ar KINDS=(
	[wrap_no]="right"
	[tunnel_peer]="stranger"
	[tunnel_stale]="stale future"
	[tunnel_auth]="forged moved old_key"
	[tunnel_syn]="syn"
	[tunnel_inner]="not_vip"
	[tunnel_foreign]="foreign"
	[tunnel_hops]="worn"
	[wrap_next]="loop"
)

# COUNT packets of every kind to fra, as if from nyc.
forge() { # FAMILY
	local client=CLIENT$1 vip=VIP$1
	# shellcheck disable=SC2048,SC2086 # one word a kind
	at isp "$NET_HOME/forge.py" --key "$FLEET_KEY" --peer "$(tunnel_address nyc)" --landing 2 \
		--target "$(tunnel_address fra)" --owner 1 --third 3 --client "${!client}" \
		--vip "${!vip}" --count $COUNT ${KINDS[*]}
}

forged_arrived() { # WRAPPED-BEFORE
	(($(counter fra wrap_next) >= $1 + COUNT))
}

remember() {
	local reason
	for reason in "${!KINDS[@]}"; do
		BEFORE[$reason]=$(counter fra "$reason")
	done
	BEFORE[sin]=$(counter sin wrap_no)
}

check_reasons() { # FAMILY
	local reason kinds
	for reason in "${!KINDS[@]}"; do
		read -r -a kinds <<<"${KINDS[$reason]}"
		is "IPv$1 inside: ${kinds[*]}: $reason" \
			$(($(counter fra "$reason") - BEFORE[$reason])) $((${#kinds[@]} * COUNT))
	done
}

# fra sends to sin, hears nothing of it, and so asks it each 5 s whether it is there: a NO more.
few_more() { # GOT WANTED
	(($1 >= $2 && $1 <= $2 + 3))
}

declare -A BEFORE
net_up
for family in 4 6; do
	remember
	forge $family
	await 5 forged_arrived "${BEFORE[wrap_next]}"
	check_reasons $family
	told=$(($(counter sin wrap_no) - BEFORE[sin]))
	ok "IPv$family inside: sin ends the loop, and the hunt for what was right ($told)" \
		few_more "$told" $((2 * COUNT))
done
unowned=$(($(counter nyc nobody) + $(counter nyc nobody_once)))
other='.action == "drop" and .reason != "nobody_once"' # an empty ACK is dropped the first time
is "nyc, in whose name all was done, heard of what was right, and nothing else" \
	"$(counter_sum nyc "$other") $(counter nyc wrap_hunt) $unowned" \
	"0 $((2 * COUNT)) $((4 * COUNT))"
net_done
