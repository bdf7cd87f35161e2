#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# metrics.t: what the reading commands and the HTTP listener say of a loaded instance with a live
# flow: to root, to a member of the group, to anybody else; with and without a daemon.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/tap.sh"
anydoor=$(realpath "${BUILD:-$here/../../build}/anydoor")
host=metrics-t-$$
far=metrics-far-$$
pins=/sys/fs/bpf/metrics-t-$$
dir=$(mktemp -d)
export LAB_DIR=$dir # where await leaves what was said
base=http://127.0.0.1:9911
gid=64999 # a group of nobody's: the pins are given to it by hand
token=a-token-of-sixteen-letters
bearer=(-H "Authorization: Bearer $token")
daemon=''

export ANYDOOR_CONFIG=$dir/anydoor.yaml ANYDOOR_NAME=t
export PATH=$PATH:/usr/sbin:/sbin

clean_up() {
	local children
	mapfile -t children < <(jobs -p)
	((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null
	in_host "$anydoor" detach --force 2>/dev/null
	wait
	ip netns del "$host" 2>/dev/null
	ip netns del "$far" 2>/dev/null
	[[ ! -d $pins ]] || rmdir "$pins"
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# A background job is started without these functions: its pid must be the program's own.
in_host() {
	nsenter --net="/run/netns/$host" "$@"
}

in_far() {
	nsenter --net="/run/netns/$far" "$@"
}

# Somebody who is not root, in the instance's network namespace.
as_user() { # GROUPS CMD...
	local groups=$1
	shift
	in_host setpriv --reuid=65534 --regid=65534 "$groups" --inh-caps=-all "$@"
}

as_member() {
	as_user "--groups=$gid" "$@"
}

as_stranger() {
	as_user --clear-groups "$@"
}

raise_hosts() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	chmod 755 "$dir"
	ip netns add "$host"
	ip netns add "$far"
	ip link add uplink netns "$host" type veth peer name eth0 netns "$far"
	in_host ip link set lo up
	in_host ip link set uplink up
	in_far ip link set eth0 up
	in_host ip address add 198.51.100.1/24 dev uplink
	in_host ip address add 192.0.2.53/32 dev lo
	in_host ip route add default via 198.51.100.254
	in_far ip address add 198.51.100.254/24 dev eth0
	in_far ip route add 192.0.2.53/32 via 198.51.100.1
}

configure() {
	install -m 600 <(printf '%064d\n' 7) "$dir/fleet.key"
	install -m 600 <(echo "$token") "$dir/token"
	cat >"$dir/anydoor.yaml" <<-END
		node: fra-1
		interfaces: [uplink]
		vips: [{ address: 192.0.2.53 }]
		pops: [{ name: fra }, { name: nyc }]
		nodes:
		  - { name: fra-1, id: 1, pop: fra, tunnel: 198.51.100.1 }
		  - { name: nyc-1, id: 2, pop: nyc, tunnel: 198.51.100.254 }
		stamp: { clock: any, tcp_timestamps: set }
		keys: { file: fleet.key }
		flows: { max: 1K }
		metrics: { token: token }
		xdp: { dispatcher: "off" }
		state: { bpffs: $pins, run: $dir/run }
	END
}

start_daemon() {
	nsenter --net="/run/netns/$host" "$anydoor" run >>"$dir/log" 2>&1 &
	daemon=$!
	await 20 in_host "$anydoor" status || diag "$(cat "$dir/log")"
	chgrp -R $gid "$pins"
}

# A download without end, taken slowly.
start_flow() {
	nsenter --net="/run/netns/$host" /usr/bin/python3 -c '
import socket
server = socket.create_server(("192.0.2.53", 8080))
while True:
	client, _ = server.accept()
	try:
		while client.send(bytes(65536)):
			pass
	except OSError:
		client.close()
' &
	await 10 is_served
	nsenter --net="/run/netns/$far" /usr/bin/python3 -c '
import socket, time
server = socket.create_connection(("192.0.2.53", 8080))
while server.recv(4096):
	time.sleep(0.1)
' &
	await 10 flow_is_known
}

is_served() {
	[[ $(in_host ss -Hltn sport = :8080) ]]
}

flow_is_known() {
	in_host "$anydoor" flows --port 8080 --json | jq -e 'any(.closing | not)'
}

page() {
	in_host curl -sf -H "Authorization: Bearer $token" "$base$1"
}

code_of() {
	in_host curl -s -o /dev/null -w '%{http_code} %{content_type}' "$@"
}

exit_code() {
	"$@" >"$dir/out" 2>"$dir/err"
	echo $?
}

# --- the checks ------------------------------------------------------------------------------------

check_commands() {
	local command
	is "status: all is well" "$(exit_code in_host "$anydoor")" 0
	ok "status: says what is attached" grep -q 'uplink: native XDP' "$dir/out"
	for command in status flows stats pops version; do
		ok "$command --json is JSON" json_of "$command"
	done
	is "the flow is ours" "$(in_host "$anydoor" flows --port 8080 --json |
		jq -r 'map(select(.closing | not))[0] | "\(.kind) \(.owner) \(.client) \(.vip)"')" \
		"ours fra-1 198.51.100.254 192.0.2.53"
	is "as JSON lines, too" "$(in_host "$anydoor" flows --json-lines | jq -rs 'length > 0')" true
	is "a filter that nothing passes" "$(in_host "$anydoor" flows --owner nyc --json | jq length)" 0
	is "a wrong filter" "$(exit_code in_host "$anydoor" flows --owner mars)" 2
	ok "rates" rates_of_stats
}

json_of() {
	in_host "$anydoor" "$1" --json | jq -e .
}

# A slow reader opens its window once in seconds: a second may pass without a packet.
rates_of_stats() {
	timeout 20 nsenter --net="/run/netns/$host" "$anydoor" stats --watch 1 --json |
		jq -ne 'first(inputs | .seconds > 1 and (.per_second | map(.packets) | add > 0) | select(.))'
}

check_pages() {
	local text='text/plain; version=0.0.4; charset=utf-8' open='application/openmetrics-text; version=1.0.0'
	is "/metrics" "$(code_of $base/metrics)" "200 $text"
	is "/metrics/flows" "$(code_of "${bearer[@]}" "$base/metrics/flows?top=5")" "200 $text"
	is "/flows" "$(code_of "${bearer[@]}" $base/flows)" "200 application/x-ndjson"
	is "/flows without the token" "$(code_of $base/flows)" "401 text/plain; charset=utf-8"
	is "with a name that anybody may point here" "$(code_of -H 'Host: evil.example' $base/metrics)" \
		"421 text/plain; charset=utf-8"
	is "/healthz" "$(code_of $base/healthz)" "200 text/plain; charset=utf-8"
	is "no such page" "$(code_of $base/nosuch)" "404 text/plain; charset=utf-8"
	is "no such method" "$(code_of -X DELETE $base/metrics)" "405 text/plain; charset=utf-8"
	is "OpenMetrics to who asks for it" "$(code_of -H "Accept: $open;q=0.6,text/plain;q=0.3" $base/metrics)" \
		"200 $open; charset=utf-8"
	is "gzip to who takes it" "$(in_host curl -s -D - -o "$dir/gz" -H 'Accept-Encoding: gzip' $base/metrics |
		tr -d '\r' | grep -i '^content-encoding')" "Content-Encoding: gzip"
	ok "with all of it" grep -q '^anydoor_loaded 1$' <(gzip -dc "$dir/gz")
	is "to nobody else" "$(in_host curl -s -D - -o /dev/null -H 'Accept-Encoding: gzip;q=0' $base/metrics |
		grep -ci '^content-encoding')" 0
	ok "what the daemon costs, though it is confined" process_is_metered
	ok "promtool finds nothing in /metrics" lint /metrics
	ok "nor in /metrics/flows" lint '/metrics/flows?top=5'
	ok "/flows is JSON lines with every field" check_stream
	ok "/metrics counts what stats counts" counters_agree
}

