// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_tree.c: finds names, empty non-terminals, cuts and names between zones (dns_tree.h).
 *
 * Keys are sorted, so a walk over a zone sees each subtree in one run, parents first. Only the path
 * from the apex to the last node must be kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_tree.h"
#include "maps/dns_proto.h"

struct walk {
	struct dns_tree *tree;
	__u32 zone;	 /* or DNS_NO_ZONE */
	__u32 path[128]; /* nodes from the apex down */
	unsigned int depth;
	size_t next;  /* zone that may lie below, in the order of keys */
	size_t extra; /* of tree->extras: the next one */
};

static struct dns_node *walk_top(const struct walk *walk)
{
	return walk->depth ? &walk->tree->nodes[walk->path[walk->depth - 1]] : NULL;
}

static bool node_covers(const struct dns_node *node)
{
	return node->kind == AD_DNS_CUT || node->kind == AD_DNS_DNAME;
}

static struct dns_node *tree_add(struct dns_tree *tree)
{
	struct dns_node *grown;

	if (tree->nr_nodes == tree->room) {
		tree->room = tree->room ? 2 * tree->room : 256;
		grown = reallocarray(tree->nodes, tree->room, sizeof(*grown));
		if (!grown)
			return NULL;
		tree->nodes = grown;
	}
	grown = &tree->nodes[tree->nr_nodes++];
	memset(grown, 0, sizeof(*grown));
	grown->class = DNS_CLASS_IN;
	grown->wild = DNS_NO_NODE;
	return grown;
}

/*
 * Puts a node without data below the path's end and makes it the new end. Below a cut a node is
 * stored only if it leads to another zone's apex; it is answered like the cut.
 */
static struct dns_node *walk_push(struct walk *walk, const struct name_key *key, const __u8 *name)
{
	struct dns_tree *tree = walk->tree;
	struct dns_node *node = tree_add(tree), *above = walk_top(walk);

	if (!node)
		return NULL;
	node->key = *key;
	node->name = name;
	node->zone = walk->zone;
	node->top = tree->nr_nodes - 1;
	node->kind = walk->zone == DNS_NO_ZONE ? AD_DNS_ABOVE : AD_DNS_NAME;
	if (above && node_covers(above)) {
		node->kind = above->kind;
		node->up = above->up + 1;
		node->top = above->top;
	} else if (above && !memcmp(name, "\1*", 2)) {
		above->wild = tree->nr_nodes - 1;
	}
	walk->path[walk->depth++] = tree->nr_nodes - 1;
	return node;
}

/* Leaves only ancestors of @key on the path. */
static void walk_pop(struct walk *walk, const struct name_key *key)
{
	while (walk->depth && !name_key_within(key, &walk_top(walk)->key))
		walk->depth--;
}

/* Empty non-terminals between the path's end and @key. */
static int walk_fill(struct walk *walk, const struct name_key *key, const __u8 *name)
{
	struct name_key between;
	unsigned int labels;

	if (!walk->depth)
		return 0;
	for (labels = walk_top(walk)->key.labels + 1; labels < key->labels; labels++) {
		between = name_key_ancestor(key, labels);
		if (!walk_push(walk, &between, name_skip(name, key->labels - labels)))
			return -ENOMEM;
	}
	return 0;
}

static bool has_type(const struct zone_rr *rrs, size_t nr, __u16 type)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (rrs[i].type == type)
			return true;
	return false;
}

/* The owner name of an NSEC3, a hash: no query asks for it (RFC 5155, 7.2.8). */
static bool is_hash(const struct zone *zone, const struct zone_rr *rrs, size_t nr)
{
	size_t i;

	if (!zone->chain.nr || !has_type(rrs, nr, DNS_T_NSEC3))
		return false;
	for (i = 0; i < nr; i++)
		if (rrs[i].type != DNS_T_NSEC3 && rrs[i].type != DNS_T_RRSIG)
			return false;
	return true;
}

