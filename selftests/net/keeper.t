#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# keeper.t: the data path is loaded, adopted, changed and taken off under live connections, and
# refuses what would break them.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
keeper_up

# --- what cannot be loaded leaves nothing behind ---------------------------------------------------
configure stamp="{ clock: any }"
refused "tcp_timestamps is 1 and may not be set" 2 "sysctl -w net.ipv4.tcp_timestamps=2" anydoor run
ok "nothing was changed" clean
clock_is_alone() { # TIME_ERROR: nobody synchronises it
	/usr/bin/python3 -c 'import ctypes
raise SystemExit(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) != 5)'
}
if clock_is_alone; then
	configure stamp="{ clock: synchronised, tcp_timestamps: set }"
	refused "a clock of its own" 75 "stamp.clock: the kernel says" anydoor run
	ok "again nothing was changed" clean
else
	skip_next "the kernel's clock is synchronised"
fi
configure interfaces="[wan0, wan7]"
refused "an interface that is not there" 1 "wan7: no such interface" anydoor run
ok "the other one was let go again" clean
configure keys="{ file: none.key }"
refused "no key file" 2 "none.key" anydoor run
configure nodes="[]"
refused "a broken configuration" 2 "anydoor.yaml" anydoor run
configure
as_nobody() {
	at pop setpriv --reuid=65534 --regid="${GROUP:-65534}" --clear-groups \
		"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "$@"
}
chmod 644 "$LAB_DIR/fleet.key"
refused "not root" 1 "as root" as_nobody run
chmod 600 "$LAB_DIR/fleet.key"
refused "an instance's name with a dot" 2 "cannot name an instance" anydoor --name a.b run
ok "still nothing was changed" clean
cat >"$LAB_DIR/other.c" <<-'END'
	__attribute__((section("xdp"), used)) int other(void *ctx) { return 2; }
	__attribute__((section("tc"), used)) int other_out(void *ctx) { return 0; }
	char _license[] __attribute__((section("license"), used)) = "GPL";
END
clang -O2 -target bpf -c "$LAB_DIR/other.c" -o "$LAB_DIR/other.o"
at pop ip link set dev wan0 xdp obj "$LAB_DIR/other.o" sec xdp
theirs=$(xdp_program wan0)
refused "somebody else's XDP program is there" 1 "of somebody else is there" anydoor run
is "it stays" "$(xdp_program wan0)" "$theirs"
at pop ip link set dev wan0 xdp off
ok "and we left nothing" clean

# --- first load, under connections that live already -----------------------------------------------
hold old $VIP4 $VIP4 $VIP6
is "connections before us" "$HELD" holding
ok "one in TIME_WAIT" leave_time_wait
ok "one half open" leave_half_open
daemon_start
ok "attached" attached wan0
is "armed" "$(status .armed)" true
is "those before us are listed, in every state" "$(status .unstamped)" 5
is "and live" "$(alive old)" 3
hold new $VIP4 $VIP4 $VIP6 $VIP6
is "connections after us" "$HELD" holding
is "they live too" "$(alive new)" 4
at_least "and are stamped" "$(counter out_stamped)" 10
at_least "and known by their stamp" "$(counter local_stamp)" 10
is "the table knows who is, and who is not" \
	"$(anydoor flows --json | jq -c 'map(select(.kind == "ours").stamped) | sort')" \
	"[false,false,false,true,true,true,true]"
is "tcp_timestamps is set" "$(timestamps)" 2
refused "a second start" 75 "is run already, by process $DAEMON" anydoor run
other_netns() {
	at client "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "$@"
}
neighbour() {
	at pop ip neigh show 10.9.0.2 | grep -qE 'REACHABLE|DELAY|PROBE'
}
ok "the neighbour towards the peer is known" await 3 neighbour
at pop ip neigh flush dev wan0
ok "and found again when it was lost" await 8 neighbour

# --- pins ------------------------------------------------------------------------------------------
is "keys are for root" "$(stat -c %a "$PINS/one/keys")" 600
is "flows are for the group" "$(stat -c %a "$PINS/one/flows")" 640
refused "a stranger reads nothing" 1 "not allowed" as_nobody status
chmod 600 "$LAB_DIR/anydoor.yaml"
refused "nor is what he may not look for not loaded" 1 "be root" as_nobody status
chmod 644 "$LAB_DIR/anydoor.yaml"
group_reads() {
	GROUP=$(getent group daemon | cut -d: -f3) as_nobody status
}
configure state="{ bpffs: $PINS, run: $LAB_DIR/run, group: daemon }"
daemon_kill TERM
daemon_start
ok "a group reads, once it is configured" group_reads
configure

