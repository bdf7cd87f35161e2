// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * conn_probe.c: the program that tells of connections (conn_probe.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "conn_probe.h"
#include "user/rtt/sockops.h"
#include "connections.skel.h"

struct conn_probe {
	struct connections_bpf *skel;
	struct bpf_link *link;
	struct ring_buffer *news;

	void (*each)(const struct ad_connection_news *news, void *arg);
	void *arg;
	size_t taken, max;
};

/* What stops the reading of news: no error. */
#define ENOUGH -EAGAIN

static int on_news(void *arg, void *data, size_t size)
{
	struct conn_probe *probe = arg;

	if (size >= sizeof(struct ad_connection_news))
		probe->each(data, probe->arg);
	return ++probe->taken < probe->max ? 0 : ENOUGH;
}

static int load(struct conn_probe *probe, const struct pins *pins)
{
	int err;

	probe->skel = connections_bpf__open();
	if (!probe->skel)
		return -errno;
	err = sockops_load(probe->skel->skeleton, &probe->skel->rodata->own_netns, pins->dir);
	if (err)
		return err;
	probe->news = ring_buffer__new(bpf_map__fd(probe->skel->maps.connection_news), on_news,
				       probe, NULL);
	return probe->news ? 0 : -errno;
}

static int open_at(struct conn_probe *probe, const struct pins *pins, int cgroup, char *why,
		   size_t size)
{
	int err = load(probe, pins);

	if (err) {
		snprintf(why, size, "the kernel refuses the program: %s", strerror(-err));
		return err;
	}
	err = sockops_attach(probe->skel->progs.connections, cgroup, &probe->link);
	if (err)
		snprintf(why, size, "cannot be attached to cgroup v2: %s", strerror(-err));
	return err;
}

int conn_probe_open(const struct pins *pins, struct conn_probe **out, char *why, size_t size)
{
	struct conn_probe *probe;
	int err, cgroup = sockops_cgroup(why, size);

	*out = NULL;
	if (cgroup < 0)
		return cgroup;
	probe = calloc(1, sizeof(*probe));
	err = probe ? open_at(probe, pins, cgroup, why, size) : -ENOMEM;
	close(cgroup);
	if (err)
		conn_probe_close(probe);
	else
		*out = probe;
	return err;
}

void conn_probe_close(struct conn_probe *probe)
{
	if (!probe)
		return;
	bpf_link__destroy(probe->link);
	ring_buffer__free(probe->news);
	connections_bpf__destroy(probe->skel);
	free(probe);
}

int conn_probe_fd(const struct conn_probe *probe)
{
	return ring_buffer__epoll_fd(probe->news);
}

int conn_probe_take(struct conn_probe *probe, size_t max,
		    void (*each)(const struct ad_connection_news *news, void *arg), void *arg)
{
	int err;

	probe->each = each;
	probe->arg = arg;
	probe->taken = 0;
	probe->max = max;
	err = ring_buffer__consume(probe->news);
	return err < 0 && err != ENOUGH ? err : (int)probe->taken;
}

__u64 conn_probe_lost(const struct conn_probe *probe)
{
	return sockops_lost(probe->skel->maps.connection_lost);
}
