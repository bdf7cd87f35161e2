# SPDX-License-Identifier: GPL-3.0-or-later
# web.sh: one nginx on every node, on the VIPs; / says which node it is, /big is the same everywhere.
# shellcheck shell=bash

readonly BIG_BYTES=$((${LAB_BIG_MIB:-256} << 20))

web_up() {
	local node
	web_big_write
	for node in "${NODES[@]}"; do
		mkdir -p "$LAB_DIR/nginx/$node"
		web_config "$node" >"$LAB_DIR/nginx/$node/nginx.conf"
		at "$node" nginx -p "$LAB_DIR/nginx/$node" -c "$LAB_DIR/nginx/$node/nginx.conf"
	done
}

# No two nine-byte lines of it are alike: bytes that arrive in a wrong place change the checksum.
web_big_write() {
	mkdir -p "$LAB_DIR/www"
	(seq 10000000 99999999 || true) 2>/dev/null | head -c $BIG_BYTES >"$LAB_DIR/www/big"
	sha256sum <"$LAB_DIR/www/big" >"$LAB_DIR/big.sha256"
}

web_config() { # NODE
	local dir=$LAB_DIR/nginx/$1
	cat <<-END
		user root; # the lab's directory is nobody else's
		worker_processes 1;
		pid $dir/pid;
		error_log $dir/error.log;
		events { worker_connections 1024; }
		http {
			access_log off;
			default_type text/plain;
			sendfile on;
			keepalive_timeout 300s;
			keepalive_requests 1000000;
			client_body_temp_path $dir/body;
			fastcgi_temp_path $dir/fastcgi;
			proxy_temp_path $dir/proxy;
			scgi_temp_path $dir/scgi;
			uwsgi_temp_path $dir/uwsgi;
			server {
				listen $VIP4:80;
				listen [$VIP6]:80;
				root $LAB_DIR/www;
				add_header X-POP $1 always;
				location = / { return 200 "$1\n"; }
			}
		}
	END
}

# Which POP serves a new connection from the client? FAMILY is 4 or 6.
web_who() { # FAMILY
	at client curl -s -m 5 "$(web_url "$1")"
}

web_url() { # FAMILY [PATH]
	case $1 in
	4) echo "http://$VIP4/${2:-}" ;;
	6) echo "http://[$VIP6]/${2:-}" ;;
	esac
}

# A download of /big at RATE bytes a second in the background: PID in $!, file and curl's exit code
# in $LAB_DIR/NAME and NAME.exit. The code arrives last.
web_download_start() { # NAME FAMILY RATE
	rm -f "$LAB_DIR/$1" "$LAB_DIR/$1.exit"
	{
		at client curl -sS -m 120 --limit-rate "$3" -o "$LAB_DIR/$1" "$(web_url "$2" big)" \
			2>"$LAB_DIR/$1.err" && code=0 || code=$?
		echo "$code" >"$LAB_DIR/$1.exit"
	} &
}

web_downloaded() { # NAME PERCENT: has it got that far?
	(($(stat -c %s "$LAB_DIR/$1" 2>/dev/null || echo 0) >= BIG_BYTES / 100 * $2))
}

web_download_ended() { # NAME
	[[ -s $LAB_DIR/$1.exit ]]
}

web_download_intact() { # NAME
	[[ $(cat "$LAB_DIR/$1.exit") == 0 ]] &&
		[[ $(sha256sum <"$LAB_DIR/$1") == "$(cat "$LAB_DIR/big.sha256")" ]]
}
