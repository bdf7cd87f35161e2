#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kernels.t: Debian's own 6.1 and 6.12 kernels, each booted under QEMU with our programs inside.
#
# In each: the program tests, the attached data path with and without libxdp's dispatcher, and a
# second XDP program beside it (selftests/vm/init). Needs no KVM. Packages are kept in
# ANYDOOR_CACHE (default build/vm/cache), so that only the first run downloads.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
vm=$build/vm
cache=${ANYDOOR_CACHE:-$vm/cache}
dispatcher=/usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o
seconds=${ANYDOOR_VM_SECONDS:-900}

# The newest signed cloud image of a series that apt knows.
newest_package()
{
	apt-cache pkgnames "linux-image-$1." |
		grep -E "^linux-image-${1/./\\.}\.[^-]+(-[0-9]+)?-cloud-amd64$" | sort -V | tail -1
}

newest_cached()
{
	find "$cache" -name "linux-image-$1.*-cloud-amd64_*.deb" 2>/dev/null | sort -V | tail -1
}

# Prints the path of a package of the series; without a network, of the newest one kept.
get_package()
{
	mkdir -p "$cache"
	download "$1" || { apt-get -qq update && download "$1"; } >&2
	newest_cached "$1"
}

# Fails if apt knows no such package, or one that the mirror has no more.
download()
{
	local package
	package=$(newest_package "$1")
	[ -n "$package" ] || return
	compgen -G "$cache/${package}_*.deb" >/dev/null ||
		(cd "$cache" && apt-get -qq -o APT::Sandbox::User=root download "$package")
}

# Unpacks it once.
get_tree()
{
	local tree=$vm/$1
	if [ "$(cat "$tree/.from" 2>/dev/null)" != "$2" ]; then
		rm -rf "$tree"
		mkdir -p "$tree"
		dpkg-deb -x "$2" "$tree" || return
		echo "$2" >"$tree/.from"
	fi
	echo "$tree"
}

pack()
{
	local zone zones=()
	for zone in "$build"/selftests/prog/vectors*.zone; do
		zones+=("test/${zone##*/}=$zone")
	done
	selftests/vm/initrd.sh "$1" "$2" \
		bin/sh=/bin/dash bin/ip=/bin/ip sbin/bpftool=/usr/sbin/bpftool \
		bin/anydoor="$build/anydoor" \
		sbin/ethtool=/sbin/ethtool \
		test/attach.sh=selftests/vm/attach.sh \
		test/vlan.sh=selftests/vm/vlan.sh \
		test/words.sh=selftests/vm/words.sh \
		test/router_port.bpf.o="$build/selftests/lab/router_port.bpf.o" \
		test/runner="$build/selftests/prog/runner" \
		test/vectors="$build/selftests/prog/vectors" \
		test/programs.txt=selftests/prog/programs.txt \
		"${zones[@]}" \
		test/beside="$build/selftests/vm/beside" \
		test/beside.bpf.o="$build/selftests/vm/beside.bpf.o" \
		test/changes.bpf.o="$build/selftests/vm/changes.bpf.o" \
		test/libxdp/xdp-dispatcher.o="$build/dispatcher.bpf.o" \
		"${dispatcher#/}=$dispatcher"
}

# No machine outlives us: timeout(1) leads a process group of its own, which ^C does not reach.
machine=
stop()
{
	trap '' INT TERM HUP
	[ -z "$machine" ] || kill "$machine" 2>/dev/null
	wait
	exit 143
}
trap stop INT TERM HUP

# The console goes to one serial port, TAP to the other, so that neither disturbs the other.
boot()
{
	timeout -k 5 "$seconds" qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 1024 \
		-nodefaults -display none -no-reboot \
		-kernel "$1"/boot/vmlinuz-* -initrd "$2" -append "console=ttyS0 quiet panic=-1" \
		-serial "file:$3.console" -serial "file:$3.tap" </dev/null &
	machine=$!
	wait "$machine"
	machine=
}

# Numbers the results anew under the kernel's name, and makes one of every plan that was not kept.
relay()
{
	tr -d '\r' <"$2" | awk -v series="$1" -v nr="$total" '
	function result(good, text)
	{
		printf "%sok %d - %s: %s\n", good ? "" : "not ", ++nr, series, text
	}
	/^(not )?ok [0-9]+/ {
		good = $1 == "ok"
		sub(/^(not )?ok [0-9]+ *-? */, "")
		result(good, $0)
		seen++
		next
	}
	/^1\.\.[0-9]+/ {
		if (substr($1, 4) != seen)
			result(0, seen " results of " substr($1, 4))
		plans += seen > 0
		seen = 0
		next
	}
	/^# end of tests/ { ended = 1; next }
	/^#/ { print | "cat >&2" }
	END {
		result(ended && !seen && plans == 3, "everything in the machine was run")
		print nr >"/dev/fd/3"
	}' 3>"$vm/count"
	total=$(cat "$vm/count")
}

fail()
{
	total=$((total + 1))
	echo "not ok $total - $*"
}

test_kernel()
{
	local series=$1 package tree
	package=$(get_package "$series")
	[ -n "$package" ] || { fail "$series: no kernel package, neither from apt nor in $cache"; return; }
	tree=$(get_tree "$series" "$package") && pack "$tree" "$vm/$series.img" ||
		{ fail "$series: cannot build the machine"; return; }
	# QEMU's emulation of two CPUs can trip over code that the booting kernel changes, before
	# anything of ours runs: that says nothing of us, and is tried again.
	for _ in 1 2 3; do
		rm -f "$vm/$series".{tap,console}
		boot "$tree" "$vm/$series.img" "$vm/$series"
		[ ! -s "$vm/$series.tap" ] && grep -q 'Kernel panic' "$vm/$series.console" || break
		echo "# $series: the kernel panicked before it ran our tests; once more" >&2
	done
	relay "$series" "$vm/$series.tap"
	grep -q 'end of tests' "$vm/$series.tap" ||
		tail -30 "$vm/$series.console" | sed 's/^/# console: /' >&2
}

make -s BUILD="$build" all "$build/selftests/prog/runner" "$build/selftests/prog/vectors" \
	"$build"/selftests/vm/{beside,beside.bpf.o,changes.bpf.o} \
	"$build/selftests/lab/router_port.bpf.o" >&2 || exit 1
total=0
for series in ${ANYDOOR_KERNELS:-6.1 6.12}; do
	test_kernel "$series"
done
echo "1..$total"
