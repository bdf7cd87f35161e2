#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# greedy.t: clients that take all they can get of the daemon's listeners, on a host that allows it
# few open files. The data path stays where it is, and others are served.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/tap.sh"
anydoor=$(realpath "${BUILD:-$here/../../build}/anydoor")
host=greedy-t-$$
far=greedy-far-$$
pins=/sys/fs/bpf/greedy-t-$$
dir=$(mktemp -d)
export LAB_DIR=$dir # where await leaves what was said
files=256	    # that the daemon may open
daemon='' greedy=''

export ANYDOOR_CONFIG=$dir/anydoor.yaml ANYDOOR_NAME=t
export PATH=$PATH:/usr/sbin:/sbin

clean_up() {
	local children
	mapfile -t children < <(jobs -p)
	((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null
	in_host "$anydoor" detach --force 2>/dev/null
	wait
	ip netns del "$host" 2>/dev/null
	ip netns del "$far" 2>/dev/null
	[[ ! -d $pins ]] || rmdir "$pins"
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# A background job is started without these functions: its pid must be the program's own.
in_host() {
	nsenter --net="/run/netns/$host" "$@"
}

in_far() {
	nsenter --net="/run/netns/$far" "$@"
}

raise_hosts() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	ip netns add "$host"
	ip netns add "$far"
	ip link add uplink netns "$host" type veth peer name eth0 netns "$far"
	in_host ip link set lo up
	in_host ip link set uplink up
	in_far ip link set eth0 up
	in_host ip address add 198.51.100.1/24 dev uplink
	in_host ip address add 192.0.2.53/32 dev lo
	in_host ip route add default via 198.51.100.254
	in_far ip address add 198.51.100.254/24 dev eth0
	in_far ip route add 192.0.2.53/32 via 198.51.100.1
}

configure() {
	install -m 600 <(printf '%064d\n' 7) "$dir/fleet.key"
	cat >"$dir/example.zone" <<-END
		\$TTL 300
		@ SOA ns hostmaster 1 3600 600 86400 300
		@ NS ns
		ns A 192.0.2.53
	END
	cat >"$dir/anydoor.yaml" <<-END
		node: fra-1
		interfaces: [uplink]
		vips: [{ address: 192.0.2.53 }]
		pops: [{ name: fra }]
		nodes: [{ name: fra-1, id: 1, pop: fra, tunnel: 198.51.100.1 }]
		stamp: { clock: any, tcp_timestamps: set }
		keys: { file: fleet.key }
		dns: { zones: [{ name: example, file: example.zone }], limit: { table: 1K } }
		flows: { max: 1K }
		xdp: { dispatcher: "off" }
		state: { bpffs: $pins, run: $dir/run }
	END
}

start_daemon() {
	# shellcheck disable=SC2016 # the inner shell's
	nsenter --net="/run/netns/$host" bash -c 'ulimit -n "$1" && exec "$2" run' - \
		$files "$anydoor" >>"$dir/log" 2>&1 &
	daemon=$!
	await 20 in_host "$anydoor" status || diag "$(cat "$dir/log")"
}

xdp_id() {
	in_host ip -j link show uplink | jq '.[0].xdp.prog.id'
}

write_hold() {
	cat >"$dir/hold.py" <<-'END'
		"""ADDRESS PORT COUNT: so many connections, asked for at once; each that is made sends what
		comes on stdin. All are held; the line comes when no more of them are made."""
		import resource, selectors, signal, socket, sys
		address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		resource.setrlimit(resource.RLIMIT_NOFILE, (count + 50, count + 50))
		said, held, made, asked = sys.stdin.buffer.read(), [], 0, selectors.DefaultSelector()
		for _ in range(count):
		    client = socket.socket()
		    client.setblocking(False)
		    client.connect_ex((address, port))
		    asked.register(client, selectors.EVENT_WRITE)
		    held.append(client)
		while ready := asked.select(1.5):
		    for key, _ in ready:
		        asked.unregister(key.fileobj)
		        try:
		            key.fileobj.sendall(said)
		            made += 1
		        except OSError:
		            pass
		print(made, "made", flush=True)
		signal.pause()
	END
}

# Until it is let go; as somebody of no rights.
begin_to_hold() { # NAMESPACE ADDRESS PORT COUNT
	: >"$dir/held"
	nsenter --net="/run/netns/$1" setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all /usr/bin/python3 "$dir/hold.py" "${@:2}" >"$dir/held" 2>&1 &
	greedy=$!
	await 20 test -s "$dir/held"
}

let_go() {
	kill "$greedy"
	wait "$greedy" 2>/dev/null
	greedy=
}

held_at() { # PORT
	in_host ss -Htn state established sport = ":$1" | wc -l
}

# Nobody is connected any more, or waits to be: a new client is not the one that was silent longest.
deserted() { # PORT
	[[ -z $(in_host ss -Htn "sport = :$1") ]]
}

memory_kb() {
	sed -n 's/^RssAnon: *\([0-9]*\) kB/\1/p' "/proc/$daemon/status"
}

open_files() {
	find "/proc/$daemon/fd" -mindepth 1 | wc -l
}

health() {
	in_host curl -s -m 5 -o /dev/null -w '%{http_code}' http://127.0.0.1:9911/healthz
}

stay_attached() { # WHO
	is "$1: the program on the interface is the same" "$(xdp_id)" "$id"
	ok "$1: nothing was attached or detached" not grep -E 'detached|attaching' "$dir/log"
	ok "$1: descriptors are left" some_are_left
}

some_are_left() {
	local open
	open=$(open_files)
	((open <= files - 32)) || { echo "$open of $files are open"; return 1; }
}

((EUID == 0)) || skip_all "network namespaces need root"
raise_hosts
configure
start_daemon
id=$(xdp_id)

# One byte every five seconds, of a request that never ends; what is said when it is over.
write_slow() {
	cat >"$dir/slow.py" <<-'END'
		import socket, time
		client, start = socket.create_connection(("127.0.0.1", 9911)), time.monotonic()
		client.settimeout(5)
		client.sendall(b"GET / HTTP/1.1\r\nx: ")
		while time.monotonic() - start < 60:
		    try:
		        client.sendall(b"x")
		        if not client.recv(1):
		            break
		    except TimeoutError:
		        pass
		    except OSError:
		        break
		print(int(time.monotonic() - start))
	END
}

chmod 755 "$dir" # who has no rights reads the script
write_hold
write_slow
is "without metrics.token nobody is told of flows" \
	"$(in_host curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9911/flows)" 403

# More than there are descriptors, for longer than interfaces go unwatched (three seconds).
begin_to_hold "$host" 127.0.0.1 9911 400 </dev/null
sleep 4
is "a client of HTTP that takes all: another one is served" "$(health)" 200
at_most "and he holds a bounded number of connections" "$(held_at 9911)" 80
stay_attached "a client of HTTP that takes all"
let_go

# Headers so short that each costs many times its bytes.
before=$(memory_kb)
begin_to_hold "$host" 127.0.0.1 9911 400 \
	< <(printf 'GET / HTTP/1.1\r\n'; printf 'a:\r\n%.0s' {1..2000})
sleep 1
at_most "tiny headers: 400 clients cost less than 24 MB" $(($(memory_kb) - before)) 24000
is "tiny headers: another client is served" "$(health)" 200
let_go

await 20 deserted 9911
nsenter --net="/run/netns/$host" /usr/bin/python3 "$dir/slow.py" >"$dir/slow" &
slow=$!
begin_to_hold "$far" 192.0.2.53 53 400 </dev/null
sleep 4
is "a client of DNS that takes all: another one is served" \
	"$(in_far kdig +tcp +short +timeout=3 @192.0.2.53 ns.example A)" 192.0.2.53
stay_attached "a client of DNS that takes all"
let_go

wait "$slow"
at_least "a slow client may take his time" "$(cat "$dir/slow")" 15
at_most "a slow client is hung up on after $(cat "$dir/slow") s" "$(cat "$dir/slow")" 30
ok "the daemon is the one that started" kill -0 "$daemon"
done_testing
