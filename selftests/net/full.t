#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# full.t: sin has served more connections than its flow table holds. They are over, and make room at once:
# a flow without timestamps that BGP brings there is pinned. A table that had no room is told of.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/puppet.sh
. "$NET_HOME/puppet.sh"

readonly CONNECTIONS=9000 # of a table for 4,096

many_short_ones() {
	at client python3 - $VIP4 $CONNECTIONS <<-'END'
		import socket, sys
		for i in range(int(sys.argv[2])):
		    with socket.create_connection((sys.argv[1], 80), timeout=5) as s:
		        s.sendall(b"GET /who HTTP/1.0\r\n\r\n")
		        while s.recv(4096):
		            pass
	END
}

of_sin() { # JQ
	enter sin anydoor stats --json | jq "$1"
}

# As the data path says it, SECONDS ago.
refuse() { # SECONDS
	local map=$LAB_DIR/bpf/sin/state bytes now
	now=$(awk '{ print int($1) }' /proc/uptime)
	bytes=$(at sin bpftool -j map lookup pinned "$map" key 0 0 0 0 | jq -r '.value | join(" ")')
	# shellcheck disable=SC2046
	at sin bpftool map update pinned "$map" key 0 0 0 0 value \
		$(cut -d' ' -f1-60 <<<"$bytes") \
		$(printf '0x%02x 0x%02x 0x%02x 0x%02x' $(((now - $1) & 255)) $(((now - $1) >> 8 & 255)) \
			$(((now - $1) >> 16 & 255)) $(((now - $1) >> 24 & 255)))
}

status_warns() {
	local code=0
	SAID=$(enter sin anydoor status 2>&1) || code=$?
	((code == 4)) && grep -q 'the flow table was too full for a flow' <<<"$SAID"
}

net_up
puppet_serve fra sin
at client sysctl -q -w net.ipv4.tcp_timestamps=0
puppet_start
is "a flow begins at fra" "$(puppet open old $VIP4) $(puppet who old)" "open fra"
bgp_prefer sin
ok "$CONNECTIONS short connections at sin" many_short_ones
is "no flow was refused room" "$(of_sin '[.. | objects | .refusals? // empty] | add')" 0
at_least "most slots are taken by what is over" "$(enter sin anydoor status --json | jq .flows.idle)" 2000
is "the old flow is still fra's" "$(puppet who old) $(puppet who old)" "fra fra"
is "and pinned" "$(enter sin anydoor flows --kind pin --json | jq length)" 1
hunted=$(counter sin wrap_hunt)
is "so that nobody is asked about it again" "$(puppet who old) $(puppet who old) $(counter sin wrap_hunt)" \
	"fra fra $hunted"
ok "status has nothing to say of that" enter sin anydoor status

refuse 5
ok "no room a moment ago: a warning" status_warns
ok "and doctor's" grep -q "^warning *flows .*the flow table was too full" <<<"$(enter sin anydoor doctor --quiet --alone)"
refuse 700
ok "that is long ago" not status_warns
ok "nobody was reset" no_resets
net_done
