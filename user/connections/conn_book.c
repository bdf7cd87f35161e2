// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * conn_book.c: counts and histograms of connections (conn_book.h).
 */
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "conn_book.h"

const double conn_handshake_ends[] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2 };
const double conn_life_ends[] = { 0.01, 0.1, 0.5, 1, 5, 10, 60, 600, 3600 };
const double conn_size_ends[] = { 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10 };
const double conn_resent_ends[] = { 0, 1, 3, 10, 30, 100 };

struct line {
	struct conn_seen seen; /* first: the tree looks at its key */
	bool is_new;	       /* not told yet */
};

struct conn_book {
	void *tree; /* of lines */
	struct line *lines[AD_CONNECTIONS_MAX];
	size_t nr;
};

struct conn_book *conn_book_new(void)
{
	return calloc(1, sizeof(struct conn_book));
}

static void nothing(void *line)
{
}

void conn_book_free(struct conn_book *book)
{
	size_t i;

	if (!book)
		return;
	tdestroy(book->tree, nothing);
	for (i = 0; i < book->nr; i++)
		free(book->lines[i]);
	free(book);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ad_connection_key));
}

static struct line *find(const struct conn_book *book, const struct ad_connection_key *key)
{
	struct line **found = tfind(key, &book->tree, compare);

	return found ? *found : NULL;
}

/* NULL: out of memory. */
static struct line *enter(struct conn_book *book, const struct ad_connection_key *key)
{
	struct line *line = calloc(1, sizeof(*line));

	if (!line)
		return NULL;
	line->seen.key = *key;
	if (!tsearch(line, &book->tree, compare)) {
		free(line);
		return NULL;
	}
	return book->lines[book->nr++] = line;
}

/* One place is kept for what is counted together. */
static struct line *line_of(struct conn_book *book, const struct ad_connection_key *key)
{
	static const struct ad_connection_key further;
	struct line *line = find(book, key);
	bool is_full = book->nr >= AD_CONNECTIONS_MAX - !find(book, &further);

	if (line)
		return line;
	if (is_full && memcmp(key, &further, sizeof(further)))
		return line_of(book, &further);
	return book->nr < AD_CONNECTIONS_MAX ? enter(book, key) : NULL;
}

int conn_book_recall(struct conn_book *book, const struct conn_seen *seen)
{
	struct line *line = line_of(book, &seen->key);

	if (!line)
		return -ENOMEM;
	line->seen.counts = seen->counts;
	return 0;
}

static size_t bucket_of(const double *ends, size_t nr, double value)
{
	size_t i;

	for (i = 0; i < nr - 1 && value > ends[i]; i++)
		;
	return i;
}

static void count_opened(struct ad_connection_counts *counts, const struct ad_connection_news *news)
{
	counts->opened++;
	if (!news->handshake_us)
		return;
	counts->handshake_us += news->handshake_us;
	counts->handshakes[bucket_of(conn_handshake_ends, AD_HANDSHAKE_BUCKETS,
				     news->handshake_us / 1e6)]++;
}

static void count_ended(struct ad_connection_counts *counts, const struct ad_connection_news *news)
{
	__u64 size = news->rx_bytes + news->tx_bytes;

	counts->ended++;
	counts->failed += news->what == AD_CONNECTION_FAILED;
	counts->rx_bytes += news->rx_bytes;
	counts->tx_bytes += news->tx_bytes;
	counts->retransmits += news->retransmits;
	counts->size += size;
	counts->sizes[bucket_of(conn_size_ends, AD_SIZE_BUCKETS, size)]++;
	counts->resent[bucket_of(conn_resent_ends, AD_RESENT_BUCKETS, news->retransmits)]++;
	if (!news->lived_ns)
		return;
	counts->life_ms += news->lived_ns / 1000000;
	counts->lives[bucket_of(conn_life_ends, AD_LIFE_BUCKETS, news->lived_ns / 1e9)]++;
}

int conn_book_add(struct conn_book *book, const struct ad_connection_key *key,
		  const struct ad_connection_news *news)
{
	struct line *line = line_of(book, key);

	if (!line)
		return -ENOMEM;
	line->is_new = true;
	if (news->what == AD_CONNECTION_OPENED)
		count_opened(&line->seen.counts, news);
	else
		count_ended(&line->seen.counts, news);
	return 0;
}

int conn_book_changed(struct conn_book *book, int (*each)(const struct conn_seen *seen, void *arg),
		      void *arg)
{
	int err, first = 0;
	size_t i;

	for (i = 0; i < book->nr; i++) {
		if (!book->lines[i]->is_new)
			continue;
		err = each(&book->lines[i]->seen, arg);
		book->lines[i]->is_new = err;
		first = first ?: err;
	}
	return first;
}
