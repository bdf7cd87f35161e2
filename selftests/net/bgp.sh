# SPDX-License-Identifier: GPL-3.0-or-later
# bgp.sh: a BGP daemon at the POP of keeper.sh (SPEAKER: bird, frr, exabgp), and a neighbour, a BIRD, which notes what it hears
# and when. Sourced by bgp*.t.
# shellcheck shell=bash source-path=SCRIPTDIR

. "$(dirname "${BASH_SOURCE[0]}")/keeper.sh"

readonly OUR_AS=65001 THEIR_AS=65002
SPEAKER=${SPEAKER:-bird}
FRR=$LAB_DIR/frr EXABGP=$LAB_DIR/exabgp
EXAMPLES=$KEEPER_HOME/../../deploy/examples
declare -A SOCKET=([bird]=$LAB_DIR/pop.ctl [frr]=$FRR/bgpd.vty [exabgp]=$EXABGP/anydoor.sock)
BGP="driver: $SPEAKER, socket: ${SOCKET[$SPEAKER]}, as: $OUR_AS, prepend: 2, warm: 1s, settle: 1s"

bgp_up() {
	keeper_up
	trap bgp_down EXIT
	"${SPEAKER}_prepare"
	bird_conf client "$THEIR_AS" 1 "$OUR_AS" none >"$LAB_DIR/client.conf"
	bird_start client
	speaker_start
	await 20 sessions_are_up
}

bgp_down() {
	set +e
	speaker_stop
	bird_stop client
	keeper_down
}

# The BGP daemon of the POP, whichever it is.
speaker_start() {
	"${SPEAKER}_start" pop
}

speaker_stop() {
	"${SPEAKER}_stop" pop
}

bird_prepare() {
	bird_conf pop "$OUR_AS" 2 "$THEIR_AS" \
		'filter { if proto = "anydoor4" || proto = "anydoor6" then accept; reject; }' >"$LAB_DIR/pop.conf"
}

# The client notes every route with its time.
bird_conf() { # PLACE AS PEER-HOST PEER-AS EXPORT
	cat <<-END
		log "$LAB_DIR/$1.bird" all;
		timeformat log iso long ms;
		router id 10.9.0.$((3 - $3));
		include "$LAB_DIR/ru*/bird.conf";
		protocol device {}
		template bgp session {
			local as $2;
			connect delay time 1;
			connect retry time 1;
			error wait time 1, 2;
			debug { states, routes };
		}
		protocol bgp over4 from session { neighbor 10.9.0.$3 as $4; ipv4 { import all; export $5; }; }
		protocol bgp over6 from session { neighbor fd09:0::$3 as $4; ipv6 { import all; export $5; }; }
	END
}

bird_start() { # PLACE
	at "$1" bird -c "$LAB_DIR/$1.conf" -s "$LAB_DIR/$1.ctl" -P "$LAB_DIR/$1.pid"
}

