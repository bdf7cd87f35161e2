# SPDX-License-Identifier: GPL-3.0-or-later
# claims.sh: the five things the demo claims, each a scene that ends in checks.
# shellcheck shell=bash

readonly RATE=20M # bytes a second of each download: it must last over the shifts

# --- 1 -----------------------------------------------------------------------------------------
# A veth lends the XDP program less room for an answer than a NIC does; these answers fit. What
# does not is left to the daemon.
claim_dns() {
	local rounds=10 kernel daemon
	say_title "1. DNS is answered in the kernel"
	kernel=$(counter fra dns_answered) daemon=$(dns_by_daemon fra)
	show client kdig +short @$VIP6 www.$ZONE AAAA
	show client kdig +noall +answer +opt +nsid @$VIP4 www.$ZONE A
	claim "the answer says who gave it (NSID): fra.fra-1" grep -q '"fra.fra-1"' <<<"$SHOWN"
	claim "$((2 * rounds)) more, half of them over IPv6: all answers right" ask_many $rounds
	kernel=$(($(counter fra dns_answered) - kernel)) daemon=$(($(dns_by_daemon fra) - daemon))
	claim "asked $((2 * rounds + 2)); answered in the kernel: $kernel" same $kernel $((2 * rounds + 2))
	claim "answered by the daemon: $daemon" same $daemon 0
}

ask_many() { # ROUNDS, of two questions each
	local i
	for ((i = 0; i < $1; i++)); do
		same "$(at client kdig +short @$VIP4 anybody.user.$ZONE A)" 203.0.113.80 || return 1
		same "$(at client kdig +short @$VIP6 www.$ZONE AAAA)" "$VIP6" || return 1
	done
}

# --- 2 -----------------------------------------------------------------------------------------
# All of it is asked of fra, where BGP brings the client. Its second address is in Japan, says the database.
claim_steer() {
	local kernel name=near.$ZONE
	say_title "2. A name leads each client to its POP"
	kernel=$(counter fra dns_answered)
	show client dig +short -b $CLIENT4 @$VIP4 $name
	show client dig +short -b $FAR4 @$VIP4 $name
	claim "of one name a client in Germany gets fra, one in Japan sin" \
		same "$(steered_to near $CLIENT4) $(steered_to near $FAR4)" "fra sin"
	show client dig +short -b $FAR4 +subnet=100.64.0.0/24 @$VIP4 $name
	claim "a German client's subnet decides, not its resolver in Japan" \
		same "$(steered_to near $FAR4 +subnet=100.64.0.0/24)" "fra /24"
	show fra anydoor pop sin down
	show client dig +short -b $FAR4 @$VIP4 $name
	claim "the very next answer for Japan is nyc's" same "$(steered_to near $FAR4)" nyc
	claim "answered in the kernel: all 8" same $(($(counter fra dns_answered) - kernel)) 8
	SHOW_LINES=20 show fra anydoor explain $FAR4 $name
	claim "explain says why: sin is down" explained sin out
	say "In $SIGNED there is such a name, too. The zone was signed elsewhere, and no POP has its keys:"
	show_validated $CLIENT4
	claim "delv validates what a client in Germany gets: fra" validated fra
	show_validated $FAR4
	claim "and what one in Japan gets while sin is down: nyc" validated nyc
	show fra anydoor pop sin auto
	claim "sin has its clients back" same "$(steered_to near $FAR4)" sin
}

show_validated() { # ADDRESS that asks
	show client delv -b "$1" -a "$LAB_DIR/anchor" +root=$SIGNED @$VIP4 near.$SIGNED
}

# Of what was shown last.
validated() { # POP
	grep -q '^; fully validated' <<<"$SHOWN" && same "${STEERED_TO[$(awk '$4 == "A" { print $5 }' <<<"$SHOWN")]:-}" "$1"
}

explained() { # POP OUTCOME
	grep -Eq "^  POP +$1: .*: $2\$" <<<"$SHOWN"
}

# --- 3 -----------------------------------------------------------------------------------------
claim_download() {
	local resets
	say_title "3. A download survives BGP"
	resets=$(client_resets)
	downloads_start
	say "fra's edge makes its path longer, three times its own AS, towards the client's ISP:"
	bgp_avoid_write edge_fra 1
	show edge_fra birdc configure
	bgp_await nyc
	show isp ip route show $VIP4
	downloads_reach 30
	show nyc anydoor flows
	claim "a new connection is served by nyc" same "$(web_who 4) $(web_who 6)" "nyc nyc"
	claim "nyc knows both downloads as fra's" flows_are_of nyc fra 2
	claim "nyc has tunnelled $(counter nyc wrap_stamp) packets home" \
		not_below "$(counter nyc wrap_stamp)" 100
	say "nyc's edge loses its BGP sessions with the ISP:"
	show edge_nyc birdc disable '"isp*"'
	bgp_await sin
	show isp ip route show $VIP4
	downloads_reach 60
	claim "sin has tunnelled $(counter sin wrap_stamp) packets home" \
		not_below "$(counter sin wrap_stamp)" 100
	say "Everything becomes as it was:"
	bgp_mend nyc
	bgp_prefer fra
	show isp ip route show $VIP4
	downloads_end
	claim "both downloads are complete, SHA-256 as at the source" downloads_intact
	claim "RSTs that broke a connection of the client: $(($(client_resets) - resets))" \
		same "$(client_resets)" "$resets"
}

