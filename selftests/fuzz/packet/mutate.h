/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mutate.h: damage that leaves the rest of a frame readable, so that it gets far enough to matter.
 */
#ifndef AD_FUZZ_MUTATE_H
#define AD_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Changes the frame in place, which has room for @max bytes; its new length. */
size_t frame_mutate(uint8_t *frame, size_t len, size_t max, unsigned int seed);

#endif
