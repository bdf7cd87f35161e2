#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bgp.t: the VIPs are announced by a real BIRD to a real neighbour when all is well, and withdrawn when it is not;
# after a restart of either daemon, or of both, the neighbour hears what it heard before. No session is reset by us.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/bgp.sh"
bgp_up

# --- first boot ------------------------------------------------------------------------------------
configure bgp="{ $BGP }"
ok "before anydoor runs the neighbour hears nothing" all_hear "$NOTHING"
daemon_start
ok "when all is well it hears the VIPs" await 10 all_hear "$PLAIN"
ok "status shows what is wished, and what is told" await 5 \
	bgp_says '[.families[] | [.family, .wish, .fact, .cause]]' \
	'[["ip4","announce","announce","well"],["ip6","announce","announce","well"]]'
ok "to whom" bgp_says '.neighbours | map([.neighbour, .family, .announced])' \
	'[["over4","ip4",2],["over6","ip6",1]]'
ok "in words, too" grep -q "bgp.*ip4: announce for .*: all is well; neighbours are told: announce" <(anydoor status)

ok "check finds that it answers" not grep -q "bgp" <(anydoor check)
ok "pops shows both" grep -q "BGP here: ip6: announce, neighbours are told: announce" <(anydoor pops)
is "in JSON, too" "$(anydoor pops --json | jq -c '[.bgp.families[].fact]')" '["announce","announce"]'

# --- restarts --------------------------------------------------------------------------------------
daemon_kill KILL
sleep 2
ok "the daemon was killed: nothing changes" all_hear "$PLAIN"
bird_stop pop
bird_start pop
ok "BIRD starts again without it: it announces what it did" await 10 all_hear "$PLAIN"
bird_stop pop
try anydoor check
is "a BIRD that does not answer is no error of the configuration" "$code" 0
ok "but a warning says what to do" grep -q "^warning: bgp.driver: .*does not answer at $LAB_DIR/pop.ctl: .*start it, or name its control socket" <<<"$said" ||
	diag "$said"
daemon_start
sleep 3
ok "a BIRD that does not answer is told of" await 5 bgp_says '[.answered, .families[0].fact]' '[false,null]'
ok "in a warning" grep -q "BIRD does not answer at" <(anydoor status)
bird_start pop
ok "both were started again" await 10 all_hear "$PLAIN"
ok "and the fact is known again" await 10 bgp_says '[.answered, .as_wished]' '[true,true]'
before=$(sent)
daemon_kill TERM
daemon_start
sleep 4
is "the daemon alone, stopped and started: the neighbour hears nothing new" "$(sent)" "$before"

# --- what makes it withdraw ------------------------------------------------------------------------
resets=$(resets)
at pop ip addr del $VIP6/128 dev lo
ok "a VIP leaves lo: its family is withdrawn" await 10 hears "$VIP6/128" "$NOTHING"
ok "the other one is not" hears "$VIP4/32" "$PLAIN"
ok "the cause is told" bgp_says '[.families[] | .cause]' '["well","no_vip"]'
at pop ip addr add $VIP6/128 dev lo nodad
ok "it is back" await 10 all_hear "$PLAIN"

# Another program in our place: ours cannot be attached, and flows that land there would be reset.
at pop ip link set wan0 xdpdrv off
at pop ip -force link set wan0 xdpdrv obj "${BUILD:-build}/selftests/dns/pass.bpf.o" sec xdp.frags
ok "our programs are missing on an interface: withdrawn" await 10 all_hear "$NOTHING"
ok "for that cause" bgp_says '.families[0].cause' '"not_attached"'
at pop ip link set wan0 xdpdrv off
ok "attached again, announced again" await 40 all_hear "$PLAIN"

# The other interface leads nowhere that BGP knows: without it all goes on.
configure bgp="{ $BGP }" interfaces="[wan0, wan1]"
anydoor reload >/dev/null
at pop ip link set wan1 down
sleep 4
ok "an interface goes down: nothing changes" all_hear "$PLAIN"
at pop ip link del wan1
sleep 4
ok "it goes away: nothing changes" all_hear "$PLAIN"
wire wan1 10.9.1 fd09:1
configure bgp="{ $BGP }"
anydoor reload >/dev/null

