// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_steered.c: steered names as cells, one for each POP (dns_image.h, maps/dns.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_build.h"
#include "maps/dns_proto.h"
#include "user/config/config.h"
#include "user/zone/zone_rdata.h"

/* --- where a name is -------------------------------------------------------------------------- */

struct spot {
	const struct zone *zone; /* NULL: none of these zones */
	size_t index;		 /* of it */
	struct name_key key;
	__u8 bytes[NAME_KEY_MAX];
};

/* The deepest zone that holds @name; zones are sorted by key, parents first. */
static void find_spot(struct zone *const *zones, size_t nr_zones, const __u8 *name,
		      struct spot *spot)
{
	size_t low = 0, high = nr_zones, mid;

	name_to_key(name, spot->bytes, &spot->key);
	spot->zone = NULL;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (name_key_compare(&zones[mid]->key, &spot->key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low-- > 0) {
		if (!name_key_within(&spot->key, &zones[low]->key))
			continue;
		spot->zone = zones[low];
		spot->index = low;
		return;
	}
}

/* --- sets ------------------------------------------------------------------------------------- */

/* What a signer adds is nobody's own. */
static bool is_data(const struct zone_rr *rr)
{
	return rr->type != DNS_T_RRSIG && rr->type != DNS_T_NSEC && rr->type != DNS_T_NSEC3;
}

/* All records of @name in @zone; NULL and 0: none. */
static const struct zone_rr *find_all(const struct zone *zone, const __u8 *name, size_t *nr)
{
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key;

	name_to_key(name, bytes, &key);
	return zone_find(zone, &key, 0, nr);
}

/* A type that both have, or 0. */
static __u16 common_type(const struct zone_rr *a, size_t nr_a, const struct zone_rr *b, size_t nr_b)
{
	size_t i;

	for (i = 0; i < nr_a; i++)
		if (is_data(&a[i]) && zone_rrs_have(b, nr_b, a[i].type))
			return a[i].type;
	return 0;
}

static bool have_data(const struct zone_rr *rrs, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (is_data(&rrs[i]))
			return true;
	return false;
}

/* --- checking --------------------------------------------------------------------------------- */

struct checking {
	const struct dns_steered *name;
	const struct zone *zone;
	const struct zone_rr *own;
	size_t nr_own;
	struct config_errors *errors;
	char text[NAME_TEXT];
	int err;
};

#define complain(checking, format, ...)                                                            \
	do {                                                                                       \
		config_errors_add((checking)->errors, (checking)->name->file,                      \
				  (checking)->name->line, "steer: %s: " format, (checking)->text,  \
				  ##__VA_ARGS__);                                                  \
		(checking)->err = -EINVAL;                                                         \
	} while (0)

static void check_member(struct checking *checking, const __u8 *member)
{
	char text[NAME_TEXT], type_text[ZONE_TYPE_TEXT];
	const struct zone_rr *rrs;
	struct zone *zone = (struct zone *)checking->zone;
	struct spot spot;
	__u16 type;
	size_t nr;

	name_format(member, text);
	find_spot(&zone, 1, member, &spot);
	rrs = spot.zone ? find_all(spot.zone, member, &nr) : NULL;
	if (!rrs || !have_data(rrs, nr)) {
		complain(checking, "its member %s has no records in zone %s", text, zone->name);
		return;
	}
	if (zone_rrs_have(rrs, nr, DNS_T_NS) || zone_rrs_have(rrs, nr, DNS_T_DNAME) ||
	    zone_rrs_have(rrs, nr, DNS_T_SOA))
		complain(checking,
			 "its member %s is a zone's apex, a delegation or a DNAME: give "
			 "the member records of its own",
			 text);
	type = common_type(rrs, nr, checking->own, checking->nr_own);
	if (type)
		complain(checking,
			 "%s:%u: it has %s itself, and so has its member %s: take one "
			 "away",
			 checking->own->file, checking->own->line, zone_type_name(type, type_text),
			 text);
	if (zone_rrs_have(rrs, nr, DNS_T_CNAME) && have_data(checking->own, checking->nr_own))
		complain(checking,
			 "%s:%u: it has records of its own, and its member %s is a "
			 "CNAME, which stands alone",
			 checking->own->file, checking->own->line, text);
}

/* Nothing between the apex and the name takes it out of the zone. */
static void check_place(struct checking *checking, const struct spot *spot)
{
	unsigned int labels;
	struct name_key key;
	size_t nr;

	for (labels = spot->zone->key.labels; labels <= spot->key.labels; labels++) {
		key = name_key_ancestor(&spot->key, labels);
		if (zone_find(spot->zone, &key, DNS_T_DNAME, &nr) ||
		    (labels > spot->zone->key.labels && zone_find(spot->zone, &key, DNS_T_NS, &nr)))
			complain(checking, "it lies at or below a delegation or a DNAME of zone %s",
				 spot->zone->name);
	}
}

static int check_one(struct zone *const *zones, size_t nr_zones, const struct dns_steered *name,
		     struct config_errors *errors)
{
	struct checking checking = { .name = name, .errors = errors };
	struct spot spot;
	size_t i;

	name_format(name->name, checking.text);
	find_spot(zones, nr_zones, name->name, &spot);
	if (!spot.zone)
		complain(&checking, "it is in none of the zones");
	if (!spot.zone || !spot.zone->nr_rrs)
		return checking.err;
	checking.zone = spot.zone;
	checking.own = zone_find(spot.zone, &spot.key, 0, &checking.nr_own);
	check_place(&checking, &spot);
	if (spot.zone->chain.nr)
		complain(&checking, "zone %s is signed, and signed names cannot be steered yet",
			 spot.zone->name);
	for (i = 0; i < name->nr_pops; i++)
		if (name->members[i][0])
			check_member(&checking, name->members[i]);
	return checking.err;
}

int dns_steered_check(struct zone *const *zones, size_t nr_zones, const struct dns_steered *steered,
		      size_t nr_steered, struct config_errors *errors)
{
	size_t i;
	int err = 0;

	for (i = 0; i < nr_steered; i++)
		if (check_one(zones, nr_zones, &steered[i], errors))
			err = -EINVAL;
	return err;
}

/* --- building --------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct dns_extra *x = a, *y = b;

	return name_key_compare(&x->key, &y->key);
}

int dns_steered_place(struct dns_build *build)
{
	struct dns_extra *extras = calloc(build->nr_steered + 1, sizeof(*extras));
	struct spot spot;
	size_t i, nr = 0;

	if (!extras)
		return -ENOMEM;
	build->extras = extras;
	for (i = 0; i < build->nr_steered; i++) {
		const __u8 *name = build->steered[i].name;

		find_spot(build->zones, build->nr_zones, name, &spot);
		if (!spot.zone || !spot.zone->nr_rrs)
			continue;
		extras[nr].name = name;
		extras[nr++].zone = spot.index;
	}
	build->nr_extras = nr;
	for (i = 0; i < nr; i++)
		name_to_key(extras[i].name, extras[i].bytes, &extras[i].key);
	qsort(extras, nr, sizeof(*extras), by_key);
	for (i = 0; i < nr; i++)
		extras[i].key.bytes = extras[i].bytes; /* they have moved */
	return 0;
}

void dns_steered_mark(struct dns_build *build)
{
	const struct dns_steered *steered = build->steered;
	struct dns_target target;
	struct spot spot;
	size_t i;

	for (i = 0; i < build->nr_steered; i++) {
		find_spot(build->zones, build->nr_zones, steered[i].name, &spot);
		if (!spot.zone || !spot.zone->nr_rrs)
			continue;
		dns_tree_resolve(&build->tree, spot.index, steered[i].name, &target);
		if (target.kind == AD_DNS_NEXT_CELL && !target.below &&
		    build->tree.nodes[target.node].kind == AD_DNS_NAME)
			build->tree.nodes[target.node].steered = i + 1;
	}
}

static int by_rr(const void *a, const void *b)
{
	return zone_rr_compare(a, b);
}

/* What becomes of TTLs: @ttl instead of their own, and never more than @most. */
struct ttls {
	__u32 ttl; /* or DNS_STEERED_TTL */
	__u32 most;
};

/* Appends what is data of @from to @to. */
static size_t take_data(struct zone_rr *to, const struct zone_rr *from, size_t nr,
			const struct dns_node *node, const struct ttls *ttls)
{
	size_t i, n = 0;

	for (i = 0; i < nr; i++) {
		if (!is_data(&from[i]))
			continue;
		to[n] = from[i];
		to[n].owner_name = node->name;
		to[n].key = node->key;
		if (ttls->ttl != DNS_STEERED_TTL)
			to[n].ttl = ttls->ttl;
		if (to[n].ttl > ttls->most)
			to[n].ttl = ttls->most;
		n++;
	}
	return n;
}

/* The cell @index: @node as if the sets of @member were its own. */
static int build_variant(struct dns_build *build, const struct dns_node *node, const __u8 *member,
			 const struct ttls *ttls, __u32 index)
{
	static const struct ttls own = { DNS_STEERED_TTL, ~0u };
	struct dns_node variant = *node;
	size_t nr = 0, nr_own = 0;
	const struct zone_rr *rrs = find_all(build->zones[node->zone], member, &nr);
	struct zone_rr *both;
	int err;

	both = calloc(nr + node->nr_rrs + 1, sizeof(*both));
	if (!both)
		return -ENOMEM;
	nr_own = take_data(both, node->rrs, node->nr_rrs, node, &own);
	variant.nr_rrs = nr_own + take_data(both + nr_own, rrs, nr, node, ttls);
	qsort(both, variant.nr_rrs, sizeof(*both), by_rr);
	variant.rrs = both;
	variant.cell = index;
	err = dns_build_cell(build, &variant, build->table.hashes[node - build->tree.nodes]);
	free(both);
	return err;
}

/* Where the draw begins: of the name alone, so that all nodes and all loads agree. */
static __u32 name_seed(const __u8 *name)
{
	__u32 seed = 2166136261u;
	size_t i, len = name_len(name);

	for (i = 0; i < len; i++)
		seed = (seed ^ name[i]) * 16777619u;
	return seed;
}

static int build_variants(struct dns_build *build, const struct dns_node *node,
			  const struct dns_steered *steered)
{
	const struct ad_dns_image *head = dns_image_at(build->image, 0);
	struct ad_dns_cell *cell = dns_image_cell(build->image, node->cell);
	unsigned int doubles = steered->flags & AD_DNS_STEER_DOUBT ? 1 : 0, pop;
	struct ad_dns_steered *to = (struct ad_dns_steered *)cell->addr;
	__u64 at = dns_image_alloc(build->image, (steered->nr_pops * sizeof(*cell)) << doubles,
				   sizeof(*cell), false);
	const struct ttls usual = { steered->ttl, ~0u };
	const struct ttls in_doubt = { steered->ttl, steered->doubt_ttl };
	int err = at ? 0 : -ENOMEM;

	if (err)
		return err;
	cell->flags |= AD_DNS_IS_STEERED;
	to->seed = name_seed(steered->name);
	to->variants = (at - (__u64)head->buckets * 8) / sizeof(*cell);
	to->policy = steered->policy;
	to->pops = steered->nr_pops;
	to->flags = steered->flags;
	to->out = steered->out;
	to->ip4_bits = steered->ip4_bits;
	to->ip6_bits = steered->ip6_bits;
	for (pop = 0; pop < steered->nr_pops && !err; pop++) {
		const __u8 *member = steered->members[pop];
		__u32 index = to->variants + (pop << doubles);

		if (!member[0])
			continue;
		err = build_variant(build, node, member, &usual, index);
		if (!err && doubles)
			err = build_variant(build, node, member, &in_doubt, index + 1);
	}
	return err;
}

int dns_steered_build(struct dns_build *build)
{
	const struct dns_node *nodes = build->tree.nodes;
	size_t i;
	int err = 0;

	for (i = 0; i < build->tree.nr_nodes && !err && build->nr_steered; i++)
		if (nodes[i].steered)
			err = build_variants(build, &nodes[i],
					     &build->steered[nodes[i].steered - 1]);
	return err;
}
