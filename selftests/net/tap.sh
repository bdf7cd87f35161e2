# SPDX-License-Identifier: GPL-3.0-or-later
# tap.sh: the Test Anything Protocol for tests in bash. `same` and `not_below` are the lab's.
# shellcheck shell=bash

TAP_RUN=0 TAP_FAILED=0

# ok NAME CMD...: CMD succeeds. What it says is shown when it does not.
ok() {
	local name=$1 out
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

# is NAME GOT EXPECTED
is() {
	ok "$1" same "$2" "$3"
}

# at_least NAME GOT LEAST
at_least() {
	ok "$1" not_below "$2" "$3"
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
