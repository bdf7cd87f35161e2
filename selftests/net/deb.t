#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# deb.t: Debian packages. Made twice they are the same; a bare Debian 12, from apt, takes them; an upgrade
# under load loses no packet; what is attached cannot be removed; a purge leaves nothing.
#
# The Debian is a folder in a mount namespace of its own. No systemd runs there: a stand-in obeys what the
# packages' scripts ask of it, by the unit file that they bring.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"
top=$(realpath "$KEEPER_HOME/../..")
build=$(dirname "$ANYDOOR")
root=$LAB_DIR/root
made=$LAB_DIR/made
LOAD_ZONE=example.org

in_root() { # CMD...: in the POP's network, with no more than the Debian has
	nsenter --net="/run/netns/$LAB_NAME-pop" --mount="/proc/$PLACE/ns/mnt" chroot "$root" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

anydoor() {
	in_root anydoor "$@"
}

deb_down() {
	set +e
	trap '' INT TERM HUP
	[[ -z ${LOAD_PID:-} ]] || kill "$LOAD_PID"
	if [[ -n ${PLACE:-} ]]; then
		in_root systemctl stop anydoor.service
		anydoor detach --force
		kill "$PLACE"
		wait "$PLACE"
	fi 2>/dev/null
	anydoor() { :; }
	mkdir -p "$PINS" # which keeper_down removes
	keeper_down
}

# --- the packages ------------------------------------------------------------------------------
packages() { # PLACE
	OUT=$1 BUILD=$build "$top/deploy/package"
}

sums() { # PLACE
	(cd "$1" && sha256sum ./*.deb)
}

# In another folder the compilers make the same bytes.
same_elsewhere() {
	local tree=$LAB_DIR/tree file
	local files=(anydoor.bpf.o door.bpf.o rtt.bpf.o dispatcher.bpf.o user/base/addr.o user/cli/main.o)
	mkdir "$tree"
	(cd "$top" && git ls-files -z Makefile bpf maps user | xargs -0 cp -p --parents -t "$tree")
	make -s -C "$tree" BUILD=build "${files[@]/#/build/}" || return 1
	for file in "${files[@]}"; do
		cmp "$tree/build/$file" "$build/$file" || return 1
	done
	rm -rf "$tree"
}

version_of_makefile() {
	sed -nE 's/^VERSION[[:space:]]*:= //p' "$top/Makefile"
}

# What a build needs, apart from what every build has.
needs_of_deps() {
	sed 's/[[:space:]]*#.*//' "$top/deploy/deps.txt" | grep -vxE '(make|gcc|libc6-dev|)' | sort
}

needs_of_control() {
	sed -n '/^Build-Depends:/,/^[A-Z]/{s/^Build-Depends: *//; /^[A-Z]/d; s/[ ,]//g; p}' "$top/deploy/debian/control" |
		grep -v '^debhelper' | sort
}

# The version after this one: other formats of maps and zones, other programs.
make_next() {
	dpkg-deb -R "$made"/anydoor_*.deb "$LAB_DIR/next" &&
		install -m 755 "$build/next/anydoor" "$LAB_DIR/next/usr/bin/anydoor" &&
		sed -i 's/^Version: .*/&+next/' "$LAB_DIR/next/DEBIAN/control" &&
		dpkg-deb -b --root-owner-group -Znone "$LAB_DIR/next" "$root/tmp/next.deb"
}

# --- a Debian ----------------------------------------------------------------------------------
# From where this machine has its packages.
sources() {
	cat /etc/apt/sources.list.d/debian.sources 2>/dev/null || cat /etc/apt/sources.list
}

debian_up() {
	sources | mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
		--customize-hook="cp $made/*.deb \$1/tmp" \
		--customize-hook='chroot $1 sh -c "apt-get -qq -y install --no-install-recommends /tmp/*.deb"' \
		bookworm "$root" -
}

# A place with the Debian's own /proc, /sys, bpffs and /dev, which ends with the process PLACE.
place_up() {
	# shellcheck disable=SC2016 # $1 is that shell's
	nsenter --net="/run/netns/$LAB_NAME-pop" unshare --mount --propagation private sh -c '
		mount -t proc proc "$1/proc" && mount -t sysfs sysfs "$1/sys" &&
			mount -t bpf bpf "$1/sys/fs/bpf" && mount --rbind /dev "$1/dev" &&
			touch "$1/tmp/up" && exec sleep 600' sh "$root" &
	PLACE=$!
	await 10 test -e "$root/tmp/up"
}

systemctl_stands_in() {
	mkdir -p "$root/run/systemd/system"
	cat >"$root/usr/bin/systemctl" <<-'END'
		#!/bin/sh
		# What the packages' scripts ask of systemd, for one unit.
		unit=/lib/systemd/system/anydoor.service
		pid=/tmp/anydoor.pid
		runs() { kill -0 "$(cat $pid)" 2>/dev/null; }
		log=/tmp/anydoor.log
		ready() { grep -cE "^(instance default (loaded|adopted)|programs changed)" $log; }
		one_more() { [ "$(ready)" -gt "$1" ]; }
		poll() { for i in $(seq 600); do "$@" && return 0; sleep 0.1; done; return 1; }
		gone() { ! runs; }
		stop() { ! runs || { kill -TERM "$(cat $pid)"; poll gone; }; }
		start() {
			touch $log
			before=$(ready)
			setsid $(sed -n s/^ExecStart=//p $unit) >>$log 2>&1 </dev/null &
			echo $! >$pid
			poll one_more "$before"
		}
		for word; do
			case $word in
			daemon-reload) exit 0 ;;
			is-active) runs; exit ;;
			is-enabled) echo disabled; exit 1 ;;
			start | stop) $word; exit ;;
			restart) stop; start; exit ;;
			esac
		done
		exit 1
	END
	chmod 755 "$root/usr/bin/systemctl"
}

