// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bus.c: records of the bus, of which no byte may be another; and the book of what is known,
 * in which time is what the test says.
 */
#include <errno.h>
#include <stdlib.h>
#include "selftests/tap.h"
#include "user/bus/book.h"

#define BEAT 1000 /* ms */

static const struct bus_secret secret = { .key = "fleet key", .id = "id of it" };
static const struct bus_secret other = { .key = "other key", .id = "other id" };

/* --- records ---------------------------------------------------------------------------------- */

struct bytes {
	__u8 *at;
	size_t size;
};

static struct bytes made(const struct bus_secret *by, const char *key, struct bus_head head,
			 const char *json)
{
	json_t *body = json_loads(json, 0, NULL);
	struct bytes bytes = {};

	if (bus_record_write(by, key, &head, body, &bytes.at, &bytes.size))
		abort();
	json_decref(body);
	return bytes;
}

static enum bus_read try_read(const char *key, const __u8 *bytes, size_t size)
{
	/* Of just this size, so that a sanitizer sees each byte beyond it. */
	__u8 *copy = malloc(size ?: 1);
	struct bus_head head;
	json_t *body = NULL;
	enum bus_read read;

	if (size)
		memcpy(copy, bytes, size);
	read = bus_record_read(&secret, key, copy, size, &head, &body);
	json_decref(body);
	free(copy);
	return read;
}

static void test_record_comes_back_as_written(void)
{
	struct bytes bytes = made(&secret, "node.7", (struct bus_head){ 1ull << 40, 3, 16383 },
				  "{\"load\": {\"shed\": 20}}");
	struct bus_head head;
	json_t *body = NULL;

	is_int(bus_record_read(&secret, "node.7", bytes.at, bytes.size, &head, &body), BUS_READ_OK,
	       "read");
	ok(head.seq == 1ull << 40 && head.life == 3 && head.writer == 16383, "its head");
	is_int(json_integer_value(json_object_get(json_object_get(body, "load"), "shed")), 20,
	       "its body");
	json_decref(body);
	free(bytes.at);
}

static void test_record_no_other_byte_is_taken(void)
{
	struct bytes bytes =
		made(&secret, "pop.fra", (struct bus_head){ 1, 2, 3 }, "{\"pop\": {}}");
	size_t i, taken = 0;
	int bit;

	for (i = 0; i < bytes.size; i++) {
		for (bit = 0; bit < 8; bit++) {
			bytes.at[i] ^= 1 << bit;
			taken += try_read("pop.fra", bytes.at, bytes.size) == BUS_READ_OK;
			bytes.at[i] ^= 1 << bit;
		}
		taken += try_read("pop.fra", bytes.at, i) == BUS_READ_OK;
	}
	is_int(taken, 0, "no bit may be another, none missing");
	is_int(try_read("pop.nyc", bytes.at, bytes.size), BUS_READ_FORGED, "nor its key");
	is_int(try_read("pop.fra", bytes.at, bytes.size), BUS_READ_OK, "as it is, it is taken");
	free(bytes.at);
}

static void test_record_refusals(void)
{
	struct bytes bytes = made(&other, "node.1", (struct bus_head){ 1, 1, 1 }, "{}");
	static __u8 large[BUS_SIZE_MAX + 1] = BUS_MAGIC;
	json_t *body = json_pack("{s:o}", "x", json_stringn_nocheck((char *)large + 5, 0));
	struct bus_head head = { 1, 1, 1 };

	is_int(try_read("node.1", bytes.at, bytes.size), BUS_READ_OTHER_KEY, "another fleet key");
	bytes.at[3]++;
	is_int(try_read("node.1", bytes.at, bytes.size), BUS_READ_VERSION, "another version");
	free(bytes.at);
	is_int(try_read("node.1", large, sizeof(large)), BUS_READ_NO_RECORD, "too long");
	is_int(try_read("node.1", NULL, 0), BUS_READ_NO_RECORD, "nothing");
	bytes = made(&secret, "node.1", head, "[1]");
	is_int(try_read("node.1", bytes.at, bytes.size), BUS_READ_BODY, "signed, and no object");
	free(bytes.at);
	memset(large, 'x', sizeof(large) - 1);
	json_object_set_new(body, "x", json_stringn((char *)large, sizeof(large) - 1));
	is_int(bus_record_write(&secret, "node.1", &head, body, &bytes.at, &bytes.size), -EMSGSIZE,
	       "one that nobody would take is not written");
	json_decref(body);
}

