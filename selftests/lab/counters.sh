# SPDX-License-Identifier: GPL-3.0-or-later
# counters.sh: what anydoor says it did, and what the kernel's interfaces say passed.
# shellcheck shell=bash

# Packets that left POP's data path for the reason LABEL. One that is not there must not pass for 0.
counter() { # POP LABEL
	enter "$1" anydoor stats --json | jq --arg reason "$2" \
		'[.reasons[] | select(.reason == $reason) | .packets] | add // error("no such reason")'
}

# Packets in all for reasons that match the jq condition.
counter_sum() { # POP CONDITION
	enter "$1" anydoor stats --json |
		jq "[.reasons[] | select($2) | .packets] | add // error(\"no such reasons\")"
}

# Packets that these nodes sent to others.
led() { # NODE...
	local node sum=0
	for node; do
		sum=$((sum + $(counter_sum "$node" '.action == "send" and .reason != "dns_answered"')))
	done
	echo $sum
}

# --- what came in, what was sent and what went out, each with its reason -------------------------
# The kernel's own counters of `uplink` against ours, both since the ledger was opened.
ledger_open() {
	local pop
	for pop in "${NODES[@]}"; do
		at "$pop" nft -f - <<-END
			table netdev ledger
			delete table netdev ledger
			table netdev ledger {
				counter out {}
				chain out { type filter hook egress device uplink priority 0; counter name out; }
			}
		END
		ledger_read "$pop" >"$LAB_DIR/$pop.ledger"
	done
}

ledger_balanced() { # POP
	local in sent out out_bytes our_in our_sent our_out our_out_bytes
	read -r in sent out out_bytes our_in our_sent our_out our_out_bytes <<<"$(ledger_since_open "$1")"
	same "in $our_in, sent by XDP $our_sent, out $our_out with $our_out_bytes bytes" \
		"in $in, sent by XDP $sent, out $out with $out_bytes bytes"
}

ledger_since_open() { # POP
	paste -d' ' <(tr ' ' '\n' <"$LAB_DIR/$1.ledger") <(ledger_read "$1" | tr ' ' '\n') |
		awk '{ printf "%d ", $2 - $1 }'
}

# In, sent by XDP, out through egress, and its bytes: as the kernel counts, then as we do, of a
# moment in which nothing moved.
ledger_read() { # POP
	local kernel ours
	for _ in {1..50}; do
		kernel=$(ledger_kernel "$1")
		ours=$(ledger_reasons "$1")
		[[ $kernel != "$(ledger_kernel "$1")" ]] || break
	done
	echo "$kernel $ours"
}

ledger_kernel() { # POP
	echo "$(uplink_packets_in "$1") $(uplink_packets_sent "$1") $(uplink_out "$1")"
}

uplink_packets_in() { # POP
	at "$1" ip -j -s link show uplink | jq '.[0].stats64.rx.packets'
}

# Given to the driver by XDP_TX: sent, or dropped there for want of room in its ring. Generic mode has
# no such counter: there it is what the driver was given and no queueing discipline saw.
uplink_packets_sent() { # POP
	if [[ ${LAB_XDP:-native} == generic ]]; then
		echo $(($(at "$1" ip -j -s link show uplink |
			jq '.[0].stats64.tx | .packets + .dropped') - $(uplink_queued "$1")))
	else
		at "$1" ethtool -S uplink | awk '/rx_queue_[0-9]+_xdp_tx(_errors)?:/ { n += $2 } END { print n + 0 }'
	fi
}

uplink_queued() { # POP
	at "$1" tc -j -s qdisc show dev uplink clsact | jq 'map(.packets) | add // 0'
}

# Before our egress and, as there, what will be many segments is one packet.
uplink_out() { # POP
	at "$1" nft -j list counter netdev ledger out |
		jq -r '.nftables[] | .counter // empty | "\(.packets) \(.bytes)"'
}

ledger_reasons() { # POP
	enter "$1" anydoor stats --json | jq -r '
		def sum(f; g): [.reasons[] | select(f) | g] | add // error("no such reasons");
		[ sum(.side == "in"; .packets), sum(.action == "send"; .packets),
		  sum(.side == "out"; .packets), sum(.side == "out"; .bytes) ] | join(" ")'
}

# Bytes of the average packet that left for the reason LABEL.
counter_mean_bytes() { # POP LABEL
	enter "$1" anydoor stats --json | jq --arg reason "$2" \
		'[.reasons[] | select(.reason == $reason)] |
		 ((map(.bytes) | add) / ([map(.packets) | add, 1] | max)) | floor'
}

# DNS questions that reached POP's daemon and were answered there, over UDP and TCP.
dns_by_daemon() { # POP
	enter "$1" anydoor status --json | jq '.dns | .daemon_udp + .daemon_tcp // error("no such counters")'
}

# Does POP know exactly COUNT live flows that belong to OWNER (a POP)?
flows_are_of() { # POP OWNER COUNT
	same "$(enter "$1" anydoor flows --owner "$2" --json | jq 'map(select(.closing | not)) | length')" "$3"
}

# Of POP, which drains, are COUNT flows left?
flows_left_are() { # POP COUNT
	same "$(enter "$1" anydoor status --json | jq .drain.flows_left)" "$2"
}
