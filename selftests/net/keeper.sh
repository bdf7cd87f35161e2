# SPDX-License-Identifier: GPL-3.0-or-later
# keeper.sh: one POP and one client in namespaces of their own, for tests of loading, changing and
# taking off the data path. Sourced by keeper*.t.
# shellcheck shell=bash source-path=SCRIPTDIR

KEEPER_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$KEEPER_HOME/../lab/base.sh"
. "$KEEPER_HOME/tap.sh"
# Where `at` finds its namespaces, `await` its scratch file.
LAB_NAME=keeper-$$
LAB_DIR=$(mktemp -d)
ANYDOOR=$(realpath "${BUILD:-$KEEPER_HOME/../../build}/anydoor")
PINS=/sys/fs/bpf/$LAB_NAME
VIP4=198.51.100.1 VIP6=2001:db8::1
NEW_VIP=198.51.100.2   # no VIP at first
ASIDE_VIP=198.51.100.3 # reached by wan1
PORT=9000

keeper_up() {
	((EUID == 0)) || skip_all "network namespaces need root"
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	trap keeper_down EXIT
	trap 'exit 1' INT TERM HUP
	chmod 755 "$LAB_DIR" # others than root read the configuration
	link_up
	"$ANYDOOR" keygen "$LAB_DIR/fleet.key" >/dev/null || die "keygen failed"
	zone_write 1
	configure
	(exec nsenter --net="/run/netns/$LAB_NAME-pop" \
		"$KEEPER_HOME/keeper_talk.py" serve $PORT) 2>"$LAB_DIR/server" &
	SERVER=$!
	await 5 listening
}

listening() {
	at pop ss -Hltn "sport = $PORT" | grep -q LISTEN
}

link_up() {
	ip netns add "$LAB_NAME-pop"
	ip netns add "$LAB_NAME-client"
	at pop ip link set lo up
	at pop ip addr add $VIP4/32 dev lo
	at pop ip addr add $NEW_VIP/32 dev lo
	at pop ip addr add $ASIDE_VIP/32 dev lo
	at pop ip addr add $VIP6/128 dev lo nodad
	wire wan0 10.9.0 fd09:0
	wire wan1 10.9.1 fd09:1
	at client ip route add $VIP4 via 10.9.0.1
	at client ip route add $NEW_VIP via 10.9.0.1
	at client ip route add $ASIDE_VIP via 10.9.1.1
	at client ip route add $VIP6 via fd09:0::1
}

# wire INTERFACE NET4 NET6: a veth of that name at both ends, the POP is .1
wire() {
	at pop ip link add "$1" type veth peer name "$1" netns "$LAB_NAME-client"
	at pop ip addr add "$2.1/24" dev "$1"
	at client ip addr add "$2.2/24" dev "$1"
	at pop ip addr add "$3::1/64" dev "$1" nodad
	at client ip addr add "$3::2/64" dev "$1" nodad
	at pop ip link set "$1" up
	at client ip link set "$1" up
}

keeper_down() {
	local name
	set +e
	trap '' INT TERM HUP
	for name in "${!HOLD_PID[@]}"; do
		kill "${HOLD_PID[$name]}" 2>/dev/null
	done
	[[ -z ${SERVER:-} ]] || kill "$SERVER" 2>/dev/null
	[[ -z ${DAEMON:-} ]] || { kill -KILL "$DAEMON" && wait "$DAEMON"; } 2>/dev/null # it holds locks until it is gone
	configure
	anydoor detach --force 2>/dev/null
	umount "$LAB_DIR/elsewhere" 2>/dev/null
	ip netns del "$LAB_NAME-pop"
	ip netns del "$LAB_NAME-client"
	rmdir "$PINS"
	rm -rf "$LAB_DIR"
}

