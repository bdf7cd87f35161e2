#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runbook.t: every command of deploy/doc/runbook.md, in the order of the page, where its prompt says, on three POPs with
# BIRD and a bus. What the page is about is made to happen before the commands, and what they are for is looked at behind
# them: happen_SECTION_BLOCK and mended_SECTION_BLOCK, both of which a block may lack.
# shellcheck source-path=SCRIPTDIR
set -u
export LAB_BIG_MIB=1 LAB_BUS=1 LAB_STEER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
readonly PAGE=$NET_HOME/../../deploy/doc/runbook.md
readonly STEP_S=90 # that a command may take

# A binary of its own in each POP, as on hosts of their own.
typed() { # PLACE COMMAND
	local place=$1
	ANYDOOR=$LAB_DIR/sbin/$place/anydoor
	enter "$place" timeout -k 5 $STEP_S bash -c "$2" 2>&1
}

# A line of the page: "fra# anydoor pops   # exit 1: why".
run_line() { # LINE
	local place=${1%%\#*} command=${1#*\# } wanted=0 said code=0
	if [[ $command =~ ^(.*[^ ])\ +\#\ exit\ ([0-9]+):\ .*$ ]]; then
		command=${BASH_REMATCH[1]} wanted=${BASH_REMATCH[2]}
	fi
	said=$(typed "$place" "$command") || code=$?
	is "$1" "$code" "$wanted"
	((code == wanted)) || diag "$said"
}

hook() { # happen|mended SECTION BLOCK
	! declare -F "$1_$2_$3" >/dev/null || "$1_$2_$3"
}

# The page, as lines "section block command".
commands_of_page() {
	awk '/^## / { section = tolower(substr($0, 4)); gsub(/[^a-z]+/, "_", section); block = 0 }
		/^```/ { inside = !inside; block += inside; next }
		inside { print (section ? section : "first"), block, $0 }' "$PAGE"
}

run_page() {
	local section block line last=
	while read -r section block line <&3; do
		if [[ $section/$block != "$last" ]]; then
			[[ -z $last ]] || hook mended "${last%/*}" "${last#*/}"
			hook happen "$section" "$block"
			last=$section/$block
		fi
		run_line "$line"
	done 3< <(commands_of_page)
	hook mended "${last%/*}" "${last#*/}"
}

# --- what happens, and what came of it ---------------------------------------------------------------
served_by() { # POP
	same "$(web_who 4) $(web_who 6)" "$1 $1"
}

# Whoever lands at fra's edge is sent on to another POP.
leads_elsewhere() {
	not grep -q " dev fra " <(at edge_fra ip -4 route get $VIP4; at edge_fra ip -6 route get $VIP6)
}

announced() { # POP
	await 20 bgp_is_told "$1" announce
}

mended_planned_maintenance_1() {
	ok "fra's edge leads to another POP" await 10 leads_elsewhere
	ok "where the client is served" grep -Eq "^(nyc|sin)" <(web_who 4)
}

mended_planned_maintenance_2() {
	ok "fra is announced again" announced fra
	ok "and serves" await 15 served_by fra
}

mended_planned_maintenance_3() {
	mended_planned_maintenance_2
	ok "history names the operator" grep -q "a look at its rack" <(enter sin anydoor history)
}

happen_a_pop_is_lost_1() {
	at edge_sin sysctl -qw net.ipv6.conf.sin.keep_addr_on_down=1
	at edge_sin ip link set sin down
	kill -KILL "$(pop_pid sin)" "$(cat "$LAB_DIR/bird/sin/pid")" "$(cat "$LAB_DIR/nats/sin/pid")"
	rm -f "$LAB_DIR/bird/sin/pid"
	await 30 knows_lost nyc
	await 40 buses_are_fresh fra nyc
}

# A cluster that has lost or got back a server takes a while to agree on who leads.
buses_are_fresh() { # NODE...
	local node
	for node in "$@"; do
		same "$(enter "$node" anydoor bus --json | jq -r .state)" fresh || return 1
	done
}

knows_lost() { # NODE
	enter "$1" anydoor doctor --json | jq -e \
		'.checks[] | select(.check == "peers") | .findings | any(.text | contains("sin-1"))' >/dev/null
}

mended_a_pop_is_lost_1() {
	ok "a client in Japan is led elsewhere" await 5 same_steered nyc
}

happen_a_pop_is_lost_3() {
	at edge_sin ip link set sin up
	typed sin "systemctl start nats-server bird anydoor"
	announced sin
	await 40 buses_are_fresh fra nyc sin
}

mended_a_pop_is_lost_3() {
	ok "and back to sin" await 5 same_steered sin
}

same_steered() { # POP
	same "$(steered_to near $FAR4)" "$1"
}

mended_a_pop_is_too_hot_1() {
	is "all nodes know" "$(enter sin anydoor pops --json | jq '.steered[] | select(.pop == "fra").shed_percent')" 20
}

happen_a_route_leak_1() {
	await 40 buses_are_fresh fra nyc sin
	talk_start
	is "two connections live at fra" "$(talk)" "fra fra"
}

mended_a_route_leak_2() {
	ok "fra is de-preferred" await 20 bgp_is_told fra deprefer
	ok "its edge leads to another POP" await 10 leads_elsewhere
	is "its connections go on" "$(talk)" "fra fra"
}

mended_a_route_leak_3() {
	ok "announced again" announced fra
	is "and go on" "$(talk)" "fra fra"
	talk_end
}

mended_the_fleet_s_key_has_leaked_3() {
	local node
	for node in "${NODES[@]}"; do
		ok "$node is announced" announced "$node"
	done
	ok "fra serves" await 20 served_by fra
	talk_start
	is "two connections live there" "$(talk)" "fra fra"
	bgp_prefer nyc
	is "and are led home with the new key" "$(talk)" "fra fra"
	bgp_prefer fra
	talk_end
}

happen_the_bus_is_lost_1() {
	bus_server_stop nyc
	bus_server_stop sin
	await 20 bus_is_stale nyc
}

bus_is_stale() { # NODE
	same "$(enter "$1" anydoor bus --json | jq -r .state)" stale
}

# As if it was another version: other formats, and it goes wrong.
happen_an_upgrade_goes_wrong_2() {
	talk_start
	is "two connections live at fra" "$(talk)" "fra fra"
	install "$LAB_BUILD/next/anydoor" "$LAB_DIR/sbin/fra/anydoor"
	typed fra "systemctl restart anydoor"
	is "they outlive the upgrade" "$(talk)" "fra fra"
}

mended_an_upgrade_goes_wrong_2() {
	is "and the way back" "$(talk)" "fra fra"
	talk_end
	ok "it is the binary of before" cmp "$LAB_DIR/sbin/fra/anydoor" "$LAB_BUILD/anydoor"
}

# --- a fleet that is well ----------------------------------------------------------------------------
((EUID == 0)) || skip_all "network namespaces need root"
lab_up
pops_up
for node in "${NODES[@]}"; do
	mkdir -p "$LAB_DIR/sbin/$node"
	cp "$LAB_BUILD/anydoor" "$LAB_DIR/sbin/$node/anydoor"
	host_up "$node"
	bgp_by_anydoor "$node"
done
bgp_prefer fra
is_well() {
	says_nothing typed "$1" "anydoor doctor --quiet"
}
for node in "${NODES[@]}"; do
	ok "$node is well" await 20 is_well "$node"
done
at_least "commands on the page" "$(commands_of_page | wc -l)" 50
run_page
((TAP_FAILED == 0)) || pops_explain >&2
done_testing
