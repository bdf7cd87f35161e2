#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bgp_exabgp.t: as bgp.t and bgp_drain.t, with ExaBGP, whose configuration is the example that we ship.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
SPEAKER=exabgp
. "$(dirname "$0")/bgp.sh"
bgp_up

# When ExaBGP stops, its sessions end; what it says in new ones is listened to.
hear_restart() {
	speaker_stop
	await 10 all_hear "$NOTHING"
	hear_during exabgp_begins
}
exabgp_begins() {
	speaker_start
	await 20 sessions_are_up
	sleep 4
}
readonly ONCE="2 over4.ipv4 > added,1 over6.ipv6 > added"

# --- first boot ------------------------------------------------------------------------------------
configure bgp="{ $BGP }"
ok "before anydoor runs the neighbour hears nothing" all_hear "$NOTHING"
daemon_start
ok "anydoor may not use the socket: it is told" await 15 bgp_says \
	'.trouble' "\"ExaBGP does not answer at ${SOCKET[exabgp]}: Permission denied (it must run \`anydoor exabgp\`)\""
daemon_kill TERM
DAEMON_AS=(setpriv --groups exabgp)
daemon_start
ok "in the group exabgp it may: when all is well the neighbour hears the VIPs" await 15 all_hear "$PLAIN"
ok "status shows what is wished, and what is told" await 8 \
	bgp_says '[.families[] | [.family, .wish, .fact, .cause]]' \
	'[["ip4","announce","announce","well"],["ip6","announce","announce","well"]]'
ok "to whom" bgp_says '[.neighbours[] | [.neighbour, .family, .announced]] | sort' \
	'[["10.9.0.2","ip4",2],["fd09::2","ip6",1]]'

# --- restarts --------------------------------------------------------------------------------------
daemon_kill KILL
hear_during sleep 4
is "the daemon was killed: the neighbour hears nothing new" "$HEARD" nothing
hear_restart
is "ExaBGP starts again without it: each VIP is announced once" "$HEARD" "$ONCE"
ok "as before" all_hear "$PLAIN"
speaker_stop
daemon_start
ok "an ExaBGP that does not answer is told of" await 8 bgp_says '[.answered, .families[0].fact]' '[false,null]'
speaker_start
ok "both were started again" await 20 all_hear "$PLAIN"
ok "and the fact is known again" await 10 bgp_says '[.answered, .as_wished]' '[true,true]'
restart_daemon() {
	daemon_kill TERM
	daemon_start
	sleep 5
}
hear_during restart_daemon
is "the daemon alone, stopped and started: the neighbour hears nothing new" "$HEARD" nothing
kill_relay() {
	kill -KILL "$(pgrep -P "$EXABGP_PID" -f "anydoor exabgp")"
	sleep 5
}
hear_during kill_relay
is "ExaBGP starts our process again when it dies: the neighbour hears nothing new" "$HEARD" nothing
ok "and it answers" await 10 bgp_says '[.answered, .as_wished]' '[true,true]'
reload_exabgp() {
	kill -USR1 "$EXABGP_PID"
	sleep 5
}
hear_during reload_exabgp
is "ExaBGP reads its configuration again: likewise" "$HEARD" nothing
ok "as before" all_hear "$PLAIN"
bird_stop client
bird_start client
ok "the neighbour starts again: it hears them again" await 20 all_hear "$PLAIN"

# --- what makes it withdraw ------------------------------------------------------------------------
resets=$(resets)
at pop ip addr del $VIP6/128 dev lo
ok "a VIP leaves lo: its family is withdrawn" await 10 hears "$VIP6/128" "$NOTHING"
ok "the other one is not" hears "$VIP4/32" "$PLAIN"
at pop ip addr add $VIP6/128 dev lo nodad
ok "it is back" await 10 all_hear "$PLAIN"

# --- drain -----------------------------------------------------------------------------------------
hold old "$VIP4" "$VIP6"
anydoor drain --window 10m >/dev/null
ok "drain: the neighbour is told to prefer another path" await 10 all_hear "$DEPREFERRED"
ok "the connections are waited for" await 10 step_is flows
is "the connections live" "$(alive old)" 2
ok "which is read back" await 8 bgp_says '[.families[].fact]' '["deprefer","deprefer"]'
is "no session was reset" "$(resets)" "$resets"
daemon_kill KILL
hear_restart
is "the daemon was killed, and ExaBGP started again: the same once" "$HEARD" "$ONCE"
ok "de-preferred" all_hear "$DEPREFERRED"
daemon_start
anydoor drain --last --window 0 >/dev/null
ok "withdrawn" await 15 all_hear "$NOTHING"
hear_restart
is "a restart: nothing" "$HEARD" nothing
ok "undrain" anydoor undrain
ok "announced, plain" await 10 all_hear "$PLAIN"
release old || true

# --- a session that is down ------------------------------------------------------------------------
birdc -s "$LAB_DIR/client.ctl" disable over6 >/dev/null
ok "it is listed as such" await 15 bgp_says '[.neighbours[] | [.neighbour, .established]] | sort' \
	'[["10.9.0.2",true],["fd09::2",false]]'
birdc -s "$LAB_DIR/client.ctl" enable over6 >/dev/null
ok "and is up again" await 20 all_hear "$PLAIN"

# --- other wishes ----------------------------------------------------------------------------------
configure bgp="{ $BGP, neighbours: [10.9.0.2, '198.51.100.77'] }"
anydoor reload >/dev/null
ok "a neighbour that ExaBGP does not have is told" await 8 \
	bgp_says '.trouble' '"ExaBGP has no session with '"'198.51.100.77'"' (bgp.neighbours)"'
configure bgp="{ $BGP, prefixes: [198.51.100.0/24, '2001:db8::/64'] }"
anydoor reload >/dev/null
ok "networks in place of VIPs are announced" await 8 hears 198.51.100.0/24 "$PLAIN"
ok "and the VIPs alone are not" await 5 hears $VIP4/32 "$NOTHING"
configure bgp="{ $BGP }"
anydoor reload >/dev/null
ok "as it was" await 8 all_hear "$PLAIN"

# --- detach, a reboot ------------------------------------------------------------------------------
resets=$(resets)
daemon_kill KILL
ok "detach with no daemon" anydoor detach --force
ok "nothing is announced" await 4 all_hear "$NOTHING"
is "no session was reset" "$(resets)" "$resets"
speaker_stop
rm -r "$LAB_DIR/run"
hear_during exabgp_begins
is "a reboot: nothing is announced before anydoor runs" "$HEARD" nothing
daemon_start
ok "then it is" await 15 all_hear "$PLAIN"
done_testing
