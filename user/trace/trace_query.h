/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_query.h: the DNS message in a frame of which the first bytes are known. The frame comes
 * from anybody and may end anywhere. Knows no libbpf.
 */
#ifndef AD_TRACE_QUERY_H
#define AD_TRACE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"

struct trace_query {
	__u8 name[256]; /* on the wire, in lower case */
	__u16 qtype;
	bool is_answer;
	__u16 rcode; /* of an answer */
	bool has_subnet;
	struct ad_addr subnet;
	__u8 subnet_bits; /* of the address's family */
	__be16 from, to;  /* ports */
};

/* False: no query or answer with one question, or it ends before that does. */
bool trace_query_read(struct trace_query *query, const __u8 *frame, size_t len);

#endif
