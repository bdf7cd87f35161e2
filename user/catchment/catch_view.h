/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_view.h: what landed here in one window, read-only once it is made. Counted references, all
 * of them in one thread; whoever has one may read it in another.
 */
#ifndef AD_CATCH_VIEW_H
#define AD_CATCH_VIEW_H

#include <jansson.h>
#include "catch_suspect.h"
#include "catch_watch.h"

#define CATCH_LINES_MAX 1000 /* of ASNs, and of prefixes */

enum catch_by {
	CATCH_BY_REGION,
	CATCH_BY_ASN,
	CATCH_BY_PREFIX,
	CATCH_BYS
};
/* "region", "asn", "prefix" */
const char *catch_by_name(enum catch_by by);

struct catch_line {
	char name[CATCH_NAME];
	char region[CATCH_NAME];    /* of a prefix */
	__u32 asn;		    /* likewise; 0: not known */
	double rate[CATCH_KINDS];   /* a second */
	double share[CATCH_KINDS];  /* of all that landed here in this window */
	double before[CATCH_KINDS]; /* of region and ASN: the mean of the windows before */
	bool is_moved[CATCH_KINDS];
	__u32 rtt_us, rtt_least_us; /* mean and least of its sockets; 0: none */
	__u32 sockets;
};

/* A prefix or an AS that is farther away than its region. */
struct catch_suspect {
	char name[CATCH_NAME];
	char region[CATCH_NAME];
	__u32 asn; /* 0: not known */
	bool is_asn;
	__u32 sockets;
	__u32 rtt_least_us, region_us;
};

struct catch_view {
	unsigned int references;
	double seconds;
	bool is_whole; /* else the first window is not over yet */
	bool is_known; /* what was before: enough windows were compared */
	double rate[CATCH_KINDS];
	struct catch_line *lines[CATCH_BYS]; /* those with the most first */
	size_t nr[CATCH_BYS];
	struct catch_suspect *suspects; /* SUSPECTS_MAX at most */
	size_t nr_suspects;
	size_t all_suspects; /* also those that found no room */
};

/* NULL: no view. */
struct catch_view *catch_view_hold(struct catch_view *view);
void catch_view_drop(struct catch_view *view);
/*
 * {"seconds": ..., "whole": ..., "known": ..., "connections_per_second": ..., "by": "region",
 *  "rows": [{"name": ..., "connections_per_second": ..., "connections_share": ...,
 *  "connections_share_before": ..., "connections_moved": ..., the same of queries, "sockets": ...,
 *  "rtt_ms": ..., "rtt_least_ms": ...}, ...]}
 * @top: at most so many rows.
 */
json_t *catch_view_json(const struct catch_view *view, enum catch_by by, size_t top);
/*
 * {"seconds": ..., "whole": ..., "total": ..., "suspects": [{"name": ..., "asn": ...|null,
 *  "region": ..., "sockets": ..., "rtt_least_ms": ..., "region_rtt_ms": ...}, ...]}
 */
json_t *catch_suspects_json(const struct catch_view *view);

#endif
