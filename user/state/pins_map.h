/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pins_map.h: internal to pins*.c.
 */
#ifndef AD_PINS_MAP_H
#define AD_PINS_MAP_H

#include <linux/bpf.h>
#include "pins.h"

/* fd of a map whose values are @value_size long, or -errno; -EPROTO if they are not. */
int pins_map_sized(const struct pins *pins, const char *name, bool writable, __u32 value_size,
		   struct bpf_map_info *info);

#endif
