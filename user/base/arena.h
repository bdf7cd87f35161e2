/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.h: many small allocations that are freed together.
 */
#ifndef AD_ARENA_H
#define AD_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Zeroed, aligned to 8 bytes; NULL if there is no memory. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *from, size_t size);
void arena_free(struct arena *arena);

#endif
