#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# lab.t: the lab that `make lab` raises to play with: of the size that was asked for, each of its places is entered
# by the line that it prints; one at a time, taken down whole, also when it is interrupted while it comes up.
# shellcheck source-path=SCRIPTDIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
. "$here/../lab/base.sh"
((EUID == 0)) || skip_all "network namespaces need root"
cd "$here/../.." || exit 1
LAB_DIR=$(mktemp -d) # await's
export TMPDIR=$LAB_DIR LAB_NOTE=$LAB_DIR/lab.up
LAB=selftests/lab/lab

end() {
	set +e
	[[ -z ${RAISING:-} ]] || kill -TERM -- "-$RAISING" 2>/dev/null
	while read -r name; do
		"$LAB" down "${name##*-}"
	done < <(compgen -G "$LAB_DIR/anydoor-lab-*")
	rm -rf "$LAB_DIR"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

lab() {
	"$LAB" "$@"
}

try() {
	said=$("$@" 2>&1) && code=0 || code=$?
}

refused() { # NAME TEXT CMD...
	try "${@:3}"
	is "$1: exit code" "$code" 2
	ok "$1: says why" grep -qF -- "$2" <<<"$said" || diag "$said"
}

left() { # how much of a lab is there
	compgen -G "/run/netns/ad-${1:-*}-client" | wc -l
}

# --- numbers that are wrong --------------------------------------------------------------------------
refused "too many POPs" "POPS=9: a number from 2 to 8 is wanted" lab up 9
refused "too few" "POPS=1: a number from 2 to 8" lab up 1
refused "no number" "POPS=x: a number" lab up x 2
refused "too many nodes" "NODES=5: a number from 1 to 4" lab up 3 5
refused "a lab that is not there" "no lab called nobody" lab in nobody fra
refused "nonsense" "usage: lab up" lab upward
try lab down
is "none is up: exit code" "$code" 0
is "none is up" "$said" "no lab is up"

# --- interrupted -------------------------------------------------------------------------------------
setsid "$LAB" up 2 >"$LAB_DIR/raising" 2>&1 &
RAISING=$!
ok "one is on its way" await 20 compgen -G "$LAB_DIR/anydoor-lab-*/bird"
half=$(basename "$(compgen -G "$LAB_DIR/anydoor-lab-*")")
kill -TERM -- "-$RAISING"
wait "$RAISING" 2>/dev/null
RAISING=
ok "interrupted, it is gone" await 10 not compgen -G "$LAB_DIR/anydoor-lab-*"
is "with its namespaces" "$(left "${half##*-}")" 0
is "and none is noted" "$(lab down)" "no lab is up"

# --- four POPs of two nodes --------------------------------------------------------------------------
try lab up 4 2
is "it comes up" "$code" 0
[[ $code == 0 ]] || diag "$said"
NAME=$(cat "$LAB_NOTE")
mapfile -t lines < <(sed -n 's/^   \(.* in [A-Za-z0-9]* [a-z0-9_]*\)$/\1/p' <<<"$said")
is "a line for each place" "${#lines[@]}" $((4 * 2 + 2 + 4))
entered=0
for line in "${lines[@]}"; do
	# shellcheck disable=SC2086 # it is a command line
	[[ $(eval "$line" ip -o link show lo | wc -l) != 1 ]] || entered=$((entered + 1))
done
is "each is entered by it" "$entered" "${#lines[@]}"
is "each POP has its nodes" "$(lab in "$NAME" lon2 anydoor pops --json | jq -r '[.nodes[] | .pop] | sort | join(" ")')" \
	"fra fra lon lon nyc nyc sin sin"
peers() {
	same "$(lab in "$NAME" "$1" anydoor doctor --json | jq -r '.checks[] | select(.check == "peers").findings[].text')" \
		"peers: 7 of 7 answer through the tunnel"
}
ok "a node hears all others" await 10 peers sin2
on_bus() {
	same "$(lab in "$NAME" "$1" anydoor bus --json | jq -r '[.state, (.nodes | length)] | join(" ")')" "fresh 7"
}
ok "and hears them by the bus" await 20 on_bus lon
is_well() { # NODE: as the runbook has it
	lab in "$NAME" "$1" anydoor doctor --quiet >"$LAB_DIR/doctor"
}
for node in fra lon2; do
	ok "$node is well" await 20 is_well $node || diag "$(cat "$LAB_DIR/doctor")"
done
try lab in "$NAME" sin2 anydoor drain --wait --window 20s
is "a drain goes through the steps of BGP" "$code ${said##*$'\n'}" "0 quiet"
[[ $code == 0 ]] || diag "$said"
ok "with BIRD" grep -q "withdraw: waits until neighbours" <<<"$said" || diag "$said"
ok "and is taken back" lab in "$NAME" sin2 anydoor undrain
ok "the client is served" await 10 lab in "$NAME" client curl -sf -m 2 http://192.0.2.53/
ok "BGP brings it elsewhere" lab move "$NAME" lon
ok "there" grep -q "^lon" <(lab in "$NAME" client curl -sf -m 5 http://192.0.2.53/)
refused "a place that is not there" "no place called tyo: client isp" lab in "$NAME" tyo
refused "a POP that is not there" "no POP called tyo: fra nyc sin lon" lab move "$NAME" tyo
refused "a second one" "one is up already, $NAME: \`make lab-down\` takes it down" lab up 2
ok "taken down" lab down
is "nothing is left" "$(left "$NAME")" 0
ok "nor its files" not compgen -G "$LAB_DIR/anydoor-lab-*"
done_testing
