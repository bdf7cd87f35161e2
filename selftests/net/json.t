#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# json.t: with --json, what decides says on stdout what it did, or what kept it from that, in one
# object; and nothing else is there.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
keeper_up

# says NAME CODE FILTER WANTED CMD...: exits so, and of its one object the filter gives that.
says() {
	local name=$1 wanted="$2: $4" filter=$3 said code=0
	shift 4
	said=$("$@" --json 2>"$LAB_DIR/talk") || code=$?
	is "$name" "$code: $(jq -cs "if length == 1 then .[0] | $filter else . end" <<<"$said")" \
		"$wanted"
}
first_error='[.ok, .instance, .errors == [.error], .code]'

says "keygen" 0 '[.ok, .file]' "[true,\"$LAB_DIR/new.key\"]" anydoor keygen "$LAB_DIR/new.key"
says "keygen over a key" 1 "$first_error" '[false,"one",true,1]' anydoor keygen "$LAB_DIR/new.key"
is "is told once" "$(wc -c <"$LAB_DIR/talk")" 0
for verb in drain undrain detach reload status; do
	says "$verb of nothing" 3 "$first_error" '[false,"one",true,3]' anydoor $verb
done

daemon_start
hold here $VIP4 $VIP6
is "two connections" "$HELD" holding
says "reload" 0 . '{"ok":true,"applied":true,"code":0,"error":null,"changes":[],"warnings":[],"errors":[],"instance":"one"}' anydoor reload
says "drain" 0 . '{"ok":true,"instance":"one","draining":true,"successors":["nyc-1"],"owned":2,"limit":0,"quiet":false,"waited_s":0,"ended":null,"step":null,"steps":null}' \
	anydoor drain
says "drain in vain" 1 '[.ok, .quiet, .waited_s >= 1, .ended]' '[false,false,true,"window"]' \
	anydoor drain --wait --window 1s
says "drain that is quiet" 0 '[.ok, .quiet, .limit, .ended]' '[true,true,2,"quiet"]' \
	anydoor drain --wait --limit 2
anydoor undrain >/dev/null
taken_back() {
	anydoor undrain | grep -q "served here again"
}
await 15 taken_back &
says "drain that is taken back" 1 '[.ok, .draining, .ended]' '[false,false,"undrained"]' \
	anydoor drain --wait --window 20s
wait $!
says "a successor that there is not" 2 "$first_error" '[false,"one",true,2]' anydoor drain --to none
says "a window that is none" 2 "$first_error" '[false,"one",true,2]' anydoor drain --window soon
says "undrain" 0 . '{"ok":true,"instance":"one","draining":false,"was_draining":false,"slow_start_s":0,"ended":null}' \
	anydoor undrain
says "detach under stamped flows" 1 "$first_error" '[false,"one",true,1]' anydoor detach
configure nyc=sideways flows="{ max: many }"
says "a broken file: reload" 2 '[.ok, (.errors | length), .error == .errors[0], .code]' \
	'[false,2,true,2]' anydoor reload
says "a broken file: drain" 2 '[.ok, (.errors | length)]' '[false,2]' anydoor drain
configure
says "detach by force" 0 . '{"ok":true,"instance":"one","detached":true,"broken":2}' \
	anydoor detach --force
wait "$DAEMON"
DAEMON=
ok "load without a daemon" anydoor run --load-only
says "detach" 0 . '{"ok":true,"instance":"one","detached":true,"broken":0}' anydoor detach --force
done_testing
