#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_leaf.t: three servers in a cluster that know an operator, accounts and users by JWT alone, and a leaf node in
# each POP, as deploy/doc/bus.md has them: its nodes name the leaf, which has the credentials. Then credentials of a
# node itself: good ones, expired ones, those of another operator, and a file that is none.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"
BUS="{ servers: [\"nats://127.0.0.1:4222\"], beat: 1s }"
HUBS="nats://10.9.0.2:4221 nats://10.9.0.2:4222 nats://10.9.0.2:4223"

# What follows stands in bus.md, with other addresses.
hub_start() { # NUMBER
	cat >"$LAB_DIR/hub$1.conf" <<-END
		server_name: bus$1
		listen: 10.9.0.2:422$1
		jetstream { store_dir: $LAB_DIR/hub$1 }
		include operator.conf
		leafnodes { listen: 10.9.0.2:742$1, tls { cert_file: $LAB_DIR/server.pem, key_file: $LAB_DIR/server.key } }
		cluster {
			name: anydoor
			listen: 10.9.0.2:622$1
			routes: [nats://10.9.0.2:6221, nats://10.9.0.2:6222, nats://10.9.0.2:6223]
		}
	END
	nats_run client "hub$1"
}

leaf_start() { # PLACE
	cat >"$LAB_DIR/leaf-$1.conf" <<-END
		server_name: leaf-$1
		listen: 127.0.0.1:4222
		leafnodes {
			reconnect: 1
			remotes: [{
				urls: [tls://10.9.0.2:7421, tls://10.9.0.2:7422, tls://10.9.0.2:7423]
				credentials: $LAB_DIR/node.creds
				tls { ca_file: $LAB_DIR/ca.pem }
			}]
		}
		default_js_domain: { "\$G": "" }
	END
	nats_run "$1" "leaf-$1"
}

# The hub that the leaf at our POP has its connection to.
our_hub() {
	local port
	port=$(at pop ss -Htn state established '( dport >= 7421 and dport <= 7423 )' | awk 'NR == 1 { print $4 }')
	echo "hub${port: -1}"
}

made() {
	anydoor bus init --replicas 3
}

use() { # CREDENTIALS: without the leaf
	local servers
	servers=$(printf '"%s", ' $HUBS)
	bus_configure bus="{ servers: [${servers%, }], beat: 1s, credentials: $1 }"
}

bus_up
trap bus_down EXIT
at client ip link set lo up
certificates
"$KEEPER_HOME/nats_jwt.py" "$LAB_DIR"
for number in 1 2 3; do
	hub_start $number
done
leaf_start pop
leaf_start client
ok "the bucket is made through a leaf" await 30 made
daemon_start
other_start
ok "both are on the bus" await 20 both_fresh
ok "one sees the other" await 5 hears anydoor nyc-1
anydoor pop nyc down >/dev/null
ok "a word goes from POP to POP within a second" await_ms 1000 told_at other nyc down
is "one connection leaves the POP" \
	"$(at pop ss -Htn state established 'dst 10.9.0.2' | wc -l)" 1

killed=$(our_hub)
nats_kill "$killed"
other pop nyc up >/dev/null
ok "its server is killed: the leaf finds another" await 40 is_state anydoor fresh
ok "and what was said meanwhile is heard" await 20 told_at anydoor nyc up
ok "it is another one" not same "$(our_hub)" "$killed"
hub_start "${killed#hub}"

nats_kill leaf-pop
ok "without its leaf a node is stale" await 15 is_state anydoor stale
leaf_start pop
ok "and is back with it" await 40 both_fresh

# --- credentials of the node's own ----------------------------------------------------------------
use node.creds
anydoor reload >/dev/null
ok "with credentials of its own: fresh" await 30 is_state anydoor fresh
ok "at the servers themselves" await 5 same "$(at pop ss -Htn state established '( dport >= 4221 and dport <= 4223 )' | wc -l)" 1
other pop nyc down >/dev/null
ok "it hears words" await 5 told_at anydoor nyc down
for name in old foreign; do
	use $name.creds
	anydoor reload >/dev/null
	ok "$name credentials: stale" await 20 is_state anydoor stale
	ok "says why" await 10 grep -q "uthorization" <(anydoor bus --json | jq -r .why; anydoor status 2>&1)
	refused "$name credentials: a command" 1 "uthorization" anydoor history
	is "the last word holds" "$(told anydoor nyc)" down
done
echo "no credentials" >"$LAB_DIR/none.creds"
use none.creds
anydoor reload >/dev/null
refused "a file that is none" 1 "bus: connecting" anydoor history
use node.creds
anydoor reload >/dev/null
ok "good ones again: fresh" await 30 is_state anydoor fresh
ok "no seed is in the log" not grep -q "SU[A-Z2-7]\{50\}" "$LAB_DIR/log"
configure_other
done_testing
