// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_trace.c: what a trace shows of bytes that anybody sent, and which packets are meant.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>
#include "selftests/tap.h"
#include "user/trace/trace_filter.h"
#include "user/trace/trace_pcap.h"
#include "user/trace/trace_text.h"

static const struct names no_names;
static const struct trace_legend legend = { .names = &no_names };

/*
 * Ethernet, a VLAN tag, IPv4, UDP from 5353 to 53, a header, the question for WWW.a. A, and OPT
 * with a client subnet.
 */
static const __u8 query[] = "\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\7\x08\0"
			    "\x45\0\0\x46\0\0\0\0\x40\x11\0\0\x0a\0\0\1\xc0\0\2\x35"
			    "\x14\xe9\0\x35\0\x32\0\0"
			    "\0\1\0\0\0\1\0\0\0\0\0\1"
			    "\3WWW\1a\0\0\1\0\1"
			    "\0\0\x29\4\xd0\0\0\0\0\0\x0b\0\x08\0\7\0\1\x18\0\xcb\0\x71";
#define QUERY_BYTES  (sizeof(query) - 1)
#define QUERY_HEADER (18 + 20 + 8)
#define QUERY_BODY   (QUERY_HEADER + 12 + 11)

static void test_trace_query_is_read(void)
{
	struct trace_query found;

	ok(trace_query_read(&found, query, QUERY_BYTES), "it is one");
	ok(knot_dname_is_equal(found.name, (const __u8 *)"\3www\1a"), "its name, in lower case");
	is_int(found.qtype, 1, "its type");
	is_int(ntohs(found.from), 5353, "the client's port");
	ok(!found.is_answer, "no answer");
	ok(found.has_subnet && found.subnet_bits == 24, "a subnet");
	ok(!memcmp(found.subnet.b + 10, "\xff\xff\xcb\0\x71\0", 6), "which one");
}

static void test_trace_answer_has_extended_rcode(void)
{
	struct trace_query found;
	__u8 answer[sizeof(query)];

	memcpy(answer, query, QUERY_BYTES);
	answer[QUERY_HEADER + 2] |= 0x80;
	answer[QUERY_HEADER + 3] |= 7;
	answer[QUERY_BODY + 5] = 1;
	ok(trace_query_read(&found, answer, sizeof(answer)) && found.is_answer, "an answer");
	is_int(found.rcode, 23, "BADCOOKIE has a part in OPT");
}

/* Every length of it, and bytes changed at random: nothing but a result may come of it. */
static void test_trace_broken_bytes_are_harmless(void)
{
	struct trace_query found;
	size_t len, read = 0;
	unsigned int seed = 1;

	for (len = 0; len < QUERY_BYTES; len++) {
		__u8 *cut = malloc(len ?: 1);

		memcpy(cut, query, len);
		read += trace_query_read(&found, cut, len);
		free(cut);
	}
	is_int(read, QUERY_BYTES - QUERY_BODY, "readable once the question is there");
	for (int i = 0; i < 200000; i++) {
		__u8 *changed = malloc(QUERY_BYTES);

		memcpy(changed, query, QUERY_BYTES);
		for (int n = 0; n < 3; n++)
			changed[rand_r(&seed) % QUERY_BYTES] = rand_r(&seed);
		read += trace_query_read(&found, changed, QUERY_BYTES);
		free(changed);
	}
	ok(read > 1000, "and some of those that were changed");
}

static void test_trace_subnet_with_wrong_length_is_none(void)
{
	struct trace_query found;
	__u8 wrong[sizeof(query)];

	memcpy(wrong, query, QUERY_BYTES);
	wrong[QUERY_BODY + 17] = 25;
	ok(trace_query_read(&found, wrong, sizeof(wrong)) && !found.has_subnet,
	   "25 bits in 3 bytes");
	wrong[QUERY_BODY + 17] = 200;
	ok(trace_query_read(&found, wrong, sizeof(wrong)) && !found.has_subnet, "200 bits");
}

static bool has_reason(const struct trace_filter *filter, enum ad_reason reason)
{
	return filter->wanted.reasons[reason / 64] >> reason % 64 & 1;
}

static void test_trace_filter_reasons(void)
{
	struct trace_words words = { 0 };
	struct trace_filter filter;

	ok(!trace_filter_init(&filter, &words, &no_names), "no words");
	ok(!has_reason(&filter, AD_R_FOREIGN) && !has_reason(&filter, AD_R_OUT_FOREIGN),
	   "what is not ours is left out");
	ok(has_reason(&filter, AD_R_LOCAL_STAMP) && has_reason(&filter, AD_R_TUNNEL_VERSION),
	   "all else is in");
	words.reasons = "nobody,foreign";
	ok(!trace_filter_init(&filter, &words, &no_names) && has_reason(&filter, AD_R_NOBODY) &&
		   has_reason(&filter, AD_R_FOREIGN) && !has_reason(&filter, AD_R_LOCAL_STAMP),
	   "those that are named, and no others");
	words.reasons = "nobody,";
	ok(trace_filter_init(&filter, &words, &no_names) != 0, "an empty word");
	words.reasons = "nobod";
	ok(trace_filter_init(&filter, &words, &no_names) != 0, "half a word");
}

