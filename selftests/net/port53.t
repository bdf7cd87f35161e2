#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# port53.t: another nameserver on the host: it cannot take port 53 of a VIP from the daemon, and
# where it had it first it is named, and the daemon takes over when it leaves.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
keeper_up

# other NAME ADDRESS...: as a nameserver that shares with everybody would bind it. "bound" or why not.
other() {
	local name=$1
	shift
	rm -f "$LAB_DIR/other"
	mkfifo "$LAB_DIR/other"
	(exec nsenter --net="/run/netns/$LAB_NAME-pop" /usr/bin/python3 - "$name" "$@") \
		>"$LAB_DIR/other" 2>&1 <<-'END' &
		import ctypes, socket, sys, time
		ctypes.CDLL(None).prctl(15, sys.argv[1].encode())
		held = []
		def bind(address, kind):
		    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
		    s.bind((address, 53))
		    if kind == socket.SOCK_STREAM:
		        s.listen()
		    held.append(s)
		said = []
		for address in sys.argv[2:]:
		    for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
		        try:
		            bind(address, kind)
		        except OSError as error:
		            said.append(error.strerror)
		print("; ".join(sorted(set(said))) or "bound", flush=True)
		time.sleep(100 if held else 0)
	END
	OTHER=$!
	read -r BOUND <"$LAB_DIR/other"
}

other_leaves() {
	kill "$OTHER" 2>/dev/null
	wait "$OTHER" 2>/dev/null
}

# Over TCP, which the daemon answers, to ADDRESS.
asks() {
	same "$(at client dig +tcp +time=2 +tries=1 +short "@$1" ns1.example.com A 2>&1)" "$VIP4"
}

warned() { # TEXT
	status .warnings | grep -qF "$1"
}

quiet() {
	not warned "port 53"
}

# --- the daemon is there first ---------------------------------------------------------------------
daemon_start
ok "the daemon answers" asks $VIP4
for address in $VIP4 $VIP6 0.0.0.0 ::; do
	other thief "$address"
	is "$address: nobody shares it with the daemon" "$BOUND" "Address already in use"
	other_leaves
done
ok "the daemon still answers" asks $VIP4
ok "and is not its own rival: status" quiet
ok "nor in check" not grep -q "port 53" <<<"$(anydoor check 2>&1)"

# --- another VIP, and the sockets of the others stay ------------------------------------------------
configure vips="[{ address: $VIP4 }, { address: $NEW_VIP }]"
at client ip route replace $NEW_VIP via 10.9.0.1
ok "a VIP comes, one goes" anydoor reload
ok "the one that stayed is answered" asks $VIP4
ok "and the new one" asks $NEW_VIP
other thief $VIP4
is "the one that stayed is still not shared" "$BOUND" "Address already in use"
other_leaves
other heir $VIP6
is "what went is free" "$BOUND" bound
other_leaves
configure
ok "back" anydoor reload
daemon_kill TERM

# --- somebody else is there first -------------------------------------------------------------------
other rival 0.0.0.0
is "a nameserver of its own" "$BOUND" bound
refused "check names it" 1 "port 53 of $VIP4 is held for UDP by rival, process $OTHER" anydoor check
ok "the IPv6 address is not its" not grep -qF "$VIP6 is held" <<<"$said"
daemon_start
ok "the daemon names it" await 3 logged "port 53 is held for UDP by rival, process $OTHER"
ok "and so does status" warned "port 53 of $VIP4 is held for UDP by rival, process $OTHER"
refused "which is degraded" 4 "" anydoor status
ok "the other family is served" asks $VIP6
at pop setpriv --reuid=65534 --clear-groups "$ANYDOOR" check --config "$LAB_DIR/anydoor.yaml" \
	>"$LAB_DIR/nobody" 2>&1
ok "who may not see it says nothing" not grep -q "port 53" "$LAB_DIR/nobody"
other_leaves
ok "it leaves, and the daemon serves" await 8 asks $VIP4
ok "it says so" logged "port 53 is free again"
ok "and status has nothing to say" quiet
configure dns="{ zones: [{ name: example.com, file: example.zone }], unserved: pass }"
daemon_kill TERM
other rival $VIP4
daemon_start
ok "who leaves the port to others does not mind" quiet
other_leaves
done_testing
