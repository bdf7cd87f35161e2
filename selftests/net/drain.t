#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# drain.t: a POP is emptied while BGP still brings it clients, and taken back.
set -euo pipefail
export LAB_STEER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

# Ten new connections over FAMILY while BGP lands at fra: is every one the next POP's?
served_next_door() { # FAMILY
	local i who
	for i in {1..10}; do
		who=$(web_who "$1")
		[[ $who == nyc ]] || {
			echo "connection $i: served by '${who:-nobody}'"
			return 1
		}
	done
}

net_up
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
web_download_start old 4 12M
await 10 web_downloaded old 5

ok "drain" enter fra anydoor drain
ok "BGP still lands at fra" bgp_lands_at fra
for family in 4 6; do
	ok "new connections over IPv$family are served by the nearest POP" served_next_door $family
done
at_least "fra diverted their SYNs" "$(counter fra diverted)" 20
at_least "fra led the rest by the stamp" "$(counter fra wrap_stamp)" 20
is "the old flows are still fra's" "$(talk)" "fra fra"
web_download_start diverted 6 12M
await 10 web_downloaded diverted 5

ok "undrain" enter fra anydoor undrain
is "new connections are fra's again" "$(web_who 4) $(web_who 6)" "fra fra"
downloads_intact 30 old diverted
is "the old flows are still fra's" "$(talk)" "fra fra"
ok "nobody was reset" no_resets

# --- by the command alone --------------------------------------------------------------------------
# Do steered names name fra, by fra's own answers?
is_named() {
	enter fra anydoor pops --json | jq '.steered[] | select(.pop == "fra").out | not'
}

is "steered names name fra" "$(is_named)" true
kill -KILL "$(pop_pid fra)"
pop_await_gone fra
ok "drain without a daemon" enter fra anydoor drain
is "steered names cease to name fra at once" "$(is_named)" false
ok "new connections are served by the nearest POP" served_next_door 4
ok "undrain without a daemon" enter fra anydoor undrain
is "they name it again" "$(is_named) $(web_who 4)" "true fra"
enter fra anydoor drain >/dev/null
pop_start fra
pop_await fra
is "a daemon goes on from there" "$(is_named) $(enter fra anydoor status --json | jq .drain.draining)" "false true"
ok "undrain" enter fra anydoor undrain
is "and ends it" "$(is_named)" true
net_done
