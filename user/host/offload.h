/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * offload.h: what a network device does to packets by itself.
 */
#ifndef AD_OFFLOAD_H
#define AD_OFFLOAD_H

/*
 * Is @feature, by the kernel's name for it ("rx-lro"), at work on @interface? 1, 0, -ENOENT if this
 * kernel knows none of that name, or another -errno.
 */
int offload_get(const char *interface, const char *feature);

#endif
