/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cursor.h: a position in a packet, and the packet's end.
 */
#ifndef AD_CURSOR_H
#define AD_CURSOR_H

#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct cursor {
	void *pos;
	void *end;
};

/* The next @bytes of the packet, or NULL if it ends before. */
static __always_inline void *cursor_take(struct cursor *c, __u32 bytes)
{
	void *taken = c->pos;

	if (taken + bytes > c->end)
		return NULL;
	c->pos = taken + bytes;
	return taken;
}

#define CURSOR_REACH 0xfff /* bytes from the beginning of a frame */

/* @off is at most CURSOR_REACH; the mask shows that to the verifier. */
static __always_inline struct cursor cursor_at(struct xdp_md *ctx, __u32 off)
{
	struct cursor c = {
		.pos = (void *)(long)ctx->data + (off & CURSOR_REACH),
		.end = (void *)(long)ctx->data_end,
	};

	return c;
}

#endif