process_is_metered() {
	page /metrics | awk -v now="$(date +%s)" '
		/^process_/ { of[$1] = $2 }
		END { exit !(of["process_resident_memory_bytes"] > 1e6 && of["process_virtual_memory_bytes"] > 1e6 &&
			of["process_open_fds"] > 10 && of["process_max_fds"] > of["process_open_fds"] &&
			of["process_cpu_seconds_total"] > 0 && now - of["process_start_time_seconds"] < 600 &&
			now >= of["process_start_time_seconds"] - 1) }'
}

# promtool says what it does not like on stderr, and sometimes still exits 0.
lint() {
	local said
	said=$(page "$1" | promtool check metrics 2>&1) || said="${said:-exit code $?}"
	same "$said" ""
}

check_stream() {
	page /flows | /usr/bin/python3 -c '
import json, sys
fields = set("""kind client client_port vip vip_port owner_id owner owner_pop via_id via via_pop
	age_s idle_s rx_packets rx_bytes tx_packets tx_bytes estimate stamped closing forwarded
	rtt_us min_rtt_us retransmits cwnd delivery_rate""".split())
flows = [json.loads(line) for line in sys.stdin]
assert flows, "no flow at all"
for flow in flows:
	assert set(flow) == fields, set(flow) ^ fields
assert any(flow["owner_pop"] == "fra" and flow["tx_bytes"] > 0 for flow in flows), flows
for flow in flows: # fra has the sockets of its own flows alone
	assert (flow["rtt_us"] is None) == (flow["kind"] != "ours"), flow
'
}

