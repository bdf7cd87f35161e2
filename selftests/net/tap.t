#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tap.t: a result that was not wanted, or that a failed command may have given, is none.
# shellcheck source-path=SCRIPTDIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/tap.sh"

# What CMD..., one of tap.sh's, gives for its one result.
result_of() { # CMD...
	("$@") 2>/dev/null | cut -d' ' -f1
}

gives() { # RESULT CMD...
	is "$1: ${*:2}" "$(result_of "${@:2}")" "$1"
}

gives ok ok "a command" true
gives not ok "a command" false
gives not ok "no command"
gives not ok "an empty one" ""
gives not ok "" true
gives not ok
gives ok is "the same" 1 1
gives not is "another" 1 2
gives not is "" ""
gives not is "" 1 1
gives not is "nothing, as wanted" "" ""
gives not is "something" 1 ""
gives not is "nothing wanted" 1
gives ok ok "nothing said" says_nothing true
gives not ok "something said" says_nothing echo something
gives not ok "nothing said by what failed" says_nothing false
gives ok at_least "as much" 2 2
gives not at_least "less" 1 2
gives not at_least "nothing" "" 0
gives not at_least "a word, which bash takes for 0" silence 0
gives ok at_most "as much" 2 2
gives not at_most "more" 3 2
gives not at_most "nothing" "" 2
gives not at_most "a word" silence 2
done_testing
