// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * arena.c: memory in chunks, freed at once (arena.h).
 */
#include <stdlib.h>
#include <string.h>
#include "arena.h"

/* Each chunk is twice as large as the one before: there may be ten thousand small arenas. */
#define CHUNK_FIRST 4096
#define CHUNK_MAX   (256 * 1024)

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

struct arena {
	struct chunk *chunks;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

static struct chunk *chunk_add(struct arena *arena, size_t size)
{
	size_t usual = arena->chunks ? 2 * arena->chunks->size : CHUNK_FIRST;
	struct chunk *chunk;

	if (usual > CHUNK_MAX)
		usual = CHUNK_MAX;
	if (size < usual)
		size = usual;
	chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	void *p;

	size = (size + 7) & ~(size_t)7;
	if (!chunk || chunk->size - chunk->used < size)
		chunk = chunk_add(arena, size);
	if (!chunk)
		return NULL;
	p = (char *)chunk->bytes + chunk->used;
	chunk->used += size;
	return p;
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
	void *p = arena_alloc(arena, size);

	return p ? memcpy(p, from, size) : NULL;
}

void arena_free(struct arena *arena)
{
	struct chunk *chunk, *next;

	if (!arena)
		return;
	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}
