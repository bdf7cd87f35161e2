// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * carry.c: copies counters and flows from maps whose geometry an upgrade has changed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "carry.h"
#include "carry_flows.h"
#include "user/state/bpffs.h"

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &len);
}

/* Entries that both maps have. A new metric starts at 0, and none goes backwards. */
static int carry_entries(int from, int to, const struct bpf_map_info *old,
			 const struct bpf_map_info *new)
{
	__u32 key, nr = old->max_entries < new->max_entries ? old->max_entries : new->max_entries;
	int err = 0, ncpus = libbpf_num_possible_cpus();
	void *values;

	if (ncpus < 0)
		return ncpus;
	values = calloc(ncpus, (old->value_size + 7) & ~7u);
	if (!values)
		return -ENOMEM;
	for (key = 0; !err && key < nr; key++) {
		err = bpf_map_lookup_elem(from, &key, values);
		err = err ?: bpf_map_update_elem(to, &key, values, BPF_ANY);
	}
	free(values);
	return err;
}

static int carry_map(int from, int to)
{
	struct bpf_map_info old, new;
	int err = map_info(from, &old);

	err = err ?: map_info(to, &new);
	if (err || old.id == new.id || old.type != new.type || old.value_size != new.value_size)
		return err;
	if (old.type != BPF_MAP_TYPE_PERCPU_ARRAY && old.type != BPF_MAP_TYPE_ARRAY)
		return 0;
	return carry_entries(from, to, &old, &new);
}

/* A map without one of the same name in @to is not copied. */
static int carry_named(const char *from, const char *to, const char *name)
{
	int err = 0, old = bpffs_get(from, name), new = bpffs_get(to, name);

	if (old >= 0 && new >= 0)
		err = carry_map(old, new);
	if (old >= 0)
		close(old);
	if (new >= 0)
		close(new);
	return err;
}

static bool is_another(const char *from, const char *to, const char *name)
{
	struct bpf_map_info old = {}, new = {};
	int a = bpffs_get(from, name), b = bpffs_get(to, name);
	bool differ =
		a >= 0 && b >= 0 && !map_info(a, &old) && !map_info(b, &new) && old.id != new.id;

	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return differ;
}

/*
 * Left out: programs, and the flow table, whose two maps must be copied together (carry_flows.h).
 */
static bool is_left_out(const char *name)
{
	return name[0] == '.' || !strncmp(name, "prog_", 5) || !strcmp(name, "flows") ||
	       !strcmp(name, "flow_tags");
}

static int carry_maps(const char *from, const char *to, struct config_errors *errors)
{
	struct dirent *entry;
	DIR *dir = opendir(from);
	int err = dir ? 0 : -errno;

	while (!err && (entry = readdir(dir))) {
		if (is_left_out(entry->d_name))
			continue;
		err = carry_named(from, to, entry->d_name);
		if (err)
			config_errors_add(errors, from, 0, "map %s cannot be carried over: %s",
					  entry->d_name, strerror(-err));
	}
	if (dir)
		closedir(dir);
	return err;
}

int carry_over(const struct pins *from, const char *to, const struct ad_keys *keys,
	       struct config_errors *errors)
{
	int err = carry_maps(from->dir, to, errors);

	if (err || !keys || !is_another(from->dir, to, "flows"))
		return err;
	err = carry_flows(from, to, keys);
	if (err)
		config_errors_add(errors, from->dir, 0, "the flow table cannot be carried over: %s",
				  strerror(-err));
	return err;
}
