#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bus_flood.t: somebody without the fleet's key, who reaches the servers and has read what is on them, writes forged
# records as fast as he can. Of no more than a megabyte in a second a signature is looked at; other nodes are heard
# meanwhile, and when it is over all is as it was.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/bus.sh"
bus_up
trap bus_down EXIT

# With the name of the fleet's key, which every record has in it; of SIZE bytes, under KEY, for SECONDS.
flood() { # SECONDS SIZE KEY
	at client /usr/bin/python3 -B - "$@" <<-'END'
		import os, socket, sys, time
		seconds, size, key = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
		s = socket.create_connection(("10.9.0.2", 4222))
		s.sendall(b'CONNECT {"verbose":false}\r\nSUB $KV.anydoor.node.1 1\r\nPING\r\n')
		heard = b""
		while b"ADb1" not in heard or len(heard) < heard.index(b"ADb1") + 20:
		    heard += s.recv(65536)
		at = heard.index(b"ADb1")
		name = heard[at:at + 20]
		s.sendall(b"UNSUB 1\r\n")
		end, sent = time.monotonic() + seconds, 0
		while time.monotonic() < end:
		    body = name + os.urandom(size - 20)
		    s.sendall(b"PUB $KV.anydoor.%s %d\r\n%s\r\n" % (key, size, body))
		    sent += 1
		s.sendall(b"PING\r\n")
		s.settimeout(10)
		while b"PONG" not in s.recv(65536):
		    pass
		print(sent)
	END
}

cpu() { # of the daemon, in hundredths of a second
	awk '{ print $14 + $15 }' "/proc/$DAEMON/stat"
}

refused_enough() { # NUMBER
	(($(bus .refused) >= $1))
}

nats_start
anydoor bus init >/dev/null
daemon_start
other_start
ok "both are on the bus" await 10 both_fresh
is "a word of a POP" "$(anydoor pop fra down)" "fra: down"
ok "is known" await 5 told_at other fra down

# --- forged records of the other node ------------------------------------------------
before=$(cpu)
flood 4 16000 rtt.2 >"$LAB_DIR/sent" &
FLOOD=$!
ok "the flood is told" await 4 logged "more than 1024 kB of forged records in a second"
is "a word of a POP" "$(anydoor pop fra up)" "fra: up"
ok "is heard meanwhile" await_ms 1500 told_at other fra up
wait $FLOOD
diag "$(cat "$LAB_DIR/sent") records were forged; the daemon took $(($(cpu) - before)) ms * 10"
at_least "records were forged" "$(cat "$LAB_DIR/sent")" 500
ok "all are counted" await 10 refused_enough 500
is "and changed nothing" "$(told anydoor nyc) $(told other nyc)" "auto auto"
ok "when it is over all is heard anew" await 20 logged "hearing all anew"
ok "and the bus is fresh" await 10 both_fresh
is "a word of another POP" "$(anydoor pop nyc down)" "nyc: down"
ok "is heard" await 5 told_at other nyc down

# --- what is too long is not even hashed -------------------------------------------------------------
lines=$(grep -c "forged records in a second" "$LAB_DIR/log")
before=$(bus .refused)
flood 3 60000 pop.nyc >"$LAB_DIR/sent"
ok "records that are too long are counted" await 10 refused_enough $((before + 20))
is "and are no flood" "$(grep -c "forged records in a second" "$LAB_DIR/log")" "$lines"
ok "the last word holds" await 10 last_word_is nyc down
done_testing
