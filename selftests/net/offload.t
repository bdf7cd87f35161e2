#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# offload.t: hosts leave segmentation and checksums to their NICs. Egress then sees one packet of
# many segments, with a partial checksum, and must stamp it all the same.
set -euo pipefail
export LAB_IN_ORDER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

# Not TSO: a veth whose other end runs XDP has none. GSO shows our egress the same packets.
offloads_on() { # POP
	local feature
	for feature in tx-checksumming generic-segmentation-offload; do
		at "$1" ethtool -k uplink | grep -q "^$feature: on" || {
			echo "$1: $feature is off"
			return 1
		}
	done
}

net_up
for pop in "${POPS[@]}"; do
	ok "$pop: GSO and checksum offload are on" offloads_on "$pop"
done
web_download_start four 4 12M
web_download_start six 6 12M
await 10 web_downloaded four 20
await 10 web_downloaded six 20
bgp_prefer nyc
downloads_intact 30 four six
at_least "fra stamped packets of several segments" "$(counter_mean_bytes fra out_stamped)" 3000
is "fra could read and change all of them" "$(counter fra out_bad)" 0
# Nor does one overtake another here: then the older of two bursts, a millisecond apart, would be one.
is "the client took none for an old duplicate (PAWS)" "$(client_stat TcpExtPAWSEstab)" 0
is "the client found no checksum wrong" "$(client_stat TcpInCsumErrors)" 0
ok "nobody was reset" no_resets
net_done
