/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_stats.h: DNS counters, read from pinned maps. Needs no daemon and no root.
 */
#ifndef AD_DNS_STATS_H
#define AD_DNS_STATS_H

#include <stddef.h>
#include <linux/types.h>
#include "maps/dns.h"
#include "maps/dns_rules.h"

struct pins;

struct dns_zone_stats {
	__u32 place;	 /* of its counters in the maps */
	char name[256];	 /* with final dot */
	char error[256]; /* error of the last load; "": none */
	__u32 serial;
	__u32 names;
	__u32 records;
	__u64 bytes;
	__u64 loaded_real_s; /* CLOCK_REALTIME, as the next two */
	__u64 signed_until_s;
	__u64 resign_by_s;
	__u32 denial;  /* DNS_T_NSEC or DNS_T_NSEC3; 0 = not signed */
	__u64 queries; /* kernel and daemon together */
	__u64 daemon_queries;
};

/* Who answered, and over which transport. */
enum dns_by {
	DNS_BY_KERNEL,	   /* the XDP program; always UDP */
	DNS_BY_DAEMON_UDP, /* queries that the kernel passed to the daemon */
	DNS_BY_DAEMON_TCP,
	DNS_BY_NR
};

struct dns_stats {
	struct ad_dns_count by[DNS_BY_NR];     /* answers */
	AD_DNS_TCP_COUNTERS(AD_COUNTER_FIELD)  /* of the daemon */
	struct ad_dns_rule_counts rule_counts; /* kernel and daemon together */
	struct dns_zone_stats *zones;	       /* sorted by name */
	size_t nr_zones;
};

/* State of a zone's signatures. */
enum dns_signing {
	DNS_UNSIGNED,
	DNS_SIGNED,
	DNS_RESIGN, /* its signer should have renewed them by now */
	DNS_EXPIRED /* the first signature has expired */
};
enum dns_signing dns_zone_signing(__u64 signed_until_s, __u64 resign_by_s, __u64 now_s);
/* "NSEC" or "NSEC3"; NULL if the zone is not signed. */
const char *dns_zone_denial(const struct dns_zone_stats *zone);

/* 0 (then dns_stats_free()) or -errno, not logged. */
int dns_stats_read(const struct pins *pins, struct dns_stats *stats);
void dns_stats_free(struct dns_stats *stats);

/* All answers of one of them. */
__u64 dns_count_sum(const struct ad_dns_count *count);

/* "A", ... for an index of ad_dns_count.types; "other" for 0. */
#define DNS_TYPE_TEXT 32
const char *dns_type_name(unsigned int type, char text[DNS_TYPE_TEXT]);

/* "NOERROR", "NXDOMAIN", ... or NULL for a number without a name. */
const char *dns_rcode_name(unsigned int rcode);

#endif