# One over each family.
downloads_start() {
	say_typed client "curl --limit-rate $RATE -o four http://$VIP4/big &"
	say_typed client "curl --limit-rate $RATE -o six http://[$VIP6]/big &"
	web_download_start four 4 $RATE
	web_download_start six 6 $RATE
	downloads_reach 5
}

downloads_reach() { # PERCENT, or their end
	await 60 download_past four "$1"
	await 60 download_past six "$1"
	say "$(downloads_progress)"
}

download_past() { # NAME PERCENT
	web_downloaded "$1" "$2" || web_download_ended "$1"
}

downloads_progress() {
	local name
	for name in four six; do
		printf '%s: %d of %d MiB   ' $name \
			$(($(stat -c %s "$LAB_DIR/$name" 2>/dev/null || echo 0) >> 20)) $((BIG_BYTES >> 20))
	done
}

downloads_end() {
	await 60 web_download_ended four
	await 60 web_download_ended six
}

downloads_intact() {
	web_download_intact four && web_download_intact six
}

# --- 4 -----------------------------------------------------------------------------------------
claim_without() {
	local resets pop
	say_title "4. The same without anydoor"
	for pop in "${POPS[@]}"; do
		show "$pop" anydoor detach --force
		pop_await_gone "$pop"
	done
	resets=$(client_resets)
	downloads_start
	bgp_prefer nyc
	show isp ip route show $VIP4
	downloads_end
	say_lines "$(cat "$LAB_DIR/four.err" "$LAB_DIR/six.err")"
	claim "both downloads are dead (curl exits with $(cat "$LAB_DIR/four.exit") and $(cat "$LAB_DIR/six.exit"))" \
		downloads_dead
	claim "nyc knew nothing of them and reset them: $(($(client_resets) - resets)) RSTs" \
		not_below "$(client_resets)" $((resets + 2))
	bgp_prefer fra
	pops_start
}

# 56: the connection was reset while receiving.
downloads_dead() {
	same "$(cat "$LAB_DIR/four.exit") $(cat "$LAB_DIR/six.exit")" "56 56"
}

# --- 5 -----------------------------------------------------------------------------------------
claim_drain() {
	local served
	say_title "5. A POP is drained at noon"
	claim "all nodes are on the bus" await 10 bus_is_fresh fra
	bgp_by_anydoor fra
	downloads_start
	show fra anydoor drain --window 2m --reason "new disks"
	claim "sin knows within a second, by the bus" await 1 drains_says sin fra
	show sin anydoor bus
	claim "sin's next answer to a client in Germany is nyc's" await 1 answers_at sin nyc
	served=$(served_by)
	claim "of twenty new connections none is served by fra: $served" \
		nobody_else_than_successors "$served"
	claim "fra's router is told to prefer another path (graceful shutdown)" await 10 is_depreferred fra
	claim "which leads to another POP" await 10 not leads_to fra
	show edge_fra ip route show $VIP4
	show fra anydoor status
	claim "fra knows that two flows are left" flows_left_are fra 2
	downloads_end
	claim "they ended where they were, complete" downloads_intact
	claim "now none is left" await 5 flows_left_are fra 0
	claim "and fra's router hears no path any more" await 20 bgp_is_told fra withdraw
	show fra anydoor undrain
	claim "sin's answers name fra again" await 2 answers_at sin fra
	show nyc anydoor history
	claim "who said what, and why, is known everywhere" grep -q "new disks" <<<"$SHOWN"
	claim "fra is announced again, and its router leads there" await 15 leads_to fra
	claim "new connections are fra's again" same "$(web_who 4) $(web_who 6)" "fra fra"
}

# What NODE says of another one, which it was not told itself.
drains_says() { # NODE OTHER
	same "$(enter "$1" anydoor pops --json | jq -r --arg node "${NODE_NAME[$2]}" '.nodes[] | select(.node == $node).cause')" \
		reported_drain
}

# The POP that NODE names to a client in Germany.
answers_at() { # NODE POP
	same "$(enter "$1" anydoor explain $CLIENT4 near.$ZONE --json | jq -r '.names[0].pop')" "$2"
}

# Does the router of NODE send there what is for the VIPs?
leads_to() { # NODE
	at "edge_$1" ip -4 route get $VIP4 | grep -q "dev $1 " && at "edge_$1" ip -6 route get $VIP6 | grep -q "dev $1 "
}

# What the router got, not what was sent.
is_depreferred() { # NODE
	enter "edge_$1" birdc show route $VIP4/32 all protocol "${1}4" | grep -q 'BGP.community: (65535,0)'
}

# Ten new connections over each family: "nyc 11, sin 9".
served_by() {
	local family
	for family in 4 6; do
		for _ in {1..10}; do
			web_who $family || echo nobody
		done
	done | sort | uniq -c | awk '{ printf "%s%s %d", comma, $2, $1; comma = ", " }'
}

nobody_else_than_successors() { # as served_by prints
	[[ $1 =~ ^(nyc\ [0-9]+)?(,\ )?(sin\ [0-9]+)?$ ]]
}
