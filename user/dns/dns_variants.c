// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_variants.c: signed variants, read from files or signed here (dns_variants.h). Whether they
 * fit the zone and each other is dns_steered_check()'s.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dns_sign.h"
#include "dns_steered.h"
#include "dns_variants.h"
#include "dns_verify.h"
#include "user/base/arena.h"
#include "user/base/progress.h"
#include "user/config/config.h"

#define WARN_PART  10 /* one in so many of its life is left: a signature was forgotten */
#define RENEW_PART 4  /* and here it is made anew */

struct loading {
	const struct config *config;
	const struct steer_plan *plan;
	struct dns_steer_set *set;
	struct config_errors *errors;
};

/* Some name of the zone may be sent to the POP. */
static bool is_needed(const struct loading *loading, size_t zone, size_t pop)
{
	size_t i;

	for (i = 0; i < loading->set->nr_names; i++)
		if (loading->plan->names[i].zone == zone && loading->set->names[i].members[pop][0])
			return true;
	return false;
}

static int read_file(const struct loading *loading, const struct config_zone *zone,
		     const char *file, struct zone **to)
{
	struct stat st;

	if (!stat(file, &st))
		return zone_load(zone->name, file, loading->config->include_dir, to,
				 loading->errors);
	config_errors_add(loading->errors, loading->config->path, zone->line,
			  "zone %s: variants: %s: %s", zone->name, file, strerror(errno));
	return -EINVAL;
}

static int load_zone(const struct loading *loading, size_t index, struct zone **to)
{
	const struct config_zone *zone = &loading->config->zones[index];
	int err = 0, failed = 0;
	char *file;
	size_t i;

	for (i = 0; i < loading->set->nr_pops; i++) {
		if (!is_needed(loading, index, i))
			continue;
		file = config_variant_file(zone, loading->set->pops[i]);
		err = file ? read_file(loading, zone, file, &to[i]) : -ENOMEM;
		free(file);
		if (err == -ENOMEM || err == -ECANCELED)
			return err;
		if (err)
			failed = err;
	}
	return failed ? -EINVAL : 0;
}

/* --- signing ---------------------------------------------------------------------------------- */

/* The variant of one POP of a zone, while it is made. */
struct signing {
	const struct dns_signer *signer;
	const struct zone *zone;
	struct zone *variant;
	size_t room;
};

static struct zone_rr *add_record(struct signing *signing)
{
	struct zone *variant = signing->variant;
	struct zone_rr *grown;

	if (variant->nr_rrs == signing->room) {
		signing->room = signing->room ? 2 * signing->room : 64;
		grown = reallocarray(variant->rrs, signing->room, sizeof(*grown));
		if (!grown)
			return NULL;
		variant->rrs = grown;
	}
	return &variant->rrs[variant->nr_rrs++];
}

/* A set of the member, under @name, and its signature. */
static int sign_set(struct signing *signing, const struct zone_rr *name, __u32 ttl,
		    const struct zone_rr *rrs, size_t nr)
{
	size_t i, first = signing->variant->nr_rrs;
	struct zone_rr *rr, sig;
	int err;

	for (i = 0; i < nr; i++) {
		rr = add_record(signing);
		if (!rr)
			return -ENOMEM;
		*rr = rrs[i];
		rr->owner_name = name->owner_name;
		rr->key = name->key;
		if (ttl != DNS_STEERED_TTL)
			rr->ttl = ttl;
	}
	err = dns_signer_sign(signing->signer, signing->variant->arena,
			      signing->variant->rrs + first, nr, &sig);
	rr = err ? NULL : add_record(signing);
	if (rr)
		*rr = sig;
	return err ?: rr ? 0 : -ENOMEM;
}

/* All sets of a member. */
static int sign_name(struct signing *signing, const struct dns_steered *name, size_t pop)
{
	struct arena *arena = signing->variant->arena;
	struct zone_rr named = { 0 };
	__u8 bytes[NAME_KEY_MAX];
	const struct zone_rr *rrs;
	size_t i, run, nr;
	int err = 0;

	name_to_key(name->name, bytes, &named.key);
	named.key.bytes = arena_copy(arena, bytes, named.key.len);
	named.owner_name = arena_copy(arena, name->name, name_len(name->name));
	if (!named.key.bytes || !named.owner_name)
		return -ENOMEM;
	rrs = dns_steered_find(signing->zone, name->members[pop], &nr);
	for (i = 0; i < nr && !err; i += run) {
		for (run = 1; i + run < nr && rrs[i + run].type == rrs[i].type;)
			run++;
		if (dns_steered_is_data(&rrs[i]))
			err = sign_set(signing, &named, name->ttl, &rrs[i], run);
	}
	return err;
}

static int by_rr(const void *a, const void *b)
{
	return zone_rr_compare(a, b);
}

