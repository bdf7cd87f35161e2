#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# rtt.t: policies with `draw: rtt`: the kernel measures real connections by region; with what others tell in a
# file a region moves to the nearer POP, and holds; over restarts; and without the kernel's part all else works.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

FAR_MS=30 # each way
FILE=$LAB_DIR/others.json

# Clients of asia are behind a wire of FAR_MS, those of europe next door.
far_up() {
	local place
	ip netns add "$LAB_NAME-mid"
	for place in pop client; do
		at $place ip link add far0 type veth peer name $place netns "$LAB_NAME-mid"
		at $place ethtool -K far0 tx off >/dev/null
		at $place ip link set far0 up
		at mid ip link set $place up
	done
	at pop ip addr add 10.8.0.1/24 dev far0
	at client ip addr add 10.8.0.2/24 dev far0
	at client ip route replace $ASIDE_VIP via 10.8.0.1
	(exec nsenter --net="/run/netns/$LAB_NAME-mid" "$KEEPER_HOME/../lab/long_wire.py" $FAR_MS pop client) &
	WIRE=$!
}

far_down() {
	kill "$WIRE" 2>/dev/null
	ip netns del "$LAB_NAME-mid"
	keeper_down
}

steered() { # [DRAW]
	configure regions="[{ name: europe, networks: [10.9.0.0/24, 10.7.0.0/24] }, { name: asia, networks: [10.8.0.0/24] }]" \
		policies="[{ name: near, draw: ${1:-rtt}, rules: { europe: [fra, nyc], asia: [fra, nyc] }, default: [nyc, fra] }]" \
		rtt="{ samples: 20, hold: 2s, file: $FILE }" steer="[{ name: www.example.com, policy: near }]" \
		metrics="{ listen: \"127.0.0.1:9911\" }" catchment="{ window: 2s }"
}

others() { # MS of nyc to asia [SAMPLES [AT]]
	cat >"$FILE.new" <<-END
		{"rtt": [
		 {"policy": "near", "region": "europe", "pop": "nyc", "rtt_ms": 20, "samples": 1000, "at": $(date +%s)},
		 {"policy": "near", "region": "asia", "pop": "nyc", "rtt_ms": $1, "samples": ${2:-1000}, "at": ${3:-$(date +%s)}}
		]}
	END
	mv "$FILE.new" "$FILE"
}

sent_to() { # NETWORK
	at client dig +tries=1 +time=2 +norec +short "+subnet=$1" www.example.com "@$VIP4" |
		sed 's/192.0.2.10/fra/; s/192.0.2.20/nyc/'
}

goes_to() { # REGION POP
	local -A networks=([europe]=10.9.0.0/24 [asia]=10.8.0.0/24 [else]=203.0.113.0/24)
	same "$(sent_to "${networks[$1]}")" "$2"
}

says() { # PATTERN
	anydoor rtt | grep -q "$1"
}

suspects() { # NR, by a window that is over
	[[ $(anydoor geo suspects --json | jq -c '[.whole, .total]') == "[true,$1]" ]]
}

own() { # REGION JQ
	anydoor rtt --json | jq -r --arg region "$1" ".rtt[] | select(.region == \$region) | $2"
}

# LEAST MOST CMD...
between() {
	local least=$1 most=$2 value
	shift 2
	value=$("$@")
	echo "$value"
	[[ -n $value ]] && awk -v v="$value" -v a="$least" -v b="$most" 'BEGIN { exit !(v >= a && v <= b) }'
}

metric() { # NAME LABELS
	at pop curl -s http://127.0.0.1:9911/metrics | sed -n "s/^anydoor_$1{$2} //p"
}

keeper_up
zone_write 1 $'www.fra A 192.0.2.10\nwww.nyc A 192.0.2.20'
trap far_down EXIT
far_up
client_hears_xdp
steered
others 20
daemon_start
ok "the kernel measures" await 10 says '^measured here'
ok "before there are samples: the configuration's order" goes_to asia fra
ok "also elsewhere" goes_to else nyc

