#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# steer_signed.t: steered names of a signed zone. `anydoor variants` writes what is to be signed, two signers
# sign it, with NSEC and NSEC3, and delv and drill find every variant secure, over UDP and TCP, at the apex
# too, with a POP down and the TTL lowered; dnspython does, by the client's subnet. Then the same with a key
# at the node, which signs anew in time.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

zone_write() {
	cat >"$LAB_DIR/plain.zone" <<-END
		\$ORIGIN example.com.
		\$TTL 300
		@         SOA   ns1 host $1 3600 600 86400 60
		          NS    ns1
		          MX    10 mail
		ns1       A     $VIP4
		mail      A     192.0.2.25
		www       TXT   "of all POPs"
		www.fra   A     192.0.2.10
		www.nyc   A     192.0.2.20
		www.sin   A     ${2:-192.0.2.30}
		apex.fra  A     192.0.2.110
		apex.nyc  A     192.0.2.120
		apex.sin  A     192.0.2.130
		cdn.fra   A     192.0.2.210
		cdn.nyc   A     192.0.2.220
		cdn.sin   A     192.0.2.230
		more.fra  A     192.0.2.11
		more.fra  MX    5 mail
		more.nyc  A     192.0.2.21
		more.nyc  MX    6 mail
		more.sin  A     192.0.2.31
		more.sin  MX    7 mail
	END
}

# The client's addresses, and who has them; a subnet of each.
declare -A FROM=([fra]=10.9.0.3 [nyc]=10.9.0.4 [sin]=10.9.0.2)
declare -A SUBNET=([fra]=203.0.113.0/24 [nyc]=192.0.2.0/24 [sin]=198.18.0.0/15)
declare -A WWW=([fra]=192.0.2.10 [nyc]=192.0.2.20 [sin]=192.0.2.30)
declare -A APEX=([fra]=192.0.2.110 [nyc]=192.0.2.120 [sin]=192.0.2.130)
declare -A CDN=([fra]=192.0.2.210 [nyc]=192.0.2.220 [sin]=192.0.2.230)

steered() { # [KEY=TEXT...]
	configure pops="[{ name: fra }, { name: nyc }, { name: sin }]" \
		dns="{ zones: [{ name: example.com, file: signed/example.com.zone,
		         variants: \"signed/example.com.{pop}.zone\" }] }" \
		regions="[{ name: europe, networks: [203.0.113.0/24, 10.9.0.3/32] },
		          { name: asia, networks: [198.18.0.0/15, 10.9.0.2/32] }]" \
		policies="[{ name: nearest, rules: { europe: [fra, nyc, sin], asia: [sin, nyc, fra] },
		             default: [nyc, fra, sin], last_resort: [nyc] }]" \
		steer="[{ name: www.example.com, policy: nearest, ttl: 60s, doubt_ttl: 10s },
		        { name: more.example.com, policy: nearest },
		        { name: \"*.cdn.example.com\", policy: nearest, members: \"cdn.{pop}\" },
		        { name: example.com, policy: nearest, members: \"apex.{pop}\", doubt_ttl: 20s }]" "$@"
}

# What is to be signed, from the zone as people write it.
unsigned() {
	rm -rf "$LAB_DIR/unsigned"
	mkdir -p "$LAB_DIR/unsigned" "$LAB_DIR/signed"
	anydoor variants example.com --dir "$LAB_DIR/unsigned" --from "$LAB_DIR/plain.zone"
}

keys_make() { # ALGORITHM
	(cd "$LAB_DIR" && KSK=$(ldns-keygen -a "$1" -k example.com) &&
		ZSK=$(ldns-keygen -a "$1" example.com) && echo "$KSK" "$ZSK") 2>/dev/null
}

# sign WAY [FILE...]: into what is served, whole.
sign() {
	local way=$1 file
	shift
	(($#)) || set -- "$LAB_DIR"/unsigned/*
	for file; do
		(cd "$LAB_DIR" && case $way in
			nsec) ldns-signzone -o example.com -f new "$file" "${KEYS[@]}" ;;
			nsec3) ldns-signzone -n -t 0 -o example.com -f new "$file" "${KEYS[@]}" ;;
			bind) dnssec-signzone -q -S -K . -3 - -o example.com -f new "$file" ;;
			brief) ldns-signzone -o example.com -e $((EPOCHSECONDS + 7200)) -f new "$file" "${KEYS[@]}" ;;
			esac >/dev/null 2>"$LAB_DIR/signer" && mv new "signed/${file##*/}") || return
	done
}

