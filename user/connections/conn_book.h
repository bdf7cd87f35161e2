/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn_book.h: connections counted by VIP, port, region of the client and landing node. There are
 * at most AD_CONNECTIONS_MAX of these; what comes after is counted together. Knows no libbpf.
 */
#ifndef AD_CONN_BOOK_H
#define AD_CONN_BOOK_H

#include <stddef.h>
#include "conn_seen.h"

/* Upper ends of the buckets of histograms, in the unit of the metric: seconds, bytes, segments. */
extern const double conn_handshake_ends[AD_HANDSHAKE_BUCKETS - 1];
extern const double conn_life_ends[AD_LIFE_BUCKETS - 1];
extern const double conn_size_ends[AD_SIZE_BUCKETS - 1];
extern const double conn_resent_ends[AD_RESENT_BUCKETS - 1];

struct conn_book;

struct conn_book *conn_book_new(void); /* NULL: out of memory */
void conn_book_free(struct conn_book *book);
/* As the daemon before left it. 0 or -ENOMEM. */
int conn_book_recall(struct conn_book *book, const struct conn_seen *seen);
/* 0 or -ENOMEM. */
int conn_book_add(struct conn_book *book, const struct ad_connection_key *key,
		  const struct ad_connection_news *news);
/*
 * Calls @each for those that have changed since it returned 0 for them. The first error, after
 * all were tried.
 */
int conn_book_changed(struct conn_book *book, int (*each)(const struct conn_seen *seen, void *arg),
		      void *arg);

#endif
