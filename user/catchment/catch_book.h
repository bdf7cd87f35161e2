/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_book.h: what landed here, added up over one window after the other, and compared with what
 * was before. Not for two threads at once.
 */
#ifndef AD_CATCH_BOOK_H
#define AD_CATCH_BOOK_H

#include "catch_view.h"
#include "user/steer/places.h"

#define CATCH_PREFIXES_MAX 65536 /* in one window; more count for regions and ASNs only */
#define CATCH_ASNS_MAX	   16384
#define CATCH_ASNS_WATCHED 256 /* with the most in a window, and those of before */

struct catch_book {
	struct catch_table tables[CATCH_BYS];
	struct catch_watch watches[CATCH_BY_PREFIX]; /* of regions and of ASNs */
	double sum[CATCH_KINDS];		     /* of this window */
	double began_s;
};

/* A change, with what it is of. */
typedef void catch_told(enum catch_by by, const struct catch_change *change, void *arg);

/* At @now_s of a clock that never goes back. 0 or -ENOMEM. */
int catch_book_init(struct catch_book *book, double now_s);
void catch_book_free(struct catch_book *book);
/* The window at hand is given up, and another begins. */
void catch_book_begin(struct catch_book *book, double now_s);
/*
 * Regions or databases are others: the window at hand is given up, what was before is forgotten,
 * and another begins. Else each client that is now said to be elsewhere would be told as moved.
 */
void catch_book_restart(struct catch_book *book, double now_s);
/* @count more from @prefix (AD_PREFIX_OF_IP4()). */
void catch_book_add(struct catch_book *book, const struct places *places, enum catch_kind kind,
		    __u64 prefix, __u64 count);
/* A socket to @client, with this least round-trip time. */
void catch_book_time(struct catch_book *book, const struct places *places,
		     const struct ad_addr *client, __u32 rtt_us);
/*
 * The window ends at @now_s: it is judged, unless the node drains, and the next one begins. *@view
 * is what it was, for the caller to drop, or NULL without memory.
 */
void catch_book_close(struct catch_book *book, const struct places *places,
		      const struct catch_rules *rules, double now_s, bool is_draining,
		      struct catch_view **view, catch_told *told, void *arg);
/* What there is of it so far. */
struct catch_view *catch_book_look(const struct catch_book *book, const struct places *places,
				   double now_s);

#endif