# configure [KEY=TEXT...]: the good file, with other text for some keys, and none for others ("KEY=").
configure() {
	local -A key=(
		[node]="fra-1"
		[interfaces]="[wan0]"
		[vips]="[{ address: $VIP4 }, { address: \"$VIP6\" }, { address: $ASIDE_VIP }]"
		[pops]="[{ name: fra }, { name: nyc }]"
		[id]=1 [self]=up [nyc]=up
		[stamp]="{ clock: any, tcp_timestamps: set }"
		[keys]="{ file: fleet.key, epoch: 1 }"
		[flows]="{ max: 4K }"
		[dns]="{ zones: [{ name: example.com, file: example.zone }] }"
		[metrics]="{ listen: off }"
		[drain]="{ slow_start: 0 }"
		[state]="{ bpffs: $PINS, run: $LAB_DIR/run }"
	)
	local pair
	for pair; do
		key[${pair%%=*}]=${pair#*=}
	done
	{
		echo "nodes:"
		echo "  - { name: fra-1, id: ${key[id]}, pop: fra, tunnel: 10.9.0.1, state: ${key[self]} }"
		echo "  - { name: nyc-1, id: 2, pop: nyc, tunnel: 10.9.0.2, state: ${key[nyc]} }"
		unset "key[id]" "key[self]" "key[nyc]"
		for pair in "${!key[@]}"; do
			[[ -z ${key[$pair]} ]] || echo "$pair: ${key[$pair]}"
		done
	} >"$LAB_DIR/anydoor.yaml"
}

# Without XDP there veth takes nothing that XDP sends back; and a wire has whole checksums.
client_hears_xdp() {
	at client ip link set wan0 xdpdrv obj "${BUILD:-build}/selftests/dns/pass.bpf.o" sec xdp.frags
	at client ethtool -K wan0 tx off >/dev/null
}

zone_write() { # SERIAL [LINES]
	printf '%s\n' '$ORIGIN example.com.' '$TTL 60' "@ SOA ns1 host $1 3600 600 86400 60" \
		'@ NS ns1' "ns1 A $VIP4" "${2:-}" >"$LAB_DIR/example.zone"
}

# Connections one after the other: a byte there and a byte back.
connect() { # ADDRESS NR
	at client timeout 60 /usr/bin/python3 -B -c '
import socket, sys
for _ in range(int(sys.argv[3])):
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as s:
        s.sendall(b"x")
        s.recv(1)
' "$1" $PORT "$2"
}

anydoor() {
	at pop "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "$@"
}

# What anydoor says on both channels, and how it exits.
try() {
	said=$("$@" 2>&1) && code=0 || code=$?
}

# refused NAME CODE TEXT CMD...: exits so, and says that.
refused() {
	local name=$1 wanted=$2 text=$3
	shift 3
	try "$@"
	is "$name: exit code" "$code" "$wanted"
	ok "$name: says why" grep -qF -- "$text" <<<"$said" || diag "$said"
	[[ $said == *"$text"* ]] || diag "$said"
}

# --- the daemon ------------------------------------------------------------------------------------
DAEMON_AS=() # what starts it with other rights

# exec, so that the job is the daemon itself and not a shell in front of it.
daemon_start() {
	(exec nsenter --net="/run/netns/$LAB_NAME-pop" \
		"${DAEMON_AS[@]}" "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run) >>"$LAB_DIR/log" 2>&1 &
	DAEMON=$!
	await 30 test -S "$LAB_DIR/run/one/control"
}

daemon_kill() { # SIGNAL
	kill "-$1" "$DAEMON"
	wait "$DAEMON" 2>/dev/null || true
	DAEMON=
	rm -f "$LAB_DIR/run/one/control"
}

logged() { # TEXT
	grep -qF -- "$1" "$LAB_DIR/log"
}

# --- what is where ---------------------------------------------------------------------------------
xdp_program() { # INTERFACE
	at pop ip -j link show "$1" | jq '.[0].xdp.prog.id // 0'
}

our_filters() { # INTERFACE
	at pop tc filter show dev "$1" egress | grep -c anydoor_out
}

timestamps() {
	at pop sysctl -n net.ipv4.tcp_timestamps
}

# Nothing of us is left, and all is as it was.
clean() {
	same "xdp $(xdp_program wan0) filters $(our_filters wan0)" "xdp 0 filters 0" || return 1
	same "$(timestamps) $(at pop sysctl -n net.ipv4.conf.lo.forwarding)" "1 0" || return 1
	[[ -z $(ls -A "$PINS" 2>/dev/null) ]] || ls "$PINS"/*
}

# Programs are on INTERFACE.
attached() {
	(($(xdp_program "$1") > 0 && $(our_filters "$1") == 1))
}

counter() { # REASON
	anydoor stats --json | jq --arg reason "$1" \
		'[.reasons[] | select(.reason == $reason) | .packets] | add // error("no such reason")'
}

owned_flows() {
	anydoor flows --json | jq '[.[] | select(.kind == "ours")] | length'
}

status() { # JQ
	anydoor status --json | jq -c "$1"
}

# --- connections -----------------------------------------------------------------------------------
declare -A HOLD_PID HOLD_IN HOLD_OUT

# hold NAME ADDRESS...: one connection to each; the first is never silent, the others wait. HELD is
# "holding" if that worked.
hold() {
	local name=$1 in out line
	shift
	mkfifo "$LAB_DIR/$name.in" "$LAB_DIR/$name.out"
	(exec nsenter --net="/run/netns/$LAB_NAME-client" \
		"$KEEPER_HOME/keeper_talk.py" hold $PORT "$@") \
		<"$LAB_DIR/$name.in" >"$LAB_DIR/$name.out" &
	HOLD_PID[$name]=$!
	exec {in}>"$LAB_DIR/$name.in" {out}<"$LAB_DIR/$name.out"
	HOLD_IN[$name]=$in HOLD_OUT[$name]=$out
	read -r -t 20 line <&"$out" || true
	# shellcheck disable=SC2034 # the test reads it
	HELD=$line
}

# A connection that the POP closed first, and so remembers for a minute.
leave_time_wait() {
	at client "$KEEPER_HOME/keeper_talk.py" leave $PORT $VIP4
	await 5 has_socket time-wait
}

# A SYN whose SYN-ACK goes nowhere: half open at the POP for a minute.
leave_half_open() {
	at pop ip neigh replace 10.9.0.77 lladdr 02:00:00:00:00:77 dev wan0 nud permanent
	at client ip addr add 10.9.0.77/32 dev wan0
	at client timeout 2 "$KEEPER_HOME/keeper_talk.py" leave $PORT $VIP4 10.9.0.77 2>/dev/null
	await 5 has_socket syn-recv
}

has_socket() { # STATE
	at pop ss -Hn state "$1" "sport = $PORT" | grep -q .
}

# alive NAME: how many of them answer, each asked anew; PAUSE is how long the busy one waited.
alive() {
	local nr PAUSE_MS=
	echo >&"${HOLD_IN[$1]}"
	read -r -t 60 nr PAUSE_MS <&"${HOLD_OUT[$1]}" || nr=silence
	echo "${PAUSE_MS:-}" >"$LAB_DIR/pause"
	echo "$nr"
}

release() { # NAME
	kill "${HOLD_PID[$1]}"
	wait "${HOLD_PID[$1]}" 2>/dev/null
	unset "HOLD_PID[$1]"
}