static void test_name_table(void)
{
	static const struct {
		const char *key;
		bool good;
		enum bus_kind kind;
		unsigned int id;
	} rows[] = {
		{ "node.1", true, BUS_NODE, 1 },
		{ "node.16383", true, BUS_NODE, 16383 },
		{ "told.2", true, BUS_TOLD, 2 },
		{ "gone.3", true, BUS_GONE, 3 },
		{ "gone.x", false, 0, 0 },
		{ "pop.fra-1_x.y", true, BUS_POP, 0 },
		{ "ask.7", true, BUS_ASK, 7 },
		{ "ask.0", false, 0, 0 },
		{ "keys.tunnel", true, BUS_KEYS, 0 },
		{ "keys.stamp", false, 0, 0 },
		{ "node.0", false, 0, 0 },
		{ "node.16384", false, 0, 0 },
		{ "node.01", false, 0, 0 },
		{ "node.+1", false, 0, 0 },
		{ "node.99999999999999999999", false, 0, 0 },
		{ "node.", false, 0, 0 },
		{ "node", false, 0, 0 },
		{ "pop.", false, 0, 0 },
		{ "pop.a b", false, 0, 0 },
		{ "pop.\xff", false, 0, 0 },
		{ "other.1", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "pop.0123456789012345678901234567890123456789012345678901234567890123456789",
		  false, 0, 0 },
	};
	struct bus_name name;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool good = bus_name_parse(rows[i].key, &name);

		ok(good == rows[i].good &&
			   (!good || (name.kind == rows[i].kind &&
				      (name.kind == BUS_POP || name.kind == BUS_KEYS ||
				       name.id == rows[i].id))),
		   "key \"%.20s\": %s", rows[i].key, rows[i].good ? "ours" : "not ours");
	}
}

/* --- the book --------------------------------------------------------------------------------- */

static struct bus_heard heard;

static enum bus_verdict hear_by(const struct bus_secret *by, struct bus_book *book, const char *key,
				__u64 revision, struct bus_head head, __u64 now_ms)
{
	struct bytes bytes = made(by, key, head, "{}");

	bus_book_hear(book, key, revision, bytes.at, bytes.size, now_ms, &heard);
	free(bytes.at);
	return heard.verdict;
}

static enum bus_verdict hear(struct bus_book *book, const char *key, __u64 revision,
			     struct bus_head head, __u64 now_ms)
{
	return hear_by(&secret, book, key, revision, head, now_ms);
}

/* As node 1 with life 100, on a bus that is empty. */
static struct bus_book *book_of_one(void)
{
	struct bus_book *book = bus_book_new(&secret, 1, 100, BEAT);

	bus_book_begin_round(book);
	bus_book_end_round(book);
	return book;
}

/* Writes our own record, and hears it. */
static void beat(struct bus_book *book, __u64 now_ms)
{
	struct bus_head head = bus_book_head(book, "node.1", true, now_ms * 1000);

	bus_book_wrote(book, "node.1", bus_book_revision(book, "node.1") + 1);
	hear(book, "node.1", bus_book_revision(book, "node.1"), head, now_ms);
}