connect $ASIDE_VIP 10
ok "ten connections from far away are counted" await 10 between 9 10 own asia .samples
ok "too few to change anything" goes_to asia fra
connect $ASIDE_VIP 20
connect $VIP4 30
ok "asia's time is what the wire takes" await 10 between $((2 * FAR_MS)) $((3 * FAR_MS)) own asia .rtt_ms
ok "europe's is next to nothing" await 10 between 0 10 own europe .rtt_ms
ok "by name of the POP where we are" same "$(own asia .pop)" fra
ok "nyc is nearer to asia, so asia goes there" await 15 goes_to asia nyc
ok "europe stays" goes_to europe fra
ok "told in the log" logged "policy near, region asia: by round-trip time the POPs are now nyc (20.0 ms), fra ("
ok "and as a table" grep -qE '^near +asia +nyc +20\.0 .*others +by round-trip time' <<<"$(anydoor rtt)"
ok "explain knows the order" grep -q 'row       1: nyc=64' <<<"$(anydoor explain 10.8.0.9 www.example.com)"
ok "metrics: the time" between 0.059 0.09 metric steered_rtt_seconds 'policy="near",region="asia",pop="fra"'
is "metrics: the place" "$(metric steered_rtt_rank 'policy="near",region="asia",pop="nyc"')" 1
is "status has nothing to say" "$(status '[.warnings[] | select(test("round-trip"))] | length')" 0

others 70
sleep 5
ok "nyc is slower now, but by less than the margin: asia stays" goes_to asia nyc
others 200
ok "nyc is far slower: asia comes back" await 15 goes_to asia fra
others 20 1000 $(($(date +%s) - 86400))
sleep 5
ok "what is a day old counts no more" goes_to asia fra
echo '{"rtt": [{"policy": "near", "region": "asia", "pop": 7}]}' >"$FILE"
ok "rubbish is told" await 10 logged "others.json: row 1 of \"rtt\": \"pop\" is no name"
ok "and changes nothing" goes_to asia fra
others 20
ok "nyc is near again" await 15 goes_to asia nyc

before=$(own asia .samples)
daemon_kill KILL
ok "without a daemon it stays" goes_to asia nyc
daemon_start
ok "the next daemon begins as it was" goes_to asia nyc
ok "and knows what was measured" between $((before / 2)) "$before" own asia .samples
sleep 4
ok "and stays there" goes_to asia nyc

daemon_kill TERM
(exec nsenter --net="/run/netns/$LAB_NAME-pop" unshare --mount --propagation slave \
	sh -c 'umount -a -t cgroup2; exec "$@"' sh "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run) \
	>>"$LAB_DIR/log" 2>&1 &
DAEMON=$!
await 10 test -S "$LAB_DIR/run/one/control"
ok "no cgroup v2: told in rtt" await 10 says '^not measured here: cgroup v2 is not mounted'
ok "and status" grep -q "round-trip times are not measured here (cgroup v2 is not mounted" <<<"$(anydoor status)"
ok "and doctor" grep -q "^warning *rtt .*not measured here (cgroup v2 is not mounted" <<<"$(anydoor doctor --quiet --alone)"
ok "and the log" logged "round-trip times are not measured here: cgroup v2 is not mounted"
ok "answers go on" goes_to asia nyc
daemon_kill TERM

steered order
daemon_start
ok "another policy: the configuration's order" await 10 goes_to asia fra
is "and nothing is kept" "$(anydoor rtt)" "no policy draws by round-trip time"

# A network that is said to be in europe is behind the long wire, too.
at client ip addr add 10.7.0.2/24 dev far0
at pop ip route add 10.7.0.0/24 via 10.8.0.2
at client ip route replace $ASIDE_VIP via 10.8.0.1 src 10.7.0.2
near=() far=()
for _ in {1..20}; do near+=("$VIP4"); done
for _ in {1..6}; do far+=("$ASIDE_VIP"); done
hold near "${near[@]}"
ok "nobody is a suspect" await 10 suspects 0
hold far "${far[@]}"
ok "far slower than its region: a suspect" await 20 suspects 1
is "which one" "$(anydoor geo suspects --json | jq -c '.suspects[0] | [.name, .region, .sockets]')" \
	'["10.7.0.0/24","europe",6]'
is "how slow, and its region" "$(anydoor geo suspects --json |
	jq '.suspects[0] | .rtt_least_ms >= 59 and .region_rtt_ms < 10')" true
ok "as a table" grep -qE '^10.7.0.0/24 .* europe +6 ' <<<"$(anydoor geo suspects)"
is "as a metric" "$(at pop curl -s http://127.0.0.1:9911/metrics | sed -n 's/^anydoor_geo_suspects //p')" 1
refused "another word" 2 "geo: what?" anydoor geo prophets
release far
release near
kill -TERM "$DAEMON"
wait "$DAEMON"
DAEMON=
done_testing
