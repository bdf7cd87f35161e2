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
rm -rf "$LAB_DIR/run/one"
ok "its run files are made anew" await 10 test -S "$LAB_DIR/run/one/control"
daemon_kill TERM
confined_start
is "started again, adopted: connections live" "$(alive new)" 4
release new
ok "detach through the daemon" confined_anydoor detach --force
ends() {
	! kill -0 "$DAEMON" 2>/dev/null
}
ok "it ends" await 10 ends
ok "nothing is left" clean
ok "nothing was refused unseen" not logged "Operation not permitted"

done_testing
