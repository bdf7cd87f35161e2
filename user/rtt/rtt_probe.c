// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rtt_probe.c: the program that hears of connections (rtt_probe.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "rtt_probe.h"
#include "sockops.h"
#include "rtt.skel.h"

struct rtt_probe {
	struct rtt_bpf *skel;
	struct bpf_link *link;
};

/* --- loading ---------------------------------------------------------------------------------- */

static int load(struct rtt_probe *probe, const struct pins *pins)
{
	probe->skel = rtt_bpf__open();
	if (!probe->skel)
		return -errno;
	return sockops_load(probe->skel->skeleton, &probe->skel->rodata->own_netns, pins->dir);
}

static int refuse(struct rtt_probe *probe, struct ad_rtt_probe *state, const char *what, int err)
{
	state->state = AD_RTT_FAILED;
	snprintf(state->why, sizeof(state->why), "%s: %s", what, strerror(-err));
	rtt_probe_close(probe);
	return err;
}

static int open_at(struct rtt_probe *probe, const struct pins *pins, const struct config *config,
		   int cgroup, struct ad_rtt_probe *state)
{
	int err = load(probe, pins);

	if (err)
		return refuse(probe, state, "the kernel refuses the program", err);
	err = rtt_probe_use(probe, config);
	if (err)
		return refuse(probe, state, "addresses cannot be told to it", err);
	err = sockops_attach(probe->skel->progs.rtt, cgroup, &probe->link);
	return err ? refuse(probe, state, "cannot be attached to cgroup v2", err) : 0;
}

int rtt_probe_open(const struct pins *pins, const struct config *config, struct rtt_probe **out,
		   struct ad_rtt_probe *state)
{
	struct rtt_probe *probe = calloc(1, sizeof(*probe));
	int err, cgroup;

	*out = NULL;
	memset(state, 0, sizeof(*state));
	if (!probe)
		return refuse(probe, state, "memory", -ENOMEM);
	cgroup = sockops_cgroup(state->why, sizeof(state->why));
	if (cgroup < 0) {
		state->state = AD_RTT_FAILED;
		rtt_probe_close(probe);
		return cgroup;
	}
	err = open_at(probe, pins, config, cgroup, state);
	close(cgroup);
	if (err)
		return err;
	state->state = AD_RTT_MEASURES;
	*out = probe;
	return 0;
}

void rtt_probe_close(struct rtt_probe *probe)
{
	if (!probe)
		return;
	bpf_link__destroy(probe->link);
	rtt_bpf__destroy(probe->skel);
	free(probe);
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool is_wanted(const struct config *config, const struct ad_addr *addr)
{
	const struct config_pop *own = &config->pops[config->self->pop];
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (config->vips[i].tcp && !memcmp(&config->vips[i].address, addr, sizeof(*addr)))
			return true;
	for (i = 0; i < own->service.nr; i++)
		if (!memcmp(&own->service.list[i], addr, sizeof(*addr)))
			return true;
	return false;
}

static void remove_others(int fd, const struct config *config)
{
	struct ad_addr addr, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);
	size_t i;

	for (i = 0; more && i < AD_RTT_ADDRESSES; i++) {
		addr = next;
		more = !bpf_map_get_next_key(fd, &addr, &next);
		if (!is_wanted(config, &addr))
			bpf_map_delete_elem(fd, &addr);
	}
}

int rtt_probe_use(struct rtt_probe *probe, const struct config *config)
{
	const struct config_pop *own = &config->pops[config->self->pop];
	int fd = bpf_map__fd(probe->skel->maps.rtt_addresses);
	const __u32 one = 1;
	size_t i;

	remove_others(fd, config);
	for (i = 0; i < config->nr_vips; i++)
		if (config->vips[i].tcp &&
		    bpf_map_update_elem(fd, &config->vips[i].address, &one, BPF_ANY))
			return -errno;
	for (i = 0; i < own->service.nr; i++)
		if (bpf_map_update_elem(fd, &own->service.list[i], &one, BPF_ANY))
			return -errno;
	return 0;
}

/* --- counts ----------------------------------------------------------------------------------- */

int rtt_probe_take(struct rtt_probe *probe,
		   void (*each)(__u32 location, const struct ad_rtt_counts *counts, void *arg),
		   void *arg)
{
	int fd = bpf_map__fd(probe->skel->maps.rtt_counts);
	struct ad_rtt_counts counts;
	__u32 location, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);
	size_t i;

	for (i = 0; more && i < AD_RTT_LOCATIONS; i++) {
		location = next;
		more = !bpf_map_get_next_key(fd, &location, &next);
		if (bpf_map_lookup_and_delete_elem(fd, &location, &counts))
			return -errno;
		each(location, &counts, arg);
	}
	return 0;
}
