// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_patch.c: an image out of another one, of whose zones only some have changed (dns_image.h).
 *
 * The pages are copied. The cells of a changed zone's names are taken out of the name table, the
 * zone is compiled behind all that is there, and its names go into the table as it is. What the
 * zone had before stays in the image as waste, until there is so much that all is compiled.
 *
 * A zone that is served beside one of its ancestors has in its apex what that one says of it (DS).
 * So with a zone that changed, those directly below it are compiled too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_build.h"
#include "dns_home.h"

#define KICKS_MAX  500
#define WASTE_PART 4		/* waste is at most a quarter of the image, ... */
#define WASTE_FREE (256u << 10) /* ... or this */
#define NO_CELL	   0xffffffffu

/* --- the name table of an image --------------------------------------------------------------- */

static __u32 bucket_of(const struct dns_image *image, const __u64 hash[2], int choice)
{
	const struct ad_dns_image *head = dns_image_at(image, 0);

	return dns_mix(hash[choice]) & head->bucket_mask;
}

static __u32 find_cell(const struct dns_image *image, const __u64 hash[2])
{
	const struct ad_dns_cell *cell;
	__u32 i, index;

	for (i = 0; i < 2 * AD_DNS_BUCKET_CELLS; i++) {
		index = bucket_of(image, hash, i / AD_DNS_BUCKET_CELLS) * AD_DNS_BUCKET_CELLS +
			i % AD_DNS_BUCKET_CELLS;
		cell = dns_image_cell(image, index);
		if (cell->kind != AD_DNS_EMPTY && cell->hash[0] == hash[0] &&
		    cell->hash[1] == hash[1])
			return index;
	}
	return NO_CELL;
}

static bool is_held(const struct dns_image *image, __u32 index)
{
	return image->held[index / 64] >> index % 64 & 1;
}

/* Puts @cell into one of its two buckets if there is room. */
static bool take_room(struct dns_image *image, const struct ad_dns_cell *cell)
{
	struct ad_dns_cell *to;
	__u32 i, bucket, seat;

	for (i = 0; i < 2 * AD_DNS_BUCKET_CELLS; i++) {
		bucket = bucket_of(image, cell->hash, i / AD_DNS_BUCKET_CELLS);
		seat = dns_seat(dns_mix(cell->hash[i / AD_DNS_BUCKET_CELLS]));
		to = dns_image_cell(image, bucket * AD_DNS_BUCKET_CELLS +
						   (seat ^ i % AD_DNS_BUCKET_CELLS));
		if (to->kind != AD_DNS_EMPTY)
			continue;
		*to = *cell;
		return true;
	}
	return false;
}

/* Puts @cell into one of its buckets, and what was there into @cell. False: all there is held. */
static bool swap_with(struct dns_image *image, struct ad_dns_cell *cell, unsigned int random)
{
	struct ad_dns_cell *place, out;
	__u32 i, index;

	for (i = 0; i < 2 * AD_DNS_BUCKET_CELLS; i++) {
		__u32 pick = (i + random) % (2 * AD_DNS_BUCKET_CELLS);

		index = bucket_of(image, cell->hash, pick / AD_DNS_BUCKET_CELLS) *
				AD_DNS_BUCKET_CELLS +
			pick % AD_DNS_BUCKET_CELLS;
		if (is_held(image, index))
			continue;
		place = dns_image_cell(image, index);
		out = *place;
		*place = *cell;
		*cell = out;
		return true;
	}
	return false;
}

/* A name that finds no room takes another one's, as in dns_table.c. 0 or -EAGAIN. */
static int insert(struct dns_image *image, const struct ad_dns_cell *new)
{
	struct ad_dns_cell cell = *new;
	unsigned int kicks, random = new->hash[0];

	for (kicks = 0; kicks < KICKS_MAX; kicks++) {
		if (take_room(image, &cell))
			return 0;
		random = random * 1664525u + 1013904223u;
		if (!swap_with(image, &cell, random >> 16))
			return -EAGAIN;
	}
	return -EAGAIN;
}

