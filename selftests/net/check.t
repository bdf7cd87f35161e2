#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# check.t: `anydoor check` against a host of its own, good at first, then broken one thing at a
# time. It must find each, name it, and change nothing.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/tap.sh"
anydoor=${BUILD:-$here/../../build}/anydoor
ns=check-t-$$
dir=$(mktemp -d)

clean_up() {
	ip netns del "$ns" 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

in_host() {
	nsenter --net="/run/netns/$ns" "$@"
}

raise_host() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	ip netns add "$ns"
	in_host ip link set lo up
	in_host ip link add eth0 type veth peer name far0
	in_host ip link add eth1 type veth peer name far1
	in_host ip link set far0 up
	in_host ip link set far1 up
	in_host ip address add 198.51.100.1/24 dev eth0
	in_host ip -6 address add 2001:db8:1::1/64 dev eth0 nodad
	in_host ip address add 192.0.2.53/32 dev lo
	in_host ip -6 address add 2001:db8::53/128 dev lo nodad
	in_host ip link set eth0 up
	in_host ip link set eth1 up
	in_host ip route add default via 198.51.100.254
	in_host ip -6 route add default via 2001:db8:1::fe
	in_host sysctl -qw net.ipv4.tcp_timestamps=2
}

# configure [LINE...]: the good file, with more lines behind it.
configure() {
	{
		echo "node: fra1"
		echo "interfaces: [${interfaces:-eth0}]"
		echo "vips: [{address: 192.0.2.53}, {address: '2001:db8::53'}]"
		echo "pops: [{name: fra}, {name: nyc}]"
		echo "nodes:"
		echo "- {name: fra1, id: 1, pop: fra, tunnel: ${tunnel:-198.51.100.1}}"
		echo "- {name: nyc1, id: 2, pop: nyc, tunnel: ${peer:-203.0.113.2}}"
		echo "dns: {zones: [{name: example.com, file: example.zone}]}"
		printf '%s\n' "${@:-stamp: {clock: any\}}"
	} >"$dir/anydoor.yaml"
}

check() {
	said=$(in_host "$anydoor" check --config "$dir/anydoor.yaml" "$@" 2>&1)
	code=$?
}

# finds NAME CODE TEXT: check exits so and says that.
finds() {
	local name=$1 wanted=$2 text=$3
	check
	is "$name: exit code" "$code" "$wanted"
	ok "$name: is told" grep -qF -- "$text" <<<"$said" || diag "$said"
	[[ $said == *"$text"* ]] || diag "$said"
}

ignores() {
	check
	is "$1: exit code" "$code" 0
	ok "$1: nothing is told" not grep -qF -- "$2" <<<"$said"
}

"$anydoor" keygen "$dir/fleet.key" >/dev/null || exit 1
cat >"$dir/example.zone" <<-END
	\$TTL 300
	@ SOA ns1 hostmaster 1 3600 900 604800 300
	@ NS ns1
	ns1 A 192.0.2.53
END
raise_host

configure
check
is "a good host: exit code" "$code" 0
ok "a good host: says who it is" grep -qF "This is fra1 in fra" <<<"$said"
check --json
is "a good host: JSON" "$(jq -c '[.ok, .errors]' <<<"$said")" "[true,[]]"

# What the flow table takes is said before it is taken, and held against what there is.
check_with() { # check_with KB [doctor]: on a machine with so much memory available
	echo "MemAvailable: $1 kB" >"$dir/meminfo"
	said=$(in_host unshare -m sh -c 'mount --bind "$1" /proc/meminfo && shift && exec "$@"' sh \
		"$dir/meminfo" "$anydoor" "${2:-check}" --config "$dir/anydoor.yaml" 2>&1)
	code=$?
}
configure "stamp: {clock: any}" "flows: {max: 10M}"
check_with 4000000
is "10M flows: exit code" "$code" 0
ok "10M flows: the memory is told" grep -qF "room for 16.8M flows takes 1.2 GB" <<<"$said"
check_with 2000000
is "10M flows, memory for hardly more: exit code" "$code" 0
ok "10M flows, memory for hardly more: warned" grep -qF "warning: flows.max: a table of 16.8M takes 1.2 GB of kernel memory, and 2.0 GB are available" <<<"$said"
check_with 2000000 doctor
ok "by doctor, too" grep -q "^warning *memory .*flows.max: a table of 16.8M" <<<"$said"
check_with 1000000
is "10M flows, no memory for them: exit code" "$code" 1
configure

mkdir "$dir/nothing"
in_host unshare -m sh -c 'mount --bind "$1" /sys/kernel/btf && shift && exec "$@"' sh "$dir/nothing" \
	"$anydoor" doctor --config "$dir/anydoor.yaml" >"$dir/said" 2>&1 || true
