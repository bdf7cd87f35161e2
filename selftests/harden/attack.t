#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# attack.t: mutated bytes to every listener, and into zones, of a daemon under ASan and UBSan; ten thousand
# connections to each. It goes on, says nothing of a sanitizer, and answers who asks well.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/../net/keeper.sh"
HARDEN=$(cd "$(dirname "$0")" && pwd)
PLAIN=$ANYDOOR
ANYDOOR=$(dirname "$PLAIN")/san/anydoor
# It is kept from starting the process that looks for leaks.
export ASAN_OPTIONS=detect_leaks=0
keeper_up

attack() {
	at pop "$HARDEN/attack.py" "$@"
}

unhurt() { # it still runs, and no sanitizer spoke
	kill -0 "$DAEMON" && ! grep -E -A20 'runtime error|Sanitizer' "$LAB_DIR/log"
}

answers() {
	at pop kdig +short +tcp +time=5 +retry=1 @$VIP4 ns1.example.com A | grep -qx $VIP4
}

healthy() {
	at pop curl -s -m 5 -o /dev/null http://127.0.0.1:9900/healthz
}

hears() { # PORT
	at pop ss -Hltn "sport = $1" | grep -q LISTEN
}

well() { # NAME
	ok "$1: unhurt" unhurt
	ok "$1: TCP is answered" await 10 answers
	ok "$1: HTTP is" await 10 healthy
}

configure metrics="{ listen: '127.0.0.1:9900' }"
daemon_start
ok "it listens for HTTP" await 40 hears 9900
ok "DNS over TCP: 3,000 connections of mutated queries" attack mutate 1 3000 dns $VIP4:53
well "DNS"
ok "HTTP: 2,000 of mutated requests" attack mutate 2 2000 http 127.0.0.1:9900
well "HTTP"
ok "the control socket: 2,000 of mutated lines" attack mutate 3 2000 control "$LAB_DIR/run/one/control"
well "control"

# What is not good changes nothing; what is good by chance is served.
reload_mutated() {
	local seed
	for seed in $(seq 60); do
		/usr/bin/python3 - "$seed" "$LAB_DIR/good.zone" >"$LAB_DIR/example.zone" <<-'END'
			import random, sys
			rng, data = random.Random(int(sys.argv[1])), bytearray(open(sys.argv[2], "rb").read())
			for _ in range(rng.randrange(1, 6)):
			    at = rng.randrange(len(data))
			    data[at:at + rng.randrange(3)] = rng.choice((b"", b'"', b"(", b"\\", b"\\#", b"\n", b"$INCLUDE ", rng.randbytes(2)))
			sys.stdout.buffer.write(data)
		END
		anydoor reload >/dev/null 2>&1
		unhurt || return
	done
}
zone_write 1 'www SVCB 1 . alpn=h2,h3 ipv4hint=192.0.2.1'
printf '%s\n' 'txt TXT "a b" c' 'mx MX 10 ns1' 'gen TYPE65280 \# 3 010203' '*.w CAA 0 issue "ca.test"' \
	'$GENERATE 1-9 h$ A 192.0.2.$' >>"$LAB_DIR/example.zone"
cp "$LAB_DIR/example.zone" "$LAB_DIR/good.zone"
ok "the zone is good" anydoor reload
ok "60 reloads of it mutated" reload_mutated
zone_write 2
ok "a good one again" anydoor reload
well "zones"

# Held open while others ask.
crowd() { # NAME WHERE
	local open
	coproc CROWD { attack crowd 10000 "$2"; }
	read -r -t 60 open <&"${CROWD[0]}"
	is "$1: connections" "${open:-}" 10000
	well "$1, crowded"
	ok "$1: the data path stays" attached wan0
	echo >&"${CROWD[1]}"
	wait "$CROWD_PID" 2>/dev/null
}
crowd DNS $VIP4:53
crowd HTTP 127.0.0.1:9900
daemon_kill TERM
ok "and it said nothing when it ended" not grep -E 'runtime error|Sanitizer' "$LAB_DIR/log"
ANYDOOR=$PLAIN

done_testing
