#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# zones.t: bad days of zone files. One that cannot be read harms no other zone, at a start or in a
# reload; and each reload says what changed, and stays to be seen.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

readonly METRICS=127.0.0.1:9401

zones() { # NAME...: the configuration with these zones beside example.com
	local name list="{ name: example.com, file: example.zone }"
	for name; do
		list+=", { name: $name, file: $name.zone }"
	done
	configure dns="{ zones: [$list] }" metrics="{ listen: '$METRICS' }"
}

test_zone() { # NAME SERIAL [LINE]
	printf '%s\n' '$TTL 60' "@ SOA ns1 host $2 3600 600 86400 60" '@ NS ns1' "ns1 A $VIP4" \
		"www A 192.0.2.$2" "${3:-}" >"$LAB_DIR/$1.zone"
}

asked() { # NAME [KDIG]: rcode and data
	local name=$1
	shift
	at client kdig +noall +header +answer +time=1 +retry=3 "$@" "@$VIP4" "$name" A |
		sed -nE 's/.*status: ([A-Z]+);.*/\1/p; s/.*\tA\t(.*)/\1/p' | paste -sd' '
}

# What a field of all zones says, sorted by zone.
of_zones() { # JQ
	anydoor zones --json | jq -c "[.zones[] | $1]"
}

metric() { # NAME{LABELS}
	at pop curl -s "http://$METRICS/metrics" | grep -v ^# | grep -F -- "$1 " | cut -d" " -f2
}

warned() { # TEXT
	anydoor status --json | jq -r '.warnings[]' | grep -qF -- "$1" ||
		{ anydoor status --json | jq '.warnings'; return 1; }
}

# --- a start ---------------------------------------------------------------------------------------
keeper_up
zones broken.test gone.test kid.broken.test
test_zone broken.test 1 "www A 192.0.2.256"
test_zone kid.broken.test 1
client_hears_xdp
daemon_start
is "a good zone is served" "$(asked ns1.example.com)" "NOERROR $VIP4"
is "one below a broken zone is" "$(asked www.kid.broken.test)" "NOERROR 192.0.2.1"
is "a broken zone is SERVFAIL" "$(asked www.broken.test)" SERVFAIL
is "over TCP, too" "$(asked www.broken.test +tcp)" SERVFAIL
is "at its apex, too" "$(asked broken.test)" SERVFAIL
is "one whose file is not there is" "$(asked www.gone.test)" SERVFAIL
is "other names are refused as ever" "$(asked www.nowhere.test)" REFUSED
at_least "the kernel says so" "$(anydoor stats --json | jq .dns.kernel.SERVFAIL)" 3
ok "the log names the place" logged "broken.test.zone:6:"
ok "and the zone" logged "zone broken.test.: answered with SERVFAIL"
ok "and the file that is not there" logged "zone gone.test.: $LAB_DIR/gone.test.zone: No such file"
try anydoor status --json
is "status: degraded" "$code" 4
ok "status names the one" warned "zone broken.test. is answered with SERVFAIL: $LAB_DIR/broken.test.zone:6:"
ok "and the other" warned "zone gone.test. is answered with SERVFAIL"
is "and how the start ended" "$(status '[.reload.result, .reload.by]')" \
	"[\"partly\",\"the daemon's start\"]"
is "zones: which have an error" "$(of_zones '.error != null')" '[true,false,true,false]'
is "zones: only what was read has an age" "$(of_zones 'has("age_s")')" '[false,true,false,true]'
is "metrics name it" "$(metric 'anydoor_dns_zone_load_failed{zone="broken.test."}')" 1
is "and no other" "$(metric 'anydoor_dns_zone_load_failed{zone="example.com."}')" 0
refused "check" 2 "broken.test.zone:6:" anydoor check --config-only

# --- a reload --------------------------------------------------------------------------------------
test_zone broken.test 1
test_zone gone.test 1
try anydoor reload
is "mended: the reload says so" "$code: $(paste -sd, <<<"$said")" \
	"0: zone broken.test.: served again, serial 1,zone gone.test.: served again, serial 1,reloaded"