configure bgp="{ $BGP, prepend: 2 }" # twice the same key
refused "a key twice" 2 "bgp.prepend" anydoor check
configure bgp="{ $BGP, community: '70000:1', neighbours: [over4] }"
refused "a community that is none" 2 "bgp.community: \"70000:1\" is no community" anydoor check
configure bgp="{ $BGP, prefixes: [192.0.2.0/24] }"
refused "a VIP that no prefix covers" 2 "the VIP $VIP4 of line" anydoor check
configure bgp="{ driver: bird }"
refused "prepending without a number" 2 "bgp.as: is needed to prepend it" anydoor check

# --- another wish by a reload ----------------------------------------------------------------------
configure bgp="{ $BGP, neighbours: [over4, nosuch] }"
ok "a reload names a neighbour that BIRD does not have" anydoor reload
ok "which is told" await 8 bgp_says '.trouble' '"BIRD has no BGP protocol '"'nosuch'"' (bgp.neighbours)"'
configure bgp="{ $BGP, prefixes: [198.51.100.0/24, '2001:db8::/64'] }"
ok "a reload with networks in place of VIPs" anydoor reload
ok "the networks are announced" await 8 hears 198.51.100.0/24 "$PLAIN"
ok "and the VIPs alone are not" hears $VIP4/32 "$NOTHING"
configure bgp="{ $BGP }"
anydoor reload >/dev/null
ok "as it was" await 8 all_hear "$PLAIN"

# --- what BIRD refuses -----------------------------------------------------------------------------
echo "nonsense {" >>"$LAB_DIR/pop.conf"
at pop ip addr del $VIP6/128 dev lo
ok "BIRD refuses its configuration, which somebody edited: it is told" await 10 \
	bgp_says '.trouble | test("refuses its configuration: .*pop.conf.*code 8002")' true
ok "a wish is not a fact" bgp_says '.families[1] | [.wish, .fact]' '["withdraw","announce"]'
sed -i '$d' "$LAB_DIR/pop.conf"
ok "it is mended: the wish comes true by itself" await 20 hears "$VIP6/128" "$NOTHING"
at pop ip addr add $VIP6/128 dev lo nodad
ok "and back" await 10 all_hear "$PLAIN"
is "no session was reset by any of it" "$(resets)" "$resets"

# --- detach ----------------------------------------------------------------------------------------
ok "detach" anydoor detach --force
ok "without a data path nothing is announced" await 3 all_hear "$NOTHING"
is "nor was a session reset" "$(resets)" "$resets"
await 5 not kill -0 "$DAEMON"
daemon_start
ok "loaded again, announced again" await 10 all_hear "$PLAIN"
daemon_kill KILL
ok "detach with no daemon" anydoor detach --force
ok "nothing is announced" await 3 all_hear "$NOTHING"

# --- a driver where there was none -----------------------------------------------------------------
configure
daemon_start
sleep 8
configure bgp="{ ${BGP/warm: 1s/warm: 8s} }"
ok "a reload: anydoor tells BIRD from now on" anydoor reload
ok "it was ready for long enough before" await 5 all_hear "$PLAIN"
configure
ok "BGP is the operator's again: what was announced is" anydoor reload
sleep 2
ok "not changed by that" all_hear "$PLAIN"
configure bgp="{ ${BGP/warm: 1s/warm: 1h} }"
daemon_kill KILL
daemon_start
ok "nor by a daemon that finds it in BIRD's file" await 5 bgp_says '.families[0].cause' '"well"'
daemon_kill KILL
ok "detach" anydoor detach --force

# --- a BIRD that is a user of its own, as Debian's unit starts it -----------------------------------
bird_stop pop
mkdir "$LAB_DIR/own"
chown bird:bird "$LAB_DIR/own"
sed "s|\"$LAB_DIR/pop.bird\"|\"$LAB_DIR/own/log\"|" "$LAB_DIR/pop.conf" >"$LAB_DIR/own/bird.conf"
at pop bird -u bird -g bird -c "$LAB_DIR/own/bird.conf" -s "$LAB_DIR/own/ctl" -P "$LAB_DIR/own/pid"
cp "$LAB_DIR/own/pid" "$LAB_DIR/pop.pid"
configure bgp="{ ${BGP/pop.ctl/own/ctl} }"
daemon_start
ok "anydoor may not use its socket: it is told" await 10 \
	bgp_says '.trouble' "\"BIRD does not answer at $LAB_DIR/own/ctl: Permission denied\""
daemon_kill TERM
DAEMON_AS=(setpriv --groups bird)
daemon_start
ok "in the group bird it may: the VIPs are announced" await 20 all_hear "$PLAIN"
ok "and the fact is known" await 10 bgp_says '[.answered, .as_wished]' '[true,true]'
done_testing
