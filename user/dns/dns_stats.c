// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_stats.c: what DNS has answered, from pinned maps (dns_stats.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dns_stats.h"
#include "maps/dns.h"
#include "maps/dns_proto.h"
#include "user/state/pins.h"
#include "user/zone/zone_rdata.h"

/* Nothing but numbers of 64 bits. */
static void add_count(struct ad_dns_count *sum, const struct ad_dns_count *one)
{
	const __u64 *from = (const __u64 *)one;
	__u64 *to = (__u64 *)sum;
	size_t i;

	for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static int read_kernel(const struct pins *pins, struct ad_dns_count *sum)
{
	struct ad_dns_count *cpus = calloc(pins->ncpus, sizeof(*cpus));
	int cpu, err, fd = pins_map(pins, "dns_counts", false);
	__u32 zero = 0;

	err = fd < 0 ? fd : cpus ? 0 : -ENOMEM;
	if (!err)
		err = bpf_map_lookup_elem(fd, &zero, cpus) ? -errno : 0;
	for (cpu = 0; cpu < pins->ncpus && !err; cpu++)
		add_count(sum, &cpus[cpu]);
	if (fd >= 0)
		close(fd);
	free(cpus);
	return err;
}

static int read_daemon(const struct pins *pins, struct dns_stats *stats)
{
	struct ad_dns_daemon daemon;
	__u32 zero = 0;
	int err, fd = pins_map(pins, "dns_daemon", false);

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, &daemon) ? -errno : 0;
	close(fd);
	if (err)
		return err;
	stats->by[DNS_BY_DAEMON_UDP] = daemon.udp;
	stats->by[DNS_BY_DAEMON_TCP] = daemon.tcp;
	stats->tcp_open = daemon.tcp_open;
	stats->tcp_refused = daemon.tcp_refused;
	return 0;
}

static void add_guarded(struct ad_dns_guarded *sum, const struct ad_dns_guarded *one)
{
	size_t i, j;

	for (i = 0; i < AD_DNS_COOKIE_STATES; i++)
		sum->cookies[i] += one->cookies[i];
	for (i = 0; i < AD_DNS_LIMITED_STATES; i++)
		for (j = 0; j < AD_DNS_CLASSES; j++)
			sum->limited[i][j] += one->limited[i][j];
}

static int read_guarded(const struct pins *pins, const char *name, int values,
			struct ad_dns_guarded *sum)
{
	struct ad_dns_guarded list[values];
	int i, err, fd = pins_map(pins, name, false);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, list) ? -errno : 0;
	close(fd);
	for (i = 0; i < values && !err; i++)
		add_guarded(sum, &list[i]);
	return err;
}

struct zone_fds {
	int info, hits, daemon;
};

