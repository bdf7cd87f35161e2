// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_service.c: writes a set of zones, cookies and limits to the kernel (dns_service.h).
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "dns_limiter.h"
#include "dns_service.h"
#include "dns_steering.h"
#include "dns_zones.h"
#include "inner_map.h"
#include "maps/dns_proto.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "user/state/pins.h"
#include "user/steer/pops.h"
#include "anydoor.skel.h"

/* --- zones' counters -------------------------------------------------------------------------- */

/* A zone keeps the number of its counters as long as it is configured, so they are not reset. */
struct counters {
	int info_fd, hits_fd, daemon_fd;
	int ncpus;
	__u32 taken;			/* below it none is free */
	struct ad_dns_zone_info *infos; /* by counter; an empty name is free */
};

static void counters_close(struct counters *counters)
{
	close(counters->info_fd);
	close(counters->hits_fd);
	close(counters->daemon_fd);
	free(counters->infos);
}

static int counters_open(struct counters *counters, const struct pins *pins)
{
	__u32 counter, *last = NULL, next;

	counters->ncpus = pins->ncpus;
	counters->taken = 0;
	counters->info_fd = pins_map(pins, "dns_zone_info", true);
	counters->hits_fd = pins_map(pins, "dns_zone_hits", true);
	counters->daemon_fd = pins_map(pins, "dns_zone_daemon", true);
	counters->infos = calloc(AD_DNS_ZONE_MAX, sizeof(*counters->infos));
	if (counters->info_fd < 0 || counters->hits_fd < 0 || counters->daemon_fd < 0 ||
	    !counters->infos) {
		counters_close(counters);
		return counters->infos ? -ENOENT : -ENOMEM;
	}
	while (!bpf_map_get_next_key(counters->info_fd, last, &next)) {
		counter = next;
		last = &counter;
		if (counter < AD_DNS_ZONE_MAX)
			bpf_map_lookup_elem(counters->info_fd, &counter, &counters->infos[counter]);
	}
	return 0;
}

static void counter_clear(struct counters *counters, __u32 counter)
{
	__u64 zeros[counters->ncpus];

	memset(zeros, 0, sizeof(zeros));
	bpf_map_delete_elem(counters->info_fd, &counter);
	bpf_map_update_elem(counters->hits_fd, &counter, zeros, BPF_ANY);
	bpf_map_update_elem(counters->daemon_fd, &counter, zeros, BPF_ANY);
	memset(&counters->infos[counter], 0, sizeof(counters->infos[counter]));
}

static int by_name(const void *a, const void *b)
{
	const struct ad_dns_zone_info *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* The numbers in use, sorted by zone name; NULL when out of memory. */
static struct ad_dns_zone_info **counters_by_name(struct counters *counters, size_t *nr)
{
	struct ad_dns_zone_info **sorted = calloc(AD_DNS_ZONE_MAX, sizeof(*sorted));
	__u32 counter;

	*nr = 0;
	for (counter = 0; sorted && counter < AD_DNS_ZONE_MAX; counter++)
		if (counters->infos[counter].name[0])
			sorted[(*nr)++] = &counters->infos[counter];
	if (sorted)
		qsort(sorted, *nr, sizeof(*sorted), by_name);
	return sorted;
}

static __u32 counters_find(struct counters *counters, struct ad_dns_zone_info **sorted, size_t nr,
			   const struct ad_dns_zone_info *zone)
{
	struct ad_dns_zone_info **found = bsearch(&zone, sorted, nr, sizeof(*sorted), by_name);

	return found ? *found - counters->infos : AD_DNS_ZONE_MAX;
}

/* A free number; AD_DNS_ZONE_MAX if there is none. The caller writes a name to it. */
static __u32 counters_take(struct counters *counters)
{
	while (counters->taken < AD_DNS_ZONE_MAX && counters->infos[counters->taken].name[0])
		counters->taken++;
	return counters->taken;
}

/* Gives every zone of the set a number: the one it has, or a free one. */
static int counters_assign(struct counters *counters, struct dns_zones *set)
{
	size_t i, nr;
	struct ad_dns_zone_info **sorted = counters_by_name(counters, &nr);
	__u32 counter;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < set->nr; i++)
		dns_image_zone(set->image, i)->counter =
			counters_find(counters, sorted, nr, &set->list[i]);
	free(sorted);
	for (i = 0; i < set->nr; i++) {
		if (dns_image_zone(set->image, i)->counter < AD_DNS_ZONE_MAX)
			continue;
		counter = counters_take(counters);
		dns_image_zone(set->image, i)->counter = counter;
		if (counter < AD_DNS_ZONE_MAX)
			counters->infos[counter] = set->list[i];
	}
	return 0;
}

