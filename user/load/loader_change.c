// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * loader_change.c: from one configuration or version to another under live traffic. If only
 * contents differ, maps are filled in place. If programs, options or sizes differ, a second
 * instance is built beside the first, with the maps that still fit, and replaces it in the jump
 * tables: every packet meets the one or the other.
 */
#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include "attach.h"
#include "fill.h"
#include "loader_internal.h"
#include "prepare.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/flows/carry.h"
#include "user/flows/carry_flows.h"
#include "user/flows/latecomer.h"
#include "user/flows/unstamped.h"
#include "user/net/device.h"
#include "user/state/bpffs.h"

/* --- what may not change ---------------------------------------------------------------------- */

/* Settings that flows depend on: fixed while any flow lives. */
static const char *fixed_difference(const struct ad_meta *meta, const struct intent *intent)
{
	if (meta->node_id != intent->config->self->id)
		return "the node id";
	if (meta->owner_bits != intent->config->owner_bits)
		return "stamp.owner_bits";
	if (memcmp(meta->stamp_id, intent->stamp_id, sizeof(meta->stamp_id)))
		return "the stamp key (keys.file)";
	return NULL;
}

/* *@anew: the stamp key or its layout changes, so entries of old flows are of no use. */
static int check_fixed(struct loader *loader, const struct intent *intent, bool *anew,
		       struct config_errors *errors)
{
	const char *difference;
	struct ad_meta meta;
	int nr, err = datapath_read_meta(&loader->dp, &meta);

	difference = err ? NULL : fixed_difference(&meta, intent);
	*anew = difference;
	if (!difference)
		return err;
	nr = loader_count_live(loader);
	if (nr == 0)
		return 0;
	if (nr < 0)
		config_errors_add(errors, "sockets", 0, "cannot be listed: %s", strerror(-nr));
	else
		config_errors_add(errors, intent->config->path, 0,
				  "%s changed while %d stamped flows live, which would lose them; "
				  "anydoor drain --wait first, or detach --force",
				  difference, nr);
	return nr < 0 ? nr : -EBUSY;
}

static bool is_same(struct loader *loader, const struct intent *intent)
{
	const char *missing = object_find_missing(&intent->object, loader->instance.dir);
	struct ad_keeper keeper;

	if (doors_read(&loader->doors, &keeper) ||
	    memcmp(keeper.fingerprint, intent->object.fingerprint, sizeof(keeper.fingerprint)))
		return false;
	if (missing)
		log_warn("%s: %s is not pinned there any more: made anew", loader->instance.dir,
			 missing);
	return !missing;
}

/* --- a second instance beside the first ------------------------------------------------------- */

static int build_beside(struct loader *next, const struct loader *now, struct intent *intent,
			bool anew, struct config_errors *errors)
{
	const struct instance *instance = &now->instance;
	int err = bpffs_make(instance->fresh, instance->gid);

	err = err ?: doors_pin(&now->doors, instance->fresh);
	if (err) {
		config_errors_add(errors, instance->fresh, 0, "cannot be made: %s", strerror(-err));
		return err;
	}
	err = doors_open(&next->doors, instance->fresh, instance, errors);
	err = err ?: loader_load(next, intent, instance->dir, errors);
	err = err ?: loader_open_maps(next, instance->fresh, errors);
	err = err ?: carry_over(&now->pins, instance->fresh, anew ? NULL : &intent->keys, errors);
	return err ?: loader_fill(next, intent, errors);
}

static int flip(struct loader *next, const struct loader *now, struct config_errors *errors)
{
	struct config_errors ignored = {};
	int err = doors_fill(&next->doors, now->instance.fresh, errors);

	/* A mixture of old and new must not stay. */
	if (err)
		doors_fill(&now->doors, now->instance.dir, &ignored);
	config_errors_free(&ignored);
	return err;
}

static int replace(struct loader *loader, struct intent *intent, bool anew,
		   struct config_errors *errors)
{
	struct loader next;
	int err;

