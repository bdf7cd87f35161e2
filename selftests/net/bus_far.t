#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_far.t: an operator at fra-1 drains nyc-1 by the bus, follows its steps, and takes it back; what cannot be
# asked, and of what is too late or too early; and of two operators at once the second one is told.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"
bus_up
trap bus_down EXIT

drains() { # WHO: does it drain, by what it knows of itself?
	"$1" status --json | jq -e .drain.draining >/dev/null
}

drains_not() { # WHO
	! drains "$1"
}

words_of() { # NAME: that history has, and that are signed
	anydoor history "$1" --json | jq -r 'map(select(.signed).what) | join(" ")'
}

told_of() { # FIELD: of what nyc-1 was told, as it has it itself
	other status --json | jq -r ".drain.told.$1"
}

export SUDO_USER=alice
refused "nothing is loaded" 3 "not loaded" anydoor drain nyc
nats_start
anydoor bus init >/dev/null 2>&1
rubbish ask.2 keys.tunnel gone.2 # which is written over
daemon_start
other_start
ok "both are on the bus" await 10 both_fresh
ok "and hear each other" await 5 hears anydoor nyc-1
is "history of whom nobody spoke" "$(anydoor history fra)" "nobody has said anything of fra"

# --- names -----------------------------------------------------------------------------------------
refused "a name that is none" 2 "did you mean 'nyc-1'" anydoor drain nyc-2
refused "a revision of what does not go by the bus" 2 "name a node or a POP" anydoor drain --revision 3
refused "what is no revision" 2 "is no number" anydoor drain nyc --revision x
is "our own name is this node" "$(anydoor drain fra-1 --json | jq -r '.draining')" true
ok "and back" anydoor undrain fra
ok "it is" drains_not anydoor

# --- who waits, and is interrupted -----------------------------------------------------------------
hold one $ASIDE_VIP
is "a connection" "$HELD" holding
at pop timeout -s INT 3 "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one drain --wait >"$LAB_DIR/out" 2>&1
is "a drain is waited for, and the waiting is ended" $? 124
ok "who ends it is told that the drain goes on" grep -q "the drain goes on: .*anydoor undrain. takes it back" "$LAB_DIR/out"
ok "it does" drains anydoor
ok "and is taken back" anydoor undrain
release one

# --- a request that is refused ---------------------------------------------------------------------
refused "a node refuses what it does not understand" 2 "nyc-1: sin-9: cannot take our flows" anydoor drain nyc --to sin-9
refused "names that are no text" 2 'nyc-1: \xff: cannot take our flows' anydoor drain nyc --to $'\xff'
is "that is no word of an operator" "$(anydoor history nyc --json | jq "map(select(.signed)) | length")" 0
other_kill KILL
sed -i '/name: nyc-1, id: 2/a\  - { name: sin-9, id: 12, pop: fra, tunnel: 10.9.0.12 }' "$LAB_DIR/other.yaml"
other_start
ok "started again, it would understand it" await 10 both_fresh
sleep 2
ok "and does not do it" drains_not other
configure_other
other reload >/dev/null 2>&1

# --- a drain from afar -----------------------------------------------------------------------------
is "nyc is asked" "$(anydoor drain nyc --reason "new kernel")" "nyc-1: drains"
ok "and drains" drains other
is "who said so, and where" "$(told_of who)" alice@fra-1
is "and why" "$(told_of reason)" "new kernel"
ok "its answers stop naming it here" await 2 is_drained anydoor nyc true
ok "history has it" await 5 history_has '^20.* nyc-1 .*drain .*alice@fra-1 .*new kernel$'
anydoor drain nyc-1 --wait --window 30s --until-flows 5 >"$LAB_DIR/out" 2>&1
is "its steps are followed to the end" "$? $(tail -n 1 "$LAB_DIR/out")" "0 quiet"
ok "each is shown" grep -qE '^ +[0-9]+s  nyc-1: quiet: .*; 0 flows left$' "$LAB_DIR/out"
is "as JSON" "$(anydoor drain nyc --wait --json | jq -r '"\(.ok) \(.ended) \(.nodes[0].drain.step)"')" "true quiet quiet"

# --- the last one ----------------------------------------------------------------------------------
refused "the last POP is not drained from afar" 1 "0 other POPs would be up, and bgp.at_least is 1" other drain fra
ok "it does not drain" drains_not anydoor
refused "nor on the node itself" 1 "fra-1: 0 other POPs would be up, and bgp.at_least is 1" anydoor drain
ok "it does not drain" drains_not anydoor
ok "by --last it is" other drain fra --last
ok "it drains" drains anydoor
ok "and is taken back" other undrain fra
ok "it is" await 2 drains_not anydoor
is "undrain" "$(anydoor undrain nyc-1 --reason "all done")" "nyc-1: takes new flows again"
ok "it does" drains_not other
is "once more" "$(anydoor undrain nyc-1)" "nyc-1: was not draining"
ok "and is known to" await 2 stands anydoor 1 up

