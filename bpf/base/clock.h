/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * clock.h: the only place that reads time, so that program tests can stop it.
 */
#ifndef AD_BPF_CLOCK_H
#define AD_BPF_CLOCK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/maps.h"

/*
 * Read once per packet. It is late by up to a tick (1 to 10 ms) and costs a tenth of the exact
 * clock.
 */
static __always_inline __u64 clock_mono_ns(void)
{
	return opt.fixed_mono_ns ? opt.fixed_mono_ns : bpf_ktime_get_coarse_ns();
}

/* The exact clock, for where a tick matters. */
static __always_inline __u64 clock_mono_exact_ns(void)
{
	return opt.fixed_mono_ns ? opt.fixed_mono_ns : bpf_ktime_get_ns();
}

/* The clock that our stack writes into TSval, before we add the stamp. */
static __always_inline __u32 clock_mono_ms(__u64 mono_ns)
{
	return mono_ns / 1000000;
}

static __always_inline __u32 clock_mono_s(__u64 mono_ns)
{
	return mono_ns / 1000000000;
}

static __always_inline __u32 clock_real_s(__u64 mono_ns, const struct ad_state *st)
{
	return (mono_ns + st->real_minus_mono_ns) / 1000000000;
}

#endif
