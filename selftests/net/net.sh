# SPDX-License-Identifier: GPL-3.0-or-later
# net.sh: what every network test begins and ends with, and the traffic they run.
# shellcheck shell=bash

NET_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_BIG_MIB=${LAB_BIG_MIB:-48}
# shellcheck source=selftests/net/tap.sh
. "$NET_HOME/tap.sh"
# shellcheck source=selftests/lab/lab.sh
. "$NET_HOME/../lab/lab.sh"

net_up() {
	((EUID == 0)) || skip_all "network namespaces need root"
	lab_up
	pops_up
	ledger_open
}

# The last checks of every test: nobody's counters have a hole.
net_done() {
	local pop
	for pop in "${NODES[@]}"; do
		ok "$pop: packets in and out add up with the reasons" ledger_balanced "$pop"
		is "$pop: no failure of our own" "$(counter "$pop" internal)" 0
	done
	((TAP_FAILED == 0)) || pops_explain >&2
	done_testing
}

# No RST has broken a connection of the client since the lab came up.
no_resets() {
	same "$(client_resets)" 0
}

# --- an idle flow over each family -----------------------------------------------------------------
talk_start() {
	coproc TALK { AT='exec' at client "$NET_HOME/talk.py" $VIP4 $VIP6; }
	exec {TALK_IN}>&"${TALK[1]}" {TALK_OUT}<&"${TALK[0]}"
}

# Who answers on the two old connections, or on new ones from their ports? Or: a keepalive on each.
talk() { # [anew|keepalive]
	local answer
	echo "${1:-}" >&"$TALK_IN"
	read -r -t 25 answer <&"$TALK_OUT" || answer=silence
	echo "$answer"
}

# They end.
talk_end() {
	local to=${TALK[1]} pid=$TALK_PID
	exec {TALK_IN}>&- {to}>&-
	wait "$pid"
}

# --- downloads -------------------------------------------------------------------------------------
# They end within SECONDS, each, and every byte of them is right.
downloads_intact() { # SECONDS NAME...
	local name
	for name in "${@:2}"; do
		await "$1" web_download_ended "$name"
		ok "the download '$name' arrives whole" web_download_intact "$name"
	done
}

# --- uploads -----------------------------------------------------------------------------------------
# iperf3 says itself when an upload was reset. In the end its server may close a connection that has
# data unread, and the kernel sends a RST for that: such are not counted.
uploads_serve() { # POP
	at client nft insert rule inet lab in tcp sport '{ 5204, 5206 }' accept
	at "$1" iperf3 -s -D -B $VIP4 -p 5204 --logfile "$LAB_DIR/$1.iperf4"
	at "$1" iperf3 -s -D -B $VIP6 -p 5206 --logfile "$LAB_DIR/$1.iperf6"
	await 5 listens "$1" 5204
	await 5 listens "$1" 5206
}

# To POP, over both families, for SECONDS, at 50 Mbit/s each. Returns when they run.
uploads_start() { # POP SECONDS
	local family
	for family in 4 6; do
		rm -f "$LAB_DIR/upload$family"
		upload_run $family "$2" &
	done
	await 10 uploads_run "$1"
}

# A control connection and one with data, each.
uploads_run() { # POP
	[[ $(at "$1" ss -Htn state established 'sport = 5204 or sport = 5206' | wc -l) == 4 ]]
}

# iperf3's report gets its name when it is complete.
upload_run() { # FAMILY SECONDS
	local vip=VIP$1
	at client iperf3 -c "${!vip}" -p "520$1" -b 50M -t "$2" -J >"$LAB_DIR/upload$1.part" || true
	mv "$LAB_DIR/upload$1.part" "$LAB_DIR/upload$1"
}

upload_complete() { # FAMILY SECONDS
	await "$(($2 + 15))" test -e "$LAB_DIR/upload$1" || return 1
	same "$(jq -r .error "$LAB_DIR/upload$1")" null || return 1
	not_below "$(jq .end.sum_received.bytes "$LAB_DIR/upload$1")" $((50000000 / 8 * $2 / 2)) # a loaded machine may take its time
}

# --- what the ISP decides packet by packet --------------------------------------------------------
# What it marks with 1 goes to POP, whatever BGP says.
detour_up() { # POP
	local number
	number=$(awk -v edge="edge_$1" '$2 == "isp" && $3 == edge { print $1 }' <<<"$WIRES")
	at isp ip rule add fwmark 1 lookup 100
	at isp ip -6 rule add fwmark 1 lookup 100
	at isp ip route replace default via "$(wire_address "$number" 2 4)" table 100
	at isp ip -6 route replace default via "$(wire_address "$number" 2 6)" table 100
}

detour_down() {
	at isp ip rule del fwmark 1
	at isp ip -6 rule del fwmark 1
}

# --- the client's own kernel ---------------------------------------------------------------------
client_stat() { # COUNTER
	at client nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}
