#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# deploy.t: what `make install` puts on a host is accepted by those who will read it there.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/tap.sh"
top=$here/../..
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

installs() {
	DESTDIR=$dir PREFIX=/usr "$top/deploy/install" "$@"
}

files() {
	(cd "$dir" && find . -type f | sort)
}

systemd_accepts() {
	local said
	sed -i "s|/usr/bin/anydoor|$dir/usr/bin/anydoor|; /^Documentation/d" \
		"$dir/usr/lib/systemd/system/anydoor.service"
	said=$(systemd-analyze verify "$dir/usr/lib/systemd/system/anydoor.service" 2>&1)
	same "$said" ""
}

# With what anydoor writes, or without.
bird_accepts() { # [ATTRIBUTES]
	mkdir -p "$dir/anydoor-run"
	rm -f "$dir/anydoor-run/bird.conf"
	[[ $# == 0 ]] || echo "protocol static anydoor4 { ipv4 { preference 250; }; route 192.0.2.53/32 blackhole$1; }" \
		>"$dir/anydoor-run/bird.conf"
	sed "s|/run/anydoor|$dir/anydoor|" "$dir/usr/share/doc/anydoor/examples/bird.conf" >"$dir/bird.conf"
	bird -p -c "$dir/bird.conf"
}

exabgp_accepts() {
	sed "s|/usr/local/bin/anydoor|$dir/usr/bin/anydoor|" "$dir/usr/share/doc/anydoor/examples/exabgp.conf" >"$dir/exabgp.conf"
	exabgp --validate "$dir/exabgp.conf"
}

alerts_are_whole() {
	local name doc=$here/../../deploy/doc/alerts.md rules=$here/../../deploy/examples/alerts.yml
	for name in $(sed -n 's/^  - alert: //p' "$rules"); do
		grep -A7 "^  - alert: $name$" "$rules" | grep -qE "severity: (page|warn) " &&
			grep -q "^      runbook: doc/alerts.md#${name,,}$" "$rules" &&
			grep -q "^## $name$" "$doc" &&
			grep -q "alertname: $name, exp_alerts: \[\]" "$here/alerts.yml" &&
			grep -q "^    alertname: $name$" "$here/alerts.yml" || {
			echo "$name"
			return 1
		}
	done
}

boots() {
	sed "s|/run/|$dir/|" "$dir/usr/lib/tmpfiles.d/anydoor.conf" >"$dir/tmpfiles.conf"
	systemd-tmpfiles --create --boot "$dir/tmpfiles.conf"
	vtysh -C -f "$dir/anydoor/frr.conf" && grep -qx "route-map anydoor4 deny 1" "$dir/anydoor/frr.conf"
}

# What the build asks pkg-config for comes with a package that `make deps` installs.
libraries_come() {
	local package library
	for library in $(sed -nE 's/^PKGS[[:space:]]*:= //p' "$top/Makefile"); do
		package=$(dpkg -S "$(pkg-config --variable=pcfiledir "$library")/$library.pc") || return 1
		grep -q "^${package%%:*} " "$top/deploy/deps.txt" || { echo "$library: $package"; return 1; }
	done
}

servers() { # LIST: packages that answer somebody, or boot another machine
	grep -cE '^(bind9|nsd|knot|bird2|frr|exabgp|nginx|unbound|gdnsd|prometheus|qemu|iperf3)' "$top/deploy/$1"
}

ok "make deps installs every library of the build" libraries_come
is "and no server" "$(servers deps.txt)" 0
at_least "those are the tests'" "$(servers deps-test.txt)" 8
is "which make test installs" "$(make -C "$top" -n test T=none 2>/dev/null | grep -c 'deploy/deps deploy/deps-test.txt')" 1
ok "install" installs
"$dir/usr/bin/anydoor" keygen "$dir/etc/anydoor/fleet.key" >/dev/null
ok "check accepts the example configuration and its zone" \
	"$dir/usr/bin/anydoor" check --config-only --config "$dir/etc/anydoor/anydoor.yaml"
ok "BIRD accepts the example before anydoor runs" bird_accepts
ok "and while the VIPs are announced" bird_accepts ""
ok "and while they are de-preferred" bird_accepts " { bgp_community.add((65535,0)); bgp_path.prepend(64512); }"
ok "but not what is wrong" not bird_accepts " nonsense"
ok "FRR accepts the example" vtysh -C -f "$dir/usr/share/doc/anydoor/examples/frr.conf"
ok "ExaBGP accepts the example" exabgp_accepts
ok "systemd makes what FRR reads at boot" boots
if command -v systemd-analyze >/dev/null; then
	ok "systemd accepts the unit" systemd_accepts
fi
ok "Knot accepts the example" knotc -c "$dir/usr/share/doc/anydoor/examples/knot.conf" conf-check
ok "and the one that signs" knotc -c "$dir/usr/share/doc/anydoor/examples/knot-signer.conf" conf-check
ok "Prometheus accepts the alerts" promtool check rules "$dir/usr/share/doc/anydoor/examples/alerts.yml"
ok "which tell of signatures in time" promtool test rules "$here/alerts.yml"
ok "each fires and is silent in them, says how urgent it is, and what to do" alerts_are_whole
for page in anydoor anydoor-drain anydoor.yaml anydoor-metrics; do
	ok "man finds $page" man -M "$dir/usr/share/man" "$page"
done

echo "# mine" >>"$dir/etc/anydoor/anydoor.yaml"
ok "install again" installs
ok "a configuration that is there stays" grep -q "# mine" "$dir/etc/anydoor/anydoor.yaml"
rm -r "$dir/anydoor-run" "$dir/anydoor" "$dir/bird.conf" "$dir/exabgp.conf" "$dir/tmpfiles.conf"
ok "uninstall" installs --remove
is "only /etc is left" "$(files | paste -sd' ')" "./etc/anydoor/anydoor.yaml \
./etc/anydoor/fleet.key ./etc/anydoor/zones/example.com.zone"

done_testing
