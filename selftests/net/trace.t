#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# trace.t: `anydoor trace` shows each packet with the reason that the counters have, and what it was decided on;
# by filters, as text, JSON and a capture that others read; and it ends by itself when who traces is killed.
set -uo pipefail
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
# shellcheck disable=SC2034 # read by the lab
LAB_STEER=1

# trace_start POP NAME OPTION...: in the background, as JSON, to $LAB_DIR/NAME; returns when it runs.
trace_start() {
	local pop=$1 name=$2
	shift 2
	AT='exec' enter "$pop" anydoor trace --json --seconds 30 "$@" >"$LAB_DIR/$name" 2>"$LAB_DIR/$name.err" &
	TRACE=$!
	await 5 traced "$pop"
}

# It has shown all that was asked for.
trace_await() {
	await 5 not kill -0 "$TRACE" 2>/dev/null
	trace_stop
}

trace_stop() {
	kill -INT "$TRACE" 2>/dev/null
	wait "$TRACE"
}

# Does the flag of the data path say so?
traced() { # POP
	(($(bpftool -j map lookup pinned "$LAB_DIR/bpf/$1/state" key 0 0 0 0 | jq .formatted.value.flags) & 64))
}

seen() { # NAME FILTER
	jq -rs "$2" "$LAB_DIR/$1"
}

query() { # NAME TYPE [OPTION...]
	at client dig +tries=1 +time=2 +norec "@$VIP4" "$@" >/dev/null
}

net_up
ok "off until somebody traces" not traced fra

# --- queries --------------------------------------------------------------------------------------
trace_start fra queries --qname "NEAR.$ZONE" --count 2
query "$ZONE" SOA
query "near.$ZONE" A +subnet=100.64.1.0/24
query "Near.$ZONE" TXT
trace_await
is "a query's reason, rung and program" "$(seen queries '.[0] | [.reason, .rung, .action] | @csv')" '"dns_answered",,"send"'
is "name, type and rcode" "$(seen queries '.[0].dns | [.name, .type, .rcode] | @csv')" \
	"\"near.$ZONE.\",\"A\",\"NOERROR\""
is "the subnet that the resolver told" "$(seen queries '.[0].dns.subnet')" 100.64.1.0/24
is "the POP that was drawn" "$(seen queries '.[0].dns.steering.pops[0]')" sin
ok "location and row" grep -q '^[0-9]*$' <<<"$(seen queries '.[0].dns.steering | .location + .row')"
is "of each name that fits, and of no other" "$(seen queries 'map(.dns.type) | @csv')" '"A","TXT"'
is "who asked" "$(seen queries '.[0].client')" "$CLIENT4"

trace_start fra plain --zone "$ZONE" --count 2
query "near.$ZONE" A
query "ns1.$ZONE" A
trace_await
is "a plain name after a steered one has no POP" "$(seen plain '.[1].dns.steering')" null

# --- flows ----------------------------------------------------------------------------------------
talk_start
is "the idle flows begin at fra" "$(talk)" "fra fra"
trace_start fra owner --vip $VIP4 --reason local_stamp,out_stamped
is "here they go on" "$(talk)" "fra fra"
trace_stop
ok "ours, by a young stamp of ours" same "$(seen owner 'map(select(.reason == "local_stamp"))[0]
	| [.rung, .tcp.stamp.owner.node, .tcp.stamp.age_s < 60] | @csv')" '"stamp","fra-1",true'
ok "and what is stamped on its way out" same "$(seen owner 'map(select(.side == "out"))[0].reason')" out_stamped
is "the other family is another VIP" "$(seen owner 'map(select(.vip != "'$VIP4'")) | length')" 0

bgp_prefer nyc
bgp_await nyc
trace_start nyc led --peer fra-1 --reason wrap_stamp
enter nyc anydoor trace --seconds 5 --count 1 2>"$LAB_DIR/second"
is "a second one is told to try again" $? 75
ok "by whom it is traced" grep -q "traces this instance already" "$LAB_DIR/second"
is "they are led" "$(talk)" "fra fra"
trace_stop
ok "led to fra by its stamp" same "$(seen led '.[0] | [.goes.to.node, .goes.why, .tcp.stamp.owner.node] | @csv')" \
	'"fra-1","data","fra-1"'
ok "a packet that is led leaves longer than it came" same "$(seen led 'all(.left_bytes > .bytes)')" true
ok "then nothing is traced" not traced nyc

# --- one flow: who owns it, and why -------------------------------------------------------------
CLIENT_PORT=$(seen led '.[0].client_port') VIP_PORT=$(seen led '.[0].vip_port')
TSECR=$(seen led '.[0].tcp.stamp.tsecr') FLOW_CLIENT=$(seen led '.[0].client') FLOW_VIP=$(seen led '.[0].vip')
endpoint() { # ADDRESS PORT
	[[ $1 == *:* ]] && echo "[$1]:$2" || echo "$1:$2"
}
who() { # POP FILTER [OPTION...]
	local pop=$1 filter=$2
	shift 2
	enter "$pop" anydoor explain "$(endpoint "$FLOW_CLIENT" "$CLIENT_PORT")" \
		"$(endpoint "$FLOW_VIP" "$VIP_PORT")" --json "$@" | jq -r "$filter"
}
is "fra has its socket" "$(who fra '[.owner.node, .rung, .reason] | @csv')" '"fra-1","socket","local_socket"'
is "and reads its own stamp" "$(who fra '[.owner.node, .stamp.owner.node, .rung] | @csv' --tsecr "$TSECR")" \
	'"fra-1","fra-1","stamp"'
