/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance_fixture.h: the maps of an instance, made and pinned without a data path behind them,
 * for tests of what reads them.
 */
#ifndef INSTANCE_FIXTURE_H
#define INSTANCE_FIXTURE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/magic.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "maps/dns.h"
#include "maps/dns_rules.h"
#include "maps/keeper.h"
#include "maps/reasons.h"
#include "maps/types.h"
#include "user/base/addr.h"
#include "user/state/pins.h"

#define FIXTURE_NODES 16

struct fixture {
	char bpffs[64]; /* the instance is <bpffs>/test */
	struct pins pins;
	size_t nr_buckets;
	struct ad_flow_bucket *buckets;
	struct ad_flow *entries;
};

static const char *const fixture_maps[] = { "meta",
					    "state",
					    "locals",
					    "nodes",
					    "reasons",
					    "peers",
					    "flow_tags",
					    "flows",
					    "flow_stats",
					    "hunt_stats",
					    "unstamped",
					    "keeper",
					    "attached",
					    "door_xdp",
					    "door_tc",
					    "dns_counts",
					    "dns_daemon",
					    "dns_guarded",
					    "dns_guarded_daemon",
					    "dns_zone_info",
					    "dns_zone_hits",
					    "dns_zone_daemon" };

static inline int fixture_map(struct fixture *fixture, enum bpf_map_type type, const char *name,
			      __u32 key_size, __u32 value_size, __u32 nr)
{
	bool maps_whole = !strcmp(name, "flow_tags") || !strcmp(name, "flows");
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = maps_whole ? BPF_F_MMAPABLE : 0);
	char path[sizeof(fixture->pins.dir) + 32];
	int fd = bpf_map_create(type, name, key_size, value_size, nr, &opts);

	snprintf(path, sizeof(path), "%s/%s", fixture->pins.dir, name);
	if (fd < 0 || bpf_obj_pin(fd, path)) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

static inline void *fixture_mmap(int fd, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static inline void fixture_array(struct fixture *fixture, const char *name, __u32 size, __u32 nr)
{
	close(fixture_map(fixture, BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), size, nr));
}

static inline void fixture_percpu(struct fixture *fixture, const char *name, __u32 size, __u32 nr)
{
	close(fixture_map(fixture, BPF_MAP_TYPE_PERCPU_ARRAY, name, sizeof(__u32), size, nr));
}

/* What reading commands open, with room for a few zones. */
static inline void fixture_dns(struct fixture *fixture)
{
	fixture_percpu(fixture, "dns_counts", sizeof(struct ad_dns_count), 1);
	fixture_array(fixture, "dns_daemon", sizeof(struct ad_dns_daemon), 1);
	fixture_percpu(fixture, "dns_guarded", sizeof(struct ad_dns_rule_counts), 1);
	fixture_array(fixture, "dns_guarded_daemon", sizeof(struct ad_dns_rule_counts), 1);
	fixture_percpu(fixture, "dns_zone_hits", sizeof(__u64), 16);
	fixture_array(fixture, "dns_zone_daemon", sizeof(__u64), 16);
	close(fixture_map(fixture, BPF_MAP_TYPE_HASH, "dns_zone_info", sizeof(__u32),
			  sizeof(struct ad_dns_zone_info), 16));
}

static inline bool fixture_has_bpffs(void)
{
	struct statfs fs;

	if (!statfs("/sys/fs/bpf", &fs) && fs.f_type == BPF_FS_MAGIC)
		return true;
	return !mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL);
}

/* false: not root, or no bpffs; the caller skips. */
static inline bool fixture_new(struct fixture *fixture, size_t nr_buckets)
{
	memset(fixture, 0, sizeof(*fixture));
	if (geteuid() || !fixture_has_bpffs())
		return false;
	snprintf(fixture->bpffs, sizeof(fixture->bpffs), "/sys/fs/bpf/unit-%d", getpid());
	snprintf(fixture->pins.dir, sizeof(fixture->pins.dir), "%s/test", fixture->bpffs);
	fixture->pins.ncpus = libbpf_num_possible_cpus();
	if (mkdir(fixture->bpffs, 0755) || mkdir(fixture->pins.dir, 0755))
		return false;
	fixture_array(fixture, "meta", sizeof(struct ad_meta), 1);
	fixture_array(fixture, "state", sizeof(struct ad_state), 1);
	fixture_array(fixture, "nodes", sizeof(struct ad_node), FIXTURE_NODES);
	fixture_percpu(fixture, "reasons", sizeof(struct ad_count), AD_REASON_MAX);
	fixture_percpu(fixture, "peers", sizeof(struct ad_peer_count), FIXTURE_NODES);
	fixture_percpu(fixture, "flow_stats", sizeof(struct ad_flow_stats), 1);
	fixture_percpu(fixture, "hunt_stats", sizeof(struct ad_hunt_stats), 1);
	close(fixture_map(fixture, BPF_MAP_TYPE_HASH, "locals", sizeof(struct ad_addr),
			  sizeof(struct ad_local), 16));
	close(fixture_map(fixture, BPF_MAP_TYPE_HASH, "unstamped", sizeof(struct ad_tuple),
			  sizeof(__u32), 16));
	fixture_array(fixture, "keeper", sizeof(struct ad_keeper), 1);
	close(fixture_map(fixture, BPF_MAP_TYPE_PROG_ARRAY, "door_xdp", sizeof(__u32),
			  sizeof(__u32), AD_DOOR_XDP_MAX));
	close(fixture_map(fixture, BPF_MAP_TYPE_PROG_ARRAY, "door_tc", sizeof(__u32), sizeof(__u32),
			  AD_DOOR_TC_MAX));
	close(fixture_map(fixture, BPF_MAP_TYPE_HASH, "attached", sizeof(__u32),
			  sizeof(struct ad_attached), AD_INTERFACE_MAX));
	fixture_dns(fixture);
	fixture->nr_buckets = nr_buckets;
	fixture->buckets =
		fixture_mmap(fixture_map(fixture, BPF_MAP_TYPE_ARRAY, "flow_tags", sizeof(__u32),
					 sizeof(*fixture->buckets), nr_buckets),
			     nr_buckets * sizeof(*fixture->buckets));
	fixture->entries =
		fixture_mmap(fixture_map(fixture, BPF_MAP_TYPE_ARRAY, "flows", sizeof(__u32),
					 sizeof(*fixture->entries), nr_buckets * AD_FLOW_SLOTS),
			     nr_buckets * AD_FLOW_SLOTS * sizeof(*fixture->entries));
	return fixture->buckets && fixture->entries;
}

