#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# check.t: what `anydoor check` says of steering: who is sent where, what is wrong, and where.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/../net/tap.sh"
anydoor=${BUILD:-$here/../../build}/anydoor
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

# configure LINE...: a good file, and these lines behind it.
configure() {
	printf '%s\n' "node: fra1" "interfaces: [eth0]" "vips: [{address: 192.0.2.53}]" \
		"pops: [{name: fra}, {name: nyc}]" \
		"nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]" \
		"dns: {zones: [{name: example.com, file: example.zone}]}" \
		"geo: {databases: [{name: test, file: test.mmdb}]}" "$@" >"$dir/anydoor.yaml"
}

check() {
	said=$("$anydoor" check --config "$dir/anydoor.yaml" --config-only "$@" 2>&1)
	code=$?
}

asked() {
	check --json
	jq -c "$1" <<<"$said"
}

# refuses NAME TEXT: check finds it, with its line.
refuses() {
	check
	is "$1: exit code" "$code" 2
	ok "$1: is told" grep -qxF -- "$dir/anydoor.yaml:$2" <<<"$said" || diag "$said"
}

"$anydoor" keygen "$dir/fleet.key" >/dev/null || exit 1
printf '%s\n' '$ORIGIN example.com.' '@ 3600 SOA ns host 1 2 3 4 5' '@ 3600 NS ns' \
	'ns 3600 A 192.0.2.53' 'www.fra 60 A 192.0.2.1' 'www.nyc 60 A 192.0.2.2' >"$dir/example.zone"
"$here/mmdb.py" "$dir/test.mmdb" <<-'END'
	192.0.2.0/23		country=DE asn=64500
	198.51.100.0/24		country=US
	2001:db8::/32		country=DE
END

region='regions: [{name: europe, continents: [EU]}]'
policy='policies: [{name: near, rules: {europe: [fra, nyc]}, default: [{nyc: 3, fra: 1}]}]'
configure "$region" "$policy"
check
is "a good file" "$code" 0 || diag "$said"
rules='.steering.rules[] | [.policy, .region, .pops, .ip4_24s]'
is "what the rules decide on" "$(asked "$rules" | tr '\n' ' ')" \
	'["near","europe","fra, nyc",2] ["near","default","nyc=3|fra=1",16777214] '
is "a /32 of IPv6 is so many /48" "$(asked '.steering.rules[0].ip6_48s')" 65536
is "what each POP gets, by weight" "$(asked '.steering.pops[] | [.pop, .ip4_24s]' | tr '\n' ' ')" \
	'["fra",4194306] ["nyc",12582911] '
is "kinds of clients" "$(asked .steering.locations)" 2
check
ok "people are told in a table" grep -qE '^near +europe +fra, nyc +2 +65,536$' <<<"$said" || diag "$said"
ok "with the memory that it takes" grep -qE '^steering: .* takes [0-9.]+ [kKM]?B, and whom they get [0-9.]+ [kKM]?B of kernel memory$' \
	<<<"$said" || diag "$said"
configure "$region" "$policy"
plain=$(asked .zone_bytes)
{
	printf '$ORIGIN example.com.\n@ 3600 SOA ns host 1 2 3 4 5\n@ 3600 NS ns\nns 3600 A 192.0.2.53\n'
	for ((i = 0; i < 3000; i++)); do
		printf 'n%d.fra 60 A 192.0.2.1\nn%d.nyc 60 A 192.0.2.2\n' $i $i
	done
} >"$dir/many.zone"
configure "$region" "$policy"
sed -i 's|example.zone|many.zone|' "$dir/anydoor.yaml"
members=$(asked .zone_bytes)
{
	echo "steer:"
	for ((i = 0; i < 3000; i++)); do echo "- {name: n$i.example.com, policy: near}"; done
} >>"$dir/anydoor.yaml"
at_least "zones take memory" "$members" "$plain"
at_least "what each POP has takes more" "$(asked .zone_bytes)" $((members + 3000 * 2 * 64))
at_least "and so do rows" "$(asked .steering.row_bytes)" 64