# --- the daemon dies -------------------------------------------------------------------------------
stamped=$(counter out_stamped)
id=$(xdp_program wan0)
alive new >/dev/null
daemon_kill KILL
is "without a daemon: old connections live" "$(alive old)" 3
is "without a daemon: new ones too" "$(alive new)" 4
daemon_start
is "the next one adopts the attached program" "$(xdp_program wan0)" "$id"
is "adopted: old connections live" "$(alive old)" 3
is "adopted: new ones too" "$(alive new)" 4
below() {
	(($1 < $2)) || { echo "$1 ms"; return 1; }
}
ok "the busy one hardly waited" below "$(<"$LAB_DIR/pause")" 500
at_least "counters went on" "$(counter out_stamped)" "$stamped"

# --- reload ----------------------------------------------------------------------------------------
try anydoor reload
is "reload of nothing new" "$code: $said" "0: reloaded: nothing changed"
configure nyc=down
try anydoor reload
is "a node goes down" "$code: ${said%%$'\n'*}" "0: node nyc-1: state: up -> down"
is "the data path knows" "$(anydoor pops --json | jq -c '[.nodes[].state]')" '["up","dead"]'
configure
anydoor reload >/dev/null
packet=$(bpftool -j prog show pinned "$PINS/one/prog_packet" | jq .id)
flows=$(owned_flows)
stamped=$(counter out_stamped)
configure flows="{ max: 16K }"
try anydoor reload
is "the flow table grows" "$code: ${said%%$'\n'*}" "0: flows.max: 4K -> 16K"
is "flows were taken along" "$(owned_flows)" "$flows"
ok "by other programs" not same "$packet" "$(bpftool -j prog show pinned "$PINS/one/prog_packet" | jq .id)"
is "behind the same door" "$(xdp_program wan0)" "$id"
at_least "with the counters" "$(counter out_stamped)" "$stamped"
is "a bigger table: old connections live" "$(alive old)" 3
is "a bigger table: new ones too" "$(alive new)" 4
ok "the busy one hardly waited" below "$(<"$LAB_DIR/pause")" 500
is "each was found where it was put" "$(owned_flows)" "$flows"
configure flows="{ max: 1K }" id=5
refused "another node id under live flows" 1 "node id changed while 4 stamped flows live" anydoor reload
is "the table stayed as it was" "$(status .flows.capacity)" 16384
configure nyc=sideways flows="{ max: many }"
try anydoor reload
is "a broken file: exit code" "$code" 2
is "a broken file: every error" "$(grep -c anydoor.yaml: <<<"$said")" 2
configure flows="{ max: 16K }"
zone_write 2 "www A nonsense"
refused "a broken zone file" 4 "example.zone:6" anydoor reload
zone_write 2
try anydoor reload
is "mended" "$code: ${said%%$'\n'*}" "0: zone example.com.: serial 1 -> 2"
is "after all that: old connections live" "$(alive old)" 3
is "after all that: new ones too" "$(alive new)" 4
kill -HUP "$DAEMON"
ok "SIGHUP reloads" await 5 logged "reloaded: 0 changes"

# --- VIPs and interfaces come and go ---------------------------------------------------------------
hold early $NEW_VIP $NEW_VIP
is "connections to what is no VIP yet" "$HELD" holding
vips="[{ address: $ASIDE_VIP }, { address: $NEW_VIP }, { address: $VIP4 }, { address: \"$VIP6\" }]"
configure flows="{ max: 16K }" vips="$vips"
ok "it becomes one" anydoor reload
hold late $NEW_VIP $NEW_VIP
is "connections to the new VIP" "$HELD" holding
is "early ones live, unstamped" "$(alive early)" 2
is "late ones live, stamped" "$(alive late)" 2
is "those of other VIPs too" "$(alive new)" 4
flow_vips() {
	anydoor flows --json | jq -r '.[].vip' | sort -u | wc -l
}
is "each flow is shown with its own VIP" "$(flow_vips)" 3

