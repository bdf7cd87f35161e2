// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_connections.c: connections counted and logged: histograms, how many keys there may be, lines
 * of JSON, and where they go.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/connections/conn_book.h"
#include "user/connections/flowlog.h"
#include "user/connections/flowlog_line.h"

#define LINE "{\"a line\":1}\n"

static struct conn_seen seen[2 * AD_CONNECTIONS_MAX];
static size_t nr_seen;

static int keep(const struct conn_seen *one, void *arg)
{
	seen[nr_seen++] = *one;
	return arg ? -EIO : 0;
}

static size_t changed(struct conn_book *book)
{
	nr_seen = 0;
	conn_book_changed(book, keep, NULL);
	return nr_seen;
}

static struct ad_connection_key key_of(const char *vip, __u16 port, const char *region)
{
	struct ad_connection_key key = { .port = port };

	addr_parse(vip, &key.vip);
	snprintf(key.region, sizeof(key.region), "%s", region);
	return key;
}

static const struct ad_connection_news opened = { .what = AD_CONNECTION_OPENED,
						  .handshake_us = 1500 };
static const struct ad_connection_news failed = { .what = AD_CONNECTION_FAILED,
						  .lived_ns = 700000000,
						  .rx_bytes = 600,
						  .tx_bytes = 500,
						  .retransmits = 2 };

static void test_book_counts_each_kind(void)
{
	struct ad_connection_key fra = key_of("203.0.113.1", 443, "europe");
	struct ad_connection_key nyc = key_of("203.0.113.1", 443, "america");
	struct conn_book *book = conn_book_new();
	const struct ad_connection_counts *counts = &seen[0].counts;

	is_int(conn_book_add(book, &fra, &opened), 0, "one began");
	is_int(conn_book_add(book, &fra, &failed), 0, "and was cut short");
	is_int(changed(book), 1, "a key");
	is_int(counts->opened, 1, "began");
	is_int(counts->ended, 1, "ended");
	is_int(counts->failed, 1, "and failed");
	is_int(counts->rx_bytes, 600, "bytes");
	is_int(counts->handshakes[1], 1, "1.5 ms: between 1 and 2");
	is_int(counts->lives[3], 1, "0.7 s: between 0.5 and 1");
	is_int(counts->sizes[1], 1, "1100 bytes: between 1k and 10k");
	is_int(counts->resent[2], 1, "two segments: between 1 and 3");
	is_int(changed(book), 0, "told once");
	conn_book_add(book, &nyc, &opened);
	is_int(changed(book), 1, "only what has changed");
	is_str(seen[0].key.region, "america", "by region");
	conn_book_add(book, &nyc, &opened);
	nr_seen = 0;
	is_int(conn_book_changed(book, keep, book), -EIO, "it could not be written");
	is_int(changed(book), 1, "then it is told again");
	conn_book_free(book);
}

static void test_book_is_bounded(void)
{
	struct conn_book *book = conn_book_new();
	static const struct ad_addr none;
	struct ad_connection_key key;
	__u64 sum = 0, further = 0;
	size_t i;

	for (i = 0; i < AD_CONNECTIONS_MAX + 100; i++) {
		key = key_of("203.0.113.1", i + 1, "");
		is_int(conn_book_add(book, &key, &opened), 0, "port %zu", i + 1);
	}
	is_int(changed(book), AD_CONNECTIONS_MAX, "as many as there is room for");
	for (i = 0; i < nr_seen; i++) {
		sum += seen[i].counts.opened;
		if (!memcmp(&seen[i].key.vip, &none, sizeof(none)))
			further = seen[i].counts.opened;
	}
	is_int(sum, AD_CONNECTIONS_MAX + 100, "none is lost");
	is_int(further, 101, "further ones are counted together");
	conn_book_free(book);
}

static void test_book_goes_on_where_it_was(void)
{
	struct conn_seen before = { .key = key_of("2001:db8::1", 80, "asia"),
				    .counts = { .opened = 41 } };
	struct conn_book *book = conn_book_new();

	conn_book_recall(book, &before);
	is_int(changed(book), 0, "what was recalled is no news");
	conn_book_add(book, &before.key, &opened);
	is_int(changed(book), 1, "one more");
	is_int(seen[0].counts.opened, 42, "is counted on");
	conn_book_free(book);
}

static void test_line_is_json(void)
{
	struct ad_connection_news news = failed;
	struct flowlog_about about = {
		.ended = { 1700000000, 5000000 }, .node = "fra-1", .pop = "fra", .region = "europe"
	};
	char text[FLOWLOG_LINE];
	json_t *line;
	size_t len;

	addr_parse("2001:db8:7f::1", &news.tuple.client);
	addr_parse("2001:db8::1", &news.tuple.vip);
	news.tuple.client_port = htons(40000);
	news.tuple.vip_port = htons(443);
	len = flowlog_line(&news, &about, text);
	is_int(len, strlen(text), "its length");
	ok(len && text[len - 1] == '\n' && strchr(text, '\n') == text + len - 1, "one line");
	line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	is_str(json_string_value(json_object_get(line, "time")), "2023-11-14T22:13:20.005Z",
	       "when it ended");
	is_str(json_string_value(json_object_get(line, "client")), "2001:db8:7f::1", "client");
	is_int(json_integer_value(json_object_get(line, "vip_port")), 443, "port");
	is_str(json_string_value(json_object_get(line, "outcome")), "failed", "how");
	ok(json_is_null(json_object_get(line, "landing")), "it landed here");
	ok(json_is_null(json_object_get(line, "handshake_us")), "not measured: null");
	ok(json_real_value(json_object_get(line, "duration_s")) == 0.7, "how long it lived");
	json_decref(line);
}

