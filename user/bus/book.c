// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * book.c: what is known of the bus (book.h).
 */
#include <stdlib.h>
#include <string.h>
#include "book.h"
#include "user/config/config.h"

/* Under keys of ours there are few; of any others nothing is kept. */
#define ENTRIES_MAX ((5u << AD_OWNER_BITS_MAX) + CONFIG_POPS_MAX + 1)

struct entry {
	char key[BUS_KEY_MAX];
	__u64 seq;	/* the newest that was taken, or made here */
	__u64 bus_seq;	/* of the last good one that was heard; 0: none */
	__u64 revision; /* of what the bus has now, whatever it is */
	__u64 heard_ms;
	__u64 life;
	__u64 forged_s;	  /* the second of the last that was forged */
	__u32 round;	  /* the last that had it */
	__u32 good_round; /* likewise, as a record */
	json_t *body;
};

struct bus_book {
	const struct bus_secret *secret;
	char self_node[BUS_KEY_MAX], self_told[BUS_KEY_MAX];
	__u64 life, beat_ms;
	__u16 self;
	struct entry **entries; /* sorted by key */
	size_t nr, room;
	__u32 round;
	__u64 echo_ms;	/* 0: none has come */
	__u64 echo_seq; /* of that one */
	__u64 fresh_ms; /* since when it is fresh without a gap; 0: it is not */
	__u64 taken_ms; /* when another wrote under our id; 0: nobody has */
	__u64 refused[BUS_READS];
	__u64 forged_s;	     /* this second, CLOCK_MONOTONIC, and ... */
	size_t forged_bytes; /* ... what was forged in it */
	bool missed;
};

/* --- entries ---------------------------------------------------------------------------------- */

