// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * loader.c: finds, adopts and detaches the data path of one instance; also the steps that a first
 * load (loader_first.c) and a change (loader_change.c) share.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "attach.h"
#include "fill.h"
#include "loader_internal.h"
#include "prepare.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/sysctl.h"
#include "user/config/keys.h"
#include "user/dns/dns_zones.h"
#include "user/fleet/model_pins.h"
#include "user/flows/unstamped.h"
#include "user/health/health.h"
#include "user/state/bpf_info.h"
#include "user/state/bpffs.h"

void loader_init(struct loader *loader)
{
	memset(loader, 0, sizeof(*loader));
	instance_clear(&loader->instance);
	doors_init(&loader->doors);
	datapath_init(&loader->dp);
}

void loader_close(struct loader *loader)
{
	repin_release(&loader->held);
	datapath_close(&loader->dp);
	doors_close(&loader->doors);
	model_free(loader->fleet);
	loader->fleet = NULL;
}

/*
 * Logged before the memory is allocated: if the machine does not have it, the reason is in the log.
 */
static void tell_memory(const struct config *config)
{
	char flows[UNIT_TEXT], bytes[UNIT_TEXT];

	log_info("flow table: room for %s flows, %s of kernel memory",
		 unit_count(config->flow_max, flows), unit_bytes(config_flow_bytes(config), bytes));
}

/* --- steps ------------------------------------------------------------------------------------ */

int loader_load(struct loader *loader, struct intent *intent, const char *reuse,
		struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = doors_read(&loader->doors, &keeper);

	tell_memory(intent->config);
	err = err ?: object_load(&intent->object, reuse, keeper.doors, errors);
	return err ?: object_pin(&intent->object, &loader->instance, errors);
}

/* Reads what was known of the fleet before, unless this process knows more. */
static int recall_fleet(struct loader *loader)
{
	if (loader->fleet)
		return 0;
	loader->fleet = model_new();
	return loader->fleet ? model_read(loader->fleet, &loader->pins) : -ENOMEM;
}

int loader_open_maps(struct loader *loader, const char *dir, struct config_errors *errors)
{
	int err = datapath_open(&loader->dp, dir, errors);

	if (err)
		return err;
	err = pins_open(&loader->pins, loader->instance.root, strrchr(dir, '/') + 1);
	err = err ?: recall_fleet(loader);
	if (err)
		config_errors_add(errors, dir, 0, "cannot be opened: %s", strerror(-err));
	return err;
}

static int tell_unwritten(const char *what, int err, struct config_errors *errors)
{
	if (err)
		config_errors_add(errors, what, 0, "cannot be written to the kernel: %s",
				  strerror(-err));
	return err;
}

/*
 * Zones are staged first, as memory may be too small for them, and made live last: if anything else
 * fails, answers stay as before.
 */
int loader_fill(struct loader *loader, const struct intent *intent, struct config_errors *errors)
{
	bool was_staged = intent->zones->staged >= 0;
	int err = was_staged ? 0 : dns_zones_stage(intent->zones, &loader->pins);

	err = tell_unwritten("zones", err, errors);
	err = err ?: fill_maps(&loader->dp, loader->fleet, intent->config, &intent->keys, errors);
	err = err
		      ?: tell_unwritten("DNS cookies and limits",
					dns_limiter_publish(intent->limiter, &loader->pins),
					errors);
	err = err
		      ?: tell_unwritten("health of POPs",
					health_prepare(&loader->pins, intent->config), errors);
	err = err
		      ?: tell_unwritten("zones", dns_zones_publish(intent->zones, &loader->pins),
					errors);
	if (!was_staged)
		dns_zones_retire(intent->zones, &loader->pins, !err);
	return err;
}

struct drain_place loader_drain_place(const struct loader *loader, const struct config *config)
{
	return (struct drain_place){ .config = config,
				     .model = loader->fleet,
				     .state = loader->dp.state_at,
				     .pins = &loader->pins,
				     .self = config->self->id,
				     .slow_start_s = config->slow_start_s };
}

void loader_follow_drain(struct loader *loader, const struct config *old,
			 const struct config *config)
{
	const struct drain_place place = loader_drain_place(loader, config);

	drain_follow(&place, old);
}

/* Another configuration does not count as another load; another version does. */
static void keep_loaded(const struct loader *loader, struct ad_meta *meta)
{
	struct ad_meta before;

	if (!datapath_read_meta(&loader->dp, &before) && before.abi == meta->abi &&
	    !strncmp(before.version, meta->version, sizeof(meta->version)))
		meta->loaded_s = before.loaded_s;
}

