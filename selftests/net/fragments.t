#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fragments.t: a client that does not discover paths, behind one that cuts its packets: it uploads to
# the POP that it meets, and after a shift it learns to send less. No fragment ever raises a RST.
set -euo pipefail
export LAB_BIG_MIB=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly PATH_MTU=1280 # less would be the end of IPv6

# Between the client's ISP and everybody else.
narrow() {
	local pop
	for pop in "${POPS[@]}"; do
		at isp ip link set "edge_$pop" mtu $PATH_MTU
		at "edge_$pop" ip link set isp mtu $PATH_MTU
	done
}

# A file of random bytes to port 5300 of fra's VIP, 256 KiB a second, and its checksum there.
upload_serve() {
	AT='exec' at fra /usr/bin/python3 - $VIP4 >"$LAB_DIR/got" <<-'END' &
		import hashlib, socket, sys
		listener = socket.create_server((sys.argv[1], 5300))
		connection, _ = listener.accept()
		got = hashlib.sha256()
		while data := connection.recv(65536):
		    got.update(data)
		print(got.hexdigest(), flush=True)
		connection.close()
	END
	await 5 listens fra 5300
}

upload_start() {
	head -c 2M /dev/urandom >"$LAB_DIR/upload"
	AT='exec' at client /usr/bin/python3 - $VIP4 "$LAB_DIR/upload" <<-'END' &
		import socket, sys, time
		s = socket.create_connection((sys.argv[1], 5300))
		with open(sys.argv[2], "rb") as f:
		    while data := f.read(1 << 15):
		        s.sendall(data)
		        time.sleep(0.125)
		s.shutdown(socket.SHUT_WR)
		s.recv(1)
	END
}

upload_arrived() {
	same "$(cat "$LAB_DIR/got")" "$(sha256sum <"$LAB_DIR/upload" | cut -d' ' -f1)"
}

counter_is_above() { # POP LABEL COUNT
	(($(counter "$1" "$2") > $3))
}

# Fragments of a segment that belongs to no connection anywhere: whole, they would be reset.
stray_fragments() {
	at isp /usr/bin/python3 - $CLIENT4 $VIP4 $CLIENT6 $VIP6 <<-'END'
		import sys
		from scapy.all import IP, TCP, IPv6, IPv6ExtHdrFragment, Raw, conf, fragment, fragment6, send

		conf.verb = 0
		client4, vip4, client6, vip6 = sys.argv[1:]
		segment = TCP(sport=4444, dport=80, flags="PA", seq=1, ack=1) / Raw(b"s" * 2000)
		send(fragment(IP(src=client4, dst=vip4, id=99) / segment, 600))
		whole = IPv6(src=client6, dst=vip6) / IPv6ExtHdrFragment(id=99) / segment
		send(fragment6(whole, 800))
	END
}

net_up
before=$(($(counter fra fragment)))
ok "fragments of nobody's segments arrive" stray_fragments
ok "and are dropped" await 3 counter_is_above fra fragment $((before + 5))
ok "nobody was reset" no_resets

narrow
at client sysctl -q -w net.ipv4.ip_no_pmtu_disc=1
upload_serve
upload_start
ok "at fra: the pieces of its packets are taken" await 5 counter_is_above fra local_fragment 100
bgp_prefer nyc
ok "at nyc: it is told" await 5 counter_is_above nyc too_big_told 0
ok "at nyc: what it sends now is led home" await 5 counter_is_above nyc wrap_stamp 100
ok "the upload ends" await 30 test -s "$LAB_DIR/got"
ok "and is whole" upload_arrived
ok "nobody was reset" no_resets
is "nyc's stack saw nothing of it" "$(counter nyc local_fragment)" 0
net_done