/* Where @key is, or would be. */
static size_t place_of(const struct bus_book *book, const char *key)
{
	size_t low = 0, high = book->nr, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (strcmp(book->entries[mid]->key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct entry *find(const struct bus_book *book, const char *key)
{
	size_t at = place_of(book, key);

	return at < book->nr && !strcmp(book->entries[at]->key, key) ? book->entries[at] : NULL;
}

static bool grow(struct bus_book *book)
{
	size_t room = book->room ? 2 * book->room : 64;
	struct entry **entries;

	if (book->nr < book->room)
		return true;
	if (book->nr >= ENTRIES_MAX)
		return false;
	entries = realloc(book->entries, room * sizeof(*entries));
	if (!entries)
		return false;
	book->entries = entries;
	book->room = room;
	return true;
}

/* NULL: no room. */
static struct entry *find_or_make(struct bus_book *book, const char *key)
{
	size_t at = place_of(book, key);
	struct entry *entry;

	if (at < book->nr && !strcmp(book->entries[at]->key, key))
		return book->entries[at];
	entry = grow(book) ? calloc(1, sizeof(*entry)) : NULL;
	if (!entry)
		return NULL;
	strncpy(entry->key, key, sizeof(entry->key) - 1);
	memmove(&book->entries[at + 1], &book->entries[at],
		(book->nr - at) * sizeof(*book->entries));
	book->entries[at] = entry;
	book->nr++;
	return entry;
}

struct bus_book *bus_book_new(const struct bus_secret *secret, __u16 self, __u64 life,
			      __u64 beat_ms)
{
	struct bus_book *book = calloc(1, sizeof(*book));

	if (!book)
		return NULL;
	book->secret = secret;
	book->self = self;
	book->life = life;
	book->beat_ms = beat_ms;
	bus_name_node(BUS_NODE, self, book->self_node);
	bus_name_node(BUS_TOLD, self, book->self_told);
	return book;
}

void bus_book_free(struct bus_book *book)
{
	if (!book)
		return;
	for (size_t i = 0; i < book->nr; i++) {
		json_decref(book->entries[i]->body);
		free(book->entries[i]);
	}
	free(book->entries);
	free(book);
}

void bus_book_set_beat(struct bus_book *book, __u64 beat_ms)
{
	book->beat_ms = beat_ms;
}

void bus_book_recall(struct bus_book *book, const char *key, __u64 seq)
{
	struct entry *entry = find_or_make(book, key);

	if (entry && seq > entry->seq)
		entry->seq = seq;
}

void bus_book_forget(struct bus_book *book, __u16 id)
{
	static const enum bus_kind kinds[] = { BUS_NODE, BUS_TOLD, BUS_RTT };
	char key[BUS_KEY_MAX];
	struct entry *entry;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		entry = find(book, bus_name_node(kinds[i], id, key));
		if (!entry)
			continue;
		json_decref(entry->body);
		entry->body = NULL;
	}
}

/* --- hearing ---------------------------------------------------------------------------------- */

void bus_book_begin_round(struct bus_book *book)
{
	book->missed = false;
	book->round++;
}

void bus_book_part(struct bus_book *book)
{
	book->fresh_ms = 0;
}

/* What the bus does not have cannot be expected when it is written. */
void bus_book_end_round(struct bus_book *book)
{
	for (size_t i = 0; i < book->nr; i++)
		if (book->entries[i]->round != book->round)
			book->entries[i]->revision = book->entries[i]->bus_seq = 0;
}

bool bus_book_is_behind(const struct bus_book *book, const char *key)
{
	const struct entry *entry = find(book, key);

	return entry && entry->seq > entry->bus_seq;
}

bool bus_book_has(const struct bus_book *book, const char *key)
{
	const struct entry *entry = find(book, key);

	return entry && book->round && entry->good_round == book->round;
}

const json_t *bus_book_body(const struct bus_book *book, const char *key)
{
	const struct entry *entry = find(book, key);

	return entry ? entry->body : NULL;
}

static bool is_own_key(const struct bus_book *book, const char *key)
{
	return !strcmp(key, book->self_node) || !strcmp(key, book->self_told);
}

/* The first of each: what comes again with a new connection proves nothing. */
static void note_echo(struct bus_book *book, __u64 seq, __u64 now_ms)
{
	if (seq <= book->echo_seq)
		return;
	if (!bus_book_is_fresh(book, now_ms))
		book->fresh_ms = now_ms;
	book->echo_ms = now_ms;
	book->echo_seq = seq;
}

static enum bus_verdict judge(struct bus_book *book, struct entry *entry,
			      const struct bus_head *head, __u64 now_ms)
{
	bool own = is_own_key(book, entry->key), newer = head->seq > entry->seq;

	if (head->life == book->life) {
		if (!strcmp(entry->key, book->self_node))
			note_echo(book, head->seq, now_ms);
		return BUS_ECHO;
	}
	if (head->seq < entry->seq)
		return own ? BUS_ECHO : BUS_OLD;
	/* What the daemon before us wrote is no other's: that one does not write any more. */
	if (own && newer && entry->life)
		return BUS_TAKEN;
	return newer ? BUS_NEWS : BUS_KNOWN;
}

static void take(struct bus_book *book, struct entry *entry, struct bus_heard *heard, __u64 now_ms)
{
	heard->verdict = judge(book, entry, &heard->head, now_ms);
	if (heard->verdict == BUS_TAKEN)
		book->taken_ms = now_ms;
	if (heard->verdict == BUS_OLD ||
	    (heard->verdict == BUS_ECHO && entry->body && heard->head.seq < entry->seq)) {
		json_decref(heard->body);
		heard->body = entry->body;
		return;
	}
	if (heard->head.seq > entry->seq || !entry->body)
		entry->heard_ms = now_ms;
	if (heard->head.seq > entry->seq)
		entry->seq = heard->head.seq;
	entry->life = heard->head.life;
	json_decref(entry->body);
	entry->body = heard->body;
}

static bool is_anybodys(enum bus_kind kind)
{
	return kind == BUS_POP || kind == BUS_GONE || kind == BUS_ASK || kind == BUS_KEYS;
}

/* The reader's verdict. Of a node's keys all but what it is asked, and that it is gone, are written
 * by itself alone. */
static enum bus_read read_as(const struct bus_book *book, const char *key, const __u8 *bytes,
			     size_t size, struct bus_heard *heard)
{
	enum bus_read read = BUS_READ_NO_RECORD;

	if (size <= bus_kind_size_max(heard->name.kind))
		read = bus_record_read(book->secret, key, bytes, size, &heard->head, &heard->body);
	if (read != BUS_READ_OK || is_anybodys(heard->name.kind) ||
	    heard->head.writer == heard->name.id)
		return read;
	json_decref(heard->body);
	heard->body = NULL;
	return BUS_READ_FORGED;
}

bool bus_book_is_flooded(const struct bus_book *book, __u64 now_ms)
{
	return book->forged_s == now_ms / 1000 && book->forged_bytes >= BUS_FORGED_MAX;
}

bool bus_book_has_missed(const struct bus_book *book, __u64 now_ms)
{
	return book->missed && !bus_book_is_flooded(book, now_ms);
}

static void note_forged(struct bus_book *book, struct entry *entry, size_t size, __u64 now_ms)
{
	if (book->forged_s != now_ms / 1000)
		book->forged_bytes = 0;
	book->forged_s = now_ms / 1000;
	book->forged_bytes += size;
	if (entry)
		entry->forged_s = book->forged_s;
}

static enum bus_read try_read(struct bus_book *book, struct entry *entry, const char *key,
			      const __u8 *bytes, size_t size, __u64 now_ms, struct bus_heard *heard)
{
	enum bus_read read;

	if (bus_book_is_flooded(book, now_ms) && (!entry || entry->forged_s == book->forged_s)) {
		book->missed = true;
		return BUS_READ_SKIPPED;
	}
	read = read_as(book, key, bytes, size, heard);
	if (read == BUS_READ_FORGED)
		note_forged(book, entry, size, now_ms);
	return read;
}

/* Of what is not signed only the revision is kept, and only under keys that are known anyway. */
void bus_book_hear(struct bus_book *book, const char *key, __u64 revision, const __u8 *bytes,
		   size_t size, __u64 now_ms, struct bus_heard *heard)
{
	struct entry *entry = find(book, key);

	memset(heard, 0, sizeof(*heard));
	heard->read = BUS_READ_NO_RECORD;
	if (bus_name_parse(key, &heard->name) && size)
		heard->read = try_read(book, entry, key, bytes, size, now_ms, heard);
	if (heard->read == BUS_READ_OK && !entry)
		entry = find_or_make(book, key);
	if (entry) {
		entry->round = book->round;
		entry->revision = revision;
		entry->bus_seq = heard->head.seq;
	}
	if (heard->read == BUS_READ_OK && entry) {
		entry->good_round = book->round;
		take(book, entry, heard, now_ms);
		return;
	}
	json_decref(heard->body);
	heard->body = NULL;
	book->refused[heard->read] += size > 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

void bus_book_give_way(struct bus_book *book, __u64 now_ms)
{
	book->taken_ms = now_ms;
}

bool bus_book_may_write(const struct bus_book *book, __u64 now_ms)
{
	return !book->taken_ms || now_ms - book->taken_ms > BUS_GONE_BEATS * book->beat_ms;
}

struct bus_head bus_book_head(struct bus_book *book, const char *key, bool is_news, __u64 real_us)
{
	struct entry *entry = find_or_make(book, key);
	struct bus_head head = { .life = book->life, .writer = book->self };

	if (entry && is_news)
		entry->seq = real_us > entry->seq ? real_us : entry->seq + 1;
	head.seq = entry ? entry->seq : 0;
	return head;
}

struct bus_head bus_book_try_head(const struct bus_book *book, const char *key, __u64 real_us)
{
	__u64 seq = bus_book_seq(book, key);

	return (struct bus_head){ .seq = real_us > seq ? real_us : seq + 1,
				  .life = book->life,
				  .writer = book->self };
}

__u64 bus_book_seq(const struct bus_book *book, const char *key)
{
	const struct entry *entry = find(book, key);

	return entry ? entry->seq : 0;
}

__u64 bus_book_revision(const struct bus_book *book, const char *key)
{
	const struct entry *entry = find(book, key);

	return entry ? entry->revision : 0;
}

void bus_book_wrote(struct bus_book *book, const char *key, __u64 revision)
{
	struct entry *entry = find_or_make(book, key);

	if (entry && revision > entry->revision)
		entry->revision = revision;
	if (entry && !entry->life)
		entry->life = book->life;
}

/* --- judging ---------------------------------------------------------------------------------- */

bool bus_book_is_fresh(const struct bus_book *book, __u64 now_ms)
{
	return book->fresh_ms && now_ms - book->echo_ms <= BUS_STALE_BEATS * book->beat_ms;
}

__u64 bus_book_echo_ms(const struct bus_book *book)
{
	return book->echo_ms;
}

__u64 bus_book_late_ms(const struct bus_book *book)
{
	__u64 late_ms = BUS_LATE_BEATS_X2 * book->beat_ms / 2;

	return late_ms > BUS_LATE_MS_MIN ? late_ms : BUS_LATE_MS_MIN;
}

static __u64 missed_ms(const struct bus_book *book)
{
	__u64 missed_ms = BUS_MISSED_BEATS_X2 * book->beat_ms / 2;

	return missed_ms > BUS_MISSED_MS_MIN ? missed_ms : BUS_MISSED_MS_MIN;
}

/* Of a bus that came back who was not heard yet may be connecting still: that one is not late. */
static bool see_node(const struct bus_book *book, const struct entry *entry, __u64 now_ms,
		     struct bus_node_seen *seen)
{
	__u64 most_ms = BUS_GONE_BEATS * book->beat_ms;
	bool is_fresh = bus_book_is_fresh(book, now_ms);

	if (!entry || !entry->body)
		return false;
	seen->heard_ms = entry->heard_ms;
	seen->body = entry->body;
	seen->is_gone =
		is_fresh && now_ms - book->fresh_ms > most_ms && now_ms - entry->heard_ms > most_ms;
	seen->is_late = is_fresh && entry->heard_ms >= book->fresh_ms &&
			now_ms - entry->heard_ms > bus_book_late_ms(book);
	seen->is_missed = seen->is_late && now_ms - entry->heard_ms > missed_ms(book);
	return true;
}

bool bus_book_node(const struct bus_book *book, __u16 id, __u64 now_ms, struct bus_node_seen *seen)
{
	char key[BUS_KEY_MAX];

	return see_node(book, find(book, bus_name_node(BUS_NODE, id, key)), now_ms, seen);
}

void bus_book_each_node(const struct bus_book *book, __u64 now_ms,
			void (*each)(__u16 id, const struct bus_node_seen *seen, void *arg),
			void *arg)
{
	struct bus_node_seen seen;
	struct bus_name name;
	size_t i;

	for (i = 0; i < book->nr; i++)
		if (bus_name_parse(book->entries[i]->key, &name) && name.kind == BUS_NODE &&
		    see_node(book, book->entries[i], now_ms, &seen))
			each(name.id, &seen, arg);
}

__u64 bus_book_refused(const struct bus_book *book, enum bus_read why)
{
	return book->refused[why];
}
