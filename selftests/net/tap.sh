# SPDX-License-Identifier: GPL-3.0-or-later
# tap.sh: the Test Anything Protocol for tests in bash. `same` and `not_below` are the lab's.
# shellcheck shell=bash

TAP_RUN=0 TAP_FAILED=0

# ok NAME CMD...: CMD succeeds. What it says is shown when it does not.
ok() {
	local name=${1:-} out
	(($# >= 2)) && [[ -n $name && -n $2 ]] || set -- "$name" false "(no name, or no command)"
	shift
	TAP_RUN=$((TAP_RUN + 1))
	if out=$("$@" 2>&1); then
		echo "ok $TAP_RUN - $name"
		return
	fi
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_RUN - $name"
	diag "$* failed${out:+:
$out}"
}

# is NAME GOT EXPECTED. What should be empty is for says_nothing: a command that failed gives that, too.
is() {
	ok "${1:-}" is_expected "${@:2}"
}

is_expected() { # GOT EXPECTED
	(($# == 2)) && [[ -n $2 ]] || {
		echo "GOT and EXPECTED are wanted, and EXPECTED not empty: use says_nothing CMD..."
		return 1
	}
	same "$@"
}

# The command succeeds, and says nothing.
says_nothing() { # CMD...
	local said
	said=$("$@" 2>&1) || {
		echo "exit code $?: $said"
		return 1
	}
	same "$said" ""
}

# at_least NAME GOT LEAST
at_least() {
	ok "${1:-}" not_below "${@:2}"
}

# at_most NAME GOT MOST
at_most() {
	ok "${1:-}" not_above "${@:2}"
}

diag() {
	sed 's/^/# /' <<<"$*" >&2
}

# Instead of one result.
skip_next() { # WHY
	TAP_RUN=$((TAP_RUN + 1))
	echo "ok $TAP_RUN # SKIP $*"
}

done_testing() {
	echo "1..$TAP_RUN"
	exit $((TAP_FAILED > 0))
}

# Instead of any result: nothing here can be tried.
skip_all() { # WHY
	echo "1..0 # SKIP $*"
	exit 0
}