static int sign_pop(const struct loading *loading, size_t index, struct signing *signing,
		    size_t pop)
{
	const struct dns_steer_set *set = loading->set;
	__u32 life = loading->config->zones[index].sign_s;
	struct zone *variant = signing->variant;
	int err = 0;
	size_t i;

	for (i = 0; i < set->nr_names && !err; i++) {
		if (loading->plan->names[i].zone != index || !set->names[i].members[pop][0])
			continue;
		err = sign_name(signing, &set->names[i], pop);
		if (!progress_at("signing zone %s for %s", variant->name, set->pops[pop]))
			err = -ECANCELED;
	}
	if (variant->nr_rrs)
		qsort(variant->rrs, variant->nr_rrs, sizeof(*variant->rrs), by_rr);
	variant->signed_until_s = dns_signer_until(signing->signer);
	variant->resign_by_s = variant->signed_until_s - life / WARN_PART;
	return err;
}

static int sign_zone(const struct loading *loading, size_t index, const struct zone *zone)
{
	const struct config_zone *named = &loading->config->zones[index];
	struct dns_steer_set *set = loading->set;
	struct dns_signer *signer = NULL;
	const char *why = NULL;
	__u64 renew_s;
	size_t pop;
	int err;

	err = dns_signer_new(zone, named->sign_key, named->sign_s, &signer, &why);
	if (err) {
		config_errors_add(loading->errors, loading->config->path, named->line,
				  "zone %s: sign_key: %s: %s", named->name, named->sign_key,
				  why ?: strerror(-err));
		return err == -ENOMEM ? err : -EINVAL;
	}
	for (pop = 0; pop < set->nr_pops && !err; pop++) {
		struct signing signing = { .signer = signer, .zone = zone };

		if (!is_needed(loading, index, pop))
			continue;
		signing.variant = zone_new_broken(zone->name, zone->file);
		set->variants[index * set->nr_pops + pop] = signing.variant;
		err = signing.variant ? sign_pop(loading, index, &signing, pop) : -ENOMEM;
	}
	renew_s = dns_signer_until(signer) - named->sign_s / RENEW_PART;
	if (!set->renew_s || renew_s < set->renew_s)
		set->renew_s = renew_s;
	dns_signer_free(signer);
	return err;
}

/* What there is to sign of the zone @index of the configuration; an unsigned zone has nothing. */
static int sign_one(const struct loading *loading, size_t index, struct zone *const *zones,
		    size_t nr)
{
	const struct config_zone *named = &loading->config->zones[index];
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(zones[i]->name, named->name) && zones[i]->chain.nr)
			return sign_zone(loading, index, zones[i]);
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

static int load_one(const struct loading *loading, size_t index, struct zone *const *zones,
		    size_t nr)
{
	struct dns_steer_set *set = loading->set;

	if (loading->config->zones[index].variants)
		return load_zone(loading, index, set->variants + index * set->nr_pops);
	if (loading->config->zones[index].sign_key)
		return sign_one(loading, index, zones, nr);
	return 0;
}

int dns_variants_load(const struct config *config, const struct steer_plan *plan,
		      struct zone *const *zones, size_t nr, struct dns_steer_set *set,
		      struct config_errors *errors)
{
	const struct loading loading = { config, plan, set, errors };
	int err = 0, failed = 0;
	size_t i, zone;
	bool wanted = false;

	for (zone = 0; zone < config->nr_zones; zone++)
		wanted |= config->zones[zone].variants || config->zones[zone].sign_key;
	if (!wanted)
		return 0;
	set->nr_variants = config->nr_zones * set->nr_pops;
	set->variants = calloc(set->nr_variants + 1, sizeof(*set->variants));
	if (!set->variants)
		return -ENOMEM;
	for (zone = 0; zone < config->nr_zones && err != -ENOMEM && err != -ECANCELED; zone++) {
		err = load_one(&loading, zone, zones, nr);
		if (err)
			failed = err;
	}
	for (i = 0; i < set->nr_names; i++) {
		zone = plan->names[i].zone;
		if (config->zones[zone].variants || config->zones[zone].sign_key)
			set->names[i].variants = set->variants + zone * set->nr_pops;
	}
	return failed;
}

void dns_variants_free(struct dns_steer_set *set)
{
	size_t i;

	for (i = 0; i < set->nr_variants && set->variants; i++)
		zone_free(set->variants[i]);
	free(set->variants);
	dns_verify_free(set);
}

void dns_variants_ends(const struct dns_steer_set *set, struct ad_dns_zone_info *info)
{
	const struct zone *variant;
	size_t i;

	for (i = 0; i < set->nr_variants && info->denial; i++) {
		variant = set->variants[i];
		if (!variant || strcmp(variant->name, info->name))
			continue;
		if (variant->signed_until_s < info->signed_until_s)
			info->signed_until_s = variant->signed_until_s;
		if (variant->resign_by_s < info->resign_by_s)
			info->resign_by_s = variant->resign_by_s;
	}
}
