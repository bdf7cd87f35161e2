/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame.h: valid packets, built whole, with checksums, stamps and tags made here (SipHash by
 * libsodium), never by the code under test.
 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include "selftests/bench/bench.h"

struct frame {
	__u8 bytes[BENCH_FRAME_MAX];
	__u32 length;
};

/* The client: what differs from card to card. */
struct guest {
	__be32 address;
	__be16 port;
	__u16 owner; /* node id in its stamp */
};

void frame_build(struct frame *frame, const struct rig *rig, enum frame_kind kind,
		 const struct guest *guest, unsigned int name);
/* The first label of a name of the zone: eight characters, no NUL. */
void frame_dns_label(unsigned int name, char label[8]);
/* The PRF of the 4-tuple @guest, VIP: of the stamp and of the flow table (maps/types.h). */
__u64 frame_prf(const struct rig *rig, const struct guest *guest);

#endif
