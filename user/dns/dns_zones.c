// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_zones.c: reads the configured zones and compiles them to one set (dns_service.h). A zone that
 * cannot be read is in the set as it was read last, or as a broken zone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dns_service.h"
#include "dns_tree.h"
#include "dns_variants.h"
#include "dns_verify.h"
#include "dns_zones.h"
#include "maps/dns_proto.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/progress.h"
#include "user/config/config.h"

#define DAY_S	   86400
#define BROKEN_MAX 20 /* at most so many broken zones are named in the log */

/* --- shared zones ----------------------------------------------------------------------------- */

static struct dns_shared_zone *shared_new(struct zone *zone, __u64 read_real_s)
{
	struct dns_shared_zone *shared = zone ? calloc(1, sizeof(*shared)) : NULL;

	if (!shared) {
		zone_free(zone);
		return NULL;
	}
	shared->zone = zone;
	shared->users = 1;
	shared->read_real_s = read_real_s;
	return shared;
}

static void shared_drop(struct dns_shared_zone *shared)
{
	if (!shared || --shared->users)
		return;
	zone_free(shared->zone);
	free(shared);
}

static int served_compare(const void *a, const void *b)
{
	const struct dns_served *x = a, *y = b;

	return zone_compare(&x->shared->zone, &y->shared->zone);
}

/* The zone in @before, if it was read there; else NULL. */
static const struct dns_served *find_good(const struct dns_zones *before,
					  struct dns_shared_zone *broken)
{
	struct dns_served key = { .shared = broken }, *found;

	if (!before)
		return NULL;
	found = bsearch(&key, before->served, before->nr, sizeof(key), served_compare);
	return found && found->shared->zone->nr_rrs ? found : NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct reading {
	const struct config *config;
	const struct dns_zones *before;	 /* or NULL */
	const struct steer_ranks *ranks; /* likewise */
	struct dns_zones *set;
	struct config_errors *errors;
	bool keeps;   /* @before is of the same text: zones with unchanged files are kept */
	bool is_deaf; /* and those with changed files, too */
	size_t records;
};

/* A pipe or a device is not even opened. */
static int check_file(const struct reading *reading, const struct config_zone *zone,
		      struct config_errors *errors)
{
	const char *trouble = NULL;
	struct stat st;

	if (stat(zone->file, &st))
		trouble = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		trouble = "not a regular file";
	if (!trouble)
		return 0;
	config_errors_add(errors, reading->config->path, zone->line, "zone %s: %s: %s", zone->name,
			  zone->file, trouble);
	return -EINVAL;
}

/* The zone in @before, if its files have not changed since. */
static struct dns_shared_zone *find_current(const struct reading *reading,
					    const struct config_zone *config)
{
	struct zone *zone = zone_new_broken(config->name, config->file);
	struct dns_shared_zone key = { .zone = zone };
	const struct dns_served *good = zone ? find_good(reading->before, &key) : NULL;

	zone_free(zone);
	if (!good || strcmp(good->shared->zone->file, config->file))
		return NULL;
	/* One that could not be read is tried again. */
	if ((!reading->is_deaf || good->error) && !zone_is_current(good->shared->zone))
		return NULL;
	good->shared->users++;
	return good->shared;
}

/* The file cannot be used: the zone as it was read last, or a broken zone. */
static struct dns_shared_zone *keep_or_break(const struct reading *reading,
					     const struct config_zone *zone)
{
	struct dns_shared_zone *broken = shared_new(zone_new_broken(zone->name, zone->file), 0);
	const struct dns_served *good = broken ? find_good(reading->before, broken) : NULL;

	if (!good)
		return broken;
	shared_drop(broken);
	good->shared->users++;
	return good->shared;
}

static int read_zone(struct reading *reading, const struct config_zone *zone,
		     struct dns_served *served)
{
	struct config_errors errors = {};
	struct zone *loaded = NULL;
	int err;

