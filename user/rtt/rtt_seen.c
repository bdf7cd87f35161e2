// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rtt_seen.c: round-trip times in pinned maps (rtt_seen.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "rtt_book.h"
#include "rtt_seen.h"
#include "user/base/clock.h"

/* --- reading ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct rtt_seen *x = a, *y = b;

	return strcmp(x->key.policy, y->key.policy)
		       ?: strcmp(x->key.region, y->key.region)
				  ?: (int)x->seen.rank - (int)y->seen.rank
					     ?: strcmp(x->key.pop, y->key.pop);
}

static bool take(int fd, struct rtt_seen *one)
{
	if (bpf_map_lookup_elem(fd, &one->key, &one->seen))
		return false;
	one->key.policy[sizeof(one->key.policy) - 1] = '\0';
	one->key.region[sizeof(one->key.region) - 1] = '\0';
	one->key.pop[sizeof(one->key.pop) - 1] = '\0';
	if (one->seen.rank > AD_STEER_POPS_MAX)
		one->seen.rank = 0;
	return true;
}

static int read_all(int fd, struct rtt_seen **list, size_t *nr)
{
	struct ad_rtt_key *at = NULL, key;
	struct rtt_seen *grown;
	size_t room = 0;

	/* Bounded: keys may come and go meanwhile. */
	while (*nr < AD_RTT_SEEN_MAX && !bpf_map_get_next_key(fd, at, &key)) {
		if (*nr == room) {
			room = room ? 2 * room : 64;
			grown = reallocarray(*list, room, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			*list = grown;
		}
		(*list)[*nr].key = key;
		*nr += take(fd, &(*list)[*nr]);
		at = &key;
	}
	return 0;
}

int rtt_seen_read(const struct pins *pins, struct rtt_seen **list, size_t *nr)
{
	int err, fd = pins_map(pins, "rtt_seen", false);

	*list = NULL;
	*nr = 0;
	if (fd < 0) /* what is loaded is older than that */
		return fd == -ENOENT ? 0 : fd;
	err = read_all(fd, list, nr);
	close(fd);
	if (err) {
		free(*list);
		*list = NULL;
		*nr = 0;
		return err;
	}
	if (*nr)
		qsort(*list, *nr, sizeof(**list), compare);
	return 0;
}

int rtt_seen_ranks(const struct pins *pins, struct steer_ranks *ranks)
{
	struct rtt_seen *list;
	size_t nr, i;
	int err = rtt_seen_read(pins, &list, &nr);

	memset(ranks, 0, sizeof(*ranks));
	for (i = 0; !err && i < nr; i++)
		if (list[i].seen.rank)
			err = steer_ranks_add(ranks, list[i].key.policy, list[i].key.region,
					      list[i].key.pop);
	free(list);
	if (err)
		steer_ranks_free(ranks);
	else
		steer_ranks_sort(ranks);
	return err;
}

int rtt_seen_ranks_of(const char *bpffs, const char *instance, struct steer_ranks *ranks)
{
	struct pins pins;
	int err = pins_open(&pins, bpffs, instance);

	memset(ranks, 0, sizeof(*ranks));
	if (err)
		return err == -ENOENT ? 0 : err;
	return rtt_seen_ranks(&pins, ranks);
}

/* --- writing ---------------------------------------------------------------------------------- */

struct writing {
	int fd;
	__u32 number;
};

static int write_one(const struct ad_rtt_key *key, const struct ad_rtt_seen *seen, void *arg)
{
	const struct writing *writing = arg;
	struct ad_rtt_seen marked = *seen;

	marked.written = writing->number;
	return bpf_map_update_elem(writing->fd, key, &marked, BPF_ANY) ? -errno : 0;
}

/* What was not written now is no rule or POP any more. */
static void forget_others(const struct writing *writing)
{
	struct ad_rtt_key key, next;
	struct ad_rtt_seen seen;
	bool more = !bpf_map_get_next_key(writing->fd, NULL, &next);
	size_t i;

	for (i = 0; more && i < AD_RTT_SEEN_MAX; i++) {
		key = next;
		more = !bpf_map_get_next_key(writing->fd, &key, &next);
		if (!bpf_map_lookup_elem(writing->fd, &key, &seen) &&
		    seen.written != writing->number)
			bpf_map_delete_elem(writing->fd, &key);
	}
}

int rtt_seen_write(const struct pins *pins, const struct rtt_book *book, __u64 now_real_s)
{
	struct writing writing = { pins_map(pins, "rtt_seen", true), clock_mono_us() };
	int err = 0;

	if (writing.fd < 0)
		return writing.fd;
	if (book)
		err = rtt_book_each(book, now_real_s, write_one, &writing);
	if (!err)
		forget_others(&writing);
	close(writing.fd);
	return err;
}

/* --- the kernel's part ------------------------------------------------------------------------ */

int rtt_probe_read(const struct pins *pins, struct ad_rtt_probe *probe)
{
	int err = pins_read_record(pins, "rtt_probe", probe, sizeof(*probe));

	probe->why[sizeof(probe->why) - 1] = '\0';
	return err;
}

int rtt_probe_write(const struct pins *pins, const struct ad_rtt_probe *probe)
{
	return pins_write_one(pins, "rtt_probe", probe, sizeof(*probe));
}
