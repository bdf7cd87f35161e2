#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# initrd.sh: packs a root file system to boot a kernel package with.
#
#   initrd.sh KERNEL_TREE OUT [PATH=SOURCE]...
#
# KERNEL_TREE is an unpacked linux-image package. Each SOURCE is put at PATH; a program brings the
# shared libraries it needs. Modules lie where modprobe looks, so the kernel loads them by itself,
# as on a real machine.
set -euo pipefail

tree=$(realpath "$1") out=$2
shift 2
modules="veth cls_bpf sch_ingress act_bpf tcp_diag 8021q"
here=$(dirname "$0")
version=$(ls "$tree/lib/modules")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

install_libraries()
{
	{ ldd "$1" 2>/dev/null || true; } | sed -n "s:.*[[:space:]]\(/[^ ]*\) (0x.*:\1:p" | while read -r lib; do
		[ -e "$root$lib" ] || install -D "$lib" "$root$lib"
	done
}

install_modules()
{
	local name path
	[ -e "$tree/lib/modules/$version/modules.dep" ] || depmod -b "$tree" "$version"
	for name in $modules; do
		modprobe -d "$tree" -S "$version" --show-depends "$name"
	done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r path; do
		install -D -m 644 "$path" "$root${path#"$tree"}"
		case $path in *.xz) xz -d "$root${path#"$tree"}" ;; esac
	done
	cp "$tree/lib/modules/$version/"modules.{order,builtin,builtin.modinfo} \
		"$root/lib/modules/$version/"
	depmod -b "$root" "$version"
}

mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,etc}
install /bin/busybox "$root/bin/busybox"
for applet in $(busybox --list | grep -vx busybox); do
	ln -sf busybox "$root/bin/$applet"
done
ln -s /bin/busybox "$root/sbin/modprobe"
install_modules
install -m 755 "$here/init" "$root/init"
for pair in "$@"; do
	install -D "${pair#*=}" "$root/${pair%%=*}"
	install_libraries "${pair#*=}"
done
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 > "$out.tmp"
mv "$out.tmp" "$out"
