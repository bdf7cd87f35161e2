#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# sandbox.t: what the unit forbids, the daemon does not need; a system call that is refused ends it.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/../net/keeper.sh"
HARDEN=$(cd "$(dirname "$0")" && pwd)
UNIT=$HARDEN/../../deploy/systemd/anydoor.service.in
SANDBOX=("$HARDEN/sandbox" "$UNIT" --rw "$LAB_DIR")
keeper_up
# Or the kernel's answers do not leave a veth.
at client ip link set dev wan0 xdpdrv obj "$(dirname "$ANYDOOR")/selftests/dns/pass.bpf.o" sec xdp.frags

# confined [--kill] CMD...: by anydoor's sandbox, at the POP.
confined() {
	local options=()
	[[ $1 != --kill ]] || { options=(--kill); shift; }
	${AT:-} nsenter --net="/run/netns/$LAB_NAME-pop" "${SANDBOX[@]}" "${options[@]}" -- "$@"
}

confined_anydoor() {
	confined --kill "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "$@"
}

confined_start() {
	(AT='exec' confined --kill "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run) \
		>>"$LAB_DIR/log" 2>&1 &
	DAEMON=$!
	await 40 test -S "$LAB_DIR/run/one/control" || cat "$LAB_DIR/log"
}

answers() { # [OPTION...]
	at client kdig +short +time=2 +retry=1 "$@" @$VIP4 ns1.example.com A | grep -qx $VIP4
}

# --- the sandbox is one ------------------------------------------------------------------------------
ok "a system call that the unit does not name is refused" not confined mount -t tmpfs none /mnt
ok "a file system is read-only" not confined touch "$HARDEN/touched"
ok "what it needs is not" confined touch "$LAB_DIR/touched"

# --- the clock is asked, and says no -----------------------------------------------------------------
asked() { # what the kernel says here, outside
	/usr/bin/python3 -c 'import ctypes
raise SystemExit(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) != 5)'
}
configure stamp="{ clock: synchronised, tcp_timestamps: set }"
if asked; then
	refused "a clock that nobody synchronises" 75 "not synchronised" confined_anydoor run
else
	skip_next "the kernel's clock is synchronised"
fi
configure
no_clock() {
	at pop "$HARDEN/sandbox" "$LAB_DIR/unit" --rw "$LAB_DIR" -- \
		"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run
}
sed 's/ clock_adjtime//' "$UNIT" >"$LAB_DIR/unit"
configure stamp="{ clock: synchronised, tcp_timestamps: set }"
refused "a clock that may not be asked" 1 "add clock_adjtime to SystemCallFilter=" no_clock
ok "nothing was attached" clean
configure

# --- a life ------------------------------------------------------------------------------------------
ok "check" confined_anydoor check --config-only
confined_start
ok "it starts, attached" await 10 attached wan0
is "others look into its run directory" "$(stat -c %a "$LAB_DIR/run/one")" 755
is "not into its socket" "$(stat -c %a "$LAB_DIR/run/one/control")" 600
ok "DNS over UDP" answers
ok "DNS over TCP" answers +tcp
hold new $VIP4 $VIP4 $VIP6 $VIP6
is "connections" "$HELD" holding
zone_write 2
ok "reload of a zone, as ExecReload= does" confined_anydoor reload
configure flows="{ max: 16K }" interfaces="[wan0, wan1]"
ok "of another size of table, and one more interface" confined_anydoor reload
ok "attached there" attached wan1
configure vips="[{ address: $VIP4 }, { address: $NEW_VIP }, { address: \"$VIP6\" }, { address: $ASIDE_VIP }]"
ok "of one more VIP" confined_anydoor reload
configure interfaces="[]"
try confined_anydoor reload
is "of a broken file" "$code" 2
configure
kill -HUP "$DAEMON"
ok "SIGHUP" await 5 logged "(SIGHUP)"
ok "status" await 5 confined_anydoor status
is "connections live" "$(alive new)" 4

