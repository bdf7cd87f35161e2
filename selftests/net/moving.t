#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# moving.t: the examples of deploy/doc/moving.md, run by gdnsd and by us side by side: both find the same POP
# for random clients, names and states of POPs, by the same random database.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
here=$KEEPER_HOME
page=$here/../../deploy/doc/moving.md
theirs=10.9.0.1:5300
seed=${SEED:-$RANDOM}
POPS=(fra nyc sin)
declare -A ADDRESS=([fra]=192.0.2.10 [nyc]=192.0.2.20 [sin]=192.0.2.30)

# block SECTION KIND: the example of that kind under that heading.
block() {
	awk -v section="## $1" -v kind="\`\`\`$2" '/^## / { here = $0 == section }
		/^```/ && inside { inside = 0 }
		inside
		here && $0 == kind { inside = 1 }' "$page" | sed "s|/var/lib/anydoor|$LAB_DIR|"
}

# Networks of both families with a place each, the shorter ones first: "NETWORK continent=EU country=DE at=49,9".
# The degrees are odd: the middles of our fields.
places() {
	/usr/bin/python3 -B - "$seed" <<-'PY'
		import ipaddress, random, sys
		chance = random.Random(int(sys.argv[1]))
		places = ["EU DE", "EU FR", "AF KE", "AF ZA", "AS TR", "AS JP", "AS IN", "OC AU", "NA US CA",
		          "NA US NY", "NA CA", "SA BR", "AN AQ"]
		nets = {"203.0.112.0/22", "198.16.0.0/12", "2001:db8:70::/44"}
		for _ in range(400):
		    size = chance.randint(9, 26)
		    nets.add(str(ipaddress.ip_network((chance.randint(1 << 24, (224 << 24) - 1), size), False)))
		    head = 0x2a << 120 | chance.getrandbits(120)
		    nets.add(str(ipaddress.ip_network((head, chance.randint(20, 56)), False)))
		for net in sorted(map(ipaddress.ip_network, nets), key=lambda net: (net.prefixlen, str(net))):
		    place = chance.choice(places).split()
		    keys = ["continent", "country", "subdivision"]
		    at = f"at={chance.randrange(-89, 90, 2)},{chance.randrange(-179, 180, 2)}"
		    print(net, *(f"{key}={word}" for key, word in zip(keys, place)), at)
	PY
}

# --- both servers ----------------------------------------------------------------------------------
ours_write() { # SECTION
	local pops="[{ name: fra }, { name: nyc }, { name: nyc2 }, { name: sin }]"
	grep -q "^pops:" <<<"$(block "$1" yaml)" && pops=
	configure pops="$pops"
	block "$1" yaml >>"$LAB_DIR/anydoor.yaml"
	zone_write 1 "$(block "$1" zone)"
}

theirs_start() { # SECTION
	mkdir -p "$LAB_DIR/gdnsd/zones" "$LAB_DIR/gdnsd/geoip" "$LAB_DIR/gdnsd/state"
	rm -f "$LAB_DIR/gdnsd/state/admin_state"
	{
		echo "options => { listen => $theirs, run_dir => $LAB_DIR/gdnsd/run"
		echo "  state_dir => $LAB_DIR/gdnsd/state }"
		block "$1" gdnsd
	} >"$LAB_DIR/gdnsd/config"
	{
		printf '%s\n' '@ 60 SOA ns1 host 1 3600 600 86400 60' '@ 60 NS ns1' "ns1 60 A $VIP4"
		block "$1" gdnsd-zone
	} >"$LAB_DIR/gdnsd/zones/example.com"
	(exec nsenter --net="/run/netns/$LAB_NAME-pop" gdnsd -c "$LAB_DIR/gdnsd" start) \
		>>"$LAB_DIR/gdnsd.log" 2>&1 &
	HOLD_PID[gdnsd]=$! # ends with the test, if not before
	await 10 theirs_answers || diag "$(tail -5 "$LAB_DIR/gdnsd.log")"
}

theirs_answers() {
	at client dig +tries=1 +time=1 +norec -p "${theirs#*:}" "@${theirs%:*}" ns1.example.com A |
		grep -q "status: NOERROR"
}

theirs_stop() {
	release gdnsd
}

section() { # SECTION
	anydoor_states
	ours_write "$1"
	if [[ -z ${DAEMON:-} ]]; then
		daemon_start
	else
		try anydoor reload
		is "$1: loaded" "$code" 0 || diag "$said"
	fi
}

# --- states ----------------------------------------------------------------------------------------
anydoor_states() { # [POP...]: these are down, the others up
	local pop
	for pop in "${POPS[@]}"; do
		case " $* " in
		*" $pop "*) anydoor pop "$pop" down ;;
		*) anydoor pop "$pop" auto ;;
		esac >/dev/null 2>&1
	done
}

gdnsd_states() { # PATTERN [POP...]: by the pattern's % as name, its @ as address
	local pop pattern=$1
	shift
	for pop; do
		echo "$(sed "s|%|$pop|; s|@|${ADDRESS[$pop]}|" <<<"$pattern") => DOWN"
	done >"$LAB_DIR/gdnsd/state/.new"
	mv "$LAB_DIR/gdnsd/state/.new" "$LAB_DIR/gdnsd/state/admin_state"
}

# --- questions -------------------------------------------------------------------------------------
ask() { # SEED NR NAME...: what moving.py says; ASK=--twice
	local seed=$1 nr=$2
	shift 2
	at client "$here/moving.py" ${ASK:+"$ASK"} "$seed" "$nr" "$LAB_DIR/places" "$VIP4:53" "$theirs" "${@/%/.example.com}"
}

agree() { # NR NAME...
	[[ $(ask 1 "$@" | jq .same) == "$1" ]]
}

# compare SECTION NR PATTERN NAME... -- POP...: with these down, NR questions are answered alike.
compare() {
	local section=$1 nr=$2 pattern=$3 names=() down
	shift 3
	while [[ $1 != -- ]]; do
		names+=("$1")
		shift
	done
	shift
	down="${*:-none}"
	anydoor_states "$@"
	gdnsd_states "$pattern" "$@"
	await 15 agree 100 "${names[@]}"
	seed=$((seed + 1))
	said=$(ask "$seed" "$nr" "${names[@]}")
	is "$section, down: $down: of $nr questions, answered alike (seed $seed)" "$(jq .same <<<"$said")" "$nr" ||
		diag "$(jq -c .different <<<"$said")"
	ok "several answers, no silence" jq -e --argjson least "${#names[@]}" \
		'(.ours | length) >= $least and (.ours | keys | all(startswith("192.0.2.")))' <<<"$said"
}

# share ADDRESS WHO: in thousandths
share() {
	jq --arg address "$1" --arg who "$2" \
		'1000 * (.[$who][$address] // 0) / ([.[$who][]] | add) | round' <<<"$said"
}

shares() { # ADDRESS THOUSANDTHS...: both give it so many of the clients, but for 40
	local who
	while (($#)); do
		for who in ours theirs; do
			at_least "$who: $1 gets its share" "$(share "$1" $who)" $(($2 - 40))
			at_most "$who: $1 gets no more" "$(share "$1" $who)" $(($2 + 40))
		done
		shift 2
	done
}

keeper_up
client_hears_xdp
at client ip route add "${theirs%:*}" dev wan0 2>/dev/null
places >"$LAB_DIR/places"
"$here/../steer/mmdb.py" "$LAB_DIR/country.mmdb" GeoLite2-City <"$LAB_DIR/places"

states=("" fra nyc sin "fra nyc" "fra sin" "nyc sin")
section "gdnsd: geoip"
before=$(status .dns.kernel)
theirs_start "gdnsd: geoip"
for down in "${states[@]}"; do
	# shellcheck disable=SC2086 # a list of words
	compare geoip 1450 'geoip/*/%' www api -- $down
done
at_least "ours were the kernel's" $(($(status .dns.kernel) - before)) 10150
anydoor_states fra nyc sin
gdnsd_states 'geoip/*/%' fra nyc sin
theirs_last() {
	[[ $(ask 7 200 www | jq '.theirs | length') == 3 ]]
}
ok "all down: gdnsd answers the first of a client's own list" await 15 theirs_last
is "and we the last resort of the policy" "$(ask 7 200 www | jq -c .ours)" '{"192.0.2.20":200}'
theirs_stop

section "gdnsd: geoip by distance"
theirs_start "gdnsd: geoip by distance"
for down in "${states[@]}"; do
	# shellcheck disable=SC2086
	compare "by distance" 500 'geoip/*/%' www -- $down
done
theirs_stop

section "gdnsd: metafo"
theirs_start "gdnsd: metafo"
for down in "${states[@]}" "fra nyc sin"; do
	# shellcheck disable=SC2086
	compare metafo 100 'metafo/*/%' www -- $down
done
theirs_stop

section "gdnsd: simplefo"
theirs_start "gdnsd: simplefo"
for down in "" fra nyc "fra nyc"; do
	# shellcheck disable=SC2086
	compare simplefo 100 '@/*' www -- $down
done
theirs_stop

section "gdnsd: weighted"
theirs_start "gdnsd: weighted"
said=$(ASK=--twice ask "$seed" 4000 www)
shares 192.0.2.10 500 192.0.2.20 333 192.0.2.30 167
is "here each client network keeps its POP" "$(jq '.moved[0]' <<<"$said")" 0
at_least "with gdnsd it does not" "$(jq '.moved[1]' <<<"$said")" 1000
anydoor_states fra
gdnsd_states '@/*' fra
theirs_moved() {
	[[ $(ask 7 100 www | jq -c '.theirs["192.0.2.10"]') == null ]]
}
ok "one down: gdnsd answers the others" await 15 theirs_moved
said=$(ask "$seed" 4000 www)
shares 192.0.2.10 0 192.0.2.20 667 192.0.2.30 333
theirs_stop

section "gdnsd: multifo"
theirs_start "gdnsd: multifo"
said=$(ask "$seed" 100 www)
is "multifo: all addresses at once, from both" "$(jq -c '[.same, .ours]' <<<"$said")" \
	'[100,{"192.0.2.10,192.0.2.11,192.0.2.12":100}]'
theirs_stop

section "gdnsd: static"
theirs_start "gdnsd: static"
is "static: the same record from both" "$(ask "$seed" 100 www | jq -c '[.same, .ours]')" \
	'[100,{"192.0.2.10":100}]'
theirs_stop

# --- what is no server that could be asked ------------------------------------------------------------
www() { # CONTINENT COUNTRY: the answers that clients there get
	grep "continent=$1 country=$2" "$LAB_DIR/places" | while read -r network _; do
		at client dig +tries=2 +time=2 +norec +short "+subnet=$network" "@$VIP4" www.example.com A
	done | sort -u | tr '\n' ' '
}

{
	echo "100.0.0.0/24 continent=EU country=FR"
	echo "100.0.1.0/24 continent=AS country=TR"
	echo "100.0.2.0/24 continent=AS country=JP"
	for i in {3..10}; do
		echo "100.0.$i.0/24 continent=SA country=BR"
	done
} >"$LAB_DIR/places"
"$here/../steer/mmdb.py" "$LAB_DIR/country.mmdb" <"$LAB_DIR/places"
section octoDNS
is "octoDNS: France" "$(www EU FR)" "192.0.2.10 "
is "octoDNS: Turkey, before its continent" "$(www AS TR)" "192.0.2.10 "
is "octoDNS: Japan" "$(www AS JP)" "192.0.2.30 "
ok "octoDNS: Brazil, by weight" grep -qE '^192.0.2.20 (192.0.2.21 )?$' <<<"$(www SA BR)"
anydoor_states sin
ok "octoDNS: the fallback" grep -qE '^192.0.2.2[01] $' <<<"$(www AS JP)"
section "PowerDNS: GeoIP backend"
is "PowerDNS: France" "$(www EU FR)" "192.0.2.10 "
is "PowerDNS: Turkey, before its continent" "$(www AS TR)" "192.0.2.10 "
is "PowerDNS: Japan" "$(www AS JP)" "192.0.2.30 "
is "PowerDNS: elsewhere" "$(www SA BR)" "192.0.2.20 "
kill -TERM "$DAEMON"
wait "$DAEMON"
DAEMON=
done_testing