int loader_remember(struct loader *loader, const struct intent *intent,
		    struct config_errors *errors)
{
	struct ad_keeper keeper;
	struct ad_meta meta;
	int err = doors_read(&loader->doors, &keeper);

	memcpy(keeper.fingerprint, intent->object.fingerprint, sizeof(keeper.fingerprint));
	fill_meta(&meta, intent->config, intent->stamp_id);
	keep_loaded(loader, &meta);
	err = err ?: doors_write(&loader->doors, &keeper);
	err = err ?: datapath_write_meta(&loader->dp, &meta);
	if (err)
		config_errors_add(errors, loader->doors.dir, 0,
				  "the maps keeper and meta cannot be written: %s", strerror(-err));
	return err;
}

int loader_move_into_place(struct loader *loader, struct config_errors *errors)
{
	const struct instance *instance = &loader->instance;
	int err = bpffs_swap(instance->fresh, instance->dir);

	if (err) {
		config_errors_add(errors, instance->dir, 0, "cannot be moved into place: %s",
				  strerror(-err));
		return err;
	}
	bpffs_remove(instance->fresh);
	snprintf(loader->doors.dir, sizeof(loader->doors.dir), "%s", instance->dir);
	snprintf(loader->pins.dir, sizeof(loader->pins.dir), "%s", instance->dir);
	return 0;
}

int loader_check_netns(const struct loader *loader, struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = doors_read(&loader->doors, &keeper);

	if (!err)
		return prepare_check_netns(&keeper, loader->instance.name, errors);
	config_errors_add(errors, loader->doors.dir, 0, "map keeper cannot be read: %s",
			  strerror(-err));
	return err;
}

int loader_count_live(const struct loader *loader)
{
	struct vip_set vips;
	int err = vip_set_read(&vips, loader->dp.locals, AD_LOCAL_VIP_TCP);

	return err ?: unstamped_count_stamped(&loader->dp, &vips);
}

/* --- adoption --------------------------------------------------------------------------------- */

/* `packet` is replaced last: if the new one is in the table, all other new programs are, too. */
static bool was_flipped(const struct instance *instance, const struct doors *doors)
{
	__u32 behind = doors_get_xdp(doors, AD_DOOR_PACKET);

	return behind && behind == bpf_info_pinned_id(instance->fresh, "prog_packet");
}

/* A process died while it changed an instance: completes the change, or undoes it. */
static void finish_change(const struct instance *instance)
{
	struct config_errors errors = {};
	struct doors doors;

	if (!doors_open(&doors, instance->dir, instance, &errors)) {
		bool flipped = was_flipped(instance, &doors);

		/*
		 * All of it: the process may have died before it had emptied the replaced
		 * directory.
		 */
		doors_fill(&doors, flipped ? instance->fresh : instance->dir, &errors);
		if (flipped)
			bpffs_swap(instance->fresh, instance->dir);
		doors_close(&doors);
	}
	config_errors_log(&errors);
	config_errors_free(&errors);
	bpffs_remove(instance->fresh);
}

/* Only in the network namespace where it began: its interfaces are not visible elsewhere. */
static int check_begun_here(const struct instance *instance, struct config_errors *errors)
{
	int fd = bpffs_get_map(instance->fresh, "keeper", sizeof(struct ad_keeper));
	struct ad_keeper keeper;
	__u32 zero = 0;
	int err = 0;

	if (fd < 0)
		return 0;
	if (!bpf_map_lookup_elem(fd, &zero, &keeper))
		err = prepare_check_netns(&keeper, instance->name, errors);
	close(fd);
	return err;
}

static int recover(struct loader *loader, struct config_errors *errors)
{
	const struct instance *instance = &loader->instance;
	int err;

	if (!bpffs_exists(instance->fresh, NULL))
		return 0;
	err = check_begun_here(instance, errors);
	if (err)
		return err;
	if (bpffs_exists(instance->dir, NULL)) {
		log_warn("%s: a change was cut short: cleaning up", instance->fresh);
		finish_change(instance);
	} else {
		log_warn("%s: a first load or a detach was cut short: cleaning up",
			 instance->fresh);
		loader_undo_first(loader);
	}
	return 0;
}

/*
 * Before any other map is opened: with another ABI, maps can have the same names and another
 * layout.
 */
