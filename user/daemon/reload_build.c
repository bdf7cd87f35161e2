// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload_build.c: all is read and checked before anything changes (reload_build.h).
 */
#include <string.h>
#include "changes.h"
#include "metrics.h"
#include "reload_build.h"
#include "user/config/config_changes.h"
#include "user/dns/dns_service.h"
#include "user/rtt/rtt_seen.h"
#include "user/state/epoch.h"

void build_init(struct build *build)
{
	memset(build, 0, sizeof(*build));
	build->changes = json_array();
	build->zone_changes = json_array();
	build->warnings = json_array();
}

void build_free(struct build *build)
{
	dns_zones_free(build->zones);
	dns_limiter_free(build->limiter);
	config_free(build->config);
	json_decref(build->changes);
	json_decref(build->zone_changes);
	json_decref(build->warnings);
	config_errors_free(&build->errors);
}

static int read_config(struct build *build)
{
	int err = config_load(build->config_path, &build->config, &build->errors);

	build->bad_file = err;
	if (!err)
		epoch_count_kept(build->config, pins_instance(build->pins));
	return err;
}

static int read_zones(struct build *build)
{
	struct steer_ranks ranks;
	int err = rtt_seen_ranks(build->pins, &ranks);

	if (err) {
		config_errors_add(&build->errors, "round-trip times", 0, "cannot be read: %s",
				  strerror(-err));
		return err;
	}
	if (!build->config)
		err = dns_zones_refresh(build->config_now, build->zones_now, &ranks, &build->zones,
					&build->errors);
	else
		err = dns_zones_load(build->config, build->zones_now, &ranks, &build->zones,
				     &build->errors);
	steer_ranks_free(&ranks);
	return err;
}

static int read_the_rest(struct build *build)
{
	int err = dns_limiter_load(build->config, &build->limiter, &build->errors);

	return err ?: metrics_check(build->config, &build->errors);
}

static int stage(struct build *build)
{
	int err = dns_zones_stage(build->zones, build->pins);

	if (err)
		config_errors_add(&build->errors, "zones", 0, "cannot be written to the kernel: %s",
				  strerror(-err));
	return err;
}

static void compare(struct build *build)
{
	json_t *list = build->config ? config_changes(build->config_now, build->config) : NULL;

	json_array_extend(build->changes, list);
	json_decref(list);
	changes_add_zones(build->zone_changes, build->warnings, build->zones_now, build->zones);
	changes_add_doubts(build->warnings, build->zones);
}

void build_run(struct build *build)
{
	int err = build->config_path ? read_config(build) : 0;

	err = err ?: read_zones(build);
	if (build->config_path)
		err = err ?: read_the_rest(build);
	err = err ?: stage(build);
	if (!err)
		compare(build);
	build->err = err;
}
