# SPDX-License-Identifier: GPL-3.0-or-later
# bus.sh: two nodes at the two ends of a wire, and nats-server beside the second one. Sourced by bus*.t.
# shellcheck shell=bash source-path=SCRIPTDIR

. "$(dirname "${BASH_SOURCE[0]}")/keeper.sh"
BUS="{ servers: [\"nats://10.9.0.2:4222\"], beat: 1s }"
declare -A SERVERS=() # that nats_run started, by the names of their files

bus_configure() { # [KEY=TEXT...]
	configure pops="[{ name: fra }, { name: nyc }]" bus="$BUS" \
		policies="[{ name: first, default: [nyc, fra] }]" \
		steer="[{ name: www.example.com, policy: first }]" "$@"
}

# The other node's file is ours, but for itself.
configure_other() { # [name=NAME] [id=ID] [key=FILE]
	local name=nyc-1 id=2 key=fleet.key pair
	for pair; do
		local "${pair%%=*}=${pair#*=}"
	done
	sed -e "s/^node: .*/node: $name/" -e "s/name: nyc-1, id: 2/name: $name, id: $id/" \
		-e "s/name: fra-1, id: 1,/name: fra-1, id: $((id == 1 ? 9 : 1)),/" \
		-e "s/file: fleet.key/file: $key/" \
		-e "s/address: 198.51.100.3/address: $VIP4/;s/, { address: $VIP4 }]/]/" \
		"$LAB_DIR/anydoor.yaml" >"$LAB_DIR/other.yaml"
}

bus_up() {
	keeper_up
	zone_write 1 $'www.fra A 192.0.2.10\nwww.nyc A 192.0.2.20'
	at client ip link set lo up
	at client ip addr add $VIP4/32 dev lo
	at client ip addr add $VIP6/128 dev lo nodad
	bus_configure bus="{ servers: [\"nats://10.9.0.2:4999\"] }"
	cp "$LAB_DIR/anydoor.yaml" "$LAB_DIR/wrong.yaml"
	bus_configure
	configure_other
}

bus_down() {
	local server
	set +e
	for server in "${!SERVERS[@]}"; do
		nats_kill "$server"
	done
	[[ -z ${NATS:-} ]] || { kill -CONT "$NATS"; kill -KILL "$NATS"; wait "$NATS"; } 2>/dev/null
	[[ -z ${OTHER:-} ]] || { kill -KILL "$OTHER" && wait "$OTHER"; } 2>/dev/null
	configure_other
	other detach --force 2>/dev/null
	keeper_down
}

# --- servers ---------------------------------------------------------------------------------------
nats_start() {
	(exec nsenter --net="/run/netns/$LAB_NAME-client" nats-server -a 10.9.0.2 -p 4222 -js \
		-sd "$LAB_DIR/nats") >>"$LAB_DIR/nats.log" 2>&1 &
	NATS=$!
	await 5 nats_listens
}

nats_run() { # PLACE NAME
	(exec nsenter --net="/run/netns/$LAB_NAME-$1" nats-server -c "$LAB_DIR/$2.conf") >>"$LAB_DIR/$2.log" 2>&1 &
	SERVERS[$2]=$!
}

nats_kill() { # NAME
	kill -KILL "${SERVERS[$1]}"
	wait "${SERVERS[$1]}" 2>/dev/null
	unset "SERVERS[$1]"
}

nats_listens() {
	at client ss -Hltn "sport = 4222" | grep -q LISTEN
}

nats_stop() {
	kill -TERM "$NATS"
	wait "$NATS" 2>/dev/null
	NATS=
}

# Without a key, as anybody can who reaches the server.
rubbish() { # KEY...
	at client /usr/bin/python3 -B - "$@" <<-'END'
		import os, socket, sys
		s = socket.create_connection(("10.9.0.2", 4222))
		s.recv(4096)
		s.sendall(b'CONNECT {"verbose":false}\r\n')
		for key in sys.argv[1:]:
		    for body in b"", b"{}", b"ADb1" + bytes(66) + b"{}", os.urandom(60000):
		        s.sendall(b"PUB $KV.anydoor.%s %d\r\n%s\r\n" % (key.encode(), len(body), body))
		s.sendall(b"PING\r\n")
		while b"PONG" not in s.recv(4096):
		    pass
	END
}

