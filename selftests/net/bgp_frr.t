#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bgp_frr.t: as bgp.t and bgp_drain.t, with FRR, whose configuration is the example that we ship. What its operator saves
# or reloads there moves no route.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
SPEAKER=frr
. "$(dirname "$0")/bgp.sh"
bgp_up

# --- first boot ------------------------------------------------------------------------------------
configure bgp="{ $BGP }"
ok "before anydoor runs the neighbour hears nothing" all_hear "$NOTHING"
daemon_start
ok "anydoor may not use FRR's socket: it is told" await 15 \
	bgp_says '.trouble' "\"FRR does not answer at ${SOCKET[frr]}: Permission denied\""
daemon_kill TERM
DAEMON_AS=(setpriv --groups frrvty)
daemon_start
ok "in the group frrvty it may: when all is well the neighbour hears the VIPs" await 15 all_hear "$PLAIN"
ok "status shows what is wished, and what is told" await 5 \
	bgp_says '[.families[] | [.family, .wish, .fact, .cause]]' \
	'[["ip4","announce","announce","well"],["ip6","announce","announce","well"]]'
ok "to whom" bgp_says '.neighbours | map([.neighbour, .family, .announced])' '[["10.9.0.2","ip4",2],["fd09::2","ip6",1]]'
is "the driver" "$(status .bgp.driver)" '"frr"'

# --- restarts --------------------------------------------------------------------------------------
# When FRR stops, its sessions end; what it says in new ones is listened to.
hear_restart() {
	speaker_stop
	await 10 all_hear "$NOTHING"
	hear_during frr_begins
}
frr_begins() {
	speaker_start
	await 20 sessions_are_up
	sleep 4
}
readonly ONCE="2 over4.ipv4 > added,1 over6.ipv6 > added"

daemon_kill KILL
hear_during sleep 5
is "the daemon was killed: the neighbour hears nothing new" "$HEARD" nothing
hear_restart
is "FRR starts again without it: each VIP is announced once" "$HEARD" "$ONCE"
ok "as before" all_hear "$PLAIN"
speaker_stop
daemon_start
ok "an FRR that does not answer is told of" await 8 bgp_says '[.answered, .families[0].fact]' '[false,null]'
ok "in a warning" grep -q "FRR does not answer at" <(anydoor status)
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

# --- what its operator does ------------------------------------------------------------------------
reload_frr() {
	frr_reload >"$LAB_DIR/reload" 2>&1
	sleep 6
}
hear_during reload_frr
is "frr-reload.py, which takes our route-maps away: the neighbour hears nothing of it" "$HEARD" nothing
ok "it did take them" grep -q "no route-map anydoor4 permit 3" "$LAB_DIR/reload"
ok "as before" all_hear "$PLAIN"
vtysh_pop -c "write memory" >/dev/null
ok "write memory: what is ours is saved, too" grep -q "^route-map anydoor4 permit 3" "$FRR/frr.conf"
hear_restart
is "a restart with that" "$HEARD" "$ONCE"

# --- what makes it withdraw ------------------------------------------------------------------------
resets=$(resets)
at pop ip addr del $VIP6/128 dev lo
ok "a VIP leaves lo: its family is withdrawn" await 10 hears "$VIP6/128" "$NOTHING"
ok "the other one is not" hears "$VIP4/32" "$PLAIN"
ok "the cause is told" await 5 bgp_says '[.families[] | .cause]' '["well","no_vip"]'
at pop ip addr add $VIP6/128 dev lo nodad
ok "it is back" await 15 all_hear "$PLAIN"
at pop ip link set wan0 xdpdrv off
at pop ip -force link set wan0 xdpdrv obj "${BUILD:-build}/selftests/dns/pass.bpf.o" sec xdp.frags
ok "our programs are missing on an interface: withdrawn" await 15 all_hear "$NOTHING"
at pop ip link set wan0 xdpdrv off
ok "attached again, announced again" await 40 all_hear "$PLAIN"

