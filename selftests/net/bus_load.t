#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_load.t: a POP that has more connections than it is said to hold sheds clients; the other POP's node, which
# asks nobody for that, does so in its answers, too. An operator's word there comes first, and a bus that is
# away changes nothing. What each finds by health checks is to be seen.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"

shed_of() { # WHO
	"$1" pops --json | jq '.steered[] | select(.pop == "fra").shed_percent'
}

# It moves while it is read, so a percent is allowed.
parts_agree() {
	here=$(shed_of anydoor) there=$(shed_of other)
	echo "here $here, there $there"
	((here - there <= 1 && there - here <= 1))
}

sheds_same() {
	parts_agree && ((here >= 10))
}

sheds_less() {
	parts_agree && ((here < 10))
}

sees_out() {
	same "$(bus '.nodes[0].not_up')" nyc
}

bus_up
trap bus_down EXIT
bus_configure pops="[{ name: fra, capacity: 10 }, { name: nyc, service: [10.9.0.2] }]" shed="{ settle: 12s }" \
	health="{ checks: [{ name: gone, by: tcp, port: 81, every: 1s, fall: 1, rise: 1 }] }"
configure_other
nats_start
anydoor bus init >/dev/null
daemon_start
other_start
ok "both are on the bus" await 10 both_fresh
ok "who finds a POP out is to be seen" await 10 sees_out
addresses=()
for _ in {1..20}; do
	addresses+=("$ASIDE_VIP")
done
hold crowd "${addresses[@]}"
is "twice as many connections as it holds" "$HELD" holding
ok "it sheds, there as here" await 30 sheds_same
is "by its load" "$(other pops --json | jq -r '.steered[] | select(.pop == "fra") | .who')" "its load"
ok "bus shows it" grep -Eq "fra-1 .* [1-9][0-9]* %" <(other bus)
other pop fra up >/dev/null
sleep 3
is "an operator's word comes first" "$(told other fra)" up
other pop fra auto >/dev/null
ok "taken back, it sheds again" await 40 sheds_same
nats_stop
ok "the bus is away" await 10 is_state other stale
before=$(shed_of other)
sleep 3
is "the last known share holds" "$(shed_of other)" "$before"
nats_start
ok "it is back" await 10 both_fresh
release crowd
ok "nobody is there any more: fewer are shed, there as here" await 60 sheds_less
done_testing
