// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_top.c: a bounded heap of flows (flow_top.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "flow_top.h"

int flow_top_init(struct flow_top *top, enum flow_sort sort, size_t max)
{
	*top = (struct flow_top){ .sort = sort, .max = max };
	top->rows = calloc(max, sizeof(*top->rows));
	return top->rows ? 0 : -ENOMEM;
}

void flow_top_free(struct flow_top *top)
{
	free(top->rows);
	*top = (struct flow_top){ 0 };
}

/* The greater the value, the nearer to the front. */
static __u64 rank(enum flow_sort sort, const struct flow_row *row)
{
	const struct ad_flow *flow = &row->flow;

	switch (sort) {
	case FLOW_SORT_BYTES:
		return flow->rx_bytes + flow->tx_bytes;
	case FLOW_SORT_PACKETS:
		return (__u64)flow->rx_packets + flow->tx_packets;
	case FLOW_SORT_AGE:
		return flow->first_s ? ~(__u64)flow->first_s : 0;
	case FLOW_SORT_IDLE:
		return ~(__u64)flow->last_s;
	case FLOW_SORT_RTT:
		return row->tcp.rtt_us;
	case FLOW_SORT_RETRANSMITS:
		return row->tcp.retransmits;
	}
	return 0;
}

static void swap(struct flow_row *a, struct flow_row *b)
{
	struct flow_row row = *a;

	*a = *b;
	*b = row;
}

static void sift_up(struct flow_top *top, size_t i)
{
	while (i && rank(top->sort, &top->rows[i]) < rank(top->sort, &top->rows[(i - 1) / 2])) {
		swap(&top->rows[i], &top->rows[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void sift_down(struct flow_top *top, size_t nr)
{
	struct flow_row *rows = top->rows;
	size_t i = 0, least;

	for (; (least = 2 * i + 1) < nr; i = least) {
		if (least + 1 < nr &&
		    rank(top->sort, &rows[least + 1]) < rank(top->sort, &rows[least]))
			least++;
		if (rank(top->sort, &rows[i]) <= rank(top->sort, &rows[least]))
			return;
		swap(&rows[i], &rows[least]);
	}
}

void flow_top_offer(struct flow_top *top, const struct flow_row *row)
{
	if (top->nr < top->max) {
		top->rows[top->nr] = *row;
		sift_up(top, top->nr++);
	} else if (rank(top->sort, row) > rank(top->sort, &top->rows[0])) {
		top->rows[0] = *row;
		sift_down(top, top->nr);
	}
}

/* Heap sort: the last flow in the order is moved to the end, again and again. */
void flow_top_finish(struct flow_top *top)
{
	for (size_t nr = top->nr; nr > 1; nr--) {
		swap(&top->rows[0], &top->rows[nr - 1]);
		sift_down(top, nr - 1);
	}
}

static bool is_same(const struct ad_flow *a, const struct ad_flow *b)
{
	return a->client_port == b->client_port && a->vip_port == b->vip_port && a->vip == b->vip &&
	       !memcmp(&a->client, &b->client, sizeof(a->client));
}

void flow_top_unique(struct flow_top *top)
{
	size_t kept = 0;

	for (size_t i = 0; i < top->nr; i++) {
		size_t j = 0;

		while (j < kept && !is_same(&top->rows[j].flow, &top->rows[i].flow))
			j++;
		if (j == kept)
			top->rows[kept++] = top->rows[i];
	}
	top->nr = kept;
}
