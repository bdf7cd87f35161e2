/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer_fixture.h: POPs, policies and clients, for unit tests of steering.
 */
#ifndef AD_STEER_FIXTURE_H
#define AD_STEER_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/dns/dns_home.h"
#include "user/steer/rows.h"

#define FIXTURE_STEER __attribute__((unused)) static

static struct ad_steer_pop steer_bank[AD_STEER_BANK];
static struct steer_table steer_rows;
static struct dns_steering steering = { .pops = steer_bank };
static __u64 steer_seeds[AD_STEER_BANK];

/* POPs called pop0, pop1, ... */
FIXTURE_STEER void steer_name_pops(unsigned int first)
{
	char name[16];

	for (unsigned int i = 0; i < AD_STEER_BANK; i++) {
		snprintf(name, sizeof(name), "pop%u", (i + first) % AD_STEER_BANK);
		steer_seeds[i] = steer_seed(name);
	}
}

FIXTURE_STEER void steer_all_up(void)
{
	memset(steer_bank, 0, sizeof(steer_bank));
}

/* The rows of these policies are those that are drawn from. */
FIXTURE_STEER bool steer_use(const struct steer_policy *policies, size_t nr, size_t nr_locations)
{
	steer_table_free(&steer_rows);
	if (steer_rows_build(policies, nr, nr_locations, steer_seeds, &steer_rows))
		return false;
	steering.table = steer_rows.bytes;
	steering.size = steer_rows.size;
	return true;
}

/* One policy with one rule for everybody. */
FIXTURE_STEER bool steer_use_one(enum steer_draw draw, const struct steer_choice *choices,
				 size_t nr, enum steer_out out, const struct steer_choice *last,
				 size_t nr_last)
{
	struct steer_rule rule = { choices, nr };
	struct steer_policy policy = {
		.draw = draw,
		.out = out,
		.last_resort = { last, nr_last },
		.rules = &rule,
	};

	return steer_use(&policy, 1, 1);
}

/* The POP that IPv4 client number @client gets of policy 0 at location 0. */
FIXTURE_STEER int steer_pop_of(struct dns_work *w, __u32 client, __u32 out)
{
	const struct ad_dns_steered name = { .seed = 7, .out = out, .pops = AD_STEER_POPS };

	w->steering = &steering;
	w->where.q[0] = 0;
	w->where.q[1] = __builtin_bswap32(0xffff) | (__u64)__builtin_bswap32(0x0a000000 + client)
							    << 32;
	steer_draw(w, name.seed, 32);
	w->location = 0;
	return steer_choose(w, (const struct ad_rows *)steering.table, &name);
}

#endif
