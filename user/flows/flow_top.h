/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_top.h: the first N flows in an order, of any number of flows, in memory for N. Knows no
 * libbpf.
 */
#ifndef AD_FLOW_TOP_H
#define AD_FLOW_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include "flow_socket.h"

enum flow_sort {
	FLOW_SORT_BYTES,   /* most first, both directions together */
	FLOW_SORT_PACKETS, /* likewise */
	FLOW_SORT_AGE,	   /* oldest first, those of unknown age last */
	FLOW_SORT_IDLE,	   /* longest silent first */
	/* By what their sockets know; without it last. */
	FLOW_SORT_RTT,	       /* the slowest first, by the smoothed round-trip time */
	FLOW_SORT_RETRANSMITS, /* most segments sent again first */
};

struct flow_top {
	struct flow_row *rows; /* a heap, the hindmost at its root */
	size_t nr;
	size_t max;
	enum flow_sort sort;
};

/* 0 or -ENOMEM; @max at least 1. */
int flow_top_init(struct flow_top *top, enum flow_sort sort, size_t max);
void flow_top_offer(struct flow_top *top, const struct flow_row *row);
/* Sorts rows[0 .. nr-1]. Afterwards no more flows may be offered. */
void flow_top_finish(struct flow_top *top);
/* After that: of several entries for one flow the first is kept (two CPUs may have seen it). */
void flow_top_unique(struct flow_top *top);
void flow_top_free(struct flow_top *top);

#endif
