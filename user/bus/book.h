/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.h: what is known of the bus: the newest record of each key, who is heard of, and whether the
 * bus is fresh. Pure: who calls it says what time it is, by CLOCK_MONOTONIC in ms. Knows no libbpf.
 *
 * A connection that is up proves nothing: a watcher can go silent without an error. So this node
 * writes its own record with each beat, and the bus is fresh while that comes back by its watcher.
 * While it is not, nothing that is known changes, and nobody is judged.
 */
#ifndef AD_BUS_BOOK_H
#define AD_BUS_BOOK_H

#include "record.h"

#define BUS_STALE_BEATS 4 /* without an echo of ours: the bus is stale */
#define BUS_GONE_BEATS	6 /* without news of a node, the bus being fresh: it is gone */

/* Likewise, sooner: it is late, and then it is missed, if it was heard since the bus is fresh. */
#define BUS_LATE_BEATS_X2   3
#define BUS_MISSED_BEATS_X2 5
#define BUS_LATE_MS_MIN	    3000
#define BUS_MISSED_MS_MIN   5000

enum bus_verdict {
	BUS_REFUSED, /* see .read; it is as if it were not there */
	BUS_ECHO,    /* this process wrote it */
	BUS_NEWS,    /* newer than what was known */
	BUS_KNOWN,   /* what was known */
	BUS_OLD,     /* older than what is known: the bus was filled from a backup */
	BUS_TAKEN    /* another daemon writes under our id */
};

struct bus_heard {
	enum bus_verdict verdict;
	enum bus_read read;
	struct bus_name name;
	struct bus_head head;
	json_t *body; /* the book's, or NULL; until the next call */
};

struct bus_book;

/* @life: of this process, drawn by chance. NULL without memory. @secret must stay valid. */
struct bus_book *bus_book_new(const struct bus_secret *secret, __u16 self, __u64 life,
			      __u64 beat_ms);
void bus_book_free(struct bus_book *book);
void bus_book_set_beat(struct bus_book *book, __u64 beat_ms);

/* A record of @key with this seq was known to a process before this one. */
void bus_book_recall(struct bus_book *book, const char *key, __u64 seq);

/* An operator said that a node is gone for good: what it said is not known any more. */
void bus_book_forget(struct bus_book *book, __u16 id);

/* A new connection: all records come again, then bus_book_end_round(). */
void bus_book_begin_round(struct bus_book *book);
/* What @key has at @revision; @size 0: it was deleted. */
void bus_book_hear(struct bus_book *book, const char *key, __u64 revision, const __u8 *bytes,
		   size_t size, __u64 now_ms, struct bus_heard *heard);
void bus_book_end_round(struct bus_book *book);
/* Whether this round had a good record of @key. */
bool bus_book_has(const struct bus_book *book, const char *key);
/* What it said, or NULL; until the next call of bus_book_hear(). */
const json_t *bus_book_body(const struct bus_book *book, const char *key);
/* Whether something newer than what the bus has of @key is known, and is to be written there. */
bool bus_book_is_behind(const struct bus_book *book, const char *key);
/* It cannot be reached any more. */
void bus_book_part(struct bus_book *book);

/* --- writing ---------------------------------------------------------------------------------- */

/* The record under our own id is of another node: wait whether that one still writes. */
void bus_book_give_way(struct bus_book *book, __u64 now_ms);
/*
 * False: our id is another's, who still writes. Nothing may be written then. An id is free again
 * when nothing was heard under it for BUS_GONE_BEATS.
 */
bool bus_book_may_write(const struct bus_book *book, __u64 now_ms);
/*
 * Of a record of @key by this process: as it is known or, @is_news, above all that are known.
 * @real_us: CLOCK_REALTIME. A seq of 0: nothing is known, or there is no room.
 */
struct bus_head bus_book_head(struct bus_book *book, const char *key, bool is_news, __u64 real_us);
/*
 * The same above all that are known, of a record that counts only once it was written: until it
 * comes back nothing is known of it.
 */
struct bus_head bus_book_try_head(const struct bus_book *book, const char *key, __u64 real_us);
/* The newest one that is known; 0: none. */
__u64 bus_book_seq(const struct bus_book *book, const char *key);
/* What must be expected when @key is written; 0: that there is none. */
__u64 bus_book_revision(const struct bus_book *book, const char *key);
/* It was written: the next write may come before its echo. */
void bus_book_wrote(struct bus_book *book, const char *key, __u64 revision);

/* --- judging ---------------------------------------------------------------------------------- */

bool bus_book_is_fresh(const struct bus_book *book, __u64 now_ms);
/* When the last echo came; 0: none has. */
__u64 bus_book_echo_ms(const struct bus_book *book);

struct bus_node_seen {
	__u64 heard_ms;	    /* when a record came that was newer than the one before */
	bool is_gone;	    /* not heard of for BUS_GONE_BEATS, all of them fresh */
	bool is_late;	    /* not heard of for bus_book_late_ms() of them */
	bool is_missed;	    /* likewise, and longer */
	const json_t *body; /* of its last record */
};
/* A beat is late after that time. */
__u64 bus_book_late_ms(const struct bus_book *book);
/* False: it has no record here. */
bool bus_book_node(const struct bus_book *book, __u16 id, __u64 now_ms, struct bus_node_seen *seen);
/* All that have one; @each must not write to the book. */
void bus_book_each_node(const struct bus_book *book, __u64 now_ms,
			void (*each)(__u16 id, const struct bus_node_seen *seen, void *arg),
			void *arg);
/*
 * Whoever reaches the servers can write what takes a hash to refuse. When BUS_FORGED_MAX bytes of a
 * second were forged, what comes under keys that had a forged record in that second, or under keys
 * that are not known, is not looked at any more until the next. So others are heard all the same.
 */
#define BUS_FORGED_MAX (1u << 20)
bool bus_book_is_flooded(const struct bus_book *book, __u64 now_ms);
/* Whether a good record may have been missed by that, and it is over: all is to be heard anew. */
bool bus_book_has_missed(const struct bus_book *book, __u64 now_ms);
/* Records that were refused, by why (enum bus_read). */
__u64 bus_book_refused(const struct bus_book *book, enum bus_read why);

#endif
