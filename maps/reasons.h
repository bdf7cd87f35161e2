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
	X(FOREIGN, IN, PASS, "foreign", "packet for neither a VIP nor the tunnel address")         \
	X(VIP_OTHER, IN, PASS, "vip_other",                                                        \
	  "packet for a VIP that is neither TCP nor a DNS query")                                  \
	X(TUNNEL_FOREIGN, IN, PASS, "tunnel_foreign",                                              \
	  "Geneve packet of others on our tunnel port")                                            \
	X(DISARMED, IN, PASS, "disarmed", "TCP packet for a VIP before stamps were armed")         \
	/* DNS */                                                                                  \
	X(DNS_ANSWERED, IN, SEND, "dns_answered", "DNS query answered in the kernel")              \
	X(DNS_PASSED, IN, PASS, "dns_passed", "DNS query left to a nameserver on this host")       \
	X(DNS_IGNORED, IN, DROP, "dns_ignored", "DNS packet that must not be answered")            \
	/* this node owns the flow */                                                              \
	X(LOCAL_SYN, IN, PASS, "local_syn", "SYN of a new flow, which starts at this node")        \
	X(LOCAL_UNSTAMPED, IN, PASS, "local_unstamped",                                            \
	  "packet of a flow of this node, on the list of unstamped connections")                   \
	X(LOCAL_STAMP, IN, PASS, "local_stamp", "packet of a flow of this node, by its stamp")     \
	X(LOCAL_FLOW, IN, PASS, "local_flow",                                                      \
	  "packet without a stamp of a flow to a server behind this node, by the flow table")      \
	X(LOCAL_SOCKET, IN, PASS, "local_socket",                                                  \
	  "packet without a stamp of a flow of this node, by its socket")                          \
	/* another node owns it */                                                                 \
	X(WRAP_STAMP, IN, SEND, "wrap_stamp",                                                      \
	  "packet tunnelled to the owner that its stamp names")                                    \
	X(WRAP_PIN, IN, SEND, "wrap_pin",                                                          \
	  "packet tunnelled to the owner that the flow table names")                               \
	X(WRAP_NEXT, IN, SEND, "wrap_next",                                                        \
	  "hunted packet that is not for us, tunnelled on to the next node to ask")                \
	X(DIVERTED, IN, SEND, "diverted",                                                          \
	  "SYN tunnelled to a successor: this node drains, fails or comes back")                   \
	/* nobody does */                                                                          \
	X(NOBODY, IN, PASS, "nobody",                                                              \
	  "packet whose flow nobody owns: the stack answers with a RST")                           \
	X(OWNER_DEAD, IN, PASS, "owner_dead",                                                      \
	  "packet whose owner is down: the stack answers with a RST")                              \
	/* broken or forbidden */                                                                  \
	X(BAD_IP, IN, DROP, "bad_ip", "packet with an IP header or length that cannot be")         \
	X(BAD_L4, IN, DROP, "bad_l4", "packet with a TCP or UDP header or length that cannot be")  \
	X(FRAGMENT, IN, DROP, "fragment",                                                          \
	  "fragment of TCP for a VIP that is not known to be of a flow of this node")              \
	X(TUNNEL_BAD, IN, DROP, "tunnel_bad",                                                      \
	  "tunnel packet with our Geneve option, but malformed")                                   \
	X(TUNNEL_PEER, IN, DROP, "tunnel_peer",                                                    \
	  "tunnel packet that is not from a node of the fleet")                                    \
	X(TUNNEL_STALE, IN, DROP, "tunnel_stale",                                                  \
	  "tunnel packet that is too old or from the future")                                      \
	X(TUNNEL_AUTH, IN, DROP, "tunnel_auth", "tunnel packet with a wrong tag or key epoch")     \
	X(TUNNEL_INNER, IN, DROP, "tunnel_inner", "tunnel packet that carries no TCP for a VIP")   \
	X(TUNNEL_HOPS, IN, DROP, "tunnel_hops", "tunnel packet that has used up its hops")         \
	X(TUNNEL_SYN, IN, DROP, "tunnel_syn", "tunnel packet with a SYN that was not diverted")    \
	X(TUNNEL_ECN, IN, DROP, "tunnel_ecn",                                                      \
	  "tunnel packet with a congestion mark that cannot be carried over (RFC 6040)")           \
	/* could not be sent */                                                                    \
	X(NO_ROUTE, IN, DROP, "no_route",                                                          \
	  "packet to be tunnelled, but there is no route to its owner")                            \
	X(NO_NEIGH, IN, DROP, "no_neigh",                                                          \
	  "packet to be tunnelled, but the next hop to its owner is not resolved yet")             \
	X(TOO_BIG, IN, DROP, "too_big",                                                            \
	  "packet that does not fit the path to its owner once it is wrapped")                     \
	X(EXPIRED, IN, DROP, "expired",                                                            \
	  "packet whose TTL or hop limit ran out on the way to its owner")                         \
	X(PARTIAL, IN, DROP, "partial", "packet with a partial checksum, which cannot be wrapped") \
	X(INTERNAL, IN, DROP, "internal", "failure of anydoor itself: please report it")           \
	/* egress */                                                                               \
	X(OUT_FOREIGN, OUT, PASS, "out_foreign", "outgoing packet that is not TCP from a VIP")     \
	X(OUT_STAMPED, OUT, PASS, "out_stamped",                                                   \
	  "outgoing packet that was stamped with the id of this node")                             \
	X(OUT_PLAIN, OUT, PASS, "out_plain", "outgoing packet without TCP timestamps")             \
	X(OUT_UNSTAMPED, OUT, PASS, "out_unstamped",                                               \
	  "outgoing packet of a flow on the list of unstamped connections")                        \
	X(OUT_NOTED, OUT, PASS, "out_noted",                                                       \
	  "outgoing packet before stamps were armed: its flow is noted as unstamped")              \
	X(OUT_CLOCK, OUT, PASS, "out_clock",                                                       \
	  "outgoing SYN-ACK whose TSval is not of our clock: its flow is noted as unstamped")      \
	X(OUT_FULL, OUT, PASS, "out_full",                                                         \
	  "outgoing packet whose flow may break: the list of unstamped connections is full")       \
	X(OUT_BAD, OUT, PASS, "out_bad", "outgoing packet that could not be read or changed")      \
	/* the hunt */                                                                             \
	X(WRAP_HUNT, IN, SEND, "wrap_hunt",                                                        \
	  "hunted packet, tunnelled to a node that may own its flow")                              \
	X(WRAP_CLAIM, IN, SEND, "wrap_claim",                                                      \
	  "hunted packet of a flow of this node: claimed, and sent back to where it landed")       \
	X(WRAP_NO, IN, SEND, "wrap_no",                                                            \
	  "hunted packet that no asked node owns: sent back to where it landed")                   \
	X(WRAP_CLAIMED, IN, SEND, "wrap_claimed",                                                  \
	  "claimed packet, tunnelled to the owner of its flow")                                    \
	X(UNASKED, IN, DROP, "unasked",                                                            \
	  "hunted packet that nobody claimed, but one node could not be asked")                    \
	X(TUNNEL_ANSWER, IN, DROP, "tunnel_answer",                                                \
	  "answer to a hunt that is not meant for this node")                                      \
	/* DNS over its limit */                                                                   \
	X(DNS_LIMITED, IN, DROP, "dns_limited", "DNS answer over the rate limit, not sent")        \
	X(DNS_SLIPPED, IN, SEND, "dns_slipped",                                                    \
	  "DNS answer over the rate limit, sent truncated: use TCP or a cookie")                   \
	/* edges */                                                                                \
	X(LOCAL_FRAGMENT, IN, PASS, "local_fragment",                                              \
	  "fragment of TCP whose first fragment was of a flow of this node")                       \
	X(ICMP_LOCAL, IN, PASS, "icmp_local", "ICMP error about a flow of this node")              \
	X(ICMP_NOBODY, IN, PASS, "icmp_nobody",                                                    \
	  "ICMP error about a flow whose owner is not known")                                      \
	X(ICMP_LED, IN, SEND, "icmp_led",                                                          \
	  "ICMP error tunnelled to the owner of the flow that it is about")                        \
	X(ICMP_BUDGET, IN, DROP, "icmp_budget",                                                    \
	  "ICMP error for another node, beyond budgets.icmp")                                      \
	X(TOO_BIG_TOLD, IN, SEND, "too_big_told",                                                  \
	  "packet that does not fit the path to its owner: its sender was told by ICMP")           \
	X(CHAIN, IN, DROP, "chain", "packet with more IPv6 extension headers than are read")       \
	/* the hunt, and budgets */                                                                \
	X(NOBODY_AGAIN, IN, PASS, "nobody_again",                                                  \
	  "packet whose flow nobody owned a moment ago: the stack answers with a RST")             \
	X(BUDGET_HUNT, IN, DROP, "budget_hunt", "packet to be hunted, but beyond budgets.hunt")    \
	X(BUDGET_GUESS, IN, DROP, "budget_guess",                                                  \
	  "packet with an old stamp of a flow not seen before, beyond budgets.guess")              \
	X(BUDGET_DATA, IN, DROP, "budget_data",                                                    \
	  "packet of a known flow to be tunnelled, but beyond budgets.data")                       \
	X(BUDGET_SYN, IN, DROP, "budget_syn",                                                      \
	  "SYN diverted to this node, but beyond budgets.accept")                                  \
	/* no answer yet */                                                                        \
	X(NOBODY_ONCE, IN, DROP, "nobody_once",                                                    \
	  "empty ACK whose flow nobody owns, for the first time: its sender tries again")          \
	X(SYN_REPEATED, IN, PASS, "syn_repeated",                                                  \
	  "SYN that was diverted before and came again: served here")                              \
	X(SYN_UNSERVED, IN, DROP, "syn_unserved",                                                  \
	  "SYN diverted to this node, but nothing listens here")                                   \
	/* formats that change from one version to the next */                                     \
	X(DNS_UNREAD, IN, PASS, "dns_unread",                                                      \
	  "DNS query left to the daemon: no zones in a format that these programs read")           \
	X(TUNNEL_VERSION, IN, DROP, "tunnel_version",                                              \
	  "tunnel packet in a version of our option that this node does not read")                 \
	/* the directory */                                                                        \
	X(WRAP_DIRECTORY, IN, SEND, "wrap_directory",                                              \
	  "hunted packet, tunnelled to the node of this POP that owns its flow")

enum ad_reason {
	AD_CONTINUE = 0,
#define X(sym, side, action, label, help) AD_R_##sym,
	AD_REASONS(X)
#undef X
	AD_REASON_MAX
};

#endif
