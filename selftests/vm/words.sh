# SPDX-License-Identifier: GPL-3.0-or-later
# words.sh: what the scripts of the test machine report and wait with. The caller names $log.
# shellcheck shell=sh

nr=0

ok() # COMMAND... -- NAME
{
	nr=$((nr + 1))
	line=""
	while [ "$1" != -- ]; do
		line="$line $1"
		shift
	done
	if eval "$line"; then
		echo "ok $nr - $2"
	else
		echo "not ok $nr - $2"
		echo "# failed: $line"
		# shellcheck disable=SC2154 # whoever sources this has one
		tail -5 "$log" | sed 's/^/# log: /'
	fi
}

await() # SECONDS COMMAND...
{
	tries=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
