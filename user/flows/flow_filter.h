/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_filter.h: conditions that select flows. Knows no libbpf.
 */
#ifndef AD_FLOW_FILTER_H
#define AD_FLOW_FILTER_H

#include <stdbool.h>
#include "maps/types.h"
#include "user/state/names.h"

/* The conditions as words; NULL or 0 = any. */
struct flow_words {
	const char *client; /* "198.51.100.0/24", "2001:db8::/32", or one address */
	const char *vip;    /* address */
	const char *owner;  /* name of a node or a POP, or an id */
	int kind;	    /* enum ad_flow_kind, AD_FLOW_FREE = any */
	unsigned int port;  /* the VIP's */
};

struct flow_filter {
	struct ad_addr client;
	unsigned int client_bits; /* of 128; 0 = any */
	struct ad_addr vip;
	bool has_vip, has_owner;
	__u8 kind;
	__be16 port;
	__u8 owners[AD_NODE_ID_MAX / 8 + 1]; /* a bit for each node id */
};

/* "198.51.100.0/24" or an address: the first @bits, of all 128, of @addr count. 0 or -EINVAL. */
int flow_prefix_parse(const char *text, struct ad_addr *addr, unsigned int *bits);
/* 0, or -EINVAL after one line on stderr. */
int flow_filter_init(struct flow_filter *filter, const struct flow_words *words,
		     const struct names *names);
bool flow_filter_match(const struct flow_filter *filter, const struct ad_flow *flow,
		       const struct names *names);

#endif
