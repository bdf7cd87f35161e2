// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * loader_takeover.c: an instance whose pins are gone, all of them or some, while its programs are
 * on the interfaces. The doors stay: their jump tables are found and used again, and the programs
 * behind them run until ours replace them. Maps of the running programs are taken over: stamped
 * sockets must stay stamped.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "attach.h"
#include "loader_internal.h"
#include "orphans.h"
#include "prepare.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/fleet/drain.h"
#include "user/state/bpf_info.h"
#include "user/state/bpffs.h"

/* --- the tables ------------------------------------------------------------------------------- */

/* From the pins that are left, or else from the programs on the interfaces; -1: there is none. */
static int find_table(const struct instance *instance, const char *name, __u32 id)
{
	int fd = bpffs_get_map(instance->dir, name, sizeof(__u32));

	if (fd < 0 && id)
		fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? -1 : fd;
}

static __u32 first_table(const struct orphans *orphans, bool xdp)
{
	for (size_t i = 0; i < orphans->nr; i++) {
		__u32 id = xdp ? orphans->list[i].door_xdp : orphans->list[i].door_tc;

		if (id)
			return id;
	}
	return 0;
}

static enum ad_doors kind_of(const struct orphans *orphans)
{
	for (size_t i = 0; i < orphans->nr; i++)
		if (orphans->list[i].door_xdp)
			return orphans->list[i].record.flags & AD_ATTACHED_DISPATCHER
				       ? AD_DOORS_DISPATCHER
				       : AD_DOORS_ALONE;
	return AD_DOORS_UNDECIDED;
}

/* The content of the lost keeper map: old values of the host's switches. */
static int remember_doors(struct loader *loader, const struct orphans *orphans)
{
	struct ad_keeper keeper;
	int err = doors_read(&loader->doors, &keeper);

	if (err || keeper.doors != AD_DOORS_UNDECIDED)
		return err;
	keeper.doors = kind_of(orphans);
	return doors_write(&loader->doors, &keeper);
}

static bool is_wanted(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nr_interfaces; i++)
		if (!strcmp(config->interfaces[i], name))
			return true;
	return false;
}

/* Detaches doors with another jump table, or on interfaces that are not in the configuration. */
static int sort_orphans(struct loader *loader, const struct config *config,
			const struct orphans *orphans, struct config_errors *errors)
{
	int err = 0;

	for (size_t i = 0; !err && i < orphans->nr; i++) {
		const struct orphan *orphan = &orphans->list[i];
		const struct ad_attached *record = &orphan->record;
		bool ours = (!record->xdp_id || doors_own(&loader->doors, record->xdp_id)) &&
			    (!record->tc_id || doors_own(&loader->doors, record->tc_id));

		err = ours && is_wanted(config, record->name)
			      ? bpf_map_update_elem(loader->doors.attached, &orphan->ifindex,
						    record, BPF_ANY)
			      : orphan_remove(orphan, errors);
	}
	return err;
}

static int take_doors(struct loader *loader, const struct config *config,
		      const struct orphans *orphans, struct config_errors *errors)
{
	const struct instance *instance = &loader->instance;
	int xdp = find_table(instance, "door_xdp", first_table(orphans, true));
	int tc = find_table(instance, "door_tc", first_table(orphans, false));
	int err = bpffs_make(instance->fresh, instance->gid);

	if (err)
		config_errors_add(errors, instance->fresh, 0, "cannot be made: %s", strerror(-err));
	/* Takes ownership of the descriptors. */
	err = err ?: doors_make_on(&loader->doors, instance, xdp, tc, errors);
	err = err ?: remember_doors(loader, orphans);
	return err ?: sort_orphans(loader, config, orphans, errors);
}

/* --- what runs behind them -------------------------------------------------------------------- */

/* Whether the running programs stamp with the same key as ours. */
static bool same_key(const struct intent *intent)
{
	int fd = bpf_map__fd(intent->object.skel->maps.keys);
	struct ad_keys keys;
	__u32 zero = 0;
	bool same;

	same = fd >= 0 && !bpf_map_lookup_elem(fd, &zero, &keys) &&
	       !memcmp(keys.stamp, intent->keys.stamp, sizeof(keys.stamp));
	explicit_bzero(&keys, sizeof(keys));
	return same;
}

static int reuse_running(struct loader *loader, struct intent *intent)
{
	const __u32 ids[] = { doors_get_xdp(&loader->doors, AD_DOOR_PACKET),
			      doors_get_xdp(&loader->doors, AD_DOOR_DNS),
			      doors_get_tc(&loader->doors, AD_DOOR_EGRESS) };
	int err = ids[0] ? 0 : -ENOENT;

	for (size_t i = 0; !err && i < sizeof(ids) / sizeof(*ids); i++)
		err = object_reuse_of(&intent->object, ids[i]);
	if (!err && !same_key(intent))
		err = -EKEYREJECTED;
	return err;
}

/* Whether maps of the running programs are taken over. If not, the object is new. */
static bool take_along(struct loader *loader, struct intent *intent, struct config_errors *errors,
		       int *err)
{
	int why = reuse_running(loader, intent);

	*err = 0;
	if (!why)
		return true;
	object_close(&intent->object);
	*err = object_open(&intent->object, intent->config, errors);
	if (why != -ENOENT)
		log_warn("what runs there cannot be taken along (%s): connections that it stamps "
			 "break",
			 strerror(-why));
	return false;
}

/* --- what is not pinned any more -------------------------------------------------------------- */

#define IDS_MAX 96

