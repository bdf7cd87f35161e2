#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# told.t: an operator drains a node. The daemon does it for him, or the command where none runs; who it
# was, when and why is to be seen, whatever he wrote. A daemon that does not answer is told from one that does.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/keeper.sh"
keeper_up

# In the words of status: what, by whom, why.
told() {
	anydoor status --json |
		jq -r '.drain.told | if . then "\(.what) \(.who) \(.uid) \(.reason)" else "nothing" end'
}

draining() {
	status .drain.draining
}

# Of the daemon's log: who asked it.
asked() { # TEXT
	grep -qF -- "$1" "$LAB_DIR/log"
}

daemon_start
is "nobody has said anything" "$(told)" nothing
export SUDO_USER=alice

# --- the daemon does it ----------------------------------------------------------------------------
before=$(date +%s)
ok "drain" anydoor drain --reason "kernel 6.12"
is "who and why" "$(told)" "drain alice 0 kernel 6.12"
at_least "when" "$(status .drain.told.at_s)" "$before"
ok "it was the daemon that did it" asked "drain: asked for by alice (uid 0): kernel 6.12"
ok "status shows it" grep -q "by alice, [0-9]*s ago: kernel 6.12" <(anydoor status)
ok "pops shows it" grep -q "draining (here).*an operator drains it" <(anydoor pops)
ok "with its words" grep -q "fra-1: drained by alice, [0-9]*s ago: kernel 6.12" <(anydoor pops)
is "in JSON, too" "$(anydoor pops --json | jq -c '.nodes[0] | [.state, .cause, .told.who, .told.reason]')" \
	'["draining","told_drain","alice","kernel 6.12"]'
is "the other one is up" "$(anydoor pops --json | jq -c '.nodes[1] | [.state, .cause, .told]')" \
	'["up","configured_up",null]'
is "a POP is as good as its best node" "$(anydoor pops --json | jq -c '[.pops[] | [.pop, .state]]')" \
	'[["fra","draining"],["nyc","up"]]'

daemon_kill KILL
daemon_start
is "it outlives the daemon" "$(draining): $(told)" "true: drain alice 0 kernel 6.12"
ok "a reload" anydoor reload
is "and a reload" "$(draining): $(told)" "true: drain alice 0 kernel 6.12"

# --- whatever he writes ----------------------------------------------------------------------------
ok "a reason that a terminal would obey" anydoor drain --reason $'a\e[31m\nb\xff'
is "is shown as what it is" "$(told)" 'drain alice 0 a\x1b[31m\x0ab\xff'
is "in the text, too" "$(anydoor status | grep -c 'ago: a\\x1b\[31m\\x0ab\\xff$')" 1
refused "one that is too long" 2 "--reason: 300 bytes are too long; 207 fit" \
	anydoor drain --reason "$(printf 'x%.0s' {1..300})"
is "changes nothing" "$(told)" 'drain alice 0 a\x1b[31m\x0ab\xff'
ok "one without words" anydoor drain
is "is none" "$(told)" "drain alice 0 null"
says_to_daemon() { # JSON
	/usr/bin/python3 - "$LAB_DIR/run/one/control" "$1" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(sys.argv[2].encode() + b"\n")
		print(s.makefile().readline(), end="")
	END
}
long=$(printf 'x%.0s' {1..300})
is "the daemon believes no client's check" \
	"$(says_to_daemon "{\"verb\":\"drain\",\"args\":{\"reason\":\"$long\"}}" | jq -c '[.ok, .code, .errors]')" \
	'[false,2,["reason: not a text of at most 207 bytes"]]'
is "nor that texts are texts" "$(says_to_daemon '{"verb":"drain","args":{"to":[1]}}' | jq -c '[.ok, .code]')" '[false,2]'
is "it needs no name" "$(says_to_daemon '{"verb":"drain"}' | jq .ok): $(told)" "true: drain null 0 null"

ok "undrain" anydoor undrain --reason "all is well"
is "who took it back" "$(draining): $(told)" "false: undrain alice 0 all is well"
try anydoor undrain --reason again
is "where nothing is to be taken back nothing is noted" "$code $said: $(told)" \
	"0 was not draining: undrain alice 0 all is well"