hold before $ASIDE_VIP $ASIDE_VIP
is "connections by an interface that is not ours" "$HELD" holding
unstamped=$(status .unstamped)
configure flows="{ max: 16K }" vips="$vips" interfaces="[wan0, wan1, wan7]"
refused "an interface that is not there" 1 "wan7: no such interface" anydoor reload
is "so the other new one is not attached" "$(xdp_program wan1)" 0
configure flows="{ max: 16K }" vips="$vips" interfaces="[wan0, wan1]"
ok "an interface joins" anydoor reload
ok "it is attached" attached wan1
at_least "what went by it is listed" "$(status .unstamped)" $((unstamped + 2))
hold behind $ASIDE_VIP $ASIDE_VIP
is "connections by it" "$HELD" holding
is "those before live, unstamped" "$(alive before)" 2
is "those behind live, stamped" "$(alive behind)" 2
release before
release behind
configure flows="{ max: 16K }" vips="$vips"
ok "it leaves" anydoor reload
is "it is let go" "$(xdp_program wan1) $(our_filters wan1)" "0 0"

# Without the filter for a moment, a stamped flow that sends in it may die (PAWS): none may then.
release new
release late
# put_back CMD...: somebody takes something off; is it there again?
put_back() {
	at pop "$@" && await 3 attached wan0
}
ok "somebody takes XDP off: it is put back" put_back ip link set dev wan0 xdp off
ok "and told" logged "somebody took our programs off"
ok "somebody takes the filter off: it is put back" put_back tc filter del dev wan0 egress
ok "somebody takes the qdisc off: it is put back" put_back tc qdisc del dev wan0 clsact
at pop sysctl -qw net.ipv4.tcp_timestamps=1
ok "somebody changes tcp_timestamps: told" await 12 logged "somebody set it to 1"
at pop sysctl -qw net.ipv4.tcp_timestamps=2
# by_address: is a way to a peer one for all ports? (AD_STATE_ROUTES_BY_ADDRESS, in the third word)
by_address() {
	local flags
	flags=$(bpftool -j map lookup pinned "$PINS/one/state" key 0 0 0 0 | jq -r '.value[16]')
	((flags & 4))
}
ok "multipath goes by addresses: the data path knows" by_address
not_by_address() { ! by_address; }
at pop sysctl -qw net.ipv6.fib_multipath_hash_policy=1
ok "by ports: it is told" await 8 not_by_address
at pop sysctl -qw net.ipv6.fib_multipath_hash_policy=0
ok "and when that is over" await 8 by_address
hold new4 $VIP4 $VIP4 $VIP6 $VIP6
hold late2 $NEW_VIP $NEW_VIP
is "stamped connections after all that" "$(alive new4) $(alive late2)" "4 2"

# --- drain -----------------------------------------------------------------------------------------
try anydoor drain
is "drain: who takes over, what is left" "$(grep ^draining <<<"$said")" "draining: new flows go to nyc-1; 11 flows live here"
ok "and that BGP is the operator's" grep -q "^bgp.driver is none: withdraw the VIPs" <<<"$said"
ok "so says status" grep -q "bgp  *by the operator (bgp.driver: none)" <(anydoor status)
ok "but there is no nyc-1 in this network" grep -q "nyc-1 does not answer through the tunnel" <<<"$said"
is "it is said in status" "$(status .drain.draining)" true
refused "a successor that there is not" 2 "nowhere: cannot take our flows" anydoor drain --to nowhere
refused "waiting in vain" 1 "11 flows live here still" anydoor drain --wait --window 2s
try anydoor drain --wait --window 2s --limit 11
is "within the limit it is quiet" "$code: ${said##*$'\n'}" "0: quiet"
daemon_kill KILL
daemon_start
is "a drain outlives the daemon" "$(status .drain.draining)" true
ok "and is taken back" anydoor undrain
is "status agrees" "$(status .drain.draining)" false
daemon_kill KILL
ok "both work without a daemon" anydoor drain
is "status agrees" "$(status .drain.draining)" true
ok "undrain too" anydoor undrain
configure nyc=draining flows="{ max: 16K }" vips="$vips"
refused "the last POP, without a daemon" 1 "fra-1: 0 other POPs would be up" anydoor drain
is "it does not drain" "$(status .drain.draining)" false
refused "nobody to drain to" 0 "no node is up" anydoor drain --last
anydoor undrain >/dev/null

