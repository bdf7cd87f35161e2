#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_cluster.t: a cluster of three servers, with TLS on both sides, and a user by certificate who may do no more
# than the documents say that a node needs. Servers are killed while operators speak;
# what they said is known everywhere in the end, and while two of three are gone the bus is stale.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"
BUS="{ servers: [\"tls://10.9.0.2:4221\", \"tls://10.9.0.2:4222\", \"tls://10.9.0.2:4223\"], beat: 1s,
       tls: { ca_file: ca.pem, cert_file: node.pem, key_file: node.key } }"

server_start() { # NUMBER
	cat >"$LAB_DIR/nats$1.conf" <<-END
		server_name: bus$1
		listen: 10.9.0.2:422$1
		jetstream { store_dir: $LAB_DIR/nats$1 }
		tls { cert_file: $LAB_DIR/server.pem, key_file: $LAB_DIR/server.key, ca_file: $LAB_DIR/ca.pem, verify_and_map: true }
		authorization { users: [{ user: "CN=node", permissions: {
			publish: ["\$KV.anydoor.>", "\$JS.API.>", "\$JS.ACK.>", "\$JS.FC.>"], subscribe: ["_INBOX.>"] } }] }
		cluster {
			name: anydoor
			listen: 10.9.0.2:622$1
			routes: [nats://10.9.0.2:6221, nats://10.9.0.2:6222, nats://10.9.0.2:6223]
		}
	END
	nats_run client "nats$1"
}

server_kill() { # NUMBER
	nats_kill "nats$1"
}

# The server that our process on the bus has a connection to.
our_server() {
	local port
	port=$(at pop ss -Htn state established '( dport >= 4221 and dport <= 4223 )' | awk 'NR == 1 { print $4 }')
	echo "${port: -1}"
}

made() {
	anydoor bus init --replicas 3 >/dev/null
}

bus_up
trap bus_down EXIT
certificates
bus_configure
configure_other
for number in 1 2 3; do
	server_start $number
done
ok "the bucket is made on three servers" await 30 made
daemon_start
other_start
ok "both are on the bus" await 20 both_fresh

# Who shows no certificate is no client.
bus_configure bus="{ servers: [\"tls://10.9.0.2:4221\"], tls: { ca_file: ca.pem } }"
cp "$LAB_DIR/anydoor.yaml" "$LAB_DIR/bare.yaml"
bus_configure bus="{ servers: [\"tls://10.9.0.2:4221\"], tls: { ca_file: node.pem } }"
cp "$LAB_DIR/anydoor.yaml" "$LAB_DIR/distrust.yaml"
bus_configure
refused "without a certificate" 1 "connecting" anydoor --config "$LAB_DIR/bare.yaml" bus init
refused "an authority that we do not trust" 1 "connecting" anydoor --config "$LAB_DIR/distrust.yaml" bus init

# One server after the other is killed, ours first, while operators go on.
for round in 1 2 3; do
	victim=$(our_server)
	server_kill "$victim"
	for state in down up drain up "shed 30%" auto "shed $((10 * round))%"; do
		# shellcheck disable=SC2086 # two words
		anydoor pop nyc $state >/dev/null
		sleep 0.2
	done
	ok "round $round: both are on the bus again" await 30 both_fresh
	ok "round $round: what was said last is known" await 10 told_at other nyc shed
	is "round $round: exactly" "$(other pops --json | jq '.steered[] | select(.pop == "nyc").shed_percent')" $((10 * round))
	server_start "$victim"
	sleep 3
done

# Two of three are gone: nobody can write.
servers=("${!SERVERS[@]}")
numbers=("${servers[@]#nats}")
server_kill "${numbers[0]}"
server_kill "${numbers[1]}"
ok "without a majority it is stale" await 20 is_state anydoor stale
is "what is said counts here" "$(anydoor pop nyc down)" "nyc: down"
server_start "${numbers[0]}"
server_start "${numbers[1]}"
ok "with one it is fresh" await 40 both_fresh
ok "and what was said is known" await 10 told_at other nyc down
done_testing
