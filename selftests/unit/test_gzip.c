// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Text made smaller: zlib reads back what went in, of one piece and of many.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <event2/buffer.h>
#include "selftests/tap.h"
#include "user/base/gzip.h"

#define TEXT_BYTES 1000000

static char text[TEXT_BYTES], back[TEXT_BYTES + 1];

/* How many bytes come out of @packed, all of it; -1: it is broken. */
static long unpack(struct evbuffer *packed)
{
	z_stream stream = { .next_in = evbuffer_pullup(packed, -1),
			    .avail_in = evbuffer_get_length(packed),
			    .next_out = (unsigned char *)back,
			    .avail_out = sizeof(back) };
	int end;

	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return -1;
	end = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return end == Z_STREAM_END && !stream.avail_in ? (long)stream.total_out : -1;
}

/* @size bytes, in pieces of @piece. */
static void check(size_t size, size_t piece, const char *name)
{
	struct evbuffer *in = evbuffer_new(), *out;
	size_t packed;

	for (size_t at = 0; at < size; at += piece)
		evbuffer_add_reference(in, text + at, piece < size - at ? piece : size - at, NULL,
				       NULL);
	out = gzip_of(in);
	packed = evbuffer_get_length(out);
	is_int(unpack(out), size, "%s: %zu bytes in %zu", name, size, packed);
	ok(!memcmp(back, text, size), "the same ones");
	is_int(evbuffer_get_length(in), size, "what went in is still there");
	evbuffer_free(in);
	evbuffer_free(out);
}

int main(void)
{
	for (size_t i = 0; i < TEXT_BYTES; i++)
		text[i] = "anydoor_packets_total{reason=\"foreign\"} "[i % 39] + (i % 977 == 0);
	check(TEXT_BYTES, TEXT_BYTES, "one piece");
	check(TEXT_BYTES, 1000, "a thousand pieces");
	check(1, 1, "one byte");
	check(0, 1, "nothing");
	for (size_t i = 0; i < TEXT_BYTES; i++)
		text[i] = rand();
	check(TEXT_BYTES, 333333, "what cannot be made smaller");
	return done_testing();
}
