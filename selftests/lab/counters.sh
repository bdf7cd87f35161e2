# SPDX-License-Identifier: GPL-3.0-or-later
# counters.sh: what anydoor says it did, and what the kernel's interfaces say passed.
# shellcheck shell=bash

# Packets that left POP's data path for the reason LABEL.
counter() { # POP LABEL
	enter "$1" anydoor stats --json | jq --arg label "$2" \
		'[.reasons[] | select(.reason == $label) | .packets] | add // 0'
}

# Packets in all for reasons that match the jq condition.
counter_sum() { # POP CONDITION
	enter "$1" anydoor stats --json | jq "[.reasons[] | select($2) | .packets] | add // 0"
}

# --- packets in = sum of reasons ---------------------------------------------------------------
# `uplink` as the kernel counts it, and as we do. Both since the ledger was opened.
ledger_open() {
	local pop
	for pop in "${POPS[@]}"; do
		ledger_read "$pop" >"$LAB_DIR/$pop.ledger"
	done
}

# Prints "rx tx in out sent" of a moment in which nothing moved.
ledger_read() { # POP
	local before='' after
	for _ in {1..50}; do
		before=$(uplink_packets "$1")
		after=$(ledger_reasons "$1")
		[[ $before != "$(uplink_packets "$1")" ]] || break
	done
	echo "$before $after"
}

uplink_packets() { # POP
	at "$1" ip -j -s link show uplink |
		jq -r '.[0].stats64 | "\(.rx.packets + .rx.dropped) \(.tx.packets)"'
}

ledger_reasons() { # POP
	enter "$1" anydoor stats --json | jq -r '
		def packets(f): [.reasons[] | select(f) | .packets] | add // 0;
		"\(packets(.side == "in")) \(packets(.side == "out")) \(packets(.action == "send"))"'
}

# What came in has a reason each, and what went out was either seen by our egress or sent by XDP.
ledger_balanced() { # POP
	local rx tx in out sent rx0 tx0 in0 out0 sent0
	read -r rx0 tx0 in0 out0 sent0 <"$LAB_DIR/$1.ledger"
	read -r rx tx in out sent <<<"$(ledger_read "$1")"
	same "in $((rx - rx0)), out $((tx - tx0))" \
		"in $((in - in0)), out $((out - out0 + sent - sent0))"
}

# RSTs that POP's stack sent.
pop_resets() { # POP
	at "$1" nstat -asz TcpOutRsts | awk '$1 == "TcpOutRsts" { print $2 }'
}

# Bytes of the average packet that left for the reason LABEL.
counter_mean_bytes() { # POP LABEL
	enter "$1" anydoor stats --json | jq --arg label "$2" \
		'[.reasons[] | select(.reason == $label)] |
		 ((map(.bytes) | add) / ([map(.packets) | add, 1] | max)) | floor'
}
