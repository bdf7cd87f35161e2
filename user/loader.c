// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * loader.c: the data path of one instance: loaded, adopted, changed in place, taken off.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "attach.h"
#include "bpffs.h"
#include "carry.h"
#include "clock.h"
#include "drain.h"
#include "fill.h"
#include "prepare.h"
#include "keys.h"
#include "loader.h"
#include "log.h"
#include "object.h"
#include "sockets.h"
#include "unstamped.h"

/* What a change is made from: read and checked before anything is touched. */
struct intent {
	const struct config *config;
	struct dns_zones *zones;
	struct ad_keys keys;
	__u8 stamp_id[16];
	struct object object;
};

static void intent_close(struct intent *intent)
{
	object_close(&intent->object);
	explicit_bzero(&intent->keys, sizeof(intent->keys));
}

static int intent_open(struct intent *intent, const struct config *config, struct dns_zones *zones,
		       struct config_errors *errors)
{
	int err;

	memset(intent, 0, sizeof(*intent));
	intent->config = config;
	intent->zones = zones;
	err = keys_load(config->key_file, config->key_epoch, &intent->keys, intent->stamp_id);
	if (err) {
		config_errors_add(errors, config->key_file, 0, "keys.file cannot be used: %s",
				  strerror(-err));
		return err;
	}
	return object_open(&intent->object, config, errors);
}

static int open_pins(struct loader *loader, const char *dir, struct config_errors *errors)
{
	const char *name = strrchr(dir, '/') + 1;
	int err = pins_open(&loader->pins, loader->instance.root, name);

	if (err)
		config_errors_add(errors, dir, 0, "cannot be opened: %s", strerror(-err));
	return err;
}

static int publish(struct loader *loader, const struct intent *intent, struct config_errors *errors)
{
	int err = dns_zones_publish(intent->zones, &loader->pins);

	if (err)
		config_errors_add(errors, "zones", 0, "cannot be written to the kernel: %s",
				  strerror(-err));
	return err;
}

/* From here on packets meet these programs. DNS first: `packet` jumps to it. */
static int set_slots(struct loader *loader, const struct object *object,
		     struct config_errors *errors)
{
	const struct doors *doors = &loader->doors;
	int err;

	err = doors_set_xdp(doors, AD_DOOR_DNS, object_xdp_program(object, AD_DOOR_DNS));
	err = err ?: doors_set_tc(doors, AD_DOOR_EGRESS, object_tc_program(object, AD_DOOR_EGRESS));
	err = err ?: doors_set_xdp(doors, AD_DOOR_PACKET, object_xdp_program(object, AD_DOOR_PACKET));
	if (err)
		config_errors_add(errors, doors->dir, 0, "a program cannot be put behind the door: %s",
				  strerror(-err));
	return err;
}

static int remember(struct loader *loader, const struct intent *intent)
{
	struct ad_keeper keeper;
	struct ad_meta meta;
	int err = doors_read(&loader->doors, &keeper);

	if (err)
		return err;
	memcpy(keeper.fingerprint, intent->object.fingerprint, sizeof(keeper.fingerprint));
	fill_meta(&meta, intent->config, intent->stamp_id);
	err = doors_write(&loader->doors, &keeper);
	return err ?: datapath_write_meta(&loader->dp, &meta);
}

static int check_netns(const struct doors *doors, const struct instance *instance,
		       struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = doors_read(doors, &keeper);

	if (!err)
		return prepare_check_netns(&keeper, instance->name, errors);
	config_errors_add(errors, doors->dir, 0, "map keeper cannot be read: %s", strerror(-err));
	return err;
}

/* --- first load -------------------------------------------------------------------------- */

static int make_doors(struct loader *loader, const struct config *config,
		      struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = bpffs_make(loader->instance.fresh, loader->instance.gid);

	if (err) {
		config_errors_add(errors, loader->instance.fresh, 0, "cannot be made: %s",
				  strerror(-err));
		return err;
	}
	err = doors_make(&loader->doors, &loader->instance, errors);
	err = err ?: doors_read(&loader->doors, &keeper);
	err = err ?: prepare_plan_sysctls(config, &keeper, errors);
	err = err ?: doors_write(&loader->doors, &keeper);
	return err ?: prepare_set_sysctls(&keeper, errors);
}

static int attach_all(struct loader *loader, const struct config *config,
		      struct config_errors *errors)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < config->nr_interfaces; i++)
		err = attach_interface(&loader->doors, config, config->interfaces[i], errors);
	return err;
}