# Checks of POPs: a request, TLS (nobody there speaks it), a connection, a program; without rights, all of them.
(exec nsenter --net="/run/netns/$LAB_NAME-client" /usr/bin/python3 -m http.server --bind 10.9.0.2 \
	--directory "$HARDEN" 8080) >/dev/null 2>&1 &
WEB=$!
EVERY="every: 1s, fall: 1, rise: 1"
configure pops="[{ name: fra, service: [10.9.0.2] }, { name: nyc }]" health="{ checks: [
	{ name: request, by: http, port: 8080, path: /sandbox.t, $EVERY },
	{ name: tls, by: https, port: 8080, $EVERY },
	{ name: connection, by: tcp, port: 8080, $EVERY },
	{ name: program, by: command, command: [/bin/sh, -c, 'echo && ls / >/tmp/listed'], $EVERY },
	{ name: rights, by: command, command: [/bin/sh, '$LAB_DIR/rights'], $EVERY }] }"
cat >"$LAB_DIR/rights" <<-'END'
	while read -r key value; do
		[ "$key $value" != "CapPrm: 0000000000000000" ] || exit 0
	done </proc/self/status
	exit 1
END
ok "reload with checks of POPs" confined_anydoor reload
checked() { # CHECK
	confined_anydoor pops --json | jq -r --arg check "$1" '.checks[] | select(.check == $check) | "\(.state) \(.why)"'
}
check_is() { # CHECK TEXT
	[[ $(checked "$1") == "$2"* ]] || { checked "$1"; return 1; }
}
ok "a request" await 6 check_is request up
ok "a connection" await 3 check_is connection up
ok "TLS" await 3 check_is tls "out OpenSSL"
ok "a program" await 3 check_is program up
ok "which has no rights" await 3 check_is rights up
ok "nothing of it was refused" not logged "their process died"
kill "$WEB"

# BIRD is not confined with it; what it includes and its socket are reached from inside.
cat >"$LAB_DIR/pop.conf" <<-END
	router id 10.9.0.1;
	log "$LAB_DIR/pop.bird" all;
	include "$LAB_DIR/ru*/bird.conf";
	protocol device {}
END
at pop bird -c "$LAB_DIR/pop.conf" -s "$LAB_DIR/pop.ctl" -P "$LAB_DIR/pop.pid"
configure bgp="{ driver: bird, socket: $LAB_DIR/pop.ctl, prepend: 0, warm: 1s }"
ok "reload with BIRD" confined_anydoor reload
has_route() {
	birdc -s "$LAB_DIR/pop.ctl" show route "$VIP4/32" | grep -q anydoor4
}
ok "BIRD has the routes to the VIPs" await 6 has_route
kill "$(cat "$LAB_DIR/pop.pid")"
configure
ok "reload without" confined_anydoor reload
rm -rf "$LAB_DIR/run/one"
ok "its run files are made anew" await 10 test -S "$LAB_DIR/run/one/control"
daemon_kill TERM

# On a bus: libnats has threads, and looks names up.
at client ip link set lo up
(exec nsenter --net="/run/netns/$LAB_NAME-client" nats-server -a 10.9.0.2 -p 4222 -js -sd "$LAB_DIR/nats") \
	>/dev/null 2>&1 &
NATS=$!
configure bus="{ servers: [\"nats://nowhere.invalid\", \"nats://10.9.0.2:4222\"], beat: 1s }"
ok "the bucket is made" await 5 confined_anydoor bus init
confined_start
is "started again, adopted: connections live" "$(alive new)" 4
fresh() {
	same "$(confined_anydoor bus --json | jq -r .state)" fresh
}
ok "on the bus" await 20 fresh
ok "nothing of that was refused" not logged "their process died"
kill "$NATS"
release new
ok "detach through the daemon" confined_anydoor detach --force
ends() {
	! kill -0 "$DAEMON" 2>/dev/null
}
ok "it ends" await 10 ends
ok "nothing is left" clean
ok "nothing was refused unseen" not logged "Operation not permitted"

done_testing