static int check_abi(const struct instance *instance, struct config_errors *errors)
{
	int fd = bpffs_get_map(instance->dir, "meta", sizeof(struct ad_meta));
	struct ad_meta meta = { .version = "?" };
	__u32 zero = 0;

	if (fd == -ENOENT) {
		config_errors_add(errors, instance->dir, 0, "meta is not pinned there any more");
		return fd;
	}
	if (fd >= 0) {
		bpf_map_lookup_elem(fd, &zero, &meta);
		close(fd);
	}
	if (meta.abi == AD_ABI_VERSION)
		return 0;
	config_errors_add(
		errors, instance->dir, 0,
		"loaded by version %.*s with ABI %u, and this is version %s with ABI %u: its flow "
		"table and its list of unstamped sockets cannot be carried over; drain, anydoor "
		"detach with the old version, then start this one",
		(int)sizeof(meta.version), meta.version, meta.abi, VERSION, AD_ABI_VERSION);
	return -EPROTO;
}

static int open_pinned(struct loader *loader, struct config_errors *errors)
{
	const char *dir = loader->instance.dir;
	int err = check_abi(&loader->instance, errors);

	err = err ?: doors_open(&loader->doors, dir, &loader->instance, errors);
	err = err ?: loader_check_netns(loader, errors);
	return err ?: loader_open_maps(loader, dir, errors);
}

static int adopt(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = loader_alter(loader, intent, NULL, errors);

	if (err)
		loader_close(loader);
	else
		log_info("instance %s adopted as it runs", loader->instance.name);
	return err;
}

/* Maps that running programs use must be pinned; otherwise no later process could find them. */
static int open_whole(struct loader *loader, struct config_errors *errors)
{
	int err = open_pinned(loader, errors);
	char lost[32];

	if (err || !loader_has_lost(&loader->doors, loader->instance.dir, lost))
		return err;
	config_errors_add(errors, loader->instance.dir, 0, "%s is not pinned there any more", lost);
	return -ENOENT;
}

/* Also maps that no program uses, as commands read them. Another version may have other maps. */
static int check_all_pinned(const struct loader *loader, const struct config *config,
			    struct config_errors *errors)
{
	const char *missing;
	struct object object;
	struct ad_meta meta;
	int err;

	if (datapath_read_meta(&loader->dp, &meta) ||
	    strncmp(meta.version, VERSION, sizeof(meta.version)))
		return 0;
	err = object_open(&object, config, errors);
	if (err)
		return err;
	missing = object_find_missing(&object, loader->instance.dir);
	if (missing)
		config_errors_add(errors, loader->instance.dir, 0,
				  "%s is not pinned there any more", missing);
	object_close(&object);
	return missing ? -ENOENT : 0;
}

int loader_check_pins(const struct instance *instance, const struct config *config,
		      struct config_errors *errors)
{
	struct loader loader;
	int err;

	loader_init(&loader);
	loader.instance = *instance;
	err = open_whole(&loader, errors);
	err = err ?: check_all_pinned(&loader, config, errors);
	loader_close(&loader);
	return err;
}

/*
 * An existing instance is continued, complete or in part, with pins or without; if there is none,
 * it is a first load.
 */
static int begin(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	const struct instance *instance = &loader->instance;
	struct config_errors missing = {};
	bool pinned = bpffs_exists(instance->dir, NULL);
	struct orphans orphans;
	int err = pinned ? open_whole(loader, &missing) : -ENOENT;

	if (!err)
		return adopt(loader, intent, errors);
	config_errors_log(&missing);
	config_errors_free(&missing);
	loader_close(loader);
	/* Not if the pins are of another version or network namespace. */
	if (err && err != -ENOENT) {
		config_errors_add(errors, instance->dir, 0, "not adopted");
		return err;
	}
	orphans_find(instance, &orphans);
	return pinned || orphans.nr ? loader_takeover(loader, intent, &orphans, errors)
				    : loader_first(loader, intent, errors);
}

/* --- intents ---------------------------------------------------------------------------------- */

static int intent_open(struct intent *intent, const struct config *config, struct dns_zones *zones,
		       const struct dns_limiter *limiter, struct config_errors *errors)
{
	int err;

	memset(intent, 0, sizeof(*intent));
	intent->config = config;
	intent->zones = zones;
	intent->limiter = limiter;
	err = keys_load(config->key_file, config->key_epoch, &intent->keys, intent->stamp_id);
	if (err) {
		config_errors_add(errors, config->key_file, 0, "keys.file cannot be used: %s",
				  strerror(-err));
		return err;
	}
	return object_open(&intent->object, config, errors);
}

