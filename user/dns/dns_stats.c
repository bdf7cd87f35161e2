// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_stats.c: reads the DNS counters from pinned maps (dns_stats.h).
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

/* The struct consists of 64-bit numbers only. */
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

static void add_rule_counts(struct ad_dns_rule_counts *sum, const struct ad_dns_rule_counts *one)
{
	size_t i, j;

	for (i = 0; i < AD_DNS_COOKIE_STATES; i++)
		sum->cookies[i] += one->cookies[i];
	for (i = 0; i < AD_DNS_LIMITED_STATES; i++)
		for (j = 0; j < AD_DNS_CLASSES; j++)
			sum->limited[i][j] += one->limited[i][j];
}

static int read_rule_counts(const struct pins *pins, const char *name, int values,
			    struct ad_dns_rule_counts *sum)
{
	struct ad_dns_rule_counts list[values];
	int i, err, fd = pins_map(pins, name, false);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, list) ? -errno : 0;
	close(fd);
	for (i = 0; i < values && !err; i++)
		add_rule_counts(sum, &list[i]);
	return err;
}

#define ZONES_A_CALL 512 /* half a MiB */

/* Maps of zones. Each call reads many elements, as there may be ten thousand zones. */
struct zone_maps {
	int info, hits, daemon;
	struct ad_dns_zone_info *infos; /* ZONES_A_CALL, as the map gives them */
	__u32 *places;			/* of each of them: which counter counts it */
	__u64 *kernel_hits;		/* by place, then by CPU */
	__u64 *daemon_hits;		/* by place */
	__u32 nr_places;		/* up to the last one that a zone has */
};

static int zone_maps_open(struct zone_maps *maps, const struct pins *pins)
{
	memset(maps, 0, sizeof(*maps));
	maps->info = pins_map(pins, "dns_zone_info", false);
	maps->hits = pins_map(pins, "dns_zone_hits", false);
	maps->daemon = pins_map(pins, "dns_zone_daemon", false);
	if (maps->info < 0 || maps->hits < 0 || maps->daemon < 0)
		return -ENOENT;
	maps->infos = calloc(ZONES_A_CALL, sizeof(*maps->infos));
	maps->places = calloc(AD_DNS_ZONE_MAX, sizeof(*maps->places));
	maps->kernel_hits = calloc(AD_DNS_ZONE_MAX, pins->ncpus * sizeof(__u64));
	maps->daemon_hits = calloc(AD_DNS_ZONE_MAX, sizeof(__u64));
	if (!maps->infos || !maps->places || !maps->kernel_hits || !maps->daemon_hits)
		return -ENOMEM;
	return 0;
}

static void zone_maps_close(struct zone_maps *maps)
{
	close(maps->info);
	close(maps->hits);
	close(maps->daemon);
	free(maps->infos);
	free(maps->places);
	free(maps->kernel_hits);
	free(maps->daemon_hits);
}

/* Reads counters up to the last place that a zone has. */
static int read_hits(const struct zone_maps *maps, int fd, void *values)
{
	__u32 next, nr = maps->nr_places;

	if (!nr || !bpf_map_lookup_batch(fd, NULL, &next, maps->places, values, &nr, NULL) ||
	    errno == ENOENT)
		return 0; /* -ENOENT: the map has no more */
	return -errno;
}

static void fill_zone(struct zone_maps *maps, __u32 i, struct dns_zone_stats *zone)
{
	const struct ad_dns_zone_info *info = &maps->infos[i];

	zone->place = maps->places[i] % AD_DNS_ZONE_MAX;
	if (maps->nr_places <= zone->place)
		maps->nr_places = zone->place + 1;
	memcpy(zone->name, info->name, sizeof(zone->name));
	memcpy(zone->error, info->error, sizeof(zone->error));
	zone->name[sizeof(zone->name) - 1] = '\0';
	zone->error[sizeof(zone->error) - 1] = '\0';
	zone->serial = info->serial;
	zone->names = info->names;
	zone->records = info->records;
	zone->bytes = info->bytes;
	zone->loaded_real_s = info->loaded_real_s;
	zone->denial = info->denial;
	zone->signed_until_s = info->signed_until_s;
	zone->resign_by_s = info->resign_by_s;
}

static void fill_hits(const struct zone_maps *maps, int ncpus, struct dns_zone_stats *zone)
{
	int cpu;

	zone->daemon_queries = maps->daemon_hits[zone->place];
	zone->queries = zone->daemon_queries;
	for (cpu = 0; cpu < ncpus; cpu++)
		zone->queries += maps->kernel_hits[zone->place * ncpus + cpu];
}

static int by_name(const void *a, const void *b)
{
	const struct dns_zone_stats *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int add_zones(struct zone_maps *maps, __u32 nr, struct dns_stats *stats)
{
	struct dns_zone_stats *grown;
	__u32 i;

	if (stats->nr_zones + nr > AD_DNS_ZONE_MAX) /* zones were added while it was read */
		nr = AD_DNS_ZONE_MAX - stats->nr_zones;
	if (!nr)
		return 0;
	grown = reallocarray(stats->zones, stats->nr_zones + nr, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	stats->zones = grown;
	memset(grown + stats->nr_zones, 0, nr * sizeof(*grown));
	for (i = 0; i < nr; i++)
		fill_zone(maps, i, &grown[stats->nr_zones++]);
	return 0;
}

static int read_infos(struct zone_maps *maps, struct dns_stats *stats)
{
	__u32 token, nr, *from = NULL;
	int err = 0, read;

	do {
		nr = ZONES_A_CALL;
		read = bpf_map_lookup_batch(maps->info, from, &token, maps->places, maps->infos,
					    &nr, NULL)
			       ? -errno
			       : 0;
		if (!read || read == -ENOENT) /* -ENOENT: these are the last */
			err = add_zones(maps, nr, stats);
		from = &token;
	} while (!read && !err && nr && stats->nr_zones < AD_DNS_ZONE_MAX);
	return err ?: (read == -ENOENT ? 0 : read);
}

static int read_zones(const struct pins *pins, struct dns_stats *stats)
{
	struct zone_maps maps;
	int err = zone_maps_open(&maps, pins);
	size_t i;

	err = err ?: read_infos(&maps, stats);
	err = err ?: read_hits(&maps, maps.hits, maps.kernel_hits);
	err = err ?: read_hits(&maps, maps.daemon, maps.daemon_hits);
	for (i = 0; !err && i < stats->nr_zones; i++)
		fill_hits(&maps, pins->ncpus, &stats->zones[i]);
	if (stats->nr_zones)
		qsort(stats->zones, stats->nr_zones, sizeof(*stats->zones), by_name);
	zone_maps_close(&maps);
	return err;
}

int dns_stats_read(const struct pins *pins, struct dns_stats *stats)
{
	int err;

	memset(stats, 0, sizeof(*stats));
	err = read_kernel(pins, &stats->by[DNS_BY_KERNEL]);
	if (!err)
		err = read_daemon(pins, stats);
	if (!err)
		err = read_rule_counts(pins, "dns_guarded", pins->ncpus, &stats->rule_counts);
	if (!err)
		err = read_rule_counts(pins, "dns_guarded_daemon", 1, &stats->rule_counts);
	if (err)
		return err;
	err = read_zones(pins, stats);
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