bird_stop() { # PLACE
	local pid
	pid=$(cat "$LAB_DIR/$1.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || return 0
	await 5 not kill -0 "$pid"
}

# The example that we ship, with the addresses of here.
frr_prepare() {
	mkdir -p "$FRR"
	sed -E "/192\.0\.2\.53/ { p; s/192\.0\.2\.53/$ASIDE_VIP/ }
		s/^( bgp router-id ).*/\110.9.0.1/; s/timers 3 9/timers connect 1/; s/64512/$OUR_AS/; s/64496/$THEIR_AS/
		s/198\.51\.100\.254/10.9.0.2/; s/2001:db8:ffff::fe/fd09:0::2/; s/2001:db8:53::53/$VIP6/" \
		"$EXAMPLES/frr.conf" | sed "s/192\.0\.2\.53/$VIP4/" >"$FRR/frr.conf"
	echo "service integrated-vtysh-config" >"$FRR/vtysh.conf"
	chown -R frr:frr "$FRR"
	chown :frrvty "$FRR"
	chmod 775 "$FRR"
}

# As FRR's own scripts start it: the daemons, then the configuration.
frr_start() {
	frr_daemon zebra
	frr_daemon bgpd -f "$LAB_DIR/run/frr.conf"
	vtysh_pop -b >>"$FRR/log" 2>&1
}

frr_daemon() { # NAME [OPTION...]
	at pop "/usr/lib/frr/$1" -d -z "$FRR/zserv" --vty_socket "$FRR" -i "$FRR/$1.pid" -P 0 "${@:2}" 2>>"$FRR/log"
}

frr_stop() {
	local name pid
	for name in bgpd zebra; do
		pid=$(cat "$FRR/$name.pid" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null || continue
		await 5 not kill -0 "$pid"
		rm "$FRR/$name.pid"
	done
}

vtysh_pop() {
	vtysh --vty_socket "$FRR" --config_dir "$FRR" "$@"
}

# `systemctl reload frr`
frr_reload() {
	/usr/bin/python3 -B /usr/lib/frr/frr-reload.py --reload --vty_socket "$FRR" --confdir "$FRR" --rundir "$FRR" \
		--stdout "$FRR/frr.conf"
}

# The example that we ship, with the addresses of here. ExaBGP and what it runs are the user exabgp.
exabgp_prepare() {
	mkdir -p "$EXABGP"
	sed "s|/usr/local/bin/anydoor exabgp|$ANYDOOR exabgp --file $LAB_DIR/run/exabgp.routes --socket ${SOCKET[exabgp]}|
		s/64512/$OUR_AS/; s/64496/$THEIR_AS/; s/198\.51\.100\.254/10.9.0.2/; s/198\.51\.100\.1/10.9.0.1/
		s/2001:db8:ffff::fe/fd09:0::2/; s/2001:db8:ffff::1/fd09:0::1/; s/hold-time 9/hold-time 30/" \
		"$EXAMPLES/exabgp.conf" >"$EXABGP/exabgp.conf"
	chown -R exabgp:exabgp "$EXABGP"
	chmod 750 "$EXABGP"
}

exabgp_start() {
	(exec nsenter --net="/run/netns/$LAB_NAME-pop" setpriv --reuid exabgp --regid exabgp --clear-groups \
		env exabgp.daemon.user=exabgp exabgp.daemon.daemonize=false exabgp.api.cli=false exabgp.tcp.delay=0 \
		exabgp "$EXABGP/exabgp.conf") >>"$LAB_DIR/exabgp.log" 2>&1 &
	EXABGP_PID=$!
}

exabgp_stop() {
	[[ -n ${EXABGP_PID:-} ]] || return 0
	kill "$EXABGP_PID" 2>/dev/null
	wait "$EXABGP_PID" 2>/dev/null || true
	EXABGP_PID=
}

ask_bird() { # PLACE COMMAND...
	birdc -r -s "$LAB_DIR/$1.ctl" "${@:2}"
}

sessions_are_up() {
	(($(ask_bird client show protocols | grep -c Established) == 2))
}

# What the neighbour hears of a VIP, over IPv4's session or IPv6's: nothing, or the AS path and communities.
heard() { # VIP
	local said
	said=$(ask_bird client show route "$1" protocol over$([[ $1 == *:* ]] && echo 6 || echo 4) all)
	sed -n 's/^\tBGP.as_path: //p; s/^\tBGP.community: //p' <<<"$said" | xargs
}

hears() { # VIP TEXT
	same "$(heard "$1")" "$2"
}

# Of all VIPs.
readonly PLAIN="$OUR_AS" DEPREFERRED="$OUR_AS $OUR_AS $OUR_AS (65535,0)" NOTHING=""
all_hear() { # TEXT
	hears "$VIP4/32" "$1" && hears "$ASIDE_VIP/32" "$1" && hears "$VIP6/128" "$1"
}

# Times that a session of the neighbour ended.
resets() {
	grep -c "over[46]: State changed to stop" "$LAB_DIR/client.bird" || true
}

# Messages about routes that the neighbour has got.
sent() {
	grep -c "over[46].ipv[46] > " "$LAB_DIR/client.bird" || true
}

# HEARD is all that the neighbour hears of routes while CMD runs.
hear_during() { # CMD...
	local before
	before=$(wc -l <"$LAB_DIR/client.bird")
	"$@"
	HEARD=$(tail -n "+$((before + 1))" "$LAB_DIR/client.bird" |
		grep -oE "over[46].ipv[46] > (added|removed|updated|replaced)" | sort | uniq -c | sed 's/^ *//' | paste -sd, || true)
	HEARD=${HEARD:-nothing}
}

# What status says of BGP, or of the steps of a drain.
bgp_says() { # JQ EXPECTED
	same "$(anydoor status --json | jq -c ".bgp | $1")" "$2"
}

step_is() { # STEP
	same "$(anydoor status --json | jq -r '.drain.steps.step')" "$1"
}

same_held() { # true|false
	same "$(anydoor status --json | jq -r '.drain.steps.held')" "$1"
}

# The host is started again: nothing is pinned any more, what was in /run is gone, and so are the connections. What the
# neighbour had heard until the new daemon began is in $before.
reboot() {
	bird_stop pop
	daemon_kill KILL
	anydoor detach --force >/dev/null
	at pop ss -K "sport = $PORT" >/dev/null
	rm -r "$LAB_DIR/run"
	bird_start pop
	await 10 sessions_are_up
	# shellcheck disable=SC2034 # the tests compare it
	before=$(sent)
	daemon_start
	sleep 5
}
