/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unstamp.h: restores the TSecr that our stack expects.
 */
#ifndef AD_UNSTAMP_H
#define AD_UNSTAMP_H

#include "bpf/base/csum.h"
#include "bpf/packet/packet.h"

/* Writes p->tsecr into the packet. The checksum is adjusted; if it was wrong it stays wrong. */
static __always_inline __u32 unstamp(struct xdp_md *ctx, const struct packet *p)
{
	__u32 at = (p->ts_at + 4) & 0x3f;
	struct cursor c = cursor_at(ctx, p->l4_off), v = cursor_at(ctx, p->l4_off + at);
	struct tcphdr *tcp = cursor_take(&c, sizeof(*tcp));
	__be32 *tsecr = cursor_take(&v, sizeof(*tsecr));
	__be32 to = bpf_htonl(p->tsecr);

	if (!tcp || !tsecr)
		return AD_R_INTERNAL;
	tcp->check = csum_replace(tcp->check, csum_align(*tsecr, at), csum_align(to, at));
	*tsecr = to;
	return AD_CONTINUE;
}

#endif
