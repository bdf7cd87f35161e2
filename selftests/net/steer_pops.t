#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# steer_pops.t: steered names on three POPs with BGP between them: clients in two regions get two POPs from one
# name; what is said of a POP is in the very next answer, with the daemon dead, too; a client's subnet decides, not
# its resolver; where `locate` says otherwise, the resolver does, or the POP where the query arrives.
set -euo pipefail
export LAB_STEER=1
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"
net_up
bgp_prefer fra

before=$(counter fra dns_answered)
is "a client in Germany" "$(steered_to near $CLIENT4)" fra
is "a client in Japan, from the same POP" "$(steered_to near $FAR4)" sin
is "a client of a German resolver is in Japan" "$(steered_to near $CLIENT4 +subnet=100.64.1.0/24)" "sin /24"
is "one of a Japanese resolver in Germany" "$(steered_to near $FAR4 +subnet=100.64.0.0/24)" "fra /24"
is "and one in the USA, which no rule names" "$(steered_to near $FAR4 +subnet=100.64.2.0/24)" "nyc /23"
is "a client of IPv6" "$(steered_to near $CLIENT4 +subnet=2001:db8:a:1::/56)" "sin /48"
is "who wants to stay unknown is where its resolver is" "$(steered_to near $FAR4 +subnet=0.0.0.0/0)" "sin /0"
is "locate resolver: Germany" "$(steered_to resolver $CLIENT4)" fra
is "whatever subnet it tells" "$(steered_to resolver $CLIENT4 +subnet=100.64.1.0/24)" "fra /0"
is "locate resolver: Japan" "$(steered_to resolver $FAR4 +subnet=100.64.0.0/24)" "sin /0"
is "locate pop: where the query arrives" "$(steered_to here $FAR4)" fra
is "whatever subnet it tells" "$(steered_to here $FAR4 +subnet=100.64.1.0/24)" "fra /0"
is "below a wildcard" "$(steered_to any.thing.cdn $FAR4)" sin
is "by the client's subnet, too" "$(steered_to else.cdn $FAR4 +subnet=100.64.0.0/24)" "fra /24"
is "all of it in fra's kernel" "$(counter fra dns_answered)" $((before + 14))

is "fra hears that sin is down" "$(enter fra anydoor pop sin down)" "sin: down"
is "the next answer" "$(steered_to near $FAR4)" nyc
is "nobody else moves" "$(steered_to near $CLIENT4)" fra
is "below the wildcard, too" "$(steered_to any.cdn $FAR4)" nyc
is "explain says why" "$(enter fra anydoor explain $FAR4 near.$ZONE --json |
	jq -c '.names[0] | [.rule, (.asked | map([.pop, .state, .outcome])), .pop]')" \
	'["asia",[["sin","down","out"],["nyc","auto","chosen"]],"nyc"]'

kill -KILL "$(pop_pid fra)"
pop_await_gone fra
is "the daemon is dead: sin stays down" "$(steered_to near $FAR4)" nyc
is "fra is told that nyc drains" "$(enter fra anydoor pop nyc drain)" "nyc: draining"
is "the next answer" "$(steered_to near $FAR4)" fra
is "sin is back" "$(enter fra anydoor pop sin auto)" "sin: auto"
is "and so are its clients" "$(steered_to near $FAR4)" sin
enter fra anydoor pop nyc auto >/dev/null
enter fra anydoor pop fra down >/dev/null
is "locate pop, but this POP is down" "$(steered_to here $FAR4)" nyc
enter fra anydoor pop fra auto >/dev/null
pop_start fra
pop_await fra

bgp_prefer nyc
before=$(counter nyc dns_answered)
is "BGP moves both: from nyc the same" "$(steered_to near $CLIENT4) $(steered_to near $FAR4)" "fra sin"
is "but for what goes by the POP" "$(steered_to here $FAR4)" nyc
is "in nyc's kernel" "$(counter nyc dns_answered)" $((before + 3))
bgp_prefer fra
net_done
