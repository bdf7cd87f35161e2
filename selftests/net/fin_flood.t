#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fin_flood.t: somebody knows the addresses and ports of a download without timestamps that has shifted, and
# sends FINs that acknowledge anything, 10,000 a second. The flow stays pinned and goes on as before, and
# what its neighbours may have asked about is not used up.
set -euo pipefail
export LAB_BIG_MIB=64
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly FLOOD=$LAB_BUILD/selftests/flood/flood RATE=10000 SECONDS_EACH=3

# How many KiB the download brings in SECONDS_EACH, about, in which CMD runs.
brings_during() { # CMD...
	local before
	before=$(stat -c %s "$LAB_DIR/down")
	"$@" >"$LAB_DIR/said"
	echo $((($(stat -c %s "$LAB_DIR/down") - before) / 1024))
}

# Out of nyc's edge, as if from the client.
forge_fins() {
	at edge_nyc "$FLOOD" fin --rate $RATE --seconds $SECONDS_EACH --from $CLIENT4/32 \
		--port "$PORT" --to $VIP4
}

# It is not waited for: 30 seconds of it are left.
stop_download() {
	local pids
	mapfile -t pids < <(at client ss -Htnp 'dport = 80' | sed -n 's/.*pid=\([0-9]*\).*/\1/p')
	kill "${pids[@]}"
	await 5 web_download_ended down
}

pinned_to_fra() {
	enter nyc anydoor flows --json | jq '[.[] | select(.kind == "pin" and .owner_pop == "fra")] | length'
}

refused() { # SCOPE
	enter nyc anydoor stats --json | jq ".hunt.refused.hunt.$1"
}

net_up
at client sysctl -q -w net.ipv4.tcp_timestamps=0
wire_slow edge_fra isp # what fra sends to the client
web_download_start down 4 100M
await 10 web_downloaded down 2
PORT=$(at client ss -Htn state established 'dport = 80' | awk '{ sub(/.*:/, "", $3); print $3 }')
bgp_prefer nyc
ok "the download goes on at nyc" await 10 web_downloaded down 8
is "pinned to fra" "$(pinned_to_fra)" 1
quiet=$(brings_during sleep $SECONDS_EACH)
at_least "it brings $quiet KiB in $SECONDS_EACH s" "$quiet" 2000

# fra's stack acknowledges each FIN, whatever its number: that takes a quarter of the way.
arrived=$(counter nyc wrap_pin) hunted=$(counter nyc wrap_hunt)
flooded=$(brings_during forge_fins)
is "FINs were forged" "$(<"$LAB_DIR/said")" $((RATE * SECONDS_EACH))
at_least "nyc took them for the flow's" $(($(counter nyc wrap_pin) - arrived)) $((RATE * SECONDS_EACH * 9 / 10))
at_least "meanwhile the download brought $flooded KiB" "$flooded" $((quiet / 2))
is "it is pinned as before" "$(pinned_to_fra)" 1
is "nobody was asked about it again" "$(counter nyc wrap_hunt)" "$hunted"
is "nor was anybody refused" "$(refused prefix) $(refused all)" "0 0"
ok "nobody was reset" no_resets
stop_download
net_done
