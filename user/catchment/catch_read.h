/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_read.h: what the data path has counted, and what sockets know, into the book. It takes
 * milliseconds for each ten thousand prefixes, and as much for each thousand sockets.
 */
#ifndef AD_CATCH_READ_H
#define AD_CATCH_READ_H

#include "catch_book.h"
#include "user/state/pins.h"

#define CATCH_SOCKETS_MAX 100000 /* asked for their round-trip time, in one window */

/* Takes what was counted since the last time. 0 or -errno. */
int catch_read_counts(const struct pins *pins, const struct places *places,
		      struct catch_book *book);
/*
 * Connections whose packets landed here within the last @within_s, wherever they live: those of
 * other nodes, too. A walk over the flow table. 0 or -errno.
 */
int catch_read_senders(const struct pins *pins, const struct places *places, __u32 within_s,
		       struct catch_book *book);
/* Asks live sockets of VIPs for the least round-trip time of their last minutes. 0 or -errno. */
int catch_read_times(const struct pins *pins, const struct places *places, struct catch_book *book);

#endif