# --- validators ------------------------------------------------------------------------------------
anchor_write() {
	local fields
	read -r -a fields < <(sed 's/.*DNSKEY//; s/;.*//' "$LAB_DIR/${KEYS[0]}.key")
	printf 'trust-anchors { "example.com." static-key %s "%s"; };\n' \
		"${fields[*]:0:3}" "$(printf %s "${fields[@]:3}")" >"$LAB_DIR/anchor"
}

# delv POP NAME TYPE [OPTION...]: "TTL DATA" if it is fully validated.
delv_says() {
	local pop=$1
	shift
	at client timeout 10 delv @$VIP4 -b "${FROM[$pop]}" -a "$LAB_DIR/anchor" +root=example.com "$@" 2>&1 |
		awk '/^; fully validated/ { good = 1 } /^; negative response, fully validated/ { good = 1; out = "none" }
		     /^[^;]/ && $4 != "RRSIG" { out = out $2 " " $5 }
		     END { print good ? out : "not validated" }'
}

# drill POP NAME TYPE [OPTION...]: the same.
drill_says() {
	local pop=$1
	shift
	at client timeout 10 drill -D -o rd -b 1232 -I "${FROM[$pop]}" -k "$LAB_DIR/${KEYS[1]}.key" "$@" @$VIP4 2>&1 |
		awk '/^; VALIDATED by / { good = 1 } /^[^;]/ && $4 == "A" && !out { out = $2 " " $5 }
		     END { print good ? out : "not validated" }'
}

# secure POP NAME TYPE: the same by dnspython, for a client of that POP behind a resolver.
secure() {
	at client "$KEEPER_HOME/secure.py" $VIP4 "${SUBNET[$1]}" "$2" "$3" "$LAB_DIR/${KEYS[1]}.key" 2>&1 | tail -1
}

# variants NAME: all of them by all validators, over both transports. To delv, an answer by a wildcard lives
# no longer than the proof that there is no such name.
variants() {
	local pop
	for pop in fra nyc sin; do
		is "$1: $pop by delv" "$(delv_says $pop www.example.com A)" "60 ${WWW[$pop]}"
		is "$1: by TCP" "$(delv_says $pop www.example.com A +tcp)" "60 ${WWW[$pop]}"
		is "$1: $pop by drill" "$(drill_says $pop www.example.com A)" "60 ${WWW[$pop]}"
		is "$1: by TCP" "$(drill_says $pop www.example.com A -t)" "60 ${WWW[$pop]}"
		is "$1: $pop by its subnet" "$(secure $pop www.example.com A | sed 's| /.*||')" "60 ${WWW[$pop]}"
		is "$1: $pop at the apex" "$(delv_says $pop example.com A)" "300 ${APEX[$pop]}"
		is "$1: by TCP" "$(delv_says $pop example.com A +tcp)" "300 ${APEX[$pop]}"
		is "$1: at the apex by drill" "$(drill_says $pop example.com A)" "300 ${APEX[$pop]}"
		is "$1: $pop of a wildcard" "$(delv_says $pop any.cdn.example.com A)" "60 ${CDN[$pop]}"
		is "$1: by TCP" "$(delv_says $pop any.cdn.example.com A +tcp)" "60 ${CDN[$pop]}"
		is "$1: of a wildcard by drill" "$(drill_says $pop any.cdn.example.com A)" "300 ${CDN[$pop]}"
		is "$1: at the apex by its subnet" "$(secure $pop example.com A | sed 's| /.*||')" "300 ${APEX[$pop]}"
	done
}

# The rest that a steered name has and has not.
others() {
	is "$1: a type that is not there" "$(delv_says fra www.example.com AAAA)" none
	is "$1: by TCP" "$(delv_says fra www.example.com AAAA +tcp)" none
	is "$1: by a subnet" "$(secure sin www.example.com AAAA | sed 's| /.*||')" "no such type"
	is "$1: at the apex" "$(delv_says sin example.com AAAA)" none
	is "$1: what it has beside" "$(delv_says nyc www.example.com TXT)" '300 "of'
	is "$1: another steered type" "$(secure nyc more.example.com MX | sed 's| /.*||')" "300 6 mail.example.com."
	is "$1: the apex's own SOA" "$(delv_says nyc example.com SOA | cut -c1-20)" "300 ns1.example.com."
	is "$1: what a wildcard has not" "$(delv_says fra any.cdn.example.com AAAA)" none
	is "$1: the wildcard itself" "$(delv_says fra '*.cdn.example.com' A)" "300 192.0.2.210"
	is "$1: no name below" "$(delv_says nyc below.www.example.com A)" none
}