static void intent_close(struct intent *intent)
{
	object_close(&intent->object);
	explicit_bzero(&intent->keys, sizeof(intent->keys));
}

static int open_to_group(struct instance *instance, const struct config *config,
			 struct config_errors *errors)
{
	int err = instance_find_group(instance, config, errors);

	if (err || !instance->gid)
		return err;
	return bpffs_open_to_group(instance->root, instance->gid, errors);
}

int loader_check_clock(const struct loader *loader, const struct config *config,
		       struct config_errors *errors)
{
	const struct instance *instance = &loader->instance;
	struct orphans orphans;

	if (bpffs_exists(instance->dir, NULL))
		return 0;
	orphans_find(instance, &orphans);
	return orphans.nr ? 0 : prepare_check_clock(config, errors);
}

int loader_start(struct loader *loader, const struct config *config, struct dns_zones *zones,
		 const struct dns_limiter *limiter, struct config_errors *errors)
{
	struct intent intent;
	int err = open_to_group(&loader->instance, config, errors);

	err = err ?: recover(loader, errors);
	if (err)
		return err;
	err = intent_open(&intent, config, zones, limiter, errors);
	err = err ?: begin(loader, &intent, errors);
	intent_close(&intent);
	return err;
}

int loader_change(struct loader *loader, const struct config *old, const struct config *config,
		  struct dns_zones *zones, const struct dns_limiter *limiter,
		  struct config_errors *errors)
{
	struct config_errors ignored = {};
	bool held = loader->held.nr;
	struct intent intent;
	int err = open_to_group(&loader->instance, config, errors);

	if (err)
		return err;
	loader_keep_pins(loader, &ignored);
	config_errors_free(&ignored);
	err = intent_open(&intent, config, zones, limiter, errors);
	err = err ?: loader_alter(loader, &intent, old, errors);
	repin_release(&loader->held); /* the replaced maps must be freed */
	if (held)
		repin_hold(&loader->held, loader->instance.dir);
	intent_close(&intent);
	return err;
}

/* --- pins that somebody removed --------------------------------------------------------------- */

static int prepare_again(struct loader *loader, struct config_errors *errors)
{
	struct instance *instance = &loader->instance;
	int err;

	if (!bpffs_may_be_prepared(instance->root)) {
		config_errors_add(errors, instance->root, 0,
				  "the pins are gone, and no bpffs is there to make them anew: "
				  "mount -t bpf bpf /sys/fs/bpf; until then the data path runs on, "
				  "but dies with this daemon");
		return -ENOENT;
	}
	err = bpffs_prepare(instance->root, errors);
	if (!err && instance->gid)
		err = bpffs_open_to_group(instance->root, instance->gid, errors);
	return err ?: instance_renew_pins_lock(instance, errors);
}

/*
 * Created in a new directory that is then moved to its place, so that readers see all pins or none.
 */
static int pin_again(struct loader *loader)
{
	const struct instance *instance = &loader->instance;
	int err = bpffs_remove(instance->fresh);

	err = err ?: bpffs_make(instance->fresh, instance->gid);
	err = err ?: repin_all(&loader->held, instance->fresh, instance->gid);
	err = err ?: bpffs_swap(instance->fresh, instance->dir);
	bpffs_remove(instance->fresh);
	return err ?: repin_hold(&loader->held, instance->dir);
}

int loader_keep_pins(struct loader *loader, struct config_errors *errors)
{
	const char *lost;
	int err;

	if (!loader->held.nr)
		return repin_hold(&loader->held, loader->instance.dir);
	lost = repin_find_lost(&loader->held, loader->instance.dir);
	if (!lost)
		return 0;
	err = prepare_again(loader, errors);
	if (err)
		return err;
	err = pin_again(loader);
	if (!err) {
		log_warn("%s: somebody removed or hid what is pinned there (%s): pinned anew",
			 loader->instance.dir, lost);
		return 0;
	}
	config_errors_add(errors, loader->instance.dir, 0, "the pins cannot be made anew: %s",
			  strerror(-err));
	return err;
}

/* --- detachment ------------------------------------------------------------------------------- */

/* Counted as `drain` does: also flows without a stamp, whose packets other nodes send here. */
static int count_all(const struct loader *loader)
{
	struct vip_set vips;
	int nr = vip_set_read(&vips, loader->dp.locals, AD_LOCAL_VIP_TCP) ?: sockets_count(&vips);

	return nr > 0 ? nr : 0;
}