static void test_fresh_by_own_echo_alone(void)
{
	struct bus_book *book = book_of_one();
	__u64 seq;

	ok(!bus_book_is_fresh(book, 1000), "at first nothing is known");
	hear(book, "node.2", 1, (struct bus_head){ 1, 7, 2 }, 1000);
	ok(!bus_book_is_fresh(book, 1000), "what others write proves nothing");
	beat(book, 2000);
	ok(bus_book_is_fresh(book, 2000 + BUS_STALE_BEATS * BEAT), "an echo does, for four beats");
	ok(!bus_book_is_fresh(book, 2001 + BUS_STALE_BEATS * BEAT), "and no longer");
	seq = bus_book_seq(book, "node.1");
	hear(book, "node.1", 1, (struct bus_head){ seq, 100, 1 }, 9000);
	ok(!bus_book_is_fresh(book, 9000), "the same echo once more does not: it may be a replay");
	beat(book, 9500);
	ok(bus_book_is_fresh(book, 9500), "the next one does");
	bus_book_part(book);
	ok(!bus_book_is_fresh(book, 9501), "without a connection it is stale at once");
	bus_book_free(book);
}

static void add_id(__u16 id, const struct bus_node_seen *seen, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), " %u%s", id, seen->body ? "" : "?");
}

static void test_each_node_is_visited(void)
{
	struct bus_book *book = book_of_one();
	char text[64] = "";

	bus_book_each_node(book, 0, add_id, text);
	is_str(text, "", "an empty book");
	hear(book, "node.2", 1, (struct bus_head){ 1, 7, 2 }, 500);
	hear(book, "told.4", 1, (struct bus_head){ 1, 7, 4 }, 500);
	hear(book, "node.12", 1, (struct bus_head){ 1, 7, 12 }, 500);
	bus_book_recall(book, "node.3", 5);
	bus_book_each_node(book, 500, add_id, text);
	is_str(text, " 12 2", "those that have a record of their own, once each");
	bus_book_free(book);
}

static void test_node_is_gone_only_while_fresh(void)
{
	struct bus_book *book = book_of_one();
	struct bus_node_seen seen;
	__u64 now;

	ok(!bus_book_node(book, 2, 0, &seen), "no record, nothing known");
	hear(book, "node.2", 1, (struct bus_head){ 1, 7, 2 }, 500);
	ok(bus_book_node(book, 2, 100000, &seen) && !seen.is_gone,
	   "long silent, and the bus not fresh: not gone");
	beat(book, 100000);
	ok(bus_book_node(book, 2, 100001, &seen) && !seen.is_gone,
	   "the bus is back: it has its time to be heard of");
	for (now = 101000; now <= 106000; now += BEAT)
		beat(book, now);
	ok(bus_book_node(book, 2, 106000, &seen) && !seen.is_gone, "six beats");
	beat(book, 107000);
	ok(bus_book_node(book, 2, 107000, &seen) && seen.is_gone, "and then it is gone");
	hear(book, "node.2", 9, (struct bus_head){ 1, 7, 2 }, 107000);
	ok(bus_book_node(book, 2, 107000, &seen) && seen.is_gone,
	   "the same record once more: still");
	hear(book, "node.2", 10, (struct bus_head){ 2, 7, 2 }, 107000);
	ok(bus_book_node(book, 2, 107000, &seen) && !seen.is_gone, "a newer one: it is back");
	bus_book_free(book);
}