/* Ids of maps and of programs are separate; both structs have them at the same offset. */
struct ids {
	__u32 maps[IDS_MAX], programs[IDS_MAX];
	size_t nr_maps, nr_programs;
};

static int add_pin(const char *path, const char *name, void *arg)
{
	bool program = !strncmp(name, "prog_", 5);
	struct ids *ids = arg;
	size_t *nr = program ? &ids->nr_programs : &ids->nr_maps;
	__u32 *list = program ? ids->programs : ids->maps;
	int fd = bpffs_get(path, NULL);

	if (fd < 0)
		return 0;
	if (*nr < IDS_MAX)
		list[(*nr)++] = bpf_info_id(fd);
	close(fd);
	return 0;
}

static bool has_id(const __u32 *list, size_t nr, __u32 id)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == id)
			return true;
	return false;
}

/* One of our maps, not one of the compiler (.rodata), which is not pinned. */
static bool is_lost_map(const struct ids *pinned, __u32 id, char name[32])
{
	struct bpf_map_info info;

	if (has_id(pinned->maps, pinned->nr_maps, id) || bpf_info_map(id, &info) ||
	    strchr(info.name, '.'))
		return false;
	snprintf(name, 32, "%s", info.name);
	return true;
}

static bool has_lost_of(const struct ids *pinned, __u32 program, char name[32])
{
	__u32 ids[BPF_INFO_MAPS_MAX];
	int nr = bpf_info_maps_of(program, ids, name);

	if (nr < 0)
		return false;
	if (!has_id(pinned->programs, pinned->nr_programs, program))
		return true;
	for (int i = 0; i < nr; i++)
		if (is_lost_map(pinned, ids[i], name))
			return true;
	return false;
}

bool loader_has_lost(const struct doors *doors, const char *dir, char name[32])
{
	struct ids pinned = {};
	bool lost = false;
	__u32 entry, id;

	if (bpffs_each(dir, add_pin, &pinned))
		return false;
	for (entry = 0; !lost && entry < AD_DOOR_XDP_MAX + AD_DOOR_TC_MAX; entry++) {
		id = entry < AD_DOOR_XDP_MAX ? doors_get_xdp(doors, entry)
					     : doors_get_tc(doors, entry - AD_DOOR_XDP_MAX);
		lost = id && has_lost_of(&pinned, id, name);
	}
	return lost;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int build(struct loader *loader, struct intent *intent, const struct orphans *orphans,
		 bool *alive, struct config_errors *errors)
{
	const char *fresh = loader->instance.fresh;
	int err = take_doors(loader, intent->config, orphans, errors);

	err = err ?: loader_set_sysctls(loader, intent->config, errors);
	err = err ?: loader_attach_all(loader, intent->config, errors);
	if (err)
		return err;
	*alive = take_along(loader, intent, errors, &err);
	if (!err && !*alive)
		err = prepare_check_clock(intent->config, errors);
	err = err ?: loader_load(loader, intent, fresh, errors);
	err = err ?: loader_open_maps(loader, fresh, errors);
	if (err)
		return err;
	if (!*alive)
		clock_choose(loader->dp.state_at);
	err = loader_fill(loader, intent, errors);
	err = err ?: loader_remember(loader, intent, errors);
	if (!err && !*alive)
		loader_follow_drain(loader, NULL, intent->config);
	err = err ?: doors_fill(&loader->doors, fresh, errors);
	if (!err && !state_has_flag(loader->dp.state_at, AD_STATE_ARMED))
		err = loader_arm(loader, errors);
	return err ?: loader_move_into_place(loader, errors);
}

struct letting {
	struct loader *loader;
	const struct orphans *orphans;
};

static int let_one_go(__u32 ifindex, const struct ad_attached *record, void *arg)
{
	struct letting *letting = arg;
	struct config_errors ignored = {};
	size_t i;

	for (i = 0; i < letting->orphans->nr; i++)
		if (letting->orphans->list[i].ifindex == ifindex)
			return 0;
	attach_remove(&letting->loader->doors, ifindex, &ignored);
	config_errors_free(&ignored);
	return 0;
}

/* It failed: detaches what we attached; the old programs stay. */
static void let_go(struct loader *loader, const struct orphans *orphans)
{
	struct letting letting = { .loader = loader, .orphans = orphans };

	if (loader->doors.attached >= 0)
		attach_each(&loader->doors, let_one_go, &letting);
}

static int refuse_held(const struct orphans *orphans, int pid, struct config_errors *errors)
{
	char names[256];

	config_errors_add(
		errors, orphans_names(orphans, names, sizeof(names)), 0,
		"process %d tends the programs that are there, and has its pins elsewhere "
		"(state.bpffs); stop it, and anydoor detach with its configuration",
		pid);
	return -EBUSY;
}

int loader_takeover(struct loader *loader, struct intent *intent, const struct orphans *orphans,
		    struct config_errors *errors)
{
	int err, pid = orphans->nr ? orphans_holder(orphans) : 0;
	bool alive = false;
	char names[256];

	if (pid)
		return refuse_held(orphans, pid, errors);
	err = build(loader, intent, orphans, &alive, errors);
	if (err) {
		let_go(loader, orphans);
		loader_close(loader);
		bpffs_remove(loader->instance.fresh);
		return err;
	}
	log_warn("%s: pins were gone; the programs on %s were taken over %s; how sysctls were "
		 "before "
		 "may be lost with them: detach leaves them as they are",
		 loader->instance.dir, orphans_names(orphans, names, sizeof(names)),
		 alive ? "with all their flows"
		       : "without flows: nothing ran behind them any more");
	return 0;
}
