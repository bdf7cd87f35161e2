#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# catchment.t: clients of two regions; those of one begin to land here while we look, and go again. The
# command, the metrics and the log say so, with what was before. Forged SYNs count for nothing.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
mmdb=$(dirname "$0")/../steer/mmdb.py

EUROPE=203.0.113.7 ASIA=192.0.2.7 NOBODY=100.64.1.7
WINDOW=2

# come KIND SECONDS PER_SECOND SOURCE: in the background; COMER is its process.
come() {
	local port=$PORT
	[[ $1 == tcp ]] || port=53
	(exec nsenter --net="/run/netns/$LAB_NAME-client" \
		"$KEEPER_HOME/come.py" "$@" $VIP4 "$port") >"$LAB_DIR/came" 2>&1 &
	COMER=$!
}

# row NAME JQ [OPTION...]
row() {
	anydoor catchment --json "${@:3}" 2>/dev/null |
		jq -r --arg name "$1" ".rows[] | select(.name == \$name) | $2"
}

# Whether JQ is true of the row NAME.
row_is() { # NAME JQ [OPTION...]
	[[ $(row "$@") == true ]]
}

known() {
	[[ $(anydoor catchment --json 2>/dev/null | jq .known) == true ]]
}

metric() { # LINE-WITHOUT-VALUE
	at pop curl -s http://127.0.0.1:9911/metrics | grep -F "anydoor_$1 " | sed 's/.* //'
}

metric_is() { # LINE-WITHOUT-VALUE VALUE
	[[ $(metric "$1") == "$2" ]]
}

moved() { # NAME KIND: text of its metric
	echo "catchment_moved{by=\"region\",name=\"$1\",kind=\"$2\"}"
}

keeper_up
client_hears_xdp
for source in $EUROPE $ASIA $NOBODY; do
	at client ip addr add $source/32 dev lo
	at pop ip route add $source via 10.9.0.2
done
"$mmdb" "$LAB_DIR/asn.mmdb" <<-END
	203.0.113.0/24 asn=64500
	192.0.2.0/24   asn=64501
END
configure geo="{ databases: [{ name: asn, file: asn.mmdb }] }" \
	regions="[{ name: europe, networks: [203.0.113.0/24] }, { name: asia, asns: [64501] }]" \
	catchment="{ window: ${WINDOW}s, memory: 30s, samples: 20, top: 5 }" \
	metrics="{ listen: \"127.0.0.1:9911\" }"
refused "no daemon" 3 "no daemon runs" anydoor catchment
daemon_start

come tcp 600 40 $EUROPE
europe=$COMER
hold open $VIP4
ok "windows are compared" await 60 known
ok "a region has connections" row_is europe '.connections_per_second > 15 and .connections_share > 0.9'
is "the other has none" "$(row asia .connections_per_second)" 0
ok "nothing has moved" row_is europe '.connections_moved | not'
is "by AS number" "$(row AS64500 '.connections_share > 0.9' --by asn)" true
is "by prefix" "$(row 203.0.113.0/24 '"\(.region) \(.asn)"' --by prefix)" "europe 64500"
ok "round-trip times of open connections" await 20 row_is none '.sockets == 1 and .rtt_ms > 0'
is "a region in the metrics" "$(metric "$(moved europe connections)")" 0

# A route leaks: the other region lands here.
come tcp 600 60 $ASIA
asia=$COMER
ok "the log says it" await 30 logged "catchment: region asia: "
ok "with what was before" grep -qE \
	"region asia: [1-9][0-9.]+ % of connections land here, before it was 0.0 %" "$LAB_DIR/log"
ok "and of the AS" await 5 logged "catchment: AS64501: "
ok "the command" row_is asia '.connections_moved and .connections_share_before < 0.05'
ok "for people, too" grep -qE "^asia .* moved" <<<"$(anydoor catchment)"
ok "the metric" metric_is "$(moved asia connections)" 1
is "before" "$(metric 'catchment_share_before_ratio{by="region",name="asia",kind="connections"}')" 0
ok "after" awk -v share="$(metric 'catchment_share_ratio{by="region",name="asia",kind="connections"}')" \
	'BEGIN { exit !(share > 0.2) }'
is "who had not moved has not moved" "$(metric "$(moved europe connections)")" 0
is "and how often" "$(metric 'catchment_moves_total{by="region",kind="connections"}')" 1

# The daemon is started again meanwhile: it is not told twice, nor taken for what was there before.
told=$(grep -c "region asia: .*before it was" "$LAB_DIR/log")
daemon_kill TERM
daemon_start
ok "after a restart the region is still elsewhere" await 20 metric_is "$(moved asia connections)" 1
sleep $((2 * WINDOW))
is "and that is no news" "$(grep -c "region asia: .*before it was" "$LAB_DIR/log")" "$told"

# And is taken back.
kill "$asia"
ok "it goes, and that is told" await 30 logged "land here, about as before it moved"
ok "the metric, too" await 5 metric_is "$(moved asia connections)" 0

# Forged SYNs: no handshake ever ends.
at pop ip route del $NOBODY
at pop ip route add blackhole $NOBODY
come tcp 6 1 $NOBODY
sleep $((3 * WINDOW))
ok "SYNs alone are no connections" says_nothing row 100.64.1.0/24 .connections_per_second --by prefix
wait "$COMER" 2>/dev/null

# Queries count by a sample.
come udp 8 2000 $EUROPE
ok "queries" await 20 row_is europe '.queries_per_second > 200'
is "by prefix, too" "$(row 203.0.113.0/24 '.queries_per_second > 0' --by prefix)" true

# Zones are read again: what was before is still known. Other regions: it is not.
zone_write 2
anydoor reload >/dev/null 2>&1
sleep $((2 * WINDOW))
ok "a zone is another one" known
before=$(grep -c "catchment: region" "$LAB_DIR/log")
configure regions="[{ name: first, networks: [198.18.0.0/15] }, { name: west, networks: [203.0.113.0/24] }]" \
	catchment="{ window: ${WINDOW}s, memory: 30s, samples: 20 }" metrics="{ listen: \"127.0.0.1:9911\" }"
anydoor reload >/dev/null 2>&1
ok "after a reload by their new names" await 20 row_is west '.connections_per_second > 10'
ok "windows are compared again" await 30 known
is "and nothing has moved" "$(grep -c "catchment: region" "$LAB_DIR/log")" "$before"
refused "a wrong word" 2 "region" anydoor catchment --by country
refused "too many" 2 "1000" anydoor catchment --top 1001
daemon_kill TERM
kill "$europe"
done_testing
