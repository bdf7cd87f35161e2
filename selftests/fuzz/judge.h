/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.h: what every reply must be, whatever was asked. Header only: each fuzzer is one program.
 *
 * Replies are read by libknot. Queries are not: it refuses some that we answer.
 */
#ifndef AD_FUZZ_JUDGE_H
#define AD_FUZZ_JUDGE_H

#include <libknot/libknot.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JUDGE_HEADER	12
#define JUDGE_UDP_MIN	512
#define JUDGE_UDP_SIZE	1232 /* dns.udp_size of the fuzzers */
#define JUDGE_TCP_MAX	65535
#define JUDGE_QR	0x80
#define JUDGE_OPCODE_RD 0x79

#define demand(what)                                                                               \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "not so: %s (%s:%d)\n", #what, __FILE__, __LINE__);        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct message {
	const uint8_t *data;
	size_t len;
};

/* Behind the name at @at; beyond the end if it does not end. */
static inline size_t judge_skip_name(const struct message *m, size_t at)
{
	while (at < m->len && m->data[at]) {
		if (m->data[at] >= 0xc0)
			return at + 2;
		at += m->data[at] + 1;
	}
	return at + 1;
}

static inline unsigned int judge_get16(const struct message *m, size_t at)
{
	return at + 2 <= m->len ? m->data[at] << 8 | m->data[at + 1] : 0;
}

/* The size that the query's OPT record offers; 0 if it has none. */
static inline size_t judge_offered(const struct message *query)
{
	size_t at = judge_skip_name(query, JUDGE_HEADER) + 4;

	while (at < query->len) {
		at = judge_skip_name(query, at);
		if (judge_get16(query, at) == KNOT_RRTYPE_OPT)
			return judge_get16(query, at + 2);
		at += 10 + judge_get16(query, at + 8);
	}
	return 0;
}

/* RFC 6891, 6.2.3 and 6.2.5: below 512 means 512; and our own limit. */
static inline size_t judge_udp_limit(const struct message *query)
{
	size_t limit = judge_offered(query);

	if (limit < JUDGE_UDP_MIN)
		return JUDGE_UDP_MIN;
	return limit < JUDGE_UDP_SIZE ? limit : JUDGE_UDP_SIZE;
}

/* The question comes back as it was asked, to the letter, or not at all. */
static inline void judge_question(const struct message *query, const struct message *reply,
				  const knot_pkt_t *read)
{
	size_t end = JUDGE_HEADER + knot_pkt_question_size(read);

	if (reply->len == JUDGE_HEADER)
		return;
	/* Who asks for nothing but a cookie has no question (RFC 7873, 5.4); of several none goes
	 * back. */
	demand(knot_wire_get_qdcount(reply->data) == (knot_wire_get_qdcount(query->data) == 1));
	demand(end <= query->len && end <= reply->len);
	demand(!memcmp(reply->data + JUDGE_HEADER, query->data + JUDGE_HEADER, end - JUDGE_HEADER));
}

static inline void judge_reply(const struct message *query, const struct message *reply, bool tcp)
{
	knot_pkt_t *read = knot_pkt_new((void *)reply->data, reply->len, NULL);

	demand(query->len >= JUDGE_HEADER && !(query->data[2] & JUDGE_QR));
	demand(reply->len >= JUDGE_HEADER);
	demand(reply->len <= (tcp ? JUDGE_TCP_MAX : judge_udp_limit(query)));
	demand(reply->data[2] & JUDGE_QR);
	demand(!memcmp(reply->data, query->data, 2));
	demand((reply->data[2] & JUDGE_OPCODE_RD) == (query->data[2] & JUDGE_OPCODE_RD));
	/* or it would take a TSIG off the end */
	demand(read && knot_pkt_parse(read, KNOT_PF_KEEPWIRE) == KNOT_EOK);
	demand(read->parsed == reply->len);
	judge_question(query, reply, read);
	knot_pkt_free(read);
}

#endif
