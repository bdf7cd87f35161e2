// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_set.c: open addressing, a step at a time; a removal closes the gap (flow_set.h).
 */
#include <stdlib.h>
#include "flow_set.h"

#define ROOM_MIN 1024

/* The low bits say which part of a POP's flows it is of, and so are much alike. */
static size_t place_of(const struct flow_set *set, __u64 flow)
{
	return flow >> 20 & (set->room - 1);
}

static struct flow_mark *look(const struct flow_set *set, __u64 flow)
{
	size_t i = place_of(set, flow);

	while (set->at[i].flow && set->at[i].flow != flow)
		i = (i + 1) & (set->room - 1);
	return &set->at[i];
}

struct flow_mark *flow_set_find(const struct flow_set *set, __u64 flow)
{
	struct flow_mark *mark = flow && set->room ? look(set, flow) : NULL;

	return mark && mark->flow ? mark : NULL;
}

/* At most half of the places are taken. */
static int grow(struct flow_set *set)
{
	struct flow_set more = { .room = set->room ? 2 * set->room : ROOM_MIN, .nr = set->nr };

	if (more.room > 2 * (size_t)FLOW_SET_MAX)
		return -1;
	more.at = calloc(more.room, sizeof(*more.at));
	if (!more.at)
		return -1;
	for (size_t i = 0; i < set->room; i++)
		if (set->at[i].flow)
			*look(&more, set->at[i].flow) = set->at[i];
	free(set->at);
	*set = more;
	return 0;
}

struct flow_mark *flow_set_add(struct flow_set *set, __u64 flow)
{
	struct flow_mark *mark = flow_set_find(set, flow);

	if (mark || !flow)
		return mark;
	if (2 * (set->nr + 1) > set->room && grow(set))
		return NULL;
	mark = look(set, flow);
	mark->flow = flow;
	set->nr++;
	return mark;
}

void flow_set_remove(struct flow_set *set, struct flow_mark *mark)
{
	size_t mask = set->room - 1, gap = mark - set->at, i = gap, place;

	for (;;) {
		i = (i + 1) & mask;
		if (!set->at[i].flow)
			break;
		place = place_of(set, set->at[i].flow);
		/* What belongs between the gap and here stays. */
		if (((i - place) & mask) < ((i - gap) & mask))
			continue;
		set->at[gap] = set->at[i];
		gap = i;
	}
	set->at[gap] = (struct flow_mark){};
	set->nr--;
}

void flow_set_free(struct flow_set *set)
{
	free(set->at);
	*set = (struct flow_set){};
}
