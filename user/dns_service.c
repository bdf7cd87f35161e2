// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_service.c: the configured zones as one set: loaded, published, reported (dns_service.h).
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "dns_guard.h"
#include "dns_service.h"
#include "dns_zones.h"
#include "log.h"
#include "maps/dns_proto.h"
#include "output.h"
#include "pins.h"
#include "printable.h"
#include "progress.h"
#include "zone.h"
#include "zone_files.h"
#include "anydoor.skel.h"

#define DAY_S 86400

/* --- loading ---------------------------------------------------------------------------------- */

/* Zones sorted by name, while they are more than their image and a line of statistics. */
struct sources {
	struct zone **zones;
	size_t nr;
};

static void sources_free(struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->nr; i++)
		zone_free(sources->zones[i]);
	free(sources->zones);
}

static int sources_read(struct sources *sources, const struct config *config,
			struct config_errors *errors)
{
	size_t i, records = 0;
	int err, failed = 0;

	sources->zones = calloc(config->nr_zones + 1, sizeof(*sources->zones));
	if (!sources->zones)
		return -ENOMEM;
	for (i = 0; i < config->nr_zones; i++) {
		err = zone_load(config->zones[i].name, config->zones[i].file, config->include_dir,
				&sources->zones[sources->nr], errors);
		if (err == -ENOMEM)
			return err;
		if (err)
			failed = err;
		else
			records += sources->zones[sources->nr++]->nr_rrs;
		progress_at("reading zones: %zu of %zu, %zu records", i + 1, config->nr_zones,
			    records);
	}
	qsort(sources->zones, sources->nr, sizeof(*sources->zones), zone_compare);
	return failed;
}

static int sources_check(const struct sources *sources, const struct config *config,
			 struct config_errors *errors)
{
	size_t i;
	int err = 0;

	if (sources->nr > AD_DNS_ZONE_MAX) {
		config_errors_add(errors, config->path, 0, "zones: more than %u", AD_DNS_ZONE_MAX);
		err = -EINVAL;
	}
	if (config->nsid && strlen(config->nsid) > AD_DNS_NSID_MAX) {
		config_errors_add(errors, config->path, 0, "dns.nsid: longer than %u bytes",
				  AD_DNS_NSID_MAX);
		err = -EINVAL;
	}
	for (i = 1; i < sources->nr; i++) {
		if (zone_compare(&sources->zones[i - 1], &sources->zones[i]))
			continue;
		config_errors_add(errors, config->path, 0, "zones: %s is there twice",
				  sources->zones[i]->name);
		err = -EINVAL;
	}
	return err;
}

/* @zone or a name between it and @above is delegated by @above. */
static bool is_delegated(const struct zone *above, const struct zone *zone)
{
	unsigned int labels;
	struct name_key key;
	size_t nr;

	for (labels = above->key.labels + 1; labels <= zone->key.labels; labels++) {
		key = name_key_ancestor(&zone->key, labels);
		if (zone_find(above, &key, DNS_T_NS, &nr))
			return true;
	}
	return false;
}

/* Legal, but nobody comes to such a zone but by luck. Zones are sorted: parents come first. */
static void sources_doubt(const struct sources *sources)
{
	ssize_t *above = calloc(sources->nr + 1, sizeof(*above)), at;
	size_t i;

	for (i = 0; above && i < sources->nr; i++) {
		const struct zone *zone = sources->zones[i];

		at = (ssize_t)i - 1;
		while (at >= 0 && !name_key_within(&zone->key, &sources->zones[at]->key))
			at = above[at];
		above[i] = at;
		if (at >= 0 && !is_delegated(sources->zones[at], zone))
			log_warn("zone %s: not delegated by %s, which is served here too",
				 zone->name, sources->zones[at]->name);
	}
	free(above);
}

