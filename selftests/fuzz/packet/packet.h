/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet.h: what the parts of the packet fuzzer are to each other.
 */
#ifndef AD_FUZZ_PACKET_H
#define AD_FUZZ_PACKET_H

#include "frame.h"
#include "maps/dns_rules.h"
#include "maps/reasons.h"
#include "selftests/fuzz/judge.h"

/* One run of the program in the kernel. */
struct run {
	const uint8_t *in;
	size_t in_len;
	const uint8_t *out;
	size_t out_len;
	uint32_t action; /* XDP's */
	uint32_t reason;
};

/* --- bench.c: the program ----------------------------------------------------------------------
 */

/* Raises namespace, maps and zones. Exits, told on stderr, if it cannot. */
void bench_raise(const char *vectors, const char *zones);
void bench_run(const uint8_t *frame, size_t len, struct run *run);
/* @address: 4 or 16 bytes. Is it ours, and does it answer DNS? */
const struct ad_dns_rules *bench_rules(void);
uint64_t bench_real_ns(void);
bool bench_is_ours(const uint8_t *address, bool ip6);
bool bench_is_dns_vip(const uint8_t *address, bool ip6);

/* --- engine.c: the same engine in userspace, with coverage --------------------------------------
 */

void engine_raise(const char *zones, const struct ad_dns_rules *rules, uint64_t real_ns);
/* False: no reply. Else *@reply, until the next call. @client: 4 or 16 bytes. */
bool engine_ask(const struct message *query, const uint8_t *client, bool ip6,
		struct message *reply);

/* --- verdict.c -----------------------------------------------------------------------------------
 */

/* Aborts if the run was not what it had to be. */
void verdict(const struct run *run);

/* --- reader.c: dnspython -------------------------------------------------------------------------
 */

void reader_raise(void);
/* Aborts if dnspython cannot read the reply, or does not take it for one to this query. */
void reader_read(const struct message *query, const struct message *reply);

#endif
