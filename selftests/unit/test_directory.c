// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_directory.c: what nodes of a POP tell each other of their flows without stamps: as bytes,
 * and over a network that loses, repeats and delays.
 */
#include <errno.h>
#include <stdlib.h>
#include <sodium.h>
#include "selftests/tap.h"
#include "user/directory/kept.h"
#include "user/directory/owned.h"
#include "user/fleet/homes.h"

#define NOW_S 1800000000u

/* --- bytes ------------------------------------------------------------------------------------ */

static const struct ad_tunnel_key keys[DIRECTORY_KEYS] = {
	{ .key = { 1, 2 }, .epoch = 4, .valid = 1 },
	{ .key = { 3, 4 }, .epoch = 3, .valid = 1 },
};
static const struct directory_way way = {
	.from.b = { [10] = 0xff, [11] = 0xff, [12] = 192, [15] = 1 },
	.to.b = { [10] = 0xff, [11] = 0xff, [12] = 192, [15] = 2 },
};
static const struct directory_message sample = {
	.from = 7,
	.kind = DIRECTORY_TELL,
	.flags = DIRECTORY_BEGINS | DIRECTORY_ENDS,
	.time_s = NOW_S,
	.session = 0x1122334455667788,
	.seq = 9,
	.count = 10,
	.digest = 0x99aabbccddeeff00,
	.nr_owned = 2,
	.nr_ended = 1,
	.flows = { 0xf1, 0xf2f2f2f2f2f2f2f2, 0xf3 },
};

static int read_back(const __u8 *bytes, size_t nr, struct directory_message *message)
{
	return directory_read(bytes, nr, &way, keys, NOW_S, message);
}

static void test_message_is_read_as_it_was_written(void)
{
	__u8 bytes[DIRECTORY_BYTES_MAX];
	struct directory_message message = {};
	size_t nr = directory_write(&sample, &way, &keys[0], bytes);

	is_int(nr, DIRECTORY_HEAD_BYTES + 3 * 8, "as long as it must be");
	is_int(read_back(bytes, nr, &message), 0, "it can be read");
	ok(!memcmp(&message, &sample, sizeof(message)), "and is the same");
	nr = directory_write(&sample, &way, &keys[1], bytes);
	is_int(read_back(bytes, nr, &message), 0, "so it is with the key of the epoch before");
}

static void test_message_that_was_changed_is_refused(void)
{
	__u8 bytes[DIRECTORY_BYTES_MAX];
	struct directory_message message;
	size_t nr = directory_write(&sample, &way, &keys[0], bytes), read = 0;

	for (size_t i = 0; i < nr; i++) {
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= 1 << bit;
			read += !read_back(bytes, nr, &message);
			bytes[i] ^= 1 << bit;
		}
	}
	is_int(read, 0, "whatever bit is changed");
	for (size_t less = 0; less < nr; less++)
		read += !read_back(bytes, less, &message);
	is_int(read, 0, "wherever it is cut");
	bytes[nr] = 0;
	is_int(read_back(bytes, nr + 1, &message), -EBADMSG, "and if it is longer");
}

static void test_message_of_elsewhere_or_another_time_is_refused(void)
{
	struct ad_tunnel_key others[DIRECTORY_KEYS] = { keys[0], keys[1] };
	struct directory_way turned = { .from = way.to, .to = way.from };
	__u8 bytes[DIRECTORY_BYTES_MAX];
	struct directory_message message;
	size_t nr = directory_write(&sample, &way, &keys[0], bytes);

	is_int(directory_read(bytes, nr, &turned, keys, NOW_S, &message), -EBADMSG,
	       "it cannot be sent back");
	is_int(directory_read(bytes, nr, &way, keys, NOW_S + 31, &message), -EBADMSG,
	       "31 s later it is too old");
	is_int(directory_read(bytes, nr, &way, keys, NOW_S - 31, &message), -EBADMSG,
	       "31 s before it is of the future");
	is_int(directory_read(bytes, nr, &way, keys, NOW_S + 30, &message), 0, "30 s are well");
	others[0].key[1]++;
	is_int(directory_read(bytes, nr, &way, others, NOW_S, &message), -EBADMSG, "another key");
	others[0] = keys[0];
	others[0].valid = 0;
	is_int(directory_read(bytes, nr, &way, others, NOW_S, &message), -EBADMSG,
	       "a key that is not valid any more");
}