static int zones_describe(struct dns_zones *set, const struct sources *sources)
{
	size_t i;

	set->list = calloc(sources->nr + 1, sizeof(*set->list));
	if (!set->list)
		return -ENOMEM;
	set->nr = sources->nr;
	for (i = 0; i < sources->nr; i++) {
		const struct zone *zone = sources->zones[i];
		struct ad_dns_zone_info *info = &set->list[i];

		info->loaded_real_s = time(NULL);
		info->bytes = zone->bytes;
		info->serial = zone->serial;
		info->names = zone->names;
		info->records = zone->nr_rrs;
		info->denial = zone->signed_until_s ? zone->chain.type : 0;
		info->signed_until_s = zone->signed_until_s;
		info->resign_by_s = zone->resign_by_s;
		strncpy(info->name, zone->name, sizeof(info->name) - 1);
	}
	return 0;
}

static int zones_compile(struct dns_zones *set, const struct sources *sources,
			 const struct config *config)
{
	struct dns_image_options options = {
		.nsid = config->nsid,
		.udp_size = config->dns_udp_size,
		.unserved_pass = config->dns_unserved_pass,
	};
	int err = dns_image_build(sources->zones, sources->nr, &options, &set->image);

	return err ? err : zones_describe(set, sources);
}

/* What the load came to, for people. */
static void zones_tell(const struct dns_zones *set)
{
	const struct dns_image *image = set->image;
	size_t i, names = 0, records = 0;

	for (i = 0; i < set->nr; i++) {
		names += set->list[i].names;
		records += set->list[i].records;
	}
	log_info("zones: %zu with %zu names and %zu records in %.2f s; %u pages of 1 MiB in the "
		 "kernel, %u%% of the name table used",
		 set->nr, names, records, progress_seconds(), image->nr_pages,
		 (unsigned int)((__u64)image->nr_names * 100 / dns_image_cells(image)));
}

int dns_zones_load(const struct config *config, struct dns_zones **zones,
		   struct config_errors *errors)
{
	struct dns_zones *set = calloc(1, sizeof(*set));
	struct sources sources = { 0 };
	int err, bad;

	if (!set)
		return -ENOMEM;
	progress_begin();
	err = sources_read(&sources, config, errors);
	if (err != -ENOMEM) {
		bad = sources_check(&sources, config, errors);
		err = err ? err : bad;
	}
	if (!err) {
		sources_doubt(&sources);
		err = zones_compile(set, &sources, config);
		if (err)
			config_errors_add(errors, config->path, 0, "zones: cannot be compiled: %s",
					  strerror(-err));
	}
	sources_free(&sources);
	if (err) {
		dns_zones_free(set);
		return err;
	}
	zones_tell(set);
	*zones = set;
	return 0;
}

void dns_zones_free(struct dns_zones *zones)
{
	if (!zones)
		return;
	dns_image_free(zones->image);
	free(zones->list);
	free(zones);
}

/* --- signatures ------------------------------------------------------------------------------- */

/* @at, or a whole number of days later, lies after @since_s and not after @now_s. */
static bool day_has_come(__u64 at, __u64 since_s, __u64 now_s)
{
	if (at > now_s)
		return false;
	return at > since_s || (now_s - at) / DAY_S > (since_s - at) / DAY_S;
}

static void tell_expiry(const struct ad_dns_zone_info *zone, __u64 since_s, __u64 now_s)
{
	__u64 until = zone->signed_until_s;
	char left[UNIT_TEXT];

	if (!until)
		return;
	if (day_has_come(until, since_s, now_s))
		log_err("zone %s: signatures have expired: validators find it bogus; sign it again",
			zone->name);
	else if (until > now_s && day_has_come(zone->resign_by_s, since_s, now_s))
		log_warn("zone %s: signatures expire in %s, and nobody has renewed them",
			 zone->name, unit_duration(until - now_s, left));
}

void dns_zones_tell_expiry(const struct dns_zones *zones, __u64 since_s, __u64 now_s)
{
	size_t i;

	for (i = 0; i < zones->nr; i++)
		tell_expiry(&zones->list[i], since_s, now_s);
}

/* --- counter slots ---------------------------------------------------------------------------- */

/* A zone keeps its slot, and with it its counters, for as long as it is configured. */
struct slots {
	int info_fd, hits_fd, daemon_fd;
	int ncpus;
	__u32 taken;			/* below it none is free */
	struct ad_dns_zone_info *infos; /* by slot; an empty name is free */
};