static int load_fresh(struct loader *loader, struct intent *intent, const char *reuse,
		      struct config_errors *errors)
{
	struct ad_keeper keeper;
	int err = doors_read(&loader->doors, &keeper);

	err = err ?: object_load(&intent->object, reuse, keeper.doors, errors);
	return err ?: object_pin(&intent->object, &loader->instance, errors);
}

/*
 * The second step of attaching: egress notes what it sees, we list what sleeps, and only then
 * are new flows stamped. A stamp under a flow that lived before us breaks its PAWS.
 */
static int arm(struct loader *loader, struct config_errors *errors)
{
	struct vip_set vips;
	int nr, err = vip_set_from_locals(&vips, loader->dp.locals);

	nr = err ?: unstamped_note_all(&loader->dp, &vips);
	if (nr < 0) {
		config_errors_add(errors, "sockets", 0,
				  "those that live already cannot be listed, so nothing may be "
				  "stamped: %s",
				  strerror(-nr));
		return nr;
	}
	state_set_flag(loader->dp.state_at, AD_STATE_ARMED);
	log_info("armed; %u sockets that lived before stay unstamped",
		 loader->dp.state_at->unstamped);
	return 0;
}

static int fill_fresh(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = datapath_open(&loader->dp, loader->instance.fresh, errors);

	err = err ?: open_pins(loader, loader->instance.fresh, errors);
	err = err ?: fill_maps(&loader->dp, intent->config, &intent->keys, errors);
	if (err)
		return err;
	clock_choose(loader->dp.state_at);
	drain_follow_config(loader->dp.state_at, NULL, intent->config);
	return remember(loader, intent) ?: publish(loader, intent, errors);
}

static int build(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = make_doors(loader, intent->config, errors);

	err = err ?: attach_all(loader, intent->config, errors);
	err = err ?: load_fresh(loader, intent, loader->instance.fresh, errors);
	err = err ?: fill_fresh(loader, intent, errors);
	err = err ?: set_slots(loader, &intent->object, errors);
	err = err ?: arm(loader, errors);
	return err;
}

static int move_into_place(struct loader *loader, struct config_errors *errors)
{
	const struct instance *instance = &loader->instance;
	int err = bpffs_swap(instance->fresh, instance->dir);

	if (err) {
		config_errors_add(errors, instance->dir, 0, "cannot be moved into place: %s",
				  strerror(-err));
		return err;
	}
	snprintf(loader->doors.dir, sizeof(loader->doors.dir), "%s", instance->dir);
	bpffs_remove(instance->fresh);
	return open_pins(loader, instance->dir, errors);
}

static void restore_sysctls(const struct doors *doors)
{
	struct ad_keeper keeper;

	if (!doors_read(doors, &keeper))
		prepare_restore_sysctls(&keeper);
}

/* A first load that failed, now or in a process that died: nothing stays half attached. */
static void undo_first(struct loader *loader)
{
	struct config_errors ignored = {};
	struct doors doors;

	loader_close(loader);
	if (!doors_open(&doors, loader->instance.fresh, &loader->instance, &ignored)) {
		attach_remove_all(&doors, &ignored);
		restore_sysctls(&doors);
		doors_close(&doors);
	}
	config_errors_log(&ignored);
	config_errors_free(&ignored);
	bpffs_remove(loader->instance.fresh);
}

static int load_first(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = prepare_check_clock(intent->config, errors);

	if (err)
		return err;
	err = build(loader, intent, errors);
	err = err ?: move_into_place(loader, errors);
	if (err)
		undo_first(loader);
	else
		log_info("instance %s loaded: version %s, node %s (%u)", loader->instance.name, VERSION,
			 intent->config->self->name, intent->config->self->id);
	return err;
}

/* --- change in place --------------------------------------------------------------------- */

/* What flows carry: it may not change while any lives. */
static const char *fixed_difference(const struct ad_meta *meta, const struct intent *intent)
{
	if (meta->node_id != intent->config->self->id)
		return "the node id";
	if (meta->owner_bits != intent->config->owner_bits)
		return "stamp.owner_bits";
	if (memcmp(meta->stamp_id, intent->stamp_id, sizeof(meta->stamp_id)))
		return "the stamp key";
	return NULL;
}

static int count_live(const struct loader *loader)
{
	struct vip_set vips;
	int err = vip_set_from_locals(&vips, loader->dp.locals);

	return err ?: unstamped_count_stamped(&loader->dp, &vips);
}

static int check_fixed(struct loader *loader, const struct intent *intent,
		       struct config_errors *errors)
{
	const char *difference;
	struct ad_meta meta;
	int nr, err = datapath_read_meta(&loader->dp, &meta);

