/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prf.h: the keyed hash of a flow, as the data path reckons it (bpf/flow/prf.h).
 */
#ifndef AD_DIRECTORY_PRF_H
#define AD_DIRECTORY_PRF_H

#include "maps/types.h"

/* @stamp: of struct ad_keys. */
__u64 prf_of_tuple(const struct ad_tuple *tuple, const __u64 stamp[2]);

#endif
