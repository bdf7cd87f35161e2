#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pop_health.t: health checks of POPs turn the answers of steered names. Real web servers (nginx, TLS under
# an authority of our own), connections and commands; a server that stops, one that fails one request in
# three; a daemon that is restarted, a reload; an operator's word; all of them out.
# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/keeper.sh"

FRA=192.0.2.10 NYC=192.0.2.20 SIN=192.0.2.30 SIN6=2001:db8:a::30

zone_write() {
	cat >"$LAB_DIR/example.zone" <<-END
		\$ORIGIN example.com.
		\$TTL 300
		@        SOA   ns1 host $1 3600 600 86400 60
		         NS    ns1
		ns1      A     $VIP4
		www.fra  A     $FRA
		www.nyc  A     $NYC
		www.sin  A     $SIN
		www.sin  AAAA  $SIN6
	END
}

WEB="name: web, by: https, host: www.example.com, path: '/health?pop={pop}', contains: 'fine', ca_file: ca.pem,
     every: 1s, timeout: 1s, fall: 2, rise: 2"

# Clients get fra, then nyc, then sin.
checked() { # HEALTH [KEY=TEXT...]
	local health=$1
	shift
	configure pops="[{ name: fra, service: [$FRA] }, { name: nyc, service: [$NYC] },
	                 { name: sin, service: [$SIN, \"$SIN6\"] }]" \
		policies="[{ name: first, default: [fra, nyc, sin], last_resort: [sin] }]" \
		steer="[{ name: www.example.com, policy: first, ttl: 60s, doubt_ttl: 10s }]" \
		health="$health" "$@"
}

# --- servers -----------------------------------------------------------------------------------------
certificates() {
	local dir=$LAB_DIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=www.example.com \
		-keyout "$dir/web.key" -out "$dir/web.csr" 2>/dev/null
	openssl x509 -req -in "$dir/web.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=DNS:www.example.com") -out "$dir/web.pem" 2>/dev/null
}

web_config() { # DIR ADDRESS...
	local dir=$1 address
	shift
	cat <<-END
		user root;
		worker_processes 1;
		pid $dir/pid;
		error_log $dir/error.log;
		events { worker_connections 256; }
		http {
			access_log $dir/access.log;
			default_type text/plain;
			client_body_temp_path $dir/body;
			fastcgi_temp_path $dir/fastcgi;
			proxy_temp_path $dir/proxy;
			scgi_temp_path $dir/scgi;
			uwsgi_temp_path $dir/uwsgi;
			server {
				server_name www.example.com;
				$(for address; do echo "listen $address:443 ssl; listen $address:80;"; done)
				ssl_certificate $LAB_DIR/web.pem;
				ssl_certificate_key $LAB_DIR/web.key;
				location = /health { return 200 "all is fine\n"; }
				location = /moved { return 302 /health; }
			}
		}
	END
}

web_start() { # NAME ADDRESS...
	local dir=$LAB_DIR/nginx-$1
	mkdir -p "$dir"
	web_config "$dir" "${@:2}" >"$dir/nginx.conf"
	at client nginx -p "$dir" -c "$dir/nginx.conf" 2>>"$LAB_DIR/nginx.err"
}

web_stop() { # NAME
	local pid
	pid=$(cat "$LAB_DIR/nginx-$1/pid" 2>/dev/null) || return 0
	kill -QUIT "$pid"
	await 5 not kill -0 "$pid"
}

servers_down() {
	local name
	for name in fra nyc sin; do
		web_stop $name
	done
	[[ -z ${BROWNOUT:-} ]] || kill "$BROWNOUT"
	keeper_down
}

# --- what clients get --------------------------------------------------------------------------------
www() { # [OPTION...]: "TTL ADDRESS", or the rcode
	at client timeout 5 dig +tries=1 +time=2 +norec +noall +answer +comments "$@" www.example.com A @$VIP4 |
		awk '/status:/ { sub(",", "", $6); code = $6 } /^[^;]/ { out = out $2 " " $5 }
		     END { print out ? out : code }'
}

gets() { # ADDRESS
	[[ $(www) == *" $1" ]] || { www; return 1; }
}

is_www() { # "TTL ADDRESS"
	same "$(www)" "$1"
}

health_of() { # POP [MEMBER]
	anydoor pops --json | jq -r --arg pop "$1" ".steered[] | select(.pop == \$pop) | .${2:-health}"
}

stands() { # POP STATE
	same "$(health_of "$1")" "$2"
}

targets_are() { # LIST
	same "$(anydoor pops --json | jq -c '[.checks[] | [.pop, .address, .state]]')" "[$1]"
}

same_address() { # POP ADDRESS
	same "$(health_of "$1" health_address)" "$2"
}

reload() {
	anydoor reload >/dev/null
}

keeper_up
trap servers_down EXIT
client_hears_xdp
for address in $FRA/32 $NYC/32 $SIN/32 $SIN6/128; do
	at client ip addr add $address dev lo
done
at pop ip route add 192.0.2.0/24 via 10.9.0.2
at pop ip route add 2001:db8:a::/48 via fd09:0::2
certificates
web_start fra $FRA
web_start nyc $NYC
web_start sin $SIN "[$SIN6]"

checked "{ checks: [{ $WEB }] }"
daemon_start
ok "all pass" await 5 stands fra up
ok "at all addresses" await 5 targets_are \
	"[\"fra\",\"$FRA\",\"up\"],[\"nyc\",\"$NYC\",\"up\"],[\"sin\",\"$SIN\",\"up\"],[\"sin\",\"$SIN6\",\"up\"]"
is "clients get the first" "$(www)" "60 $FRA"
ok "the server sees name, path and POP" grep -q 'GET /health?pop=fra HTTP/1.1' "$LAB_DIR/nginx-fra/access.log"
ok "pops tells people" grep -Eq "^web +fra +$FRA +up" <<<"$(anydoor pops)"

# fall 2, every 1 s, timeout 1 s.
web_stop fra
began=$(date +%s%N)
ok "a server stops: clients get the next" await 5 gets $NYC
at_most "within fall x every" $((($(date +%s%N) - began) / 1000000)) 3500
is "with the short TTL" "$(www)" "10 $NYC"
is "by TCP the same" "$(www +tcp)" "10 $NYC"
is "pops says why" "$(health_of fra) $(health_of fra health_check) $(health_of fra health_address)" \
	"out web $FRA"
ok "and what was found" grep -qi "refused\|connect" <<<"$(health_of fra health_why)"
ok "status says it" grep -q "fra: out by its health checks" <<<"$(anydoor status)"
ok "the log has it" logged "POP fra: out by its health checks: check web at $FRA"
is "once" "$(grep -c 'POP fra: out' "$LAB_DIR/log")" 1

# The daemon dies, and the next one knows.
daemon_kill KILL
is "no daemon: the same" "$(www)" "10 $NYC"
web_start fra $FRA
is "an operator's word wins without a daemon" "$(anydoor pop fra up; www)" $'fra: up\n60 '$FRA
is "and given back the last known counts" "$(anydoor pop fra auto; www)" $'fra: auto\n'"10 $NYC"
daemon_start
is "a new daemon: last known" "$(www)" "10 $NYC"
ok "until it passes" await 6 is_www "60 $FRA"
ok "the log has it" logged "POP fra: up by its health checks (was out)"

# An operator's word, while checks fail.
web_stop fra
ok "it stops again" await 5 gets $NYC
is "up, says an operator" "$(anydoor pop fra up; www)" $'fra: up\n60 '$FRA
sleep 2
is "and up it stays" "$(www)" "60 $FRA"
is "health is told all the same" "$(health_of fra)" out
is "who sheds a part is out all the same" "$(anydoor pop fra shed 20%; www)" $'fra: sheds 20 %\n'"10 $NYC"
is "auto: back to health" "$(anydoor pop fra auto; www)" $'fra: auto\n'"10 $NYC"
anydoor pop nyc down >/dev/null
is "a word of another POP" "$(www)" "10 $SIN"
anydoor pop nyc auto >/dev/null

# A reload keeps what is known, and what is not checked any more is forgotten.
reload
is "a reload keeps it" "$(www) $(health_of fra)" "10 $NYC out"
is "and since when" "$(anydoor pops --json | jq '[.checks[] | select(.passed + .failed < 3)] | length')" 0
checked "{ checks: [{ $WEB, pops: [nyc, sin] }] }"
reload
is "no check, no word: it gets its clients" "$(www) $(health_of fra)" "60 $FRA none"
is "nothing is kept of it" "$(anydoor pops --json | jq '[.checks[] | select(.pop == "fra")] | length')" 0
web_start fra $FRA

# One of two addresses.
checked "{ checks: [{ $WEB }] }" policies="[{ name: first, default: [sin, fra, nyc] }]"
web_stop sin
web_start sin $SIN
reload
ok "one of two addresses fails: out" await 6 gets $FRA
ok "which one is told" await 6 same_address sin "$SIN6"
checked "{ checks: [{ $WEB, addresses: any }] }" policies="[{ name: first, default: [sin, fra, nyc] }]"
reload
ok "any will do: up" await 2 gets $SIN

# What the server says, and who says it.
fails_by() { # NAME CHECK TEXT
	checked "{ checks: [{ name: other, every: 1s, fall: 1, rise: 1, $2 }] }"
	reload
	ok "$1" await 5 found "$3" || diag "$(anydoor pops)"
}
found() { # TEXT
	[[ $(health_of fra) == out && $(health_of fra health_why) == *"$1"* ]]
}
fails_by "another status" "by: http, host: www.example.com, path: /moved" "status 302"
fails_by "a path that is not there" "by: http, path: /nothing" "status 404"
fails_by "a body without the text" "by: http, path: /health, contains: splendid" 'the body lacks "splendid"'
fails_by "a name that the certificate lacks" "by: https, host: other.example.com, path: /health, ca_file: ca.pem" \
	"SSL"
fails_by "an authority that nobody trusts" "by: https, host: www.example.com, path: /health" "SSL"
fails_by "TLS where there is none" "by: https, port: 80, path: /health" "SSL"
fails_by "a port where nobody listens" "by: tcp, port: 81" "Connection refused"
fails_by "a command's exit code" "by: command, command: [/bin/sh, -c, 'exit 3']" "exit code 3"
fails_by "a command that is not there" "by: command, command: [/nowhere/check]" "No such file"
fails_by "a command that does not end" \
	"by: command, timeout: 1s, command: [/bin/sh, -c, 'sleep 1000.5 & sleep 1000.5']" "no answer within 1 s"
checked "{ checks: [{ name: port, by: tcp, port: 443, every: 1s, fall: 1, rise: 1 },
                    { name: shell, by: command, every: 1s, fall: 1, rise: 1, addresses: any,
                      command: [/bin/sh, -c, 'test \"\$1 \$2\" = \"a b $FRA\" || test \$3 != fra', sh, a b, '{address}', '{pop}'] }] }"