partition() { # input|output
	at pop nft "add table inet cut; add chain inet cut c { type filter hook $1 priority 0; };
		add rule inet cut c tcp sport 4222 drop; add rule inet cut c tcp dport 4222 drop"
}

heal() {
	at pop nft delete table inet cut
}

# --- TLS -----------------------------------------------------------------------------------------
signed() { # NAME [EXTENSION]
	local dir=$LAB_DIR
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
		-keyout "$dir/$1.key" -out "$dir/$1.csr" 2>/dev/null
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "${2:-basicConstraints=CA:FALSE}") -out "$dir/$1.pem" 2>/dev/null
}

# An authority, and by it a server at 10.9.0.2, and a node.
certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
		-keyout "$LAB_DIR/ca.key" -out "$LAB_DIR/ca.pem" 2>/dev/null
	signed server "subjectAltName=IP:10.9.0.2"
	signed node
}

# --- the other node --------------------------------------------------------------------------------
other() {
	at client "$ANYDOOR" --config "$LAB_DIR/other.yaml" --name two "$@"
}

other_start() {
	(exec nsenter --net="/run/netns/$LAB_NAME-client" \
		"$ANYDOOR" --config "$LAB_DIR/other.yaml" --name two run) >>"$LAB_DIR/other.log" 2>&1 &
	OTHER=$!
	await 10 test -S "$LAB_DIR/run/two/control"
}

other_kill() { # SIGNAL
	kill "-$1" "$OTHER"
	wait "$OTHER" 2>/dev/null
	OTHER=
	rm -f "$LAB_DIR/run/two/control"
}

other_logged() { # TEXT
	grep -qF -- "$1" "$LAB_DIR/other.log"
}

# --- what is known ---------------------------------------------------------------------------------
bus() { # JQ
	anydoor bus --json | jq -r "$1"
}

is_state() { # WHO STATE
	same "$("$1" bus --json | jq -r .state)" "$2"
}

both_fresh() {
	is_state anydoor fresh && is_state other fresh
}

hears() { # WHO NAME
	[[ $("$1" bus --json | jq -r '.nodes[].node') == "$2" ]]
}

hears_id() { # WHO ID
	"$1" bus --json | jq -e --argjson id "$2" 'any(.nodes[]; .id == $id)' >/dev/null
}

gone() { # NAME
	same "$(bus ".nodes[] | select(.node == \"$1\").gone")" true
}

told() { # WHO POP
	"$1" pops --json | jq -r --arg pop "$2" '.steered[] | select(.pop == $pop).told'
}

told_at() { # WHO POP STATE
	same "$(told "$1" "$2")" "$3"
}

state_of() { # WHO INDEX
	"$1" pops --json | jq -r ".nodes[$2].state"
}

stands() { # WHO INDEX STATE
	same "$(state_of "$1" "$2")" "$3"
}

is_drained() { # WHO POP true|false
	same "$("$1" pops --json | jq --arg pop "$2" '.steered[] | select(.pop == $pop) | .drained and .out')" "$3"
}

# await, but in milliseconds, and each try is a command that takes a few of them.
await_ms() { # MS CMD...
	local end=$(($(date +%s%N) / 1000000 + $1))
	shift
	until "$@" 2>/dev/null; do
		(($(date +%s%N) / 1000000 < end)) || { "$@"; return; }
		sleep 0.02
	done
}

www_other() {
	at client timeout 5 dig +short +norec +tries=1 +time=2 www.example.com A @$VIP4
}

last_word_is() { # POP STATE
	same "$(anydoor history --json | jq -r --arg of "$1" 'map(select(.signed and .of == $of)) | last.what')" "$2"
}

history_has() { # REGEX
	anydoor history | grep -qE "$1"
}

refuses_some() {
	(($(bus .refused) > 0))
}

refuses_more_than() { # NUMBER
	(($(bus .refused) > $1))
}

bus_process() {
	pgrep -P "$(pgrep -P "$DAEMON" -x anydoor-bus)" -x anydoor-bus
}

bus_process_rights() {
	awk '/^Cap(Prm|Eff|Inh|Amb)|^NoNewPrivs/ { print $2 }' "/proc/$(bus_process)/status" | uniq | xargs
}
