/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_home.h: the DNS engine in userspace: pages are plain memory.
 */
#ifndef AD_USER_DNS_HOME_H
#define AD_USER_DNS_HOME_H

#include <stdlib.h>
#include <time.h>
#include "bpf/dns/dns_engine.h"
#include "dns_image.h"
#include "dns_limiter.h"
#include "dns_steer_set.h"

/* The POPs that a draw asked, each once, in their order; who explains an answer reads it. */
struct dns_asked_pop {
	__u32 word; /* as it was */
	__u8 pop;
	bool careless; /* what it sheds did not count any more */
};
struct dns_asked {
	struct dns_asked_pop list[2 * AD_STEER_BANK];
	size_t nr;
};

/* Tables for steered names: the same that the kernel reads. */
struct dns_steering {
	const __u8 *table; /* maps/steer_rows.h */
	size_t size;
	const struct ad_steer_pop *pops;
	const struct ad_steer_line *lines; /* maps/steer.h: whole pages */
	__u32 nr_lines;
	struct dns_asked *asked; /* NULL: nobody wants to know */
};

/* Those of @set, or of no steered name (NULL), with a word for each POP in @pops. */
static inline struct dns_steering dns_steering_of(const struct dns_steer_set *set,
						  const struct ad_steer_pop *pops)
{
	if (!set)
		return (struct dns_steering){ .pops = pops };
	return (struct dns_steering){
		.table = set->rows.bytes,
		.size = set->rows.size,
		.pops = pops,
		.lines = set->lines,
		.nr_lines = set->nr_lines,
	};
}

static __always_inline const __u8 *dns_page(const struct dns_work *w, __u32 n)
{
	return n < w->home->nr_pages ? w->home->pages[n] : 0;
}

static __always_inline const struct ad_dns_rules *dns_rules_of(const struct dns_work *w)
{
	return w->limiter ? &w->limiter->rules : NULL;
}

static __always_inline int dns_has_limits(const struct dns_work *w)
{
	return w->limiter && w->limiter->lines;
}

static __always_inline struct ad_dns_accounts *dns_account_line(const struct dns_work *w,
								__u32 hash)
{
	return &w->limiter->lines[hash & w->limiter->mask];
}

static __always_inline int dns_in_exempt(const struct dns_work *w)
{
	return dns_limiter_exempts(w->limiter, &w->client);
}

static __always_inline __u32 dns_real_s(const struct dns_work *w)
{
	return w->fixed_ns ? w->fixed_ns / 1000000000 : (__u64)time(NULL);
}

static __always_inline __u32 dns_tick(const struct dns_work *w)
{
	struct timespec now;

	if (w->fixed_ns)
		return w->fixed_ns >> AD_DNS_TICK_SHIFT;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (now.tv_sec * 1000000000ull + now.tv_nsec) >> AD_DNS_TICK_SHIFT;
}

static __always_inline const __u8 *dns_steer_page(const struct dns_work *w, __u32 n)
{
	const struct dns_steering *steering = w->steering;

	if (!steering || (size_t)n * AD_STEER_PAGE_BYTES >= steering->size)
		return NULL;
	return steering->table + (size_t)n * AD_STEER_PAGE_BYTES;
}

static inline void dns_asked_note(struct dns_asked *asked, struct dns_asked_pop pop)
{
	size_t i;

	for (i = 0; i < asked->nr; i++)
		if (asked->list[i].pop == pop.pop && asked->list[i].careless == pop.careless)
			return;
	if (asked->nr < 2 * AD_STEER_BANK)
		asked->list[asked->nr++] = pop;
}

static __always_inline __u32 dns_pop_word(const struct dns_work *w, __u32 pop)
{
	__u32 word = *(const volatile __u32 *)&w->steering->pops[pop % AD_STEER_BANK].word;

	if (w->steering->asked)
		dns_asked_note(w->steering->asked,
			       (struct dns_asked_pop){ word, pop, w->careless });
	return word;
}

static __always_inline const struct ad_steer_line *steer_page(const struct dns_work *w, __u32 n)
{
	const struct dns_steering *steering = w->steering;
	__u64 line = (__u64)n * AD_STEER_PAGE_LINES;

	return steering && line < steering->nr_lines ? &steering->lines[line] : NULL;
}

static __always_inline __u32 dns_random(void)
{
	return random();
}

#endif
