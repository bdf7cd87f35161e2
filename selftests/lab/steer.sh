# SPDX-License-Identifier: GPL-3.0-or-later
# steer.sh: with LAB_STEER=1 the zone has names that are steered by where a client is, in a world of two
# countries: the client is in Germany; the second half of its network, its other address with it, in Japan.
# With LAB_SIGNED=1 also a signed zone with such a name, whose keys no POP has.
# shellcheck shell=bash

readonly FAR4=198.51.100.200
readonly SIGNED=example.net
# What each POP answers of a steered name: its own unicast address.
declare -Agr STEERED_TO=([203.0.113.1]=fra [203.0.113.2]=nyc [203.0.113.3]=sin)

steer_up() {
	((${LAB_STEER:-0})) || return 0
	at client ip addr add $FAR4/24 dev isp
	"$LAB_HOME/../steer/mmdb.py" "$LAB_DIR/country.mmdb" <<-END
		198.51.100.0/25     country=DE
		198.51.100.128/25   country=JP
		2001:db8:c::/64     country=DE
		100.64.0.0/24       country=DE
		100.64.1.0/24       country=JP
		100.64.2.0/24       country=US
		2001:db8:a::/48     country=JP
	END
}

# The signed zone in the configuration.
steer_signed() {
	((${LAB_SIGNED:-0})) || return 0
	echo "    - { name: $SIGNED, file: signed/$SIGNED.zone, variants: \"signed/$SIGNED.{pop}.zone\" }"
}

# Signs it, for each POP, by the configuration that is there.
steer_sign() {
	local pop key file
	((${LAB_SIGNED:-0})) || return 0
	mkdir "$LAB_DIR/unsigned" "$LAB_DIR/signed"
	{
		printf '$ORIGIN %s.\n$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\nns1 A %s\n' $SIGNED $VIP4
		for pop in "${POPS[@]}"; do
			printf 'near.%s A %s\n' "$pop" "$(tunnel_address "$pop" 4)"
		done
	} >"$LAB_DIR/plain.zone"
	"$ANYDOOR" --config "$LAB_DIR/${NODES[0]}.yaml" variants $SIGNED --dir "$LAB_DIR/unsigned" \
		--from "$LAB_DIR/plain.zone" >/dev/null || return
	(
		cd "$LAB_DIR" && key=$(ldns-keygen -a ECDSAP256SHA256 -k $SIGNED 2>/dev/null) || exit
		for file in unsigned/*; do
			ldns-signzone -o $SIGNED -f "signed/${file##*/}" "$file" "$key" || exit
		done
		awk '{ gsub(/;.*/, ""); key = $7; for (i = 8; i <= NF; i++) key = key $i
			printf "trust-anchors { \"%s\" static-key %s %s %s \"%s\"; };\n", $1, $4, $5, $6, key }' \
			"$key.key" >anchor
	)
}

steer_config() {
	((${LAB_STEER:-0})) || return 0
	cat <<-END
		geo: { databases: [{ name: country, file: country.mmdb }] }
		regions:
		  - { name: europe, continents: [EU] }
		  - { name: asia, continents: [AS] }
		policies:
		  - { name: nearest, rules: { europe: [fra, nyc, sin], asia: [sin, nyc, fra] }, default: [nyc, fra, sin] }
		  - { name: by_resolver, locate: resolver, rules: { europe: [fra], asia: [sin] }, default: [nyc] }
		  - { name: here, locate: pop, default: [fra, nyc, sin] }
		steer:
		  - { name: near.$ZONE, policy: nearest, ttl: 60, doubt_ttl: 5 }
		  - { name: resolver.$ZONE, policy: by_resolver, members: "near.{pop}", ttl: 60 }
		  - { name: here.$ZONE, policy: here, members: "near.{pop}", ttl: 60 }
		  - { name: "*.cdn.$ZONE", policy: nearest, members: "near.{pop}", ttl: 60 }
	END
	((!${LAB_SIGNED:-0})) || echo "  - { name: near.$SIGNED, policy: nearest, ttl: 60, doubt_ttl: 5 }"
}

steer_zone() {
	local pop
	((${LAB_STEER:-0})) || return 0
	for pop in "${POPS[@]}"; do
		printf 'near.%s A %s\n' "$pop" "$(tunnel_address "$pop" 4)"
		printf 'near.%s AAAA %s\n' "$pop" "$(tunnel_address "$pop" 6)"
	done
}

# Which POP NAME is, for who asks from ADDRESS (dig's options may follow), and the scope that is told.
steered_to() { # NAME ADDRESS [OPTION...]
	local name=$1 from=$2 address scope
	shift 2
	read -r address scope < <(at client dig +tries=1 +time=2 +norec +noall +answer +comments -b "$from" \
		"$@" "@$VIP4" "$name.$ZONE" A |
		awk '/CLIENT-SUBNET:/ { split($NF, part, "/"); scope = "/" part[3] }
			/^[^;]/ { out = $5 } END { print out ? out : "nobody", scope }')
	echo "${STEERED_TO[$address]:-$address}${scope:+ $scope}"
}
