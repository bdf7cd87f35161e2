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

/* Tables for steered names: the same that the kernel reads. */
struct dns_steering {
	const __u8 *table; /* maps/steer_rows.h */
	size_t size;
	const struct ad_steer_pop *pops;
	const struct ad_steer_line *lines; /* maps/steer.h */
	__u32 nr_lines;
};

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

static __always_inline __u32 dns_pop_word(const struct dns_work *w, __u32 pop)
{
	return *(const volatile __u32 *)&w->steering->pops[pop % AD_STEER_BANK].word;
}

static __always_inline const struct ad_steer_line *steer_line(const struct dns_work *w, __u32 n)
{
	const struct dns_steering *steering = w->steering;

	return steering && n < steering->nr_lines ? &steering->lines[n] : NULL;
}

static __always_inline __u32 dns_random(void)
{
	return random();
}

#endif