/* BEAT is one second: of that the least times count. */
static void test_node_is_late_before_it_is_gone(void)
{
	struct bus_book *book = book_of_one();
	struct bus_node_seen seen;
	__u64 now;

	for (now = 1000; now <= 10000; now += BEAT)
		beat(book, now);
	hear(book, "node.2", 1, (struct bus_head){ 1, 7, 2 }, 10000);
	hear(book, "node.3", 2, (struct bus_head){ 1, 8, 3 }, 500);
	for (now = 11000; now <= 13000; now += BEAT)
		beat(book, now);
	ok(bus_book_node(book, 2, 13000, &seen) && !seen.is_late, "three seconds");
	ok(bus_book_node(book, 2, 13001, &seen) && seen.is_late && !seen.is_missed,
	   "and then it is late");
	beat(book, 14000);
	beat(book, 15000);
	ok(bus_book_node(book, 2, 15000, &seen) && !seen.is_missed, "five seconds");
	ok(bus_book_node(book, 2, 15001, &seen) && seen.is_missed && !seen.is_gone,
	   "and then it is missed, and not gone yet");
	ok(bus_book_node(book, 3, 15001, &seen) && !seen.is_late && !seen.is_missed,
	   "one that was not heard of since the bus is fresh may be connecting still");
	bus_book_set_beat(book, 4 * BEAT);
	ok(bus_book_node(book, 2, 16000, &seen) && !seen.is_late, "a slower beat: one and a half");
	ok(bus_book_node(book, 2, 16001, &seen) && seen.is_late, "of them are late");
	ok(bus_book_node(book, 2, 20001, &seen) && seen.is_missed, "and two and a half missed");
	bus_book_part(book);
	ok(bus_book_node(book, 2, 20001, &seen) && !seen.is_late && !seen.is_missed,
	   "without a bus nobody is");
	bus_book_free(book);
}

static void test_newest_wins_whatever_the_bus_has(void)
{
	struct bus_book *book = book_of_one();

	is_int(hear(book, "pop.fra", 5, (struct bus_head){ 50, 7, 2 }, 0), BUS_NEWS, "news");
	is_int(hear(book, "pop.fra", 5, (struct bus_head){ 50, 7, 2 }, 0), BUS_KNOWN, "known");
	is_int(hear(book, "pop.fra", 6, (struct bus_head){ 51, 8, 3 }, 0), BUS_NEWS,
	       "another node's later word");
	bus_book_begin_round(book);
	is_int(hear(book, "pop.fra", 2, (struct bus_head){ 50, 7, 2 }, 0), BUS_OLD,
	       "a bus filled from a backup");
	is_int(bus_book_revision(book, "pop.fra"), 2, "which is what one overwrites");
	is_int(bus_book_seq(book, "pop.fra"), 51, "with what is known");
	ok(bus_book_is_behind(book, "pop.fra"), "for it is behind");
	is_int(hear(book, "pop.fra", 3, (struct bus_head){ 51, 8, 3 }, 0), BUS_KNOWN,
	       "another node did");
	ok(!bus_book_is_behind(book, "pop.fra"), "then it is not");
	bus_book_begin_round(book);
	bus_book_end_round(book);
	ok(!bus_book_has(book, "pop.fra") && !bus_book_revision(book, "pop.fra") &&
		   bus_book_is_behind(book, "pop.fra"),
	   "an empty bus has nothing");
	bus_book_recall(book, "pop.nyc", 70);
	is_int(hear(book, "pop.nyc", 3, (struct bus_head){ 69, 7, 2 }, 0), BUS_OLD,
	       "what a process before us knew counts");
	ok(bus_book_head(book, "pop.nyc", true, 12).seq == 71,
	   "a clock that is behind writes newer all the same");
	bus_book_free(book);
}

static void test_strangers_change_nothing(void)
{
	struct bus_book *book = book_of_one();
	__u8 rubbish[200];
	size_t i;

	memset(rubbish, 'x', sizeof(rubbish));
	hear(book, "pop.fra", 1, (struct bus_head){ 5, 7, 2 }, 0);
	is_int(hear_by(&other, book, "pop.fra", 2, (struct bus_head){ 6, 7, 2 }, 0), BUS_REFUSED,
	       "another fleet's");
	is_int(hear(book, "told.2", 3, (struct bus_head){ 6, 7, 3 }, 0), BUS_REFUSED,
	       "node 3 under node 2's key");
	bus_book_hear(book, "pop.fra", 4, rubbish, sizeof(rubbish), 0, &heard);
	is_int(heard.verdict, BUS_REFUSED, "rubbish");
	is_int(bus_book_revision(book, "pop.fra"), 4, "but what is to be overwritten is known");
	is_int(bus_book_seq(book, "pop.fra"), 5, "what was known is known");
	bus_book_hear(book, "pop.fra", 5, NULL, 0, 0, &heard);
	is_int(heard.verdict, BUS_REFUSED, "a deletion");
	for (i = 0; i < 100000; i++) {
		char key[BUS_KEY_MAX];

		snprintf(key, sizeof(key), "pop.x%zu", i);
		bus_book_hear(book, key, i, rubbish, sizeof(rubbish), 0, &heard);
	}
	is_int(hear(book, "pop.nyc", 9, (struct bus_head){ 5, 7, 2 }, 0), BUS_NEWS,
	       "100,000 keys of rubbish take nobody's room");
	is_int(bus_book_refused(book, BUS_READ_NO_RECORD), 100001, "and are counted");
	is_int(bus_book_refused(book, BUS_READ_OTHER_KEY), 1, "other keys apart");
	is_int(bus_book_refused(book, BUS_READ_FORGED), 1, "and forged ones");
	bus_book_free(book);
}