write_configuration() {
	configure interfaces="[wan0]" vips="[{ address: $VIP4 }, { address: \"$VIP6\" }]" state= \
		dns="{ zones: [{ name: $LOAD_ZONE, file: zones/load.zone }] }"
	cp "$LAB_DIR/anydoor.yaml" "$root/etc/anydoor/anydoor.yaml"
	printf '%s\n' "\$ORIGIN $LOAD_ZONE." '$TTL 60' '@ SOA ns1 host 1 3600 600 86400 60' '@ NS ns1' \
		"ns1 A $VIP4" 'www A 192.0.2.53' 'serial TXT "1"' >"$root/etc/anydoor/zones/load.zone"
}

# --- what must hold ----------------------------------------------------------------------------
has() { # PATH...
	local path
	for path; do
		[[ -e $root$path ]] || { echo "$path is not there"; return 1; }
	done
}

has_no_compiler() {
	not in_root sh -c 'command -v gcc || command -v cc || command -v clang || command -v make'
}

load_start() {
	coproc LOAD { AT="exec" at client "$KEEPER_HOME/dnsload.py" $VIP4 $VIP6; }
	LOAD_OUT=${LOAD[0]} LOAD_IN=${LOAD[1]}
}

load_end() { # its report
	echo >&"$LOAD_IN"
	cat <&"$LOAD_OUT"
	LOAD_PID=
}

daemon_pid() {
	cat "$root/tmp/anydoor.pid"
}

program() { # id of the one that gets packets
	nsenter --mount="/proc/$PLACE/ns/mnt" bpftool -j prog show pinned \
		"$root/sys/fs/bpf/anydoor/default/prog_packet" | jq .id
}

leftovers() {
	find "$root" -xdev -name '*anydoor*' -not -path "$root/var/lib/apt/*" -not -path "$root/var/log/*" \
		-not -path "$root/tmp/*" -not -path "$root/proc/*"
	grep anydoor "$root/etc/group"
	find "$root/etc/anydoor" "$root/var/lib/anydoor" 2>/dev/null
	true
}

keeper_up
trap deb_down EXIT

ok "packages are made" packages "$made"
ok "and made again" packages "$LAB_DIR/again"
is "they are the same" "$(sums "$LAB_DIR/again")" "$(sums "$made")"
ok "so is what compilers make in another folder" same_elsewhere
ok "lintian finds nothing wrong" lintian --fail-on error,warning "$made"/*.changes
is "their version is the program's" "$(dpkg-deb -f "$made"/anydoor_*.deb Version)" "$(version_of_makefile)"
is "they are built from what deps.txt names" "$(needs_of_control)" "$(needs_of_deps)"

ok "a bare Debian takes them" debian_up
place_up
systemctl_stands_in
ok "there is no compiler" has_no_compiler
ok "the program runs" in_root anydoor version
ok "it brings unit, manual, completion and documents" has /lib/systemd/system/anydoor.service \
	/usr/share/bash-completion/completions/anydoor /usr/share/zsh/vendor-completions/_anydoor \
	/usr/share/fish/vendor_completions.d/anydoor.fish /usr/share/anydoor/anydoor.yaml
is "the group is there" "$(in_root getent group anydoor | cut -d: -f1)" anydoor
ok "nothing was started" not in_root systemctl is-active anydoor.service
ok "a key is made" in_root anydoor keygen /etc/anydoor/fleet.key
ok "check accepts the first configuration" in_root anydoor check --config-only

write_configuration
client_hears_xdp
ok "it starts as the unit says" in_root systemctl start anydoor.service
hold here $VIP4 $VIP6
is "two connections" "$HELD" holding
ok "the next version is made" make_next
before=$(daemon_pid) program=$(program)
load_start
sleep 0.5
ok "and installed while it runs" in_root dpkg -i /tmp/next.deb
sleep 0.5
report=$(load_end)
ok "by another daemon" not same "$(daemon_pid)" "$before"
ok "which runs" in_root systemctl is-active anydoor.service
ok "and has put its own program behind the door" not same "$(program)" "$program"
is "of DNS queries none was lost, none was answered wrongly" "$(jq -c '[.lost, .wrong]' <<<"$report")" "[0,0]"
at_least "of hundreds" "$(jq .asked <<<"$report")" 500
is "both connections live" "$(alive here)" 2
at_most "and waited for nothing (ms)" "$(cat "$LAB_DIR/pause")" 500
ok "no packet was dropped on the way" same "$(counter internal) $(counter out_bad)" "0 0"
is "an operator's configuration stays" "$(in_root grep -c $LOAD_ZONE /etc/anydoor/anydoor.yaml)" 1

try in_root dpkg -r anydoor
is "what is attached cannot be removed" "$code" 1
ok "which says what to do" grep -q "anydoor detach" <<<"$said"
ok "and it still runs" in_root systemctl is-active anydoor.service
in_root systemctl stop anydoor.service
ok "detach" anydoor detach --force
ok "purge" in_root dpkg -P anydoor anydoor-doc
ok "leaves nothing" says_nothing leftovers
done_testing
