#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# readme.t: the configuration in README.md starts on a host as Debian leaves it.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
top=$KEEPER_HOME/../..

# The host that README.md speaks of: its tunnel address is there already.
host_up() {
	at pop ip link set wan1 down
	at pop ip link set wan1 name eth0
	at pop ip link set eth0 up
	at pop ip addr add fd09:1::1/64 dev eth0 nodad
	at pop ip route add default via 10.9.1.2
	at pop ip -6 route add default via fd09:1::2
	at pop ip addr del $NEW_VIP/32 dev lo # it is nyc1's address
	at pop ip addr add 192.0.2.53/32 dev lo
	at pop ip addr add 2001:db8:53::53/128 dev lo nodad
	mkdir "$LAB_DIR/zones"
	cp "$top/deploy/examples/zones/example.com.zone" "$LAB_DIR/zones"
}

# Whether this machine's clock is synchronised is not the question, nor where the pins are.
configure_from_readme() {
	sed -n '/^```yaml$/,/^```$/p' "$top/README.md" | grep -v '^```' |
		sed 's/^stamp: {/stamp: { clock: any,/' >"$LAB_DIR/anydoor.yaml"
	echo "state: { bpffs: $PINS, run: $LAB_DIR/run }" >>"$LAB_DIR/anydoor.yaml"
}

answers() {
	at pop kdig +tcp +short @192.0.2.53 example.com SOA | grep -q .
}

keeper_up
host_up
configure_from_readme
is "Debian's tcp_timestamps" "$(timestamps)" 1
try anydoor check
is "check finds no error" "$code" 0
[[ $code == 0 ]] || diag "$said"
daemon_start
ok "it is attached" attached eth0
is "and armed" "$(status .armed)" true
is "with the tcp_timestamps that it needs" "$(timestamps)" 2
ok "the zone is served" await 5 answers
ok "detach" anydoor detach
wait "$DAEMON"; DAEMON= # it takes its locks with it
is "leaves them as they were" "$(timestamps)" 1
done_testing
