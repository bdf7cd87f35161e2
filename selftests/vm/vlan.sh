#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# vlan.sh: two POPs whose uplinks carry nothing but tagged frames, one of a VLAN, the other of a VLAN
# within a service VLAN (QinQ). Flows of each land at the other; both answer DNS. For the test machine
# only: other kernels may have no 8021q.

log=/run/vlan.log
vip4=192.0.2.10 vip6=2001:db8:53::10
client4=198.51.100.7 client6=2001:db8:c::7
# shellcheck source=selftests/vm/words.sh
. ./words.sh

# The router, which is the client too, is here; a POP has a namespace, and a wire to us. There,
# `ip` alone would be busybox's.
at() # POP COMMAND...
{
	pid=$(cat "/run/pop-$1")
	shift
	nsenter --net="/proc/$pid/ns/net" "$@"
}

pop_up() # POP NET TAG...
{
	pop=$1 net=$2
	shift 2
	unshare -n sleep 1000 &
	echo $! >"/run/pop-$pop"
	sleep 0.5
	ip link add "wire_$pop" type veth peer name up0
	ip link set up0 netns $!
	# As on a wire: tags are in the frame, checksums complete.
	ethtool -K "wire_$pop" tx off txvlan off tx-vlan-stag-hw-insert off >/dev/null
	at "$pop" ethtool -K up0 txvlan off tx-vlan-stag-hw-insert off >/dev/null
	ip link set "wire_$pop" up
	at "$pop" /bin/ip link set lo up
	at "$pop" /bin/ip link set up0 up
	ip link set "wire_$pop" xdpdrv obj router_port.bpf.o sec xdp.frags
	device=up0 wire=wire_$pop
	for tag in "$@"; do
		tag_up "$pop" "${tag%:*}" "${tag#*:}"
	done
	addresses_up "$pop" "$net"
	services_up "$pop"
}

# One more tag, at both ends.
tag_up() # POP PROTOCOL ID
{
	at "$1" /bin/ip link add link "$device" name "$device.$3" type vlan proto "$2" id "$3"
	ip link add link "$wire" name "v$1$3" type vlan proto "$2" id "$3"
	device=$device.$3 wire=v$1$3
	at "$1" /bin/ip link set "$device" up
	ip link set "$wire" up
}

addresses_up() # POP NET
{
	ip addr add "10.$2.0.254/24" dev "$wire"
	ip addr add "fd0$2::fe/64" dev "$wire" nodad
	at "$1" /bin/ip addr add "10.$2.0.1/24" dev "$device"
	at "$1" /bin/ip addr add "fd0$2::1/64" dev "$device" nodad
	at "$1" /bin/ip addr add $vip4/32 dev lo
	at "$1" /bin/ip addr add $vip6/128 dev lo nodad
	at "$1" /bin/ip route add default via "10.$2.0.254"
	at "$1" /bin/ip route add default via "fd0$2::fe"
}

services_up() # POP
{
	cat >"/run/say-$1" <<-END
		#!/bin/sh
		while read -r line; do echo "$1 heard \$line"; done
	END
	chmod +x "/run/say-$1"
	at "$1" nc -ll -p 80 -e "/run/say-$1" &
}

router_up()
{
	ip link set lo up
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip addr add $client4/32 dev lo
	ip addr add $client6/128 dev lo nodad
}

daemon_start() # POP
{
	cat >"/run/vlan-$1.yaml" <<-END
		node: $1-1
		interfaces: [up0]
		vips: [ { address: $vip4 }, { address: "$vip6" } ]
		pops: [ { name: a }, { name: b } ]
		nodes:
		- { name: a-1, id: 1, pop: a, tunnel: 10.5.0.1 }
		- { name: b-1, id: 2, pop: b, tunnel: 10.6.0.1 }
		stamp: { clock: any, tcp_timestamps: set }
		keys: { file: fleet.key, epoch: 1 }
		flows: { max: 4K }
		dns: { zones: [ { name: example.org, file: vlan.zone } ] }
		metrics: { listen: "off" }
		xdp: { mode: native, dispatcher: off }
		state: { bpffs: /sys/fs/bpf/vlan$1, run: /run/vlan$1 }
	END
	at "$1" anydoor run --config "/run/vlan-$1.yaml" >>$log 2>&1 &
	eval "daemon_$1=$!"
	await 30 at "$1" anydoor status --config "/run/vlan-$1.yaml"
}

counter() # POP LABEL
{
	at "$1" anydoor stats --json --config "/run/vlan-$1.yaml" | tr '{' '\n' |
		sed -n "s/.*\"$2\".*\"packets\": *\([0-9]*\).*/\1/p" | head -1
}

land_at() # POP
{
	net=5
	[ "$1" = a ] || net=6
	ip route replace $vip4 via 10.$net.0.1 src $client4
	ip route replace $vip6 via fd0$net::1 src $client6
}

says() # FILE LINE
{
	grep -qx "$2" "$1"
}

vip() # FAMILY
{
	[ "$1" = 4 ] && echo $vip4 || echo $vip6
}

# One connection over IPv4 and one over IPv6: begun at OWNER, then landing at the OTHER.
test_shift() # OWNER OTHER
{
	land_at "$1"
	before=$(counter "$2" wrap_stamp)
	for family in 4 6; do
		vip=$(vip $family)
		rm -f /run/line
		mkfifo /run/line
		nc "$vip" 80 </run/line >"/run/heard$family" &
		eval "exec $((family + 3))>/run/line"
		eval "echo first >&$((family + 3))"
		ok await 10 says /run/heard$family "'$1 heard first'" -- "IPv$family: a connection to $1"
	done
	land_at "$2"
	for family in 4 6; do
		eval "echo second >&$((family + 3))"
		ok await 10 says /run/heard$family "'$1 heard second'" -- \
			"IPv$family: it lands at $2, and is $1's"
		eval "exec $((family + 3))>&-"
	done
	ok '[ "$(counter '"$2"' wrap_stamp)" -gt $before ]' -- "$2 led it home"
	ok '[ "$(counter '"$2"' nobody)" = 0 ]' -- "$2 knew whose it was"
}

answered() # POP VIP
{
	before=$(counter "$1" dns_answered)
	nslookup www.example.org "$2" | grep -q 192.0.2.80 &&
		[ "$(counter "$1" dns_answered)" -gt "$before" ]
}

test_dns() # POP
{
	land_at "$1"
	for family in 4 6; do
		vip=$(vip $family)
		ok answered "$1" "$vip" -- "IPv$family: $1 answers DNS in the kernel"
	done
}

zone_write()
{
	cat >/run/vlan.zone <<-END
		\$ORIGIN example.org.
		@ 60 SOA ns1 hostmaster 1 3600 600 86400 60
		@ 60 NS ns1
		ns1 60 A $vip4
		www 60 A 192.0.2.80
		www 60 AAAA 2001:db8::80
	END
}

router_up
pop_up a 5 802.1Q:5
pop_up b 6 802.1ad:9 802.1Q:5
[ -e /run/fleet.key ] || anydoor keygen /run/fleet.key
zone_write
ok daemon_start a -- "VLAN: the daemon loads and attaches"
ok daemon_start b -- "QinQ: the daemon loads and attaches"
ok 'at a anydoor check --config /run/vlan-a.yaml | grep -q "tags that it strips"' -- \
	"VLAN: check tells of an uplink that may strip tags"
test_shift a b
test_shift b a
test_dns a
test_dns b
# shellcheck disable=SC2154 # set in daemon_start
kill "$daemon_a" "$daemon_b"
echo "1..$nr"
