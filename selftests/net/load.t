#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# load.t: a POP with more connections than it is said to hold sheds clients of steered names, by itself: told
# in pops, status, metrics and the log; what an operator says comes first; over reloads and restarts it goes on.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

# CAPACITY [SHED]; CAPACITY "": none
steered() {
	configure pops="[{ name: fra${1:+, capacity: $1} }, { name: nyc }]" shed="{ settle: 12s${2:+, $2} }" \
		policies="[{ name: near, default: [fra, nyc] }]" metrics="{ listen: \"127.0.0.1:9911\" }" \
		steer="[{ name: www.example.com, policy: near }]"
}

shed() { # of fra, in percent
	anydoor pops --json | jq '.steered[] | select(.pop == "fra") | .shed_percent'
}

sheds() { # LEAST [MOST]
	local percent
	percent=$(shed)
	((percent >= $1 && percent <= ${2:-100}))
}

metric() { # NAME
	at pop curl -s http://127.0.0.1:9911/metrics | sed -n "s/^anydoor_$1{pop=\"fra\"} //p"
}

metric_is() { # NAME VALUE
	[[ $(metric "$1") == "$2" ]]
}

clients_elsewhere() { # of 40 networks, how many get nyc
	local i
	for i in {0..39}; do
		at client dig +tries=1 +time=2 +norec +short "+subnet=100.64.$i.0/24" www.example.com "@$VIP4"
	done | grep -c 192.0.2.20
}

keeper_up
zone_write 1 $'www.fra A 192.0.2.10\nwww.nyc A 192.0.2.20'
client_hears_xdp
steered 10
daemon_start
addresses=()
for _ in {1..20}; do
	addresses+=("$VIP4")
done
ok "the load is told" await 10 metric steered_pop_load_ratio
is "nobody is here: none is shed" "$(shed)" 0
hold crowd "${addresses[@]}"
is "twice as many connections as it holds" "$HELD" holding
ok "so it sheds" await 30 sheds 20
ok "the next answers obey" not_below "$(clients_elsewhere)" 2
ok "pops says why" grep -qE "fra +sheds [0-9]+ % .* its load \([0-9]+ %\)" <<<"$(anydoor pops)"
ok "and status" grep -qE "fra: sheds [0-9]+ %, told by its load" <<<"$(anydoor status)"
ok "and the log" logged "POP fra: this node has"
is "the load as metric" "$(metric steered_pop_load_ratio)" 2
ok "and what is shed" grep -qE '^0\.[2-9]' <<<"$(metric steered_pop_shed_ratio)"

is "the operator says: up" "$(anydoor pop fra up)" "fra: up"
sleep 3
is "that comes first" "$(anydoor pops --json | jq -c '.steered[0] | [.told, .shed_percent]')" '["up",0]'
anydoor pop fra shed 7% >/dev/null
sleep 3
is "so does a number of his" "$(shed)" 7
anydoor pop fra auto >/dev/null
ok "told no more: it sheds by its load again" await 30 sheds 15

before=$(shed)
daemon_kill KILL
at_least "without a daemon it stays" "$(shed)" "$before"
daemon_start
sleep 2
at_least "the next daemon goes on from there" "$(shed)" "$before"
release crowd
top=$(shed)
ok "they are gone: slowly back" await 60 sheds 1 $((top - 5))
# By a number that a command prints: what it says of is the whole POP.
steered_by() { # NUMBER
	echo "$1" >"$LAB_DIR/number"
	chmod 644 "$LAB_DIR/number"
}

steered 1000 "command: [/bin/cat, \"$LAB_DIR/number\"], every: 1s"
steered_by 2000
anydoor reload >/dev/null
ok "a command says that it is full" await 40 sheds 20
ok "of all of its capacity" await 5 metric_is steered_pop_load_ratio 2
ok "pops says why" grep -qE "fra +sheds [0-9]+ % .* its load \\(200 %\\)" <<<"$(anydoor pops)"
ok "and the log" await 20 logged "POP fra: it has 200 % of its capacity: sheds"
steered_by many
ok "no number: told" await 10 logged "shed.command: what it prints is no number; the POP sheds as before"
at_least "and it sheds as before" "$(shed)" 20
is "no load is known" "$(metric steered_pop_load_ratio)$(echo none)" none
rm "$LAB_DIR/number"
steered_by "$(seq -s ' ' 100000)"
sleep 4
ok "a flood of numbers is none" sheds 20
steered_by 0.5
ok "a number again" await 15 logged "shed.command: prints a number again"
steered ""
anydoor reload >/dev/null
ok "no capacity is stated any more: none is shed" await 10 sheds 0 0
is "and nobody told anything" "$(anydoor pops --json | jq -r '.steered[0].told')" auto
is "nor is there a load" "$(at pop curl -s http://127.0.0.1:9911/metrics | grep -c '^anydoor_steered_pop_load_ratio{')" 0
kill -TERM "$DAEMON"
wait "$DAEMON"
DAEMON=
done_testing
