/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_kernel.h: the DNS engine in the kernel: pages are elements of a map, and so are cookies and
 * limits.
 */
#ifndef AD_DNS_KERNEL_H
#define AD_DNS_KERNEL_H

#include "maps/dns_maps.h"
#include "bpf/base/clock.h"

#include "dns_engine.h"

/* The slot was read once for this packet: all its pages are of one image. */
static __always_inline const __u8 *dns_page(const struct dns_work *w, __u32 n)
{
	__u32 slot = w->slot;
	void *image = bpf_map_lookup_elem(&dns_pages, &slot);

	return image ? bpf_map_lookup_elem(image, &n) : 0;
}

static __always_inline const struct ad_dns_rules *dns_rules_of(const struct dns_work *w)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&dns_guard, &zero);
}

static __always_inline int dns_has_limits(const struct dns_work *w)
{
	return opt.dns_account_mask != 0;
}

static __always_inline struct ad_dns_accounts *dns_account_line(const struct dns_work *w,
								__u32 hash)
{
	hash &= opt.dns_account_mask;
	return bpf_map_lookup_elem(&dns_accounts, &hash);
}

static __always_inline int dns_in_exempt(const struct dns_work *w)
{
	struct ad_dns_prefix key = { .bits = 128 };

	__builtin_memcpy(key.address, &w->client, sizeof(key.address));
	return bpf_map_lookup_elem(&dns_exempt, &key) != 0;
}

static __always_inline __u32 dns_real_s(const struct dns_work *w)
{
	__u32 zero = 0;
	const struct ad_state *st = bpf_map_lookup_elem(&state, &zero);

	return st ? clock_real_s(clock_mono_ns(), st) : 0;
}

static __always_inline __u32 dns_tick(const struct dns_work *w)
{
	return clock_mono_ns() >> AD_DNS_TICK_SHIFT;
}

static __always_inline const __u8 *dns_steer_page(const struct dns_work *w, __u32 n)
{
	__u32 slot = w->slot;
	void *table = bpf_map_lookup_elem(&steer_tables, &slot);

	return table ? bpf_map_lookup_elem(table, &n) : 0;
}

static __always_inline __u32 dns_pop_word(const struct dns_work *w, __u32 pop)
{
	__u32 index = w->slot % AD_DNS_SLOTS * AD_STEER_BANK + pop % AD_STEER_BANK;
	const struct ad_steer_pop *found = bpf_map_lookup_elem(&steer_pops, &index);

	return found ? found->word : AD_STEER_OUT;
}

static __always_inline const struct ad_steer_line *steer_page(const struct dns_work *w, __u32 n)
{
	__u32 slot = w->slot;
	void *lines = bpf_map_lookup_elem(&steer_places, &slot);

	return lines ? bpf_map_lookup_elem(lines, &n) : 0;
}

static __always_inline __u32 dns_random(void)
{
	return bpf_get_prandom_u32();
}

#endif
