#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# health.t: what makes a node serve badly is told by `status`, by its exit code and by /healthz:
# addresses that went, links that are down, a daemon that does not move, a bpffs that cannot be
# written.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
keeper_up

health() {
	at pop curl -s -m 5 -w ' %{http_code}' http://127.0.0.1:9153/healthz
}

health_is() { # CODE TEXT
	local said
	said=$(health)
	[[ $said == *"$2"*" $1" ]] || { echo "$said"; return 1; }
}

tells() { # TEXT
	status .warnings | grep -qF -- "$1"
}

doctor_says() { # TEXT
	grep -qF -- "$1" <<<"$(anydoor doctor --quiet --alone)"
}

# finds NAME TEXT CODE: status, doctor and /healthz know.
finds() {
	await 4 tells "$2" # carrier, for one, is noticed within a second
	refused "$1" 4 "$2" anydoor status
	ok "$1: doctor" doctor_says "$2"
	ok "$1: /healthz" await 4 health_is "$3" "$( ((${3} == 503)) && echo "$2" || echo degraded)"
}

timeout_anydoor() { # SECONDS ARG...
	at pop timeout "$1" "$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one "${@:2}"
}

all_well() {
	same "$(status .warnings)" "[]" && health_is 200 ok
}

mkdir -p "$PINS"
mount -t bpf -o mode=0755 bpf "$PINS"
configure metrics="{ listen: \"127.0.0.1:9153\" }"
daemon_start
ok "all is well" await 4 all_well

at pop ip addr del $VIP4/32 dev lo
finds "a VIP is gone" "$VIP4 is on no interface here" 503
at pop ip addr add $VIP4/32 dev lo
ok "it is back" await 4 all_well

at client ip link set wan0 down
finds "the link is down" "wan0: the link is down" 503
at client ip link set wan0 up
ok "it is up" await 4 all_well
at pop ip link set wan0 down
finds "the interface is down" "wan0: the interface is down" 503
at pop ip link set wan0 up
at pop ip addr add fd09:0::1/64 dev wan0 nodad 2>/dev/null
ok "it is up" await 4 all_well

mount -o remount,ro "$PINS"
finds "the bpffs is read-only" "the bpffs is mounted read-only" 200
mount -o remount,rw "$PINS"
ok "it is not" await 4 all_well

# --- a daemon that does not move --------------------------------------------------------------------
kill -STOP "$DAEMON"
silent() {
	anydoor status | grep -qF "the daemon, process $DAEMON, gave no sign of life"
}
ok "a stopped daemon is told" await 14 silent
refused "and degraded" 4 "no sign of life" anydoor status
refused "who asks it is not kept waiting" 1 "does not answer" timeout_anydoor 10 reload
kill -CONT "$DAEMON"
ok "until it goes on" await 4 all_well

# --- since when ------------------------------------------------------------------------------------
sleep 2
before=$(status .loaded_s)
zone_write 2
ok "a reload" anydoor reload
is "is no other load" "$(status .loaded_s)" "$before"
configure metrics="{ listen: \"127.0.0.1:9153\" }" flows="{ max: 8K }"
ok "nor is one that changes programs" anydoor reload
is "it is still loaded since" "$(status .loaded_s)" "$before"
daemon_kill TERM

# --- what cannot be --------------------------------------------------------------------------------
configure interfaces="[wan0, lo]"
refused "lo is no interface to serve on" 2 "lo: no packet of a client comes in there" anydoor check --config-only
anydoor detach >/dev/null
configure stamp="{ clock: synchronised, tcp_timestamps: set }"
if /usr/bin/python3 -c 'import ctypes
raise SystemExit(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) != 5)'; then
	refused "a clock that may not be used" 75 "stamp.clock" anydoor run
	ok "it is told before zones are read" not grep -q "^zones:" <<<"$said"
else
	skip_next "the kernel's clock is synchronised"
fi
configure
umount -l "$PINS"
done_testing
