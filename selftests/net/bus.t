#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus.t: two nodes on a real nats-server. What an operator says at one is obeyed at the other within a second;
# the bus away, restarted, silent, filled from an old backup, empty, full of rubbish; the same id twice; another
# fleet's key; a node that dies.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"
bus_up
trap bus_down EXIT

# --- nobody made the bucket ------------------------------------------------------------------------
nats_start
daemon_start
other_start
ok "without a bucket it says how one is made" await 5 logged 'no bucket anydoor: `anydoor bus init`'
is "and has not joined" "$(bus .state)" joining
refused "a server that is not there" 1 "connecting" anydoor --config "$LAB_DIR/wrong.yaml" bus init
is "bus init" "$(anydoor bus init)" "bucket anydoor: made"
is "once more" "$(anydoor bus init)" "bucket anydoor: is there already, and stays as it is"
ok "both are on it" await 10 both_fresh
ok "one sees the other" await 5 hears anydoor nyc-1
ok "and is seen" await 5 hears other fra-1
is "with its version" "$(bus '.nodes[0].version')" "$("$ANYDOOR" --version | awk 'NR == 1 { print $2 }')"
ok "status says it" grep -q "bus  *fresh for .* 1 other node on it, 0 gone" <(anydoor status)
is "it has no rights" "$(bus_process_rights)" "0000000000000000 1"

# --- an operator's word ----------------------------------------------------------------------------
export SUDO_USER=alice
answers_are() { # true|false
	same "$(other status --json | jq .drain.steps.answers.named)" "$1"
}

is "a POP is down" "$(anydoor pop nyc down)" "nyc: down"
ok "everywhere within a second" await_ms 1000 told_at other nyc down
is "by whom" "$(other pops --json | jq -r '.steered[] | select(.pop == "nyc").who')" alice@fra-1
is "the answers there obey" "$(www_other)" 192.0.2.10
is "shed, said by the other" "$(other pop nyc shed 20%)" "nyc: sheds 20 %"
ok "comes here" await_ms 1000 told_at anydoor nyc shed
is "with its part" "$(anydoor pops --json | jq '.steered[] | select(.pop == "nyc").shed_percent')" 20
is "and is taken back" "$(anydoor pop nyc auto)" "nyc: auto"
ok "there, too" await_ms 1000 told_at other nyc auto

is "a client gets fra there" "$(other pop nyc down >/dev/null; www_other)" 192.0.2.10
is "the first choice" "$(other pop nyc auto >/dev/null; www_other)" 192.0.2.20
ok "nyc drains" other drain
ok "here answers stop naming it within a second" await_ms 1000 is_drained anydoor nyc true
is "there, too" "$(www_other)" 192.0.2.10
ok "which it knows" await 3 answers_are false
is "up, says an operator" "$(other pop nyc up >/dev/null; www_other)" 192.0.2.20
ok "so it is named" await 3 answers_are true
other pop nyc auto >/dev/null
ok "undrain" other undrain
ok "and it is named again" await_ms 1000 is_drained anydoor nyc false
is "there, too" "$(www_other)" 192.0.2.20
ok "drain" anydoor drain --reason "new kernel"
ok "the other knows" await_ms 1000 stands other 0 draining
is "why" "$(other pops --json | jq -r '.nodes[0].cause')" reported_drain
is "who and for what reason" "$(other bus --json | jq -r '.nodes[0] | "\(.told) \(.who) \(.reason)"')" "drain alice new kernel"
refused "it is no successor there" 2 "it is draining itself" other drain --to fra-1
ok "undrain" anydoor undrain
ok "the other knows" await_ms 1000 stands other 0 up

# --- a slow start ----------------------------------------------------------------------------------
same_back() { # anydoor|other PERCENT
	same "$(back "$1")" "$2"
}

back() { # anydoor|other
	"$1" pops --json | jq '.steered[] | select(.pop == "nyc").back_percent'
}

comes_back() { # anydoor|other FROM TO
	local percent
	percent=$(back "$1")
	[[ $percent != null ]] && ((percent >= $2 && percent < $3))
}

bus_configure drain="{ slow_start: 20s }"
configure_other
ok "with a slow start" anydoor reload
ok "there, too" other reload
other drain >/dev/null
await_ms 1000 is_drained anydoor nyc true
other undrain >/dev/null
ok "a POP gets a part of its clients at first" await 3 comes_back anydoor 0 50
ok "and there" comes_back other 0 50
ok "the part grows" await 15 comes_back anydoor 30 100
before=$(back anydoor)
daemon_kill KILL
daemon_start
ok "it is as large with the next daemon" comes_back anydoor "$before" 100
ok "to the end" await 25 same_back anydoor null
ok "and there" await 5 same_back other null
other drain >/dev/null
await_ms 1000 is_drained anydoor nyc true
other undrain --now >/dev/null
ok "with --now there is none" same_back other null
ok "here neither, within a second" await_ms 1000 is_drained anydoor nyc false
ok "it gets all" await_ms 1000 same_back anydoor null
bus_configure
configure_other
anydoor reload >/dev/null
other reload >/dev/null