is "nyc reads it, too, and has no socket" \
	"$(who nyc '[.owner.node, .rung, .reason, .socket == null, .stamp.age_s < 60] | @csv' --tsecr "$TSECR")" \
	'"fra-1","stamp","wrap_stamp",true,true'
is "sin knows it by nothing but its stamp" "$(who sin '[.owner.node, .table == null] | @csv' --tsecr "$TSECR")" \
	'"fra-1",true'
is "without that it would ask" "$(who sin '[.owner == null, .reason, (.asked | length > 0)] | @csv')" \
	'true,"wrap_hunt",true'
ok "in words" grep -q "^owner *fra-1, by rung stamp" <<<"$(enter nyc anydoor explain \
	"$(endpoint "$FLOW_CLIENT" "$CLIENT_PORT")" "$(endpoint "$FLOW_VIP" "$VIP_PORT")" --tsecr "$TSECR")"
enter nyc anydoor explain 198.51.100.7:40000 "$ZONE" >"$LAB_DIR/wrong" 2>&1
is "half a flow is an error" $? 2

# --- a capture ------------------------------------------------------------------------------------
AT='exec' enter nyc anydoor trace --seconds 30 --pcap "$LAB_DIR/led.pcap" --reason wrap_stamp --count 4 2>"$LAB_DIR/pcap.err" &
TRACE=$!
await 5 traced nyc
talk >/dev/null
talk >/dev/null
trace_await
is "tcpdump reads what was captured" "$(tcpdump -nr "$LAB_DIR/led.pcap" 2>/dev/null | grep -c Geneve)" 4
cat >"$LAB_DIR/comments.py" <<'END'
import sys
from scapy.utils import RawPcapNgReader

class Reader(RawPcapNgReader):
    def _read_options(self, options):
        # Scapy 2.5 wants a newline in a comment, which the format does not.
        code, length = int.from_bytes(options[:2], sys.byteorder), int.from_bytes(options[2:4], sys.byteorder)
        if code == 1:
            print(options[4:4 + length].decode())
        return super()._read_options(options)

for packet in Reader(sys.argv[1]):
    pass
END
/usr/bin/python3 -B "$LAB_DIR/comments.py" "$LAB_DIR/led.pcap" >"$LAB_DIR/comments" 2>"$LAB_DIR/comments.err"
is "each has its reason as comment" "$(grep -c '^in  wrap_stamp .*; data to fra-1$' "$LAB_DIR/comments")" 4 ||
	diag "$(head -2 "$LAB_DIR/comments" "$LAB_DIR/comments.err")"

# --- sampling -------------------------------------------------------------------------------------
trace_start nyc sampled --reason dns_answered --sample 10
for ((i = 0; i < 40; i++)); do
	query "near.$ZONE" A
done
trace_stop
is "one in ten" "$(seen sampled length)" 4

# --- what is too much is lost, and counted, and no packet ------------------------------------------
before=$(counter nyc local_syn)
AT='exec' enter nyc anydoor trace --seconds 30 --reason local_syn >/dev/null 2>"$LAB_DIR/lost.err" &
TRACE=$!
await 5 traced nyc
kill -STOP "$TRACE"
sent=$(at client "$(dirname "$ANYDOOR")/selftests/flood/flood" syn --rate 20000 --seconds 2 --from 100.64.0.0/16 \
	--to $VIP4 | grep -o '[0-9]*' | head -1)
kill -CONT "$TRACE"
trace_stop
at_least "packets sent" "$sent" 13000
ok "records are lost, and told" grep -q '^[1-9][0-9]* records were lost' "$LAB_DIR/lost.err"
at_least "packets are not" "$(($(counter nyc local_syn) - before))" $((sent * 9 / 10))

# --- killed ---------------------------------------------------------------------------------------
trace_start nyc killed --reason dns_answered
kill -KILL "$TRACE"
wait "$TRACE" 2>/dev/null
ended() {
	query "near.$ZONE" A
	not traced nyc
}
ok "the flag ends by itself" await 8 ended
trace_start nyc anew --reason dns_answered --count 1
query "near.$ZONE" A
trace_await
is "and the next one may begin" "$(seen anew length)" 1

# --- what may be wrong ----------------------------------------------------------------------------
enter nyc anydoor trace --seconds 5 --reason local_stmp 2>"$LAB_DIR/wrong"
is "an unknown reason is an error" $? 2
ok "with the nearest" grep -q "did you mean 'local_stamp'" "$LAB_DIR/wrong"
enter nyc anydoor trace --seconds 5 --peer nobody 2>"$LAB_DIR/wrong"
is "so is an unknown node" $? 2
enter nyc setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
	"$ANYDOOR" trace --seconds 5 --count 1 2>"$LAB_DIR/wrong"
ok "nobody but root may" test $? = 1 -o $? = 3
talk_end
net_done
