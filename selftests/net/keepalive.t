#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# keepalive.t: some stacks send keepalives, and other bare ACKs, without timestamps on flows that have them.
# They land at another POP, and go where the flow's other packets went.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

bare_acks() {
	at client nft -f - <<-END
		table inet bare {
			chain out {
				type filter hook output priority mangle
				tcp flags & (syn | psh | fin | rst) == 0 counter reset tcp option timestamp
			}
		}
	END
}

# Scouts only ask to learn: their flow has an owner.
looked_for() {
	enter nyc anydoor stats --json | jq '([.reasons[] | select(.reason == "wrap_hunt") | .packets] | add) - .hunt.scouts'
}

net_up
talk_start
is "two flows begin at fra" "$(talk)" "fra fra"
bgp_prefer nyc
is "they land at nyc, and are fra's" "$(talk)" "fra fra"
before=$(counter nyc wrap_pin) hunted=$(looked_for)
bare_acks
for _ in {1..5}; do
	is "with bare ACKs they are, too" "$(talk)" "fra fra"
done
at_least "nyc led those, too" $(($(counter nyc wrap_pin) - before)) 2
is "and asked nobody for them" "$(looked_for)" "$hunted"
ok "nobody was reset" no_resets
net_done