	difference = err ? NULL : fixed_difference(&meta, intent);
	if (!difference)
		return err;
	nr = count_live(loader);
	if (nr == 0)
		return 0;
	config_errors_add(errors, intent->config->path, 0,
			  "%s changed while %d stamped flows live, which would lose them; drain first, "
			  "or anydoor detach --force",
			  difference, nr);
	return nr < 0 ? nr : -EBUSY;
}

static bool is_same(struct loader *loader, const struct intent *intent)
{
	struct ad_keeper keeper;

	return !doors_read(&loader->doors, &keeper) &&
	       !memcmp(keeper.fingerprint, intent->object.fingerprint, sizeof(keeper.fingerprint));
}

static int refill(struct loader *loader, const struct intent *intent, struct config_errors *errors)
{
	int err = fill_maps(&loader->dp, intent->config, &intent->keys, errors);

	err = err ?: publish(loader, intent, errors);
	return err ?: remember(loader, intent);
}

/* Builds the new one beside the old, in instance->fresh, and fills it. */
static int build_beside(struct loader *next, const struct loader *now, struct intent *intent,
			struct config_errors *errors)
{
	const struct instance *instance = &now->instance;
	int err = bpffs_make(instance->fresh, instance->gid);

	err = err ?: doors_pin(&now->doors, instance->fresh);
	if (err) {
		config_errors_add(errors, instance->fresh, 0, "cannot be made: %s", strerror(-err));
		return err;
	}
	err = doors_open(&next->doors, instance->fresh, instance, errors);
	err = err ?: load_fresh(next, intent, instance->dir, errors);
	err = err ?: datapath_open(&next->dp, instance->fresh, errors);
	err = err ?: open_pins(next, instance->fresh, errors);
	err = err ?: carry_over(instance->dir, instance->fresh, &intent->keys, errors);
	err = err ?: fill_maps(&next->dp, intent->config, &intent->keys, errors);
	return err ?: publish(next, intent, errors);
}

/* New programs, and maps where the old ones do not fit: no packet is without the one or other. */
static int replace(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	struct loader next;
	int err;

	loader_init(&next);
	next.instance = loader->instance;
	err = build_beside(&next, loader, intent, errors);
	err = err ?: set_slots(&next, &intent->object, errors);
	if (err) {
		loader_close(&next);
		bpffs_remove(loader->instance.fresh);
		return err;
	}
	loader_close(loader);
	*loader = next;
	err = move_into_place(loader, errors);
	if (!err)
		log_info("programs changed in place: version %s", VERSION);
	return err ?: remember(loader, intent);
}

static bool wanted(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->nr_interfaces; i++)
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

	if (!wanted(pruning->config, record->name))
		attach_remove(&pruning->loader->doors, ifindex, pruning->errors);
	return 0;
}

/* Interfaces that left the configuration. A failure is told, but no reason to go back. */
static void prune(struct loader *loader, const struct config *config)
{
	struct config_errors errors = {};
	struct pruning pruning = { .loader = loader, .config = config, .errors = &errors };

	attach_each(&loader->doors, prune_one, &pruning);
	config_errors_log(&errors);
	config_errors_free(&errors);
}

static int change(struct loader *loader, struct intent *intent, const struct config *old,
		  struct config_errors *errors)
{
	int err = check_fixed(loader, intent, errors);

	if (err)
		return err;
	err = is_same(loader, intent) ? refill(loader, intent, errors) :
					replace(loader, intent, errors);
	if (err)
		return err;
	drain_follow_config(loader->dp.state_at, old, intent->config);
	prune(loader, intent->config);
	return 0;
}

/* --- adoption ---------------------------------------------------------------------------- */

static __u32 program_id_at(const char *dir, const char *name)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpffs_get(dir, name);

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.id = 0;
	close(fd);
	return info.id;
}

/* A process died while it built: finish what packets meet already, remove what they do not. */
static void recover(struct loader *loader)
{
	const struct instance *instance = &loader->instance;
	struct config_errors ignored = {};
	struct doors doors;

	if (!bpffs_exists(instance->fresh, NULL))
		return;
	if (!bpffs_exists(instance->dir, NULL)) {
		log_warn("%s: a load was cut short: undone", instance->fresh);
		undo_first(loader);
		return;
	}
	if (!doors_open(&doors, instance->dir, instance, &ignored)) {
		__u32 behind = doors_get_xdp(&doors, AD_DOOR_PACKET);

		if (behind && behind == program_id_at(instance->fresh, "prog_packet"))
			bpffs_swap(instance->fresh, instance->dir);
		doors_close(&doors);
	}
	config_errors_free(&ignored);
	log_warn("%s: an upgrade was cut short: cleaned up", instance->fresh);
	bpffs_remove(instance->fresh);
}

