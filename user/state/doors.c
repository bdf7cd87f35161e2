// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doors.c: the part of an instance that outlives every upgrade.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "bpf_info.h"
#include "bpffs.h"
#include "doors.h"
#include "maps/dns.h"

#define IN_FLIGHT_US 10000

void doors_init(struct doors *doors)
{
	memset(doors, 0, sizeof(*doors));
	doors->door_xdp = doors->door_tc = doors->keeper = doors->attached = -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void doors_close(struct doors *doors)
{
	close_fd(&doors->door_xdp);
	close_fd(&doors->door_tc);
	close_fd(&doors->keeper);
	close_fd(&doors->attached);
}

static int make_map(struct doors *doors, int *fd, const char *name, enum bpf_map_type type,
		    __u32 value_size, __u32 entries)
{
	if (*fd < 0)
		*fd = bpf_map_create(type, name, sizeof(__u32), value_size, entries, NULL);
	return *fd < 0 ? *fd : bpffs_pin(*fd, doors->dir, name, doors->gid);
}

static int make_xdp_table(struct doors *doors)
{
	return make_map(doors, &doors->door_xdp, "door_xdp", BPF_MAP_TYPE_PROG_ARRAY, sizeof(__u32),
			AD_DOOR_XDP_MAX);
}

int doors_renew_xdp(struct doors *doors)
{
	int err = bpffs_unpin(doors->dir, "door_xdp");

	close_fd(&doors->door_xdp);
	return err ?: make_xdp_table(doors);
}

/* Unknown is not the same as 0. */
static int write_first(const struct doors *doors)
{
	struct ad_keeper keeper = { .netns = instance_netns() };
	size_t i;

	for (i = 0; i < sizeof(keeper.before) / sizeof(keeper.before[0]); i++)
		keeper.before[i] = AD_SYSCTL_UNTOUCHED;
	return doors_write(doors, &keeper);
}

/* A map that is left of an instance has more than a new one. */
static int make_keeper(struct doors *doors, const char *left)
{
	bool found;
	int err;

	doors->keeper = bpffs_get_map(left, "keeper", sizeof(struct ad_keeper));
	found = doors->keeper >= 0;
	err = make_map(doors, &doors->keeper, "keeper", BPF_MAP_TYPE_ARRAY,
		       sizeof(struct ad_keeper), 1);
	if (!err && !found)
		err = write_first(doors);
	doors->attached = bpffs_get_map(left, "attached", sizeof(struct ad_attached));
	return err
		       ?: make_map(doors, &doors->attached, "attached", BPF_MAP_TYPE_HASH,
				   sizeof(struct ad_attached), AD_INTERFACE_MAX);
}

int doors_make_on(struct doors *doors, const struct instance *instance, int door_xdp, int door_tc,
		  struct config_errors *errors)
{
	int err;

	doors_init(doors);
	snprintf(doors->dir, sizeof(doors->dir), "%s", instance->fresh);
	doors->gid = instance->gid;
	doors->door_xdp = door_xdp;
	doors->door_tc = door_tc;
	err = make_xdp_table(doors);
	err = err
		      ?: make_map(doors, &doors->door_tc, "door_tc", BPF_MAP_TYPE_PROG_ARRAY,
				  sizeof(__u32), AD_DOOR_TC_MAX);
	err = err ?: make_keeper(doors, instance->dir);
	if (!err)
		return 0;
	config_errors_add(errors, doors->dir, 0, "the doors' maps cannot be made: %s%s",
			  strerror(-err), err == -EPERM ? "; is this run as root?" : "");
	doors_close(doors);
	return err;
}

int doors_make(struct doors *doors, const struct instance *instance, struct config_errors *errors)
{
	return doors_make_on(doors, instance, -1, -1, errors);
}

static int open_one(const struct doors *doors, int *fd, const char *name, size_t size,
		    struct config_errors *errors)
{
	*fd = bpffs_get_map(doors->dir, name, size);
	if (*fd >= 0)
		return 0;
	config_errors_add(errors, doors->dir, 0, "map %s cannot be opened: %s", name,
			  strerror(-*fd));
	return *fd;
}

int doors_open(struct doors *doors, const char *dir, const struct instance *instance,
	       struct config_errors *errors)
{
	int err;

	doors_init(doors);
	snprintf(doors->dir, sizeof(doors->dir), "%s", dir);
	doors->gid = instance->gid;
	err = open_one(doors, &doors->door_xdp, "door_xdp", sizeof(__u32), errors);
	err = err ?: open_one(doors, &doors->door_tc, "door_tc", sizeof(__u32), errors);
	err = err ?: open_one(doors, &doors->keeper, "keeper", sizeof(struct ad_keeper), errors);
	err = err
		      ?: open_one(doors, &doors->attached, "attached", sizeof(struct ad_attached),
				  errors);
	if (err)
		doors_close(doors);
	return err;
}

int doors_pin(const struct doors *doors, const char *dir)
{
	int err = bpffs_pin(doors->door_xdp, dir, "door_xdp", doors->gid);

	err = err ?: bpffs_pin(doors->door_tc, dir, "door_tc", doors->gid);
	err = err ?: bpffs_pin(doors->keeper, dir, "keeper", doors->gid);
	return err ?: bpffs_pin(doors->attached, dir, "attached", doors->gid);
}

int doors_read(const struct doors *doors, struct ad_keeper *keeper)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(doors->keeper, &zero, keeper);
}

