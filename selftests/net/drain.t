#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# drain.t: a POP is emptied while BGP still brings it clients, and taken back.
set -euo pipefail
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
net_done