# --- a request is done once ------------------------------------------------------------------------
anydoor drain nyc >/dev/null
other undrain >/dev/null
other_kill KILL
other_start
ok "the node is back" await 10 both_fresh
sleep 2
ok "what it was asked before its restart is not done again" drains_not other
is "what it was told is history once, although it writes it again" \
	"$(words_of nyc-1)" "drain drain drain undrain drain undrain"
is "by the name of its POP, too" "$(words_of nyc)" "$(words_of nyc-1)"
other_kill KILL
refused "a daemon that is not there cannot be asked, of what is loaded" 1 "loaded, but no daemon runs" other keys
is "nor is its bus fresh" "$(other bus --json | jq -r '"\(.state) \(.why)"')" "stale no daemon runs"
is "nor by status" "$(other status --json | jq -r '.bus.state')" stale
ok "it is gone" await 12 gone nyc-1
refused "forget needs a name" 2 "anydoor bus forget NODE" anydoor bus forget
anydoor bus forget nyc-1 >"$LAB_DIR/out" 2>&1
is "a node of the configuration's own list is forgotten" "$? $(tail -n 1 "$LAB_DIR/out")" "0 node 2, nyc-1: forgotten"
ok "and that it is there still is said" grep -q "nyc-1 is in the list of nodes of .*: take it off there" "$LAB_DIR/out"
refused "who is not heard of is named" 1 "nyc-1: not asked: it is not heard of by the bus" anydoor drain nyc
other_start
ok "it is back" await 10 both_fresh
sleep 2
ok "and was not asked" drains_not other
kill -STOP "$OTHER"
refused "who does not answer is named" 1 "nyc-1: does not answer" anydoor drain nyc
kill -CONT "$OTHER"
ok "it does it late" await 5 drains other
ok "and back" anydoor undrain nyc

# --- two operators at once -------------------------------------------------------------------------
is "a word of a POP" "$(anydoor pop nyc down)" "nyc: down"
ok "is history" await 5 history_has ' nyc .*down .*alice@fra-1'
refused "history of nobody" 2 "'nycc' is no node and no POP" anydoor history nycc
revision=$(anydoor history nyc --json | jq 'last.revision')
is "whoever knows the last revision may say the next word" "$(anydoor pop nyc 'shed' 20% --revision "$revision")" "nyc: sheds 20 %"
refused "whoever does not is told what it is" 1 "alice@fra-1 said 'shed'" other pop nyc up --revision "$revision"
is "and changes nothing" "$(told other nyc)" shed
ok "the same for a drain" anydoor drain nyc
refused "of which the revision is the node's" 1 "revision 1 is not the last one" anydoor undrain nyc --revision 1
revision=$(anydoor history nyc-1 --json | jq 'last.revision')
ok "undrain" anydoor undrain nyc --revision "$revision"

kill -STOP "$(bus_process)" # what we say waits there, while bob says something at the other node
anydoor pop nyc down >"$LAB_DIR/first" 2>&1 &
first=$!
sleep 0.3
SUDO_USER=bob other pop nyc up >/dev/null
kill -CONT "$(bus_process)"
wait $first
is "of two at once the second one is refused" $? 1
ok "and told who was quicker" grep -q "POP nyc: bob@nyc-1 said 'up' .*say it again" "$LAB_DIR/first"
ok "the first word holds, here" await 2 told_at anydoor nyc up
ok "and there" told_at other nyc up
is "once more" "$(anydoor pop nyc auto)" "nyc: auto"

# --- a bus that takes nothing ------------------------------------------------------------------------
kill -STOP "$NATS"
began=${EPOCHREALTIME/./}
refused "who could not be asked is named, with the reason" 1 \
	"nyc-1: not asked, unless the bus takes it yet: ask.2: Timeout" anydoor drain nyc
took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
ok "as soon as that is known ($took_ms ms)" test "$took_ms" -lt 7000
kill -CONT "$NATS"
ok "it goes on" await 15 both_fresh
sleep 2
ok "and nothing is left of that" anydoor undrain nyc

# --- a bus that is away ----------------------------------------------------------------------------
nats_stop
ok "the bus is stale" await 10 is_state anydoor stale
refused "nobody else can be asked" 1 "the bus is not fresh" anydoor drain nyc
is "history says what it lacks, once" "$(anydoor history 2>&1)" \
	"error: bus: connecting: No server available for connection"
is "a word of a POP counts here" "$(anydoor pop nyc down 2>"$LAB_DIR/warned")" "nyc: down"
ok "and is said to" grep -q "at other nodes when the bus is back" "$LAB_DIR/warned"
nats_start
ok "the bus is back" await 15 both_fresh
ok "and has it" await 5 told_at other nyc down
done_testing
