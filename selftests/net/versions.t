#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# versions.t: the tunnel's option changes from one version to the next, and a fleet is upgraded to it
# node by node while flows are led home. Twice, as maps/types.h says: first everybody learns to read
# the new version, then everybody sends it.
set -euo pipefail
export LAB_BIG_MIB=24
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly NEXT=$LAB_BUILD/next/anydoor AFTER=$LAB_BUILD/next/after/anydoor

# upgrade POP BINARY: the data path stays, another daemon takes it over.
upgrade() {
	local before
	before=$(adoptions "$1")
	kill -TERM "$(pop_pid "$1")"
	pop_await_gone "$1"
	ANYDOOR=$2 pop_start "$1"
	await 20 has_adopted "$1" "$before"
}

adoptions() { # POP
	grep -c "adopted as it runs" "$LAB_DIR/$1.log" || true
}

has_adopted() { # POP TIMES-BEFORE
	(($(adoptions "$1") > $2))
}

upgrade_all() { # BINARY NAME
	local pop
	for pop in "${POPS[@]}"; do
		ok "$2: $pop is upgraded" upgrade "$pop" "$1"
		is "$2 at $pop: the flows are still fra's" "$(talk)" "fra fra"
	done
	for pop in "${POPS[@]}"; do
		is "$2: $pop dropped nothing" \
			"$(counter_sum "$pop" '.action == "drop" and .reason != "nobody_once"')" 0
	done
}

refuses() { # POP
	not_below "$(counter "$1" tunnel_version)" 1
}

net_up
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
web_download_start four 4 1M
web_download_start six 6 1M
await 10 web_downloaded four 1
await 10 web_downloaded six 1
bgp_prefer nyc
bgp_await nyc
is "nyc leads them home" "$(talk)" "fra fra"

upgrade_all "$NEXT" "a version that reads both"
upgrade_all "$AFTER" "a version that sends the new one"
downloads_intact 60 four six
at_least "all the while nyc led them" "$(counter nyc wrap_stamp)" 100

# That it has really changed: who reads the old version alone, drops the new one, and says why.
ok "fra goes back to what it was" upgrade fra "$ANYDOOR"
echo >&"$TALK_IN"
ok "it cannot read what nyc sends" await 10 refuses fra
ok "fra is upgraded again" upgrade fra "$AFTER"
read -r -t 25 answer <&"$TALK_OUT" || answer=silence
is "and the flows go on" "$answer" "fra fra"
ok "nobody was reset" no_resets
net_done
