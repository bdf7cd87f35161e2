#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# doctor_bgp.t: what `anydoor doctor` says of a real BIRD: to whom the VIPs are announced, a session that is down, a
# BIRD that does not answer, an export filter that lets nothing out.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/bgp.sh"
bgp_up

finds() { # LEVEL TEXT
	anydoor doctor --alone --json | jq -r --arg level "$1" \
		'.checks[] | select(.check == "bgp") | .findings[] | select(.level == $level).text' >"$LAB_DIR/found" || true
	grep -qF -- "$2" "$LAB_DIR/found" || { cat "$LAB_DIR/found"; return 1; }
}

is_level() { # LEVEL
	same "$(anydoor doctor --alone --json | jq -r '.checks[] | select(.check == "bgp").level')" "$1"
}

configure bgp="{ $BGP }"
daemon_start
ok "it is announced" await 10 all_hear "$PLAIN"
ok "all is well" await 10 is_level ok
ok "to whom, and how much" finds ok "bgp: over4: IPv4: 2 of our prefixes announced, 0 of them de-preferred"
ok "over IPv6, too" finds ok "bgp: over6: IPv6: 1 of our prefixes announced"
ask_bird client disable over6 >/dev/null || true
birdc -s "$LAB_DIR/client.ctl" disable over6 >/dev/null
ok "a session that is down is told" await 10 finds warning "bgp: over6: IPv6: the session is not established"
ok "and nothing of the other" finds ok "bgp: over4: IPv4: 2 of our prefixes announced"
birdc -s "$LAB_DIR/client.ctl" enable over6 >/dev/null
ok "and up again" await 15 is_level ok
anydoor drain --window 1h >/dev/null
ok "what is drained is no trouble" await 10 finds ok "2 of our prefixes announced, 2 of them de-preferred"
ok "at all" is_level ok
anydoor undrain
bird_stop pop
ok "a BIRD that does not answer is told" await 10 finds critical "the BGP daemon does not answer: BIRD does not answer at"
bird_start pop
ok "and is back" await 15 is_level ok
done_testing