# --- drain -----------------------------------------------------------------------------------------
hold old "$VIP4" "$VIP6"
anydoor drain --window 10m >/dev/null
ok "drain: the neighbour is told to prefer another path" await 15 all_hear "$DEPREFERRED"
ok "the connections are waited for" await 15 step_is flows
is "the connections live" "$(alive old)" 2
is "no session was reset" "$(resets)" "$resets"
not_global() {
	! vtysh_pop -c "show running-config" | grep -q "^ *bgp graceful-shutdown"
}
ok "the whole of FRR is not shut down" not_global
daemon_kill KILL
hear_restart
is "the daemon was killed, and FRR started again: the same once" "$HEARD" "$ONCE"
ok "de-preferred" all_hear "$DEPREFERRED"
daemon_start
ok "the daemon is back: still that step" await 5 step_is flows
vtysh_pop -c "write memory" >/dev/null
resets=$(resets)
anydoor drain --last --window 0 >/dev/null
ok "withdrawn" await 15 all_hear "$NOTHING"
hear_restart
is "a restart with the de-preferred routes saved: nothing" "$HEARD" nothing
ok "undrain" anydoor undrain
ok "announced, plain" await 15 all_hear "$PLAIN"
release old || true

# --- what it has not -------------------------------------------------------------------------------
configure bgp="{ $BGP, neighbours: [10.9.0.2, '198.51.100.77'] }"
ok "a reload names a neighbour that FRR does not have" anydoor reload
ok "which is told" await 8 bgp_says '.trouble' '"FRR has no BGP neighbour '"'198.51.100.77'"' (bgp.neighbours)"'
configure bgp="{ ${BGP/prepend: 2/prepend: 0}, neighbours: [10.9.0.2, 'fd09:0:0::2'], community: '65001:77' }"
anydoor reload >/dev/null
ok "an address may be written otherwise" await 8 bgp_says '.neighbours | map(.neighbour)' '["10.9.0.2","fd09::2"]'
anydoor drain >/dev/null
ok "another community, nothing prepended" await 15 all_hear "$OUR_AS ($OUR_AS,77)"
ok "which is read back" await 8 bgp_says '[.families[].fact]' '["deprefer","deprefer"]'
anydoor undrain >/dev/null
ok "back" await 15 all_hear "$PLAIN"
configure bgp="{ $BGP, neighbours: ['a b'] }"
refused "a neighbour that is none" 2 '"a b" is neither a name' anydoor check
configure bgp="{ $BGP }"
anydoor reload >/dev/null

# --- detach ----------------------------------------------------------------------------------------
resets=$(resets)
ok "detach" anydoor detach --force
ok "without a data path nothing is announced" await 6 all_hear "$NOTHING"
is "no session was reset" "$(resets)" "$resets"
await 5 not kill -0 "$DAEMON"
daemon_start
ok "loaded again, announced again" await 15 all_hear "$PLAIN"
daemon_kill KILL
ok "detach with no daemon" anydoor detach --force
ok "nothing is announced" await 6 all_hear "$NOTHING"
daemon_start
await 15 all_hear "$PLAIN"

# --- a reboot --------------------------------------------------------------------------------------
# With what is shipped for systemd, which runs it before FRR.
boot() {
	sed "s|/run/anydoor|$LAB_DIR/run|" "$EXAMPLES/../systemd/tmpfiles.conf" >"$LAB_DIR/tmpfiles.conf"
	systemd-tmpfiles --create --boot "$LAB_DIR/tmpfiles.conf"
	frr_begins
}
vtysh_pop -c "write memory" >/dev/null
speaker_stop
await 10 all_hear "$NOTHING"
daemon_kill KILL
anydoor detach --force >/dev/null 2>&1
rm -r "$LAB_DIR/run"
hear_during boot
is "a reboot, the announcement saved in FRR's configuration: nothing is announced before anydoor runs" \
	"$HEARD" nothing
ok "nothing" all_hear "$NOTHING"
daemon_start
ok "then it is" await 15 all_hear "$PLAIN"
done_testing
