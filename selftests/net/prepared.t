#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# prepared.t: on a bpffs and in a /run where everybody may write, somebody is there before us.
# Nothing that he prepared is used, and root's commands do not reach him.
# shellcheck source-path=SCRIPTDIR
set -u

. "$(dirname "$0")/keeper.sh"

declare -A HOLD_PID=()

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# prepared STATE TEXT: nothing uses that place, and all say TEXT.
prepared() {
	local command
	configure state="$1"
	for command in run status detach check; do
		refused "$command" 1 "$2" anydoor $command
	done
}

# Whatever the other one is told, he answers that all is well, and keeps it.
listen_as_nobody() { # PATH
	(exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all /usr/bin/python3 -c '
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
	client, _ = server.accept()
	said = client.recv(4096)
	if said:
		open(sys.argv[1] + ".heard", "ab").write(said)
		client.sendall(b"{\"ok\":true,\"changes\":[],\"broken\":0}\n")
	client.close()
' "$1") >/dev/null 2>&1 &
	LISTENER=$!
	await 5 test -S "$1"
}

keeper_up
shared=$LAB_DIR/shared-bpf run=$LAB_DIR/shared-run
clean_up() {
	[[ -z ${LISTENER:-} ]] || kill "$LISTENER" 2>/dev/null
	anydoor detach --force 2>/dev/null
	umount -l "$shared" 2>/dev/null
	keeper_down
}
trap clean_up EXIT
mkdir "$shared" "$run"
mount -t bpf -o mode=1777 bpf "$shared"
chmod 1777 "$run"
mkdir -p "$PINS"

# --- pins ------------------------------------------------------------------------------------------
as_nobody mkdir -m 755 "$shared/his"
prepared "{ bpffs: $shared/his, run: $LAB_DIR/run }" "$shared/his: belongs to user 65534"
mkdir "$shared/open"
chmod 777 "$shared/open"
prepared "{ bpffs: $shared/open, run: $LAB_DIR/run }" "$shared/open: has mode 0777"
prepared "{ bpffs: $shared, run: $LAB_DIR/run }" "$shared: has mode 1777"
mkdir "$shared/below"
as_nobody ln -s "$shared/below" "$shared/link"
prepared "{ bpffs: $shared/link, run: $LAB_DIR/run }" "$shared/link: belongs to user 65534"
ok "nothing was made there" not ls "$shared/his/one" "$shared/open/one" "$shared/one" "$shared/below/one"

# --- run files ---------------------------------------------------------------------------------------
as_nobody mkdir -m 755 "$run/his"
configure state="{ bpffs: $PINS, run: $run/his }"
refused "run" 1 "$run/his: belongs to user 65534" anydoor run
refused "check" 1 "$run/his: belongs to user 65534" anydoor check

# --- what root says --------------------------------------------------------------------------------
as_nobody mkdir "$run/his/one"
listen_as_nobody "$run/his/one/control"
refused "reload" 1 "the daemon does not answer: Operation not permitted" anydoor reload
as_nobody mkdir -m 755 "$shared/his/one" "$shared/his/one~lock"
as_nobody ln -s "$run/his/one" "$shared/his/one~lock/run"
configure state="{ bpffs: $shared/his, run: $LAB_DIR/run }"
refused "reload by a link of his" 3 "no daemon runs" anydoor reload
ok "he has heard nothing" not cat "$run/his/one/control.heard"

# --- a sticky place is good if root was first ------------------------------------------------------
configure state="{ bpffs: $shared/ours, run: $run/ours }"
(exec nsenter --net="/run/netns/$LAB_NAME-pop" \
	"$ANYDOOR" --config "$LAB_DIR/anydoor.yaml" --name one run) >>"$LAB_DIR/log" 2>&1 &
DAEMON=$!
ok "root is first in both: it starts" await 10 test -S "$run/ours/one/control"
ok "and is read" anydoor status
ok "and reloads" anydoor reload
ok "the other one can move neither away" not as_nobody mv "$shared/ours" "$shared/gone"
ok "nor the run files" not as_nobody mv "$run/ours" "$run/gone"
ok "it goes" anydoor detach --force
DAEMON=
done_testing