static int check_abi(struct loader *loader, struct config_errors *errors)
{
	struct ad_meta meta;
	int err = datapath_read_meta(&loader->dp, &meta);

	if (!err && meta.abi == AD_ABI_VERSION)
		return 0;
	config_errors_add(errors, loader->instance.dir, 0,
			  "pinned by version %.*s with ABI %u, this is version %s with ABI %u: its flows "
			  "and its list of unstamped sockets cannot be carried over; drain, run anydoor "
			  "detach of the old version, start again",
			  (int)sizeof(meta.version), err ? "?" : meta.version, err ? 0 : meta.abi,
			  VERSION, AD_ABI_VERSION);
	return err ?: -EPROTO;
}

static int open_pinned(struct loader *loader, struct config_errors *errors)
{
	const char *dir = loader->instance.dir;
	int err = doors_open(&loader->doors, dir, &loader->instance, errors);

	err = err ?: check_netns(&loader->doors, &loader->instance, errors);
	err = err ?: datapath_open(&loader->dp, dir, errors);
	err = err ?: check_abi(loader, errors);
	return err ?: open_pins(loader, dir, errors);
}

static int adopt(struct loader *loader, struct intent *intent, struct config_errors *errors)
{
	int err = open_pinned(loader, errors);

	err = err ?: change(loader, intent, NULL, errors);
	if (err) {
		loader_close(loader);
		return err;
	}
	log_info("instance %s adopted as it runs", loader->instance.name);
	return 0;
}

/* --- the outside ------------------------------------------------------------------------- */

void loader_init(struct loader *loader)
{
	memset(loader, 0, sizeof(*loader));
	loader->instance.lock = -1;
	doors_init(&loader->doors);
	datapath_init(&loader->dp);
}

int loader_start(struct loader *loader, const struct config *config, struct dns_zones *zones,
		 struct config_errors *errors)
{
	struct instance *instance = &loader->instance;
	struct intent intent;
	int err;

	err = bpffs_prepare(instance->root, errors);
	if (!err && instance->gid)
		err = bpffs_open_to_group(instance->root, instance->gid, errors);
	if (err)
		return err;
	recover(loader);
	err = intent_open(&intent, config, zones, errors);
	if (!err)
		err = bpffs_exists(instance->dir, NULL) ? adopt(loader, &intent, errors) :
							  load_first(loader, &intent, errors);
	intent_close(&intent);
	return err;
}

int loader_change(struct loader *loader, const struct config *old, const struct config *config,
		  struct dns_zones *zones, struct config_errors *errors)
{
	struct intent intent;
	int err = intent_open(&intent, config, zones, errors);

	err = err ?: change(loader, &intent, old, errors);
	intent_close(&intent);
	return err;
}

static int check_quiet(struct loader *loader, bool force, struct config_errors *errors)
{
	int nr = count_live(loader);

	if (nr == 0)
		return 0;
	if (force && nr > 0)
		log_warn("%d stamped flows live and will break", nr);
	if (force)
		return 0;
	if (nr < 0)
		config_errors_add(errors, "sockets", 0, "cannot be listed: %s; --force detaches anyway",
				  strerror(-nr));
	else
		config_errors_add(errors, loader->instance.name, 0,
				  "%d stamped flows live and would break; anydoor drain --wait first, or "
				  "--force",
				  nr);
	return nr < 0 ? nr : -EBUSY;
}

int loader_detach(struct loader *loader, bool force, struct config_errors *errors)
{
	const char *dir = loader->instance.dir;
	int err;

	if (!bpffs_exists(dir, NULL))
		return -ENOENT;
	if (loader->doors.keeper < 0) {
		err = doors_open(&loader->doors, dir, &loader->instance, errors);
		err = err ?: check_netns(&loader->doors, &loader->instance, errors);
		err = err ?: datapath_open(&loader->dp, dir, errors);
		if (err)
			return err;
	}
	err = check_quiet(loader, force, errors);
	err = err ?: attach_remove_all(&loader->doors, errors);
	if (err)
		return err;
	restore_sysctls(&loader->doors);
	loader_close(loader);
	err = bpffs_remove(dir);
	if (err)
		config_errors_add(errors, dir, 0, "cannot be removed: %s", strerror(-err));
	return err;
}

void loader_close(struct loader *loader)
{
	datapath_close(&loader->dp);
	doors_close(&loader->doors);
}