is "and is answered" "$(asked www.broken.test) $(asked www.gone.test)" "NOERROR 192.0.2.1 NOERROR 192.0.2.1"
is "all is well" "$(status '[.degraded, .reload.result, .reload.by, .reload.changes]')" \
	'[false,"ok","anydoor reload (root)",2]'
test_zone broken.test 2 "www MX nonsense"
rm "$LAB_DIR/gone.test.zone"
zone_write 2
try anydoor reload
is "broken again: the others are loaded" "$code: $(grep -c "zone example.com.: serial 1 -> 2" <<<"$said")" "4: 1"
ok "what is wrong is said" grep -qF "broken.test.zone:6:" <<<"$said"
ok "of a file that is gone, too" grep -qF "gone.test.zone: No such file" <<<"$said"
is "it is served as it was" "$(asked www.broken.test) $(asked www.gone.test)" "NOERROR 192.0.2.1 NOERROR 192.0.2.1"
ok "status says that" warned "zone broken.test. is served as it was read"
is "the new one is in force" "$(of_zones .serial)" '[1,2,1,1]'
is "zones: both have an error" "$(of_zones '.error != null')" '[true,false,true,false]'
test_zone kid.broken.test 2
kill -HUP "$DAEMON"
ok "by SIGHUP, too" await 5 logged "reload: zone kid.broken.test.: serial 1 -> 2"
is "and in status" "$(status '[.reload.result, .reload.by, .reload.changes]')" '["partly","SIGHUP",1]'
test_zone broken.test 2
test_zone gone.test 2
ok "mended again" anydoor reload

# --- what changed ----------------------------------------------------------------------------------
test_zone gone.test 2 "more A 192.0.2.9"
try anydoor reload
is "other records under one serial" "$code: $(sort <<<"$said")" "0: reloaded
warning: zone gone.test.: its records changed and its serial 2 did not: raise it with every change
zone gone.test.: 0 records removed, 1 added, under the same serial 2"
test_zone gone.test 1
try anydoor reload
ok "a serial that falls" grep -qF "serial 1 is lower than 2 before (RFC 1982)" <<<"$said"
is "status has the warning" "$(status '[.reload.warnings, (.reload.text | contains("lower"))]')" '[1,true]'
anydoor keygen "$LAB_DIR/fleet.key.new" >/dev/null
mv "$LAB_DIR/fleet.key.new" "$LAB_DIR/fleet.key"
try anydoor reload
ok "another fleet key" grep -qF "keys.file: another fleet key" <<<"$said"
ok "and the cookies that come of it" grep -qF "DNS cookies: other secrets" <<<"$said"

# --- what is refused -------------------------------------------------------------------------------
good=$(<"$LAB_DIR/anydoor.yaml")
echo "nonsense: true" >>"$LAB_DIR/anydoor.yaml"
refused "a wrong configuration" 2 "nonsense" anydoor reload
is "status shows it" "$(status '[.degraded, .reload.result, .reload.errors]')" '[true,"refused",1]'
ok "with who and why" warned "by anydoor reload (root), was refused: $LAB_DIR/anydoor.yaml:"
is "metrics, too" "$(metric anydoor_reload_refused)" 1
kill -HUP "$DAEMON"
by_signal() {
	same "$(status .reload.by)" '"SIGHUP"'
}
ok "by SIGHUP, too" await 5 by_signal
echo "$good" >"$LAB_DIR/anydoor.yaml"
ok "mended" anydoor reload
is "and forgotten" "$(status '[.degraded, .reload.result]')" '[false,"ok"]'
is "in metrics, too" "$(metric anydoor_reload_refused)" 0

# --- many signals ----------------------------------------------------------------------------------
sighups() {
	grep -c "reloaded: .* (SIGHUP)" "$LAB_DIR/log"
}
before=$(sighups)
for ((i = 0; i < 100; i++)); do
	kill -HUP "$DAEMON"
	sleep 0.01
done
zone_write 3
kill -HUP "$DAEMON"
ok "after 100 signals, the last one counts" await 5 logged "reload: zone example.com.: serial 2 -> 3"
at_most "they were few reloads" $(($(sighups) - before)) 15
kill -TERM "$DAEMON"
wait "$DAEMON"
DAEMON=
done_testing
