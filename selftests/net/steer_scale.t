#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# steer_scale.t: with 1,000 policies that have a rule for each of 250 regions, what is said of a POP is in
# force within 10 ms: from before the daemon is told, to an answer of the kernel that obeys.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
scale=$(dirname "$0")/steer_scale.py
TIMES=20 WITHIN_US=10000

keeper_up
client_hears_xdp
zone_write 1 "www.fra A 192.0.2.10
www.nyc A 192.0.2.20
www.sin A 192.0.2.30"
configure pops=
"$scale" make 1000 250 >>"$LAB_DIR/anydoor.yaml"
began=$EPOCHREALTIME
daemon_start 2>/dev/null
ok "the daemon comes up" await 120 test -S "$LAB_DIR/run/one/control"
diag "up after $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) ms"
told=$(grep -o "steering: .*" "$LAB_DIR/log")
is "what it takes is told" "${told%%, in *}" "steering: 1 names by 1000 policies that tell 251 kinds of clients apart"
diag "$told"
times=$(at client "$scale" react "$LAB_DIR/run/one/control" $VIP4 www.example.com $TIMES | sort -n)
is "it goes and comes back" "$(wc -l <<<"$times")" $((2 * TIMES))
median=$(sed -n ${TIMES}p <<<"$times")
diag "in force after: median $median ms, at best $(head -1 <<<"$times"), at worst $(tail -1 <<<"$times")"
at_most "median of microseconds until an answer obeys" "$(awk '{ print int(1000 * $1) }' <<<"$median")" $WITHIN_US
kill -TERM "$DAEMON"
wait "$DAEMON"
DAEMON=
done_testing