static inline void fixture_free(struct fixture *fixture)
{
	char path[sizeof(fixture->pins.dir) + 32];

	for (size_t i = 0; i < sizeof(fixture_maps) / sizeof(*fixture_maps); i++) {
		snprintf(path, sizeof(path), "%s/%s", fixture->pins.dir, fixture_maps[i]);
		unlink(path);
	}
	rmdir(fixture->pins.dir);
	rmdir(fixture->bpffs);
	munmap(fixture->buckets, fixture->nr_buckets * sizeof(*fixture->buckets));
	munmap(fixture->entries, fixture->nr_buckets * AD_FLOW_SLOTS * sizeof(*fixture->entries));
}

static inline void fixture_chmod(struct fixture *fixture, mode_t mode)
{
	char path[sizeof(fixture->pins.dir) + 32];

	for (size_t i = 0; i < sizeof(fixture_maps) / sizeof(*fixture_maps); i++) {
		snprintf(path, sizeof(path), "%s/%s", fixture->pins.dir, fixture_maps[i]);
		chmod(path, mode);
	}
}

/* Writes one element; @key is a __u32 or a struct ad_addr. */
static inline void fixture_put(struct fixture *fixture, const char *name, const void *key,
			       const void *value)
{
	int fd = pins_map(&fixture->pins, name, true);

	if (fd < 0 || bpf_map_update_elem(fd, key, value, BPF_ANY)) {
		printf("Bail out! %s: %s\n", name, strerror(errno));
		exit(1);
	}
	close(fd);
}

/* Writes @value, @size bytes of counters, as CPU @cpu's share and nothing for the others. */
static inline void fixture_put_percpu(struct fixture *fixture, const char *name, __u32 key, int cpu,
				      const void *value, size_t size)
{
	char *values = calloc(fixture->pins.ncpus, size);

	memcpy(values + cpu % fixture->pins.ncpus * size, value, size);
	fixture_put(fixture, name, &key, values);
	free(values);
}

static inline void fixture_vip(struct fixture *fixture, const char *text, __u16 vip)
{
	struct ad_local local = { .vip = vip, .flags = AD_LOCAL_VIP_TCP };
	struct ad_addr addr;

	addr_parse(text, &addr);
	fixture_put(fixture, "locals", &addr, &local);
}

static inline void fixture_node(struct fixture *fixture, __u32 id, const char *tunnel, __u32 flags)
{
	struct ad_node node = { .flags = flags };

	addr_parse(tunnel, &node.tunnel);
	fixture_put(fixture, "nodes", &id, &node);
}

/* An entry as the data path would write it, in slot @index of the whole table. */
static inline struct ad_flow *fixture_flow(struct fixture *fixture, size_t index, __u8 kind,
					   __u16 owner)
{
	struct ad_flow *flow = &fixture->entries[index];
	struct ad_flow_slot *slot =
		&fixture->buckets[index / AD_FLOW_SLOTS].slots[index % AD_FLOW_SLOTS];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	addr_parse("198.51.100.0", &flow->client);
	flow->client.w[3] = htonl(ntohl(flow->client.w[3]) + index % 65536);
	flow->client_port = htons(1024 + index % 60000);
	flow->vip_port = htons(80);
	flow->owner = owner;
	flow->kind = kind;
	flow->flags = AD_FLOW_STAMPED;
	flow->first_s = now.tv_sec - 60;
	flow->last_s = now.tv_sec - 5;
	flow->rx_packets = 10 + index;
	flow->rx_bytes = 1000 + index;
	flow->tx_packets = 20;
	flow->tx_bytes = 20000;
	slot->tag = index + 1;
	slot->kind = kind;
	slot->last_s = flow->last_s;
	return flow;
}

#endif
