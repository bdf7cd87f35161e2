// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * datapath.c: descriptors of the pinned maps that the loader writes, and the state in place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bpffs.h"
#include "datapath.h"
#include "maps/reasons.h"

void datapath_init(struct datapath *dp)
{
#define X(name, type) dp->name = -1;
	DATAPATH_MAPS(X)
#undef X
	dp->state_at = NULL;
}

static int open_map(int *fd, const char *name, size_t size, const char *dir,
		    struct config_errors *errors)
{
	*fd = bpffs_get_map(dir, name, size);
	if (*fd >= 0)
		return 0;
	config_errors_add(errors, dir, 0, "map %s cannot be opened: %s", name, strerror(-*fd));
	return *fd;
}

int state_map(int fd, struct ad_state **state)
{
	void *at = mmap(NULL, sizeof(**state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*state = at;
	return 0;
}

static int map_state(struct datapath *dp, const char *dir, struct config_errors *errors)
{
	int err = state_map(dp->state, &dp->state_at);

	if (err)
		config_errors_add(errors, dir, 0, "map state cannot be mapped: %s", strerror(-err));
	return err;
}

int datapath_open(struct datapath *dp, const char *dir, struct config_errors *errors)
{
	int err = 0;

	datapath_init(dp);
#define X(name, type) err = err ?: open_map(&dp->name, #name, sizeof(type), dir, errors);
	DATAPATH_MAPS(X)
#undef X
	err = err ?: map_state(dp, dir, errors);
	if (err)
		datapath_close(dp);
	return err;
}

void datapath_close(struct datapath *dp)
{
	if (dp->state_at)
		munmap(dp->state_at, sizeof(*dp->state_at));
#define X(name, type)                                                                              \
	if (dp->name >= 0)                                                                         \
		close(dp->name);
	DATAPATH_MAPS(X)
#undef X
	datapath_init(dp);
}

int datapath_read_meta(const struct datapath *dp, struct ad_meta *meta)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(dp->meta, &zero, meta);
}

int datapath_write_meta(const struct datapath *dp, const struct ad_meta *meta)
{
	__u32 zero = 0;

	return bpf_map_update_elem(dp->meta, &zero, meta, BPF_ANY);
}

__u64 datapath_reason(const struct datapath *dp, __u32 reason)
{
	int i, ncpus = libbpf_num_possible_cpus();
	struct ad_count *counts;
	__u64 sum = 0;

	counts = ncpus > 0 ? calloc(ncpus, sizeof(*counts)) : NULL;
	if (counts && !bpf_map_lookup_elem(dp->reasons, &reason, counts))
		for (i = 0; i < ncpus; i++)
			sum += counts[i].packets;
	free(counts);
	return sum;
}

void state_set_flag(struct ad_state *state, __u32 flag)
{
	__atomic_fetch_or(&state->flags, flag, __ATOMIC_SEQ_CST);
}

void state_clear_flag(struct ad_state *state, __u32 flag)
{
	__atomic_fetch_and(&state->flags, ~flag, __ATOMIC_SEQ_CST);
}

bool state_has_flag(const struct ad_state *state, __u32 flag)
{
	return __atomic_load_n(&state->flags, __ATOMIC_SEQ_CST) & flag;
}

void state_set_kept(struct ad_state *state, __u32 kept)
{
	__atomic_store_n(&state->kept, kept, __ATOMIC_SEQ_CST);
}

void state_set_successors(struct ad_state *state, const __u16 *ids, size_t nr)
{
	size_t i;

	__atomic_store_n(&state->nr_successors, 0, __ATOMIC_SEQ_CST);
	for (i = 0; i < nr && i < AD_SUCCESSOR_MAX; i++)
		__atomic_store_n(&state->successors[i], ids[i], __ATOMIC_RELAXED);
	__atomic_store_n(&state->nr_successors, i, __ATOMIC_SEQ_CST);
}
