// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pins_flows.c: reading the flow table while the data path writes it (pins.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "user/state/pins.h"
#include "user/state/pins_map.h"

#define CHUNK	   512 /* buckets that are read together, and copied if they cannot be mapped */
#define READ_TRIES 4   /* tries to read an entry that is being changed */

/* A packet may arrive while we count: then its slot's time is later than ours. */
#define CLOCK_SLACK_S 60

/* --- an array map: mapped or copied, range by range ------------------------------------------ */

/*
 * The kernel maps each page at once, so mapping a table of gigabytes takes seconds: only the range
 * at hand is mapped.
 */
struct array {
	int fd;
	__u32 size; /* of an element */
	size_t nr;
	bool is_mapped; /* range by range; else copied */
	char *window;	/* NULL: none is mapped now */
	size_t window_at, window_bytes;
};

static int array_open(const struct pins *pins, const char *name, __u32 size, struct array *array)
{
	struct bpf_map_info info;

	*array = (struct array){ .size = size, .is_mapped = true };
	array->fd = pins_map_sized(pins, name, true, size, &info);
	if (array->fd == -EACCES || array->fd == -EPERM || array->fd == -EROFS) {
		array->is_mapped = false;
		array->fd = pins_map_sized(pins, name, false, size, &info);
	}
	array->nr = array->fd < 0 ? 0 : info.max_entries;
	return array->fd < 0 ? array->fd : 0;
}

static void array_unmap(struct array *array)
{
	if (array->window)
		munmap(array->window, array->window_bytes);
	array->window = NULL;
}

static void array_close(struct array *array)
{
	array_unmap(array);
	if (array->fd >= 0)
		close(array->fd);
	*array = (struct array){ .fd = -1 };
}

/* What was mapped before is no longer. NULL: it cannot be mapped. */
static const void *array_map(struct array *array, size_t first, size_t nr)
{
	size_t page = sysconf(_SC_PAGESIZE), begin = first * array->size;
	size_t at = begin - begin % page, bytes = begin % page + nr * array->size;
	void *window;

	if (!array->window || array->window_at != at || array->window_bytes != bytes) {
		array_unmap(array);
		window = mmap(NULL, bytes, PROT_READ, MAP_SHARED, array->fd, at);
		if (window == MAP_FAILED)
			return NULL;
		array->window = window;
		array->window_at = at;
		array->window_bytes = bytes;
	}
	return array->window + (begin - at);
}

/* Elements @first and following: in place, or copied to @buffer. NULL if they cannot be read. */
static const void *array_range(struct array *array, size_t first, size_t nr, void *buffer)
{
	__u32 keys[CHUNK * AD_FLOW_SLOTS], before = first - 1, last, got = nr;
	const void *mapped = array->is_mapped ? array_map(array, first, nr) : NULL;

	if (mapped)
		return mapped;
	array->is_mapped = false;
	/* A batch starts after a key. -ENOENT: it reached the end of the array. */
	if (bpf_map_lookup_batch(array->fd, first ? &before : NULL, &last, keys, buffer, &got,
				 NULL) &&
	    errno != ENOENT)
		return NULL;
	return got == nr ? buffer : NULL;
}

/* --- slots ----------------------------------------------------------------------------------- */

/* A slot has eight bytes and is aligned, so one load reads all of it as it was at one moment. */
static struct ad_flow_slot slot_load(const struct ad_flow_slot *slot)
{
	union {
		__u64 word;
		struct ad_flow_slot slot;
	} at;

	at.word = __atomic_load_n((const __u64 *)slot, __ATOMIC_ACQUIRE);
	return at.slot;
}

static size_t chunk_length(const struct array *tags, size_t first)
{
	return tags->nr - first < CHUNK ? tags->nr - first : CHUNK;
}

/* --- the walk -------------------------------------------------------------------------------- */

struct pins_walk {
	struct array tags, flows;
	size_t next; /* bucket */
	__u32 now_s; /* CLOCK_MONOTONIC when it began */

	/* The chunk that holds it; slots as they were before and after the entries were read: the
	 * same memory where the map is mapped. */
	size_t first, end;
	const struct ad_flow_bucket *before, *after;
	const struct ad_flow *entries;

	/* Room for copies. */
	struct ad_flow_bucket before_copy[CHUNK], after_copy[CHUNK];
	struct ad_flow entries_copy[CHUNK * AD_FLOW_SLOTS];
};

int pins_walk_open(const struct pins *pins, struct pins_walk **walk)
{
	struct pins_walk *new = calloc(1, sizeof(*new));
	struct timespec now;
	int err;

	*walk = NULL;
	if (!new)
		return -ENOMEM;
	clock_gettime(CLOCK_MONOTONIC, &now);
	new->now_s = now.tv_sec;
	new->flows.fd = -1;
	err = array_open(pins, "flow_tags", sizeof(struct ad_flow_bucket), &new->tags);
	if (!err)
		err = array_open(pins, "flows", sizeof(struct ad_flow), &new->flows);
	if (!err && new->flows.nr != new->tags.nr * AD_FLOW_SLOTS)
		err = -EPROTO; /* an upgrade is replacing the two maps one after the other */
	if (err)
		pins_walk_close(new);
	else
		*walk = new;
	return err;
}