ok "a kernel without BTF" grep -q "^critical *kernel .*has no BTF" "$dir/said"

interfaces=eth7 configure
finds "no such interface" 1 "eth7 is not an interface of this host"
interfaces="eth7, eth0" configure
check
ok "no such interface: nor does it stand on one" not grep -qF "stands on" <<<"$said"

in_host ip link add br0 type bridge
in_host ip link set eth1 master br0
interfaces="eth0, eth1, br0" configure
finds "bridge and its port" 1 "br0 stands on eth1"
interfaces="eth0, eth1" configure
ignores "ports without their bridge" "stands on"

configure
in_host ip address add 198.18.5.1/24 dev br0
in_host ip link set br0 up
in_host ip route replace default via 198.18.5.254
finds "replies by another interface" 1 "replies of 192.0.2.53 leave by br0"
interfaces="eth0, eth1" configure
ignores "replies by a bridge over ours" "leave by"
configure
in_host ip route del default
finds "no route at all" 0 "no route from 192.0.2.53 to the world"
in_host ip route add default via 198.51.100.254

in_host ip link set eth0 mtu 1279
finds "answers that the interface cannot carry" 0 "answers of 1232 bytes do not fit eth0"
in_host ip link set eth0 mtu 1280
ignores "answers that just fit" "do not fit eth0"
in_host ip link set eth0 mtu 1500

in_host sysctl -qw net.ipv4.tcp_timestamps=1
finds "masked timestamps" 1 "net.ipv4.tcp_timestamps is 1; stamps need 2"
configure "stamp: {tcp_timestamps: set, clock: any}"
ignores "masked timestamps that we may set" "tcp_timestamps"
is "check sets nothing" "$(in_host sysctl -n net.ipv4.tcp_timestamps)" 1
in_host sysctl -qw net.ipv4.tcp_timestamps=2
configure

in_host ethtool -K eth0 gro on >/dev/null
ignores "GRO in native mode" "rx-gro"
configure "xdp: {mode: generic}" "stamp: {clock: any}"
finds "GRO in generic mode" 0 "eth0 has rx-gro on: what it has merged fits no tunnel; \`ethtool -K eth0 gro off\`"
in_host ethtool -K eth0 gro off >/dev/null
ignores "no GRO in generic mode" "rx-gro"
configure
ignores "tags that nobody uses, stripped" "rxvlan"
if in_host ip link add link eth0 name eth0.5 type vlan id 5 2>/dev/null; then
	finds "tags of a VLAN, stripped" 0 "XDP does not see the tags that it strips; \`ethtool -K eth0 rxvlan off\`"
	in_host ethtool -K eth0 rxvlan off >/dev/null
	ignores "tags of a VLAN, left alone" "ethtool -K eth0 rxvlan off"
	in_host ip link del eth0.5
else
	skip_next "kernel without VLAN devices"
fi
# No device of this host can merge segments by itself; that they are asked is all that can be seen.
ok "the kernel knows LRO and GRO in hardware by the names that check uses" \
	same "$(in_host ethtool -k eth0 | grep -cE '^(large-receive-offload|rx-gro-hw):')" 2

in_host sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=1 net.ipv4.conf.eth1.rp_filter=1
ignores "strict reverse path where replies leave" "rp_filter"
interfaces="eth0, eth1" configure
finds "strict reverse path elsewhere" 0 "net.ipv4.conf.eth1.rp_filter is strict (1), and replies to the world leave by eth0"
in_host sysctl -qw net.ipv4.conf.all.rp_filter=2
ignores "loose reverse path for all" "rp_filter"
configure

ignores "room for what is clamped" "tunnel.mss_overhead"
configure "tunnel: {mss_overhead: 0}" "stamp: {clock: any}"
finds "room for what is not clamped" 0 "tunnel.mss_overhead: 0 leaves clients packets that are 64 bytes too long for the path to nyc1, which takes 1500"
configure "tunnel: {mss_overhead: 64}" "stamp: {clock: any}"
ignores "room for what is clamped by hand" "too long for the path"
peer="203.0.113.2, mtu: 1343" configure
finds "a narrow path" 0 "221 would do"
finds "a path too narrow for IPv6" 0 "the path to nyc1 takes 1343 bytes: IPv6 needs 1344"
peer="203.0.113.2, mtu: 1344" configure
ignores "a path wide enough for IPv6" "IPv6 needs"
configure

ignores "no connection tracking" "conntrack"
if [[ -e /proc/sys/net/netfilter/nf_conntrack_max ]]; then
	in_host nft -f - <<-END
		table inet track {
			chain out { type filter hook output priority 0; ct state new accept; }
		}
	END
	in_host /usr/bin/python3 -c 'import socket; socket.socket(2, 2).sendto(b"", ("127.0.0.1", 9))'
	configure "flows: {max: 64M}" "stamp: {clock: any}"
	finds "connection tracking with less room than the flow table" 0 "conntrack: at work here"
	in_host nft delete table inet track
	configure
