#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# reuse.t: a client without timestamps crashes and uses its ports again, where another POP than before
# answers. The old owner still holds the old sockets, and other POPs pins that say so: the new
# connections win, at once where their SYNs pass a pin, with a first packet elsewhere.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

reuse_start() {
	coproc REUSE { AT='exec' at client "$NET_HOME/reuse.py" $VIP4 $VIP6; }
	exec {REUSE_IN}>&"${REUSE[1]}" {REUSE_OUT}<&"${REUSE[0]}"
}

reuse() { # ask|anew
	local answer
	echo "$1" >&"$REUSE_IN"
	read -r -t 25 answer <&"$REUSE_OUT" || answer=silence
	echo "$answer"
}

pins_at() { # POP
	enter "$1" anydoor flows --json | jq -r '[.[] | select(.kind == "pin") | .owner_pop] | join(" ")'
}

old_sockets_live() {
	[[ $(at fra ss -Htn state established 'sport = 80 and ( dport = 42424 or dport = 42425 )' | wc -l) == 2 ]]
}

net_up
at client sysctl -q -w net.ipv4.tcp_timestamps=0
reuse_start
is "the first connections are fra's" "$(reuse ask)" "fra fra"
bgp_prefer nyc
is "seen from nyc, too" "$(reuse ask)" "fra fra"
is "nyc has them pinned" "$(pins_at nyc)" "fra fra"

bgp_prefer sin
is "the client begins anew, from the same ports, at sin" "$(reuse anew)" "sin sin"
ok "fra knows nothing of that" old_sockets_live
bgp_prefer nyc
is "nyc's old pins lead to fra, who refuses; sin has them" "$(reuse ask)" "sin sin"
is "nyc has learned" "$(pins_at nyc)" "sin sin"
is "the client begins anew at nyc, whose pins lead to sin" "$(reuse anew)" "nyc nyc"
is "and goes on there" "$(reuse ask)" "nyc nyc"
ok "the first ones are still there" old_sockets_live
ok "nobody was reset" no_resets
net_done
