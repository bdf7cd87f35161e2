/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtt_seen.h: what is known of round-trip times, in pinned maps: for the next daemon, for commands,
 * and for whoever makes rows of policies. Readers need neither a daemon nor root.
 */
#ifndef AD_RTT_SEEN_H
#define AD_RTT_SEEN_H

#include "maps/rtt.h"
#include "user/state/pins.h"
#include "user/steer/ranks.h"

struct rtt_seen {
	struct ad_rtt_key key;
	struct ad_rtt_seen seen;
};

/*
 * Sorted by policy, region and POP, or with those of a rule in their order if that was measured;
 * free() it. 0, also if there are none, or -errno.
 */
int rtt_seen_read(const struct pins *pins, struct rtt_seen **list, size_t *nr);
/* In which order POPs stand that are in another one than the configuration's. 0 or -errno. */
int rtt_seen_ranks(const struct pins *pins, struct steer_ranks *ranks);
/* The same of an instance that need not be loaded: then there are none. */
int rtt_seen_ranks_of(const char *bpffs, const char *instance, struct steer_ranks *ranks);

struct rtt_book;
/* Writes all of @book (NULL: nothing), and removes what is not in it. 0 or -errno. */
int rtt_seen_write(const struct pins *pins, const struct rtt_book *book, __u64 now_real_s);

/* Whether the kernel measures. Zeros if no daemon of this version has run yet. */
int rtt_probe_read(const struct pins *pins, struct ad_rtt_probe *probe);
int rtt_probe_write(const struct pins *pins, const struct ad_rtt_probe *probe);

#endif
