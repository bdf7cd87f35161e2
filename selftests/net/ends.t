#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ends.t: how flows end where they do not land, and what becomes of their ports: RST and FIN, both at
# once, one half long before the other, TIME_WAIT, and sockets whose client has vanished.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck source=selftests/net/puppet.sh
. "$NET_HOME/puppet.sh"

# Nothing that this side of the ISP sends to the other gets through.
cut() { # server|client
	local from="iifname client"
	[[ $1 == client ]] || from="iifname != client"
	at isp nft "table inet cut { chain in { type filter hook prerouting priority 0;
		$from tcp dport $PUPPET_PORT drop; $from tcp sport $PUPPET_PORT drop; }; }"
}

mend() {
	at isp nft delete table inet cut
}

# A connection from PORT begins at POP.
begins() { # NAME PORT POP
	bgp_prefer "$3"
	is "$family $1: begins at $3" "$(puppet open "$1" "$vip" "$2") $(puppet who "$1")" "open $3"
}

# It stays POP's wherever the client is.
stays() { # NAME POP
	local landing
	for landing in "${POPS[@]}"; do
		bgp_prefer "$landing"
		same "at $landing: $(puppet who "$1")" "at $landing: $2" || return 1
	done
}

# So many sockets towards PORT.
has() { # POP STATE PORT COUNT
	ok "$family: $1 has $4 in $2" await 8 has_now "$@"
}

has_now() {
	same "$(at "$1" ss -Htn state "$2" "sport = $PUPPET_PORT and dport = $3" | wc -l)" "$4"
}

# TIME_WAIT where the ports' flow was before; its next one is somebody else's.
time_wait() {
	begins first 5${family}001 fra
	is "$family first: fra closes it" "$(puppet bye first)" closed
	has fra time-wait 5${family}001 1
	begins second 5${family}001 nyc
	ok "$family second: is nyc's, over fra's TIME_WAIT" stays second nyc
	bgp_prefer sin
	is "$family second: nyc closes it, by way of sin" "$(puppet bye second)" closed
	has nyc time-wait 5${family}001 1
	begins third 5${family}001 fra
	ok "$family third: is fra's, over nyc's TIME_WAIT" stays third fra
	bgp_prefer nyc
	is "$family third: the client resets it, by way of nyc" "$(puppet abort third)" closed
	has fra established 5${family}001 0
}

# A socket whose client has gone without a word, and uses the ports again.
vanish() { # PORT FROM TO
	begins gone "$1" "$2"
	cut client
	puppet abort gone >/dev/null
	mend
	has "$2" established "$1" 1
	begins again "$1" "$3"
	ok "$family again: is $3's, over $2's old socket" stays again "$3"
	has "$2" established "$1" 1
	puppet abort again >/dev/null
}

# One half ends long before the other.
half_close() {
	begins half 5${family}004 fra
	puppet stream half 200 >/dev/null
	bgp_prefer sin
	puppet half half >/dev/null
	bgp_prefer nyc
	is "$family half: the other half goes on for seconds, whole" "$(puppet rest half)" 200
	puppet close half >/dev/null
	has fra connected 5${family}004 0
}

# Both ends close before either hears of it.
both_close() {
	begins both 5${family}005 fra
	bgp_prefer nyc
	cut server
	puppet leave both >/dev/null
	has fra fin-wait-1 5${family}005 1
	puppet close both >/dev/null
	has fra closing 5${family}005 1
	bgp_prefer sin
	mend
	has fra closing 5${family}005 0
	has fra time-wait 5${family}005 1
}

net_up
puppet_serve "${POPS[@]}"
puppet_start
for family in 4 6; do
	vip=VIP$family
	vip=${!vip}
	time_wait
	vanish 5${family}002 fra nyc
	vanish 5${family}003 nyc fra
	half_close
	both_close
done
net_done
