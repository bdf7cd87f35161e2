#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# keepalive.t: some stacks send keepalives, and other bare ACKs, without timestamps on flows that have them.
# They land at another POP, and go where the flow's other packets went. Where there were none yet, and
# who is asked does not own the flow, they are dropped: no RST ends what the next segment's stamp saves.
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

dropped_at() { # POP COUNT
	not_below "$(counter "$1" nobody_once)" "$2"
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

# sin asks nyc alone, and has heard of no flow of these clients.
echo "hunt: { neighbours: [nyc-1] }" >>"$LAB_DIR/sin.yaml"
ok "sin asks nyc, and nobody else" enter sin anydoor reload
bgp_prefer sin
is "a keepalive is the first that lands at sin" "$(talk keepalive)" "set set"
ok "nyc knows nothing of it, so it is dropped" await 5 dropped_at sin 2
is "what comes right after it is fra's, by its stamp" "$(talk)" "fra fra"
is "sin's stack saw none of that" "$(counter_sum sin '(.reason | startswith("nobody")) and .reason != "nobody_once"')" 0
ok "nobody was reset" no_resets
net_done
