#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# steer.t: steered names on the wire, asked by dig, with and without its +subnet: from the kernel, and over
# TCP from the daemon; what an operator says of a POP is in the very next answer, with the daemon dead
# too, and is kept over restarts and reloads. A mistake in a zone changes nothing.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

zone_write() {
	cat >"$LAB_DIR/example.zone" <<-END
		\$ORIGIN example.com.
		\$TTL 300
		@        SOA   ns1 host $1 3600 600 86400 60
		         NS    ns1
		ns1      A     $VIP4
		www.fra  A     192.0.2.10
		www.fra  AAAA  2001:db8:a::10
		www.nyc  A     192.0.2.20
		www.nyc  AAAA  2001:db8:a::20
		www.sin  A     192.0.2.30
		${2:-}
	END
}

steered() { # [KEY=TEXT...]
	configure pops="[{ name: fra }, { name: nyc }, { name: sin }]" \
		regions="[{ name: europe, networks: [203.0.113.0/24, \"2001:db8:e::/48\"] },
		          { name: here, networks: [10.9.0.0/16, \"fd09::/16\"] }]" \
		policies="[{ name: nearest, rules: { europe: [fra, nyc, sin], here: [sin, nyc, fra] },
		             default: [nyc, fra, sin], last_resort: [nyc] },
		           { name: shared, draw: weighted, default: [{ fra: 3, nyc: 1 }, sin] }]" \
		steer="[{ name: www.example.com, policy: nearest, ttl: 60s, doubt_ttl: 10s }]" "$@"
}

# ask NAME TYPE [OPTION...]: "TTL DATA" of each record, and the scope of the subnet that came back.
ask() {
	at client timeout 5 dig +tries=1 +time=2 +norec +noall +answer +comments "$@" @$VIP4 |
		awk '/CLIENT-SUBNET:/ { split($NF, part, "/"); scope = " /" part[3] }
		     /^[^;]/ { out = out $2 " " $5 " " } END { printf "%s%s", out, scope }' |
		sed 's/  */ /g; s/ $//'
}

www() { # [OPTION...]
	ask www.example.com A "$@"
}

asked_in_kernel() {
	status .dns.kernel
}

keeper_up
client_hears_xdp
steered
daemon_start

before=$(asked_in_kernel)
is "a client of ours" "$(www)" "60 192.0.2.30"
is "a client in Europe, as its resolver tells" "$(www +subnet=203.0.113.0/24)" "60 192.0.2.10 /24"
is "over IPv6" "$(www +subnet=2001:db8:e::/48)" "60 192.0.2.10 /48"
is "a client that is nowhere known" "$(www +subnet=192.0.2.0/24 | sed 's|/.*|/N|')" "60 192.0.2.20 /N"
is "who wants to remain unknown" "$(www +subnet=0.0.0.0/0)" "60 192.0.2.30 /0"
is "another type, of the same POP" "$(ask www.example.com AAAA +subnet=203.0.113.0/24)" \
	"60 2001:db8:a::10 /24"
ok "a type that the POP lacks" says_nothing ask www.example.com AAAA
is "a name that is not steered" "$(ask ns1.example.com A +subnet=203.0.113.0/24)" "300 $VIP4 /0"
is "all of that by the kernel" "$(asked_in_kernel)" $((before + 8))
is "by TCP the same" "$(www +tcp +subnet=203.0.113.0/24)" "60 192.0.2.10 /24"
is "which is the daemon" "$(status .dns.daemon_tcp)" 1
is "and query says so, too" "$(anydoor query www.example.com --subnet 203.0.113.0/24 |
	awk '/^www/ { print $2, $5 }')" "60 192.0.2.10"

is "a POP goes down" "$(anydoor pop fra down)" "fra: down"
is "the next answer is another's" "$(www +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"
is "by TCP the same" "$(www +tcp +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"
is "pops shows it" "$(anydoor pops --json | jq -c '[.steered[] | [.pop, .told, .out]]')" \
	'[["fra","down",true],["nyc","auto",false],["sin","auto",false]]'
ok "and pops for people" grep -q "fra *down" <<<"$(anydoor pops)"
ok "and status" grep -q "fra: down, told by" <<<"$(anydoor status)"
is "with a reload" "$(anydoor reload >/dev/null; www +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"
refused "a POP that nobody knows" 2 "no steered name is ever sent to a POP 'par'" anydoor pop par down
refused "a state that nobody knows" 2 "'sideways' is no state of a POP" anydoor pop fra sideways
refused "more than all" 2 "pop fra shed: '101%' is no part: a whole number from 0% to 100% is" anydoor pop fra shed 101%
refused "no part" 2 "pop fra shed: the part is missing: pop fra shed 20%" anydoor pop fra shed
refused "a part of what has none" 2 "pop fra up: '20%' is too much" anydoor pop fra up 20%
refused "no state" 2 "pop fra: what is said of it is missing: pop fra up|down|drain|shed N%|auto" anydoor pop fra
refused "no name" 2 "pop: the name of a POP is missing" anydoor pop
is "nothing of that changed it" "$(www +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"

daemon_kill KILL
is "no daemon: another POP drains" "$(anydoor pop nyc drain)" "nyc: draining"
is "the next answer obeys" "$(www +subnet=203.0.113.0/24)" "10 192.0.2.30 /24"
anydoor pop sin down >/dev/null
is "all are out: the last resort" "$(www +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"
anydoor pop nyc auto >/dev/null
anydoor pop sin auto >/dev/null
is "two are back" "$(www +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"
daemon_start
is "a new daemon knows of the one that is down" "$(www +subnet=203.0.113.0/24)" "10 192.0.2.20 /24"
is "until it is not" "$(anydoor pop fra auto; www +subnet=203.0.113.0/24)" \
	$'fra: auto\n60 192.0.2.10 /24'

# By weight, and a part of one POP's clients elsewhere: always the same ones.
steered steer="[{ name: www.example.com, policy: shared, ttl: 60s }]"
anydoor reload >/dev/null
weighted() {
	local i
	for i in {0..99}; do
		at client dig +tries=1 +time=2 +norec +short "+subnet=100.64.$i.0/24" www.example.com @$VIP4
	done
}
first=$(weighted)
at_least "weights: most are fra's" "$(grep -c 192.0.2.10 <<<"$first")" 45
at_least "some are nyc's" "$(grep -c 192.0.2.20 <<<"$first")" 8
is "and each keeps its POP" "$(weighted)" "$first"
anydoor pop fra shed 50% >/dev/null
second=$(weighted)
left=$(paste <(echo "$first") <(echo "$second") | awk '$1 == "192.0.2.10" && $2 != $1' | wc -l)
at_least "half of them leave" "$left" 20
ok "not all" test "$left" -le 60
is "nobody else moves" "$(paste <(echo "$first") <(echo "$second") |
	awk '$1 != "192.0.2.10" && $2 != $1' | wc -l)" 0
anydoor pop fra auto >/dev/null
is "and all come back" "$(weighted)" "$first"

steered
anydoor reload >/dev/null
sed -i '/^www.sin/d' "$LAB_DIR/example.zone"
refused "a member is gone" 1 "its member www.sin.example.com. has no records in zone example.com." \
	anydoor reload
is "the old answers stay" "$(www)" "60 192.0.2.30"
done_testing