/* --- where lines go --------------------------------------------------------------------------- */

static char dir[] = "/tmp/flowlog-XXXXXX", path[64], moved[64];

static struct config config_of(bool is_socket, unsigned int one_in, unsigned int rate)
{
	struct config config = { .flowlog = { .one_in = one_in, .rate = rate } };

	*(is_socket ? &config.flowlog.socket : &config.flowlog.file) = path;
	return config;
}

static long size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) ? -1 : (long)st.st_size;
}

static void put(struct flowlog *log, int nr)
{
	while (nr--)
		flowlog_put(log, LINE, strlen(LINE));
	flowlog_flush(log);
}

static void test_log_follows_its_file(void)
{
	struct config config = config_of(false, 1, 10);
	struct flowlog *log = flowlog_new();
	long line = strlen(LINE);

	ok(!flowlog_is_on(log) && !flowlog_wants(log, 1), "off");
	flowlog_use(log, &config);
	put(log, 3);
	is_int(size_of(path), 3 * line, "three lines");
	ok(!rename(path, moved), "moved away");
	put(log, 1);
	is_int(size_of(moved), 4 * line, "what is open is written on");
	flowlog_tend(log);
	put(log, 1);
	is_int(size_of(path), line, "a second later there is a new one");
	ok(!truncate(path, 0), "truncated");
	put(log, 2);
	is_int(size_of(path), 2 * line, "without a hole");
	is_int(flowlog_written(log), 7, "all were written");
	is_int(flowlog_dropped(log), 0, "none was lost");
	ok(!flowlog_error(log), "all is well");
	flowlog_free(log);
	unlink(path);
	unlink(moved);
}

static void test_log_of_a_file_that_cannot_be(void)
{
	struct config config = config_of(false, 1, 10);
	struct flowlog *log = flowlog_new();

	mkdir(path, 0700);
	flowlog_use(log, &config);
	ok(flowlog_error(log) && strstr(flowlog_error(log), path), "%s", flowlog_error(log));
	put(log, 2);
	is_int(flowlog_dropped(log), 2, "lines are counted");
	rmdir(path);
	flowlog_tend(log);
	put(log, 1);
	ok(!flowlog_error(log) && flowlog_written(log) == 1, "it is tried again");
	flowlog_free(log);
	unlink(path);
	mkfifo(path, 0600);
	log = flowlog_new();
	flowlog_use(log, &config);
	ok(flowlog_error(log) != NULL, "no pipe: nobody waits for its reader");
	flowlog_free(log);
	unlink(path);
}

static void test_log_a_device_is_no_file(void)
{
	struct config config = config_of(false, 1, 10);
	struct flowlog *log = flowlog_new();

	config.flowlog.file = (char *)"/dev/full";
	flowlog_use(log, &config);
	put(log, 1);
	ok(flowlog_error(log) != NULL, "it is refused");
	is_int(flowlog_dropped(log), 1, "and the line is counted");
	flowlog_free(log);
}

static void test_log_by_sample_and_rate(void)
{
	struct config config = config_of(false, 10, 4);
	struct flowlog *log = flowlog_new();
	int i, wanted = 0;

	flowlog_use(log, &config);
	for (i = 0; i < 100; i++)
		wanted += flowlog_wants(log, 5000000);
	is_int(wanted, 4, "one in ten, and four a second");
	is_int(flowlog_dropped(log), 6, "the others are counted");
	for (i = 0; i < 10; i++)
		wanted += flowlog_wants(log, 6000000);
	is_int(wanted, 5, "the next second has its own");
	flowlog_free(log);
	unlink(path);
}

static void test_log_to_a_socket(void)
{
	struct config config = config_of(true, 1, 10);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct flowlog *log = flowlog_new();
	char got[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	flowlog_use(log, &config);
	ok(flowlog_error(log) != NULL, "nobody listens");
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	ok(!bind(fd, (struct sockaddr *)&at, sizeof(at)), "somebody does");
	flowlog_tend(log);
	put(log, 2);
	is_int(recv(fd, got, sizeof(got), 0), strlen(LINE), "a datagram each");
	is_int(recv(fd, got, sizeof(got), 0), strlen(LINE), "of a line");
	put(log, 5000);
	ok(flowlog_dropped(log) > 100, "a reader that is slow loses lines: %llu",
	   flowlog_dropped(log));
	ok(!flowlog_error(log), "but is not lost");
	close(fd);
	put(log, 1);
	ok(flowlog_error(log) != NULL, "one that is gone is");
	flowlog_free(log);
	unlink(path);
}

int main(void)
{
	if (!mkdtemp(dir))
		return skip_all("no directory");
	snprintf(path, sizeof(path), "%s/flows", dir);
	snprintf(moved, sizeof(moved), "%s/flows.1", dir);
	test_book_counts_each_kind();
	test_book_is_bounded();
	test_book_goes_on_where_it_was();
	test_line_is_json();
	test_log_follows_its_file();
	test_log_of_a_file_that_cannot_be();
	test_log_a_device_is_no_file();
	test_log_by_sample_and_rate();
	test_log_to_a_socket();
	rmdir(dir);
	return done_testing();
}
