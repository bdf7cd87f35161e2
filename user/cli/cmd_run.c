// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_run.c: the daemon in the foreground, or a load without one.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/log.h"
#include "user/base/progress.h"
#include "user/daemon/helper_process.h"
#include "user/daemon/confine.h"
#include "user/daemon/daemon.h"
#include "user/daemon/metrics.h"
#include "user/dns/dns_zones.h"
#include "user/load/loader.h"
#include "user/load/prepare.h"
#include "user/net/neigh.h"
#include "user/net/vlan.h"
#include "user/rtt/rtt_seen.h"
#include "user/state/bpffs.h"
#include "user/state/epoch.h"
#include "user/steer/policy.h"

struct run_options {
	bool load_only;
};

const struct arg cmd_run_args[] = {
	{ .name = "--load-only",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct run_options, load_only),
	  .help = "load or adopt the data path and exit: leave no daemon behind" },
	{},
};

static int exit_code_of(int err)
{
	switch (err) {
	case 0:
		return EXIT_OK;
	case -EAGAIN:
		return EXIT_TRY_AGAIN;
	case -EINVAL:
		return EXIT_USAGE;
	default:
		return EXIT_FAILED;
	}
}

static int lock(struct loader *loader, const struct config *config, const char *name,
		struct config_errors *errors)
{
	int err = instance_init(&loader->instance, config, name, errors);

	err = err ?: instance_lock_run(&loader->instance, errors);
	err = err ?: bpffs_prepare(loader->instance.root, errors);
	err = err ?: instance_lock_pins(&loader->instance, errors);
	if (err == -EAGAIN)
		config_errors_add(errors, name, 0, "this instance is run already, by process %d",
				  loader->instance.holder);
	return err;
}

static void alive(const void *instance)
{
	instance_alive(instance);
}

/* Zones are data from outside, so this comes before they are read and after the mounts. */
static void confine(void)
{
	int err = confine_calls();

	if (err)
		log_warn("no system calls can be given up: %s; the daemon goes on without",
			 strerror(-err));
}

/* What the user may have to wait for is checked before the long work. */
static int start(struct loader *loader, struct config *config, struct dns_zones **zones,
		 struct dns_limiter **limiter, struct config_errors *errors)
{
	struct steer_ranks ranks = {};
	int err = loader_check_clock(loader, config, errors);

	confine();
	progress_vouch(true, alive, &loader->instance);
	/* Without it POPs stand in the configuration's order, until the daemon has measured. */
	rtt_seen_ranks_of(config->bpffs, loader->instance.name, &ranks);
	err = err ?: dns_zones_load(config, NULL, &ranks, zones, errors);
	steer_ranks_free(&ranks);
	if (!err && (*zones)->plan)
		steer_plan_warn((*zones)->plan);
	err = err ?: dns_limiter_load(config, limiter, errors);
	err = err ?: metrics_check(config, errors);
	return err ?: loader_start(loader, config, *zones, *limiter, errors);
}

/* Before locks are taken, and before no process can be started any more. */
static int start_checker(const struct globals *globals)
{
	int fd = checker_process_start(globals->config_path);

	if (fd < 0)
		log_err("health checks cannot run: %s; POPs stay as they are", strerror(-fd));
	return fd;
}

static int start_bus(const struct globals *globals, const struct config *config)
{
	int fd = config->bus.nr_servers ? bus_process_start(globals->config_path) : -1;

	if (config->bus.nr_servers && fd < 0)
		log_err("there is no bus: %s; what is known of other nodes stays as it is",
			strerror(-fd));
	return fd;
}

/* Takes @config. */
static int run(const struct globals *globals, struct config *config, int checker, int bus,
	       bool load_only, struct config_errors *errors)
{
	struct dns_zones *zones = NULL;
	struct dns_limiter *limiter = NULL;
	struct loader loader;
	size_t i;
	int err;

	for (i = 0; config->left_out && i < config->left_out->nr; i++)
		log_warn("%s", config->left_out->list[i].text);
	loader_init(&loader);
	err = lock(&loader, config, globals->instance, errors);
	err = err ?: start(&loader, config, &zones, &limiter, errors);
	config_errors_log(errors);
	if (!err && !load_only)
		return daemon_run(globals, &loader, config, zones, limiter, checker, bus);
	if (!err) {
		/* What a daemon would do all the time is done once, without one. */
		neigh_keep_warm(config);
		prepare_follow_multipath(loader.dp.state_at);
		vlan_follow(loader.dp.links);
		loader_close(&loader);
	}
	dns_zones_free(zones);
	dns_limiter_free(limiter);
	instance_unlock(&loader.instance);
	config_free(config);
	return exit_code_of(err);
}

int cmd_run(const struct globals *globals, int argc, char **argv)
{
	struct run_options options = {};
	struct config_errors errors = {};
	struct config *config;
	int code, checker, bus;

	if (args_parse(cmd_run_args, argc, argv, &options))
		return EXIT_USAGE;
	log_adopt_libbpf();
	if (config_load(globals->config_path, &config, &errors)) {
		config_errors_log(&errors);
		code = EXIT_USAGE;
	} else {
		epoch_count_kept(config, globals->instance);
		checker = options.load_only ? -1 : start_checker(globals);
		bus = options.load_only ? -1 : start_bus(globals, config);
		code = run(globals, config, checker, bus, options.load_only, &errors);
	}
	config_errors_free(&errors);
	return code;
}