else
	skip_next "kernel without connection tracking"
fi

# The distribution's ip may not know the feature, so the request is made by hand.
add_usec_route() {
	in_host /usr/bin/python3 - <<-'END'
		import socket, struct
		def attr(kind, value):
		    return struct.pack("HH", len(value) + 4, kind) + value
		route = struct.pack("BBBBBBBBI", 2, 24, 0, 0, 254, 4, 0, 1, 0)
		route += attr(1, bytes([203, 0, 113, 0])) + attr(5, bytes([198, 51, 100, 254]))
		route += attr(8, attr(12, struct.pack("I", 1 << 4)))
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
		s.send(struct.pack("IHHII", 16 + len(route), 24, 0x405, 1, 0) + route)
		raise SystemExit(-struct.unpack_from("i", s.recv(4096), 16)[0])
	END
}

if add_usec_route 2>/dev/null; then
	finds "microsecond routes" 1 "1 with \`features tcp_usec_ts\`"
	in_host ip route del 203.0.113.0/24
else
	skip_next "kernel before 6.7: no route can ask for microseconds"
fi

in_host ip address del 192.0.2.53/32 dev lo
finds "VIP on no interface" 0 "192.0.2.53 is on no interface here"
in_host ip address add 192.0.2.53/32 dev lo

tunnel=198.51.100.9 configure
finds "tunnel address of another host" 1 "the tunnel address 198.51.100.9 of fra1"
in_host ip route add unreachable 203.0.113.0/24
configure
finds "peer without a route" 0 "no route to nyc1 (203.0.113.2)"
in_host ip route del unreachable 203.0.113.0/24
in_host ip route add 203.0.113.0/24 via 198.18.5.254
finds "peer by another interface" 0 "the route to nyc1 leaves by br0, which is not among"
interfaces="eth0, eth1" configure
ignores "peer by a bridge over ours" "the route to nyc1"
configure
in_host ip tuntap add tun0 mode tun
in_host ip link set tun0 up
in_host ip route replace 203.0.113.0/24 dev tun0
finds "peer by a layer 3 tunnel" 1 "the route to nyc1 leaves by tun0, which is no Ethernet"
in_host ip route del 203.0.113.0/24

configure "dns: {include_dir: nowhere}" "stamp: {clock: any}"
sed -i '/^dns: {zones/d' "$dir/anydoor.yaml"
finds "no directory for \$INCLUDE" 2 "dns.include_dir: $dir/nowhere: No such file or directory"
configure "keys: {file: fleet.key}" "stamp: {clock: any}"
chmod 644 "$dir/fleet.key"
finds "key that others may read" 1 "fleet.key cannot be used"
chmod 600 "$dir/fleet.key"

configure "stamp: {clock: any}" "state: {bpffs: /dev/shm/x}"
finds "no bpffs yet" 0 "/dev/shm is no bpffs"
configure "stamp: {clock: any}" "state: {group: nosuchgroup}"
finds "no group" 1 "there is no group nosuchgroup"

echo "@ A nowhere" >>"$dir/example.zone"
configure
finds "broken zone" 2 "example.zone:5:"
configure "nonsense: 1"
finds "broken configuration" 2 "anydoor.yaml:9: nonsense: unknown key"
# One pass finds what is wrong with the configuration, with a zone and with the host.
cp "$dir/example.zone" "$dir/whole.zone"
printf 'wrong A 192.0.2\nwrong CNAME here\nwrong TXT x\n' >>"$dir/example.zone"
lines=$(wc -l <"$dir/whole.zone")
configure "stamp: {clock: any}" "bogus: 1"
finds "an error in the configuration" 2 "bogus"
ok "does not hide one in a zone" \
	grep -qF "example.zone:$((lines + 1)): wrong.example.com. A: address: \"192.0.2\" is not an IPv4 address" <<<"$said"
ok "nor what the whole zone shows" \
	grep -qF "example.zone:$((lines + 3)): wrong.example.com. TXT: CNAME and other data" <<<"$said"
chmod 644 "$dir/fleet.key"
configure
finds "an error in a zone" 2 "wrong.example.com. A: address"
ok "does not hide what the host has wrong" grep -qF "fleet.key" <<<"$said" || diag "$said"
chmod 600 "$dir/fleet.key"
mv "$dir/whole.zone" "$dir/example.zone"
configure

check --config-only
is "broken configuration, host not looked at: exit code" "$code" 2
is "the keys as JSON" "$("$anydoor" check --keys --json | jq -r '.[0] | .key, .required' | paste -sd' ')" \
	"node true"

done_testing
