#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pins_lost.t: somebody removes the pins, all or some, or hides them, with a daemon and without. No
# connection minds where the data path still runs, and a start is always possible.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
keeper_up

pinned() { # PIN...
	local pin
	for pin; do
		[[ -e $PINS/one/$pin ]] || return 1
	done
}

good() {
	same "$(status .warnings)" "[]"
}

# The client's veth does not take what XDP sends, but that it was sent is counted.
kernel_answers() {
	local before
	before=$(status .dns.kernel)
	at client dig +time=1 +tries=1 +short @$VIP4 ns1.example.com A >/dev/null 2>&1
	not_below "$(status .dns.kernel)" "$((before + 1))"
}

# Check reports TEXT.
checked() {
	anydoor check >"$LAB_DIR/check" 2>&1
	grep -qF -- "$1" "$LAB_DIR/check" || { cat "$LAB_DIR/check"; return 1; }
}

daemon_start
hold flows $VIP4 $VIP4 $VIP6
is "connections" "$HELD" holding
ok "all pins are there: check has nothing to say of them" not checked "state.bpffs"
id=$(xdp_program wan0)

# --- while a daemon runs ---------------------------------------------------------------------------
stamped=$(counter out_stamped)
rm -r "$PINS/one"
ok "rm -r: pinned again" await 8 pinned meta flows prog_packet door_xdp
ok "it is told" logged "somebody removed or hid what is pinned there"
ok "all is good" good
at_least "counters went on" "$(counter out_stamped)" "$stamped"
is "the connections live" "$(alive flows)" 3
rm "$PINS/one/flows" "$PINS/one/prog_egress"
ok "some: pinned again" await 8 pinned flows prog_egress
ok "a reload does not mind" anydoor reload
rm -r "$PINS"
ok "at once after they are gone, neither" anydoor reload
ok "all is good" good
daemon_kill TERM
daemon_start
is "the next daemon adopts the attached program" "$(xdp_program wan0)" "$id"
is "the connections live" "$(alive flows)" 3

# Another bpffs over the first one.
mount -t bpf -o mode=0755 bpf "$PINS"
ok "hidden: pinned again" await 8 pinned meta flows
ok "all is good" good
daemon_kill TERM
daemon_start
is "the next daemon adopts it there" "$(xdp_program wan0)" "$id"
is "the connections live" "$(alive flows)" 3
umount -l "$PINS"
ok "and back again" await 8 good
ok "a second start is refused" not anydoor run

# --- without one -----------------------------------------------------------------------------------
rm -f "$LAB_DIR/log"
daemon_kill KILL
mount -t bpf -o mode=0755 bpf "$PINS"
refused "hidden: status knows" 4 "anydoor run takes them over" anydoor status
refused "and detach" 1 "detach --force takes them off" anydoor detach
is "the connections live" "$(alive flows)" 3
daemon_start
ok "a start takes them over" logged "taken over with all their flows"
is "the program is the same" "$(xdp_program wan0)" "$id"
ok "all is good" good
is "the connections live" "$(alive flows)" 3
is "and are known, and stamped" \
	"$(anydoor flows --json | jq -c 'map(select(.kind == "ours").stamped)')" "[true,true,true]"
ok "DNS is answered in the kernel" kernel_answers
daemon_kill TERM
umount -l "$PINS"
rm -r "${PINS:?}"/*

# What is behind the doors died with the last pin. Connections of before are left alone from now on.
release flows
daemon_start
daemon_kill KILL
id=$(xdp_program wan0)
behind=$(at pop bpftool -j prog show pinned "$PINS/one/prog_packet" | jq .id)
rm -r "${PINS:?}"/*
ok "the kernel has freed what was behind the doors" await 20 not at pop bpftool prog show id "$behind"
refused "removed: status knows" 4 "anydoor run takes them over" anydoor status
ok "in JSON too" test "$(anydoor status --json | jq .ok)" = false
ok "and check" checked "wan0 carries programs of anydoor whose pins are gone"
daemon_start
ok "a start takes them over" logged "without flows: nothing ran behind them"
is "the program is the same" "$(xdp_program wan0)" "$id"
ok "all is good" good
ok "DNS is answered in the kernel" kernel_answers
hold anew $VIP4
is "a new connection" "$HELD" holding
at_least "it is stamped" "$(counter out_stamped)" 2
release anew

# Half of them.
daemon_kill KILL
hold half $VIP4 $VIP6
is "connections" "$HELD" holding
for lost in meta "flows flow_tags unstamped" "prog_packet prog_dns" "keeper attached" \
	"dns_zone_info dns_daemon" "door_xdp door_tc state"; do
	(cd "$PINS/one" && rm -- $lost)
	refused "without $lost: status" 4 "anydoor run takes" anydoor status
	ok "without $lost: check" checked "only a part of the pins is left"
	: >"$LAB_DIR/log"
	daemon_start
	ok "without $lost: it is told" grep -qE "not pinned there any more|No such file" "$LAB_DIR/log"
	ok "without $lost: all is good" await 3 good
	ok "without $lost: DNS is answered in the kernel" kernel_answers
	is "without $lost: the program is the same" "$(xdp_program wan0)" "$id"
	# The kernel empties a jump table that nobody has any more: those stop being stamped.
	[[ $lost == door* ]] || is "without $lost: connections live" "$(alive half)" 2
	daemon_kill KILL
done
release half

# --- taking off ------------------------------------------------------------------------------------
rm "$PINS/one/door_xdp"
refused "half of them: detach says why not" 1 "pins are gone" anydoor detach
ok "detach --force" anydoor detach --force
is "no program is left" "$(xdp_program wan0) $(our_filters wan0)" "0 0"
ok "nor a pin" says_nothing ls -A "$PINS"
ok "loaded" anydoor run --load-only
rm -r "${PINS:?}"/*
ok "no pins: detach --force" anydoor detach --force
is "no program is left" "$(xdp_program wan0) $(our_filters wan0)" "0 0"
refused "then it is not loaded" 3 "not loaded" anydoor detach --force
refused "nor to status" 3 "not loaded" anydoor status

# How they were before is lost with the pins.
at pop sysctl -q -w net.ipv4.tcp_timestamps=1 net.ipv4.conf.lo.forwarding=0

# --- what is not an orphan --------------------------------------------------------------------------
ok "loaded" anydoor run --load-only
id=$(xdp_program wan0)
other() {
	at pop "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name two "$@"
}
refused "another instance's programs are not taken over" 1 "another instance" other run
refused "nor taken off" 3 "not loaded" other detach --force
is "they are still there" "$(xdp_program wan0)" "$id"
daemon_start
configure state="{ bpffs: $PINS/deeper, run: $LAB_DIR/run2 }"
refused "nor are those that a daemon tends, wherever its pins are" 1 "process $DAEMON tends" anydoor run
rmdir "$PINS/deeper"
configure
daemon_kill TERM
ok "detach" anydoor detach
ok "and nothing is left" clean
done_testing
