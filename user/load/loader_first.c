// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * loader_first.c: loads an instance if there was none. It is built in a new directory, attached
 * without stamping, armed when the existing sockets are listed, and moved to its place.
 */
#include <errno.h>
#include <string.h>
#include "attach.h"
#include "loader_internal.h"
#include "prepare.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/flows/unstamped.h"
#include "user/state/bpffs.h"

int loader_set_sysctls(struct loader *loader, const struct config *config,
		       struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = doors_read(&loader->doors, &keeper);

	err = err ?: prepare_plan_sysctls(config, &keeper, errors);
	err = err ?: doors_write(&loader->doors, &keeper);
	return err ?: prepare_set_sysctls(&keeper, errors);
}

static int make_doors(struct loader *loader, const struct config *config,
		      struct config_errors *errors)
{
	int err = bpffs_make(loader->instance.fresh, loader->instance.gid);

	if (err) {
		config_errors_add(errors, loader->instance.fresh, 0, "cannot be made: %s%s",
				  strerror(-err), err == -EPERM ? "; is this run as root?" : "");
		return err;
	}
	err = doors_make(&loader->doors, &loader->instance, errors);
	return err ?: loader_set_sysctls(loader, config, errors);
}

/* The jump tables are still empty: every packet passes. */
int loader_attach_all(struct loader *loader, const struct config *config,
		      struct config_errors *errors)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < config->nr_interfaces; i++)
		err = attach_interface(&loader->doors, config, config->interfaces[i], errors);
	return err;
}

static int load(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	const char *fresh = loader->instance.fresh;
	int err = loader_load(loader, intent, fresh, errors);

	err = err ?: loader_open_maps(loader, fresh, errors);
	if (err)
		return err;
	clock_choose(loader->dp.state_at);
	err = loader_fill(loader, intent, errors);
	err = err ?: loader_remember(loader, intent, errors);
	if (!err)
		loader_follow_drain(loader, NULL, intent->config);
	return err ?: doors_fill(&loader->doors, fresh, errors);
}

/*
 * The second step. Egress has noted the flows that it saw since the jump tables were filled; idle
 * ones are listed here; only then are new flows stamped. A stamp on an existing flow would break
 * its PAWS check.
 */
int loader_arm(struct loader *loader, struct config_errors *errors)
{
	struct vip_set vips;
	int nr, err = vip_set_read(&vips, loader->dp.locals, AD_LOCAL_VIP_TCP);

	nr = err ?: unstamped_note_all(&loader->dp, &vips);
	if (nr < 0) {
		config_errors_add(errors, "sockets", 0,
				  "those that live already cannot be listed, so nothing may be "
				  "stamped: %s",
				  unstamped_error(nr));
		return nr;
	}
	state_set_flag(loader->dp.state_at, AD_STATE_ARMED);
	log_info("armed; %u sockets that lived before stay unstamped",
		 loader->dp.state_at->unstamped);
	return 0;
}

static int build(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = make_doors(loader, intent->config, errors);

	err = err ?: loader_attach_all(loader, intent->config, errors);
	err = err ?: load(loader, intent, errors);
	err = err ?: loader_arm(loader, errors);
	return err ?: loader_move_into_place(loader, errors);
}

int loader_first(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = prepare_check_clock(intent->config, errors);

	if (err)
		return err;
	err = build(loader, intent, errors);
	if (err)
		loader_undo_first(loader);
	else
		log_info("instance %s loaded: version %s, node %s (%u)", loader->instance.name,
			 VERSION, intent->config->self->name, intent->config->self->id);
	return err;
}

static void restore_sysctls(const struct doors *doors)
{
	struct ad_keeper keeper;

	if (!doors_read(doors, &keeper))
		prepare_restore_sysctls(&keeper);
}

void loader_undo_first(struct loader *loader)
{
	const struct instance *instance = &loader->instance;
	struct config_errors errors = {}, ignored = {};
	struct doors doors;

	loader_close(loader);
	/* If a door is missing, nothing was attached yet. */
	if (!doors_open(&doors, instance->fresh, instance, &ignored)) {
		attach_remove_all(&doors, &errors);
		restore_sysctls(&doors);
		doors_close(&doors);
	}
	config_errors_log(&errors);
	config_errors_free(&errors);
	config_errors_free(&ignored);
	bpffs_remove(instance->fresh);
}
