#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# split.t: some paths take the SYN to one POP and all the rest to another, by what they see in the
# headers; others take the SYN's repetition elsewhere, so that two POPs have answered. Not a corner:
# behind such a path it happens to every connection.
set -euo pipefail
export LAB_BIG_MIB=16
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

# What the ISP sends to nyc, whatever BGP says: nft's words for the rest of a rule, for each way.
declare -Ar SPLITS=(
	["all but SYNs"]="tcp flags & (syn | ack) != syn"
	["a TTL that SYNs do not have"]="ip ttl 50 :: ip6 hoplimit 50"
	["ECN-capable packets"]="ip ecn ect0 :: ip6 ecn ect0"
)

split_up() {
	detour_up nyc
	# Some systems send SYNs with a TTL of their own.
	at client nft -f - <<-END
		table inet ttl {
			chain out {
				type filter hook output priority mangle
				tcp flags & (syn | ack) != syn jump rest
			}
			chain rest {
				ip ttl set 50
				ip6 hoplimit set 50
			}
		}
	END
	at client sysctl -q -w net.ipv4.tcp_ecn=1
	split_by "tcp dport 0"
}

# RULE, or one for each family.
split_by() { # RULE [:: RULE]
	{
		echo "table inet split; delete table inet split"
		echo "table inet split { chain in { type filter hook prerouting priority mangle;"
		sed 's/ :: /\n/' <<<"$1" | sed 's/^/iifname client /; s/$/ meta mark set 1/'
		echo "}; }"
	} | at isp nft -f -
}

connections() { # FAMILY
	local i
	for i in {1..10}; do
		same "$i $(web_who "$1")" "$i fra" || return 1
	done
}

# No SYN-ACK of these POPs reaches the client. One step: a POP that was mute and stays so must not
# be heard in between, as its SYN-ACK is repeated just then.
mute() { # POP...
	{
		echo "table inet mute; delete table inet mute"
		echo "table inet mute { chain in { type filter hook prerouting priority 0;"
		printf 'iifname edge_%s tcp flags & (syn | ack) == (syn | ack) drop\n' "$@"
		echo "}; }"
	} | at isp nft -f -
}

half_open_at() { # POP
	[[ $(at "$1" ss -Htn state syn-recv | wc -l) == 2 ]]
}

established_at() { # POP
	[[ $(at "$1" ss -Htn state established 'sport = 80' | wc -l) == 2 ]]
}

net_up
split_up
for split in "${!SPLITS[@]}"; do
	split_by "${SPLITS[$split]}"
	before=$(led nyc)
	for family in 4 6; do
		ok "$split: ten connections over IPv$family, each of them fra's" connections $family
		web_download_start split$family $family 100M
	done
	downloads_intact 30 split4 split6
	at_least "$split: nyc led them to fra" $(($(led nyc) - before)) 20
done
at_least "fra saw every SYN" "$(counter fra local_syn)" 66
is "nyc saw none" "$(counter nyc local_syn)" 0
ok "nobody was reset" no_resets

# Two answers to one SYN: fra's is lost, the SYN is repeated to nyc, whose answer comes after fra's
# second one. All that follows lands at nyc.
split_by "tcp dport 0"
mute fra nyc
web_download_start twice4 4 8M
web_download_start twice6 6 8M
ok "fra has answered two SYNs" await 3 half_open_at fra
split_by "tcp dport 80"
ok "nyc has answered them again" await 5 half_open_at nyc
mute nyc
ok "the client has heard fra" await 20 established_at fra
mute sin
downloads_intact 30 twice4 twice6
at_least "nyc answered a SYN of each" "$(counter nyc local_syn)" 2
net_done