static void take_out(struct dns_image *image, const __u64 hash[2])
{
	__u32 index = find_cell(image, hash);

	if (index == NO_CELL)
		return;
	memset(dns_image_cell(image, index), 0, sizeof(struct ad_dns_cell));
	image->held[index / 64] &= ~(1ull << index % 64);
}

/* --- which zones ------------------------------------------------------------------------------ */

struct patch {
	const struct dns_image *from;
	struct zone *const *was;
	bool *wanted;
	size_t nr_wanted;
};

/* 0, -ENOMEM, or -EAGAIN: these are other zones. */
static int choose_zones(struct patch *patch, struct zone *const *zones, size_t nr)
{
	__u32 *above = calloc(nr + 1, sizeof(*above));
	size_t i;
	int err = 0;

	patch->wanted = calloc(nr + 1, sizeof(*patch->wanted));
	if (!above || !patch->wanted) {
		free(above);
		return -ENOMEM;
	}
	dns_tree_above(zones, nr, above);
	for (i = 0; i < nr; i++) {
		if (zone_compare(&patch->was[i], &zones[i]))
			err = -EAGAIN;
		patch->wanted[i] = patch->was[i] != zones[i];
		if (above[i] != DNS_NO_ZONE && patch->was[above[i]] != zones[above[i]])
			patch->wanted[i] = true;
		patch->nr_wanted += patch->wanted[i];
	}
	free(above);
	return err;
}

/* As many names again take as long as all, and waste is never cleared away but so. */
static bool is_worth_it(const struct patch *patch, size_t nr)
{
	const struct dns_image *from = patch->from;
	__u64 names = 0, waste = from->waste;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!patch->wanted[i])
			continue;
		names += patch->was[i]->names;
		waste += patch->was[i]->bytes;
	}
	return names * 2 <= from->nr_names &&
	       (waste <= from->used / WASTE_PART || waste <= WASTE_FREE);
}

/* --- patching --------------------------------------------------------------------------------- */

static int copy_pages(struct dns_image *to, const struct dns_image *from)
{
	size_t held = (dns_image_cells(from) / 64 + 1) * sizeof(*to->held);

	to->pages = calloc(from->nr_pages, sizeof(*to->pages));
	to->held = malloc(held);
	if (!to->pages || !to->held)
		return -ENOMEM;
	memcpy(to->held, from->held, held);
	for (; to->nr_pages < from->nr_pages; to->nr_pages++) {
		to->pages[to->nr_pages] = malloc(AD_DNS_PAGE_STRIDE);
		if (!to->pages[to->nr_pages])
			return -ENOMEM;
		memcpy(to->pages[to->nr_pages], from->pages[to->nr_pages], AD_DNS_PAGE_STRIDE);
	}
	to->used = from->used;
	to->nr_names = from->nr_names;
	to->waste = from->waste;
	to->long_extras = from->long_extras;
	return 0;
}

/* The names of the zones that change, and their hashes. */
static int lay_out(struct dns_build *build)
{
	int err = dns_steered_place(build);

	err = err
		      ?: dns_tree_build(&build->tree, build->zones, build->nr_zones, build->extras,
					build->nr_extras, build->wanted);
	return err ?: dns_table_hash(&build->table, &build->tree, build->keys);
}

static struct dns_build *build_new(const struct patch *patch, struct zone *const *zones, size_t nr,
				   const struct dns_image_options *options)
{
	const struct ad_dns_image *head = dns_image_at(patch->from, 0);
	struct dns_build *build = calloc(1, sizeof(*build));

	if (!build)
		return NULL;
	build->zones = zones;
	build->nr_zones = nr;
	build->wanted = patch->wanted;
	build->steered = options->steered;
	build->nr_steered = options->nr_steered;
	memcpy(build->keys, head->keys, sizeof(build->keys));
	return build;
}