static void slots_close(struct slots *slots)
{
	close(slots->info_fd);
	close(slots->hits_fd);
	close(slots->daemon_fd);
	free(slots->infos);
}

static int slots_open(struct slots *slots, const struct pins *pins)
{
	__u32 slot, *last = NULL, next;

	slots->ncpus = pins->ncpus;
	slots->taken = 0;
	slots->info_fd = pins_map(pins, "dns_zone_info", true);
	slots->hits_fd = pins_map(pins, "dns_zone_hits", true);
	slots->daemon_fd = pins_map(pins, "dns_zone_daemon", true);
	slots->infos = calloc(AD_DNS_ZONE_MAX, sizeof(*slots->infos));
	if (slots->info_fd < 0 || slots->hits_fd < 0 || slots->daemon_fd < 0 || !slots->infos) {
		slots_close(slots);
		return slots->infos ? -ENOENT : -ENOMEM;
	}
	while (!bpf_map_get_next_key(slots->info_fd, last, &next)) {
		slot = next;
		last = &slot;
		if (slot < AD_DNS_ZONE_MAX)
			bpf_map_lookup_elem(slots->info_fd, &slot, &slots->infos[slot]);
	}
	return 0;
}

static void slot_clear(struct slots *slots, __u32 slot)
{
	__u64 zeros[slots->ncpus];

	memset(zeros, 0, sizeof(zeros));
	bpf_map_delete_elem(slots->info_fd, &slot);
	bpf_map_update_elem(slots->hits_fd, &slot, zeros, BPF_ANY);
	bpf_map_update_elem(slots->daemon_fd, &slot, zeros, BPF_ANY);
	memset(&slots->infos[slot], 0, sizeof(slots->infos[slot]));
}

static int by_name(const void *a, const void *b)
{
	const struct ad_dns_zone_info *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* The slots in use, sorted by zone name; NULL when out of memory. */
static struct ad_dns_zone_info **slots_by_name(struct slots *slots, size_t *nr)
{
	struct ad_dns_zone_info **sorted = calloc(AD_DNS_ZONE_MAX, sizeof(*sorted));
	__u32 slot;

	*nr = 0;
	for (slot = 0; sorted && slot < AD_DNS_ZONE_MAX; slot++)
		if (slots->infos[slot].name[0])
			sorted[(*nr)++] = &slots->infos[slot];
	if (sorted)
		qsort(sorted, *nr, sizeof(*sorted), by_name);
	return sorted;
}

static __u32 slots_find(struct slots *slots, struct ad_dns_zone_info **sorted, size_t nr,
			const struct ad_dns_zone_info *zone)
{
	struct ad_dns_zone_info **found = bsearch(&zone, sorted, nr, sizeof(*sorted), by_name);

	return found ? *found - slots->infos : AD_DNS_ZONE_MAX;
}

/* A free slot; AD_DNS_ZONE_MAX if there is none. The caller gives it a name. */
static __u32 slots_take(struct slots *slots)
{
	while (slots->taken < AD_DNS_ZONE_MAX && slots->infos[slots->taken].name[0])
		slots->taken++;
	return slots->taken;
}

/* Gives every zone of the set its slot: the one it has, or a free one. */
static int slots_assign(struct slots *slots, struct dns_zones *set)
{
	size_t i, nr;
	struct ad_dns_zone_info **sorted = slots_by_name(slots, &nr);
	__u32 slot;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < set->nr; i++)
		dns_image_zone(set->image, i)->slot = slots_find(slots, sorted, nr, &set->list[i]);
	free(sorted);
	for (i = 0; i < set->nr; i++) {
		if (dns_image_zone(set->image, i)->slot < AD_DNS_ZONE_MAX)
			continue;
		slot = slots_take(slots);
		dns_image_zone(set->image, i)->slot = slot;
		if (slot < AD_DNS_ZONE_MAX)
			slots->infos[slot] = set->list[i];
	}
	return 0;
}

