/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * reasons.h: every way a packet can leave the data path, once.
 *
 * A stage returns 0 (continue) or one of these; the single exit counts it and does what the row
 * says. The enum, the metric label, the CLI text and the documentation come from this table, and
 * selftests/prog has at least one packet that earns each row.
 *
 * X(SYMBOL, side, action, "label", "what it means")
 *   side    IN (XDP) or OUT (tc egress)
 *   action  PASS to the stack, DROP, SEND (XDP_TX or redirect; OUT rows are all PASS)
 */
#ifndef AD_REASONS_H
#define AD_REASONS_H

#define AD_REASONS(X)                                                                              \
	/* not ours */                                                                             \
	X(FOREIGN, IN, PASS, "foreign", "not for a VIP or the tunnel address")                     \
	X(VIP_OTHER, IN, PASS, "vip_other", "for a VIP, but neither TCP nor a DNS query")          \
	X(TUNNEL_FOREIGN, IN, PASS, "tunnel_foreign", "Geneve of somebody else on our port")       \
	X(DISARMED, IN, PASS, "disarmed", "TCP for a VIP before the stamps were armed")            \
	/* DNS */                                                                                  \
	X(DNS_ANSWERED, IN, SEND, "dns_answered", "DNS query answered in the kernel")              \
	X(DNS_PASSED, IN, PASS, "dns_passed", "DNS query left to a nameserver on this host")       \
	X(DNS_IGNORED, IN, DROP, "dns_ignored", "DNS packet that must not be answered")            \
	/* this node owns the flow */                                                              \
	X(LOCAL_SYN, IN, PASS, "local_syn", "SYN: a new flow starts here")                         \
	X(LOCAL_UNSTAMPED, IN, PASS, "local_unstamped", "ours, on the list of unstamped sockets")  \
	X(LOCAL_STAMP, IN, PASS, "local_stamp", "ours by its stamp")                               \
	X(LOCAL_FLOW, IN, PASS, "local_flow", "ours by the flow table, packet without a stamp")    \
	X(LOCAL_SOCKET, IN, PASS, "local_socket", "ours by its socket, packet without a stamp")    \
	/* another node owns it */                                                                 \
	X(WRAP_STAMP, IN, SEND, "wrap_stamp", "tunnelled to the owner its stamp names")            \
	X(WRAP_PIN, IN, SEND, "wrap_pin", "tunnelled to the owner that the table knows")           \
	X(WRAP_NEXT, IN, SEND, "wrap_next", "came by tunnel, not ours: on to the next candidate")  \
	X(DIVERTED, IN, SEND, "diverted", "SYN handed to a successor while draining")              \
	/* nobody does */                                                                          \
	X(NOBODY, IN, PASS, "nobody", "no owner found: the stack answers with a RST")              \
	X(OWNER_DEAD, IN, PASS, "owner_dead", "its owner is known dead: the stack answers")        \
	/* broken or forbidden */                                                                  \
	X(BAD_IP, IN, DROP, "bad_ip", "IP header or length that cannot be")                        \
	X(BAD_L4, IN, DROP, "bad_l4", "TCP or UDP header or length that cannot be")                \
	X(FRAGMENT, IN, DROP, "fragment",                                                          \
	  "fragment of TCP for a VIP that is not known to be ours")                                \
	X(TUNNEL_BAD, IN, DROP, "tunnel_bad", "our Geneve class, but malformed")                   \
	X(TUNNEL_PEER, IN, DROP, "tunnel_peer", "tunnel packet from no node of the fleet")         \
	X(TUNNEL_STALE, IN, DROP, "tunnel_stale", "tunnel packet too old or from the future")      \
	X(TUNNEL_AUTH, IN, DROP, "tunnel_auth", "tunnel packet with a wrong tag or key epoch")     \
	X(TUNNEL_INNER, IN, DROP, "tunnel_inner", "tunnelled packet that is not TCP for a VIP")    \
	X(TUNNEL_HOPS, IN, DROP, "tunnel_hops", "tunnelled packet out of hops")                    \
	X(TUNNEL_SYN, IN, DROP, "tunnel_syn", "tunnelled SYN that was not diverted")               \
	X(TUNNEL_ECN, IN, DROP, "tunnel_ecn", "congestion mark that cannot be carried (RFC 6040)") \
	/* could not be sent */                                                                    \
	X(NO_ROUTE, IN, DROP, "no_route", "no route towards the owner")                            \
	X(NO_NEIGH, IN, DROP, "no_neigh", "next hop towards the owner not resolved yet")           \
	X(TOO_BIG, IN, DROP, "too_big", "does not fit the path to the owner once wrapped")         \
	X(EXPIRED, IN, DROP, "expired", "TTL or hop limit ran out on the way to the owner")        \
	X(PARTIAL, IN, DROP, "partial", "partial checksum: cannot be wrapped")                     \
	X(INTERNAL, IN, DROP, "internal", "our own failure: please report it")                     \
	/* egress */                                                                               \
	X(OUT_FOREIGN, OUT, PASS, "out_foreign", "not TCP from a VIP")                             \
	X(OUT_STAMPED, OUT, PASS, "out_stamped", "stamped with our id")                            \
	X(OUT_PLAIN, OUT, PASS, "out_plain", "no timestamps on this packet")                       \
	X(OUT_UNSTAMPED, OUT, PASS, "out_unstamped", "on the unstamped list: left alone")          \
	X(OUT_NOTED, OUT, PASS, "out_noted", "not armed yet: flow noted as unstamped")             \
	X(OUT_CLOCK, OUT, PASS, "out_clock", "SYN-ACK whose TSval is not our clock: noted")        \
	X(OUT_FULL, OUT, PASS, "out_full", "unstamped list is full: this flow may break")          \
	X(OUT_BAD, OUT, PASS, "out_bad", "egress packet that could not be read or changed")        \
	/* the hunt */                                                                             \
	X(WRAP_HUNT, IN, SEND, "wrap_hunt", "hunted: sent to a node that may own it")              \
	X(WRAP_CLAIM, IN, SEND, "wrap_claim", "hunted and ours: claimed, back to where it landed") \
	X(WRAP_NO, IN, SEND, "wrap_no", "not ours, nobody left to ask: back to where it landed")   \
	X(WRAP_CLAIMED, IN, SEND, "wrap_claimed", "claimed by its owner, and led there")           \
	X(UNASKED, IN, DROP, "unasked", "nobody claimed it, but one could not be asked")           \
	X(TUNNEL_ANSWER, IN, DROP, "tunnel_answer", "claim or no that is not for us to hear")      \
	/* DNS over its limit */                                                                   \
	X(DNS_LIMITED, IN, DROP, "dns_limited", "DNS answer over the rate limit, not given")       \
	X(DNS_SLIPPED, IN, SEND, "dns_slipped", "over it: told to use TCP or a cookie")            \
	/* edges */                                                                                \
	X(LOCAL_FRAGMENT, IN, PASS, "local_fragment", "fragment of TCP whose first one was ours")  \
	X(ICMP_LOCAL, IN, PASS, "icmp_local", "ICMP error about a flow of ours")                   \
	X(ICMP_NOBODY, IN, PASS, "icmp_nobody", "ICMP error about a flow that nobody here knows")  \
	X(ICMP_LED, IN, SEND, "icmp_led", "ICMP error tunnelled to the owner of the flow")         \
	X(ICMP_BUDGET, IN, DROP, "icmp_budget", "ICMP error for another node beyond the budget")   \
	X(TOO_BIG_TOLD, IN, SEND, "too_big_told", "does not fit: its sender was told by ICMP")     \
	X(CHAIN, IN, DROP, "chain", "more IPv6 extension headers than are followed")               \
	/* the hunt, and budgets */                                                                \
	X(NOBODY_AGAIN, IN, PASS, "nobody_again", "nobody owned it just now: the stack answers")   \
	X(BUDGET_HUNT, IN, DROP, "budget_hunt", "to be hunted, but beyond the budget")             \
	X(BUDGET_GUESS, IN, DROP, "budget_guess", "old stamp on a new flow, beyond the budget")    \
	X(BUDGET_DATA, IN, DROP, "budget_data", "of a known flow, but beyond the budget")          \
	X(BUDGET_SYN, IN, DROP, "budget_syn", "diverted to us, but beyond what we accept")         \
	/* no answer yet */                                                                        \
	X(NOBODY_ONCE, IN, DROP, "nobody_once", "empty ACK that nobody owns, for the first time")  \
	X(SYN_REPEATED, IN, PASS, "syn_repeated",                                                  \
	  "SYN that was diverted before and came again: served here")                              \
	X(SYN_UNSERVED, IN, DROP, "syn_unserved", "diverted to us, but nothing listens here")

enum ad_reason {
	AD_CONTINUE = 0,
#define X(sym, side, action, label, help) AD_R_##sym,
	AD_REASONS(X)
#undef X
	AD_REASON_MAX
};

#endif
