#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# binary.t: the binary is built as Debian hardens what it builds; and the user's CFLAGS still count.
set -u
cd "$(dirname "$0")/../.." || exit 1
. selftests/lab/base.sh
. selftests/net/tap.sh

build=${BUILD:-build}
binary=$build/anydoor

# has TOOL-AND-OPTIONS PATTERN: what the tool says of the binary has such a line.
has() {
	$1 "$binary" | grep -qE -- "$2"
}

# The dynamic section says NOW, in either of its two words.
binds_now() {
	has "readelf -dW" '\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW'
}

# Frames of more than a page touch each page on their way down.
touches_pages() {
	has "objdump -d --no-show-raw-insn" 'orq +\$0x0,.*\(%rsp'
}

starts_with_endbr() { # FUNCTION
	objdump -d --no-show-raw-insn --disassemble="$1" "$binary" | grep -A1 "<$1>:" | grep -q endbr64
}

# compiles WITH FLAG...: make CFLAGS=WITH would compile with each FLAG; without, if it begins with !.
compiles() {
	local line flag
	line=$(make -n -W user/base/addr.c BUILD="$build" CFLAGS="$1" "$build/user/base/addr.o" | grep -e ' -c user/base/addr.c')
	for flag in "${@:2}"; do
		case $flag in
		!*)	[[ " $line " != *" ${flag#!} "* ]] ;;
		*)	[[ " $line " == *" $flag "* ]] ;;
		esac || {
			echo "$flag: $line"
			return 1
		}
	done
}

ok "position independent" has "readelf -hW" 'Type: +DYN'
ok "and an executable" has "readelf -dW" '\(FLAGS_1\).* PIE'
ok "relocations are read-only after the start" has "readelf -lW" GNU_RELRO
ok "all of them: bound at the start" binds_now
ok "no stack is executable" has "readelf -lW" 'GNU_STACK .* RW '
ok "no segment is writable and executable" not has "readelf -lW" 'LOAD .* RWE '
ok "stack protector" has "readelf --dyn-syms -W" '__stack_chk_fail'
ok "_FORTIFY_SOURCE: snprintf is checked" has "readelf --dyn-syms -W" '__vsnprintf_chk'
ok "memcpy is" has "readelf --dyn-syms -W" '__memcpy_chk'
if [[ $(uname -m) == x86_64 ]]; then
	ok "no stack jumps over its guard page" touches_pages
	ok "an indirect branch ends at a marked place: main" starts_with_endbr main
	ok "and each command" starts_with_endbr cmd_run
fi
ok "the user's CFLAGS take the place of -O2 -g" compiles "-O1 -g3" -O1 -g3 !-O2 !-g
ok "and leave the hardening" compiles "-O1 -g3" -fstack-protector-strong -D_FORTIFY_SOURCE=2
ok "which they can take back" compiles "-O1 -fno-stack-protector" \
	"-fstack-protector-strong -fstack-clash-protection" -fno-stack-protector
ok "without an optimizer nothing is fortified" compiles "-O0" !-D_FORTIFY_SOURCE=2 -fPIE
ok "a format that is data is an error" compiles "-O2" -Werror=format-security

done_testing
