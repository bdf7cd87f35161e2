#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# attach.sh: the daemon on a real interface of this kernel: alone, behind libxdp's dispatcher
# beside a second XDP program, changed in place, and taken off again; and the program that measures
# round-trip times. For the test machine only.

config=/run/anydoor.yaml
log=/run/anydoor.log
vip=192.0.2.10
# shellcheck source=selftests/vm/words.sh
. ./words.sh

# One interface towards a client in a namespace of its own, the VIP behind it.
network_up()
{
	/bin/ip link set lo up
	/bin/ip addr add $vip/32 dev lo
	/bin/ip link add up0 type veth peer name up1
	unshare -n sleep 1000 &
	client=$!
	sleep 0.5
	/bin/ip link set up1 netns $client
	/bin/ip addr add 10.9.0.1/24 dev up0
	/bin/ip link set up0 up
	outside /bin/ip addr add 10.9.0.2/24 dev up1
	outside /bin/ip link set up1 up
	outside /bin/ip link set lo up
	outside /bin/ip route add default via 10.9.0.1
	nc -ll -p 80 -e /bin/echo hello &
	nc -ll -p 81 -e /bin/sleep 1000 &
}

outside() # COMMAND...
{
	nsenter --net=/proc/$client/ns/net "$@"
}

configure() # DISPATCHER [LINE [DNS]]
{
	dispatcher=$1
	cat >$config <<-END
		node: a-1
		interfaces: [up0]
		vips: [ { address: $vip, dns: ${3:-false} } ]
		pops: [ { name: a }, { name: b } ]
		nodes:
		- { name: a-1, id: 1, pop: a, tunnel: 10.9.0.1 }
		- { name: b-1, id: 2, pop: b, tunnel: 10.9.0.3 }
		stamp: { clock: any, tcp_timestamps: set }
		keys: { file: fleet.key, epoch: 1 }
		flows: { max: 4K }
		xdp: { mode: native, dispatcher: $1 }
		state: { bpffs: /sys/fs/bpf/anydoor, run: /run/anydoor }
		$2
	END
}

# What is loaded may be there before the daemon that adopts it can be asked.
daemon_answers()
{
	case $(anydoor catchment --config $config 2>&1) in
	*"no daemon runs"*) return 1 ;;
	esac
}

daemon_start()
{
	anydoor run --config $config >>$log 2>&1 &
	daemon=$!
	await 20 anydoor status --config $config && await 20 daemon_answers
}

daemon_stop() # SIGNAL
{
	kill "$1" $daemon
	wait $daemon
} 2>/dev/null

counter() # LABEL
{
	anydoor stats --json --config $config | tr '{' '\n' |
		sed -n "s/.*\"$1\".*\"packets\": *\([0-9]*\).*/\1/p" | head -1
}

# A connection through the VIP, so that ingress and egress both have seen it.
connection_works()
{
	[ "$(outside nc -w 5 $vip 80 </dev/null)" = hello ]
}

grows() # LABEL
{
	before=$(counter "$1")
	connection_works && [ "$(counter "$1")" -gt "$before" ]
}

beside_grows()
{
	before=$(./beside count)
	connection_works && [ "$(./beside count)" -gt "$before" ]
}

flow_lives() # PORT
{
	anydoor flows --config $config | grep -q ":$1 "
}

program_ids()
{
	bpftool prog show name packet | sed -n 's/^\([0-9]*\): .*/\1/p'
}

listed() # NAMES...
{
	[ "$(./beside list up0 2>/dev/null | tr '\n' ' ')" = "$*${1:+ }" ]
}

test_alone()
{
	configure off
	ok daemon_start -- "alone: the daemon loads and attaches"
	ok listed -- "alone: there is no dispatcher"
	ok connection_works -- "alone: a connection goes through"
	ok grows local_syn -- "alone: XDP sees it"
	ok grows out_stamped -- "alone: egress stamps it"
	ok grows local_stamp -- "alone: XDP reads the stamp"
	daemon_stop -KILL
	ok grows local_stamp -- "alone: all goes on without a daemon"
	ok daemon_start -- "alone: a new daemon adopts it"
	test_change alone
	test_detach alone
	ok listed -- "alone: nothing is left on the interface"
}

# Other options are other programs, put into the door's slots.
test_change() # WHERE
{
	# shellcheck disable=SC2034 # read by the eval in ok
	counted=$(counter local_stamp) behind=$(program_ids)
	configure "$dispatcher" "tunnel: { mss_overhead: 100 }"
	ok anydoor reload --config $config '>>$log 2>&1' -- "$1: reload with another option"
	ok '[ "$(program_ids)" != "$behind" ]' -- "$1: other programs stand behind the door"
	ok '[ "$(counter local_stamp)" -ge "$counted" ]' -- "$1: counters went on"
	ok grows local_stamp -- "$1: connections too"
}

