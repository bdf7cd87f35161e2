# SPDX-License-Identifier: GPL-3.0-or-later
# crowd.sh: many connections at once between the client and the POPs (selftests/crowd).
# shellcheck shell=bash

readonly CROWD=$LAB_BUILD/selftests/crowd/crowd CROWD_PORT=7000
declare -A CROWD_IN CROWD_OUT

crowd_serve() { # PLACE...
	local place
	for place; do
		AT='exec' at "$place" "$CROWD" serve "$place" $CROWD_PORT &
		disown $!
	done
	for place; do
		await 5 listens "$place" $CROWD_PORT || return 1
	done
}

# COUNT connections called NAME, made with the client's net.ipv4.tcp_timestamps at TIMESTAMPS, to
# both VIPs. Returns when they are there; says how many.
crowd_start() { # NAME TIMESTAMPS COUNT [OPTION...]
	local name=$1 in out line
	at client sysctl -q -w "net.ipv4.tcp_timestamps=$2"
	mkfifo "$LAB_DIR/$name.in" "$LAB_DIR/$name.out"
	AT='exec' at client "$CROWD" call --count "$3" "${@:4}" $CROWD_PORT $VIP4 $VIP6 \
		<"$LAB_DIR/$name.in" >"$LAB_DIR/$name.out" &
	disown $!
	exec {in}>"$LAB_DIR/$name.in" {out}<"$LAB_DIR/$name.out"
	CROWD_IN[$name]=$in CROWD_OUT[$name]=$out
	read -r -t 40 line <&"$out" || true
	at client sysctl -q -w "net.ipv4.tcp_timestamps=${LAB_TIMESTAMPS:-1}"
	same "$line" "connected $3"
}

# "live N lost N waiting N"
crowd_ask() { # NAME
	local line
	echo >&"${CROWD_IN[$1]}"
	read -r -t 10 line <&"${CROWD_OUT[$1]}" || line=silence
	echo "$line"
}

# Ends them in good order; the report is $LAB_DIR/NAME.crowd then.
crowd_end() { # NAME...
	local name
	for name; do
		echo end >&"${CROWD_IN[$name]}"
	done
	for name; do
		timeout 60 head -n 1 <&"${CROWD_OUT[$name]}" >"$LAB_DIR/$name.crowd" || true
	done
}

# Of a crowd that has ended.
crowd_told() { # NAME JQ
	jq -c "$2" "$LAB_DIR/$1.crowd"
}