down() {
	anydoor pop sin down >/dev/null
	is "$1: sin is down: nyc, for less time" "$(delv_says sin www.example.com A)" "10 192.0.2.20"
	is "$1: by TCP" "$(delv_says sin www.example.com A +tcp)" "10 192.0.2.20"
	is "$1: by drill" "$(drill_says sin www.example.com A)" "10 192.0.2.20"
	is "$1: by its subnet" "$(secure sin www.example.com A)" "10 192.0.2.20 /15"
	is "$1: at the apex" "$(delv_says sin example.com A)" "20 192.0.2.120"
	anydoor pop nyc down >/dev/null
	is "$1: both are: fra" "$(delv_says sin www.example.com A)" "10 192.0.2.10"
	anydoor pop fra down >/dev/null
	is "$1: all are: the last resort" "$(secure fra www.example.com A)" "10 192.0.2.20 /24"
	for pop in fra nyc sin; do anydoor pop $pop auto >/dev/null; done
}

for tool in ldns-signzone dnssec-signzone delv drill; do
	command -v $tool >/dev/null || skip_all "not installed: $tool"
done
keeper_up
at client ip addr add 10.9.0.3/24 dev wan0
at client ip addr add 10.9.0.4/24 dev wan0
client_hears_xdp
steered
read -r -a KEYS < <(keys_make ECDSAP256SHA256)
anchor_write

is "what is to be signed" "$(unsigned | grep -c "^$LAB_DIR/unsigned/")" 4
refused "nothing is signed yet" 2 "variants: $LAB_DIR/signed/example.com.fra.zone: No such file or directory" \
	anydoor check --config-only
sign nsec
ok "it is good when it is signed" anydoor check --config-only
daemon_start
before=$(status .dns.kernel)
variants nsec
others nsec
down nsec
at_least "most by the kernel" $(($(status .dns.kernel) - before)) 20
is "nothing is signed for who does not ask" "$(at client dig +norec +noall +answer www.example.com @$VIP4 |
	awk '{ print $2, $5 }')" "60 192.0.2.30"

sign nsec3
is "signed anew" "$(anydoor reload >/dev/null; anydoor zones --json | jq -r '.zones[0].denial')" NSEC3
variants nsec3
others nsec3
down nsec3

sign bind
ok "signed by BIND's tools" anydoor reload
is "fra" "$(delv_says fra www.example.com A)" "60 192.0.2.10"
is "at the apex" "$(delv_says fra example.com A)" "300 192.0.2.110"
is "what is not there" "$(delv_says fra www.example.com AAAA)" none

# Weeks are left of the zone itself, hours of one variant.
sign nsec
anydoor reload >/dev/null
until_s=$(anydoor zones --json | jq .zones[0].signed_until_s)
is "renewed in time" "$(anydoor zones --json | jq -r .zones[0].signing)" signed
sign brief "$LAB_DIR/unsigned/example.com.nyc.zone"
anydoor reload >/dev/null
at_most "the weakest variant is the zone's end" \
	"$(($(anydoor zones --json | jq .zones[0].signed_until_s) - EPOCHSECONDS))" 7200
at_least "which was later" "$until_s" $((EPOCHSECONDS + 86400))
sign nsec "$LAB_DIR/unsigned/example.com.nyc.zone"
anydoor reload >/dev/null
is "until it is signed again" "$(anydoor zones --json | jq .zones[0].signed_until_s)" "$until_s"

# What changes must change everywhere: else nothing does.
zone_write 2 192.0.2.33
unsigned >/dev/null
sign nsec "$LAB_DIR/unsigned/example.com.zone"
refused "the member changed, its variant did not" 1 \
	"www.example.com.: its A is not what its member www.sin.example.com. has" anydoor reload
is "the old answer stays" "$(delv_says sin www.example.com A)" "60 192.0.2.30"
sign nsec
ok "all are signed" anydoor reload
is "the new answer" "$(delv_says sin www.example.com A)" "60 192.0.2.33"

# The right data, the right key, and a signature of something else.
nyc=$LAB_DIR/signed/example.com.nyc.zone
cp "$nyc" "$LAB_DIR/good"
awk '/^www\.example\.com\..*RRSIG\tA / { $NF = ($NF ~ /^A/ ? "B" : "A") substr($NF, 2) } { print }' \
	"$LAB_DIR/good" >"$nyc"
refused "a signature that is wrong" 1 "steer: www.example.com.: the signature of its A is wrong" anydoor reload
refused "which is told with its file" 2 "$nyc:" anydoor check --config-only
is "the old answer stays" "$(delv_says nyc www.example.com A)" "60 192.0.2.20"
mv "$LAB_DIR/good" "$nyc"
ok "the right one is as good as before" anydoor reload

