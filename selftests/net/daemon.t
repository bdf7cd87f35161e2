#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# daemon.t: the daemon is killed and started again under load, and no packet minds.
set -euo pipefail
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

kill_daemon() { # POP
	kill -KILL "$(pop_pid "$1")"
	await 5 not kill -0 "$(pop_pid "$1")"
}

net_up
talk_start
is "the idle flows begin at fra" "$(talk)" "fra fra"
web_download_start four 4 5M
web_download_start six 6 5M

await 10 web_downloaded four 5
await 10 web_downloaded six 5
for pop in "${POPS[@]}"; do
	kill_daemon "$pop"
done
stamped=$(counter fra out_stamped)
bgp_prefer nyc
is "no daemon anywhere: a shift leaves the idle flows with fra" "$(talk)" "fra fra"
is "no daemon anywhere: a new connection is nyc's" "$(web_who 6)" nyc
is "no daemon anywhere: DNS is answered" "$(at client kdig +short @$VIP4 www.$ZONE A)" $VIP4

pops_start
at_least "the new daemon adopted the counters" "$(counter fra out_stamped)" "$stamped"
bgp_prefer sin
is "new daemons: the idle flows are still fra's" "$(talk)" "fra fra"

downloads_intact 40 four six
ok "nobody was reset" no_resets
net_done