static void test_ask_is_written_by_any_node(void)
{
	struct bus_book *book = book_of_one();

	is_int(hear(book, "ask.1", 1, (struct bus_head){ 5, 7, 2 }, 1000), BUS_NEWS,
	       "another node asks this one");
	is_int(hear(book, "told.1", 2, (struct bus_head){ 5, 7, 2 }, 1000), BUS_REFUSED,
	       "and cannot say what this one was told");
	is_int(hear(book, "ask.1", 3, (struct bus_head){ 4, 7, 3 }, 1000), BUS_OLD,
	       "an older request is old");
	bus_book_free(book);
}

static void test_record_on_trial_changes_nothing(void)
{
	struct bus_book *book = book_of_one();
	struct bus_head head, later = { 900, 7, 2 };

	hear(book, "pop.nyc", 1, (struct bus_head){ 500, 7, 2 }, 1000);
	head = bus_book_try_head(book, "pop.nyc", 1000);
	is_int(head.seq, 1000, "it would be the newest");
	is_int(bus_book_seq(book, "pop.nyc"), 500, "and is not yet");
	ok(!bus_book_is_behind(book, "pop.nyc"), "nothing is to be written again for it");
	is_int(hear(book, "pop.nyc", 2, later, 1001), BUS_NEWS, "what overtook it is news");
	is_int(bus_book_try_head(book, "pop.nyc", 100).seq, 901,
	       "a clock that is behind takes the "
	       "next number");
	bus_book_free(book);
}

/* Signed by nobody, of the most bytes that a node's record may have. */
static enum bus_read forge(struct bus_book *book, const char *key, __u64 now_ms)
{
	static __u8 bytes[16384] = BUS_MAGIC;

	memcpy(bytes + 4, secret.id, sizeof(secret.id));
	bus_book_hear(book, key, 9, bytes, sizeof(bytes), now_ms, &heard);
	return heard.read;
}

static void test_flood_of_forged_records_is_bounded(void)
{
	struct bus_book *book = book_of_one();
	size_t i, hashed = 0;

	hear(book, "node.2", 1, (struct bus_head){ 1, 7, 2 }, 1000);
	hear(book, "node.3", 2, (struct bus_head){ 1, 7, 3 }, 1000);
	for (i = 0; i < 10000; i++)
		hashed += forge(book, "node.2", 2000 + i / 100) == BUS_READ_FORGED;
	is_int(hashed, BUS_FORGED_MAX / 16384, "so many are hashed in a second, and no more");
	is_int(bus_book_refused(book, BUS_READ_SKIPPED), 10000 - hashed, "all others are counted");
	ok(bus_book_is_flooded(book, 2500), "that is a flood");
	is_int(hear(book, "node.3", 3, (struct bus_head){ 2, 7, 3 }, 2500), BUS_NEWS,
	       "a node that nobody forges is heard");
	is_int(forge(book, "node.3", 2501), BUS_READ_FORGED, "once forged ...");
	is_int(forge(book, "node.3", 2502), BUS_READ_SKIPPED, "... it is not");
	is_int(forge(book, "node.99", 2503), BUS_READ_SKIPPED, "nor is one that is not known");
	ok(!bus_book_has_missed(book, 2999), "while it lasts nothing is heard anew");
	ok(bus_book_has_missed(book, 3000), "when it is over all is");
	is_int(hear(book, "node.2", 4, (struct bus_head){ 2, 7, 2 }, 3000), BUS_NEWS,
	       "in the next second all are heard");
	bus_book_begin_round(book);
	ok(!bus_book_has_missed(book, 3000), "once");
	bus_book_free(book);
}

