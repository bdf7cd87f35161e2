#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# doctor.t: `anydoor doctor` on two nodes with a bus between them. Of a healthy node it says nothing; then one
# thing after the other is broken, is told by the check that is there for it, with what mends it, and is no
# longer told when it is mended in that way.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"

doctor() {
	anydoor doctor "$@"
}

# told NAME LEVEL CHECK TEXT: it says that, of that check.
told_of() {
	ok "$1: is told" says_of "$2" "$3" "$4"
}

says_of() { # LEVEL CHECK TEXT
	local said
	said=$(doctor --json | jq -r --arg level "$1" --arg check "$2" \
		'.checks[] | select(.check == $check) | .findings[] | select(.level == $level).text')
	grep -qF -- "$3" <<<"$said" || { doctor --quiet; return 1; }
}

well() {
	ok "and mended: nothing is told" await 10 is_well
}

is_well() {
	says_nothing doctor --quiet
}

# A host whose every check is well: with a way to the world, as a real one has.
host_up() {
	at pop ip route add default via 10.9.0.2
	at pop ip -6 route add default via fd09:0::2
	at pop sysctl -qw net.mptcp.allow_join_initial_addr_port=0
	at pop sysctl -qw net.ipv4.conf.wan0.rp_filter=0 net.ipv4.conf.all.rp_filter=0
}

# The 8 bytes at AT of a pinned map's first value get a number added.
shift_map() { # INSTANCE MAP AT ADD
	/usr/bin/python3 -B - "$PINS/$1/$2" "$3" "$4" <<-'END'
		import json, subprocess, sys
		path, at, add = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		tool = ["bpftool", "-j", "map"]
		said = subprocess.run([*tool, "lookup", "pinned", path, "key", "0", "0", "0", "0"],
		                      check=True, capture_output=True).stdout
		value = bytearray(int(b, 16) for b in json.loads(said)["value"])
		number = int.from_bytes(value[at:at + 8], "little", signed=True) + add
		value[at:at + 8] = number.to_bytes(8, "little", signed=True)
		subprocess.run(["bpftool", "map", "update", "pinned", path, "key", "0", "0", "0", "0", "value",
		                *map(str, value)], check=True)
	END
}

# What node 2 is noted to run.
version_of_two() { # VERSION
	/usr/bin/python3 -B - "$PINS/one/bus" "$1" <<-'END'
		import json, subprocess, sys
		path, version = sys.argv[1], sys.argv[2].encode().ljust(16, b"\0")
		tool = ["bpftool", "-j", "map"]
		said = subprocess.run([*tool, "lookup", "pinned", path, "key", "2", "0", "0", "0"],
		                      check=True, capture_output=True).stdout
		value = bytearray(int(b, 16) for b in json.loads(said)["value"])
		value[40:56] = version
		subprocess.run(["bpftool", "map", "update", "pinned", path, "key", "2", "0", "0", "0", "value",
		                *map(str, value)], check=True)
	END
}

# A program at egress of wan0 that lets everything go on: by TCX, until `off`; or pinned, for tc.
beside() { # tcx|off|pin
	at pop /usr/bin/python3 -B - "$1" "$PINS-beside" <<-'END'
		import ctypes, os, platform, socket, struct, sys
		number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
		libc = ctypes.CDLL(None, use_errno=True)

		def bpf(command, attributes):
		    buffer = ctypes.create_string_buffer(attributes.ljust(144, b"\0"), 144)
		    got = libc.syscall(number, command, buffer, 144)
		    if got < 0:
		        sys.exit("bpf(%d): %s" % (command, os.strerror(ctypes.get_errno())))
		    return got

		index, egress = socket.if_nametoindex("wan0"), 47
		if sys.argv[1] == "off":
		    bpf(9, struct.pack("=IIIIII", index, 0, egress, 0, 0, 0))
		    sys.exit()
		code = ctypes.create_string_buffer(struct.pack("=BBhi", 0xb7, 0, 0, -1) +
		                                   struct.pack("=BBhi", 0x95, 0, 0, 0))
		gpl, path = ctypes.create_string_buffer(b"GPL"), ctypes.create_string_buffer(sys.argv[2].encode())
		program = bpf(5, struct.pack("=IIQQ", 3, 2, ctypes.addressof(code), ctypes.addressof(gpl)))
		if sys.argv[1] == "pin":
		    bpf(6, struct.pack("=QI", ctypes.addressof(path), program))
		else:
		    bpf(8, struct.pack("=IIIIII", index, program, egress, 0, 0, 0))
	END
}

