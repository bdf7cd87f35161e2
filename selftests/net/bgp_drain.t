#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bgp_drain.t: a drain goes from step to step, and a neighbour hears of each; kill -9 and restarts at every step, of the
# daemon and of BIRD, a reboot, the last POP that announces, and back.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/bgp.sh"
bgp_up

# Whoever is killed and started again finds the step where it was, and the neighbour what it heard.
survives() { # STEP HEARD
	local resets
	resets=$(resets)
	daemon_kill KILL
	daemon_start
	ok "$1: the daemon was killed" await 5 step_is "$1"
	sleep 2
	ok "$1: it is still that step" step_is "$1"
	ok "$1: and the neighbour hears the same" all_hear "$2"
	is "$1: no session was reset" "$(resets)" "$resets"
	daemon_kill KILL
	bird_stop pop
	bird_start pop
	await 10 sessions_are_up
	sleep 1
	ok "$1: BIRD was started again, the daemon not yet" all_hear "$2"
	daemon_start
	ok "$1: now it is" await 5 step_is "$1"
}

# Of the functions of ours that run a program.
in_terminal() { # anydoor ARGS...
	at pop /usr/bin/python3 -B -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
		"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "${@:2}"
}

configure bgp="{ $BGP }" state="{ bpffs: $PINS, run: $LAB_DIR/run, keep: $LAB_DIR/keep }"
daemon_start
await 10 all_hear "$PLAIN"
hold old "$VIP4" "$VIP6"
is "two connections live here" "$HELD" holding

# --- forward ---------------------------------------------------------------------------------------
ok "drain" anydoor drain --window 10m --reason "new disks"
ok "the neighbour is told to prefer another path" await 10 all_hear "$DEPREFERRED"
ok "the connections are waited for" await 10 step_is flows
survives flows "$DEPREFERRED"
is "the old connections live" "$(alive old)" 2
ok "status shows the step" grep -q "step flows for .*: waits for the connections" <(anydoor status)
is "metrics do" "$(status .drain.steps.step)" '"flows"'
# Each asks once more, so that its client sends.
shows_senders() {
	alive old >/dev/null
	anydoor status | grep -q "connections from . prefixes send here: .*10.9.0.0/24 "
}
comes_new() {
	connect $VIP4 3 || true
	anydoor status --json | jq -e '.drain.steps.new_per_second > 0'
}
ok "and who sends here still" await 20 shows_senders
both_send() {
	alive old >/dev/null
	anydoor status --json | jq -e '.drain.steps.sending | .connections >= 2 and .prefixes == 2'
}
ok "both, as JSON" await 20 both_send
ok "and how many new ones come" await 10 comes_new
is "and how many live here" "$(status .drain.steps.flows_left)" 2

# --- nobody else is up -----------------------------------------------------------------------------
configure bgp="{ $BGP }" nyc=down state="{ bpffs: $PINS, run: $LAB_DIR/run, keep: $LAB_DIR/keep }"
ok "the other POP is down" anydoor reload
release old || true
ok "the last one is not withdrawn" await 10 same_held true
sleep 2
ok "it is de-preferred still" all_hear "$DEPREFERRED"
ok "status warns of it" grep -q "not withdrawn, for too few other POPs are up" <(anydoor status)
try anydoor drain --wait --window 1s
is "drain --wait says that, and not which connections are left" "$code $(grep -c 'left:' <<<"$said")" "1 0"
ok "in so many words" grep -q "the VIPs stay: too few other POPs are up (bgp.at_least); .anydoor drain --last" <<<"$said"
ok "the operator overrules that" anydoor drain --last --reason "new disks"
ok "and it is withdrawn" await 10 all_hear "$NOTHING"
ok "nothing comes: quiet" await 20 step_is quiet
survives quiet "$NOTHING"

# --- a reboot --------------------------------------------------------------------------------------
reboot
ok "after a reboot nothing is announced" all_hear "$NOTHING"
is "the node drains on" "$(status .drain.draining)" true
is "by whose word" "$(status .drain.told.reason)" '"new disks"'
ok "and is announced to nobody" all_hear "$NOTHING"
is "not for a moment" "$(sent)" "$before"

# --- back ------------------------------------------------------------------------------------------
configure bgp="{ $BGP }" state="{ bpffs: $PINS, run: $LAB_DIR/run, keep: $LAB_DIR/keep }"
anydoor reload >/dev/null
ok "undrain" anydoor undrain
ok "the VIPs are announced again, plain" await 10 all_hear "$PLAIN"
is "no step is left" "$(status .drain.steps)" null
survives null "$PLAIN"
ok "nothing is kept for a reboot" test ! -e "$LAB_DIR/keep/one.drain"

