#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# reload.t: zones are reloaded under DNS load, by command and by signal, and no answer is lost or
# wrong; a broken zone changes nothing.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly RELOADS=20

load_start() {
	coproc LOAD { AT="exec" at client "$NET_HOME/dnsload.py" $VIP4 $VIP6; }
	exec {LOAD_IN}>&"${LOAD[1]}" {LOAD_OUT}<&"${LOAD[0]}"
	await 10 load_runs
}

load_runs() {
	(($(counter fra dns_answered) > 100))
}

load_end() {
	echo >&"$LOAD_IN"
	cat <&"$LOAD_OUT" >"$LAB_DIR/load"
}

loaded() { # JQ-FILTER
	jq -c "$1" "$LAB_DIR/load"
}

serial_is() { # SERIAL
	[[ $(at client kdig +short @$VIP4 serial.$ZONE TXT) == "\"$1\"" ]]
}

reload_by_turns() {
	local serial
	for ((serial = 2; serial <= RELOADS; serial++)); do
		zone_write $serial
		if ((serial % 2)); then
			enter fra anydoor reload
		else
			kill -HUP "$(pop_pid fra)"
		fi
		await 5 serial_is $serial || return 1
	done
}

net_up
load_start
ok "$RELOADS reloads, by command and by SIGHUP" reload_by_turns
load_end
at_least "the load was one" "$(loaded .asked)" 1000
is "no question was lost" "$(loaded .lost)" 0
is "no answer was wrong, and none was of an older zone than the one before" \
	"$(loaded '[.wrong, .examples]')" '[0,[]]'
is "every version was seen" "$(loaded .serials)" "[$(seq -s, 1 $RELOADS)]"

echo "broken A 300.1.2.3" >>"$LAB_DIR/$ZONE.zone"
line=$(wc -l <"$LAB_DIR/$ZONE.zone")
ok "a broken zone is refused" not enter fra anydoor reload
ok "and its place is named" grep -q "$ZONE.zone:$line:" <<<"$(enter fra anydoor reload 2>&1 || true)"
ok "nothing has changed" serial_is $RELOADS
net_done