/* --- a POP ------------------------------------------------------------------------------------ */

#define NODES	 4
#define FLIGHTS	 256
#define TABLE	 4096
#define SECOND	 1000000ull
#define NR_FLOWS 1500

struct flight {
	struct directory_message message;
	__u16 to;
	__u64 due_us;
};

static struct node {
	__u16 id;
	struct owned owned;
	struct kept kept;
	size_t in_map; /* what the data path was told */
	bool is_down;
} nodes[NODES];
static struct flight flights[FLIGHTS];
static size_t nr_flights;
static __u64 now_us;
static unsigned int lost_of_10;
static size_t sent;

static size_t below(size_t nr)
{
	static __u64 state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % nr;
}

static void put(__u16 to, const struct directory_message *message)
{
	sent++;
	for (int copies = 1 + !below(20); copies && nr_flights < FLIGHTS; copies--) {
		if (below(10) < lost_of_10)
			continue;
		flights[nr_flights++] = (struct flight){ .message = *message,
							 .to = to,
							 .due_us = now_us + 100 + below(300000) };
	}
}

static void send_it(__u16 to, struct directory_message *message, void *arg)
{
	struct node *node = arg;

	message->from = node->id;
	message->time_s = now_us / SECOND;
	put(to, message);
}

static int write_map(__u64 flow, __u16 owner, void *arg)
{
	struct node *node = arg;

	if (owner && node->in_map >= TABLE)
		return -E2BIG;
	if (!owner)
		node->in_map--;
	else if (!flow_set_find(&node->kept.flows, flow))
		node->in_map++;
	return 0;
}

static void arrive(const struct flight *flight)
{
	struct node *node = &nodes[flight->to - 1];
	struct directory_message answer;

	if (node->is_down)
		return;
	if (flight->message.kind == DIRECTORY_ANSWER) {
		owned_hear(&node->owned, &flight->message, now_us);
	} else if (kept_hear(&node->kept, &flight->message, &answer)) {
		answer.from = node->id;
		answer.time_s = now_us / SECOND;
		put(flight->message.from, &answer);
	}
}

static void pass(__u64 us)
{
	for (__u64 end_us = now_us + us; now_us < end_us; now_us += 10000) {
		for (size_t i = 0; i < NODES; i++)
			if (!nodes[i].is_down)
				owned_go(&nodes[i].owned, now_us);
		for (size_t i = 0; i < nr_flights;) {
			struct flight flight = flights[i];

			if (flight.due_us > now_us) {
				i++;
				continue;
			}
			flights[i] = flights[--nr_flights];
			arrive(&flight);
		}
	}
}

/* All hear that those and only those that are not down are there. */
static void follow(void)
{
	__u16 ids[NODES], siblings[NODES];
	struct ad_homes homes;
	size_t nr = 0;

	for (size_t i = 0; i < NODES; i++)
		if (!nodes[i].is_down)
			ids[nr++] = nodes[i].id;
	homes_fill(&homes, ids, nr);
	for (size_t i = 0; i < NODES; i++) {
		size_t others = 0;

		for (size_t j = 0; j < nr; j++)
			if (ids[j] != nodes[i].id)
				siblings[others++] = ids[j];
		if (nodes[i].is_down)
			continue;
		kept_use(&nodes[i].kept, siblings, others);
		owned_use(&nodes[i].owned, &homes, siblings, others);
	}
}

static void start(struct node *node)
{
	node->is_down = false;
	node->in_map = 0;
	node->kept = (struct kept){ .write = write_map, .arg = node };
	node->owned = (struct owned){
		.self = node->id, .session = 1 + below(1ull << 62), .send = send_it, .arg = node
	};
}

static void end(struct node *node)
{
	owned_free(&node->owned);
	kept_free(&node->kept);
}

static void raise_pop(void)
{
	now_us = NOW_S * SECOND;
	nr_flights = 0;
	for (__u16 i = 0; i < NODES; i++) {
		end(&nodes[i]);
		nodes[i].id = i + 1;
		start(&nodes[i]);
	}
	follow();
}