/*
 * Once the set is live: writes which zone each number belongs to. Counters of removed zones are
 * cleared.
 */
static void counters_write(struct counters *counters, struct dns_zones *set)
{
	bool *used = calloc(AD_DNS_ZONE_MAX, sizeof(*used));
	__u32 counter;
	size_t i;

	for (i = 0; used && i < set->nr; i++) {
		counter = dns_image_zone(set->image, i)->counter;
		if (counter >= AD_DNS_ZONE_MAX)
			continue;
		used[counter] = true;
		bpf_map_update_elem(counters->info_fd, &counter, &set->list[i], BPF_ANY);
	}
	for (counter = 0; used && counter < AD_DNS_ZONE_MAX; counter++)
		if (!used[counter] && counters->infos[counter].name[0])
			counter_clear(counters, counter);
	free(used);
}

/* --- publishing ------------------------------------------------------------------------------- */

struct publish {
	int pages_fd, live_fd;
	struct ad_dns_live live;
	__u32 live_slot, other_slot; /* the one that packets read, and the other */
};

static void publish_close(struct publish *publish)
{
	close(publish->live_fd);
	close(publish->pages_fd);
}

/* A new map of as many elements as the image has pages, filled. */
static int image_to_map(const struct dns_image *image)
{
	void *to;
	__u32 i;
	int fd = inner_map_new("dns_image", AD_DNS_PAGE_STRIDE, image->nr_pages, &to);

	if (fd < 0)
		return fd;
	for (i = 0; i < image->nr_pages; i++)
		memcpy((__u8 *)to + (size_t)i * AD_DNS_PAGE_STRIDE, image->pages[i],
		       AD_DNS_PAGE_STRIDE);
	munmap(to, (size_t)image->nr_pages * AD_DNS_PAGE_STRIDE);
	return fd;
}

/* Opens the maps; and finds which slot is live. */
static int publish_open(struct publish *publish, const struct pins *pins)
{
	__u32 zero = 0;

	publish->pages_fd = pins_map(pins, AD_DNS_PAGES_NAME, true);
	publish->live_fd = pins_map(pins, AD_DNS_LIVE_NAME, true);
	if (publish->pages_fd < 0 || publish->live_fd < 0)
		return -ENOENT;
	if (bpf_map_lookup_elem(publish->live_fd, &zero, &publish->live))
		return -errno;
	publish->live_slot = publish->live.slot % AD_DNS_SLOTS;
	publish->other_slot = (publish->live_slot + 1) % AD_DNS_SLOTS;
	return 0;
}

static bool is_in_slot(const struct publish *publish, __u32 slot, int image_fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info), id;

	return !bpf_map_lookup_elem(publish->pages_fd, &slot, &id) &&
	       !bpf_obj_get_info_by_fd(image_fd, &info, &len) && info.id == id;
}

/*
 * An update of a map of maps returns only after all programs that had begun before have ended
 * (RCU).
 */
static int put_in_slot(struct publish *publish, __u32 slot, int image_fd)
{
	return bpf_map_update_elem(publish->pages_fd, &slot, &image_fd, BPF_ANY) ? -errno : 0;
}

static int stage_counters(struct dns_zones *zones, const struct pins *pins)
{
	struct counters counters;
	int err = counters_open(&counters, pins);

	if (err) {
		log_err("%s: DNS zone counters: %s", pins->dir, strerror(-err));
		return err;
	}
	err = counters_assign(&counters, zones);
	counters_close(&counters);
	return err;
}

int dns_zones_stage(struct dns_zones *zones, const struct pins *pins)
{
	struct publish publish = { .pages_fd = -1, .live_fd = -1 };
	int err = stage_counters(zones, pins);

	err = err ?: publish_open(&publish, pins);
	if (!err) {
		zones->staged = image_to_map(zones->image);
		err = zones->staged < 0 ? zones->staged : 0;
	}
	err = err ?: dns_steering_stage(zones->steering, pins, publish.other_slot);
	err = err ?: put_in_slot(&publish, publish.other_slot, zones->staged);
	if (err)
		log_err("%s: zones not published, the old ones stay: %s", pins->dir,
			strerror(-err));
	publish_close(&publish);
	return err;
}

