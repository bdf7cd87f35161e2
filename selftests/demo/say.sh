# SPDX-License-Identifier: GPL-3.0-or-later
# say.sh: how the demo speaks. Colour on a terminal, plain words anywhere else.
# shellcheck shell=bash

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
	BOLD='' DIM='' GREEN='' RED='' PLAIN=''
fi

CLAIMS_BROKEN=0

say_title() { # TEXT
	printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"
}

say() {
	printf '   %s\n' "$*"
}

# show PLACE CMD...: say what is typed there, and show the first lines (SHOW_LINES, else 8) of what it answers. The whole
# answer stays in $SHOWN.
show() {
	local place=$1
	shift
	say_typed "$place" "$*"
	SHOWN=$(enter "$place" "$@" 2>&1) || true
	say_lines "$SHOWN"
}

say_typed() { # PLACE TEXT
	printf '   %s%s$%s %s\n' "$DIM" "$1" "$PLAIN" "$2"
}

say_lines() { # TEXT
	[[ -z $1 ]] || head -n "${SHOW_LINES:-8}" <<<"$1" | cut -c1-110 | sed '/^BIRD .* ready/d; s/^/      /'
}

# claim TEXT CMD...: TEXT holds if CMD succeeds. The demo goes on, and fails in the end.
claim() {
	local text=$1 why
	shift
	if why=$("$@" 2>&1); then
		printf '   %s✓%s %s\n' "$GREEN" "$PLAIN" "$text"
		return
	fi
	CLAIMS_BROKEN=$((CLAIMS_BROKEN + 1))
	printf '   %s✗ %s%s\n' "$RED" "$text" "$PLAIN"
	say_lines "${why:-$* failed}"
}
