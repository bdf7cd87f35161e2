/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sockops.h: what programs that hear of sockets read of their context.
 */
#ifndef AD_BASE_SOCKOPS_H
#define AD_BASE_SOCKOPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "address.h"
#include "maps/types.h"

#define FAMILY_IP4	     2
#define SOCKOPS_NOT_MEASURED 0xffffffff /* least round-trip time of a socket that has none */

/*
 * Reads of the context stay where they are: clang would make one read of two, at an offset that is
 * computed, which the verifier refuses.
 */
#define CTX_READ(field)                                                                            \
	({                                                                                         \
		__u32 value_ = (field);                                                            \
		__asm__ volatile("" : "+r"(value_));                                               \
		value_;                                                                            \
	})

#define CTX_ADDRESS(ctx, side, addr)                                                               \
	do {                                                                                       \
		__u32 ip4_ = CTX_READ((ctx)->side##_ip4);                                          \
		(addr)->w[0] = CTX_READ((ctx)->side##_ip6[0]);                                     \
		(addr)->w[1] = CTX_READ((ctx)->side##_ip6[1]);                                     \
		(addr)->w[2] = CTX_READ((ctx)->side##_ip6[2]);                                     \
		(addr)->w[3] = CTX_READ((ctx)->side##_ip6[3]);                                     \
		if (CTX_READ((ctx)->family) == FAMILY_IP4)                                         \
			addr_set_ip4(addr, ip4_);                                                  \
	} while (0)

/* Least round-trip time in us; 0: it has not been measured. */
static __always_inline __u32 sockops_least_rtt_us(const struct bpf_tcp_sock *tcp)
{
	return tcp->rtt_min != SOCKOPS_NOT_MEASURED ? tcp->rtt_min : tcp->srtt_us >> 3;
}

#endif
