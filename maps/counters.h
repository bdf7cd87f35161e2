/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * counters.h: what is counted beside packets by reason (reasons.h), once.
 *
 * The structs of the maps, Prometheus, `stats` and its JSON, and the table of metrics in
 * deploy/doc/metrics.md come from these rows: to add a counter, add a row and count.
 *
 * X(field, array, "metric", KIND, LABELS, "what it counts")
 *   field    the struct's member, a __u64; its key in JSON
 *   array    "[N]" or "[N][M]" if it is one of those, or nothing
 *   metric   its name in Prometheus, behind "anydoor_"
 *   KIND     COUNTER or GAUGE
 *   LABELS   what the indexes of the array mean (user/status/counter.c), or NONE
 *   what     stands alone, in any of these places
 */
#ifndef AD_COUNTERS_H
#define AD_COUNTERS_H

#define AD_COUNTER_FIELD(field, array, metric, kind, labels, help) __u64 field array;

/* struct ad_flow_stats */
#define AD_FLOW_COUNTERS(X)                                                                        \
	X(inserts, , "flow_table_inserts_total", COUNTER, NONE, "flows entered in the flow table") \
	X(evictions, , "flow_table_evictions_total", COUNTER, NONE,                                \
	  "live flows whose entry in the flow table was given to another flow")                    \
	X(expiries, , "flow_table_expiries_total", COUNTER, NONE,                                  \
	  "idle flows whose entry in the flow table was given to another flow")                    \
	X(refusals, , "flow_table_refusals_total", COUNTER, NONE,                                  \
	  "flows that found no room in the flow table: every packet of a shifted one is hunted, "  \
	  "any other is not counted")

/* struct ad_hunt_stats */
#define AD_HUNT_COUNTERS(X)                                                                        \
	X(by_hint, , "hunt_by_hint_total", COUNTER, NONE,                                          \
	  "hunts whose first node was known from the client's prefix")                             \
	X(by_source, , "hunt_by_source_total", COUNTER, NONE,                                      \
	  "hunts whose first node was one that other clients had shifted from")                    \
	X(learned, , "hunt_claims_learned_total", COUNTER, NONE,                                   \
	  "claims from which a node learned where the flows of a client's prefix come from")       \
	X(scouts, , "hunt_scouts_total", COUNTER, NONE,                                            \
	  "ACKs of stamped flows that were hunted only to learn where their prefix comes from")    \
	X(refused, [AD_BUDGET_CLASSES][AD_BUDGET_SCOPES], "budget_refused_total", COUNTER,         \
	  BUDGET_SCOPE, "packets that a budget did not let pass, by budget and by whom it bounds")

/* struct ad_dns_count: one for each that answers */
#define AD_DNS_COUNTERS(X)                                                                         \
	X(rcodes, [AD_DNS_RCODES], "dns_responses_total", COUNTER, RCODE,                          \
	  "DNS answers by response code")                                                          \
	X(truncated, , "dns_truncated_total", COUNTER, NONE,                                       \
	  "DNS answers that were truncated (TC): the client has to ask by TCP")                    \
	X(edns, [2][AD_DNS_EDNS_KINDS], "dns_edns_total", COUNTER, FAMILY_EDNS,                    \
	  "DNS answers by IP version and by what the client speaks: no EDNS, EDNS, EDNS with DO")  \
	X(types, [AD_DNS_TYPES], "dns_types_total", COUNTER, TYPE,                                 \
	  "DNS answers by the type that was asked for")

/* At the end of struct ad_dns_daemon. */
#define AD_DNS_TCP_COUNTERS(X)                                                                     \
	X(tcp_open, , "dns_tcp_connections", GAUGE, NONE, "open connections to TCP port 53")       \
	X(tcp_refused, , "dns_tcp_refused_total", COUNTER, NONE,                                   \
	  "connections to TCP port 53 that were closed to make room for others")

/* struct ad_dns_rule_counts; cookies[AD_DNS_COOKIE_NONE] and limited[AD_DNS_LIMITED_NOT] stay 0. */
#define AD_DNS_RULE_COUNTERS(X)                                                                    \
	X(cookies, [AD_DNS_COOKIE_STATES], "dns_cookies_total", COUNTER, COOKIE,                   \
	  "DNS queries that brought a DNS cookie, by how it was found")                            \
	X(limited, [AD_DNS_LIMITED_STATES][AD_DNS_CLASSES], "dns_limited_total", COUNTER,          \
	  CLASS_ACTION, "DNS answers over the rate limit, by kind and by what became of them")

/* struct ad_connection_counts: of VIP, port, region and landing node */
#define AD_CONNECTION_COUNTERS(X)                                                                  \
	X(opened, , "connections_opened_total", COUNTER, NONE, "connections that were accepted")   \
	X(ended, , "connections_ended_total", COUNTER, NONE,                                       \
	  "connections that have ended, failed ones among them")                                   \
	X(failed, , "connections_failed_total", COUNTER, NONE,                                     \
	  "connections that ended by a reset or by silence, in the place of a FIN of both sides")  \
	X(rx_bytes, , "connections_received_bytes_total", COUNTER, NONE,                           \
	  "bytes that clients sent in connections that have ended")                                \
	X(tx_bytes, , "connections_sent_bytes_total", COUNTER, NONE,                               \
	  "bytes that clients acknowledged in connections that have ended")                        \
	X(retransmits, , "connections_retransmits_total", COUNTER, NONE,                           \
	  "TCP segments sent again in connections that have ended")

#endif