/* Flows that their home does not know as their owner's, and what homes know beside. */
static size_t wrong(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < NODES; i++) {
		const struct node *node = &nodes[i];

		for (size_t j = 0; !node->is_down && j < node->owned.flows.room; j++) {
			__u64 flow = node->owned.flows.at[j].flow;
			__u16 home = node->owned.homes.node[AD_HOME_PART(flow)];
			struct flow_mark *mark =
				flow && home != node->id
					? flow_set_find(&nodes[home - 1].kept.flows, flow)
					: NULL;

			nr += flow && home != node->id && (!mark || mark->owner != node->id);
		}
		for (size_t j = 0; !node->is_down && j < node->kept.flows.room; j++) {
			const struct flow_mark *mark = &node->kept.flows.at[j];

			nr += mark->flow &&
			      !flow_set_find(&nodes[mark->owner - 1].owned.flows, mark->flow);
		}
		nr += !node->is_down && node->in_map != node->kept.flows.nr;
	}
	return nr;
}

static __u64 flow_of(size_t i)
{
	__u8 out[8], key[16] = { 1 };
	__u64 flow;

	crypto_shorthash(out, (const __u8 *)&i, sizeof(i), key);
	memcpy(&flow, out, sizeof(flow));
	return flow;
}

static void begin_flows(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		owned_note(&nodes[i % NODES].owned, flow_of(i), true);
}

static size_t known(const struct node *node)
{
	return node->kept.flows.nr;
}

static void test_pop_tells_each_flow_to_its_home(void)
{
	lost_of_10 = 0;
	raise_pop();
	begin_flows(0, NR_FLOWS);
	pass(3 * SECOND);
	is_int(wrong(), 0, "every flow is known where it is looked for, as its owner's");
	ok(known(&nodes[0]) + known(&nodes[1]) >= NR_FLOWS / 4, "there are some");
	for (size_t i = 0; i < NR_FLOWS; i += 2)
		owned_note(&nodes[i % NODES].owned, flow_of(i), false);
	pass(3 * SECOND);
	is_int(wrong(), 0, "half of them end: they are known no more");
	sent = 0;
	pass(10 * SECOND);
	ok(sent <= 10 * 4 * NODES * (NODES - 1), "then hardly more than a message a second: %zu",
	   sent);
}

static void test_pop_mends_what_is_lost(void)
{
	raise_pop();
	lost_of_10 = 5;
	begin_flows(0, NR_FLOWS);
	for (size_t i = 0; i < NR_FLOWS; i++) {
		if (i % 3 == 0)
			owned_note(&nodes[i % NODES].owned, flow_of(i), false);
		if (i % 100 == 0)
			pass(SECOND / 10);
	}
	pass(20 * SECOND);
	lost_of_10 = 0;
	pass(3 * SECOND);
	is_int(wrong(), 0, "of ten messages five are lost, some come twice or late: all is known");
	is_int(nodes[0].owned.retold + nodes[1].owned.retold, 0, "and nobody had to tell all anew");
}

static void test_pop_follows_a_node_that_dies(void)
{
	lost_of_10 = 0;
	raise_pop();
	begin_flows(0, NR_FLOWS);
	pass(3 * SECOND);
	nodes[2].is_down = true;
	follow();
	pass(SECOND);
	is_int(wrong(), 0, "a second after it is known what it was home of is known elsewhere");
	end(&nodes[2]);
	start(&nodes[2]);
	follow();
	begin_flows(NR_FLOWS, NR_FLOWS + 100);
	pass(3 * SECOND);
	is_int(wrong(), 0, "and again where it was when it is back");
}

static void test_pop_tells_a_home_that_forgot(void)
{
	struct kept before;

	lost_of_10 = 0;
	raise_pop();
	begin_flows(0, NR_FLOWS);
	pass(3 * SECOND);
	before = nodes[1].kept;
	nodes[1].kept = (struct kept){ .write = write_map, .arg = &nodes[1] };
	nodes[1].in_map = 0;
	kept_use(&nodes[1].kept, (const __u16[]){ 1, 3, 4 }, 3);
	kept_free(&before);
	ok(wrong() >= 10, "a home has lost what it knew");
	pass(4 * SECOND);
	is_int(wrong(), 0, "it is told all anew");
}

