#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bgp_health.t: health checks of this POP announce the VIPs and withdraw them; a service that flaps moves no
# route, the last POP that is up stays, a restart does not forget.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/bgp.sh"
bgp_up

# The service is well while that file is there.
well() {
	touch "$LAB_DIR/well"
}

fails() {
	rm -f "$LAB_DIR/well"
}

HEALTH="checks: [{ name: file, by: command, command: [/usr/bin/test, -e, $LAB_DIR/well], every: 1s, fall: 1, rise: 1, timeout: 1s }]"
checked() { # BGP [KEY=TEXT...]
	configure pops="[{ name: fra, service: [$VIP_OF_OUR_OWN] }, { name: nyc }]" health="{ $HEALTH }" bgp="{ $1 }" "${@:2}"
}
VIP_OF_OUR_OWN=10.9.0.1

cause_is() { # CAUSE
	bgp_says '.families[0].cause' "\"$1\""
}

# --- first boot ------------------------------------------------------------------------------------
checked "$BGP, hold: 6s, hold_max: 1h"
daemon_start
ok "the service fails: the VIPs are not announced" await 10 cause_is unhealthy
sleep 2
ok "the neighbour hears nothing" all_hear "$NOTHING"
well
ok "it is well: they are" await 10 all_hear "$PLAIN"

# --- a failure -------------------------------------------------------------------------------------
fails
ok "it fails: withdrawn" await 5 all_hear "$NOTHING"
ok "the cause is told" grep -q "BGP: ip4: withdraw: health checks of this POP fail" <(anydoor status)
well
ok "it is well again: held down" await 5 cause_is hold
ok "the neighbour hears nothing" all_hear "$NOTHING"
daemon_kill KILL
daemon_start
ok "a restart does not forget it" cause_is hold
ok "after that time it is announced" await 12 all_hear "$PLAIN"

# --- flaps -----------------------------------------------------------------------------------------
before=$(grep -c "> removed.*$VIP4/32" "$LAB_DIR/client.bird")
for _ in {1..6}; do
	fails
	sleep 1.5
	well
	sleep 1.5
done
is "six failures cost one withdrawal" "$(($(grep -c "> removed.*$VIP4/32" "$LAB_DIR/client.bird") - before))" 1
is "the hold time was doubled" "$(status .bgp.hold.hold_s)" 12
ok "it is announced again" await 25 all_hear "$PLAIN"

# --- the last one ----------------------------------------------------------------------------------
checked "$BGP, hold: 6s, hold_max: 1h" nyc=down
anydoor reload >/dev/null
fails
ok "it fails, and no other POP is up: it stays" await 10 cause_is last
sleep 2
ok "the neighbour hears the VIPs" all_hear "$PLAIN"
ok "status warns of it" grep -q "BGP: ip4: announce: .*too few other POPs are up" <(anydoor status)
checked "$BGP, hold: 6s, hold_max: 1h"
anydoor reload >/dev/null
ok "now another one is up: withdrawn" await 10 all_hear "$NOTHING"
checked "$BGP, hold: 6s, hold_max: 1h, at_least: 0" nyc=down
well
anydoor reload >/dev/null
await 60 all_hear "$PLAIN"
fails
ok "with at_least: 0 the last one is withdrawn, too" await 5 all_hear "$NOTHING"
is "no session was reset by any of it" "$(resets)" 0
done_testing