static int check_quiet(struct loader *loader, bool force, int *broken, struct config_errors *errors)
{
	int nr, err = loader->dp.locals < 0
			      ? datapath_open(&loader->dp, loader->instance.dir, errors)
			      : 0;

	nr = err ?: loader_count_live(loader);
	*broken = nr > 0 ? nr : 0;
	if (nr == 0 || force)
		return 0;
	if (err)
		return err;
	if (nr < 0)
		config_errors_add(errors, "sockets", 0,
				  "cannot be listed: %s; --force detaches anyway", strerror(-nr));
	else
		config_errors_add(errors, loader->instance.name, 0,
				  "%d stamped flows live and would break (drain counts %d: all "
				  "that live here); "
				  "anydoor drain --wait first, or --force",
				  nr, count_all(loader));
	return nr < 0 ? nr : -EBUSY;
}

/* -ENOENT: there are no pins, or some that are needed are missing. */
static int open_for_detach(struct loader *loader, struct config_errors *errors)
{
	struct config_errors missing = {};
	int err;

	if (loader->doors.keeper >= 0)
		return 0;
	err = recover(loader, errors);
	if (err)
		return err;
	err = doors_open(&loader->doors, loader->instance.dir, &loader->instance, &missing);
	if (err && err != -ENOENT)
		config_errors_add(errors, loader->instance.dir, 0, "cannot be opened: %s",
				  strerror(-err));
	config_errors_free(&missing);
	return err ?: loader_check_netns(loader, errors);
}

/*
 * Readers see all pins disappear in one step. What a crash leaves of them is not an instance, which
 * could be neither adopted nor detached; recover() removes it.
 */
static int remove_pins(const struct instance *instance, struct config_errors *errors)
{
	int err = bpffs_remove(instance->fresh);

	if (!bpffs_exists(instance->dir, NULL))
		return 0;
	err = err ?: bpffs_swap(instance->dir, instance->fresh);
	err = err ?: bpffs_remove(instance->fresh);
	if (err)
		config_errors_add(errors, instance->fresh, 0, "cannot be removed: %s",
				  strerror(-err));
	return err;
}

static int check_orphans(const struct loader *loader, const struct orphans *orphans, bool force,
			 struct config_errors *errors)
{
	char names[256];
	int pid;

	orphans_names(orphans, names, sizeof(names));
	pid = orphans->nr ? orphans_holder(orphans) : 0;
	if (pid)
		config_errors_add(errors, names, 0,
				  "process %d tends the programs that are there, and has its pins "
				  "elsewhere than %s; detach with its configuration",
				  pid, loader->instance.dir);
	else if (!force)
		config_errors_add(errors, loader->instance.dir, 0,
				  "pins are gone, so nobody knows what flows live; programs of "
				  "anydoor are on %s: anydoor run takes them over, detach --force "
				  "takes them off",
				  orphans->nr ? names : "no interface");
	return pid || !force ? -EBUSY : 0;
}

/* Finds them by the programs on the interfaces, if pins are missing. */
static int detach_orphans(struct loader *loader, bool force, struct config_errors *errors)
{
	struct orphans orphans;
	int err;

	orphans_find(&loader->instance, &orphans);
	if (!orphans.nr && !bpffs_exists(loader->instance.dir, NULL))
		return -ENOENT;
	err = check_orphans(loader, &orphans, force, errors);
	for (size_t i = 0; !err && i < orphans.nr; i++)
		err = orphan_remove(&orphans.list[i], errors);
	if (err)
		return err;
	log_warn("how sysctls were before anydoor is lost with the pins: %s and forwarding on lo "
		 "stay as they are",
		 sysctl_name(AD_SYSCTL_TIMESTAMPS));
	return remove_pins(&loader->instance, errors);
}

int loader_detach(struct loader *loader, bool force, int *broken, struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = open_for_detach(loader, errors);

	*broken = 0;
	if (err == -ENOENT)
		return detach_orphans(loader, force, errors);
	err = err ?: check_quiet(loader, force, broken, errors);
	err = err ?: attach_remove_all(&loader->doors, errors);
	if (err)
		return err;
	if (!doors_read(&loader->doors, &keeper))
		prepare_restore_sysctls(&keeper);
	loader_close(loader);
	return remove_pins(&loader->instance, errors);
}