static void test_pop_forgets_what_a_daemon_did_not_see_end(void)
{
	__u64 left[8];

	lost_of_10 = 0;
	raise_pop();
	begin_flows(0, NR_FLOWS);
	pass(3 * SECOND);
	owned_free(&nodes[0].owned);
	nodes[0].owned =
		(struct owned){ .self = 1, .session = 77, .send = send_it, .arg = &nodes[0] };
	owned_begin_list(&nodes[0].owned);
	owned_note(&nodes[0].owned, flow_of(0), false);
	owned_note(&nodes[0].owned, flow_of(4 * NR_FLOWS), true);
	for (size_t i = 0; i < 8; i++)
		left[i] = flow_of(4 * i);
	owned_end_list(&nodes[0].owned, left, 8);
	is_int(nodes[0].owned.flows.nr, 8,
	       "listed, but for the one that ended meanwhile, and one that came");
	follow();
	pass(4 * SECOND);
	is_int(wrong(), 0, "the next daemon's siblings know what is left");
	owned_begin_list(&nodes[0].owned);
	owned_end_list(&nodes[0].owned, left, 2);
	is_int(nodes[0].owned.flows.nr, 2, "what is no longer listed has ended");
	pass(4 * SECOND);
	is_int(wrong(), 0, "and that is told");
}

static void test_pop_without_room_says_so_and_does_not_storm(void)
{
	lost_of_10 = 0;
	raise_pop();
	for (size_t i = 0; i < 5 * TABLE; i++)
		owned_note(&nodes[0].owned, flow_of(i), true);
	pass(20 * SECOND);
	ok(nodes[1].kept.is_full && nodes[1].kept.flows.nr == TABLE, "a home is full");
	ok(nodes[0].owned.peers[0].is_full, "its sibling hears that");
	ok(nodes[0].owned.retold <= 3 * 6, "and tells all anew more and more seldom: %llu times",
	   (unsigned long long)nodes[0].owned.retold);
}

static void test_home_believes_only_owners_and_no_replay(void)
{
	struct directory_message message = sample, answer;
	struct kept kept = { .write = write_map, .arg = &nodes[3] };

	raise_pop();
	kept_use(&kept, (const __u16[]){ 7, 8 }, 2);
	message.from = 9;
	ok(!kept_hear(&kept, &message, &answer), "one that is no sibling is not heard");
	message.from = 8;
	ok(kept_hear(&kept, &message, &answer) && answer.count == 2 && answer.seq == 9,
	   "a sibling is");
	message.from = 7;
	message.nr_owned = 0;
	message.nr_ended = 2;
	kept_hear(&kept, &message, &answer);
	is_int(kept.flows.nr, 2, "another one does not end its flows");
	message = sample;
	message.from = 8;
	message.flags = 0;
	message.seq = 10;
	message.nr_owned = 0;
	message.nr_ended = 2;
	kept_hear(&kept, &message, &answer);
	is_int(kept.flows.nr, 0, "it does itself");
	message = sample;
	message.from = 8;
	ok(!kept_hear(&kept, &message, &answer) && !kept.flows.nr,
	   "the first message does not count a second time");
	message.session++;
	message.time_s--;
	ok(!kept_hear(&kept, &message, &answer) && !kept.flows.nr,
	   "nor does one of an earlier daemon");
	kept_free(&kept);
}

int main(void)
{
	test_message_is_read_as_it_was_written();
	test_message_that_was_changed_is_refused();
	test_message_of_elsewhere_or_another_time_is_refused();
	test_pop_tells_each_flow_to_its_home();
	test_pop_mends_what_is_lost();
	test_pop_follows_a_node_that_dies();
	test_pop_tells_a_home_that_forgot();
	test_pop_forgets_what_a_daemon_did_not_see_end();
	test_pop_without_room_says_so_and_does_not_storm();
	test_home_believes_only_owners_and_no_replay();
	for (size_t i = 0; i < NODES; i++)
		end(&nodes[i]);
	return done_testing();
}
