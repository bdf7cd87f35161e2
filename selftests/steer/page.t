#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# page.t: every example of deploy/doc/steering.md is a configuration without errors.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/../net/tap.sh"
anydoor=${BUILD:-$here/../../build}/anydoor
page=$here/../../deploy/doc/steering.md
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

# block KIND N: the Nth block of that kind.
block() {
	awk -v kind="\`\`\`$1" -v wanted="$2" '/^```/ && inside { inside = 0 }
		inside && nr == wanted
		$0 == kind { inside = 1; nr++ }' "$page"
}

"$anydoor" keygen "$dir/fleet.key" >/dev/null || exit 1
echo "198.18.0.0/15 # of the office" >"$dir/office.txt"
{
	printf '%s\n' '$ORIGIN example.com.' '@ 3600 SOA ns host 1 2 3 4 5' '@ 3600 NS ns' \
		'ns 3600 A 192.0.2.53'
	block zone 1
} >"$dir/example.zone"
"$here/mmdb.py" "$dir/country.mmdb" <<-'END'
	100.0.0.0/10	continent=EU country=DE
	100.64.0.0/10	continent=AF country=KE
	100.128.0.0/10	continent=AS country=TR
	100.192.0.0/10	continent=AS country=JP
	101.0.0.0/10	continent=OC country=AU
	101.64.0.0/10	continent=NA country=US subdivision=CA
	101.128.0.0/10	continent=NA country=CA
END
"$here/mmdb.py" "$dir/asn.mmdb" <<-'END'
	100.0.0.0/12	asn=64500
	101.0.0.0/12	asn=64501
END

nr=$(grep -c '^```yaml$' "$page")
ok "the page has examples" test "$nr" -ge 4
for i in $(seq "$nr"); do
	{
		printf '%s\n' "node: fra1" "interfaces: [eth0]" "vips: [{address: 192.0.2.53}]" \
			"nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]" \
			"dns: {zones: [{name: example.com, file: example.zone}]}"
		block yaml "$i" | grep -q '^pops:' || echo "pops: [{name: fra}, {name: nyc}, {name: sin}]"
		block yaml "$i" | sed "s|/var/lib/anydoor|$dir|"
	} >"$dir/anydoor.yaml"
	said=$("$anydoor" check --config-only --config "$dir/anydoor.yaml" 2>&1)
	is "example $i: check finds no error" $? 0 || diag "$said"
	ok "example $i: steers" grep -q '^steering: [1-9]' <<<"$said"
done
done_testing
