/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * offload.h: what a network device does to packets by itself.
 */
#ifndef AD_OFFLOAD_H
#define AD_OFFLOAD_H

/*
 * Is @feature (the kernel's name, such as "rx-lro") active on @interface? 1, 0, -ENOENT if this
 * kernel has no feature of that name, or another -errno.
 */
int offload_get(const char *interface, const char *feature);

/* Descriptors in the ring of what comes in, and how many there could be. 0 or -errno. */
int offload_ring(const char *interface, unsigned int *now, unsigned int *most);

#endif
