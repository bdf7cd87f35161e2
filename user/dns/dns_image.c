// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_image.c: compiles zones to pages (dns_image.h). Header and zones come first, then the name
 * table, then the data that names refer to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "dns_build.h"
#include "maps/dns_proto.h"
#include "user/base/log.h"
#include "user/base/progress.h"

#define ALIASES_MAX    64 /* no resolver follows more */
#define PROGRESS_NAMES 65536

/* Additional data of one set. A referral has all of it, within a limit for the whole image. */
#define EXTRA_BYTES_MAX AD_DNS_UDP_MAX
#define LONG_EXTRAS_MAX (64u << 20)

/* --- pages ------------------------------------------------------------------------------------ */

void *dns_image_at(const struct dns_image *image, __u64 address)
{
	return image->pages[address / AD_DNS_PAGE_BYTES] + (address & AD_DNS_PAGE_MASK);
}

static void *image_ref(const struct dns_image *image, __u32 ref)
{
	return dns_image_at(image, (__u64)ref * 8);
}

static int image_add_page(struct dns_image *image)
{
	__u8 **grown = reallocarray(image->pages, image->nr_pages + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	image->pages = grown;
	grown[image->nr_pages] = calloc(1, AD_DNS_PAGE_STRIDE);
	if (!grown[image->nr_pages])
		return -ENOMEM;
	image->nr_pages++;
	return 0;
}

__u64 dns_image_alloc(struct dns_image *image, __u64 size, __u32 align, bool whole)
{
	__u64 at = (image->used + align - 1) & ~(__u64)(align - 1);
	__u64 page_end = (at | AD_DNS_PAGE_MASK) + 1;

	if (whole && at + size > page_end)
		at = page_end;
	while ((__u64)image->nr_pages * AD_DNS_PAGE_BYTES < at + size)
		if (image_add_page(image))
			return 0;
	image->used = at + size;
	return at;
}

void dns_image_free(struct dns_image *image)
{
	__u32 i;

	if (!image)
		return;
	for (i = 0; i < image->nr_pages; i++)
		free(image->pages[i]);
	free(image->pages);
	free(image->held);
	free(image);
}

struct ad_dns_zone *dns_image_zone(struct dns_image *image, __u32 index)
{
	const struct ad_dns_image *head = dns_image_at(image, 0);

	return (struct ad_dns_zone *)image_ref(image, head->zones) + index;
}

__u64 dns_image_cells(const struct dns_image *image)
{
	const struct ad_dns_image *head = dns_image_at(image, 0);

	return ((__u64)head->bucket_mask + 1) * AD_DNS_BUCKET_CELLS;
}

/* A cell that is held must not move to make room for another one. */
void dns_image_hold(struct dns_image *image, __u32 cell)
{
	if (cell < dns_image_cells(image))
		image->held[cell / 64] |= 1ull << cell % 64;
}

/* --- records ---------------------------------------------------------------------------------- */

/* Offset of the marks that follow @len bytes. */
static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* Stores fixups, rendered bytes and marks, in this order. Returns the ref, or 0. */
static __u32 build_blob(struct dns_build *build)
{
	const struct dns_render *r = &build->render;
	size_t fixups = r->nr_fixups * sizeof(*r->fixups), len = r->len + r->extra_len;
	size_t marks = r->extra_sets * sizeof(*r->marks);
	__u64 at = dns_image_alloc(build->image, fixups + padded(len) + marks, 8, true);
	__u8 *to;

	if (!at)
		return 0;
	to = dns_image_at(build->image, at);
	memcpy(to, r->fixups, fixups);
	memcpy(to + fixups, r->bytes, len);
	memcpy(to + fixups + padded(len), r->marks, marks);
	return at / 8;
}

static struct dns_place build_place(const struct dns_build *build, const struct dns_node *node)
{
	struct dns_place place = { .class = node->class };

	if (memcmp(node->name, "\1*", 2))
		place.owner_name = node->name;
	if (node->zone != DNS_NO_ZONE)
		place.apex = build->zones[node->zone]->apex;
	return place;
}

/* The CNAME or DNAME that @node has, or NULL. */
static const struct zone_rr *node_alias(const struct dns_node *node)
{
	__u16 type = node->kind == AD_DNS_DNAME ? DNS_T_DNAME : DNS_T_CNAME;
	__u32 i;

	for (i = 0; i < node->nr_rrs && node->kind != AD_DNS_CUT; i++)
		if (node->rrs[i].type == type)
			return &node->rrs[i];
	return NULL;
}

/*
 * The node that the alias at @node leads to, or NULL if that is outside the zone. A DNAME leads to
 * a name below its target, which depends on the question; it is known only if the target is another
 * DNAME.
 */
static const struct dns_node *alias_next(const struct dns_build *build, const struct dns_node *node)
{
	const struct zone_rr *alias = node_alias(node);
	const struct dns_node *next;
	struct dns_target target;

	if (!alias)
		return NULL;
	dns_tree_resolve(&build->tree, node->zone, alias->rdata, &target);
	if (target.kind != AD_DNS_NEXT_CELL)
		return NULL;
	next = &build->tree.nodes[target.node];
	if (alias->type == DNS_T_DNAME || (next->kind == AD_DNS_DNAME && target.below))
		return next->kind == AD_DNS_DNAME ? next : NULL;
	if (!target.below)
		return next->kind == AD_DNS_DNAME ? NULL : next;
	if (next->kind != AD_DNS_NAME || next->wild == DNS_NO_NODE)
		return NULL;
	return &build->tree.nodes[next->wild];
}

/* The number of aliases from @node on until one repeats; 0 if the aliases end. */
static __u8 alias_loop(const struct dns_build *build, const struct dns_node *node)
{
	const struct dns_node *seen[ALIASES_MAX] = {};
	__u8 n, i;

	for (n = 0; n < ALIASES_MAX; n++) {
		if (!node)
			return 0;
		for (i = 0; i < n; i++)
			if (seen[i] == node)
				return n;
		seen[n] = node;
		node = alias_next(build, node);
	}
	return 0;
}

static void build_next(const struct dns_build *build, const struct dns_node *node,
		       const struct zone_rr *cname, struct ad_dns_rrset *to)
{
	struct dns_target target;

	dns_tree_resolve(&build->tree, node->zone, cname->rdata, &target);
	to->next_kind = target.kind;
	to->next_skip = target.skip;
	if (target.kind != AD_DNS_NEXT_CELL)
		return;
	to->next = build->tree.nodes[target.node].cell + 1;
	dns_image_hold(build->image, to->next - 1);
	to->cover = dns_chain_cover(build, node->zone, cname, &target);
}

static int render_signatures(struct dns_render *render, const struct dns_place *place,
			     const struct zone *zone, const struct zone_rr *rrs, __u32 ttl)
{
	size_t nr;
	const struct zone_rr *sigs = zone_signatures(zone, rrs, &nr);

	return dns_render_add(render, place, sigs, nr, ttl);
}

/* Those of a set of @node: what is no record of the zone itself brings its own. */
static int render_node_signatures(struct dns_render *render, const struct dns_place *place,
				  const struct dns_node *node, const struct zone *zone,
				  const struct zone_rr *rrs)
{
	const struct zone_rr *sigs;
	size_t nr;

	if (!node->is_variant)
		return render_signatures(render, place, zone, rrs, rrs->ttl);
	sigs = zone_rrs_signatures(node->rrs, node->nr_rrs, rrs->type, &nr);
	return dns_render_add(render, place, sigs, nr, rrs->ttl);
}

/* Stores the rendered set and fills in its directory entry. */
static int build_entry(struct dns_build *build, const struct dns_node *node,
		       const struct zone_rr *rrs, struct ad_dns_rrset *to)
{
	const struct dns_render *render = &build->render;

	to->type = rrs->type;
	to->rrs = render->rrs;
	to->len = render->len;
	to->extra_rrs = render->extra_rrs;
	to->extra_len = render->extra_len;
	to->extra_sets = render->extra_sets;
	to->extra_must = render->extra_must;
	to->nr_fixups = render->nr_fixups;
	to->blob = build_blob(build);
	if (node->zone != DNS_NO_ZONE && rrs == node_alias(node))
		to->loop = alias_loop(build, node);
	if (rrs->type == DNS_T_CNAME && node->zone != DNS_NO_ZONE)
		build_next(build, node, rrs, to);
	return to->blob ? 0 : -ENOMEM;
}

static __u32 set_ttl(const struct zone_rr *rrs)
{
	return rrs->type == DNS_T_RRSIG ? DNS_RENDER_TTL_OWN : rrs->ttl;
}

/* Renders the additional data of the set that was rendered. */
static void render_extra(struct dns_build *build, const struct dns_node *node,
			 const struct dns_place *place, const struct zone_rr *rrs, size_t nr,
			 bool with_sigs)
{
	struct dns_naming_set naming = {
		.zone = build->zones[node->zone],
		.rrs = rrs,
		.nr = nr,
		.cut = node->kind == AD_DNS_CUT ? &node->key : NULL,
		.with_sigs = with_sigs,
		.max = EXTRA_BYTES_MAX,
	};

	naming.steered = build->extras;
	naming.nr_steered = build->nr_extras;
	naming.zone_index = node->zone;
	if (naming.cut && build->image->long_extras < LONG_EXTRAS_MAX)
		naming.max = DNS_RENDER_BYTES;
	dns_render_extra(&build->render, place, &naming);
	if (build->render.extra_len > EXTRA_BYTES_MAX)
		build->image->long_extras += build->render.extra_len;
}

/* One RRset without signatures. */
static int build_set(struct dns_build *build, const struct dns_node *node,
		     const struct zone_rr *rrs, size_t nr, struct ad_dns_rrset *to)
{
	struct dns_place place = build_place(build, node);
	char name[NAME_TEXT];
	int err;

	if (dns_render_set(&build->render, &place, rrs, nr, set_ttl(rrs)))
		return -E2BIG;
	if (node->zone != DNS_NO_ZONE)
		render_extra(build, node, &place, rrs, nr, false);
	err = build_entry(build, node, rrs, to);
	if (to->loop)
		log_warn("%s:%u: %s: %s leads in a circle", rrs->file, rrs->line,
			 name_format(node->name, name),
			 rrs->type == DNS_T_DNAME ? "DNAME" : "CNAME");
	if (to->extra_must == AD_DNS_MUST_NONE)
		log_warn("%s:%u: %s: NS and the addresses of its name servers fit no message",
			 rrs->file, rrs->line, name_format(node->name, name));
	return err;
}

/* The ref of the additional part that was rendered behind a set; 0: none, or out of memory. */
static __u32 build_extra(struct dns_build *build)
{
	const struct dns_render *r = &build->render;
	__u32 first = 0, nr, i, self = AD_DNS_BASE_SELF << AD_DNS_BASE_SHIFT;
	size_t marks = r->extra_sets * sizeof(*r->marks), size;
	struct ad_dns_fixup *fixups;
	struct ad_dns_piece *piece;
	__u64 at;
	__u8 *to;

	while (first < r->nr_fixups && r->fixups[first].at < r->len)
		first++;
	nr = r->nr_fixups - first;
	size = sizeof(*piece) + nr * sizeof(*fixups) + padded(r->extra_len) + marks;
	at = r->extra_rrs ? dns_image_alloc(build->image, size, 8, true) : 0;
	if (!at)
		return 0;
	piece = dns_image_at(build->image, at);
	piece->len = r->extra_len;
	piece->rrs = r->extra_rrs;
	piece->nr_fixups = nr;
	fixups = (struct ad_dns_fixup *)(piece + 1);
	for (i = 0; i < nr; i++) {
		fixups[i] = r->fixups[first + i];
		fixups[i].at -= r->len;
		if (fixups[i].to >> AD_DNS_BASE_SHIFT == AD_DNS_BASE_SELF)
			fixups[i].to += (AD_DNS_BASE_SET << AD_DNS_BASE_SHIFT) - self;
	}
	to = (__u8 *)(fixups + nr);
	memcpy(to, r->bytes + r->len, r->extra_len);
	memcpy(to + padded(r->extra_len), r->marks, marks);
	return at / 8;
}

/* The same set with its signatures; at a cut also the DS set, if there is one (RFC 4035, 3.1.4). */
static int build_signed(struct dns_build *build, const struct dns_node *node,
			const struct zone_rr *rrs, size_t nr, struct ad_dns_rrset *to)
{
	const struct name_key *cut = node->kind == AD_DNS_CUT ? &node->key : NULL;
	const struct zone *zone = build->zones[node->zone];
	struct dns_place place = build_place(build, node);
	struct dns_render *render = &build->render;
	const struct zone_rr *ds = NULL;
	size_t nr_ds = 0;
	int err;

	if (cut && rrs->type == DNS_T_NS)
		ds = zone_find(zone, cut, DNS_T_DS, &nr_ds);
	if (dns_render_set(render, &place, rrs, nr, set_ttl(rrs)) ||
	    render_node_signatures(render, &place, node, zone, rrs) ||
	    (ds && (dns_render_add(render, &place, ds, nr_ds, ds->ttl) ||
		    render_signatures(render, &place, zone, ds, ds->ttl))))
		return -E2BIG;
	err = build_entry(build, node, rrs, to);
	if (err || rrs->type == DNS_T_CNAME)
		return err;
	render_extra(build, node, &place, rrs, nr, true);
	to->extra_sets = render->extra_sets;
	to->extra_must = render->extra_must;
	to->extra = build_extra(build);
	return !to->extra && render->extra_rrs ? -ENOMEM : 0;
}

/* How many records, from @rrs on, have the type of the first. */
static size_t type_run(const struct zone_rr *rrs, size_t nr)
{
	size_t n = 1;

	while (n < nr && rrs[n].type == rrs->type)
		n++;
	return n;
}

/* How many types @node has. */
static size_t count_types(const struct dns_node *node)
{
	size_t i, n = 0;

	for (i = 0; i < node->nr_rrs; i += type_run(node->rrs + i, node->nr_rrs - i))
		n++;
	return n;
}

static bool is_inline(const struct ad_dns_cell *cell, __u16 type)
{
	return (type == DNS_T_A && cell->nr_a) || (type == DNS_T_AAAA && cell->nr_aaaa);
}

/* The sets of @node that are not inline in @cell. */
static int build_sets(struct dns_build *build, const struct dns_node *node,
		      const struct ad_dns_cell *cell, struct ad_dns_rrset *to)
{
	const struct zone_rr *rrs = node->rrs;
	size_t i, run;
	int err = 0;

	for (i = 0; i < node->nr_rrs && !err; i += run) {
		run = type_run(rrs + i, node->nr_rrs - i);
		if (!is_inline(cell, rrs[i].type))
			err = build_set(build, node, rrs + i, run, to++);
	}
	return err;
}

/* All sets of @node with their signatures. */
static int build_signed_sets(struct dns_build *build, const struct dns_node *node,
			     struct ad_dns_rrset *to)
{
	const struct zone_rr *rrs = node->rrs;
	size_t i, run;
	int err = 0;

	for (i = 0; i < node->nr_rrs && !err; i += run) {
		run = type_run(rrs + i, node->nr_rrs - i);
		err = build_signed(build, node, rrs + i, run, to++);
	}
	return err;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* Addresses are stored in the cell as long as they fit: first A, then AAAA. */
static void cell_addresses(struct ad_dns_cell *cell, const struct dns_node *node)
{
	const struct zone_rr *a = NULL, *aaaa = NULL;
	size_t nr_a = 0, nr_aaaa = 0, i;
	__u8 *to = cell->addr;

	for (i = 0; i < node->nr_rrs; i++) {
		if (node->rrs[i].type == DNS_T_A && !nr_a++)
			a = &node->rrs[i];
		if (node->rrs[i].type == DNS_T_AAAA && !nr_aaaa++)
			aaaa = &node->rrs[i];
	}
	if (nr_a && 4 * nr_a <= AD_DNS_CELL_ADDR) {
		cell->nr_a = nr_a;
		cell->ttl_a = __builtin_bswap32(a->ttl);
		for (i = 0; i < nr_a; i++, to += 4)
			memcpy(to, a[i].rdata, 4);
	}
	if (nr_aaaa && to + 16 * nr_aaaa <= cell->addr + AD_DNS_CELL_ADDR) {
		cell->nr_aaaa = nr_aaaa;
		cell->ttl_aaaa = __builtin_bswap32(aaaa->ttl);
		memcpy(to, aaaa->rdata, 16);
	}
}

/* What the directory of a node holds beside its RRsets. */
struct extras {
	const struct zone_rr *ds; /* at an apex, from the zone above */
	size_t nr_ds;
	__u32 parent_zone;
	__u32 wild;
};

static void node_extras(const struct dns_build *build, const struct dns_node *node,
			struct extras *extras)
{
	const struct dns_tree *tree = &build->tree;
	const struct dns_parent *parent;

	memset(extras, 0, sizeof(*extras));
	if (node->wild != DNS_NO_NODE) {
		extras->wild = tree->nodes[node->wild].cell + 1;
		dns_image_hold(build->image, extras->wild - 1);
	}
	if (node->zone == DNS_NO_ZONE || node->key.len != build->zones[node->zone]->key.len)
		return;
	parent = &tree->parents[node->zone];
	if (parent->zone == DNS_NO_ZONE)
		return;
	extras->parent_zone = parent->zone + 1;
	extras->ds = parent->ds;
	extras->nr_ds = parent->nr_ds;
}

static int by_type(const void *a, const void *b)
{
	const struct ad_dns_rrset *x = a, *y = b;

	return (int)x->type - (int)y->type;
}

/*
 * DS records of the parent are rendered in the parent's zone: pointers to the apex mean the
 * parent's apex.
 */
static int build_parent_ds(struct dns_build *build, const struct dns_node *node,
			   const struct extras *extras, struct ad_dns_rrset *to, bool with_sigs)
{
	struct dns_node seen = *node;

	if (!extras->nr_ds)
		return 0;
	seen.zone = extras->parent_zone - 1;
	seen.is_variant = false;
	return with_sigs ? build_signed(build, &seen, extras->ds, extras->nr_ds, to)
			 : build_set(build, &seen, extras->ds, extras->nr_ds, to);
}

/* The zone is signed; or @node is its apex and the parent zone is signed. */
static bool is_signed(const struct dns_build *build, const struct dns_node *node)
{
	__u32 parent;

	if (node->zone == DNS_NO_ZONE)
		return false;
	parent = build->tree.parents[node->zone].zone;
	return build->proofs[node->zone] || (node->key.len == build->zones[node->zone]->key.len &&
					     parent != DNS_NO_ZONE && build->proofs[parent]);
}

/* How many sets each directory of a record holds. */
static void count_sets(const struct dns_build *build, const struct dns_node *node,
		       const struct ad_dns_cell *cell, const struct extras *extras,
		       struct ad_dns_record *record)
{
	size_t types = count_types(node), ds = extras->nr_ds > 0;

	record->wild = extras->wild;
	record->parent_zone = extras->parent_zone;
	record->nr_rrsets = types - !!cell->nr_a - !!cell->nr_aaaa + ds;
	record->nr_signed = is_signed(build, node) ? types + ds : 0;
}

static int fill_plain(struct dns_build *build, const struct dns_node *node,
		      const struct ad_dns_cell *cell, const struct extras *extras,
		      struct ad_dns_rrset *sets, __u32 nr)
{
	int err = build_sets(build, node, cell, sets);

	if (!err)
		err = build_parent_ds(build, node, extras, sets + nr - 1, false);
	qsort(sets, nr, sizeof(*sets), by_type);
	return err;
}

static int fill_signed(struct dns_build *build, const struct dns_node *node,
		       const struct extras *extras, struct ad_dns_rrset *sets, __u32 nr)
{
	int err = build_signed_sets(build, node, sets);

	if (!err)
		err = build_parent_ds(build, node, extras, sets + nr - 1, true);
	qsort(sets, nr, sizeof(*sets), by_type);
	dns_chain_deny(build, node, (struct ad_dns_denial *)(sets + nr));
	return err;
}

static int build_record(struct dns_build *build, const struct dns_node *node,
			struct ad_dns_cell *cell)
{
	struct ad_dns_record *record, head = { 0 };
	struct ad_dns_rrset *sets;
	struct extras extras;
	size_t size;
	__u64 at;
	int err;

	node_extras(build, node, &extras);
	count_sets(build, node, cell, &extras, &head);
	if (!head.nr_rrsets && !extras.wild && !extras.parent_zone && !is_signed(build, node))
		return 0;
	size = sizeof(head) + (head.nr_rrsets + head.nr_signed) * sizeof(*sets);
	if (is_signed(build, node))
		size += sizeof(struct ad_dns_denial);
	at = dns_image_alloc(build->image, size, 8, true);
	if (!at)
		return -ENOMEM;
	cell->record = at / 8;
	record = dns_image_at(build->image, at);
	*record = head;
	sets = (struct ad_dns_rrset *)(record + 1);
	err = fill_plain(build, node, cell, &extras, sets, head.nr_rrsets);
	if (!err && is_signed(build, node))
		err = fill_signed(build, node, &extras, sets + head.nr_rrsets, head.nr_signed);
	return err;
}

static __u8 node_flags(const struct dns_build *build, const struct dns_node *node)
{
	__u8 flags = node->wild != DNS_NO_NODE ? AD_DNS_HAS_WILD : 0;

	if (node->kind == AD_DNS_NAME && node_alias(node))
		flags |= AD_DNS_HAS_CNAME;
	if (is_signed(build, node))
		flags |= AD_DNS_IS_SIGNED;
	if (node->zone != DNS_NO_ZONE && node->key.len == build->zones[node->zone]->key.len)
		flags |= AD_DNS_IS_APEX;
	return flags;
}

struct ad_dns_cell *dns_image_cell(const struct dns_image *image, __u32 index)
{
	const struct ad_dns_image *head = dns_image_at(image, 0);

	return dns_image_at(image,
			    (__u64)head->buckets * 8 + (__u64)index * sizeof(struct ad_dns_cell));
}

int dns_build_cell(struct dns_build *build, const struct dns_node *node, const __u64 hash[2])
{
	struct ad_dns_cell *cell = dns_image_cell(build->image, node->cell);
	__u64 before = build->image->used;
	int err;

	cell->hash[0] = hash[0];
	cell->hash[1] = hash[1];
	cell->zone = node->zone;
	cell->kind = node->kind;
	cell->up = node->up;
	cell->flags = node_flags(build, node);
	if (node->kind == AD_DNS_NAME)
		cell_addresses(cell, node);
	err = build_record(build, node, cell);
	if (node->zone != DNS_NO_ZONE) {
		build->zones[node->zone]->bytes += sizeof(*cell) + build->image->used - before;
	}
	return err;
}

/* The cell of a name itself. The sets of a steered name are in the cells of its POPs. */
static int build_name(struct dns_build *build, size_t index)
{
	const struct dns_node *node = &build->tree.nodes[index];
	struct dns_node bare = *node;

	if (node->zone != DNS_NO_ZONE)
		build->zones[node->zone]->names++;
	bare.nr_rrs = 0;
	return dns_build_cell(build, node->steered ? &bare : node, build->table.hashes[index]);
}

/* A name between a cut and another zone's apex is answered like the cut. */
static void share_records(struct dns_build *build)
{
	const struct dns_tree *tree = &build->tree;
	const struct dns_node *node;
	size_t i;

	for (i = 0; i < tree->nr_nodes; i++) {
		node = &tree->nodes[i];
		if (node->up)
			dns_image_cell(build->image, node->cell)->record =
				dns_image_cell(build->image, tree->nodes[node->top].cell)->record;
	}
}

/* --- the image -------------------------------------------------------------------------------- */

/* RFC 2308, 3 and 5: the TTL of a negative answer is the smaller of the SOA's TTL and MINIMUM. */
static __u32 negative_ttl(const struct zone_rr *soa)
{
	const __u8 *p = soa->rdata + soa->rdlen - 4;
	__u32 minimum = (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];

	return minimum < soa->ttl ? minimum : soa->ttl;
}

static int build_soa(struct dns_build *build, const struct zone *zone, struct ad_dns_zone *to)
{
	struct dns_place place = { zone->apex, zone->apex, DNS_CLASS_IN };
	const struct zone_rr *soa;
	size_t nr;

	soa = zone_find(zone, &zone->key, DNS_T_SOA, &nr);
	if (dns_render_set(&build->render, &place, soa, 1, negative_ttl(soa)))
		return -E2BIG;
	to->soa_len = build->render.len;
	if (zone->chain.nr &&
	    render_signatures(&build->render, &place, zone, soa, negative_ttl(soa)))
		return -E2BIG;
	to->soa = build_blob(build);
	to->soa_signed_len = build->render.len;
	to->soa_signed_rrs = build->render.rrs;
	to->soa_fixups = build->render.nr_fixups;
	return to->soa ? 0 : -ENOMEM;
}

static int build_zone(struct dns_build *build, __u32 index)
{
	struct ad_dns_zone *to = dns_image_zone(build->image, index);
	struct zone *zone = build->zones[index];

	memset(to, 0, sizeof(*to));
	to->serial = zone->serial;
	to->counter = AD_DNS_ZONE_MAX;
	to->apex_len = name_len(zone->apex);
	to->apex_labels = zone->key.labels;
	zone->names = 0;
	zone->bytes = 0;
	return zone->nr_rrs ? build_soa(build, zone, to) : 0;
}

static int build_head(struct dns_build *build, const struct dns_image_options *options)
{
	struct dns_image *image = build->image;
	size_t nsid_len = options->nsid ? strlen(options->nsid) : 0;
	struct ad_dns_image *head;
	__u64 zones, buckets;

	if (nsid_len > AD_DNS_NSID_MAX || build->nr_zones > AD_DNS_ZONE_MAX)
		return -E2BIG;
	dns_image_alloc(image, AD_DNS_HEAD_BYTES, 8, true);
	zones = dns_image_alloc(image, build->nr_zones * sizeof(struct ad_dns_zone), 64, true);
	buckets = dns_image_alloc(image,
				  (__u64)build->table.nr_buckets * sizeof(struct ad_dns_bucket),
				  sizeof(struct ad_dns_bucket), false);
	if (!zones || !buckets)
		return -ENOMEM;
	head = dns_image_at(image, 0);
	head->format = AD_DNS_FORMAT;
	head->bucket_mask = build->table.nr_buckets - 1;
	head->buckets = buckets / 8;
	head->zones = zones / 8;
	head->nr_zones = build->nr_zones;
	head->depth_max = dns_tree_depth(&build->tree);
	head->udp_size = options->udp_size;
	head->unserved_pass = options->unserved_pass;
	head->nsid_len = nsid_len;
	memcpy(head->nsid, options->nsid ? options->nsid : "", nsid_len);
	memcpy(head->keys, build->keys, sizeof(head->keys));
	image->nr_names = build->tree.nr_nodes;
	image->held = calloc(dns_image_cells(image) / 64 + 1, sizeof(*image->held));
	return image->held ? 0 : -ENOMEM;
}

int dns_build_body(struct dns_build *build)
{
	const struct dns_tree *tree = &build->tree;
	struct ad_dns_image *head;
	size_t i;
	int err = 0;

	for (i = 0; i < build->nr_zones && !err; i++)
		if (!build->wanted || build->wanted[i])
			err = build_zone(build, i);
	err = err ?: dns_chains_build(build);
	if (build->wanted)
		err = err ?: dns_chains_read(build);
	for (i = 0; i < tree->nr_nodes && !err; i++) {
		err = build_name(build, i);
		if (!err && i % PROGRESS_NAMES == 0 &&
		    !progress_at("compiling zones: %zu of %zu names", i, tree->nr_nodes))
			err = -ECANCELED;
	}
	err = err ?: dns_steered_build(build);
	if (err)
		return err;
	share_records(build);
	head = dns_image_at(build->image, 0);
	head->pages = build->image->nr_pages;
	return 0;
}

/* id.server and hostname.bind (RFC 4892): the NSID as TXT in class CHAOS. */
static int build_odd(struct dns_build *build, const char *nsid)
{
	static const char *const names[] = { "\2id\6server", "\10hostname\4bind" };
	size_t i, len = nsid ? strlen(nsid) : 0;
	int err = 0;

	if (!len || len > AD_DNS_NSID_MAX)
		return 0;
	build->odd_rdata[0] = len;
	memcpy(build->odd_rdata + 1, nsid, len);
	for (i = 0; i < 2 && !err; i++) {
		struct zone_rr *rr = &build->odd[i];

		rr->owner_name = (const __u8 *)names[i];
		name_to_key(rr->owner_name, build->odd_keys[i], &rr->key);
		rr->type = DNS_T_TXT;
		rr->rdata = build->odd_rdata;
		rr->rdlen = len + 1;
		err = dns_tree_add_odd(&build->tree, DNS_CLASS_CH, rr, 1);
	}
	return err;
}

static int build_keys(struct dns_build *build, const __u64 *keys)
{
	if (keys)
		memcpy(build->keys, keys, sizeof(build->keys));
	else if (getrandom(build->keys, sizeof(build->keys), 0) != sizeof(build->keys))
		return -EIO;
	return 0;
}

static int build_all(struct dns_build *build, const struct dns_image_options *options)
{
	int err = build_keys(build, options->keys);

	if (!err)
		err = dns_steered_place(build);
	if (!err)
		err = dns_tree_build(&build->tree, build->zones, build->nr_zones, build->extras,
				     build->nr_extras, NULL);
	if (!err)
		err = build_odd(build, options->nsid);
	if (!err)
		dns_steered_mark(build);
	if (!err)
		err = dns_table_build(&build->table, &build->tree, build->keys);
	if (!err)
		err = build_head(build, options);
	return err ? err : dns_build_body(build);
}

void dns_build_free(struct dns_build *build)
{
	if (!build)
		return;
	dns_tree_free(&build->tree);
	dns_table_free(&build->table);
	dns_chains_free(build);
	free(build->extras);
	free(build);
}

int dns_image_build(struct zone *const *zones, size_t nr_zones,
		    const struct dns_image_options *options, struct dns_image **image)
{
	struct dns_build *build = calloc(1, sizeof(*build));
	int err = -ENOMEM;

	*image = calloc(1, sizeof(**image));
	if (build && *image) {
		build->image = *image;
		build->zones = zones;
		build->nr_zones = nr_zones;
		build->steered = options->steered;
		build->nr_steered = options->nr_steered;
		err = build_all(build, options);
	}
	dns_build_free(build);
	if (err) {
		dns_image_free(*image);
		*image = NULL;
	}
	return err;
}
