#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# page.t: the page at `/` of the metrics listener, in a real browser: what it says of a fleet of three hundred POPs,
# live, with the daemon restarted under it; with a keyboard, on a phone, and as a screen reader has it. PAGE_SHOTS=DIR keeps
# pictures.
# shellcheck source-path=SCRIPTDIR
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/base.sh"
. "$here/tap.sh"
build=$(realpath "${BUILD:-$here/../../build}")
anydoor=$build/anydoor
playwright='playwright-core@1.65.1'
host=page-t-$$
pins=/sys/fs/bpf/page-t-$$
dir=$(mktemp -d)
export LAB_DIR=$dir HOME=$dir
url=http://127.0.0.1:9911/
pops=300
daemon=''

export ANYDOOR_CONFIG=$dir/anydoor.yaml ANYDOOR_NAME=t
export PATH=$PATH:/usr/sbin:/sbin

clean_up() {
	local children
	[[ -z ${to_browser:-} ]] || end_browser
	mapfile -t children < <(jobs -p)
	((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null
	in_host "$anydoor" detach --force 2>/dev/null
	wait
	ip netns del "$host" 2>/dev/null
	[[ ! -d $pins ]] || rmdir "$pins"
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

in_host() {
	nsenter --net="/run/netns/$host" "$@"
}

# Kept in the build directory, under its name only when it is whole.
fetch_playwright() {
	local to=$build/selftests/net/$playwright fetched
	[[ ! -d $to ]] || return 0
	mkdir -p "${to%/*}"
	fetched=$(mktemp -d "$to-XXXXXX") || return
	(cd "$fetched" && timeout 120 npm pack --silent "$playwright" && tar xzf ./*.tgz) >&2 && mv "$fetched/package" "$to"
	local code=$?
	rm -rf "$fetched"
	return $code
}

raise_host() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	chmod 755 "$dir"
	ip netns add "$host"
	in_host ip link set lo up
	in_host ip link add uplink type veth peer name other
	in_host ip link set uplink up
	in_host ip link set other up
	in_host ip address add 10.0.0.1/16 dev uplink
	in_host ip address add 192.0.2.53/32 dev lo
	in_host ip route add default via 10.0.255.254
}

# POP p3 is down by the configuration, and drains are told below.
configure() {
	local i
	install -m 600 <(printf '%064d\n' 7) "$dir/fleet.key"
	cat >"$dir/anydoor.yaml" <<-END
		node: p1-1
		interfaces: [uplink]
		vips: [{ address: 192.0.2.53 }]
		stamp: { clock: any, tcp_timestamps: set, owner_bits: 10 }
		keys: { file: fleet.key }
		flows: { max: 1K }
		xdp: { dispatcher: "off" }
		state: { bpffs: $pins, run: $dir/run }
		policies: [{ name: web, default: [p1, p2] }]
		steer: [{ name: www.a.test, policy: web }]
		dns: { zones: [{ name: a.test., file: a.zone }] }
	END
	echo "pops:"
	for ((i = 1; i <= pops; i++)); do
		echo "  - { name: p$i }"
	done
	echo "nodes:"
	for ((i = 1; i <= pops; i++)); do
		echo "  - { name: p$i-1, id: $i, pop: p$i, tunnel: 10.0.$((i / 250)).$((i % 250 + 1))$( ((i == 3)) && echo ', state: down') }"
	done
}

start_daemon() {
	nsenter --net="/run/netns/$host" "$anydoor" run >>"$dir/log" 2>&1 &
	daemon=$!
	await 20 in_host curl -sf -o "$dir/fleet.json" "${url}fleet" || diag "$(cat "$dir/log")"
}

stop_daemon() {
	kill "$daemon"
	wait "$daemon" 2>/dev/null
}

start_browser() {
	coproc BROWSER {
		exec nsenter --net="/run/netns/$host" node "$here/browser.js" "$build/selftests/net/$playwright" \
			"$(command -v chromium-headless-shell chromium | head -1)" 2>>"$dir/browser.log"
	}
	exec {to_browser}>&"${BROWSER[1]}" {from_browser}<&"${BROWSER[0]}" # subshells do not have a coproc's own
}

# It ends when nobody is left to tell it what to do.
end_browser() {
	local pid=$BROWSER_PID other=${BROWSER[1]}
	exec {to_browser}>&-
	exec {other}>&-
	await 10 not kill -0 "$pid"
}

# What the browser answers to a line.
browser() {
	local answer
	echo "$*" >&"$to_browser"
	read -rt 40 answer <&"$from_browser" || {
		diag "$(cat "$dir/browser.log")"
		answer='{"error": "the browser does not answer"}'
	}
	echo "$answer"
}

# The page comes to say so.
sees() { # EXPRESSION
	local answer
	answer=$(browser "await $1")
	same "$answer" true
}

shot() {
	[[ -z ${PAGE_SHOTS:-} ]] || browser "shot $PAGE_SHOTS/$1.png" >/dev/null
}

text_of() {
	browser "eval document.querySelector('$1').innerText" | jq -r .
}

# --- the checks ------------------------------------------------------------------------------------

check_headers() {
	local policy
	browser "open $url" >"$dir/headers"
	policy=$(jq -r '."content-security-policy"' "$dir/headers")
	is "it is a page" "$(jq -r '."content-type"' "$dir/headers")" "text/html; charset=utf-8"
	is "which gets nothing from elsewhere, and runs nothing else" "$(sed "s|sha256-[A-Za-z0-9+/=]*|HASH|g" <<<"$policy")" \
		"default-src 'none'; style-src 'HASH'; script-src 'HASH'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	ok "and is not what curl gets" grep -q '/metrics  ' <(in_host curl -s $url)
	is "nor is a stranger's name its Host" "$(in_host curl -s -o /dev/null -w '%{http_code}' -H 'Accept: text/html' \
		-H 'Host: evil.example' $url)" 421
}

check_content() {
	ok "all POPs are there" sees "document.querySelectorAll('#pops tr').length === $pops"
	is "who it is" "$(text_of h1)" "anydoor: node p1-1 of POP p1"
	ok "the headline names what is wrong" grep -q '1 POP is not up' <(text_of '#headline')
	is "those with trouble are first" "$(text_of '#pops tr:first-child th')" p3
	is "with the state in words" "$(text_of '#pops tr:first-child td')" out
	is "and why" "$(text_of '#pops tr:first-child td:nth-child(3)')" "p3-1: nodes[].state is down"
	ok "the node, too" grep -q 'p3-1 of POP p3: dead' <(text_of '#drains')
	ok "warnings are those of status" warnings_agree
	ok "rates come with the second reading" sees "/^[0-9]/.test(document.querySelector('#tiles b').innerText)"
	is "it asks here, and runs without an error" "$(browser talk | jq -r '.[]' | sort -u)" \
		"asks: $url"$'\n'"asks: ${url}fleet"
	shot wide
}

warnings_agree() {
	same "$(text_of '#warnings')" "$(in_host "$anydoor" status --json | jq -r '.warnings[]')"
}

check_live() {
	browser "eval document.querySelector('#find').focus()" >/dev/null
	in_host "$anydoor" pop p2 down >/dev/null
	ok "what an operator says of a POP is there by itself" sees "/told: down, by/.test(document.querySelector('[data-key=p2]').innerText)"
	in_host "$anydoor" pop p2 auto >/dev/null
	ok "and goes by itself" sees "!/told/.test(document.querySelector('[data-key=p2]').innerText)"
	in_host "$anydoor" drain --reason "new kernel <b>" >/dev/null 2>&1
	ok "a drain, with its reason, as text" sees "/This node drains.*new kernel <b>/.test(document.querySelector('#drains').innerText)"
	ok "the title says so, too" sees "/this node drains/.test(document.title)"
	shot drains
	in_host "$anydoor" undrain --now >/dev/null 2>&1
	ok "its end" sees "!/This node drains/.test(document.querySelector('#drains').innerText)"
	is "the focus was left where it was" "$(browser "eval document.activeElement.id")" '"find"'
}

check_restart() {
	browser "eval document.querySelector('[data-key=p7]').mark = 1" >/dev/null
	stop_daemon
	ok "without a daemon it says that it is not live" sees "/^NOT LIVE: the daemon does not answer since/.test(document.querySelector('#live').innerText)"
	is "and keeps what it knew" "$(browser "eval document.querySelectorAll('#pops tr').length")" $pops
	shot gone
	start_daemon
	ok "it goes on by itself" sees "document.querySelector('#live').innerText === 'live'"
	is "on the same rows" "$(browser "eval document.querySelector('[data-key=p7]').mark")" 1
	browser talk >/dev/null
}

check_keyboard() {
	browser "open $url" >/dev/null
	sees "document.querySelectorAll('#pops tr').length === $pops"
	browser "press Tab" >/dev/null
	is "Tab comes to the field" "$(browser "eval document.activeElement.id")" '"find"'
	browser "type p29" >/dev/null
	is "which finds POPs" "$(browser "eval [...document.querySelectorAll('#pops th')].map(one => one.innerText).join()")" \
		'"p29,p290,p291,p292,p293,p294,p295,p296,p297,p298,p299"'
	browser "eval document.querySelector('#find').select()" >/dev/null
	browser "press Delete" >/dev/null
	browser "press Tab" >/dev/null
	browser "press Space" >/dev/null
	is "Tab and Space: only what needs a look" "$(browser "eval document.querySelectorAll('#pops tr').length")" 1
	ok "the caption counts them" grep -q "^1 of $pops POPs" <(text_of '#pops-caption')
	browser "press Space" >/dev/null
}

check_reader() {
	local tree
	tree=$(browser tree | jq -r .)
	ok "a screen reader has the parts by name" grep -q 'region "POPs"' <<<"$tree"
	ok "a status that is told when it changes" grep -q '^ *- status' <<<"$tree"
	ok "the table with its heads" grep -q 'columnheader "By DNS"' <<<"$tree"
	ok "and a row by its POP" grep -q 'rowheader "p3"' <<<"$tree"
	ok "the field by its label" grep -q 'searchbox "Find"' <<<"$tree"
}

check_phone() {
	browser "size 360 740" >/dev/null
	is "on a phone nothing is wider than it" "$(browser "eval document.documentElement.scrollWidth")" 360
	is "each cell says what it is" "$(browser "eval getComputedStyle(document.querySelector('#pops td'), '::before').content")" \
		'"\"State\""'
	browser "eval document.querySelector('#find').value = 'p1'" >/dev/null
	browser "dark on" >/dev/null
	is "and it is dark if the reader wants that" "$(browser "eval getComputedStyle(document.body).backgroundColor")" '"rgb(13, 17, 23)"'
	sleep 2.5
	shot phone
}

((EUID == 0)) || skip_all "network namespaces need root"
ok "npm fetches $playwright" fetch_playwright
raise_host
configure >>"$dir/anydoor.yaml"
cat >"$dir/a.zone" <<-'END'
	$TTL 60
	@ SOA ns hostmaster 1 3600 600 86400 60
	@ NS ns
	ns A 192.0.2.53
	www.p1 A 192.0.2.2
	www.p2 A 192.0.2.3
END
start_daemon
start_browser
check_headers
check_content
check_live
check_restart
check_keyboard
check_reader
check_phone
done_testing
