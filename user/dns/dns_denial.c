// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_denial.c: stores the NSEC and NSEC3 records of signed zones in an image, and finds those that
 * each name needs (dns_build.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_build.h"
#include "maps/dns_proto.h"
#include "user/zone/zone_chain.h"

/* --- storing ---------------------------------------------------------------------------------- */

/* The key by which a denier is found: see struct ad_dns_chain. */
static __u32 denier_key(const struct zone *zone, const struct zone_rr *denier,
			__u8 key[NAME_KEY_MAX])
{
	if (zone->chain.type == DNS_T_NSEC3) {
		nsec3_owner_hash(denier->owner_name, key);
		return NSEC3_HASH_BYTES;
	}
	memcpy(key, denier->key.bytes + zone->key.len, denier->key.len - zone->key.len);
	return denier->key.len - zone->key.len;
}

/* The ref of a denier, rendered, and the first word of its key; 0 when out of memory. */
static __u32 build_proof(struct dns_build *build, const struct zone *zone,
			 const struct zone_rr *denier, __u64 *prefix)
{
	const struct dns_render *r = &build->render;
	__u8 key[NAME_KEY_MAX + 8] = { 0 };
	struct ad_dns_piece *proof;
	__u32 fixups, key_len;
	__u64 at;
	__u8 *to;

	if (dns_render_proof(&build->render, zone, denier))
		return 0;
	key_len = (denier_key(zone, denier, key) + 7) & ~7u;
	fixups = r->nr_fixups * sizeof(*r->fixups);
	at = dns_image_alloc(build->image, sizeof(*proof) + fixups + r->len + key_len, 8, true);
	if (!at)
		return 0;
	proof = dns_image_at(build->image, at);
	proof->len = r->len;
	proof->rrs = r->rrs;
	proof->nr_fixups = r->nr_fixups;
	proof->key_len = key_len;
	to = (__u8 *)(proof + 1);
	memcpy(to, r->fixups, fixups);
	memcpy(to + fixups, r->bytes, r->len);
	memcpy(to + fixups + r->len, key, key_len);
	memcpy(prefix, key, sizeof(*prefix));
	*prefix = __builtin_bswap64(*prefix);
	return at / 8;
}

static int build_deniers(struct dns_build *build, __u32 index, __u64 deniers)
{
	const struct zone *zone = build->zones[index];
	struct ad_dns_denier *denier;
	__u64 prefix;
	size_t i;

	for (i = 0; i < zone->chain.nr; i++) {
		build->proofs[index][i] = build_proof(build, zone, zone->chain.deniers[i], &prefix);
		if (!build->proofs[index][i])
			return -ENOMEM;
		denier = dns_image_at(build->image, deniers + i * sizeof(*denier));
		denier->prefix = prefix;
		denier->proof = build->proofs[index][i];
	}
	return 0;
}

static int build_chain(struct dns_build *build, __u32 index)
{
	const struct zone_chain *chain = &build->zones[index]->chain;
	struct dns_image *image = build->image;
	struct ad_dns_chain *to;
	__u64 at, deniers;

	build->proofs[index] = calloc(chain->nr, sizeof(*build->proofs[index]));
	at = dns_image_alloc(image, sizeof(*to), 8, true);
	deniers = dns_image_alloc(image, chain->nr * sizeof(struct ad_dns_denier),
				  sizeof(struct ad_dns_denier), false);
	if (!build->proofs[index] || !at || !deniers)
		return -ENOMEM;
	to = dns_image_at(image, at);
	to->deniers = deniers / 8;
	to->nr = chain->nr;
	to->type = chain->type;
	to->iterations = chain->iterations;
	to->salt_len = chain->salt_len;
	if (chain->salt_len)
		memcpy(to->salt, chain->salt, chain->salt_len);
	dns_image_zone(image, index)->chain = at / 8;
	return build_deniers(build, index, deniers);
}

int dns_chains_build(struct dns_build *build)
{
	size_t i;
	int err = 0;

	build->proofs = calloc(build->nr_zones + 1, sizeof(*build->proofs));
	if (!build->proofs)
		return -ENOMEM;
	for (i = 0; i < build->nr_zones && !err; i++)
		if (build->zones[i]->chain.nr && (!build->wanted || build->wanted[i]))
			err = build_chain(build, i);
	return err;
}

/* Reads the refs of proofs back from the image. */
static int read_chain(struct dns_build *build, __u32 index)
{
	const struct ad_dns_zone *zone = dns_image_zone(build->image, index);
	const struct ad_dns_chain *chain = dns_image_at(build->image, (__u64)zone->chain * 8);
	const struct ad_dns_denier *denier;
	__u32 i;

	build->proofs[index] = calloc(chain->nr + 1, sizeof(*build->proofs[index]));
	if (!build->proofs[index])
		return -ENOMEM;
	for (i = 0; i < chain->nr; i++) {
		denier =
			dns_image_at(build->image, (__u64)chain->deniers * 8 + i * sizeof(*denier));
		build->proofs[index][i] = denier->proof;
	}
	return 0;
}

int dns_chains_read(struct dns_build *build)
{
	__u32 i, parent;
	int err = 0;

	for (i = 0; i < build->nr_zones && !err; i++) {
		parent = build->tree.parents[i].zone;
		if (parent != DNS_NO_ZONE && !build->proofs[parent] &&
		    build->zones[parent]->chain.nr)
			err = read_chain(build, parent);
	}
	return err;
}

void dns_chains_free(struct dns_build *build)
{
	size_t i;

	for (i = 0; build->proofs && i < build->nr_zones; i++)
		free(build->proofs[i]);
	free(build->proofs);
}

/* --- denying ---------------------------------------------------------------------------------- */

/* The proof of @name's own denier, or of the one whose span @name lies in. */
static __u32 find_proof(const struct dns_build *build, __u32 zone, const __u8 *name, bool *own)
{
	return build->proofs[zone][zone_chain_find(&build->zones[zone]->chain, name, own)];
}

/* The proof for "*" directly below @name; 0 if that name would be too long. */
static __u32 find_wild(const struct dns_build *build, __u32 zone, const __u8 *name)
{
	__u8 wild[2 + 255] = "\1*";
	bool own;

	if (2 + name_len(name) > 255)
		return 0;
	memcpy(wild + 2, name, name_len(name));
	return find_proof(build, zone, wild, &own);
}

/*
 * Fills in self, next and encloser for the stored name @name. Returns the name whose existence they
 * prove: itself, or with opt-out perhaps one above. The apex always has an NSEC3.
 */
static const __u8 *deny_name(const struct dns_build *build, __u32 zone, const __u8 *name,
			     struct ad_dns_denial *denial)
{
	__u32 cover;
	bool own;

	denial->self = find_proof(build, zone, name, &own);
	if (build->zones[zone]->chain.type == DNS_T_NSEC)
		return name;
	while (!own) {
		cover = denial->self;
		name = name_skip(name, 1);
		denial->self = find_proof(build, zone, name, &own);
		denial->next = cover;
	}
	denial->encloser = denial->self;
	return name;
}

void dns_chain_deny(const struct dns_build *build, const struct dns_node *node,
		    struct ad_dns_denial *denial)
{
	const struct dns_parent *parent = &build->tree.parents[node->zone];
	const __u8 *proven;
	struct ad_dns_denial above = { 0 };

	memset(denial, 0, sizeof(*denial));
	if (build->proofs[node->zone] &&
	    !(node->kind == AD_DNS_CUT && zone_rrs_have(node->rrs, node->nr_rrs, DNS_T_DS))) {
		proven = deny_name(build, node->zone, node->name, denial);
		if (node->kind == AD_DNS_NAME && node->wild == DNS_NO_NODE)
			denial->wild = find_wild(build, node->zone, proven);
	}
	if (node->key.len != build->zones[node->zone]->key.len || parent->zone == DNS_NO_ZONE ||
	    !build->proofs[parent->zone] || parent->nr_ds)
		return;
	deny_name(build, parent->zone, node->name, &above);
	denial->parent_self = above.self;
	denial->parent_next = above.next;
}

__u32 dns_chain_cover(const struct dns_build *build, __u32 zone, const struct zone_rr *cname,
		      const struct dns_target *target)
{
	struct ad_dns_denial denial = { 0 };
	__u8 name[256];
	bool own;

	if (!target->below || !build->proofs[zone] ||
	    build->tree.nodes[target->node].kind != AD_DNS_NAME)
		return 0;
	name_lower(name, cname->rdata);
	deny_name(build, zone, name_skip(name, target->below), &denial);
	if (denial.next)
		return denial.next;
	return find_proof(build, zone, name_skip(name, target->below - 1), &own);
}