/* Once the set is live: what each slot counts now; those of zones that are gone are cleared. */
static void slots_write(struct slots *slots, struct dns_zones *set)
{
	bool *used = calloc(AD_DNS_ZONE_MAX, sizeof(*used));
	__u32 slot;
	size_t i;

	for (i = 0; used && i < set->nr; i++) {
		slot = dns_image_zone(set->image, i)->slot;
		if (slot >= AD_DNS_ZONE_MAX)
			continue;
		used[slot] = true;
		bpf_map_update_elem(slots->info_fd, &slot, &set->list[i], BPF_ANY);
	}
	for (slot = 0; used && slot < AD_DNS_ZONE_MAX; slot++)
		if (!used[slot] && slots->infos[slot].name[0])
			slot_clear(slots, slot);
	free(used);
}

/* --- publishing ------------------------------------------------------------------------------- */

struct publish {
	int pages_fd, live_fd, image_fd;
	struct ad_dns_live live;
};

static void publish_close(struct publish *publish)
{
	close(publish->image_fd);
	close(publish->live_fd);
	close(publish->pages_fd);
}

/* A new map of as many elements as the image has pages, filled. */
static int image_to_map(const struct dns_image *image)
{
	DECLARE_LIBBPF_OPTS(bpf_map_create_opts, opts,
			    .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	size_t size = (size_t)image->nr_pages * AD_DNS_PAGE_STRIDE;
	int err, fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "dns_image", sizeof(__u32),
				     AD_DNS_PAGE_STRIDE, image->nr_pages, &opts);
	__u8 *to;
	__u32 i;

	if (fd < 0)
		return -errno;
	to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (to == MAP_FAILED) {
		err = -errno;
		close(fd);
		return err;
	}
	for (i = 0; i < image->nr_pages; i++)
		memcpy(to + (size_t)i * AD_DNS_PAGE_STRIDE, image->pages[i], AD_DNS_PAGE_STRIDE);
	munmap(to, size);
	return fd;
}

static int publish_open(struct publish *publish, const struct dns_image *image,
			const struct pins *pins)
{
	__u32 zero = 0;

	publish->pages_fd = pins_map(pins, "dns_pages", true);
	publish->live_fd = pins_map(pins, "dns_live", true);
	if (publish->pages_fd < 0 || publish->live_fd < 0)
		return -ENOENT;
	if (bpf_map_lookup_elem(publish->live_fd, &zero, &publish->live))
		return -errno;
	publish->image_fd = image_to_map(image);
	return publish->image_fd < 0 ? publish->image_fd : 0;
}

/*
 * The new image goes into the slot that no packet reads, then the slots change roles. Updating a
 * map of maps returns only when no program runs that began before (RCU): so the second update
 * waits for the last reader of the old slot, and emptying that one harms nobody.
 */
static int publish_swap(struct publish *publish)
{
	__u32 zero = 0, old = publish->live.slot % AD_DNS_SLOTS, slot = (old + 1) % AD_DNS_SLOTS;

	publish->live.slot = slot;
	publish->live.generation++;
	if (bpf_map_update_elem(publish->pages_fd, &slot, &publish->image_fd, BPF_ANY) ||
	    bpf_map_update_elem(publish->live_fd, &zero, &publish->live, BPF_ANY) ||
	    bpf_map_update_elem(publish->pages_fd, &slot, &publish->image_fd, BPF_ANY))
		return -errno;
	bpf_map_delete_elem(publish->pages_fd, &old);
	return 0;
}

int dns_zones_publish(struct dns_zones *zones, const struct pins *pins)
{
	struct publish publish = { -1, -1, -1, { 0, 0 } };
	struct slots slots;
	int err = slots_open(&slots, pins);

	if (err) {
		log_err("%s: DNS zone counters: %s", pins->dir, strerror(-err));
		return err;
	}
	err = slots_assign(&slots, zones);
	if (!err)
		err = publish_open(&publish, zones->image, pins);
	if (!err)
		err = publish_swap(&publish);
	if (err)
		log_err("%s: zones not published, the old ones stay: %s", pins->dir,
			strerror(-err));
	else
		slots_write(&slots, zones);
	publish_close(&publish);
	slots_close(&slots);
	return err;
}

/* --- cookies and limits ----------------------------------------------------------------------- */