	served->shared = reading->keeps ? find_current(reading, zone) : NULL;
	if (served->shared) {
		reading->set->nr_kept++;
		return 0;
	}
	err = check_file(reading, zone, &errors);
	err = err
		      ?: zone_load(zone->name, zone->file, reading->config->include_dir, &loaded,
				   &errors);
	if (err == -ENOMEM || err == -ECANCELED) {
		config_errors_free(&errors);
		return err;
	}
	if (err) {
		served->shared = keep_or_break(reading, zone);
		served->error = strdup(errors.nr ? errors.list[0].text : strerror(-err));
		reading->set->nr_broken++;
	} else {
		served->shared = shared_new(loaded, time(NULL));
	}
	config_errors_take(reading->errors, &errors);
	return served->shared ? 0 : -ENOMEM;
}

static int read_all(struct reading *reading)
{
	const struct config *config = reading->config;
	struct dns_zones *set = reading->set;
	size_t i;
	int err = 0;

	set->served = calloc(config->nr_zones + 1, sizeof(*set->served));
	if (!set->served)
		return -ENOMEM;
	for (i = 0; i < config->nr_zones && !err; i++) {
		err = read_zone(reading, &config->zones[i], &set->served[set->nr]);
		if (err)
			break;
		reading->records += set->served[set->nr++].shared->zone->nr_rrs;
		if (!progress_at("reading zones: %zu of %zu, %zu records", i + 1, config->nr_zones,
				 reading->records))
			err = -ECANCELED;
	}
	qsort(set->served, set->nr, sizeof(*set->served), served_compare);
	return err;
}

/* --- looking at them all ---------------------------------------------------------------------- */

static int check_all(const struct dns_zones *set, const struct config *config,
		     struct config_errors *errors)
{
	size_t i;
	int err = 0;

	if (set->nr > AD_DNS_ZONE_MAX) {
		config_errors_add(errors, config->path, 0, "zones: more than %u", AD_DNS_ZONE_MAX);
		err = -EINVAL;
	}
	if (config->nsid && strlen(config->nsid) > AD_DNS_NSID_MAX) {
		config_errors_add(errors, config->path, 0, "dns.nsid: longer than %u bytes",
				  AD_DNS_NSID_MAX);
		err = -EINVAL;
	}
	for (i = 1; i < set->nr; i++) {
		if (served_compare(&set->served[i - 1], &set->served[i]))
			continue;
		config_errors_add(errors, config->path, 0, "zones: %s is there twice",
				  set->served[i].shared->zone->name);
		err = -EINVAL;
	}
	return err;
}

static struct zone *zone_at(const struct dns_zones *set, size_t i)
{
	return set->served[i].shared->zone;
}

/* All zones of the set; free() the list. */
static struct zone **zone_list(const struct dns_zones *set)
{
	struct zone **zones = calloc(set->nr + 1, sizeof(*zones));
	size_t i;

