// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * conn_seen.c: what is counted of connections, in pinned maps (conn_seen.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "conn_seen.h"
#include "user/base/addr.h"

static int compare(const void *a, const void *b)
{
	const struct ad_connection_key *x = a, *y = b;

	return addr_compare(&x->vip, &y->vip)
		       ?: (int)x->port - (int)y->port
				  ?: strcmp(x->region, y->region)
					     ?: (int)x->landing - (int)y->landing;
}

static int read_all(int fd, struct conn_seen **list, size_t *nr)
{
	struct ad_connection_key *at = NULL, key;
	struct conn_seen *one;

	*list = calloc(AD_CONNECTIONS_MAX, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	/* Bounded: keys may come and go meanwhile. */
	while (*nr < AD_CONNECTIONS_MAX && !bpf_map_get_next_key(fd, at, &key)) {
		one = &(*list)[*nr];
		one->key = key;
		*nr += !bpf_map_lookup_elem(fd, &key, &one->counts);
		one->key.region[sizeof(one->key.region) - 1] = '\0';
		at = &key;
	}
	return 0;
}

int conn_seen_read(const struct pins *pins, struct conn_seen **list, size_t *nr)
{
	int err, fd = pins_map(pins, "connection_counts", false);

	*list = NULL;
	*nr = 0;
	if (fd < 0) /* what is loaded is older than that */
		return fd == -ENOENT ? 0 : fd;
	err = read_all(fd, list, nr);
	close(fd);
	if (*nr)
		qsort(*list, *nr, sizeof(**list), compare);
	return err;
}

int conn_seen_open(const struct pins *pins)
{
	return pins_map(pins, "connection_counts", true);
}

int conn_seen_write(int fd, const struct conn_seen *one)
{
	return bpf_map_update_elem(fd, &one->key, &one->counts, BPF_ANY) ? -errno : 0;
}

int conn_seen_remove(int fd, const struct ad_connection_key *key)
{
	return bpf_map_delete_elem(fd, key) ? -errno : 0;
}

/* --- whether the kernel tells of them --------------------------------------------------------- */

int conn_state_read(const struct pins *pins, struct ad_connection_state *state)
{
	int err = pins_read_record(pins, "connection_state", state, sizeof(*state));

	state->why[sizeof(state->why) - 1] = '\0';
	state->log_why[sizeof(state->log_why) - 1] = '\0';
	return err;
}

int conn_state_write(const struct pins *pins, const struct ad_connection_state *state)
{
	return pins_write_one(pins, "connection_state", state, sizeof(*state));
}
