/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_home.h: the DNS engine in userspace: pages are plain memory, messages may be as long as TCP
 * allows, and nothing is left to anybody else.
 */
#ifndef AD_DNS_HOME_H
#define AD_DNS_HOME_H

#include "dns_image.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define DNS_REPLY_MAX	65535
#define DNS_MSG_BYTES	131072
#define DNS_STAGE	static __attribute__((unused))
#define DNS_IN_KERNEL	0
#define DNS_CHAIN_MAX	64
#define DNS_RRSETS_MAX	65536
#define DNS_FIXUPS_MAX	65536
#define DNS_OPTIONS_MAX 65536
#define DNS_HOME	const struct dns_image *home

#include "bpf/dns_engine.h"

static __always_inline const __u8 *dns_page(const struct dns_work *w, __u32 n)
{
	return n < w->home->nr_pages ? w->home->pages[n] : 0;
}

#endif
