#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# crowd.t: a thousand connections, each of which sends, receives, talks or is idle, over IPv4 and
# IPv6, with and without timestamps, live through all that is done to the data path beneath them:
# first attach, the daemon's death, another data path, detach. Every byte of them is checked.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly COUNT=250 OLD=(old old_plain) NEW=(new new_plain)

# What a connection older than anydoor has in its timestamps is noise to us. For each node's id one in
# 11,000 reads like a fresh stamp of that node, is not looked for when it moves, and is reset
# (deploy/doc/limits.md): of these 250 one in one run of eleven. It may be one, of these alone, and when they move.
ALIASED=0
aliased() { # NAME
	[[ $1 == old ]] && echo $ALIASED || echo 0
}

note_aliased() {
	[[ $(crowd_ask old) != *" lost 1 "* ]] || ALIASED=1
	diag "$ALIASED connections read like a fresh stamp of another node"
}

# Do all of these crowds live?
live() { # NAME...
	local name lost
	sleep 0.5 # each of them has its turn
	for name; do
		lost=$(aliased "$name")
		same "$name: $(crowd_ask "$name")" \
			"$name: live $((COUNT - lost)) lost $lost waiting 0" || return 1
	done
}

# Did each connection end in good order, with every byte it should have?
whole() { # NAME...
	local name wanted
	for name; do
		wanted="[$COUNT,{}]"
		(($(aliased "$name") == 0)) || wanted="[$((COUNT - 1)),{\"fra: Connection reset by peer\":1}]"
		same "$name: $(crowd_told "$name" '[.whole, .lost_by]')" "$name: $wanted" || return 1
	done
}

# Connections that can be stamped, and as many that cannot. Not in a subshell: it keeps their pipes.
begin() { # NAME NAME
	crowd_start "$1" 1 $COUNT
	crowd_start "$2" 0 $COUNT
}

configure_fra() { # LINE
	pop_config fra | grep -v "^${1%%:*}:" >"$LAB_DIR/fra.yaml"
	echo "$1" >>"$LAB_DIR/fra.yaml"
}

programs() {
	enter fra bpftool -j prog show pinned "$LAB_DIR/bpf/fra/prog_packet" | jq .id
}

is_same_program() { # ID
	same "$(programs)" "$1"
}

lab_up
crowd_serve fra
begin "${OLD[@]}"
pops_up
ledger_open
is "they are listed" "$(enter fra anydoor status --json | jq .unstamped)" $((2 * COUNT))
ok "first attach: they live" live "${OLD[@]}"
begin "${NEW[@]}"
ok "all live" live "${OLD[@]}" "${NEW[@]}"
at_least "half of them stamped" "$(counter fra local_stamp)" $COUNT

kill -KILL "$(pop_pid fra)"
pop_await_gone fra
ok "the daemon is killed: all live" live "${OLD[@]}" "${NEW[@]}"
pop_start fra
pop_await fra
ok "another one adopts: all live" live "${OLD[@]}" "${NEW[@]}"

bgp_prefer nyc
sleep 2.5 # whoever is stalled would be waiting
note_aliased
ok "they land at nyc: all live, those before us, too" live "${OLD[@]}" "${NEW[@]}"
at_least "nyc led them to fra" "$(led nyc)" $((2 * COUNT))
bgp_prefer fra
before=$(programs)
for change in "flows: { max: 16K }" "tunnel: { mss_overhead: 100 }"; do
	configure_fra "$change"
	ok "another data path ($change)" enter fra anydoor reload
	ok "is another" not is_same_program "$before"
	ok "all live" live "${OLD[@]}" "${NEW[@]}"
	before=$(programs)
done
kill -TERM "$(pop_pid fra)"
pop_await_gone fra
pop_config fra >"$LAB_DIR/fra.yaml"
pop_start fra
await 10 not is_same_program "$before"
pop_await fra
ok "a daemon with another data path comes: all live" live "${OLD[@]}" "${NEW[@]}"

ok "detach is refused" not enter fra anydoor detach
ok "and takes nothing off: all live" live "${OLD[@]}" "${NEW[@]}"
is "nobody else was reset" "$(client_resets)" $ALIASED
crowd_end new
ok "those with stamps end, each whole" whole new
ok "detach, under those without" await 5 enter fra anydoor detach
ok "they live" live "${OLD[@]}" new_plain
crowd_end "${OLD[@]}" new_plain
ok "and end, each whole" whole "${OLD[@]}" new_plain
for name in "${OLD[@]}" "${NEW[@]}"; do
	diag "$name: the longest wait for data was $(crowd_told $name .longest_wait_ms) ms"
done
done_testing