static int read_zone(const struct zone_fds *fds, int ncpus, __u32 slot, struct dns_zone_stats *zone)
{
	struct ad_dns_zone_info info;
	__u64 hits[ncpus];
	int cpu;

	if (bpf_map_lookup_elem(fds->info, &slot, &info) ||
	    bpf_map_lookup_elem(fds->hits, &slot, hits) ||
	    bpf_map_lookup_elem(fds->daemon, &slot, &zone->daemon_queries))
		return -errno;
	memcpy(zone->name, info.name, sizeof(zone->name));
	memcpy(zone->error, info.error, sizeof(zone->error));
	zone->name[sizeof(zone->name) - 1] = '\0';
	zone->error[sizeof(zone->error) - 1] = '\0';
	zone->serial = info.serial;
	zone->names = info.names;
	zone->records = info.records;
	zone->bytes = info.bytes;
	zone->loaded_real_s = info.loaded_real_s;
	zone->denial = info.denial;
	zone->signed_until_s = info.signed_until_s;
	zone->resign_by_s = info.resign_by_s;
	zone->queries = zone->daemon_queries;
	for (cpu = 0; cpu < ncpus; cpu++)
		zone->queries += hits[cpu];
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct dns_zone_stats *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_zones(const struct zone_fds *fds, int ncpus, struct dns_stats *stats)
{
	__u32 slot, *last = NULL, next;
	struct dns_zone_stats *grown;
	size_t room = 0;

	while (!bpf_map_get_next_key(fds->info, last, &next)) {
		slot = next;
		last = &slot;
		if (stats->nr_zones == room) {
			room = room ? 2 * room : 16;
			grown = reallocarray(stats->zones, room, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			stats->zones = grown;
		}
		memset(&stats->zones[stats->nr_zones], 0, sizeof(*stats->zones));
		if (!read_zone(fds, ncpus, slot, &stats->zones[stats->nr_zones]))
			stats->nr_zones++;
	}
	if (stats->nr_zones)
		qsort(stats->zones, stats->nr_zones, sizeof(*stats->zones), by_name);
	return 0;
}

int dns_stats_read(const struct pins *pins, struct dns_stats *stats)
{
	struct zone_fds fds;
	int err;

	memset(stats, 0, sizeof(*stats));
	err = read_kernel(pins, &stats->by[DNS_BY_KERNEL]);
	if (!err)
		err = read_daemon(pins, stats);
	if (!err)
		err = read_guarded(pins, "dns_guarded", pins->ncpus, &stats->guarded);
	if (!err)
		err = read_guarded(pins, "dns_guarded_daemon", 1, &stats->guarded);
	if (err)
		return err;
	fds.info = pins_map(pins, "dns_zone_info", false);
	fds.hits = pins_map(pins, "dns_zone_hits", false);
	fds.daemon = pins_map(pins, "dns_zone_daemon", false);
	if (fds.info < 0 || fds.hits < 0 || fds.daemon < 0)
		err = -ENOENT;
	else
		err = read_zones(&fds, pins->ncpus, stats);
	close(fds.info);
	close(fds.hits);
	close(fds.daemon);
	if (err)
		dns_stats_free(stats);
	return err;
}

void dns_stats_free(struct dns_stats *stats)
{
	free(stats->zones);
	stats->zones = NULL;
	stats->nr_zones = 0;
}

enum dns_signing dns_zone_signing(__u64 signed_until_s, __u64 resign_by_s, __u64 now_s)
{
	if (!signed_until_s)
		return DNS_UNSIGNED;
	if (signed_until_s <= now_s)
		return DNS_EXPIRED;
	return resign_by_s <= now_s ? DNS_RESIGN : DNS_SIGNED;
}

const char *dns_zone_denial(const struct dns_zone_stats *zone)
{
	if (!zone->denial)
		return NULL;
	return zone->denial == DNS_T_NSEC ? "NSEC" : "NSEC3";
}

__u64 dns_count_sum(const struct ad_dns_count *count)
{
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < AD_DNS_RCODES; i++)
		sum += count->rcodes[i];
	return sum;
}

const char *dns_type_name(unsigned int type, char text[DNS_TYPE_TEXT])
{
	if (!type)
		return "other";
	return zone_type_name(type, text);
}

const char *dns_rcode_name(unsigned int rcode)
{
	static const char *const names[] = {
		[0] = "NOERROR", [1] = "FORMERR",   [2] = "SERVFAIL",	[3] = "NXDOMAIN",
		[4] = "NOTIMP",	 [5] = "REFUSED",   [6] = "YXDOMAIN",	[7] = "YXRRSET",
		[8] = "NXRRSET", [9] = "NOTAUTH",   [10] = "NOTZONE",	[16] = "BADVERS",
		[17] = "BADKEY", [18] = "BADTIME",  [19] = "BADMODE",	[20] = "BADNAME",
		[21] = "BADALG", [22] = "BADTRUNC", [23] = "BADCOOKIE",
	};

	return rcode < sizeof(names) / sizeof(*names) ? names[rcode] : NULL;
}
