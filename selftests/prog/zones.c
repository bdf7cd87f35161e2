// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zones.c: user/dns/dns_service.h, with the options in place of a configuration file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <bpf/libbpf.h>
#include "selftests/mounts.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/dns/dns_service.h"
#include "user/state/pins.h"
#include "vector.h"
#include "zones.h"
#include "anydoor.skel.h"

#define BPFFS "/sys/fs/bpf"

static int zones_fail(const char *what, int err)
{
	fprintf(stderr, "zones: %s: %s\n", what, strerror(-err));
	return err;
}

int zones_mount(void)
{
	int err = mounts_unshare();

	if (!err && mount("bpf", BPFFS, "bpf", 0, NULL))
		err = -errno;
	return err ? zones_fail(BPFFS, err) : 0;
}

/* --- steered names: what steer_vectors.py says ------------------------------------------------ */

enum {
	FRA,
	NYC,
	SIN
};

static struct config_pop pops[] = { { .name = "fra", .line = 1 },
				    { .name = "nyc", .line = 1 },
				    { .name = "sin", .line = 1 } };
static struct config_prefix near_fra[] = { { .bits = 96 + 24 }, { .bits = 48 } };
static struct config_prefix near_sin[] = { { .bits = 96 + 24 } };
static struct config_region regions[] = {
	{ .name = "near-fra", .networks = { .list = near_fra, .nr = 2 }, .line = 1 },
	{ .name = "near-sin", .networks = { .list = near_sin, .nr = 1 }, .line = 1 },
};
static struct config_choice fra_first[] = { { FRA, 0, 1 }, { NYC, 1, 1 }, { SIN, 2, 1 } };
static struct config_choice sin_first[] = { { SIN, 0, 1 }, { NYC, 1, 1 }, { FRA, 2, 1 } };
static struct config_choice nyc_first[] = { { NYC, 0, 1 }, { FRA, 1, 1 }, { SIN, 2, 1 } };
static struct config_rule rules[] = {
	{ .region = 0, .pops = { .list = fra_first, .nr = 3 } },
	{ .region = 1, .pops = { .list = sin_first, .nr = 3 } },
};
#define POLICY(out)                                                                                \
	{                                                                                          \
		.name = #out, .rules = { .list = rules, .nr = 2 },                                 \
		.fallback = { .list = nyc_first, .nr = 3 },                                        \
		.last_resort = { .list = nyc_first, .nr = (out) == CONFIG_OUT_LAST_RESORT },       \
		.all_out = (out)                                                                   \
	}
static struct config_choice both_first[] = { { FRA, 0, 1 }, { NYC, 0, 1 }, { SIN, 1, 1 } };
static struct config_policy policies[] = {
	POLICY(CONFIG_OUT_LAST_RESORT),
	POLICY(CONFIG_OUT_SERVFAIL),
	POLICY(CONFIG_OUT_NODATA),
	{ .name = "both",
	  .fallback = { .list = both_first, .nr = 3 },
	  .all_out = CONFIG_OUT_SERVFAIL },
};
#define SEVERAL(text, number, pattern, nr)                                                         \
	{                                                                                          \
		.name = (text), .policy = (number), .members = (pattern), .ttl_s = 60,             \
		.doubt_ttl_s = 10, .answers = (nr), .ecs = true, .line = 1                         \
	}
#define STEERED(text, number, pattern) SEVERAL(text, number, pattern, 1)
static struct config_steered steered[] = { STEERED("steer.example.org.", 0, "steer.{pop}"),
					   STEERED("steer.closed.example.org.", 1, "steer.{pop}"),
					   STEERED("steer.empty.example.org.", 2, "steer.{pop}"),
					   SEVERAL("steer.two.example.org.", 3, "steer.{pop}", 3),
					   STEERED("www.steer.test.", 0, "{pop}-www"),
					   STEERED("steer.test.", 0, "{pop}-apex"),
					   STEERED("www.steer3.test.", 0, "{pop}-www"),
					   STEERED("steer3.test.", 0, "{pop}-apex") };