	for (i = 0; zones && i < set->nr; i++)
		zones[i] = zone_at(set, i);
	return zones;
}

/* Whether @above delegates @zone, or a name between the two. */
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

/* A zone that its parent does not delegate is legal, but resolvers will hardly find it. */
static void doubt_all(const struct dns_zones *set)
{
	__u32 *above = calloc(set->nr + 1, sizeof(*above));
	struct zone **zones = zone_list(set);
	size_t i;

	if (above && zones)
		dns_tree_above(zones, set->nr, above);
	for (i = 0; above && zones && i < set->nr; i++)
		if (above[i] != DNS_NO_ZONE && zones[above[i]]->nr_rrs &&
		    !is_delegated(zones[above[i]], zones[i]))
			log_warn("zone %s: not delegated by %s, which is served here too",
				 zones[i]->name, zones[above[i]]->name);
	free(above);
	free(zones);
}

static int describe_all(struct dns_zones *set)
{
	size_t i;

	set->list = calloc(set->nr + 1, sizeof(*set->list));
	if (!set->list)
		return -ENOMEM;
	for (i = 0; i < set->nr; i++) {
		const struct zone *zone = zone_at(set, i);
		struct ad_dns_zone_info *info = &set->list[i];

		info->loaded_real_s = set->served[i].shared->read_real_s;
		info->bytes = zone->bytes;
		info->serial = zone->serial;
		info->names = zone->nr_rrs ? zone->names : 0;
		info->records = zone->nr_rrs;
		info->denial = zone->signed_until_s ? zone->chain.type : 0;
		info->signed_until_s = zone->signed_until_s;
		info->resign_by_s = zone->resign_by_s;
		strncpy(info->name, zone->name, sizeof(info->name) - 1);
		if (set->steering)
			dns_variants_ends(set->steering, info);
		text_cut(info->error, sizeof(info->error), set->served[i].error ?: "");
	}
	return 0;
}

/* Keeps the plan if its files have not changed: reading a database takes long. */
static bool keep_plan(const struct reading *reading)
{
	const struct dns_zones *before = reading->before;

	if (!reading->keeps || !before->plan ||
	    (!reading->is_deaf && !steer_plan_is_current(before->plan)))
		return false;
	reading->set->plan = steer_plan_share(before->plan);
	return true;
}

/* Makes the plan from databases and policies. */
static int make_plan(struct reading *reading)
{
	struct dns_zones *set = reading->set;
	int err = steer_plan_build(reading->config, reading->errors, &set->plan);

	if (!err && set->plan)
		steer_plan_tell(set->plan);
	return err;
}

/* Rows and variants. The files of variants change while the plan stays: a set with any is new. */
static int make_steering(struct reading *reading, struct zone *const *zones)
{
	const struct dns_zones *before = reading->before;
	struct dns_zones *set = reading->set;
	int err;

	if (before && set->plan == before->plan && before->steering &&
	    !before->steering->nr_variants &&
	    before->steering->ranked == steer_ranks_fingerprint(reading->ranks)) {
		set->steering = dns_steer_set_share(before->steering);
		return 0;
	}
	err = dns_steer_set_new(set->plan, reading->config, reading->ranks, reading->errors,
				&set->steering);
	return err
		       ?: dns_variants_load(reading->config, set->plan, zones, set->nr,
					    set->steering, reading->errors);
}

/* Keeps or makes the plan, and checks its names against the zones. */
static int steer_all(struct reading *reading)
{
	const struct dns_zones *before = reading->before;
	struct dns_zones *set = reading->set;
	struct zone **zones;
	int err = keep_plan(reading) ? 0 : make_plan(reading);

	if (err || !set->plan || !set->plan->nr_names)
		return err;
	zones = zone_list(set);
	if (!zones)
		return -ENOMEM;
	err = make_steering(reading, zones);
	err = err
		      ?: dns_steered_check(zones, set->nr, set->steering->names,
					   set->steering->nr_names, reading->errors);
	if (!err && (!before || set->steering != before->steering))
		err = dns_verify(zones, set->nr, set->steering, before ? before->steering : NULL,
				 reading->errors);
	free(zones);
	return err;
}

/* Compiles only what changed, if the rest can stay as it is in @before. */
static int compile(const struct reading *reading, struct zone **zones,
		   const struct dns_image_options *options)
{
	const struct dns_zones *before = reading->before;
	struct dns_zones *set = reading->set;
	struct zone **was = NULL;
	int err = -EAGAIN;

	if (reading->keeps && before->nr == set->nr && before->steering == set->steering)
		was = zone_list(before);
	if (was)
		err = dns_image_patch(before->image, was, zones, set->nr, options, &set->image,
				      &set->nr_compiled);
	free(was);
	if (err != -EAGAIN)
		return err;
	set->nr_compiled = set->nr;
	return dns_image_build(zones, set->nr, options, &set->image);
}

static int compile_all(struct reading *reading)
{
	const struct config *config = reading->config;
	struct dns_zones *set = reading->set;
	struct dns_image_options options = {
		.nsid = config->nsid,
		.udp_size = config->dns_udp_size,
		.unserved_pass = config->dns_unserved_pass,
		.steered = set->steering ? set->steering->names : NULL,
		.nr_steered = set->steering ? set->steering->nr_names : 0,
	};
	struct zone **zones = zone_list(set);
	int err;

	if (!zones)
		return -ENOMEM;
	err = compile(reading, zones, &options);
	free(zones);
	return err ?: describe_all(set);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Logs how zones that cannot be read are served. The reasons are reported as errors. */
static void tell_broken(const struct dns_zones *set)
{
	size_t i, told = 0;
	char age[UNIT_TEXT];

	for (i = 0; i < set->nr && told < BROKEN_MAX; i++) {
		const struct dns_shared_zone *shared = set->served[i].shared;

		if (!set->served[i].error)
			continue;
		told++;
		if (shared->zone->nr_rrs)
			log_err("zone %s: served as it was read %s ago", shared->zone->name,
				unit_duration(time(NULL) - shared->read_real_s, age));
		else
			log_err("zone %s: answered with SERVFAIL until its file can be read",
				shared->zone->name);
	}
	if (told < set->nr_broken)
		log_err("and %zu zones more that cannot be read", set->nr_broken - told);
}

/* Logs the result of a load. */
static void zones_tell(const struct dns_zones *set)
{
	const struct dns_image *image = set->image;
	size_t i, names = 0, records = 0;

	for (i = 0; i < set->nr; i++) {
		names += set->list[i].names;
		records += set->list[i].records;
	}
	log_info("zones: %zu with %zu names and %zu records in %.2f s (%zu read, %zu compiled); %u "
		 "pages of 1 MiB in the kernel, %u%% of the name table used",
		 set->nr, names, records, progress_seconds(), set->nr - set->nr_kept,
		 set->nr_compiled, image->nr_pages,
		 (unsigned int)((__u64)image->nr_names * 100 / dns_image_cells(image)));
}

static int load_all(struct reading *reading)
{
	const struct config *config = reading->config;
	struct dns_zones *set = reading->set;
	int err = read_all(reading);

	err = err ?: check_all(set, config, reading->errors);
	err = err ?: steer_all(reading);
	if (err == -EINVAL)
		return err;
	if (!err) {
		doubt_all(set);
		err = compile_all(reading);
	}
	if (err)
		config_errors_add(reading->errors, config->path, 0, "zones: cannot be compiled: %s",
				  strerror(-err));
	return err;
}

enum how {
	READ_ALL,
	READ_CHANGED,
	READ_NOTHING
};

static int load(const struct config *config, const struct dns_zones *before, enum how how,
		const struct steer_ranks *ranks, struct dns_zones **zones,
		struct config_errors *errors)
{
	struct reading reading = {
		.config = config,
		.before = before,
		.ranks = ranks,
		.set = calloc(1, sizeof(*reading.set)),
		.errors = errors,
		.keeps = how != READ_ALL && before && before->edition == config->edition,
		.is_deaf = how == READ_NOTHING,
	};
	struct timespec now;
	int err;

	if (!reading.set)
		return -ENOMEM;
	reading.set->staged = -1;
	reading.set->config = config;
	reading.set->edition = config->edition;
	clock_gettime(CLOCK_REALTIME, &now);
	reading.set->began_real_ns = clock_ns_of(&now);
	if (reading.keeps && reading.is_deaf)
		reading.set->began_real_ns = before->began_real_ns;
	progress_begin();
	err = load_all(&reading);
	if (err) {
		dns_zones_free(reading.set);
		return err;
	}
	tell_broken(reading.set);
	zones_tell(reading.set);
	*zones = reading.set;
	return 0;
}

int dns_zones_load(const struct config *config, const struct dns_zones *before,
		   const struct steer_ranks *ranks, struct dns_zones **zones,
		   struct config_errors *errors)
{
	return load(config, before, READ_ALL, ranks, zones, errors);
}

int dns_zones_refresh(const struct config *config, const struct dns_zones *before,
		      const struct steer_ranks *ranks, struct dns_zones **zones,
		      struct config_errors *errors)
{
	return load(config, before, READ_CHANGED, ranks, zones, errors);
}

int dns_zones_keep(const struct config *config, const struct dns_zones *before,
		   const struct steer_ranks *ranks, struct dns_zones **zones,
		   struct config_errors *errors)
{
	return load(config, before, READ_NOTHING, ranks, zones, errors);
}

void dns_zones_free(struct dns_zones *zones)
{
	size_t i;

	if (!zones)
		return;
	for (i = 0; i < zones->nr; i++) {
		shared_drop(zones->served[i].shared);
		free(zones->served[i].error);
	}
	if (zones->staged >= 0)
		close(zones->staged);
	dns_image_free(zones->image);
	dns_steer_set_free(zones->steering);
	steer_plan_free(zones->plan);
	free(zones->served);
	free(zones->list);
	free(zones);
}

/* --- signatures ------------------------------------------------------------------------------- */

/* Whether @at, or @at plus a whole number of days, is after @since_s and not after @now_s. */
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