static void test_too_long_for_its_kind_is_no_record(void)
{
	struct bus_book *book = book_of_one();
	static __u8 bytes[BUS_SIZE_MAX] = BUS_MAGIC;

	memcpy(bytes + 4, secret.id, sizeof(secret.id));
	bus_book_hear(book, "pop.nyc", 1, bytes, bus_kind_size_max(BUS_POP), 1000, &heard);
	is_int(heard.read, BUS_READ_FORGED, "the longest word of a POP is hashed");
	bus_book_hear(book, "pop.nyc", 2, bytes, bus_kind_size_max(BUS_POP) + 1, 1000, &heard);
	is_int(heard.read, BUS_READ_NO_RECORD, "a longer one is not");
	bus_book_free(book);
}

static void test_one_id_two_daemons(void)
{
	struct bus_book *book = bus_book_new(&secret, 1, 100, BEAT);

	bus_book_begin_round(book);
	is_int(hear(book, "node.1", 1, (struct bus_head){ 40, 99, 1 }, 0), BUS_NEWS,
	       "the daemon before us");
	bus_book_end_round(book);
	ok(bus_book_may_write(book, 0), "does not write any more: we do");
	beat(book, 1000);
	is_int(hear(book, "node.1", 3, (struct bus_head){ 1u << 31, 98, 1 }, 2000), BUS_TAKEN,
	       "somebody else does");
	ok(!bus_book_may_write(book, 2000 + BUS_GONE_BEATS * BEAT), "then we do not");
	ok(bus_book_may_write(book, 2001 + BUS_GONE_BEATS * BEAT), "until he is silent");
	ok(bus_book_head(book, "node.1", true, 0).seq > 1u << 31, "and then above him");
	bus_book_give_way(book, 20000);
	ok(!bus_book_may_write(book, 20001), "another node's id: wait, too");
	bus_book_free(book);
}

static void test_forgotten_is_not_seen(void)
{
	struct bus_book *book = book_of_one();
	struct bus_node_seen seen;

	hear(book, "node.5", 1, (struct bus_head){ 10, 1, 5 }, 0);
	ok(bus_book_node(book, 5, 0, &seen), "a node");
	is_int(hear(book, "gone.5", 2, (struct bus_head){ 20, 1, 7 }, 0), BUS_NEWS,
	       "whoever may say that it is gone");
	bus_book_forget(book, 5);
	ok(!bus_book_node(book, 5, 0, &seen), "is not seen any more");
	is_int(bus_book_seq(book, "node.5"), 10, "what it said last is not forgotten");
	hear(book, "node.5", 3, (struct bus_head){ 11, 1, 5 }, 0);
	ok(bus_book_node(book, 5, 0, &seen), "until it speaks again");
	bus_book_free(book);
}

int main(void)
{
	test_record_comes_back_as_written();
	test_record_no_other_byte_is_taken();
	test_record_refusals();
	test_name_table();
	test_fresh_by_own_echo_alone();
	test_each_node_is_visited();
	test_node_is_gone_only_while_fresh();
	test_node_is_late_before_it_is_gone();
	test_newest_wins_whatever_the_bus_has();
	test_strangers_change_nothing();
	test_ask_is_written_by_any_node();
	test_record_on_trial_changes_nothing();
	test_flood_of_forged_records_is_bounded();
	test_too_long_for_its_kind_is_no_record();
	test_one_id_two_daemons();
	test_forgotten_is_not_seen();
	return done_testing();
}