configure 'regions: [{name: europe, countries: [DE, FR]}]' "$policy"
refuses "a country without an address" "8: regions[]: europe: no network of the databases is in FR: \
is it spelled right, and do the databases tell such things?"
# From the subdivision to the country to the continent to `default`, whatever their order in the file.
"$here/mmdb.py" "$dir/places.mmdb" <<-'END'
	192.0.2.0/24	continent=EU country=DE subdivision=BY
	192.0.3.0/24	continent=EU country=DE subdivision=BE
	198.51.100.0/24	continent=EU country=FR
	203.0.113.0/24	continent=AS country=JP
END
configure 'regions: [{name: europe, continents: [EU]}, {name: germany, countries: [DE]}, {name: bavaria, subdivisions: [DE-BY]}]' \
	'policies: [{name: near, rules: {europe: [fra], germany: [nyc], bavaria: [fra, nyc]}, default: [nyc, fra]}]'
sed -i 's|test.mmdb|places.mmdb|' "$dir/anydoor.yaml"
is "each place has the most exact rule that names it, the rest the default" \
	"$(asked '.steering.rules[] | [.region, .ip4_24s]' | tr '\n' ' ')" \
	'["europe",1] ["germany",1] ["bavaria",1] ["default",16777213] '

# By distance: 192.0.2.0/24 is in Paris, 198.51.100.0/24 in Boston, the others are nowhere.
"$here/mmdb.py" "$dir/city.mmdb" <<-'END'
	192.0.2.0/24	country=FR at=48.9,2.4
	198.51.100.0/24	country=US at=42.4,-71.1
	203.0.113.0/24	country=US at=37.8,-122.4
END
by_distance() { # POPS [POLICY...]
	configure "regions: [{name: far, networks: [203.0.113.0/24]}]" \
		"policies: [{name: near, draw: distance, rules: {far: [fra]}, default: [fra, nyc]$2}]"
	sed -i "s|^pops: .*|pops: $1|; s|test.mmdb|${3:-city.mmdb}|" "$dir/anydoor.yaml"
}
by_distance '[{name: fra, at: [50.1, 8.7]}, {name: nyc, at: [40.7, -74]}]' ''
is "by distance: Paris is nearer to fra, Boston to nyc, a rule comes first, the rest is default's" \
	"$(asked '.steering.pops[] | [.pop, .ip4_24s]' | tr '\n' ' ')" '["fra",16777215] ["nyc",1] '
is "each order is a kind of clients" "$(asked .steering.locations)" 3
by_distance '[{name: fra, at: [50.1, 8.7]}, {name: nyc}]' ''
refuses "a POP that is in no place" "4: pops[].at: nyc is in no place, and policy near goes by distance: \
write its coordinates, such as at: [50.1, 8.7]"
by_distance '[{name: fra, at: [50.1, 8.7]}, {name: nyc, at: [91, 0]}]' ''
refuses "a place that is none" "4: pops[].at: \"91, 0\" is no place: degrees north (-90 to 90) and east \
(-180 to 180), such as [50.1, 8.7]"
by_distance '[{name: fra, at: [50.1, 8.7]}, {name: nyc, at: [40.7, -74]}]' '' test.mmdb
refuses "a database without coordinates" "9: policies[].draw: near: goes by distance, and no network of the \
databases has coordinates: it takes a database of cities"

configure "$region" 'policies: [{name: near, rules: {europe: [fra]}, default: [fra]}]'
refuses "a POP that nobody reaches" "4: pops[]: nyc: no policy sends anybody there"
configure "$region" "$policy" 'shed: {from: 80, to: 70}'
refuses "marks the wrong way round" "10: shed: \`from\` 80 is not below \`to\` 70: write a smaller \`from\`"
configure "$region" "$policy"
head -c 200 "$dir/test.mmdb" >"$dir/cut.mmdb" && mv "$dir/cut.mmdb" "$dir/test.mmdb"
refuses "half a database" "7: geo.databases[].file: $dir/test.mmdb: is no whole database in MaxMind's \
format: what ought to stand at its end is not there"
rm "$dir/test.mmdb"
refuses "no database" "7: geo.databases[].file: $dir/test.mmdb: No such file or directory"
done_testing