/* The data of one owner name. Data below a cut or a DNAME is occluded and not stored. */
static int walk_owner(struct walk *walk, const struct zone_rr *rrs, size_t nr)
{
	const struct zone *zone = walk->tree->zones[walk->zone];
	struct dns_node *node;

	walk_pop(walk, &rrs->key);
	if ((walk->depth && node_covers(walk_top(walk))) || is_hash(zone, rrs, nr))
		return 0;
	if (walk_fill(walk, &rrs->key, rrs->owner_name))
		return -ENOMEM;
	node = walk_push(walk, &rrs->key, rrs->owner_name);
	if (!node)
		return -ENOMEM;
	node->rrs = rrs;
	node->nr_rrs = nr;
	if (rrs->key.len != zone->key.len && has_type(rrs, nr, DNS_T_NS))
		node->kind = AD_DNS_CUT;
	else if (has_type(rrs, nr, DNS_T_DNAME))
		node->kind = AD_DNS_DNAME;
	return 0;
}

/*
 * The apex of another zone has a node of that zone. The names above it, down from ours, belong to
 * this zone.
 */
static int walk_foreign(struct walk *walk, size_t index)
{
	const struct zone *foreign = walk->tree->zones[index];

	walk_pop(walk, &foreign->key);
	return walk_fill(walk, &foreign->key, foreign->apex);
}

/* The next apex below this zone, not counting those below another such one. */
static const struct zone *walk_next(struct walk *walk)
{
	const struct dns_tree *tree = walk->tree;
	const struct zone *zone;

	if (walk->next == tree->nr_zones)
		return NULL;
	zone = tree->zones[walk->next];
	if (walk->zone != DNS_NO_ZONE &&
	    !name_key_within(&zone->key, &tree->zones[walk->zone]->key))
		return NULL;
	return zone;
}

static void walk_leave(struct walk *walk)
{
	const struct dns_tree *tree = walk->tree;
	const struct zone *left = tree->zones[walk->next];

	do
		walk->next++;
	while (walk->next < tree->nr_zones &&
	       name_key_within(&tree->zones[walk->next]->key, &left->key));
}

/* All apexes that come before @key (NULL: all that are left). */
static int walk_foreigns(struct walk *walk, const struct name_key *key)
{
	const struct zone *zone;
	int err;

	while ((zone = walk_next(walk))) {
		if (key &&
		    (name_key_within(key, &zone->key) || name_key_compare(key, &zone->key) < 0))
			return 0;
		err = walk_foreign(walk, walk->next);
		if (err)
			return err;
		walk_leave(walk);
	}
	return 0;
}

/* Adds a name without data, unless it lies in another zone or below a cut or a DNAME. */
static int walk_extra(struct walk *walk, const struct dns_extra *extra)
{
	const struct zone *foreign;

	if (walk_foreigns(walk, &extra->key))
		return -ENOMEM;
	foreign = walk_next(walk);
	if (foreign && name_key_within(&extra->key, &foreign->key))
		return 0;
	walk_pop(walk, &extra->key);
	if (walk->depth && node_covers(walk_top(walk)))
		return 0;
	if (walk_fill(walk, &extra->key, extra->name))
		return -ENOMEM;
	return walk_push(walk, &extra->key, extra->name) ? 0 : -ENOMEM;
}

/*
 * Adds the extra names of this zone that come before @key (NULL: all that are left). One equal to
 * @key has data and is skipped.
 */
static int walk_extras(struct walk *walk, const struct name_key *key)
{
	const struct dns_tree *tree = walk->tree;
	const struct dns_extra *extra;
	int order, err;

	for (; walk->extra < tree->nr_extras; walk->extra++) {
		extra = &tree->extras[walk->extra];
		if (extra->zone != walk->zone)
			continue;
		order = key ? name_key_compare(&extra->key, key) : -1;
		if (order > 0)
			return 0;
		err = order ? walk_extra(walk, extra) : 0;
		if (err)
			return err;
	}
	return 0;
}