/* If programs were loaded after the staging, they may have other maps. */
static int publish_swap(struct dns_zones *zones, const struct pins *pins)
{
	struct publish publish = { .pages_fd = -1, .live_fd = -1 };
	int err = publish_open(&publish, pins);
	__u32 zero = 0;

	if (!err && !is_in_slot(&publish, publish.other_slot, zones->staged))
		err = dns_steering_stage(zones->steering, pins, publish.other_slot)
			      ?: put_in_slot(&publish, publish.other_slot, zones->staged);
	/* States of POPs may have changed since the staging. */
	if (!err && zones->steering)
		err = pops_refresh(pins);
	zones->slot = publish.other_slot;
	publish.live.slot = publish.other_slot;
	publish.live.generation++;
	if (!err && bpf_map_update_elem(publish.live_fd, &zero, &publish.live, BPF_ANY))
		err = -errno;
	if (err)
		log_err("%s: zones not published, the old ones stay: %s", pins->dir,
			strerror(-err));
	publish_close(&publish);
	return err;
}

bool dns_zones_are_live(const struct dns_zones *zones, const struct pins *pins)
{
	struct publish publish = { .pages_fd = -1, .live_fd = -1 };
	bool live = zones->staged >= 0 && !publish_open(&publish, pins) &&
		    is_in_slot(&publish, publish.live_slot, zones->staged);

	publish_close(&publish);
	return live;
}

int dns_zones_publish(struct dns_zones *zones, const struct pins *pins)
{
	bool was_staged = zones->staged >= 0;
	int err = was_staged ? 0 : dns_zones_stage(zones, pins);

	err = err ?: publish_swap(zones, pins);
	if (!was_staged)
		dns_zones_retire(zones, pins, !err);
	return err;
}

/*
 * A program that began before the swap may still read the slot that was live until then. Writing
 * the same image once more to the live slot waits for it. After that, no program reads the old
 * slot.
 */
static int empty_slot(struct publish *publish, const struct pins *pins, int live_fd)
{
	int err = live_fd >= 0 ? put_in_slot(publish, publish->live_slot, live_fd) : 0;

	if (!err) {
		bpf_map_delete_elem(publish->pages_fd, &publish->other_slot);
		dns_steering_clear(pins, publish->other_slot);
	}
	return err;
}

void dns_zones_retire(struct dns_zones *zones, const struct pins *pins, bool live)
{
	struct publish publish = { .pages_fd = -1, .live_fd = -1 };
	struct counters counters;
	int err = zones->staged < 0 ? 0 : publish_open(&publish, pins);

	if (zones->staged >= 0)
		err = err ?: empty_slot(&publish, pins, live ? zones->staged : -1);
	publish_close(&publish);
	if (zones->staged >= 0)
		close(zones->staged);
	zones->staged = -1;
	if (live && !err)
		err = counters_open(&counters, pins);
	if (live && !err) {
		counters_write(&counters, zones);
		counters_close(&counters);
	}
	if (err && err != -ENOENT) /* -ENOENT: detached meanwhile, there is nothing to clear */
		log_warn("%s: the old zones are not cleared away: %s", pins->dir, strerror(-err));
}

/* --- cookies and limits ----------------------------------------------------------------------- */

static bool limiter_has(const struct dns_limiter *limiter, const struct ad_dns_prefix *prefix)
{
	__u32 i;

	for (i = 0; i < limiter->rules.nr_exempt; i++)
		if (!memcmp(&limiter->exempt[i], prefix, sizeof(*prefix)))
			return true;
	return false;
}

static int write_exempt(int fd, const struct dns_limiter *limiter)
{
	struct ad_dns_prefix key, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &key);
	__u32 i, one = 1;
	int err = 0;

	for (; !err && more; key = next) {
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (!limiter_has(limiter, &key) && bpf_map_delete_elem(fd, &key))
			err = -errno;
	}
	for (i = 0; !err && i < limiter->rules.nr_exempt; i++)
		if (bpf_map_update_elem(fd, &limiter->exempt[i], &one, BPF_ANY))
			err = -errno;
	return err;
}

int dns_limiter_publish(const struct dns_limiter *limiter, const struct pins *pins)
{
	int rules = pins_map(pins, "dns_guard", true), exempt = pins_map(pins, "dns_exempt", true);
	int err = rules < 0 || exempt < 0 ? -ENOENT : write_exempt(exempt, limiter);
	__u32 zero = 0;

	if (!err && bpf_map_update_elem(rules, &zero, &limiter->rules, BPF_ANY))
		err = -errno;
	if (err)
		log_err("%s: DNS cookies and limits: %s", pins->dir, strerror(-err));
	if (rules >= 0)
		close(rules);
	if (exempt >= 0)
		close(exempt);
	return err;
}

/* All other sizes are fixed, so an upgrade can always keep the maps. */
int dns_maps_prepare(struct anydoor_bpf *skel, const struct config *config)
{
	return bpf_map__set_max_entries(skel->maps.dns_accounts, dns_limiter_mask(config) + 1);
}