int doors_write(const struct doors *doors, const struct ad_keeper *keeper)
{
	__u32 zero = 0;

	return bpf_map_update_elem(doors->keeper, &zero, keeper, BPF_ANY);
}

int doors_open_object(const struct doors *doors, struct door_bpf **door)
{
	int err;

	*door = door_bpf__open();
	if (!*door)
		return -errno;
	err = bpf_map__reuse_fd((*door)->maps.door_xdp, doors->door_xdp);
	err = err ?: bpf_map__reuse_fd((*door)->maps.door_tc, doors->door_tc);
	if (err) {
		door_bpf__destroy(*door);
		*door = NULL;
	}
	return err;
}

static __u32 get_entry(int table, __u32 entry)
{
	__u32 id = 0;

	return bpf_map_lookup_elem(table, &entry, &id) ? 0 : id;
}

static int fill_entry(int table, __u32 entry, const char *dir, const char *program)
{
	int err, fd = bpffs_get(dir, program);

	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(table, &entry, &fd, BPF_ANY);
	close(fd);
	return err;
}

/*
 * Puts `dns_copied` in the entry that only programs of its own format jump to (maps/dns.h). False:
 * the program in @dir has another format, and stays where it was.
 */
static bool fill_copied(const struct doors *doors, const char *dir, int *err)
{
	if (!bpffs_exists(dir, AD_DNS_LIVE_NAME))
		return false;
	*err = fill_entry(doors->door_xdp, AD_DOOR_DNS_COPIED, dir, "prog_dns_copied");
	return true;
}

/*
 * No program jumps to the program of the other format any more, and it would keep an image in
 * memory. Queries that its `dns` has begun are finished by then; if one is not, the daemon answers
 * it.
 */
static void empty_copied(const struct doors *doors, __u32 format)
{
	__u32 entry = AD_DOOR_DNS_COPIED_OF(format);

	if (!get_entry(doors->door_xdp, entry))
		return;
	usleep(IN_FLIGHT_US);
	bpf_map_delete_elem(doors->door_xdp, &entry);
}

/* `packet` last: the others are ready when it jumps to them. */
int doors_fill(const struct doors *doors, const char *dir, struct config_errors *errors)
{
	int err = 0;
	bool ours = fill_copied(doors, dir, &err);

	err = err ?: fill_entry(doors->door_xdp, AD_DOOR_DNS, dir, "prog_dns");
	err = err ?: fill_entry(doors->door_tc, AD_DOOR_EGRESS, dir, "prog_egress");
	err = err ?: fill_entry(doors->door_xdp, AD_DOOR_PACKET, dir, "prog_packet");
	if (!err)
		empty_copied(doors, AD_DNS_FORMAT + ours);
	else
		config_errors_add(errors, dir, 0, "a program cannot be put behind the door: %s",
				  strerror(-err));
	return err;
}

bool doors_own(const struct doors *doors, __u32 program_id)
{
	__u32 xdp = bpf_info_id(doors->door_xdp), tc = bpf_info_id(doors->door_tc);
	__u32 ids[BPF_INFO_MAPS_MAX] = {};
	char name[BPF_OBJ_NAME_LEN];
	int i, nr = bpf_info_maps_of(program_id, ids, name);
	bool ours = false;

	for (i = 0; i < nr; i++)
		ours = ours || ids[i] == xdp || ids[i] == tc;
	return ours;
}

static bool is_table(__u32 id, const char *name, __u32 entries)
{
	struct bpf_map_info info;

	return !bpf_info_map(id, &info) && info.type == BPF_MAP_TYPE_PROG_ARRAY &&
	       info.max_entries == entries && !strcmp(info.name, name);
}

static __u32 table_of(__u32 program_id, const char *program, const char *table, __u32 entries)
{
	__u32 ids[BPF_INFO_MAPS_MAX] = {};
	char name[BPF_OBJ_NAME_LEN];
	int i, nr = bpf_info_maps_of(program_id, ids, name);

	for (i = 0; i < nr && !strcmp(name, program); i++)
		if (is_table(ids[i], table, entries))
			return ids[i];
	return 0;
}

__u32 doors_table_of_xdp(__u32 program_id)
{
	return table_of(program_id, "anydoor", "door_xdp", AD_DOOR_XDP_MAX);
}

__u32 doors_table_of_tc(__u32 program_id)
{
	return table_of(program_id, "anydoor_out", "door_tc", AD_DOOR_TC_MAX);
}

__u32 doors_get_xdp(const struct doors *doors, enum ad_door_xdp entry)
{
	return get_entry(doors->door_xdp, entry);
}

__u32 doors_get_tc(const struct doors *doors, enum ad_door_tc entry)
{
	return get_entry(doors->door_tc, entry);
}
