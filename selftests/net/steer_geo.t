#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# steer_geo.t: a database decides whom a client gets; another one in its place is seen without a command;
# one that is cut short, and a list of networks with a mistake, change nothing.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
mmdb=$(dirname "$0")/../steer/mmdb.py

database() { # writes it beside, then moves it: as one ought to
	"$mmdb" "$LAB_DIR/new.mmdb" && mv "$LAB_DIR/new.mmdb" "$LAB_DIR/geo.mmdb"
}

www() { # [OPTION...]: the address, and the scope of the subnet that came back
	at client timeout 5 dig +tries=1 +time=2 +norec +noall +answer +comments "$@" www.example.com A \
		@$VIP4 | awk '/CLIENT-SUBNET:/ { split($NF, part, "/"); scope = " /" part[3] }
			/^[^;]/ { out = $5 } END { printf "%s%s", out, scope }'
}

becomes() { # SUBNET ANSWER
	[[ $(www +subnet="$1") == "$2" ]]
}

built() {
	scrape /metrics | sed -n 's/^anydoor_geo_database_built_timestamp_seconds{database="test"} //p'
}

scrape() {
	at pop curl -s "http://127.0.0.1:9911$1"
}

keeper_up
client_hears_xdp
zone_write 1 "www.fra A 192.0.2.10
www.nyc A 192.0.2.20"
database <<-END
	203.0.113.0/24  country=DE
	198.51.100.0/24 country=US
END
echo 198.18.0.0/16 >"$LAB_DIR/lab.txt"
STEERED=(geo="{ databases: [{ name: test, file: geo.mmdb }] }" \
	regions="[{ name: europe, continents: [EU] }, { name: lab, network_file: lab.txt }]" \
	policies="[{ name: near, rules: { europe: [fra], lab: [fra] }, default: [nyc] }]" \
	steer="[{ name: www.example.com, policy: near }]" \
	metrics="{ listen: \"127.0.0.1:9911\" }" \
	dns="{ watch: true, zones: [{ name: example.com, file: example.zone }] }")
configure "${STEERED[@]}"
daemon_start
before=$(status .dns.kernel)

is "a client in Germany" "$(www +subnet=203.0.113.0/24)" "192.0.2.10 /24"
is "a part of its network is in the same place" "$(www +subnet=203.0.113.128/32)" "192.0.2.10 /24"
is "6to4 of a German address" "$(www +subnet=2002:cb00:7101::/48)" "192.0.2.10 /40"
is "a client in the USA" "$(www +subnet=198.51.100.0/24 | cut -d' ' -f1)" 192.0.2.20
is "a network out of a file" "$(www +subnet=198.18.7.0/24)" "192.0.2.10 /16"
is "all by the kernel" "$(($(status .dns.kernel) - before))" 5
is "when the database was built" "$(built)" 1700000000

database <<-END
	203.0.113.0/25  country=US
	203.0.113.128/25 country=DE
END
ok "another database is seen" await 10 becomes 203.0.113.0/25 "192.0.2.20 /25"
is "and its other half" "$(www +subnet=203.0.113.128/25)" "192.0.2.10 /25"

head -c 150 "$LAB_DIR/geo.mmdb" >"$LAB_DIR/cut.mmdb"
cp "$LAB_DIR/geo.mmdb" "$LAB_DIR/whole.mmdb"
mv "$LAB_DIR/cut.mmdb" "$LAB_DIR/geo.mmdb"
try anydoor reload
ok "half a database is refused" test "$code" != 0
ok "and named" grep -qF "geo.mmdb: is no whole database in MaxMind's format" <<<"$said" || diag "$said"
is "nothing has changed" "$(www +subnet=203.0.113.128/25)" "192.0.2.10 /25"
mv "$LAB_DIR/whole.mmdb" "$LAB_DIR/geo.mmdb"
echo "198.18.0.1/16" >"$LAB_DIR/lab.txt"
try anydoor reload
ok "a mistake in the networks is refused" test "$code" != 0
ok "with its line" grep -qF 'lab.txt:1: "198.18.0.1/16" has bits set behind its length' <<<"$said" ||
	diag "$said"
is "nothing has changed" "$(www +subnet=198.18.7.0/24)" "192.0.2.10 /16"
echo "198.19.0.0/16" >"$LAB_DIR/lab.txt"
ok "a good list is seen" await 10 becomes 198.19.0.0/24 "192.0.2.10 /16"

# A daemon that starts with a broken database refuses to, and what it finds loaded goes on with the last one.
daemon_kill TERM
cp "$LAB_DIR/geo.mmdb" "$LAB_DIR/whole.mmdb"
starts() { # exits so
	timeout 20 nsenter --net="/run/netns/$LAB_NAME-pop" \
		"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run
}
head -c 150 "$LAB_DIR/whole.mmdb" >"$LAB_DIR/geo.mmdb"
refused "a start with half a database" 2 "geo.mmdb: is no whole database in MaxMind's format" starts
is "packets are answered as before" "$(www +subnet=203.0.113.128/25)" "192.0.2.10 /25"
rm "$LAB_DIR/geo.mmdb"
refused "a start without the database" 2 "geo.mmdb: No such file or directory" starts
is "packets are answered as before" "$(www +subnet=203.0.113.128/25)" "192.0.2.10 /25"
configure
anydoor detach --force >/dev/null
configure "${STEERED[@]}"
refused "the first start of all" 2 "geo.mmdb: No such file or directory" starts
is "then nothing is loaded" "$(xdp_program wan0)" 0
mv "$LAB_DIR/whole.mmdb" "$LAB_DIR/geo.mmdb"
daemon_start
is "with the database, all is as it was" "$(www +subnet=203.0.113.128/25)" "192.0.2.10 /25"
daemon_kill TERM
done_testing