static int walk_zone(struct walk *walk)
{
	const struct zone *zone = walk->tree->zones[walk->zone], *foreign;
	size_t i, n;
	int err = 0;

	if (!zone->nr_rrs && !walk_push(walk, &zone->key, zone->apex))
		return -ENOMEM;
	for (i = 0; i < zone->nr_rrs && !err; i += n) {
		n = zone_owner_run(zone, i);
		err = walk_extras(walk, &zone->rrs[i].key);
		err = err ?: walk_foreigns(walk, &zone->rrs[i].key);
		foreign = walk_next(walk);
		if (!err && !(foreign && name_key_within(&zone->rrs[i].key, &foreign->key)))
			err = walk_owner(walk, &zone->rrs[i], n);
	}
	if (!err && zone->nr_rrs)
		err = walk_extras(walk, NULL);
	return err ? err : walk_foreigns(walk, NULL);
}

/* The ancestors of zones that lie in no other zone are stored, so that a search finds the zone. */
static int walk_above(struct dns_tree *tree)
{
	static const __u8 root[1];
	struct walk walk = { .tree = tree, .zone = DNS_NO_ZONE };
	struct name_key key = { .bytes = root };

	if (tree->nr_zones && !tree->zones[0]->key.len)
		return 0;
	if (!walk_push(&walk, &key, root))
		return -ENOMEM;
	return walk_foreigns(&walk, NULL);
}

void dns_tree_above(struct zone *const *zones, size_t nr_zones, __u32 *above)
{
	size_t i;
	__u32 at;

	for (i = 0; i < nr_zones; i++) {
		at = i ? i - 1 : DNS_NO_ZONE;
		while (at != DNS_NO_ZONE && !name_key_within(&zones[i]->key, &zones[at]->key))
			at = above[at];
		above[i] = at;
	}
}

/*
 * Whether zone @above has a cut or a DNAME between its apex and @key. NS at the apex or at @key
 * does not count.
 */
static bool is_covered(const struct zone *above, const struct name_key *key)
{
	struct name_key between;
	unsigned int labels;
	size_t nr;

	for (labels = above->key.labels; labels < key->labels; labels++) {
		between = name_key_ancestor(key, labels);
		if (zone_find(above, &between, DNS_T_DNAME, &nr) ||
		    (labels > above->key.labels && zone_find(above, &between, DNS_T_NS, &nr)))
			return true;
	}
	return false;
}

static void find_parent(struct dns_tree *tree, __u32 zone)
{
	struct dns_parent *parent = &tree->parents[zone];
	const struct name_key *apex = &tree->zones[zone]->key;

	if (tree->above[zone] == DNS_NO_ZONE || is_covered(tree->zones[tree->above[zone]], apex))
		return;
	parent->zone = tree->above[zone];
	parent->ds = zone_find(tree->zones[parent->zone], apex, DNS_T_DS, &parent->nr_ds);
}

static int tree_walk(struct dns_tree *tree, const bool *wanted)
{
	struct walk walk;
	size_t i;
	int err = 0;

	for (i = 0; i < tree->nr_zones && !err; i++) {
		tree->first[i] = tree->nr_nodes;
		if (wanted && !wanted[i])
			continue;
		find_parent(tree, i);
		walk = (struct walk){ .tree = tree, .zone = i, .next = i + 1 };
		err = walk_zone(&walk);
	}
	tree->first[tree->nr_zones] = tree->nr_nodes;
	return err || wanted ? err : walk_above(tree);
}