	loader_init(&next);
	next.instance = loader->instance;
	next.fleet = loader->fleet;
	err = build_beside(&next, loader, intent, anew, errors);
	err = err ?: flip(&next, loader, errors);
	if (err) {
		next.fleet = NULL;
		loader_close(&next);
		bpffs_remove(loader->instance.fresh);
		return err;
	}
	loader->fleet = NULL;
	loader_close(loader);
	*loader = next;
	log_info("programs changed in place: version %s", VERSION);
	return loader_move_into_place(loader, errors);
}

/* --- interfaces ------------------------------------------------------------------------------- */

static bool is_wanted(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; config && i < config->nr_interfaces; i++)
		if (!strcmp(config->interfaces[i], name))
			return true;
	return false;
}

struct pruning {
	struct loader *loader;
	const struct config *config;
	struct config_errors *errors;
};

static int prune_one(__u32 ifindex, const struct ad_attached *record, void *arg)
{
	struct pruning *pruning = arg;

	if (!is_wanted(pruning->config, record->name))
		attach_remove(&pruning->loader->doors, ifindex, pruning->errors);
	return 0;
}

/* Detaches from interfaces that are not in @config. Failures are logged, and the change goes on. */
static void prune(struct loader *loader, const struct config *config)
{
	struct config_errors errors = {};
	struct pruning pruning = { .loader = loader, .config = config, .errors = &errors };

	attach_each(&loader->doors, prune_one, &pruning);
	config_errors_log(&errors);
	config_errors_free(&errors);
}

/* Flows that egress has seen were decided already. */
static int note_unseen(struct loader *loader, __u32 ifindex)
{
	struct ad_attached record = {};
	__u32 missing;
	int err;

	attach_record(&loader->doors, ifindex, &record);
	err = attach_missing(ifindex, &record, &missing);
	if (err || !(missing & AD_ATTACHED_TC))
		return err;
	return latecomer_note(&loader->dp, &loader->pins, ifindex);
}

int loader_attach(struct loader *loader, const struct config *config, const char *name,
		  struct config_errors *errors)
{
	__u32 ifindex;
	int nr = device_find(name, &ifindex) ? 0 : note_unseen(loader, ifindex);

	if (nr < 0) {
		config_errors_add(errors, name, 0,
				  "the sockets that send by it cannot be listed, so it may not be "
				  "attached: %s",
				  unstamped_error(nr));
		return nr;
	}
	if (nr)
		log_info("%s: %d sockets that sent by it before stay unstamped", name, nr);
	return attach_interface(&loader->doors, config, name, errors);
}

static int attach_latecomer(struct loader *loader, const struct config *config, const char *name,
			    struct config_errors *errors)
{
	struct ad_attached record;
	__u32 ifindex;

	if (!device_find(name, &ifindex) && !attach_record(&loader->doors, ifindex, &record))
		return 0;
	return loader_attach(loader, config, name, errors);
}

/*
 * At a reload all interfaces of the configuration must exist, or nothing changes. At an adoption
 * (@old is NULL) a missing interface is no reason to stop: the daemon waits for it.
 */
static int attach_new(struct loader *loader, const struct config *old, const struct config *config,
		      struct config_errors *errors)
{
	struct config_errors tolerated = {};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < config->nr_interfaces; i++) {
		const char *name = config->interfaces[i];

		if (!old)
			attach_latecomer(loader, config, name, &tolerated);
		else if (!is_wanted(old, name))
			err = attach_latecomer(loader, config, name, errors);
	}
	config_errors_log(&tolerated);
	config_errors_free(&tolerated);
	if (err)
		prune(loader, old);
	return err;
}

/* --- VIPs ------------------------------------------------------------------------------------- */

/*
 * The two steps of a first load, for new addresses: since they were filled in, egress notes their
 * flows. An address that cannot be armed stays unstamped, which breaks nothing.
 */
