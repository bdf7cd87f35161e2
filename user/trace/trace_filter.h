/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_filter.h: which packets are meant: what the data path looks at, and what is only known
 * here.
 */
#ifndef AD_TRACE_FILTER_H
#define AD_TRACE_FILTER_H

#include <stdbool.h>
#include "maps/trace.h"
#include "trace_query.h"
#include "user/state/names.h"

/* The conditions as words; NULL or 0: any. */
struct trace_words {
	const char *client;  /* "198.51.100.0/24", or one address */
	const char *vip;     /* address */
	const char *peer;    /* name of a node, or its id */
	const char *reasons; /* "local_stamp,nobody" */
	const char *qname;   /* domain name */
	const char *zone;    /* domain name that names must be at or below */
	unsigned int port;   /* the VIP's */
	unsigned int sample; /* one of so many */
};

struct trace_filter {
	struct ad_trace wanted; /* for the data path */
	__u8 name[256], zone[256];
	bool has_name, has_zone;
};

/*
 * Without a word about reasons, all but those of packets that are not ours. 0, or -EINVAL after one
 * line on stderr.
 */
int trace_filter_init(struct trace_filter *filter, const struct trace_words *words,
		      const struct names *names);
/* Is it one of those of the names that are meant? @query: NULL if the packet has none. */
bool trace_filter_match(const struct trace_filter *filter, const struct trace_query *query);

#endif
