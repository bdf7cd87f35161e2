/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * health.h: what health checks know, as the daemon keeps it for the next one, and shows it to
 * commands. No program reads it: the data path obeys the words of POPs (steer_rows.h).
 */
#ifndef AD_HEALTH_H
#define AD_HEALTH_H

#include "steer_rows.h"

#define AD_HEALTH_TARGETS 16384 /* checks, each of them at each address */
#define AD_HEALTH_WHY	  72

/* How a POP, or one address by one check, stands. */
/* How a POP, or one address by one check, stands: each worse than the one before. */
#define AD_HEALTH_STATES(X)                                                                        \
	X(NONE, "none", "nothing checks it")                                                       \
	X(UP, "up", "passes its checks")                                                           \
	X(DOUBT, "doubt", "has failed lately, not often enough to be out")                         \
	X(UNKNOWN, "unknown", "no check has ended yet: it gets clients, with the TTL of doubt")    \
	X(UNKNOWN_OUT, "unknown_out", "no check has ended yet: it gets nobody")                    \
	X(OUT, "out", "fails: it gets nobody")                                                     \
	X(KEPT, "kept", "fails, and gets clients all the same: health.at_least")

enum ad_health_state {
#define X(name, word, text) AD_HEALTH_##name,
	AD_HEALTH_STATES(X)
#undef X
	AD_HEALTH_STATES_NR
};

/* steer_health, by name of a POP: its health column. */
struct ad_health_pop {
	__u64 since_real_s;
	__u32 state; /* enum ad_health_state */
	__u32 pad;
	struct ad_addr address;	   /* what decided that it is not up: where, ... */
	char check[AD_STEER_NAME]; /* ... by which check; empty: nothing did */
	char why[AD_HEALTH_WHY];   /* what was found */
};
AD_ASSERT_SIZE(struct ad_health_pop, 168);

/* health_checks: one address of a POP by one check. */
struct ad_health_key {
	char check[AD_STEER_NAME];
	char pop[AD_STEER_NAME];
	struct ad_addr address;
};
AD_ASSERT_SIZE(struct ad_health_key, 144);

struct ad_health_check {
	__u64 since_real_s; /* in this state */
	__u64 last_real_s;  /* when the last one ended; 0: none has */
	__u64 passed;	    /* in all */
	__u64 failed;
	__u32 state;	/* enum ad_health_state; never KEPT */
	__u32 failures; /* that count */
	__u32 passes;	/* in a row */
	__u32 took_us;	/* the last one */
	char why[AD_HEALTH_WHY];
};
AD_ASSERT_SIZE(struct ad_health_check, 120);

#endif