# --- a reboot in the middle ------------------------------------------------------------------------
anydoor drain >/dev/null
await 10 all_hear "$DEPREFERRED"
hold middle "$VIP4"
await 10 step_is flows
reboot
is "it drains on, and the neighbour hears nothing, not for a moment" "$(status .drain.draining) $(sent)" "true $before"
release middle || true
ok "to the end" await 20 step_is quiet
anydoor undrain >/dev/null
ok "undrain" await 10 all_hear "$PLAIN"

# --- one command -----------------------------------------------------------------------------------
try anydoor drain --wait --window 5s
is "drain --wait goes through all of it" "$code ${said##*$'\n'}" "0 quiet"
ok "and shows each step" grep -q "silence: waits until nothing lands" <<<"$said"
ok "with what is seen of it" grep -q "flows left; .* new connections a second" <<<"$said"
ok "plain lines, for this is no terminal" not grep -q $'\r' <<<"$said"
ok "withdrawn" all_hear "$NOTHING"
anydoor undrain >/dev/null
await 10 all_hear "$PLAIN"
try in_terminal anydoor drain --wait --window 5s
is "on a terminal, too" "$code $(tail -n 1 <<<"$said" | tr -d '\r')" "0 quiet"
ok "there one line is written over" grep -q $'\r\033\\[K *[0-9]*s  silence: ' <<<"$said"
anydoor undrain >/dev/null
await 10 all_hear "$PLAIN"
hold late "$VIP4"
try anydoor drain --wait --window 3s --json
is "time is up: withdrawn all the same, for others lead what is left here" \
	"$code $(jq -c '[.ended, .step, .owned]' <<<"$(grep '^{' <<<"$said")")" '1 ["window","silence",1]'
ok "withdrawn" all_hear "$NOTHING"
survives silence "$NOTHING"
is "what lives here still does" "$(alive late)" 1
anydoor undrain >/dev/null
ok "undrain from there" await 10 all_hear "$PLAIN"

# --- the steps that pass quickly -------------------------------------------------------------------
configure bgp="{ ${BGP/settle: 1s/settle: 1h} }"
anydoor reload >/dev/null
anydoor drain --window 1h >/dev/null
ok "routers elsewhere get their time" await 10 step_is deprefer
await 10 all_hear "$DEPREFERRED"
survives deprefer "$DEPREFERRED"
bird_stop pop
anydoor drain --window 0 >/dev/null
ok "BIRD does not say whether it has withdrawn" await 10 step_is withdraw
daemon_kill KILL
daemon_start
sleep 2
ok "withdraw: the daemon was killed: it is still that step" step_is withdraw
bird_start pop
ok "BIRD is back: it has read that by itself" await 10 sessions_are_up
ok "and never announced it" all_hear "$NOTHING"
ok "so the drain goes on" await 10 step_is silence
anydoor undrain >/dev/null
ok "back" await 10 all_hear "$PLAIN"
# --- no daemon -------------------------------------------------------------------------------------
daemon_kill KILL
try anydoor drain
ok "drain with no daemon says what it cannot do" grep -q "no daemon runs: BGP is told nothing of it" <<<"$said"
ok "nothing is changed in BGP" all_hear "$PLAIN"
daemon_start
ok "a daemon does it" await 10 all_hear "$DEPREFERRED"
daemon_kill KILL
try anydoor undrain
ok "undrain with no daemon" grep -q "no daemon runs: BGP is told nothing of it" <<<"$said"
daemon_start
ok "and a daemon does that" await 10 all_hear "$PLAIN"

# --- an operator does it ---------------------------------------------------------------------------
configure bgp="{ driver: print, warm: 1s, settle: 1s }"
ok "a reload: BIRD is not told any more" anydoor reload
ok "the log says what to do" await 8 logged "BGP: have the VIPs of IPv4 announced by your BGP daemon now: all is well"
anydoor drain >/dev/null
ok "and goes on" await 10 logged "BGP: have the VIPs of IPv4 de-preferred by your BGP daemon now: this node drains"
await 10 step_is flows
release late || true
ok "step by step" await 10 logged "BGP: have the VIPs of IPv4 withdrawn by your BGP daemon now: this node drains"
ok "to the end" await 20 step_is quiet
done_testing