/* What the zones that change had in the name table. */
static int remove_old(const struct patch *patch, const struct dns_build *new,
		      const struct dns_image_options *options)
{
	struct dns_build *old = build_new(patch, patch->was, new->nr_zones, options);
	int err = old ? lay_out(old) : -ENOMEM;
	size_t i;

	for (i = 0; !err && i < old->tree.nr_nodes; i++)
		take_out(new->image, old->table.hashes[i]);
	if (!err)
		new->image->nr_names -= old->tree.nr_nodes;
	for (i = 0; !err && i < new->nr_zones; i++)
		if (patch->wanted[i])
			new->image->waste += patch->was[i]->bytes;
	dns_build_free(old);
	return err;
}

/* A cell that is taken, and is written later. */
static struct ad_dns_cell cell_of(const struct dns_build *build, size_t node)
{
	struct ad_dns_cell cell = { .kind = build->tree.nodes[node].kind };

	memcpy(cell.hash, build->table.hashes[node], sizeof(cell.hash));
	return cell;
}

/* Puts names into the table, those that were there before into the same cells. 0 or -EAGAIN. */
static int place_new(struct dns_build *build)
{
	struct dns_node *nodes = build->tree.nodes;
	struct dns_image *image = build->image;
	struct ad_dns_cell cell;
	size_t i, nr = build->tree.nr_nodes;
	int err = 0;

	image->nr_names += nr;
	if ((__u64)image->nr_names * 5 > dns_image_cells(image) * 4)
		return -EAGAIN;
	for (i = 0; i < nr; i++)
		if (nodes[i].cell != NO_CELL)
			*dns_image_cell(image, nodes[i].cell) = cell_of(build, i);
	for (i = 0; !err && i < nr; i++) {
		cell = cell_of(build, i);
		if (nodes[i].cell == NO_CELL)
			err = insert(image, &cell);
	}
	/* Only now: each may have made room for one behind it. */
	for (i = 0; !err && i < nr; i++)
		nodes[i].cell = find_cell(image, build->table.hashes[i]);
	return err;
}

/* The names of the zones that change get cells instead of those that they had. 0 or -errno. */
static int change_table(const struct patch *patch, struct dns_build *build,
			const struct dns_image_options *options)
{
	int err = lay_out(build);
	size_t i;

	for (i = 0; !err && i < build->tree.nr_nodes; i++)
		build->tree.nodes[i].cell = find_cell(build->image, build->table.hashes[i]);
	err = err ?: remove_old(patch, build, options);
	return err ?: place_new(build);
}

static int patch_all(const struct patch *patch, struct dns_build *build,
		     const struct dns_image_options *options)
{
	struct ad_dns_image *head;
	__u16 depth;
	int err = copy_pages(build->image, patch->from);

	err = err ?: change_table(patch, build, options);
	if (!err)
		dns_steered_mark(build);
	err = err ?: dns_build_body(build);
	if (err)
		return err;
	head = dns_image_at(build->image, 0);
	depth = dns_tree_depth(&build->tree);
	if (depth > head->depth_max)
		head->depth_max = depth;
	return 0;
}

int dns_image_patch(const struct dns_image *image, struct zone *const *was,
		    struct zone *const *zones, size_t nr_zones,
		    const struct dns_image_options *options, struct dns_image **result,
		    size_t *nr_compiled)
{
	struct patch patch = { .from = image, .was = was };
	int err = choose_zones(&patch, zones, nr_zones);
	struct dns_build *build = NULL;
	struct dns_image *new = NULL;

	if (!err && !is_worth_it(&patch, nr_zones))
		err = -EAGAIN;
	if (!err) {
		build = build_new(&patch, zones, nr_zones, options);
		new = calloc(1, sizeof(*new));
		err = build && new ? 0 : -ENOMEM;
	}
	if (!err) {
		build->image = new;
		err = patch_all(&patch, build, options);
	}
	dns_build_free(build);
	if (err)
		dns_image_free(new);
	else
		*result = new;
	*nr_compiled = patch.nr_wanted;
	free(patch.wanted);
	return err;
}