# --- another binary, another machine's state -------------------------------------------------------
configure flows="{ max: 16K }" vips="$vips"
refused "from another network namespace" 1 "another network namespace" other_netns detach
meta=$(bpftool -j map lookup pinned "$PINS/one/meta" key 0 0 0 0 | jq -r '.value | join(" ")')
# shellcheck disable=SC2086 # one word a byte
bpftool map update pinned "$PINS/one/meta" key 0 0 0 0 value 0xee ${meta#* }
refused "another ABI" 1 "ABI 238" anydoor run
# shellcheck disable=SC2086
bpftool map update pinned "$PINS/one/meta" key 0 0 0 0 value $meta
mkdir "$PINS/one~new"
bpftool map pin pinned "$PINS/one/state" "$PINS/one~new/state"
ok "a change that was cut short is cleaned up" anydoor run --load-only
ok "nothing of it is left" not test -e "$PINS/one~new"
is "all of it: old connections live" "$(alive old)" 3
is "all of it: new ones too" "$(alive new4)" 4

# --- detach ----------------------------------------------------------------------------------------
refused "detach under stamped flows" 1 "stamped flows live and would break" anydoor detach
ok "nothing was taken off" attached wan0
release new4
release late2
daemon_start
gone() {
	anydoor drain --wait --window 10s --limit 5
}
ok "quiet when they have ended" gone
anydoor undrain >/dev/null
at pop tc filter add dev wan0 egress prio 9 bpf da obj "$LAB_DIR/other.o" sec tc
ok "what lived before us keeps nothing from detaching" anydoor detach
refused "again, while the daemon leaves" 3 "not loaded" anydoor detach
wait "$DAEMON"
is "the daemon left with it" "$?" 0
DAEMON=
ok "all is as it was" clean
is "but for somebody else's filter" "$(at pop tc filter show dev wan0 egress | grep -c other_out)" 1
is "and those before us live on" "$(alive old)" 3
at pop tc qdisc del dev wan0 clsact
refused "nothing to detach" 3 "not loaded" anydoor detach
refused "nothing to drain" 3 "not loaded" anydoor drain
for verb in "pop fra up" detach; do
	# shellcheck disable=SC2086 # two words of it
	try at pop "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name nope $verb
	is "an instance that there is not: $verb" "$code" 3
	ok "nothing is left of it" test ! -e "$LAB_DIR/run/nope"
done

# --- an interface that is gone, and a bpffs that is missing ----------------------------------------
configure interfaces="[wan1]"
daemon_start
ok "attached elsewhere" attached wan1
at pop ip link del wan1
ok "an interface goes: told" await 8 logged "wan1: the interface is gone"
wire wan1 10.9.1 fd09:1
ok "it comes back: attached" await 8 attached wan1
daemon_kill TERM
at pop tc qdisc del dev wan1 clsact
at client ip route add $ASIDE_VIP via 10.9.1.1
hold gap $ASIDE_VIP $ASIDE_VIP $ASIDE_VIP $ASIDE_VIP $ASIDE_VIP $ASIDE_VIP $ASIDE_VIP $ASIDE_VIP
is "our filter was taken off: connections are made" "$HELD" holding
daemon_start
ok "it is put back" await 8 attached wan1
is "who connected in between lives" "$(alive gap)" 8
release gap
daemon_kill TERM
ok "forced" anydoor detach --force
configure xdp="{ mode: generic, dispatcher: off }"
ok "generic mode" anydoor run --load-only
is "is what it is" "$(status '.attached[0].mode')" '"generic"'
hold generic $VIP4 $VIP6
is "connections go through" "$(alive generic)" 2
at_least "stamped" "$(counter local_stamp)" 4
release generic
ok "and leaves" anydoor detach
mkdir "$LAB_DIR/elsewhere"
configure state="{ bpffs: $LAB_DIR/elsewhere, run: $LAB_DIR/run }"
ok "no bpffs: one is mounted" anydoor run --load-only
is "there" "$(stat -f -c %T "$LAB_DIR/elsewhere")" bpf_fs
ok "and left" anydoor detach
done_testing
