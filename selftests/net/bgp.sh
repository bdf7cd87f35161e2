# SPDX-License-Identifier: GPL-3.0-or-later
# bgp.sh: BIRD at the POP of keeper.sh, and a neighbour of its own, which notes what it hears and when. Sourced by
# bgp*.t.
# shellcheck shell=bash source-path=SCRIPTDIR

. "$(dirname "${BASH_SOURCE[0]}")/keeper.sh"

readonly OUR_AS=65001 THEIR_AS=65002
BGP="driver: bird, socket: $LAB_DIR/pop.ctl, as: $OUR_AS, prepend: 2, warm: 1s, settle: 1s"

bgp_up() {
	keeper_up
	trap bgp_down EXIT
	bird_conf pop "$OUR_AS" 2 "$THEIR_AS" \
		'filter { if proto = "anydoor4" || proto = "anydoor6" then accept; reject; }' >"$LAB_DIR/pop.conf"
	bird_conf client "$THEIR_AS" 1 "$OUR_AS" none >"$LAB_DIR/client.conf"
	bird_start client
	bird_start pop
	await 20 sessions_are_up
}

bgp_down() {
	set +e
	bird_stop pop
	bird_stop client
	keeper_down
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
