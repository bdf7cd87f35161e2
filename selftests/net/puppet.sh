# SPDX-License-Identifier: GPL-3.0-or-later
# puppet.sh: connections that are told what to do, one word at a time (puppet.py).
# shellcheck shell=bash

readonly PUPPET_PORT=7100

puppet_serve() { # NODE...
	local node
	for node; do
		AT='exec' at "$node" "$NET_HOME/puppet.py" serve "$node" $PUPPET_PORT &
		disown $!
	done
	for node; do
		await 5 listens "$node" $PUPPET_PORT
	done
}

puppet_start() {
	coproc PUPPET { AT='exec' at client "$NET_HOME/puppet.py" play $PUPPET_PORT; }
	exec {PUPPET_IN}>&"${PUPPET[1]}" {PUPPET_OUT}<&"${PUPPET[0]}"
}

# What came of it.
puppet() { # WORD CONNECTION [ARGUMENT...]
	local answer
	echo "$*" >&"$PUPPET_IN"
	read -r -t 20 answer <&"$PUPPET_OUT" || answer="no answer"
	echo "$answer"
}

# Sockets of NODE in STATE.
puppet_sockets() { # NODE STATE
	at "$1" ss -Htn state "$2" "sport = $PUPPET_PORT" | wc -l
}

puppet_sockets_are() { # NODE STATE COUNT
	same "$(puppet_sockets "$1" "$2")" "$3"
}