static bool guard_has(const struct dns_guard *guard, const struct ad_dns_prefix *prefix)
{
	__u32 i;

	for (i = 0; i < guard->rules.nr_exempt; i++)
		if (!memcmp(&guard->exempt[i], prefix, sizeof(*prefix)))
			return true;
	return false;
}

static int write_exempt(int fd, const struct dns_guard *guard)
{
	struct ad_dns_prefix key, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &key);
	__u32 i, one = 1;
	int err = 0;

	for (; !err && more; key = next) {
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (!guard_has(guard, &key) && bpf_map_delete_elem(fd, &key))
			err = -errno;
	}
	for (i = 0; !err && i < guard->rules.nr_exempt; i++)
		if (bpf_map_update_elem(fd, &guard->exempt[i], &one, BPF_ANY))
			err = -errno;
	return err;
}

int dns_guard_publish(const struct dns_guard *guard, const struct pins *pins)
{
	int rules = pins_map(pins, "dns_guard", true), exempt = pins_map(pins, "dns_exempt", true);
	int err = rules < 0 || exempt < 0 ? -ENOENT : write_exempt(exempt, guard);
	__u32 zero = 0;

	if (!err && bpf_map_update_elem(rules, &zero, &guard->rules, BPF_ANY))
		err = -errno;
	if (err)
		log_err("%s: DNS cookies and limits: %s", pins->dir, strerror(-err));
	if (rules >= 0)
		close(rules);
	if (exempt >= 0)
		close(exempt);
	return err;
}

/* --- reporting -------------------------------------------------------------------------------- */

/* An error names its file as printable.h shows it. */
static bool is_of_file(const char *error, const char *file)
{
	char shown[PRINTABLE_GROWS * PATH_MAX];
	size_t len = printable(shown, sizeof(shown), file);

	return !strncmp(error, shown, len) && error[len] == ':';
}

/* The first error that was found in a zone's file, or in one that it includes. */
static const char *error_of(const struct config_zone *zone, const char *include_dir,
			    const struct config_errors *errors)
{
	struct zone_files files = { 0 };
	const char *error = NULL;
	size_t i, n;

	zone_files_add(&files, zone->file, include_dir);
	for (i = 0; i < errors->nr && !error; i++)
		for (n = 0; n < files.nr && !error; n++)
			if (is_of_file(errors->list[i].text, files.names[n]))
				error = errors->list[i].text;
	zone_files_free(&files);
	return error;
}

/* What there is room for, but no part of a letter: half of one is no UTF-8, hence no JSON. */
static void copy_text(char *to, size_t room, const char *text)
{
	size_t len = strnlen(text, room - 1);

	while (text[len] && len && ((__u8)text[len] & 0xc0) == 0x80)
		len--;
	memset(to, 0, room);
	memcpy(to, text, len);
}

static void note_error(struct slots *slots, const struct config_zone *zone, const char *error)
{
	struct ad_dns_zone_info *info = NULL;
	__u32 slot;

	for (slot = 0; slot < AD_DNS_ZONE_MAX && !info; slot++)
		if (!strcmp(slots->infos[slot].name, zone->name))
			info = &slots->infos[slot];
	if (!info) {
		slot = slots_take(slots);
		if (slot == AD_DNS_ZONE_MAX)
			return;
		info = &slots->infos[slot];
		strncpy(info->name, zone->name, sizeof(info->name) - 1);
	}
	slot = info - slots->infos;
	copy_text(info->error, sizeof(info->error), error);
	bpf_map_update_elem(slots->info_fd, &slot, info, BPF_ANY);
}

void dns_zones_note_errors(const struct pins *pins, const struct config *config,
			   const struct config_errors *errors)
{
	struct slots slots;
	const char *error;
	size_t i;

	if (slots_open(&slots, pins))
		return;
	for (i = 0; i < config->nr_zones; i++) {
		error = error_of(&config->zones[i], config->include_dir, errors);
		if (error)
			note_error(&slots, &config->zones[i], error);
	}
	slots_close(&slots);
}

/* All other sizes are fixed: an upgrade can always keep the maps. */
int dns_maps_prepare(struct anydoor_bpf *skel, const struct config *config)
{
	return bpf_map__set_max_entries(skel->maps.dns_accounts, dns_guard_mask(config) + 1);
}