# The flow goes on meanwhile: a counter read between two looks at another lies between them.
counters_agree() {
	local before now after
	before=$(counted out_stamped)
	now=$(page /metrics | sed -n 's/^anydoor_packets_total{reason="out_stamped",.*} //p')
	after=$(counted out_stamped)
	((before > 0 && before <= now && now <= after)) || {
		echo "$before, $now, $after"
		return 1
	}
}

counted() {
	in_host "$anydoor" stats --json |
		jq --arg reason "$1" '.reasons[] | select(.reason == $reason) | .packets'
}

check_users() {
	local command
	for command in status flows stats pops zones; do
		is "a member may run $command" "$(exit_code as_member "$anydoor" "$command")" 0
		[[ ! -s $dir/err ]] || diag "$(cat "$dir/err")"
	done
	ok "a member sees the flow" member_sees_flow
	is "a member may not drain" "$(exit_code as_member "$anydoor" drain)" 1
	is "a stranger may not even look" "$(exit_code as_stranger "$anydoor" status)" 1
	ok "and is told why" grep -q 'state.group' "$dir/err"
	is "keys are for root alone" "$(stat -c %a "$pins/t/keys")" 600
}

member_sees_flow() {
	as_member "$anydoor" flows --port 8080 --json | jq -e 'any(.owner == "fra-1")'
}

# Without the file there are no names and no place of the pins: they are where they always are.
check_unreadable_config() {
	mkdir -p /sys/fs/bpf/anydoor
	mv "$pins/t" "/sys/fs/bpf/anydoor/$host"
	chmod 600 "$dir/anydoor.yaml"
	is "a configuration that cannot be read costs only names" \
		"$(as_member "$anydoor" flows --name "$host" --json | jq -r '.[0].owner, .[0].owner_id')" \
		$'null\n1'
	chmod 644 "$dir/anydoor.yaml"
	mv "/sys/fs/bpf/anydoor/$host" "$pins/t"
	rmdir /sys/fs/bpf/anydoor 2>/dev/null
}

check_drain() {
	in_host "$anydoor" drain >/dev/null 2>&1
	is "a drain is seen" "$(in_host "$anydoor" status --json |
		jq -c '[.drain.draining, .drain.successors[0].node, .drain.flows_left]')" \
		'[true,"nyc-1",1]'
	ok "and metered" grep -q '^anydoor_draining 1$' <(page /metrics)
	ok "with what is left" grep -q '^anydoor_drain_flows_left 1$' <(page /metrics)
	ok "--wait speaks while nothing changes" grep -qE '^ +1[0-9]s  1 flow left' \
		<(in_host "$anydoor" drain --wait --window 12s 2>&1)
	in_host "$anydoor" undrain >/dev/null 2>&1
	is "and its end" "$(in_host "$anydoor" status --json | jq -c .drain.draining)" false
}

check_without_daemon() {
	kill -9 "$daemon"
	wait "$daemon" 2>/dev/null
	is "without a daemon: degraded" "$(exit_code in_host "$anydoor" status)" 4
	ok "and is told" grep -q 'no daemon' "$dir/out"
	is "flows are read all the same" "$(exit_code in_host "$anydoor" flows)" 0
	is "an instance that is not there" "$(exit_code in_host "$anydoor" --name nosuch)" 3
}

((EUID == 0)) || skip_all "network namespaces need root"
raise_hosts
configure
is "before it is loaded" "$(exit_code in_host "$anydoor" status)" 3
start_daemon
start_flow
check_commands
check_pages
check_users
check_drain
check_without_daemon
check_unreadable_config
done_testing
