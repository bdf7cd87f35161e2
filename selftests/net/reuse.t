#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# reuse.t: a client without timestamps crashes and uses its ports again, where another POP than before
# answers. The old owner still holds the old sockets, and other POPs pins that say so: the new
# connections win, at once where their SYNs pass a pin, with a first packet elsewhere.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

pins_at() { # POP
	enter "$1" anydoor flows --json | jq -r '[.[] | select(.kind == "pin") | .owner_pop] | join(" ")'
}

old_sockets_live() {
	same "$(at fra ss -Htn state established 'sport = 80' | wc -l)" 2
}

net_up
at client sysctl -q -w net.ipv4.tcp_timestamps=0
talk_start
is "the first connections are fra's" "$(talk)" "fra fra"
bgp_prefer nyc
is "seen from nyc, too" "$(talk)" "fra fra"
is "nyc has them pinned" "$(pins_at nyc)" "fra fra"

bgp_prefer sin
is "the client begins anew, from the same ports, at sin" "$(talk anew)" "sin sin"
ok "fra knows nothing of that" old_sockets_live
bgp_prefer nyc
is "nyc's old pins lead to fra, who refuses; sin has them" "$(talk)" "sin sin"
is "nyc has learned" "$(pins_at nyc)" "sin sin"
is "the client begins anew at nyc, whose pins lead to sin" "$(talk anew)" "nyc nyc"
is "and goes on there" "$(talk)" "nyc nyc"
ok "the first ones are still there" old_sockets_live
ok "nobody was reset" no_resets
net_done
