/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_home.h: the DNS engine in the kernel: pages are elements of a map, and what a UDP answer
 * seldom needs is left to the daemon, so that the verifier sees an end.
 */
#ifndef AD_DNS_HOME_H
#define AD_DNS_HOME_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/dns_maps.h"

#define DNS_REPLY_MAX	AD_DNS_UDP_MAX
#define DNS_MSG_BYTES	(2 * AD_DNS_UDP_MAX)
#define DNS_STAGE	__noinline
#define DNS_IN_KERNEL	1
#define DNS_CHAIN_MAX	8
#define DNS_RRSETS_MAX	16
#define DNS_FIXUPS_MAX	256
#define DNS_OPTIONS_MAX 8
#define DNS_HOME	__u32 slot

#include "dns_engine.h"

/* The slot was read once for this packet: all its pages are of one image. */
static __always_inline const __u8 *dns_page(const struct dns_work *w, __u32 n)
{
	__u32 slot = w->slot;
	void *image = bpf_map_lookup_elem(&dns_pages, &slot);

	return image ? bpf_map_lookup_elem(image, &n) : 0;
}

#endif
