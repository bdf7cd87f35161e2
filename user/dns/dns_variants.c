// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_variants.c: files of signed variants, read (dns_variants.h). Whether they fit the zone and
 * each other is dns_steered_check()'s.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dns_variants.h"
#include "user/config/config.h"

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

int dns_variants_load(const struct config *config, const struct steer_plan *plan,
		      struct dns_steer_set *set, struct config_errors *errors)
{
	const struct loading loading = { config, plan, set, errors };
	int err = 0, failed = 0;
	size_t i, zone;
	bool wanted = false;

	for (zone = 0; zone < config->nr_zones; zone++)
		wanted |= config->zones[zone].variants != NULL;
	if (!wanted)
		return 0;
	set->nr_variants = config->nr_zones * set->nr_pops;
	set->variants = calloc(set->nr_variants + 1, sizeof(*set->variants));
	if (!set->variants)
		return -ENOMEM;
	for (zone = 0; zone < config->nr_zones && err != -ENOMEM && err != -ECANCELED; zone++) {
		if (!config->zones[zone].variants)
			continue;
		err = load_zone(&loading, zone, set->variants + zone * set->nr_pops);
		if (err)
			failed = err;
	}
	for (i = 0; i < set->nr_names; i++) {
		zone = plan->names[i].zone;
		if (config->zones[zone].variants)
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