# A variant is watched as its zone is.
steered dns="{ watch: true, zones: [{ name: example.com, file: signed/example.com.zone,
         variants: \"signed/example.com.{pop}.zone\" }] }"
anydoor reload >/dev/null
short_lived() {
	(($(anydoor zones --json | jq .zones[0].signed_until_s) < EPOCHSECONDS + 7300))
}
ok "weeks are left" not short_lived
sign brief "$LAB_DIR/unsigned/example.com.sin.zone"
ok "a variant's file changes: it is loaded" await 10 short_lived

# By a key at the node: the zone alone is signed elsewhere. Its signatures outlive those made here.
own_key() { # KEYFILE [KEY: VALUE...]
	steered dns="{ zones: [{ name: example.com, file: signed/example.com.zone, sign_key: $1 ${2:+, $2} }] }"
}

# The same key as PEM, which is how Knot keeps it.
pem_write() { # KEY FILE
	/usr/bin/python3 -B - "$1" <<-'END' >"$2"
		import base64, sys
		from cryptography.hazmat.primitives import serialization as form
		from cryptography.hazmat.primitives.asymmetric import ec
		text = open(sys.argv[1]).read().split("PrivateKey: ")[1].split()[0]
		key = ec.derive_private_key(int.from_bytes(base64.b64decode(text), "big"), ec.SECP256R1())
		print(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode())
	END
	chmod 600 "$2"
}

own_key "${KEYS[1]}.private"
zone_write 3
unsigned >/dev/null
rm -f "$LAB_DIR"/signed/*
sign nsec "$LAB_DIR/unsigned/example.com.zone"
chmod 640 "$LAB_DIR/${KEYS[1]}.private"
refused "a key that others may read" 2 "mode 0640 lets others in" anydoor check --config-only
chmod 600 "$LAB_DIR/${KEYS[1]}.private"
ok "a key that is the node's alone" anydoor reload
variants key
others key
down key
at_most "it signs for two weeks" \
	"$(($(anydoor zones --json | jq .zones[0].signed_until_s) - EPOCHSECONDS))" $((14 * 86400))
pem_write "$LAB_DIR/${KEYS[1]}.private" "$LAB_DIR/key.pem"
own_key key.pem
ok "the key as PEM" anydoor reload
is "is as good" "$(delv_says sin www.example.com A)" "60 192.0.2.30"
others=$(keys_make ECDSAP256SHA256)
own_key "${others##* }.private"
refused "another zone's key" 1 "it is the private key of no DNSKEY of the zone" anydoor reload
is "nothing changes" "$(delv_says sin www.example.com A)" "60 192.0.2.30"
rm "$LAB_DIR/${others% *}".* "$LAB_DIR/${others##* }".*

for algorithm in ECDSAP384SHA384 ED25519; do
	read -r -a KEYS < <(keys_make $algorithm)
	anchor_write
	sign nsec3 "$LAB_DIR/unsigned/example.com.zone"
	own_key "${KEYS[1]}.private"
	ok "$algorithm" anydoor reload
	is "$algorithm: www" "$(delv_says sin www.example.com A)" "60 192.0.2.30"
	is "$algorithm: the apex" "$(delv_says fra example.com A)" "300 192.0.2.110"
	is "$algorithm: by drill" "$(drill_says nyc www.example.com A)" "60 192.0.2.20"
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$LAB_DIR/rsa.pem" 2>/dev/null
chmod 600 "$LAB_DIR/rsa.pem"
own_key rsa.pem
refused "a key in PEM that is not the zone's" 1 "it is the private key of no DNSKEY" anydoor reload

own_key "${KEYS[1]}.private" "sign_for: 1m"
anydoor reload >/dev/null
first=$(anydoor zones --json | jq .zones[0].signed_until_s)
at_most "signed for a minute" $((first - EPOCHSECONDS)) 60
renewed() {
	(($(anydoor zones --json | jq .zones[0].signed_until_s) > first))
}
ok "the daemon signs anew" await 70 renewed
at_most "in time" "$EPOCHSECONDS" "$first"
is "and it is secure" "$(drill_says sin www.example.com A)" "60 192.0.2.30"
# delv shows no longer a TTL than the signature still lives.
is "to delv, too" "$(delv_says sin www.example.com A | cut -d' ' -f2-)" 192.0.2.30
ok "which the log tells" logged "steered names of signed zones are signed anew"
done_testing
