# SPDX-License-Identifier: GPL-3.0-or-later
# base.sh: what every script of the lab leans on. Sourced by lab.sh.
# shellcheck shell=bash

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# at PLACE CMD...: run a command in one of the lab's namespaces. Not `ip netns exec`: that one
# remounts /sys, and bpffs would be out of sight. With AT=exec the command takes the shell's place,
# so that in the background it is a job of ours itself.
at() {
	local place=$1
	shift
	${AT:-} nsenter --net="/run/netns/$LAB_NAME-$place" "$@"
}

# enter PLACE CMD...: as `at`, and there `anydoor` and `birdc` mean the ones of that place.
enter() {
	local place=$1
	shift
	at "$place" env PATH="$LAB_DIR/bin:$(dirname "$ANYDOOR"):$PATH" LAB_PLACE="$place" \
		ANYDOOR_CONFIG="$LAB_DIR/$place.yaml" ANYDOOR_NAME="$place" \
		LIBXDP_BPFFS="$LAB_DIR/bpf" "$@"
}

# await SECONDS CMD...: poll until CMD succeeds; false (and a word about it) after SECONDS.
await() {
	local limit=$1 end=$((SECONDS + $1 + 1))
	shift
	until "$@" >"$LAB_DIR/await" 2>&1; do
		if ((SECONDS >= end)); then
			echo "gave up after ${limit} s waiting for: $*" >&2
			tail -n 3 "$LAB_DIR/await" >&2
			return 1
		fi
		sleep 0.1
	done
}

not() {
	! "$@"
}

# same GOT EXPECTED
same() {
	[[ $1 == "$2" ]] || {
		printf '     got: %s\nexpected: %s\n' "$1" "$2"
		return 1
	}
}

# not_below GOT LEAST
not_below() {
	are_numbers "$@" && (($1 >= $2)) || {
		printf '     got: %s\nat least: %s\n' "${1:-}" "${2:-}"
		return 1
	}
}

# not_above GOT MOST
not_above() {
	are_numbers "$@" && (($1 <= $2)) || {
		printf '     got: %s\n at most: %s\n' "${1:-}" "${2:-}"
		return 1
	}
}

# Two of them; what a command that failed gives is none.
are_numbers() {
	[[ $# == 2 && $1 =~ ^-?[0-9]+$ && $2 =~ ^-?[0-9]+$ ]]
}

# Somebody at PLACE listens on TCP PORT: on both VIPs, if told 2.
listens() { # PLACE PORT [SOCKETS]
	(($(at "$1" ss -Hltn "sport = $2" | wc -l) >= ${3:-1}))
}
