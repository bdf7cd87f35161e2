// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_steered.c: steered names as cells, one for each POP (dns_image.h, maps/dns.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_build.h"
#include "dns_steered.h"
#include "maps/dns_proto.h"
#include "user/zone/zone_rdata.h"

void dns_steered_spot(struct zone *const *zones, size_t nr_zones, const __u8 *name,
		      struct dns_spot *spot)
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

/* What a signer adds is nobody's own. */
bool dns_steered_is_data(const struct zone_rr *rr)
{
	return rr->type != DNS_T_RRSIG && rr->type != DNS_T_NSEC && rr->type != DNS_T_NSEC3;
}

const struct zone_rr *dns_steered_find(const struct zone *zone, const __u8 *name, size_t *nr)
{
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key;

	name_to_key(name, bytes, &key);
	return zone_find(zone, &key, 0, nr);
}

static int by_key(const void *a, const void *b)
{
	const struct dns_extra *x = a, *y = b;

	return name_key_compare(&x->key, &y->key);
}

int dns_steered_place(struct dns_build *build)
{
	struct dns_extra *extras = calloc(build->nr_steered + 1, sizeof(*extras));
	struct dns_spot spot;
	size_t i, nr = 0;

	if (!extras)
		return -ENOMEM;
	build->extras = extras;
	for (i = 0; i < build->nr_steered; i++) {
		const __u8 *name = build->steered[i].name;

		dns_steered_spot(build->zones, build->nr_zones, name, &spot);
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
	struct dns_spot spot;
	size_t i;

	for (i = 0; i < build->nr_steered; i++) {
		dns_steered_spot(build->zones, build->nr_zones, steered[i].name, &spot);
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

/* As a record of @node, with its TTL. */
static void put_record(struct zone_rr *to, const struct zone_rr *from, const struct dns_node *node,
		       const struct ttls *ttls)
{
	*to = *from;
	to->owner_name = node->name;
	to->key = node->key;
	if (ttls->ttl != DNS_STEERED_TTL)
		to->ttl = ttls->ttl;
	if (to->ttl > ttls->most)
		to->ttl = ttls->most;
}

/* What a POP's cell is made of. */
struct making {
	const struct dns_node *node;
	const struct zone_rr *member; /* its records */
	size_t nr_member;
	const struct zone_rr *sigs; /* of its sets under the node's name */
	size_t nr_sigs;
	const struct ttls *ttls;
};

/* Sets of this type are the member's; each name has its own NSEC. */
static bool is_members(const struct making *making, __u16 type)
{
	return type != DNS_T_NSEC && type != DNS_T_NSEC3 &&
	       zone_rrs_have(making->member, making->nr_member, type);
}

/*
 * The node's own records, but those of types that its member has: a signed zone has some, so that
 * its NSEC knows of the type.
 */
static size_t take_own(struct zone_rr *to, const struct making *making, bool is_signed)
{
	static const struct ttls own = { DNS_STEERED_TTL, ~0u };
	const struct dns_node *node = making->node;
	size_t i, n = 0;

	for (i = 0; i < node->nr_rrs; i++) {
		const struct zone_rr *rr = &node->rrs[i];
		__u16 type = rr->type == DNS_T_RRSIG ? zone_sig_covers(rr) : rr->type;

		if (is_signed ? !is_members(making, type) : dns_steered_is_data(rr))
			put_record(&to[n++], rr, node, &own);
	}
	return n;
}

/* What is data of its member, and the signatures of that. */
static size_t take_member(struct zone_rr *to, const struct making *making)
{
	size_t i, n = 0;

	for (i = 0; i < making->nr_member; i++)
		if (dns_steered_is_data(&making->member[i]))
			put_record(&to[n++], &making->member[i], making->node, making->ttls);
	for (i = 0; i < making->nr_sigs; i++)
		if (is_members(making, zone_sig_covers(&making->sigs[i])))
			put_record(&to[n++], &making->sigs[i], making->node, making->ttls);
	return n;
}

/* The cell @index: @node as if the sets of its member were its own. */
static int build_variant(struct dns_build *build, const struct making *making, __u32 index)
{
	const struct dns_node *node = making->node;
	struct dns_node variant = *node;
	bool is_signed = build->proofs[node->zone];
	struct zone_rr *all;
	int err;

	all = calloc(node->nr_rrs + making->nr_member + making->nr_sigs + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	variant.nr_rrs = take_own(all, making, is_signed);
	variant.nr_rrs += take_member(all + variant.nr_rrs, making);
	qsort(all, variant.nr_rrs, sizeof(*all), by_rr);
	variant.rrs = all;
	variant.cell = index;
	variant.is_variant = true;
	err = dns_build_cell(build, &variant, build->table.hashes[node - build->tree.nodes]);
	free(all);
	return err;
}

/* Addresses of several POPs in one answer have one TTL (RFC 2181, 5.2): the least of all POPs'. */
static __u32 least_ttl(const struct zone *zone, const struct dns_steered *steered)
{
	const struct zone_rr *rrs;
	__u32 least = ~0u;
	size_t i, pop, nr;

	for (pop = 0; pop < steered->nr_pops; pop++) {
		if (!steered->members[pop][0])
			continue;
		rrs = dns_steered_find(zone, steered->members[pop], &nr);
		for (i = 0; i < nr; i++)
			if ((rrs[i].type == DNS_T_A || rrs[i].type == DNS_T_AAAA) &&
			    rrs[i].ttl < least)
				least = rrs[i].ttl;
	}
	return least;
}

/* The cells of one POP: the second one is for when a POP is in doubt. */
static int build_pop(struct dns_build *build, const struct dns_node *node,
		     const struct dns_steered *steered, unsigned int pop, __u32 index)
{
	const struct zone *zone = build->zones[node->zone];
	__u32 most = steered->answers > 1 ? least_ttl(zone, steered) : ~0u;
	const struct ttls usual = { steered->ttl, most };
	const struct ttls in_doubt = { steered->ttl,
				       most < steered->doubt_ttl ? most : steered->doubt_ttl };
	struct making making = { .node = node, .ttls = &usual };
	int err;

	making.member = dns_steered_find(zone, steered->members[pop], &making.nr_member);
	if (build->proofs[node->zone])
		making.sigs =
			zone_find(steered->variants[pop], &node->key, DNS_T_RRSIG, &making.nr_sigs);
	err = build_variant(build, &making, index);
	if (err || !(steered->flags & AD_DNS_STEER_DOUBT))
		return err;
	making.ttls = &in_doubt;
	return build_variant(build, &making, index + 1);
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
	to->answers = steered->answers;
	for (pop = 0; pop < steered->nr_pops && !err; pop++)
		if (steered->members[pop][0])
			err = build_pop(build, node, steered, pop, to->variants + (pop << doubles));
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
