# SPDX-License-Identifier: GPL-3.0-or-later
# lab.sh: a client, its ISP, three POPs and the Internet between them, in network namespaces.
#
# Source it, call lab_up, and everything is gone when the script ends, however it ends. All names
# carry the lab's own, so that several labs can be up at once.
# shellcheck shell=bash

LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$LAB_HOME/../.." && pwd)
LAB_BUILD=$(cd "$REPO" && realpath -m "${BUILD:-build}")
ANYDOOR=${ANYDOOR:-$LAB_BUILD/anydoor}
ROUTER_PORT=$LAB_BUILD/selftests/lab/router_port.bpf.o

# shellcheck source=selftests/lab/base.sh
. "$LAB_HOME/base.sh"
# shellcheck source=selftests/lab/topology.sh
. "$LAB_HOME/topology.sh"
# shellcheck source=selftests/lab/bgp.sh
. "$LAB_HOME/bgp.sh"
# shellcheck source=selftests/lab/web.sh
. "$LAB_HOME/web.sh"
# shellcheck source=selftests/lab/nats.sh
. "$LAB_HOME/nats.sh"
# shellcheck source=selftests/lab/pop.sh
. "$LAB_HOME/pop.sh"
# shellcheck source=selftests/lab/steer.sh
. "$LAB_HOME/steer.sh"
# shellcheck source=selftests/lab/crowd.sh
. "$LAB_HOME/crowd.sh"
# shellcheck source=selftests/lab/counters.sh
. "$LAB_HOME/counters.sh"

# Raises everything but anydoor (pops_up does that).
lab_up() {
	((EUID == 0)) || die "must run as root"
	[[ -x $ANYDOOR && -e $ROUTER_PORT ]] || die "not built: \`make demo\` or \`make test\` does"
	lab_name "$(mktemp -d "${TMPDIR:-/tmp}/anydoor-lab-XXXXXX")"
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	trap 'exit 141' PIPE # nobody reads on: `make demo | head`
	mkdir "$LAB_DIR/bpf"
	mount -t bpf -o mode=0755 anydoor-lab "$LAB_DIR/bpf"
	topology_up
	web_up
	bgp_up
}

# The lab in DIR is the one the functions speak of.
lab_name() { # DIR
	LAB_DIR=$1
	LAB_NAME=ad-${LAB_DIR##*-}
}

# May be called at any time and more than once; what fails does not keep the rest.
lab_down() {
	local place
	set +e
	trap '' INT TERM HUP PIPE
	disown -a # or bash tells of every job that is killed
	lab_kill TERM
	await 5 lab_is_quiet 2>/dev/null || lab_kill KILL
	for place in "${PLACES[@]}"; do
		[[ ! -e /run/netns/$LAB_NAME-$place ]] || ip netns del "$LAB_NAME-$place"
	done
	if mountpoint -q "$LAB_DIR/bpf"; then
		umount -l "$LAB_DIR/bpf"
	fi
	rm -rf --one-file-system "$LAB_DIR"
}

# Whoever lives in one of our namespaces is ours, and nobody else is.
lab_pids() {
	local place
	for place in "${PLACES[@]}"; do
		[[ ! -e /run/netns/$LAB_NAME-$place ]] || ip netns pids "$LAB_NAME-$place"
	done
}

lab_kill() { # SIGNAL
	local pids
	mapfile -t pids < <(lab_pids)
	((${#pids[@]} == 0)) || kill "-$1" "${pids[@]}" 2>/dev/null || true
}

lab_is_quiet() {
	[[ -z $(lab_pids) ]]
}

# Leave it up when the script ends, and say how to use it.
lab_keep() {
	local lab="${LAB_HOME#"$PWD/"}/lab" name=${LAB_DIR##*-} place
	printf 'LAB_POPS=%q LAB_NODES=%q LAB_BUS=%q\n' "$LAB_POPS" "${LAB_NODES:-}" "${LAB_BUS:-0}" >"$LAB_DIR/shape"
	trap - EXIT
	printf '\nThe lab stays up. As root, a shell in each place, in a node with its anydoor and birdc:\n'
	for place in "${NODES[@]}" client isp "${EDGES[@]}"; do
		printf '   %s in %s %s\n' "$lab" "$name" "$place"
	done
	cat <<-END
		BGP brings the client to ${POPS[1]}:
		   $lab move $name ${POPS[1]}
		Take it down:
		   $lab down $name
	END
}
