// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_arena.c: memory that dies together. Under ASan a byte too few is an error of its own.
 */
#include <stdint.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/base/arena.h"

static void test_arena_gives_zeroed_aligned_memory(void)
{
	struct arena *arena = arena_new();
	int crooked = 0, dirty = 0;

	for (size_t size = 1; size < 300; size++) {
		unsigned char *p = arena_alloc(arena, size);

		crooked += (uintptr_t)p % 8 != 0;
		for (size_t i = 0; i < size; i++)
			dirty += p[i] != 0;
		memset(p, 0xff, size);
	}
	is_int(crooked, 0, "every piece is aligned to eight bytes");
	is_int(dirty, 0, "every byte is zero at first");
	arena_free(arena);
}

static void test_arena_pieces_do_not_overlap(void)
{
	enum {
		PIECES = 3000
	};
	static unsigned char *pieces[PIECES];
	struct arena *arena = arena_new();
	int wrong = 0;

	for (int i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(arena, 1 + i % 97);
		memset(pieces[i], i % 251, 1 + i % 97);
	}
	for (int i = 0; i < PIECES; i++)
		for (int j = 0; j < 1 + i % 97; j++)
			wrong += pieces[i][j] != i % 251;
	is_int(wrong, 0, "three thousand pieces keep what was written to them");
	arena_free(arena);
}

static void test_arena_larger_than_a_chunk(void)
{
	struct arena *arena = arena_new();
	char *small = arena_alloc(arena, 10), *large, *after;

	strcpy(small, "small");
	large = arena_alloc(arena, 3 << 20);
	if (ok(large, "three megabytes at once"))
		memset(large, 'x', 3 << 20);
	after = arena_alloc(arena, 10);
	strcpy(after, "after");
	is_str(small, "small", "what was before is still there");
	ok(large[0] == 'x' && large[(3 << 20) - 1] == 'x', "and so is the large piece");
	arena_free(arena);
}

static void test_arena_copy_is_a_copy(void)
{
	struct arena *arena = arena_new();
	char text[] = "a name";
	char *copy = arena_copy(arena, text, sizeof(text));

	text[0] = 'A';
	is_str(copy, "a name", "what is copied is its own");
	ok(arena_copy(arena, text, 0), "nothing can be copied, too");
	arena_free(arena);
}

static void test_arena_free_of_nothing(void)
{
	arena_free(NULL);
	arena_free(arena_new());
	ok(true, "no arena, and one without memory, can be freed");
}

int main(void)
{
	test_arena_gives_zeroed_aligned_memory();
	test_arena_pieces_do_not_overlap();
	test_arena_larger_than_a_chunk();
	test_arena_copy_is_a_copy();
	test_arena_free_of_nothing();
	return done_testing();
}