reload
ok "a connection and a command pass" await 5 stands fra up
ok "and its children are gone" await 3 not pgrep -f "sleep 1000.5"

# Eight commands, two of them at once.
checked "{ commands: 2, checks: [{ name: one, by: command, every: 2s, timeout: 2s, command: [/bin/sleep, '0.333'] },
                                 { name: two, by: command, every: 2s, timeout: 2s, command: [/bin/sleep, '0.333'] }] }"
reload
most=0
for _ in {1..40}; do
	now=$(pgrep -cfx '/bin/sleep 0.333')
	((now <= most)) || most=$now
	sleep 0.05
done
is "no more commands at once than configured" "$most" 2

# Failures need not be in a row.
web_stop fra
echo 0 >"$LAB_DIR/brownout"
(exec nsenter --net="/run/netns/$LAB_NAME-client" "$KEEPER_HOME/brownout.py" $FRA 80 "$LAB_DIR/brownout") &
BROWNOUT=$!
checked "{ checks: [{ name: brown, by: http, pops: [fra], every: 1s, timeout: 1s, fall: 3, rise: 3 }] }"
reload
ok "a server without faults" await 6 stands fra up
echo 3 >"$LAB_DIR/brownout"
ok "one of three requests fails: in doubt" await 6 is_www "10 $FRA"
ok "and out in the end" await 15 gets $NYC
sleep 4
is "it does not come back between" "$(www)" "10 $NYC"
echo 0 >"$LAB_DIR/brownout"
ok "after a run of passes it is back" await 8 is_www "60 $FRA"