# --- a bus that is away ----------------------------------------------------------------------------
anydoor pop nyc down >/dev/null
anydoor drain >/dev/null
ok "all is told" await_ms 1000 told_at other nyc down
ok "all is told" await_ms 1000 stands other 0 draining
nats_stop
ok "stale is said" await 10 is_state anydoor stale
ok "as a warning" grep -q "bus is stale for" <(anydoor status)
other_kill KILL
other_start
is "the last known state outlives a daemon" "$(state_of other 0) $(told other nyc)" "draining down"
is "what is said meanwhile counts here" "$(anydoor pop nyc up)" "nyc: up"
ok "all of it" anydoor undrain
is "and not there" "$(told other nyc)" down
nats_start
ok "the bus is back" await 10 both_fresh
ok "and what was said is heard" await 5 told_at other nyc up
ok "all of it" await 5 stands other 0 up

# --- partitions, one way and the other ------------------------------------------------------------
for hook in input output; do
	partition $hook
	ok "nothing passes ($hook): stale" await 10 is_state anydoor stale
	other pop nyc down >/dev/null
	sleep 1
	is "the last known state" "$(told anydoor nyc)" up
	heal
	ok "healed" await 15 both_fresh
	ok "reconciled" await 5 told_at anydoor nyc down
	other pop nyc up >/dev/null
	ok "and back" await 5 told_at anydoor nyc up
done

# --- a server that is stopped, and says nothing -----------------------------------------------------
kill -STOP "$NATS"
ok "silent: stale" await 12 is_state anydoor stale
kill -CONT "$NATS"
ok "it goes on" await 15 both_fresh

# --- an old backup, an empty bus -------------------------------------------------------------------
nats_stop
cp -a "$LAB_DIR/nats" "$LAB_DIR/backup"
nats_start
ok "again" await 10 both_fresh
anydoor pop nyc down >/dev/null
ok "a later word" await 5 told_at other nyc down
nats_stop
rm -rf "$LAB_DIR/nats"
mv "$LAB_DIR/backup" "$LAB_DIR/nats"
nats_start
ok "filled from a backup" await 10 both_fresh
sleep 2
is "the later word holds" "$(told anydoor nyc) $(told other nyc)" "down down"
is "and is in the bus again" "$(anydoor history nyc --json | jq -r 'last.what')" down
nats_stop
rm -rf "$LAB_DIR/nats"
nats_start
ok "an empty server: stale" await 10 is_state anydoor stale
anydoor bus init >/dev/null
ok "a new bucket" await 15 both_fresh
ok "has the word again" await 5 last_word_is nyc down
is "which both kept" "$(told anydoor nyc) $(told other nyc)" "down down"

# --- rubbish ---------------------------------------------------------------------------------------
rubbish node.2 told.2 pop.nyc pop.fra junk pop.x node.77
ok "is counted" await 5 refuses_some
sleep 2
is "and changes nothing" "$(told anydoor nyc) $(told anydoor fra) $(state_of anydoor 1)" "down auto up"
ok "what is known is written over it" await 5 last_word_is nyc down
ok "and the bus is fresh" both_fresh

# --- history ---------------------------------------------------------------------------------------
anydoor drain --reason "history test" >/dev/null
ok "history has who, when, why" await 5 history_has '^20.* fra-1 .*drain .*alice@fra-1 .*history test$'
anydoor undrain >/dev/null

# --- one id twice ----------------------------------------------------------------------------------
other_kill TERM
configure_other name=nyc-9 id=1
other_start
ok "the second one with our id says who has it" await 10 other_logged "id 1 is used by fra-1 at 10.9.0.1"
is "and writes nothing" "$(other bus --json | jq -r .state)" refused
ok "we go on" is_state anydoor fresh
other_kill TERM
configure_other
other_start
ok "with an id of its own it is welcome" await 15 both_fresh

# --- another fleet's key ---------------------------------------------------------------------------
other_kill TERM
"$ANYDOOR" keygen "$LAB_DIR/foreign.key" >/dev/null
configure_other key=foreign.key id=3 name=foe
other_start
sleep 1
before=$(bus .refused)
ok "another fleet's records are refused" await 5 refuses_more_than "$before"
other pop nyc up >/dev/null
sleep 2
is "whatever they say" "$(told anydoor nyc)" down

# --- a node that dies ------------------------------------------------------------------------------
ok "the node that is not heard of any more is gone" await 12 gone nyc-1
ok "the log has it" logged "nyc-1 (node 2) is not heard of any more"

# --- a reload gives us another id ----------------------------------------------------------------
other_kill TERM
bus_configure id=5
ok "another id" anydoor reload
ok "is ours on the bus" await 10 is_state anydoor fresh
configure_other id=3 name=third
other_start
ok "and seen there" await 10 hears_id other 5
other_kill TERM
bus_configure
ok "back" anydoor reload
ok "fresh again" await 15 is_state anydoor fresh

# --- the process on the bus dies -------------------------------------------------------------------
kill -KILL "$(bus_process)"
ok "it is started again" await 10 logged "the bus: their process died of signal 9"
ok "and is on the bus" await 10 is_state anydoor fresh
done_testing