test_detach() # WHERE
{
	sleep 1000 | outside nc $vip 81 &
	ok await 5 flow_lives 81 -- "$1: a flow lives"
	ok ! anydoor detach --config $config '>>$log 2>&1' -- "$1: detach refuses while it does"
	ok anydoor detach --force --config $config '>>$log 2>&1' -- "$1: detach when forced"
	daemon_stop -TERM
	ok connection_works -- "$1: a connection without us"
}

# Asks libxdp and the kernel, not us.
dispatcher_takes_all()
{
	./beside attach changes.bpf.o up0 2>/dev/null && listed changes && ./beside detach changes up0
}

# Who joins us must use our dispatcher where libxdp's own does not do.
beside()
{
	LIBXDP_OBJECT_PATH=$join ./beside "$@"
}

# Behind the dispatcher, and then somebody else comes.
test_dispatcher()
{
	configure auto
	ok daemon_start -- "dispatcher: the daemon loads and attaches"
	ok listed anydoor -- "dispatcher: we are behind it"
	ok grows local_stamp -- "dispatcher: XDP reads the stamp"
	ok beside attach beside.bpf.o up0 -- "dispatcher: another program comes beside us"
	ok listed anydoor beside -- "dispatcher: both are listed, in order"
	ok grows local_stamp -- "dispatcher: we see packets"
	ok beside_grows -- "dispatcher: the other sees them too"
	test_change dispatcher
	ok beside_grows -- "dispatcher: the other saw no change"
	test_detach dispatcher
	ok listed beside -- "dispatcher: the other has stayed"
	ok beside_grows -- "dispatcher: and works"
	ok beside detach beside up0 -- "dispatcher: it leaves"
}

# Somebody else was there first, by libxdp's own dispatcher.
test_second()
{
	configure auto
	ok ./beside attach beside.bpf.o up0 -- "second: another program is there"
	ok daemon_start -- "second: the daemon loads and attaches"
	ok listed anydoor beside -- "second: both are listed, in order"
	ok grows local_stamp -- "second: we see packets"
	ok beside_grows -- "second: the other still sees them"
	ok beside detach beside up0 -- "second: the other leaves"
	ok grows local_stamp -- "second: we go on without it"
	leave
}

# Where no dispatcher is to be had we attach alone, and say so.
test_no_dispatcher()
{
	: >$log
	configure auto
	export LIBXDP_OBJECT_PATH=/nowhere
	ok daemon_start -- "no dispatcher: the daemon loads and attaches"
	unset LIBXDP_OBJECT_PATH
	ok grep -q \'attached alone: \' $log -- "no dispatcher: it says that it is alone"
	ok listed -- "no dispatcher: it is"
	ok ! ./beside attach beside.bpf.o up0 -- "no dispatcher: another program cannot push us off"
	ok grows local_stamp -- "no dispatcher: XDP reads the stamp"
	leave
}

rtt_says() # PATTERN
{
	anydoor rtt --config $config | grep -q "$1"
}

# The median is this node's, by connections that have ended; what has been there counts a little less.
test_rtt()
{
	cat >/run/zone <<-END
		\$ORIGIN example.
		\$TTL 60
		@ SOA ns host 1 3600 600 86400 60
		@ NS ns
		ns A $vip
		www.a A 192.0.2.1
		www.b A 192.0.2.2
	END
	configure off "$(cat <<-END
		dns: { zones: [ { name: example, file: zone } ] }
		policies: [ { name: near, draw: rtt, default: [b, a] } ]
		rtt: { hold: 1s }
		steer: [ { name: www.example, policy: near } ]
	END
	)" true
	ok daemon_start -- "rtt: the daemon loads and attaches"
	ok await 5 rtt_says "'^measured here'" -- "rtt: the kernel takes the program"
	ok connection_works '&&' connection_works '&&' connection_works -- "rtt: three connections"
	ok await 10 rtt_says "' a .* [23]  *this node'" -- "rtt: are measured"
	leave
}

leave()
{
	anydoor detach --force --config $config >>$log 2>&1
	daemon_stop -TERM
}

network_up
anydoor keygen /run/fleet.key
test_alone
join=/usr/lib/x86_64-linux-gnu/bpf
if ! dispatcher_takes_all; then
	echo "# libxdp's dispatcher takes no program that changes packets on this kernel"
	join=/test/libxdp
fi
test_dispatcher
test_second
test_no_dispatcher
test_rtt
echo "1..$nr"
