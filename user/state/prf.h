/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prf.h: the keyed hash of a flow, as bpf/flow/prf.h has it: SipHash-2-4 of the 4-tuple, client
 * first. Knows no libbpf.
 */
#ifndef AD_STATE_PRF_H
#define AD_STATE_PRF_H

#include "maps/types.h"

/* @key: of ad_keys.stamp. */
__u64 prf_of_tuple(const struct ad_tuple *tuple, const __u64 key[2]);

#endif