# --- the configuration has the last word where it changes -----------------------------------------
configure self=draining
ok "the file says that this node drains" anydoor reload
is "and so it does" "$(draining): $(told)" "true: nothing"
is "because of that" "$(anydoor pops --json | jq -r '.nodes[0].cause')" configured_draining
ok "undrain" anydoor undrain
is "an operator may differ" "$(draining) $(anydoor pops --json | jq -r '.nodes[0] | .state, .cause' | xargs)" \
	"false up told_undrain"
ok "a reload that changes nothing" anydoor reload
is "is no reason to drain again" "$(draining)" false
configure
ok "the file says up" anydoor reload
is "all are of one mind" "$(draining): $(told)" "false: nothing"

# As a version without the record leaves it.
ok "drain" anydoor drain
# shellcheck disable=SC2046 # one word a byte
bpftool map update pinned "$PINS/one/told" key 0 0 0 0 value $(printf '0 %.0s' {1..256}) >/dev/null
daemon_kill TERM
daemon_start
is "a drain of which nobody has noted who asked for it" "$(draining): $(told)" "true: drain null null null"
ok "pops says so" grep -q "fra-1: drained by an operator; who and why was not noted" <(anydoor pops)

configure id=3
ok "drain" anydoor drain --reason "a new id"
ok "the node gets another id" anydoor reload
is "and drains on" "$(draining): $(told)" "true: drain alice 0 a new id"
is "by that id" "$(anydoor pops --json | jq -c '.nodes[] | select(.self) | [.id, .state, .cause]')" \
	'[3,"draining","told_drain"]'
at_least "since when" "$(anydoor pops --json | jq '.nodes[] | select(.self) | .since_at_s')" "$before"
configure
ok "and its own back" anydoor reload
ok "undrain" anydoor undrain

# --- a daemon that does not answer -----------------------------------------------------------------
kill -STOP "$DAEMON"
refused "it is stopped: drain" 75 "process $DAEMON, does not answer in time" anydoor drain
is "nothing was changed behind its back" "$(draining)" false
kill -CONT "$DAEMON"
drains() { same "$(draining)" true; }
ok "it does what it was told when it goes on" await 5 drains
ok "undrain" anydoor undrain
daemon_kill KILL

# --- no daemon: the command holds the locks for that moment ----------------------------------------
ok "drain, without a daemon" anydoor drain --reason "by hand"
is "it is the same" "$(draining): $(told)" "true: drain alice 0 by hand"
is "in pops, too" "$(anydoor pops --json | jq -r '.nodes[0].state')" draining
ok "undrain" anydoor undrain
is "and so is that" "$(draining) $(told) $(anydoor pops --json | jq -r '.nodes[0].state')" \
	"false undrain alice 0 null up"

# hold COMMAND...: while somebody has the locks.
while_held() {
	flock "$PINS/one~lock" "$@"
}
refused "a daemon that starts while a command holds them" 75 "is run already" while_held \
	"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run
starts_late() {
	while_held sleep 2 &
	sleep 0.5
	try anydoor drain
	wait $!
}
starts_late
is "who holds them and does not listen yet is waited for" "$code: $(draining)" "0: true"
anydoor undrain >/dev/null
refused "but not for ever" 75 "does not listen at" while_held \
	"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one drain
is "nothing was changed" "$(draining)" false

# A daemon of a version that has no such verb.
cat >"$LAB_DIR/old.py" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen()
	c, _ = s.accept()
	c.makefile().readline()
	c.sendall(b'{"ok": false, "errors": ["no such verb"]}\n')
END
rm -f "$LAB_DIR/run/one/control"
while_held /usr/bin/python3 "$LAB_DIR/old.py" "$LAB_DIR/run/one/control" &
await 5 test -S "$LAB_DIR/run/one/control"
refused "an older daemon" 1 "is of an older version and knows no 'drain'" anydoor drain
wait $!
done_testing
