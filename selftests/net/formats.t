#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# formats.t: a version whose image of zones has another format takes over. Whichever programs of the
# two versions are behind the door at a moment, every query is answered rightly, by the daemon if need
# be: each mixture is tried, and the change itself under queries.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

NEXT=$(dirname "$ANYDOOR")/next/anydoor
readonly ASIDE=/sys/fs/bpf/$LAB_NAME-aside
readonly PROGRAMS="dns dns_copied"
FORMAT=$(sed -n 's/^.define AD_DNS_FORMAT //p' "$KEEPER_HOME/../../maps/dns.h")
# Where the program behind `dns` is, that of odd formats and that of even ones (maps/dns.h).
declare -A COPIED=([old]=$((2 + FORMAT % 2)) [new]=$((3 - FORMAT % 2)))

zone_write() {
	cat >"$LAB_DIR/example.zone" <<-END
		\$ORIGIN example.com.
		\$TTL 60
		@      SOA   ns1 host 1 3600 600 86400 60
		       NS    ns1
		ns1    A     $VIP4
		www    A     192.0.2.1
		       A     192.0.2.2
		text   TXT   "a text"
		*.wild A     192.0.2.3
		alias  CNAME www
		tree   DNAME wild
	END
}

ask() { # NAME TYPE [OPTION...]
	at client timeout 5 kdig +retry=0 +timeout=2 +noall +answer +norec "$@" @$VIP4 |
		awk '{ print $4, $5 }' | sort | paste -sd' '
}

# What the frame answers, and what is copied (bpf/README.md).
answers() {
	ask www.example.com A
	ask text.example.com TXT
	ask x.wild.example.com A
	ask alias.example.com A
	ask x.tree.example.com A
	ask missing.example.com A
	ask www.example.com A +edns +cookie
	ask www.example.com A +dnssec
}

keep_aside() { # WHICH
	local program
	mkdir -p "$ASIDE-$1"
	for program in $PROGRAMS; do
		bpftool prog pin pinned "$PINS/one/prog_$program" "$ASIDE-$1/$program"
	done
}

slots() {
	bpftool -j map dump pinned "$PINS/one/door_xdp" 2>/dev/null |
		jq -r '[.[] | select(.value | type == "array") | .key[0] | ltrimstr("0x")] | join(" ")'
}

put_copied() { # WHICH
	put "${COPIED[$1]}" dns_copied "$1"
}

take_copied() { # WHICH
	bpftool map delete pinned "$PINS/one/door_xdp" key "${COPIED[$1]}" 0 0 0
}

put() { # SLOT PROGRAM WHICH
	bpftool map update pinned "$PINS/one/door_xdp" key "$1" 0 0 0 value pinned "$ASIDE-$3/$2"
}

# Asks all the time for what takes both programs; says how often, and how often it was not ANSWER.
asking() { # ANSWER
	local nr=0 wrong=0
	while [[ ! -e $LAB_DIR/enough ]]; do
		[[ $(ask x.tree.example.com A) == "$1" ]] || wrong=$((wrong + 1))
		nr=$((nr + 1))
	done
	echo "$nr $wrong" >"$LAB_DIR/asked"
}

keeper_up
trap 'rm -rf "$ASIDE"-*; keeper_down' EXIT
configure xdp="{ dispatcher: off }"
client_hears_xdp
daemon_start
right=$(answers)
is "each question has its answer" "$(head -2 <<<"$right" | paste -sd,)" \
	'A 192.0.2.1 A 192.0.2.2,TXT "a'
is "from the kernel" "$(counter dns_unread)" 0
keep_aside old

daemon_kill TERM
ANYDOOR=$NEXT
daemon_start
is "the next version answers the same" "$(answers)" "$right"
is "from the kernel, too" "$(counter dns_unread)" 0
keep_aside new
ok "its maps are others" test ! -e "$PINS/one/dns_pages_$FORMAT" -a -e "$PINS/one/dns_pages_$((FORMAT + 1))"

# In the middle of a change both are in the table, and at its end, for a moment, `dns` without the others.
is "the old ones are in the table no more" "$(slots)" "00 01 0${COPIED[new]}"
put_copied old
for which in old new; do
	put 1 dns $which
	is "dns $which beside both: the same" "$(answers)" "$right"
done
is "which no program had to leave to the daemon" "$(counter dns_unread)" 0
passed=$(counter dns_passed)
for which in old new; do
	put 1 dns $which
	take_copied new
	take_copied old
	is "dns $which alone: the same" "$(answers)" "$right"
	put_copied old
	put_copied new
done
at_least "by the daemon" "$(counter dns_passed)" $((passed + 2))
put 1 dns new
take_copied old

# The way back, and on again, while somebody asks.
asking "$(ask x.tree.example.com A)" &
asker=$!
for ANYDOOR in "${NEXT%/next/*}/anydoor" "$NEXT"; do
	daemon_kill TERM
	daemon_start
done
touch "$LAB_DIR/enough"
wait $asker
read -r nr wrong <"$LAB_DIR/asked"
at_least "somebody asked" "$nr" 5
is "and always heard what is right" "$wrong" 0
done_testing
