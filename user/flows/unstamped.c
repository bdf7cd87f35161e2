// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * unstamped.c: the list of sockets that must not be stamped, for the daemon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "unstamped.h"
#include "user/base/clock.h"

/*
 * A socket that changes its state may be missing in the dump; one that sent within this time counts
 * as alive.
 */
#define SILENT_S 60

int unstamped_add(const struct datapath *dp, const struct ad_tuple *tuple)
{
	__u32 now = clock_mono_s();
	int err;

	__atomic_fetch_add(&dp->state_at->unstamped, 1, __ATOMIC_SEQ_CST);
	err = bpf_map_update_elem(dp->unstamped, tuple, &now, BPF_NOEXIST);
	if (!err)
		return 1;
	__atomic_fetch_sub(&dp->state_at->unstamped, 1, __ATOMIC_SEQ_CST);
	return err == -EEXIST ? 0 : err;
}

const char *unstamped_error(int err)
{
	return err == -E2BIG ? "more than the list holds (AD_UNSTAMPED_MAX)" : strerror(-err);
}

bool unstamped_has(const struct datapath *dp, const struct ad_tuple *tuple)
{
	__u32 last;

	return !bpf_map_lookup_elem(dp->unstamped, tuple, &last);
}

struct note {
	const struct datapath *dp;
	int nr;
};

static int note_one(const struct socket_entry *socket, void *arg)
{
	struct note *note = arg;
	int added = unstamped_add(note->dp, &socket->tuple);

	if (added > 0)
		note->nr++;
	return added < 0 ? added : 0;
}

int unstamped_note_all(const struct datapath *dp, const struct vip_set *vips)
{
	struct note note = { .dp = dp };
	int err = sockets_each(SOCKETS_ALL, vips, note_one, &note);

	return err ?: note.nr;
}

static int count_one(const struct socket_entry *socket, void *arg)
{
	struct note *note = arg;

	if (socket->info.timestamps && !unstamped_has(note->dp, &socket->tuple))
		note->nr++;
	return 0;
}

int unstamped_count_stamped(const struct datapath *dp, const struct vip_set *vips)
{
	struct note note = { .dp = dp };
	int err = sockets_each(SOCKETS_LIVE, vips, count_one, &note);

	return err ?: note.nr;
}

/* Tuples that egress has not seen for a while: they may be removed. */
struct silent {
	struct ad_tuple *list;
	bool *alive;
	size_t nr;
};

static int by_tuple(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ad_tuple));
}

static int collect_silent(const struct datapath *dp, __u32 now, struct silent *silent)
{
	struct ad_tuple key, *prev = NULL;
	size_t room = 0;
	__u32 last;
	int err;

	while (!(err = bpf_map_get_next_key(dp->unstamped, prev, &key))) {
		prev = &key;
		if (bpf_map_lookup_elem(dp->unstamped, &key, &last) || now - last < SILENT_S)
			continue;
		if (silent->nr == room) {
			struct ad_tuple *list;

			room = room ? 2 * room : 1024;
			list = reallocarray(silent->list, room, sizeof(*list));
			if (!list)
				return -ENOMEM;
			silent->list = list;
		}
		silent->list[silent->nr++] = key;
	}
	if (silent->nr)
		qsort(silent->list, silent->nr, sizeof(*silent->list), by_tuple);
	return err == -ENOENT ? 0 : err;
}

static int mark_alive(const struct socket_entry *socket, void *arg)
{
	struct silent *silent = arg;
	struct ad_tuple *found =
		bsearch(&socket->tuple, silent->list, silent->nr, sizeof(*silent->list), by_tuple);

	if (found)
		silent->alive[found - silent->list] = true;
	return 0;
}

/* Egress may have seen it since the list was read: then it is alive. */
static int forget_dead(const struct datapath *dp, __u32 now, const struct silent *silent)
{
	int forgotten = 0;
	__u32 last;
	size_t i;

	for (i = 0; i < silent->nr; i++) {
		if (silent->alive[i] ||
		    bpf_map_lookup_elem(dp->unstamped, &silent->list[i], &last) ||
		    now - last < SILENT_S || bpf_map_delete_elem(dp->unstamped, &silent->list[i]))
			continue;
		__atomic_fetch_sub(&dp->state_at->unstamped, 1, __ATOMIC_SEQ_CST);
		forgotten++;
	}
	return forgotten;
}

int unstamped_age(const struct datapath *dp, const struct vip_set *vips)
{
	struct silent silent = {};
	__u32 now = clock_mono_s();
	int err = collect_silent(dp, now, &silent);

	if (!err && silent.nr) {
		silent.alive = calloc(silent.nr, sizeof(*silent.alive));
		err = silent.alive ? 0 : -ENOMEM;
	}
	if (!err && silent.nr)
		err = sockets_each(SOCKETS_ALL, vips, mark_alive, &silent);
	if (!err)
		err = forget_dead(dp, now, &silent);
	free(silent.alive);
	free(silent.list);
	return err;
}
