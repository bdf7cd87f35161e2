#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# flows.t: what is told of connections by the kernel: a list with all that sockets know; counts and histograms of those
# that began and ended; the flow log, which logrotate turns in any of its ways; and what is told where none of it works.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

LOG=$LAB_DIR/flows.log
metrics="{ listen: \"127.0.0.1:9912\" }"
geo=(regions="[{ name: europe, networks: [10.9.0.0/24] }]" steer="[{ name: www.example.com, policy: near }]"
	policies="[{ name: near, rules: { europe: [fra, nyc] }, default: [nyc, fra] }]")

log_in() { # LOG=TEXT...
	configure metrics="$metrics" "${geo[@]}" "$@"
}

flow() { # JQ, of the flows that are ours
	anydoor flows --json | jq -c "[.[] | select(.kind == \"ours\")] | $1"
}

# Sum over all regions and landing nodes.
counted() { # FIELD [VIP]
	anydoor stats --json | jq --arg vip "${2:-$VIP4}" "[.connections[] | select(.vip == \$vip) | .$1] | add // 0"
}

is_counted() { # FIELD NR [VIP]
	same "$(counted "$1" "${3:-$VIP4}")" "$2"
}

metric() { # NAME [LABELS]
	at pop curl -s http://127.0.0.1:9912/metrics | grep -E "^anydoor_$1(\{${2:-}.*)? " | awk '{ sum += $NF } END { print sum + 0 }'
}

lines() {
	[[ ! -f $1 ]] || grep -c . "$1"
}

has_lines() { # FILE NR
	same "$(lines "$1")" "$2"
}

is_told() {
	same "$(status .connections.counted)" true
}

is_healed() {
	same "$(status .connections.log_error)" null
}

at_most_some() {
	(($(metric flowlog_dropped_total) > 100 && $(lines "$LOG") < 30))
}

says() { # PATTERN COMMAND...
	grep -qE "$1" <<<"$(anydoor "${@:2}")"
}

# A client that resets, in the place of a FIN.
reset() { # ADDRESS
	at client timeout 20 /usr/bin/python3 -B -c '
import socket, struct, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.sendall(b"x")
s.recv(1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()' "$1" $PORT
}

# What comes to a Unix socket, a datagram each, to a file.
listen_at() { # SOCKET FILE
	(exec /usr/bin/python3 -B -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
out = open(sys.argv[2], "wb", 0)
while True:
    out.write(s.recv(65536))' "$1" "$2") &
	LISTENER=$!
}

end() {
	[[ -z ${LISTENER:-} ]] || kill "$LISTENER" 2>/dev/null
	keeper_down
}

keeper_up
zone_write 1 $'www.fra A 192.0.2.10\nwww.nyc A 192.0.2.20'
trap end EXIT
hold early $VIP4
log_in flowlog="{ file: $LOG }"
daemon_start
ok "the kernel tells of connections" await 10 is_told

# --- a list ----------------------------------------------------------------------------------------
hold late $VIP4 $VIP6
is "every connection, once" "$(flow length)" 3
is "stamped or not" "$(flow 'map(.stamped) | sort')" "[false,true,true]"
is "its age, if it was seen to begin" "$(flow 'map(.age_s != null) | sort')" "[false,true,true]"
is "all that sockets know" "$(flow 'map([.rtt_us > 0, .cwnd > 0, .delivery_rate != null]) | unique')" "[[true,true,true]]"
is "bytes and segments of the busy one" "$(flow 'any(.rx_bytes > 30000 and .tx_bytes > 30000 and .rx_packets > 5)')" true
is "no estimates among them" "$(flow 'any(.estimate)')" false
is "status counts them" "$(status .flows.ours)" 3
is "and metrics" "$(metric connections)" 3
is "sorted by round-trip time" "$(anydoor flows --sort rtt --json | jq 'map(.rtt_us) | . == (sort | reverse)')" true
is "by age, the unknown one last" "$(anydoor flows --sort age --json | jq '.[-1].age_s')" null
is "filtered" "$(anydoor flows --vip $VIP6 --port $PORT --client fd00::/8 --json | jq length)" 1
release early
release late

# --- counted ---------------------------------------------------------------------------------------
ok "they have ended" await 10 is_counted ended 1
before=$(counted opened)
connect $VIP4 20
connect $VIP6 5
reset $VIP4
ok "accepted connections are counted" await 10 is_counted opened $((before + 21))
ok "by VIP" await 10 is_counted opened 6 $VIP6
ok "and those that have ended" await 10 is_counted ended $((before + 21))
is "one was reset" "$(counted failed)" 1
is "bytes" "$(counted rx_bytes | awk '{ print ($1 > 32000) }')" 1
is "by region" "$(anydoor stats --json | jq -c --arg vip $VIP4 '[.connections[] | select(.vip == $vip).region] | unique')" '["europe"]'
is "histogram of the handshake" "$(counted 'handshake_s | map(.connections) | add')" "$(counted opened)"
is "of what they lived" "$(counted 'duration_s | map(.connections) | add')" "$(counted ended)"
is "metrics: counts" "$(metric connections_opened_total "vip=\"$VIP4\",port=\"$PORT\",region=\"europe\"")" "$(counted opened)"
is "metrics: a histogram ends at all" "$(metric connection_duration_seconds_bucket ".*vip=\"$VIP4\".*le=\"\\+Inf\"")" "$(counted ended)"
is "no news were lost" "$(metric connections_news_lost_total)" 0
before=$(counted ended)
daemon_kill KILL
daemon_start
is "the next daemon goes on counting" "$(counted ended)" "$before"
connect $VIP4 1
ok "from there" await 10 is_counted ended $((before + 1))

