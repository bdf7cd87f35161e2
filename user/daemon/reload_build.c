// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload_build.c: all is read and checked before anything changes (reload_build.h).
 */
#include <errno.h>
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

/* With no node but this one, the flows of all others would be nobody's. */
static int check_nodes(struct build *build)
{
	const struct config *old = build->config_now, *new = build->config;

	if (!new->nodes_from_bus || old->nodes_from_bus || new->nr_nodes > 1 || old->nr_nodes == 1)
		return 0;
	config_errors_add(&build->errors, new->path, 0,
			  "nodes: from bus, whose list in state.keep (%s) has no other node yet: "
			  "set state.keep and start the daemon again, and change `nodes` when "
			  "`anydoor check` shows those that it has",
			  new->keep_dir);
	return -EINVAL;
}

static int read_config(struct build *build)
{
	int err = build->same_text
			  ? config_load_again(build->config_now, &build->config, &build->errors)
			  : config_load(build->config_path, &build->config, &build->errors);

	err = err ?: check_nodes(build);
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
	if (build->same_text)
		err = dns_zones_keep(build->config, build->zones_now, &ranks, &build->zones,
				     &build->errors);
	else if (!build->config)
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

static void add_left_out(struct build *build)
{
	const struct config_errors *left_out = build->config ? build->config->left_out : NULL;
	size_t i;

	for (i = 0; left_out && i < left_out->nr; i++)
		json_array_append_new(build->warnings, json_string(left_out->list[i].text));
}

static void compare(struct build *build)
{
	json_t *list = build->config ? config_changes(build->config_now, build->config) : NULL;

	json_array_extend(build->changes, list);
	json_decref(list);
	changes_add_zones(build->zone_changes, build->warnings, build->zones_now, build->zones);
	changes_add_doubts(build->warnings, build->zones);
	add_left_out(build);
}

void build_run(struct build *build)
{
	bool has_config = build->config_path || build->same_text;
	int err = has_config ? read_config(build) : 0;

	err = err ?: read_zones(build);
	if (has_config)
		err = err ?: read_the_rest(build);
	err = err ?: stage(build);
	if (!err)
		compare(build);
	build->err = err;
}
