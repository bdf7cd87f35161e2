#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# confine.t: what the daemon gave up by itself, started by hand as root; and that it lives on so.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/../net/keeper.sh"
keeper_up

of_process() { # FIELD
	awk -v field="$1:" '$1 == field { print $2 }' "/proc/$DAEMON/status"
}

daemon_start
ok "the daemon runs" await 40 attached wan0
is "its system calls are filtered" "$(of_process Seccomp)" 2
is "no new privileges" "$(of_process NoNewPrivs)" 1
is "no core" "$(awk '/^Max core/ { print $5, $6 }' "/proc/$DAEMON/limits")" "0 0"
ok "its memory is not read by its user without rights" not \
	setpriv --bounding-set=-all --inh-caps=-all cat "/proc/$DAEMON/environ"
# CHOWN, DAC_READ_SEARCH, NET_BIND_SERVICE, NET_ADMIN, SYS_ADMIN, PERFMON, BPF
is "capabilities that a reload needs" "$(of_process CapPrm)" 000000c000201405

# --- it can do all that it must ----------------------------------------------------------------------
hold new $VIP4 $VIP4 $VIP6
zone_write 2
ok "a zone is loaded again" anydoor reload
configure interfaces="[wan0, wan1]" flows="{ max: 16K }" \
	vips="[{ address: $VIP4 }, { address: $NEW_VIP }, { address: \"$VIP6\" }, { address: $ASIDE_VIP }]"
ok "an interface, a VIP, another table" anydoor reload
ok "attached there" attached wan1
at pop ip link set dev wan1 xdp off
ok "taken off by somebody, and attached again" await 10 attached wan1
configure
ok "and given up" anydoor reload
ok "it is off" same "$(xdp_program wan1)" 0
is "connections live" "$(alive new)" 3
rm -rf "$LAB_DIR/run"
ok "its run files are made anew" await 10 test -S "$LAB_DIR/run/one/control"
daemon_kill KILL
daemon_start
is "adopted: connections live" "$(alive new)" 3
release new
ok "detach through the daemon" anydoor detach --force
ends() {
	! kill -0 "$DAEMON" 2>/dev/null
}
ok "it ends" await 10 ends
ok "nothing is left" clean
ok "nothing was refused" not grep -E 'cannot|not permitted|denied' "$LAB_DIR/log"

done_testing
