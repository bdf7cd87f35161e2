#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pins.t: a member of state.group goes through every pin, and tries to make a tunnel packet that is
# accepted. What the group may read is what the reading commands open, also after an upgrade.
# shellcheck source-path=SCRIPTDIR
set -u

. "$(dirname "$0")/keeper.sh"

declare -A HOLD_PID=()
PEER=10.9.0.2 TARGET=10.9.0.1
readonly READ_BY_GROUP='attached bus connection_counts connection_state directory_seen dns_counts dns_daemon dns_guarded dns_guarded_daemon dns_live dns_zone_daemon
dns_zone_hits dns_zone_info flow_stats flow_tags flows health_checks hunt_stats keeper locals meta nodes peers
reasons reload rtt_probe rtt_seen state steer_drained steer_health steer_pops steer_told told unstamped'

as_member() {
	setpriv --reuid=65534 --regid="$GROUP" --clear-groups --inh-caps=-all "$@"
}

# What the runner finds, in words of `MAP KEY`. Who knows the key sees it where it lies as it is.
look() { # WANTED CMD...
	"${@:2}" "$LAB_DIR/pins_keys.py" --ends $PEER $TARGET ${1:+--wanted "$1"} "$PINS/one"
}

# One tunnel packet to us, as if from the peer.
send_with() { # KEY-OPTION KEY
	at client "$KEEPER_HOME/forge.py" "$1" "$2" --peer $PEER --landing 2 --target $TARGET --owner 1 \
		--third 2 --client 10.9.0.9 --vip $VIP4 right
}

# Tunnel packets of the peer's that we believed.
accepted() {
	anydoor pops --json | jq '.nodes[] | select(.node == "nyc-1") | .rx_packets'
}

one_more() { # THAN
	(($(accepted) == $1 + 1))
}

# Some names end with the number of their format.
pins_read() {
	as_member "$LAB_DIR/pins_keys.py" --list --ends $PEER $TARGET "$PINS/one" |
		sed 's/_[0-9]*$//' | tr '\n' ' '
}

keeper_up
GROUP=$(getent group daemon | cut -d: -f3)
cp "$KEEPER_HOME/pins_keys.py" "$LAB_DIR/" # where others than root can read it
configure state="{ bpffs: $PINS, run: $LAB_DIR/run, group: daemon }"
daemon_start
fleet=$(cat "$LAB_DIR/fleet.key")
key=$("$KEEPER_HOME/forge.py" --key "$fleet" --peer $PEER --landing 2 --target $TARGET --owner 1 \
	--third 2 --client 10.9.0.9 --vip $VIP4 --print-key right)

send_with --key "$fleet" 2>/dev/null
ok "what the fleet's key makes is believed" await 3 one_more 0

# What there is to find, and that the search finds it.
look "$key" env >"$LAB_DIR/known"
look "" env >"$LAB_DIR/root"
ok "root finds the key where keys are" grep -qx "keys $key" "$LAB_DIR/known"
is "and behind the hashes begun with it" "$(cat "$LAB_DIR/root")" "tag_starts $key"
before=$(accepted)
send_with --tunnel-key "$(cut -d' ' -f2 "$LAB_DIR/root")" 2>/dev/null
ok "what root finds makes a packet that is believed" await 3 one_more "$before"

check_member() { # WHEN
	local command found before
	is "$1: the group reads what commands open" "$(pins_read)" "${READ_BY_GROUP//$'\n'/ } "
	look "$key" as_member >"$LAB_DIR/member"
	look "" as_member >>"$LAB_DIR/member"
	ok "$1: a member finds no key" says_nothing cat "$LAB_DIR/member"
	before=$(accepted)
	while read -r _ found; do
		send_with --tunnel-key "$found" 2>/dev/null
	done <"$LAB_DIR/member"
	sleep 0.5
	is "$1: and makes no packet that is believed" "$(accepted)" "$before"
	for command in status flows stats pops zones; do
		ok "$1: a member runs $command" at pop setpriv --reuid=65534 --regid="$GROUP" \
			--clear-groups "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "$command"
	done
}

check_member "first"
# As an earlier version left them.
chgrp "$GROUP" "$PINS"/one/*
chmod 640 "$PINS"/one/*
look "" as_member >"$LAB_DIR/member"
is "pins of an earlier version give the key away" "$(cat "$LAB_DIR/member")" "tag_starts $key"
ok "a reload" anydoor reload
check_member "after it"
done_testing