# All of them fail.
for name in nyc sin; do
	web_stop $name
done
ALL="name: gone, by: tcp, port: 443, every: 1s, fall: 1, rise: 1"
checked "{ checks: [{ $ALL }] }"
reload
ok "all fail: the last resort" await 6 is_www "10 $SIN"
ok "which fails, too" await 6 stands sin out
checked "{ checks: [{ $ALL }] }" policies="[{ name: first, default: [fra, nyc, sin], all_out: servfail }]"
reload
is "or SERVFAIL, if so configured" "$(www)" SERVFAIL
checked "{ at_least: 1, checks: [{ $ALL }] }" policies="[{ name: first, default: [fra, nyc, sin], all_out: servfail }]"
reload
is "but not by checks alone, if so configured" "$(www)" "10 $FRA"
is "told" "$(health_of fra) $(health_of nyc) $(health_of sin)" "kept kept kept"
ok "as a warning" grep -q "health.at_least" <<<"$(status .warnings)"
ok "also by doctor" grep -q "^warning *health .*health.at_least" <<<"$(anydoor doctor --quiet --alone)"
is "an operator may" "$(anydoor pop fra down; www)" $'fra: down\n'"10 $NYC"
anydoor pop fra auto >/dev/null

# Before the first check.
checked "{ checks: [{ name: new, by: command, command: [/bin/sleep, '2'], every: 10s, timeout: 3s }] }"
reload
is "nothing is known yet: clients get it, for a short time" "$(www) $(health_of fra)" "10 $FRA unknown"
ok "until the first check has ended" await 6 is_www "60 $FRA"
checked "{ unknown: out, checks: [{ name: newer, by: command, command: [/bin/sleep, '2'], every: 10s, timeout: 3s }] }" \
	policies="[{ name: first, default: [fra, nyc, sin], all_out: servfail }]"
reload
is "or nobody does" "$(www) $(health_of fra)" "SERVFAIL unknown_out"
ok "until the first check has ended" await 6 is_www "60 $FRA"

# The process that checks dies, and the daemon does not.
checker=$(pgrep -P "$(pgrep -P "$DAEMON" -x anydoor-checks)" -x anydoor-checks)
is "it has no rights" "$(awk '/^Cap(Prm|Eff|Inh|Amb)|^NoNewPrivs/ { print $2 }' "/proc/$checker/status" | uniq | xargs)" \
	"0000000000000000 1"
web_start fra2 $FRA 2>/dev/null
kill -KILL "$checker"
checked "{ checks: [{ $ALL, pops: [nyc] }] }"
reload
ok "it is started again, and checks" await 8 stands nyc out
ok "told" logged "their process died of signal 9"
# Others on this machine may have checkers of their own.
watcher=$(pgrep -P "$DAEMON" -x anydoor-checks)
checker=$(pgrep -P "$watcher" -x anydoor-checks)
daemon_kill TERM
ok "and it ends with the daemon" await 3 not ps -p "$watcher,$checker"
done_testing
