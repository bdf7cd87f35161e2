// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * changes.c: what differs between two sets of zones, in words (changes.h).
 */
#include "changes.h"
#include "user/config/config.h"

/* Records of @old and @new that the other has not, or with another TTL. */
static void count_changes(const struct zone *old, const struct zone *new, size_t *removed,
			  size_t *added)
{
	const struct zone_rr *a = old->rrs, *b = new->rrs;
	const struct zone_rr *a_end = a + old->nr_rrs, *b_end = b + new->nr_rrs;

	*removed = *added = 0;
	while (a < a_end || b < b_end) {
		int order = a == a_end ? 1 : b == b_end ? -1 : zone_rr_compare(a, b);
		bool differs = order || a->ttl != b->ttl;

		*removed += differs && order <= 0;
		*added += differs && order >= 0;
		a += order <= 0;
		b += order >= 0;
	}
}

static void say_same_serial(json_t *list, json_t *warnings, const struct zone *old,
			    const struct zone *new)
{
	size_t removed, added;

	count_changes(old, new, &removed, &added);
	if (!removed && !added)
		return;
	json_array_append_new(list, json_sprintf("zone %s: %zu records removed, %zu added, under "
						 "the same serial %u",
						 new->name, removed, added, new->serial));
	json_array_append_new(warnings,
			      json_sprintf("zone %s: its records changed and its serial %u did "
					   "not: raise it with every change",
					   new->name, new->serial));
}

static void say_serials(json_t *list, json_t *warnings, const struct zone *old,
			const struct zone *new)
{
	json_array_append_new(list, json_sprintf("zone %s: serial %u -> %u", new->name, old->serial,
						 new->serial));
	if ((__s32)(new->serial - old->serial) > 0)
		return;
	json_array_append_new(warnings,
			      json_sprintf("zone %s: serial %u is lower than %u before (RFC 1982): "
					   "whoever compares serials keeps the old zone",
					   new->name, new->serial, old->serial));
}

static void one_zone(json_t *list, json_t *warnings, const struct dns_shared_zone *old,
		     const struct dns_shared_zone *new)
{
	if (old == new || !new->zone->nr_rrs)
		return;
	if (!old->zone->nr_rrs)
		json_array_append_new(list, json_sprintf("zone %s: served again, serial %u",
							 new->zone->name, new->zone->serial));
	else if (old->zone->serial != new->zone->serial)
		say_serials(list, warnings, old->zone, new->zone);
	else
		say_same_serial(list, warnings, old->zone, new->zone);
}

void changes_add_zones(json_t *list, json_t *warnings, const struct dns_zones *old,
		       const struct dns_zones *new)
{
	size_t a = 0, b = 0;

	while (a < old->nr && b < new->nr) {
		struct dns_shared_zone *x = old->served[a].shared, *y = new->served[b].shared;
		int order = zone_compare(&x->zone, &y->zone);

		if (!order)
			one_zone(list, warnings, x, y);
		a += order <= 0;
		b += order >= 0;
	}
}

void changes_add_doubts(json_t *warnings, const struct dns_zones *zones)
{
	const struct config_errors *doubts = zones->plan ? zones->plan->doubts : NULL;
	size_t i;

	for (i = 0; doubts && i < doubts->nr; i++)
		json_array_append_new(warnings, json_string(doubts->list[i].text));
}