# --- the log ---------------------------------------------------------------------------------------
is "whole lines of JSON" "$(jq -s 'length > 25' "$LOG")" true
is "with what is known" "$(jq -sc 'map(select(.outcome == "failed"))[0] | [.vip, .vip_port, .node, .pop, .region, .landing, .rx_bytes]' "$LOG")" \
	"[\"$VIP4\",$PORT,\"fra-1\",\"fra\",\"europe\",null,1]"
is "times and measures" "$(jq -s 'all(.time | test("^2[0-9-]*T[0-9:.]*Z$")) and all(.duration_s >= 0) and all(.handshake_us > 0)' "$LOG")" true
mv "$LOG" "$LOG.1"
ok "moved away: made anew" await 10 test -f "$LOG"
connect $VIP4 3
ok "and written on" await 10 has_lines "$LOG" 3
cp "$LOG" "$LOG.2" && : >"$LOG"
connect $VIP4 2
ok "copied and truncated: no hole in it" await 10 has_lines "$LOG" 2
is "and whole" "$(jq -s length "$LOG")" 2
mv "$LOG" "$LOG.3"
kill -USR1 "$DAEMON"
ok "SIGUSR1: opened anew" await 2 test -f "$LOG"
log_in flowlog="{ file: $LOG, one_in: 5 }"
anydoor reload >/dev/null
connect $VIP4 20
ok "one in five" await 10 has_lines "$LOG" 4
log_in flowlog="{ file: $LOG, rate: 1 }"
anydoor reload >/dev/null
connect $VIP4 200
ok "not more than the rate" await 10 at_most_some

listen_at "$LAB_DIR/flows.sock" "$LAB_DIR/heard"
await 5 test -S "$LAB_DIR/flows.sock"
log_in flowlog="{ socket: $LAB_DIR/flows.sock }"
anydoor reload >/dev/null
connect $VIP4 4
ok "to a socket, a datagram each" await 10 has_lines "$LAB_DIR/heard" 4
kill $LISTENER
wait $LISTENER 2>/dev/null
rm "$LAB_DIR/flows.sock"
connect $VIP4 2
ok "nobody hears: status says so" await 10 says "warning: the flow log: .*flows.sock: cannot be" status
listen_at "$LAB_DIR/flows.sock" "$LAB_DIR/heard"
await 5 test -S "$LAB_DIR/flows.sock"
ok "heard again: all is well" await 10 is_healed
log_in flowlog="{ file: $LOG, socket: $LAB_DIR/flows.sock }"
refused "both at once" 2 "flowlog.socket: there is \`flowlog.file\`, too: leave one of the two out" anydoor check
log_in flowlog="{ rate: 7 }"
refused "neither" 2 "flowlog.file: is missing: name a file or a socket, or leave \`flowlog\` out" anydoor check
log_in flowlog="{ file: $LOG }"
daemon_kill TERM

# --- where it does not work --------------------------------------------------------------------------
no_cgroup() {
	(exec nsenter --net="/run/netns/$LAB_NAME-pop" unshare --mount --propagation slave \
		sh -c 'umount -a -t cgroup2; exec "$@"' sh "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run) \
		>>"$LAB_DIR/log" 2>&1 &
	DAEMON=$!
	await 10 test -S "$LAB_DIR/run/one/control"
}
no_cgroup
ok "no cgroup v2: told by status" await 10 says "connections are not counted: cgroup v2 is not mounted" status
ok "and why the log stays empty" says "warning: nothing goes into the flow log: .* cgroup v2" status
ok "by the log" logged "connections are not counted here: cgroup v2 is not mounted"
ok "by doctor" says "connections .*cgroup v2 is not mounted" doctor --alone
is "by a metric" "$(metric connections_counted)" 0
hold blind $VIP4 $VIP6
is "all else works" "$(alive blind)" 2
is "flows are listed" "$(flow 'map(.rtt_us > 0)')" "[true,true]"
daemon_kill TERM
log_in
no_cgroup
is "nobody wants a log: nothing is amiss" "$(status '[.warnings[] | select(test("connection|flow log"))] | length')" 0
daemon_kill TERM
daemon_start
ok "with cgroup v2 again" await 10 is_told
release blind

# Of servers in another network namespace the kernel tells the daemon nothing.
ip netns add "$LAB_NAME-else"
at else ip link set lo up
at else ip address add $VIP4/32 dev lo
before=$(counted opened)
at else timeout 20 /usr/bin/python3 -B -c '
import socket, sys
server = socket.create_server((sys.argv[1], 80))
client = socket.create_connection((sys.argv[1], 80))
server.accept()[0].close()
client.recv(1)' $VIP4
sleep 2
is "connections of another network namespace are others'" "$(counted opened)" "$before"
ip netns del "$LAB_NAME-else"
done_testing