static void test_trace_filter_client_is_masked(void)
{
	struct trace_words words = { .client = "198.51.100.77/24" };
	struct trace_filter filter;

	ok(!trace_filter_init(&filter, &words, &no_names), "a prefix");
	ok(!memcmp(filter.wanted.client.b + 10, "\xff\xff\xc6\x33\x64\0", 6),
	   "without its last bits");
	ok(!memcmp(filter.wanted.client_mask.b + 12, "\xff\xff\xff\0", 4), "which do not count");
	words.client = "198.51.100.77/33";
	ok(trace_filter_init(&filter, &words, &no_names) != 0, "too long a prefix");
	words = (struct trace_words){ .peer = "nobody" };
	ok(trace_filter_init(&filter, &words, &no_names) != 0, "an unknown node");
	words = (struct trace_words){ .peer = "7" };
	ok(!trace_filter_init(&filter, &words, &no_names) && filter.wanted.peer == 7, "an id");
	words = (struct trace_words){ .vip = "here" };
	ok(trace_filter_init(&filter, &words, &no_names) != 0, "no address");
}

static void test_trace_filter_names(void)
{
	struct trace_words words = { .zone = "A" };
	struct trace_filter filter;
	struct trace_query found;

	ok(trace_query_read(&found, query, QUERY_BYTES), "a query for www.a");
	ok(!trace_filter_init(&filter, &words, &no_names), "--zone");
	ok(trace_filter_match(&filter, &found), "is below it");
	ok(!trace_filter_match(&filter, NULL), "a packet without a name is not");
	words = (struct trace_words){ .qname = "a" };
	ok(!trace_filter_init(&filter, &words, &no_names) && !trace_filter_match(&filter, &found),
	   "--qname is the whole name");
	words = (struct trace_words){ .zone = "ww.a" };
	ok(!trace_filter_init(&filter, &words, &no_names) && !trace_filter_match(&filter, &found),
	   "half a label is none");
	words = (struct trace_words){ .qname = "a..b" };
	ok(trace_filter_init(&filter, &words, &no_names) != 0, "no name");
}

/* Whatever is in a record, both ways to show it come to an end. */
static void test_trace_any_record_is_shown(void)
{
	struct ad_trace_record record;
	struct trace_query found;
	struct trace_packet packet = { .record = &record };
	unsigned int seed = 2;
	size_t shown = 0;
	char text[2048];

	for (int i = 0; i < 2000; i++) {
		for (size_t n = 0; n < sizeof(record); n++)
			((__u8 *)&record)[n] = rand_r(&seed);
		packet.query =
			i % 2 && trace_query_read(&found, query, QUERY_BYTES) ? &found : NULL;
		FILE *out = fmemopen(text, sizeof(text), "w");
		json_t *json = trace_json(&legend, &packet);

		trace_print_line(out, &legend, &packet);
		shown += json && ftell(out) > 0;
		fclose(out);
		json_decref(json);
	}
	is_int(shown, 2000, "all of them");
}

static void test_trace_reasons_of_the_ladder_have_a_rung(void)
{
	is_str(trace_rung(AD_R_LOCAL_STAMP), "stamp", "local_stamp");
	is_str(trace_rung(AD_R_WRAP_HUNT), "hunt", "wrap_hunt");
	ok(!trace_rung(AD_R_DNS_ANSWERED), "a query has none");
	ok(!trace_rung(AD_REASON_MAX), "nor has what is no reason");
}

static void test_trace_capture_has_whole_blocks(void)
{
	struct ad_trace_record record = { .captured = 61, .left_bytes = 1500 };
	char *file = NULL;
	size_t len = 0, at = 0, blocks = 0;
	FILE *out = open_memstream(&file, &len);
	__u32 head, tail;

	trace_pcap_begin(out);
	trace_pcap_packet(out, &record, 1700000000000000001ull, "why");
	record.captured = ~0u;
	trace_pcap_packet(out, &record, 1700000000000000001ull, "");
	fclose(out);
	while (at + 12 <= len) {
		memcpy(&head, file + at + 4, 4);
		if (head < 12 || head > len - at)
			break;
		memcpy(&tail, file + at + head - 4, 4);
		if (head % 4 || head != tail)
			break;
		at += head;
		blocks++;
	}
	ok(at == len, "each says its length before and after");
	is_int(blocks, 4, "a section, an interface and two packets");
	free(file);
}

int main(void)
{
	test_trace_query_is_read();
	test_trace_answer_has_extended_rcode();
	test_trace_broken_bytes_are_harmless();
	test_trace_subnet_with_wrong_length_is_none();
	test_trace_filter_reasons();
	test_trace_filter_client_is_masked();
	test_trace_filter_names();
	test_trace_any_record_is_shown();
	test_trace_reasons_of_the_ladder_have_a_rung();
	test_trace_capture_has_whole_blocks();
	return done_testing();
}