# The record of what hangs on wan0 names another program.
misrecord() {
	/usr/bin/python3 -B - "$PINS/one/attached" "$(at pop ip -j link show wan0 | jq '.[0].ifindex')" <<-'END'
		import json, struct, subprocess, sys
		key = [str(b) for b in struct.pack("=I", int(sys.argv[2]))]
		said = subprocess.run(["bpftool", "-j", "map", "lookup", "pinned", sys.argv[1], "key", *key],
		                      check=True, capture_output=True).stdout
		value = [int(b, 16) for b in json.loads(said)["value"]]
		value[16:20] = [1, 0, 0, 0]
		subprocess.run(["bpftool", "map", "update", "pinned", sys.argv[1], "key", *key, "value",
		                *map(str, value)], check=True)
	END
}

beside_up() { # a node that is not there
	bus_configure
	sed -i '/name: nyc-1/a\  - { name: nyc-2, id: 3, pop: nyc, tunnel: 10.9.0.77 }' "$LAB_DIR/anydoor.yaml"
}

# --- nothing is loaded -------------------------------------------------------------------------------
bus_up
trap bus_down EXIT
host_up
try doctor
is "not loaded: exit code" "$code" 2
ok "not loaded: is told" grep -q "^critical *daemon .*not loaded: .systemctl start anydoor" <<<"$said"
ok "and what could not be looked at is not called well" not grep -qE "^ok +(xdp|peers|mtu|bus|zones) " <<<"$said"
(exec nsenter --net="/run/netns/$LAB_NAME-pop" /usr/bin/python3 -B -c '
import socket, sys, time
holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
holder.bind((sys.argv[1], 53))
time.sleep(60)' $VIP4) &
HOLDER=$!
ok "somebody else has port 53" await 5 says_of critical port53 "port 53 of $VIP4 is held"
{ kill "$HOLDER"; wait "$HOLDER"; } 2>/dev/null
ok "and leaves" not says_of critical port53 "port 53"
try anydoor --config "$LAB_DIR/none.yaml" doctor
is "no configuration: exit code" "$code" 2
is "no configuration: only that is told" "$(wc -l <<<"$said") $(grep -c "^critical *config " <<<"$said")" "2 1"
ok "and that nothing else was looked at" grep -q "^unknown *config *therefore nothing else was looked at" <<<"$said"
try doctor --nonsense
is "what it does not understand: exit code" "$code" 3

# --- a healthy node ----------------------------------------------------------------------------------
nats_start
anydoor bus init >/dev/null
daemon_start
other_start
ok "both nodes are on the bus" await 10 both_fresh
ok "of a healthy node nothing is said" await 15 is_well
try doctor
is "all checks are told when asked for" "$code $(grep -c '^ok ' <<<"$said")" "0 31"
ok "XDP's mode" grep -q "^ok *xdp  *wan0: native, alone" <<<"$said"
ok "who answers" grep -q "^ok *peers  *1 of 1 answer" <<<"$said"
is "as JSON" "$(doctor --json | jq -c '[.level, .code, (.checks | length), (.checks | map(.level) | unique)]')" \
	'["ok",0,31,["ok"]]'
before=$(counter nobody_once)
says_nothing doctor --quiet --alone
is "alone, it asks nobody" "$(($(counter nobody_once) - before))" 0

# --- files -------------------------------------------------------------------------------------------
echo "nonsense: 1" >>"$LAB_DIR/anydoor.yaml"
told_of "an error in the configuration" critical config "nonsense"
bus_configure
well
chmod 644 "$LAB_DIR/fleet.key"
told_of "a key file that others read" critical keys "has mode 0644"
chmod 600 "$LAB_DIR/fleet.key"
well
chown 65534 "$LAB_DIR/fleet.key"
told_of "a key file of somebody else" critical keys "belongs to user 65534"
chown 0 "$LAB_DIR/fleet.key"
well
bus_configure keys="{ file: fleet.key, epoch: 2 }"
told_of "an epoch that is not in use" warning keys "the keys in use are not those of epoch 2 of"
bus_configure
well
chmod 777 "$LAB_DIR/run"
told_of "a run directory that others write" critical state "$LAB_DIR/run"
chmod 755 "$LAB_DIR/run"
well

# --- interfaces --------------------------------------------------------------------------------------
ok "a program of somebody else" beside pin
at pop tc filter add dev wan0 egress pref 5 bpf da pinned "$PINS-beside"
told_of "another filter at egress" warning hooks "(priority 5)"
at pop tc filter del dev wan0 egress pref 5
well
at pop tc filter add dev wan0 ingress pref 7 bpf da pinned "$PINS-beside"
ok "one at ingress, behind XDP, is no trouble" is_well
ok "but is told of" says_of ok hooks "(priority 7)"
at pop tc filter del dev wan0 ingress pref 7
rm "$PINS-beside"
if try beside tcx; ((code == 0)); then
	told_of "a TCX program" warning hooks "1 TCX program runs before ours"
	ok "it goes" beside off
	well
else
	skip_next "kernel before 6.6: no TCX"
fi
bus_configure xdp="{ mode: generic }"
at pop ethtool -K wan0 gro on
told_of "what is merged before XDP in generic mode" warning offloads "ethtool -K wan0 gro off"
at pop ethtool -K wan0 gro off
ok "and off: nothing of it is told" not says_of warning offloads gro
bus_configure
well
at pop ip addr del $ASIDE_VIP/32 dev lo
told_of "a VIP that is not here" critical vips "ip address add $ASIDE_VIP/32 dev lo"
at pop ip addr add $ASIDE_VIP/32 dev lo
well
at pop sysctl -qw net.mptcp.allow_join_initial_addr_port=1
told_of "MPTCP that joins at the VIP" warning services "allow_join_initial_addr_port"
at pop sysctl -qw net.mptcp.allow_join_initial_addr_port=0
well
kill -STOP "$DAEMON"
at pop sysctl -qw net.ipv4.tcp_timestamps=0
told_of "no TCP timestamps" warning sysctls "net.ipv4.tcp_timestamps"
at pop sysctl -qw net.ipv4.tcp_timestamps=2
shift_map one state 8 7000000000
told_of "a clock of ours that is off" warning clock "7s off"
shift_map one state 8 -7000000000
at pop ip link set wan0 xdpdrv off
told_of "no program on an interface" critical xdp "the XDP program is not attached"
kill -CONT "$DAEMON"
ok "the daemon puts it there again" await 15 is_well
kill -STOP "$DAEMON"
misrecord
told_of "a program that nobody recorded" critical xdp "the XDP program is not attached"
kill -CONT "$DAEMON"
ok "the daemon knows its own" await 15 is_well
daemon_kill KILL
told_of "no daemon" warning daemon "no daemon tends it"
daemon_start
ok "the daemon is back" await 15 is_well

bus_configure interfaces="[wan0, wan1]"
ok "two interfaces" anydoor reload
at pop sysctl -qw net.ipv4.conf.wan1.rp_filter=1
told_of "a strict reverse path filter" warning rp_filter "net.ipv4.conf.wan1.rp_filter is strict"
at pop sysctl -qw net.ipv4.conf.wan1.rp_filter=0
well
at pop ip link set wan1 down
told_of "an interface that is down" critical interfaces "ip link set wan1 up"
at pop ip link set wan1 up
well
bus_configure
ok "one again" anydoor reload
if [[ -e /proc/sys/net/netfilter/nf_conntrack_max ]]; then
	bus_configure flows="{ max: $((2 * $(cat /proc/sys/net/netfilter/nf_conntrack_max))) }"
	at pop nft add table inet t
	at pop nft add chain inet t c "{ type filter hook input priority 0; }"
	at pop nft add rule inet t c ct state new counter
	at pop ping -c 1 -W 1 10.9.0.2 >/dev/null
	told_of "connection tracking with less room than the flow table" warning conntrack "conntrack: at work here"
	at pop nft delete table inet t
	bus_configure
else
	skip_next "kernel without connection tracking"
fi

# --- other nodes -------------------------------------------------------------------------------------
at client ip link set wan0 mtu 1400
told_of "a path that takes less" warning mtu "packets of 1400 bytes pass, and not longer ones; 1500 are needed"
told_of "and what the configuration can do" warning mtu "nodes[].mtu: 1400 and tunnel.mss_overhead: 164"
bus_configure tunnel="{ mss_overhead: 164 }"
sed -i 's/tunnel: 10.9.0.2,/tunnel: 10.9.0.2, mtu: 1400,/' "$LAB_DIR/anydoor.yaml"
ok "that is done" anydoor reload
well
bus_configure
ok "and taken back" anydoor reload
at client ip link set wan0 mtu 1500
well
kill -STOP "$OTHER"
shift_map two state 8 9000000000
told_of "a clock that is ahead" warning clocks "the clock of nyc-1 is more than 3 s ahead of ours"
shift_map two state 8 -18000000000
told_of "one that is behind" warning clocks "the clock of nyc-1 is more than 3 s behind ours"
shift_map two state 8 -51000000000
told_of "one that is far behind" critical peers "the clock of nyc-1, or ours, is wrong"
shift_map two state 8 60000000000
kill -CONT "$OTHER"
well
kill -STOP "$DAEMON"
version_of_two 0.0.9
told_of "another version" warning versions "nyc-1 runs 0.0.9"
kill -CONT "$DAEMON"
well
beside_up
ok "a node that is not there" anydoor reload
told_of "it does not answer" critical peers "nyc-2 (10.9.0.77) does not answer"
told_of "nor has it a link-layer address" critical neighbours "10.9.0.77 on wan0, the next hop towards nyc-2"
bus_configure
ok "it is taken out" anydoor reload
well
bus_configure nyc=up
at pop ip route add unreachable 10.9.0.2/32
told_of "no route" warning routes "no route to nyc-1"
at pop ip route del unreachable 10.9.0.2/32
well

# --- the bus -----------------------------------------------------------------------------------------
nats_stop
ok "the bus goes" await 10 is_state anydoor stale
told_of "a stale bus" warning bus "the bus is stale"
nats_start
ok "and comes back" await 15 is_well
other_kill KILL
ok "a node goes from the bus" await 15 says_of warning bus "nyc-1 has not been heard of"
other detach --force
told_of "its data path, too" critical peers "nyc-1 (10.9.0.2) does not answer"
other_start
ok "it is back" await 20 is_well

# --- zones -------------------------------------------------------------------------------------------
printf '%s\n' '$ORIGIN signed.test.' '$TTL 60' '@ SOA ns1 host 1 3600 600 86400 60' '@ NS ns1' "ns1 A $VIP4" >"$LAB_DIR/plain"
(
	cd "$LAB_DIR" && key=$(ldns-keygen -a ECDSAP256SHA256 signed.test 2>/dev/null) &&
		ldns-signzone -i "$(date -u -d '30 days ago' +%Y%m%d%H%M%S)" -e "$(date -u -d '1 hour' +%Y%m%d%H%M%S)" \
			-o signed.test -f signed.zone plain "$key"
) || diag "the zone cannot be signed"
bus_configure dns="{ zones: [{ name: example.com, file: example.zone }, { name: signed.test, file: signed.zone }] }"
anydoor reload >/dev/null 2>&1
told_of "signatures that end soon" warning zones "zone signed.test.: signatures expire in"
bus_configure
ok "without that zone" anydoor reload
well

# --- rights ------------------------------------------------------------------------------------------
try at pop setpriv --reuid 65534 --regid 65534 --clear-groups "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one doctor --quiet
is "without rights: exit code" "$code" 3
ok "without rights: which checks that are" grep -qE "^unknown *daemon *therefore not looked at: flows, xdp, hooks, .*zones" <<<"$said" ||
	diag "$said"
ok "without rights: what could not be looked at" grep -q "^unknown *daemon .*join the group of state.group, or be root" <<<"$said" ||
	diag "$said"
try at client "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one doctor
ok "in another network namespace it says that" grep -q "^unknown *peers .*another network namespace" <<<"$said" ||
	diag "$said"
at pop ip route del default
try at pop setpriv --reuid 65534 --regid 65534 --clear-groups "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one doctor --quiet
is "a trouble that is known counts for more: exit code" "$code" 1
ok "and says how to mend it" grep -q "^warning *vips .*no route from $VIP4 to the world.*ip route add default via" <<<"$said" || diag "$said"
at pop ip route add default via 10.9.0.2
chmod 600 "$LAB_DIR/anydoor.yaml"
try at pop setpriv --reuid 65534 --regid 65534 --clear-groups "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one doctor --quiet
is "nor the configuration: exit code" "$code" 3
ok "nor the configuration: is told" grep -q "^unknown *config .*not allowed to read it; be root" <<<"$said" || diag "$said"
done_testing
