#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explain.t: what `anydoor explain` says a client is answered is what the kernel answers on the wire: ten
# thousand random clients in a random world, with random states of POPs; and how it says so.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
here=$(dirname "$0")
random=$here/explain_random.py
ROUNDS=10 EACH=1000
SEED=${SEED:-$RANDOM}

explain() {
	anydoor explain "$@"
}

# agree NAME SERVER FILE [OPTION...]: each answer is what was explained; or the first three that are not are told.
agree() {
	local name=$1 server=$2 file=$3 why
	shift 3
	at client "$random" ask "$server" "$file" >"$LAB_DIR/answers" 2>"$LAB_DIR/trouble"
	explain --stdin --json "$@" <"$file" >"$LAB_DIR/explained" 2>>"$LAB_DIR/trouble"
	"$random" told "$LAB_DIR/explained" >"$LAB_DIR/told" 2>>"$LAB_DIR/trouble"
	why=$(paste -d'|' "$file" "$LAB_DIR/told" "$LAB_DIR/answers" | awk -F'|' '$2 != $3')
	is "$name: answers" "$(wc -l <"$LAB_DIR/answers")" "$(wc -l <"$file")" ||
		diag "$(head -5 "$LAB_DIR/trouble")"
	is "$name: explained otherwise (seed $SEED)" "$(grep -c . <<<"$why")" 0 || diag "$(head -3 <<<"$why")"
}

keeper_up
client_hears_xdp
"$random" make "$LAB_DIR" "$SEED" $((ROUNDS * EACH)) || die "no world"
"$here/../steer/mmdb.py" "$LAB_DIR/geo.mmdb" <"$LAB_DIR/geo.txt"
mapfile -t keys <"$LAB_DIR/steer.yaml"
configure geo="{ databases: [{ name: test, file: geo.mmdb }] }" "${keys[@]}"

(cd "$LAB_DIR" && split -l $EACH -d -a 2 questions part)
sed 's/^[^ ]*/10.9.0.2/' "$LAB_DIR/part00" | sort -u >"$LAB_DIR/alone"
ok "before anything is loaded: as if all were up" grep -q "No instance is loaded here" \
	<<<"$(explain 192.0.2.1 n0.example.com)"

daemon_start
before=$(status .dns.kernel)
agree "without a subnet" $VIP4 "$LAB_DIR/alone"
RANDOM=$SEED
states=(up down drain "shed 30%" "shed 80%" auto auto auto)
for ((i = 0; i < ROUNDS; i++)); do
	for pop in fra nyc sin ams lon tyo; do
		# shellcheck disable=SC2086 # two words
		((i == 0)) || anydoor pop $pop ${states[RANDOM % ${#states[@]}]} >/dev/null
	done
	((i < ROUNDS - 1)) || for pop in fra nyc sin ams lon tyo; do anydoor pop $pop down >/dev/null; done
	if ((i % 2)); then
		agree "round $i, by IPv6" $VIP6 "$LAB_DIR/part0$i" --resolver fd09:0::2
	else
		agree "round $i" $VIP4 "$LAB_DIR/part0$i" --resolver 10.9.0.2
	fi
done
is "all of it by the kernel" "$(($(status .dns.kernel) - before))" \
	$((ROUNDS * EACH + $(wc -l <"$LAB_DIR/alone")))
cut -d' ' -f1 "$LAB_DIR/answers" | sort | uniq -c | while read -r nr rcode; do diag "$rcode: $nr"; done
ok "with all POPs down some names fail, as told" grep -q "^SERVFAIL" "$LAB_DIR/answers"
ok "and others do not" grep -q "^NOERROR [0-9]" "$LAB_DIR/answers"

# --- how it says so --------------------------------------------------------------------------------
cat >"$LAB_DIR/example.zone" <<-END
	\$ORIGIN example.com.
	\$TTL 300
	@        SOA   ns1 host 1 3600 600 86400 60
	         NS    ns1
	ns1      A     $VIP4
	www.fra  A     192.0.2.10
	www.nyc  A     192.0.2.20
	shop     CNAME www
END
"$here/../steer/mmdb.py" "$LAB_DIR/geo.mmdb" <<-END
	203.0.113.0/24 country=DE asn=64500
END
configure geo="{ databases: [{ name: test, file: geo.mmdb }] }" \
	regions="[{ name: europe, continents: [EU] }, { name: lab, networks: [203.0.113.0/28] }]" \
	policies="[{ name: near, rules: { europe: [fra, nyc], lab: [nyc] }, default: [nyc, fra] }]" \
	steer="[{ name: www.example.com, policy: near, ttl: 60, doubt_ttl: 10 }]"
anydoor reload >/dev/null
for pop in fra nyc; do anydoor pop $pop auto >/dev/null; done
anydoor pop fra down >/dev/null
said=$(explain 203.0.113.77 shop.example.com --resolver 192.0.2.1)
says() { # NAME LINE
	ok "$1" grep -qxF -- "$2" <<<"$said" || diag "$said"
}
says "an alias is not steered" "shop.example.com. is not steered: everybody is told the same"
says "its target is" "www.example.com. is steered, by policy near (order)"
says "the client" "  client    203.0.113.0/24, the subnet that 192.0.2.1 tells"
says "what the database says" "  database  test: continent EU country DE AS64500 of 203.0.113.0/24"
says "a network before the database" "  network   203.0.113.0/28 of region lab"
says "the rule" "  rule      lab, which names it most exactly (by network /28): nyc"
says "the member" "  member    www.nyc.example.com."
says "the answer" "  www.example.com. 60 A 192.0.2.20"
says "its scope" "answer: NOERROR, for all of the subnet's first 28 bits (scope)"
said=$(explain 203.0.113.77 www.example.com)
says "who asks itself" "  client    203.0.113.77, the address that asks: nobody told a subnet"
ok "a POP that is out" grep -q "^  POP       fra: down, told by .*: out$" <<<"$said" || diag "$said"
says "and the next one" "  POP       nyc: auto: chosen"
says "why the TTL is short" "  TTL       at most 10 (doubt_ttl), for a POP that was asked is in doubt or out"
said=$(explain 0.0.0.0/0 www.example.com --resolver 203.0.113.1)
says "the wish to stay unknown" "  client    203.0.113.1, the address that asks: a subnet of no bits is \
the wish to stay unknown (RFC 7871, 7.1.2)"
is "for programs" "$(explain 203.0.113.77 www.example.com --json | jq -c '.names[0] |
	[.policy, .found_by, .rule, .by, .databases[0].country, .networks, (.asked | map(.outcome)), .pop, .in_doubt]')" \
	'["near","resolver","europe","continent","DE",[],["out","chosen"],"nyc",true]'
said=$(explain 203.0.113.77 ns1.example.com)
says "a name that nobody steers" "ns1.example.com. is not steered: everybody is told the same"
says "and what is answered" "  ns1.example.com. 300 A $VIP4"
refused "no address" 2 "'203.0.113' is neither an address nor one with a length" \
	explain 203.0.113 www.example.com
refused "a length that is none" 2 "'203.0.113.0/33' is neither" explain 203.0.113.0/33 www.example.com
refused "no type" 2 "'HELLO' is no record type" explain 203.0.113.1 www.example.com HELLO
refused "no name" 2 "which client, and which name?" explain 203.0.113.1
refused "a line that is none" 2 "line 2: is not ADDRESS NAME [TYPE]" \
	explain --stdin < <(echo "203.0.113.1 www.example.com"; echo "203.0.113.1")
done_testing
