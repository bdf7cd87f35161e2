#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# rough.t: the daemon among people who do not behave: who talks to its socket and does not listen,
# who reaches for its lock, who leaves things among its pins.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/keeper.sh"
keeper_up

# talk HOW: to the control socket; says what came back.
talk() {
	/usr/bin/python3 - "$LAB_DIR/run/one/control" "$1" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(5)
		s.connect(sys.argv[1])
		if sys.argv[2] == "half":
		    s.sendall(b'{"verb": "nonsense"}\n' * 40000)
		    s.shutdown(socket.SHUT_WR)
		elif sys.argv[2] == "vanish":
		    s.sendall(b'{"verb": "reload"}\n')
		    sys.exit()
		else:
		    try:
		        s.sendall(b"x" * 1000000)
		    except BrokenPipeError:
		        pass
		got = b""
		try:
		    while more := s.recv(65536):
		        got += more
		except ConnectionResetError:
		    pass
		print(got.count(b"\n"))
	END
}

# It was told to, and says how in $ended.
daemon_ends() {
	wait "$DAEMON" && ended=0 || ended=$?
	DAEMON=
}

# --- the lock --------------------------------------------------------------------------------------
mkdir -p "$LAB_DIR/run/one"
install -m 644 /dev/null "$LAB_DIR/run/one/lock"
daemon_start
is "who may not read the lock cannot hold it" "$(stat -c %a "$LAB_DIR/run/one/lock")" 600

# Whoever cleans up /run takes the lock of the run files, but not that of the pins.
daemon_listens() {
	[[ -S $LAB_DIR/run/one/control ]]
}
rm -r "$LAB_DIR/run"
refused "the run directory is gone: a second start" 75 "is run already, by process $DAEMON" anydoor run
ok "it is made anew" await 8 daemon_listens
ok "and is that of the first one" anydoor reload
is "its lock, too" "$(<"$LAB_DIR/run/one/lock")" "$DAEMON"
configure state="{ bpffs: $PINS, run: $LAB_DIR/run2 }"
refused "a second start, with other run files" 75 "is run already, by process $DAEMON" anydoor run
ok "who asks finds the daemon where it is" anydoor reload
configure

# --- the control socket ----------------------------------------------------------------------------
is "who closes his half gets every answer" "$(talk half)" 40000
is "a line without end gets none" "$(talk endless)" 0
talk vanish
ok "who asks and leaves is forgotten" anydoor reload

# --- long names in another script ------------------------------------------------------------------
# The data path has room for 255 bytes of an error: one of the two is cut within a letter.
zone_error() { # FILE
	configure dns="{ zones: [{ name: example.com, file: $1.zone }] }"
	zone_write 1
	mv "$LAB_DIR/example.zone" "$LAB_DIR/$1.zone"
	anydoor reload >/dev/null
	echo nonsense >>"$LAB_DIR/$1.zone"
	anydoor reload 2>/dev/null || true # it is refused
	anydoor zones --json | jq -r '.zones[0].error'
}
long=$(printf 'ü%.0s' {1..120})
ok "a zone's error is told" grep -q "üüü" <<<"$(zone_error "$long")"
ok "a letter later, too" grep -q "üüü" <<<"$(zone_error "a${long%ü}")"
zone_write 1

# --- more connections than descriptors -------------------------------------------------------------
# What the daemon worked in two seconds, in ticks of which 100 are a second, while 80 wait.
crowd() {
	at pop /usr/bin/python3 - "$DAEMON" <<-'END'
		import socket, sys, time
		def ticks():
		    return sum(map(int, open(f"/proc/{sys.argv[1]}/stat").read().split()[13:15]))
		crowd = [socket.create_connection(("127.0.0.1", 9153), 10) for i in range(80)]
		time.sleep(0.5)
		before = ticks()
		time.sleep(2)
		print(ticks() - before)
	END
}
daemon_kill TERM
configure metrics="{ listen: \"127.0.0.1:9153\" }"
daemon_start
at_least "it may open what it may ask for" \
	"$(prlimit --pid "$DAEMON" --nofile --output SOFT --noheadings --raw)" \
	"$(($(ulimit -Hn) < 65536 ? $(ulimit -Hn) : 65536))"
files=$(ls "/proc/$DAEMON/fd" | wc -l)
prlimit --pid "$DAEMON" --nofile=$((files + 20)):$((files + 20))
at_most "a crowd at the door does not keep it busy" "$(crowd)" 50
ok "it is told once" same "$(grep -c "connections are refused: Too many open files" "$LAB_DIR/log")" 1
ok "and serves when they have left" await 5 anydoor reload

# --- the pins --------------------------------------------------------------------------------------
mkdir "$PINS/one/theirs"
refused "somebody's directory among the pins" 1 "cannot be removed" anydoor detach
daemon_ends
is "the programs are off, so the daemon left" "$ended" 0
is "no program is left" "$(xdp_program wan0)" 0
rmdir "$PINS"/one*/theirs

# A detach that dies while it removes them leaves an instance, or none; not half of one.
cat >"$LAB_DIR/die.c" <<-'END'
	#include <stdlib.h>
	#include <string.h>
	#include <sys/syscall.h>
	#include <unistd.h>
	int unlink(const char *path)
	{
		static int nr;

		if (strstr(path, getenv("DIE_IN")) && ++nr == atoi(getenv("DIE_AT")))
			_exit(99);
		return syscall(SYS_unlink, path);
	}
END
cc -shared -fPIC -o "$LAB_DIR/die.so" "$LAB_DIR/die.c"
dies_at() { # NUMBER
	DIE_IN="$PINS/one" DIE_AT=$1 LD_PRELOAD=$LAB_DIR/die.so anydoor detach
}
for nr in 1 4 12 30; do
	ok "loaded" anydoor run --load-only
	refused "death at pin $nr" 99 "" dies_at $nr
done
ok "what is left is in nobody's way" anydoor run --load-only
ok "detach" anydoor detach
ok "nothing is left" says_nothing ls -A "$PINS"

# --- a configuration that is no good ---------------------------------------------------------------
spoil() {
	printf '%s\n' "nodes: of no use" "state: { bpffs: $PINS, run: $LAB_DIR/run3 }" \
		>"$LAB_DIR/anydoor.yaml"
}
daemon_start
anydoor drain >/dev/null
spoil
is "status knows of the daemon all the same" "$(status .daemon)" true
refused "nobody to drain to without names" 2 "nodes: wants a list" anydoor drain
refused "a drain can be taken back" 0 "served here again" anydoor undrain
refused "the daemon can be asked to detach" 0 "looking in $PINS all the same" anydoor detach
daemon_ends
is "it leaves" "$ended" 0
configure state="{ bpffs: $PINS, run: $LAB_DIR/run, group: daemon }"
ok "without a daemon" anydoor run --load-only
is "nobody tends it" "$(status .daemon)" false
spoil
refused "detach" 0 "looking in $PINS all the same" anydoor detach
is "no program is left" "$(xdp_program wan0)" 0
ok "nor a pin" says_nothing ls -A "$PINS"
configure
done_testing