static void arm_new_vips(struct loader *loader)
{
	__u16 flags = AD_LOCAL_VIP_TCP | AD_LOCAL_UNARMED;
	struct vip_set vips;
	size_t i;
	int nr, err = vip_set_read(&vips, loader->dp.locals, flags);

	if (!err && !vips.nr)
		return;
	nr = err ?: unstamped_note_all(&loader->dp, &vips);
	for (i = 0; nr >= 0 && i < vips.nr; i++)
		if (fill_arm_vip(&loader->dp, &vips.list[i]))
			nr = -EIO;
	if (nr < 0)
		log_err("new VIPs: their sockets cannot be listed, so they stay unstamped: %s",
			unstamped_error(nr));
	else
		log_info("%zu new VIPs armed; %d sockets that lived there stay unstamped", vips.nr,
			 nr);
}

static bool is_tcp_vip(const struct config *config, const struct ad_addr *addr)
{
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (config->vips[i].tcp && !addr_compare(&config->vips[i].address, addr))
			return true;
	return false;
}

/* An operator may remove a VIP, but must be told which flows that breaks. */
static void warn_lost_vips(struct loader *loader, const struct config *config)
{
	struct vip_set vips, lost = {};
	size_t i;
	int nr;

	if (vip_set_read(&vips, loader->dp.locals, AD_LOCAL_VIP_TCP))
		return;
	for (i = 0; i < vips.nr; i++)
		if (!is_tcp_vip(config, &vips.list[i]))
			lost.list[lost.nr++] = vips.list[i];
	nr = lost.nr ? unstamped_count_stamped(&loader->dp, &lost) : 0;
	if (nr > 0)
		log_warn(
			"%d stamped flows live on VIPs that left the configuration, and will break",
			nr);
}

/* --- all of it -------------------------------------------------------------------------------- */

static int change(struct loader *loader, struct intent *intent, bool anew,
		  struct config_errors *errors)
{
	int err = is_same(loader, intent) ? loader_fill(loader, intent, errors)
					  : replace(loader, intent, anew, errors);

	if (!err && anew && carry_no_flows(loader->instance.dir))
		log_warn("flow table: cannot be cleared; stale flows leave it when idle");
	return err ?: loader_remember(loader, intent, errors);
}

/* Gives the pins to the group of the new configuration. */
static void regrant(const struct loader *loader)
{
	int err = bpffs_regrant(loader->instance.dir, loader->instance.gid);

	if (err)
		log_warn("%s: cannot be given to state.group: %s", loader->instance.dir,
			 strerror(-err));
}

/*
 * A change failed, perhaps after some maps were written: the old values are written back as far as
 * possible. @keys NULL: the old ones are not known, so no map is written.
 */
static void go_back(struct loader *loader, const struct config *old, const struct ad_keys *keys)
{
	struct config_errors errors = {};

	if (!keys) {
		model_configure(loader->fleet, old, clock_mono_s());
		return;
	}
	if (fill_maps(&loader->dp, loader->fleet, old, keys, &errors))
		log_err("what was written before cannot be taken back: %s", errors.list[0].text);
	config_errors_free(&errors);
	arm_new_vips(loader); /* interfaces that were missing for a moment */
}

static int read_keys(const struct loader *loader, struct ad_keys *keys)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(loader->dp.keys, &zero, keys) ? -errno : 0;
}

int loader_alter(struct loader *loader, struct intent *intent, const struct config *old,
		 struct config_errors *errors)
{
	struct ad_keys keys;
	bool anew, had_keys;
	int err = check_fixed(loader, intent, &anew, errors);

	err = err ?: attach_new(loader, old, intent->config, errors);
	if (err)
		return err;
	warn_lost_vips(loader, intent->config);
	had_keys = !read_keys(loader, &keys);
	err = change(loader, intent, anew, errors);
	if (err && old) {
		go_back(loader, old, had_keys ? &keys : NULL);
		prune(loader, old);
	}
	explicit_bzero(&keys, sizeof(keys));
	if (err)
		return err;
	regrant(loader);
	prepare_more_sysctls(intent->config, &loader->doors);
	arm_new_vips(loader);
	loader_follow_drain(loader, old, intent->config);
	prune(loader, intent->config);
	return 0;
}
