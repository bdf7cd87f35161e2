/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_steer_set.h: tables for steered names beside the image: rows, and names of POPs. They become
 * live with the image of the same set of zones (dns_zones.h). Knows no libbpf.
 */
#ifndef AD_DNS_STEER_SET_H
#define AD_DNS_STEER_SET_H

#include "dns_image.h"
#include "user/steer/ranks.h"
#include "user/steer/rows.h"

/* Of a signature that is right: a hash of it, of its set, and of its key. */
struct dns_verified {
	__u8 hash[16];
};

struct dns_steer_set {
	unsigned int users;
	struct dns_steered *names;
	size_t nr_names;
	__u8 (*members)[256]; /* the members that `names` points to */
	struct steer_table rows;
	__u64 ranked; /* steer_ranks_fingerprint() of what the rows were made by */
	const struct ad_steer_line *lines; /* the location table of the plan */
	__u32 nr_lines;
	int places_fd;		     /* map with these lines, made once; -1: not made yet */
	char (*pops)[AD_STEER_NAME]; /* by number of the POP */
	size_t nr_pops;
	struct zone **variants; /* by zone of the configuration, then POP (dns_variants.h) */
	size_t nr_variants;
	struct dns_verified *verified; /* sorted (dns_verify.h) */
	size_t nr_verified;
	size_t nr_remembered; /* of those: known from the set before */
	__u64 renew_s; /* CLOCK_REALTIME: then those that were signed here are made anew; 0: none */
};

struct config;

/*
 * Makes names, rows and POPs from @plan. The set uses the plan's location table, so the plan must
 * outlive it. @ranks: what was measured, or NULL. 0 or -ENOMEM, or -EINVAL with errors.
 */
int dns_steer_set_new(const struct steer_plan *plan, const struct config *config,
		      const struct steer_ranks *ranks, struct config_errors *errors,
		      struct dns_steer_set **set);
struct dns_steer_set *dns_steer_set_share(struct dns_steer_set *set);
/* Call it once more for each dns_steer_set_share(). */
void dns_steer_set_free(struct dns_steer_set *set);

#endif
