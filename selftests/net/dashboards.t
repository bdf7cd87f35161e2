#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dashboards.t: a real Prometheus scrapes a POP that has clients, and drains; every query of every panel of
# deploy/examples/grafana has an answer.
set -euo pipefail
export LAB_STEER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
boards=("$NET_HOME"/../../deploy/examples/grafana/*.json)
prometheus=http://127.0.0.1:9090

prometheus_start() {
	cat >"$LAB_DIR/prometheus.yml" <<-END
		global: { scrape_interval: 1s, scrape_timeout: 1s }
		scrape_configs: [{ job_name: anydoor, static_configs: [{ targets: ["127.0.0.1:9911"] }] }]
	END
	AT='exec' at fra prometheus --config.file="$LAB_DIR/prometheus.yml" --storage.tsdb.path="$LAB_DIR/prometheus" \
		--web.listen-address=127.0.0.1:9090 >"$LAB_DIR/prometheus.log" 2>&1 &
	PROMETHEUS=$!
}

prometheus_end() {
	kill "$PROMETHEUS"
	wait "$PROMETHEUS" || true
}

# answer QUERY: the value of its first row.
answer() {
	at fra curl -sfG --data-urlencode "query=$1" "$prometheus/api/v1/query" | jq -er '.data.result[0].value[1]'
}

answers() { # QUERY VALUE
	same "$(answer "$1")" "$2"
}

uids_differ() {
	same "$(jq -rs 'map(.uid) | unique | length' "${boards[@]}")" ${#boards[@]}
}

net_up
bgp_prefer fra
prometheus_start
steered_to near $CLIENT4 >/dev/null
ok "Prometheus takes what it asks for" await 20 answers 'up{job="anydoor"}' 1
ok "OpenMetrics, and knows a counter by it" await 10 answers 'count(anydoor_reloads_total)' 3
enter fra anydoor drain >/dev/null 2>&1
ok "it sees the drain" await 20 answers 'anydoor_draining' 1
await 20 answers 'count_over_time(anydoor_drain_flows_left[10s]) >= bool 4' 1
ok "each dashboard has a uid of its own" uids_differ
at fra "$NET_HOME/panels.py" "$prometheus" "${boards[@]}" >"$LAB_DIR/panels" 2>"$LAB_DIR/panels.err" || true
while IFS= read -r line; do
	ok "${line#* - }" test "${line%% *}" = ok
done <"$LAB_DIR/panels"
[[ ! -s $LAB_DIR/panels.err ]] || diag "$(cat "$LAB_DIR/panels.err")"
is "all panels were asked" "$(wc -l <"$LAB_DIR/panels")" "$(jq -rs 'map(.panels[].targets[]) | length' "${boards[@]}")"
enter fra anydoor undrain --now >/dev/null 2>&1
prometheus_end
net_done
