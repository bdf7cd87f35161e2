// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_bus.c: any bytes as what the bus hands on: keys and records, one after the other. Nothing
 * that is not signed may become known; what is signed here first, for it has the fleet's key, may
 * have any body. An echo makes the bus fresh, and nothing else does.
 *
 * A message: one byte of flags, the length of the key, the key, two bytes of length, the record.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "user/base/log.h"
#include "user/bus/book.h"

#define LIFE 100
#define BEAT 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const struct bus_secret secret = { .key = "the fleet's key", .id = "its name" };

enum {
	SIGN = 1,  /* as somebody with the key does */
	ROUND = 2, /* a new connection before it */
	OURS = 4   /* by this process; only with SIGN */
};

struct input {
	const uint8_t *at, *end;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_ERR_);
	return sodium_init() < 0;
}

static size_t take(struct input *input, void *to, size_t size)
{
	size_t left = input->end - input->at;

	size = size < left ? size : left;
	memcpy(to, input->at, size);
	input->at += size;
	return size;
}

/* Where record.h says that it is. */
static void sign(const char *key, uint8_t *bytes, size_t size, bool ours)
{
	crypto_generichash_state state;

	memcpy(bytes, BUS_MAGIC, 4);
	memcpy(bytes + 4, secret.id, 16);
	memset(bytes + 60, 0, 8);
	if (ours)
		bytes[67] = LIFE;
	crypto_generichash_init(&state, secret.key, sizeof(secret.key), 32);
	crypto_generichash_update(&state, (const uint8_t *)key, strlen(key) + 1);
	crypto_generichash_update(&state, bytes + 52, size - 52);
	crypto_generichash_final(&state, bytes + 20, 32);
}

static void check(bool good)
{
	if (!good)
		abort();
}

static void hear(struct bus_book *book, struct input *input, uint64_t now_ms)
{
	uint8_t flags = 0, len = 0, size[2] = { 0, 0 };
	bool fresh = bus_book_is_fresh(book, now_ms);
	char key[256] = "";
	struct bus_heard heard;
	uint8_t *bytes;
	size_t nr;

	take(input, &flags, 1);
	take(input, &len, 1);
	take(input, key, len);
	take(input, size, 2);
	nr = size[0] | (size[1] & 0xf) << 8;
	bytes = malloc(nr ?: 1);
	nr = take(input, bytes, nr);
	if (flags & SIGN && nr > BUS_HEAD)
		sign(key, bytes, nr, flags & OURS);
	if (flags & ROUND)
		bus_book_begin_round(book);
	bus_book_hear(book, key, now_ms, bytes, nr, now_ms, &heard);
	check(heard.verdict == BUS_REFUSED || flags & SIGN);
	check(heard.verdict != BUS_REFUSED || !heard.body);
	check(!heard.body || json_is_object(heard.body));
	check(fresh || !bus_book_is_fresh(book, now_ms) ||
	      (flags & OURS && !strcmp(key, "node.1")));
	if (flags & ROUND)
		bus_book_end_round(book);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bus_book *book = bus_book_new(&secret, 1, LIFE, BEAT);
	struct input input = { data, data + size };
	struct bus_node_seen seen;
	uint64_t now_ms = 1;

	bus_book_recall(book, "node.1", 0);
	bus_book_recall(book, "pop.fra", 7);
	while (input.at < input.end) {
		hear(book, &input, now_ms);
		now_ms += BEAT / 4;
	}
	bus_book_node(book, 2, now_ms, &seen);
	check(bus_book_seq(book, "pop.fra") >= 7);
	bus_book_free(book);
	return 0;
}
