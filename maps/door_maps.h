/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * door_maps.h: the two jump tables behind the attached programs. They outlive every upgrade:
 * swapping a program is one update of one entry, and no packet meets an interface without us.
 *
 * The kernel lets a program into a table only if it is of the kind that owns it: same
 * BPF_F_XDP_HAS_FRAGS, same expected_attach_type. A door attached alone has both (xdp.frags,
 * BPF_XDP). Behind libxdp's dispatcher it is an extension program, from which libxdp takes both.
 * So the loader, before it loads `packet` and `dns` (SEC "xdp"), looks at how the door is
 * attached, and gives them the flag if it stands alone, or expected_attach_type 0 if not.
 */
#ifndef AD_DOOR_MAPS_H
#define AD_DOOR_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "types.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, AD_DOOR_XDP_MAX);
	__type(key, __u32);
	__type(value, __u32);
} door_xdp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, AD_DOOR_TC_MAX);
	__type(key, __u32);
	__type(value, __u32);
} door_tc SEC(".maps");

#endif