void pins_walk_close(struct pins_walk *walk)
{
	if (!walk)
		return;
	array_close(&walk->tags);
	array_close(&walk->flows);
	free(walk);
}

static bool chunk_is_empty(const struct ad_flow_bucket *buckets, size_t nr)
{
	for (size_t i = 0; i < nr * AD_FLOW_SLOTS; i++)
		if (buckets->slots[i].kind != AD_FLOW_FREE)
			return false;
	return true;
}

/* Makes walk->next the first bucket of a chunk. */
static int chunk_load(struct pins_walk *walk)
{
	size_t nr = chunk_length(&walk->tags, walk->next);

	walk->first = walk->next;
	walk->end = walk->first + nr;
	walk->before = array_range(&walk->tags, walk->first, nr, walk->before_copy);
	if (!walk->before)
		return -EIO;
	walk->after = walk->before;
	if (!walk->tags.is_mapped && chunk_is_empty(walk->before, nr))
		return 0;
	walk->entries = array_range(&walk->flows, walk->first * AD_FLOW_SLOTS, nr * AD_FLOW_SLOTS,
				    walk->entries_copy);
	walk->after = array_range(&walk->tags, walk->first, nr, walk->after_copy);
	return walk->entries && walk->after ? 0 : -EIO;
}

/*
 * The data path writes a slot last and clears it first: if the slot is the same before and after,
 * the entry between is of one flow.
 */
static bool flow_read(const struct ad_flow_slot *slot_before, const struct ad_flow_slot *slot_after,
		      const struct ad_flow *entry, struct ad_flow *copy)
{
	for (int i = 0; i < READ_TRIES; i++) {
		struct ad_flow_slot before = slot_load(slot_before), after;

		if (before.kind == AD_FLOW_FREE)
			return false;
		*copy = *(const volatile struct ad_flow *)entry;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = slot_load(slot_after);
		if (!before.busy && !after.busy && before.tag == after.tag &&
		    before.kind == after.kind && copy->kind == after.kind)
			return true;
	}
	return false;
}

int pins_walk_bucket(struct pins_walk *walk, struct ad_flow found[AD_FLOW_SLOTS])
{
	int err, nr = 0;
	size_t at;

	if (walk->next >= walk->tags.nr)
		return -ENOENT;
	if (walk->next >= walk->end) {
		err = chunk_load(walk);
		if (err)
			return err;
	}
	at = walk->next++ - walk->first;
	for (int i = 0; i < AD_FLOW_SLOTS; i++)
		if (flow_read(&walk->before[at].slots[i], &walk->after[at].slots[i],
			      &walk->entries[at * AD_FLOW_SLOTS + i], &found[nr]))
			nr++;
	return nr;
}

static void count_slot(struct ad_flow_slot slot, const struct pins_walk *walk, __u32 idle_s,
		       struct pins_occupancy *occupancy)
{
	__u16 age_s = walk->now_s - slot.last_s;

	if (slot.kind != AD_FLOW_FREE && age_s > idle_s && age_s < (__u16)-CLOCK_SLACK_S)
		occupancy->idle++;
	else if (slot.kind <= AD_FLOW_OURS)
		occupancy->by_kind[slot.kind]++;
}

/* The next chunk, by its tags alone. 0, -ENOENT behind the last one, or -errno. */
static int count_chunk(struct pins_walk *walk, __u32 idle_s, struct pins_occupancy *occupancy)
{
	const struct ad_flow_bucket *buckets;
	size_t nr;

	occupancy->slots = (__u64)walk->tags.nr * AD_FLOW_SLOTS;
	if (walk->next >= walk->tags.nr)
		return -ENOENT;
	nr = chunk_length(&walk->tags, walk->next);
	buckets = array_range(&walk->tags, walk->next, nr, walk->before_copy);
	if (!buckets)
		return -EIO;
	walk->next += nr;
	for (size_t i = 0; i < nr * AD_FLOW_SLOTS; i++)
		count_slot(slot_load(&buckets->slots[i]), walk, idle_s, occupancy);
	return 0;
}

int pins_read_occupancy(const struct pins *pins, __u32 idle_s, struct pins_occupancy *occupancy)
{
	struct pins_walk *walk;
	int err = pins_walk_open(pins, &walk);

	memset(occupancy, 0, sizeof(*occupancy));
	if (err)
		return err;
	while (!err)
		err = count_chunk(walk, idle_s, occupancy);
	pins_walk_close(walk);
	return err == -ENOENT ? 0 : err;
}

int pins_each_flow(const struct pins *pins, int (*each)(const struct ad_flow *flow, void *arg),
		   void *arg)
{
	struct ad_flow found[AD_FLOW_SLOTS];
	struct pins_walk *walk;
	int nr, ret = pins_walk_open(pins, &walk);

	if (ret)
		return ret;
	while (!ret && (nr = pins_walk_bucket(walk, found)) >= 0)
		for (int i = 0; !ret && i < nr; i++)
			ret = each(&found[i], arg);
	pins_walk_close(walk);
	if (ret)
		return ret;
	return nr == -ENOENT ? 0 : nr;
}