/* "vectors.steer.test.zone" has variants in "vectors.steer.test.fra.zone" and so on. */
static char *zones_variants(const struct config_zone *zone)
{
	const char *dot = strrchr(zone->file, '.');
	char *path;

	if (strncmp(zone->name, "steer", strlen("steer")))
		return NULL;
	if (asprintf(&path, "%.*s.{pop}%s", (int)(dot - zone->file), zone->file, dot) < 0)
		abort();
	return path;
}

static void zones_steer(struct config *config)
{
	addr_parse("198.51.100.0", &near_fra[0].address);
	addr_parse("2001:db8:c::", &near_fra[1].address);
	addr_parse("203.0.113.0", &near_sin[0].address);
	config->pops = pops;
	config->nr_pops = config->nr_own_pops = 3;
	config->regions = regions;
	config->nr_regions = 2;
	config->policies = policies;
	config->nr_policies = sizeof(policies) / sizeof(policies[0]);
	config->steered = steered;
	config->nr_steered = sizeof(steered) / sizeof(steered[0]);
}

static struct config *zones_config(const struct options *options)
{
	struct config *config = calloc(1, sizeof(*config));
	size_t i;

	if (!config)
		abort();
	config->path = options->name;
	config->nsid = options->nsid;
	config->dns_udp_size = 1232;
	config->dns_unserved_pass = options->unserved_pass;
	if (options->values.dns_account_mask) {
		config->limit.rates[AD_DNS_CLASS_ANSWER] = 1;
		config->limit.table = (options->values.dns_account_mask + 1) * AD_DNS_ACCOUNTS;
	}
	config->nr_zones = options->zones.nr;
	config->zones = calloc(options->zones.nr + 1, sizeof(*config->zones));
	for (i = 0; i < options->zones.nr; i++) {
		config->zones[i].name = options->zones.list[i].name;
		config->zones[i].file = options->zones.list[i].file;
		config->zones[i].variants = zones_variants(&config->zones[i]);
		if (!strcmp(config->zones[i].name, "example.org."))
			zones_steer(config);
	}
	return config;
}

/* Most texts are borrowed from the options. */
static void zones_config_free(struct config *config)
{
	size_t i;

	for (i = 0; i < config->nr_zones; i++)
		free(config->zones[i].variants);
	free(config->zones);
	free(config);
}

int zones_prepare(struct anydoor_bpf *skel, const struct options *options)
{
	struct config *config = zones_config(options);
	int err = dns_maps_prepare(skel, config);

	zones_config_free(config);
	return err ? zones_fail("sizes", err) : 0;
}

static int zones_pin(struct anydoor_bpf *skel, const char *dir)
{
	struct bpf_map *map;
	char path[512];
	int err;

	bpf_object__for_each_map(map, skel->obj) {
		if (strncmp(bpf_map__name(map), "dns_", 4) &&
		    strncmp(bpf_map__name(map), "steer_", 6))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, bpf_map__name(map));
		err = bpf_map__pin(map, path);
		if (err)
			return zones_fail(path, err);
	}
	return 0;
}

static int zones_load(const struct options *options, struct dns_zones **zones)
{
	struct config *config = zones_config(options);
	struct config_errors errors = {};
	size_t i;
	int err = dns_zones_load(config, NULL, NULL, zones, &errors);

	for (i = 0; i < errors.nr; i++)
		fprintf(stderr, "zones: %s\n", errors.list[i].text);
	err = err ?: errors.nr ? -EINVAL : 0;
	config_errors_free(&errors);
	zones_config_free(config);
	return err;
}

int zones_publish(struct anydoor_bpf *skel, const struct options *options)
{
	struct pins pins = { .ncpus = libbpf_num_possible_cpus() };
	struct dns_zones *zones = NULL;
	int err;

	snprintf(pins.dir, sizeof(pins.dir), BPFFS "/%s", options->name);
	if (mkdir(pins.dir, 0700))
		return zones_fail(pins.dir, -errno);
	err = zones_pin(skel, pins.dir) ?: zones_load(options, &zones);
	err = err ?: dns_zones_publish(zones, &pins);
	dns_zones_free(zones);
	return err;
}
