// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * carry.c: what an upgrade takes along from maps whose geometry changed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bpffs.h"
#include "carry.h"

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &len);
}

/* Entries that both have; a metric that is new starts at zero, none runs backwards. */
static int carry_counters(int from, int to, const struct bpf_map_info *old,
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
	return old.type == BPF_MAP_TYPE_PERCPU_ARRAY ? carry_counters(from, to, &old, &new) : 0;
}

static int carry_named(const char *from, const char *to, const char *name)
{
	int err = 0, old, new = bpffs_get(to, name);

	if (new < 0)
		return 0; /* left behind with its version */
	old = bpffs_get(from, name);
	if (old >= 0)
		err = carry_map(old, new);
	if (old >= 0)
		close(old);
	close(new);
	return err;
}

int carry_over(const char *from, const char *to, const struct ad_keys *keys,
	       struct config_errors *errors)
{
	struct dirent *entry;
	DIR *dir = opendir(from);
	int err = dir ? 0 : -errno;

	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !strncmp(entry->d_name, "prog_", 5))
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