int dns_tree_build(struct dns_tree *tree, struct zone *const *zones, size_t nr_zones,
		   const struct dns_extra *extras, size_t nr_extras, const bool *wanted)
{
	size_t i;

	memset(tree, 0, sizeof(*tree));
	tree->zones = zones;
	tree->nr_zones = nr_zones;
	tree->extras = extras;
	tree->nr_extras = nr_extras;
	tree->first = calloc(nr_zones + 1, sizeof(*tree->first));
	tree->above = calloc(nr_zones + 1, sizeof(*tree->above));
	tree->parents = calloc(nr_zones + 1, sizeof(*tree->parents));
	if (!tree->first || !tree->above || !tree->parents)
		return -ENOMEM;
	dns_tree_above(zones, nr_zones, tree->above);
	for (i = 0; i < nr_zones; i++)
		tree->parents[i].zone = DNS_NO_ZONE;
	return tree_walk(tree, wanted);
}

void dns_tree_free(struct dns_tree *tree)
{
	free(tree->nodes);
	free(tree->first);
	free(tree->above);
	free(tree->parents);
}

int dns_tree_add_odd(struct dns_tree *tree, __u16 class, const struct zone_rr *rrs, size_t nr)
{
	struct dns_node *node = tree_add(tree);

	if (!node)
		return -ENOMEM;
	node->key = rrs->key;
	node->name = rrs->owner_name;
	node->rrs = rrs;
	node->nr_rrs = nr;
	node->class = class;
	node->kind = AD_DNS_NAME;
	node->zone = DNS_NO_ZONE;
	node->top = tree->nr_nodes - 1;
	return 0;
}

static __u32 tree_find(const struct dns_tree *tree, __u32 zone, const struct name_key *key)
{
	__u32 low = tree->first[zone], end = tree->first[zone + 1], high = end, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (name_key_compare(&tree->nodes[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < end && !name_key_compare(&tree->nodes[low].key, key))
		return low;
	return DNS_NO_NODE;
}

/* A zone of ours that holds @key and lies below @zone. */
static bool in_zone_below(const struct dns_tree *tree, __u32 zone, const struct name_key *key)
{
	const struct name_key *apex = &tree->zones[zone]->key;
	unsigned int labels;
	struct name_key above;
	size_t low, high, mid;

	for (labels = apex->labels + 1; labels <= key->labels; labels++) {
		above = name_key_ancestor(key, labels);
		low = zone + 1;
		high = tree->nr_zones;
		while (low < high) {
			mid = low + (high - low) / 2;
			if (name_key_compare(&tree->zones[mid]->key, &above) < 0)
				low = mid + 1;
			else
				high = mid;
		}
		if (low < tree->nr_zones && !name_key_compare(&tree->zones[low]->key, &above))
			return true;
	}
	return false;
}

/* Below a cut or a DNAME, the result is the cut or DNAME. */
static void resolve_at(const struct dns_tree *tree, __u32 index, const __u8 *target,
		       unsigned int below, struct dns_target *result)
{
	const struct dns_node *node = &tree->nodes[index];

	result->kind = AD_DNS_NEXT_CELL;
	result->node = node_covers(node) ? node->top : index;
	result->below = below + node->up;
	result->skip = name_skip(target, result->below) - target;
}

void dns_tree_resolve(const struct dns_tree *tree, __u32 zone, const __u8 *target,
		      struct dns_target *result)
{
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key, above;
	unsigned int labels;
	__u32 node;

	memset(result, 0, sizeof(*result));
	name_to_key(target, bytes, &key);
	if (!name_key_within(&key, &tree->zones[zone]->key) || in_zone_below(tree, zone, &key))
		return;
	for (labels = key.labels + 1; labels-- > 0;) {
		above = name_key_ancestor(&key, labels);
		node = tree_find(tree, zone, &above);
		if (node == DNS_NO_NODE)
			continue;
		resolve_at(tree, node, target, key.labels - labels, result);
		return;
	}
}

__u16 dns_tree_depth(const struct dns_tree *tree)
{
	__u16 depth = 0;
	size_t i;

	for (i = 0; i < tree->nr_nodes; i++)
		if (tree->nodes[i].key.labels > depth && tree->nodes[i].class == DNS_CLASS_IN)
			depth = tree->nodes[i].key.labels;
	return depth;
}
