// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_watch.c: which changes of files are told, and how often.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/config.h"
#include "user/zone_watch.h"

static char dir[] = "/tmp/zone-watch.XXXXXX", paths[2][64];
static struct event_base *base;
static int told;

static void changed(void *arg)
{
	told++;
}

/* How often we are told in the next while. */
static int listen_for(int ms)
{
	struct timeval until = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	told = 0;
	event_base_loopexit(base, &until);
	event_base_dispatch(base);
	return told;
}

static void write_text(const char *name, const char *text)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void write_file(const char *name)
{
	write_text(name, "text\n");
}

static void rename_file(const char *from, const char *to)
{
	char a[96], b[96];

	snprintf(a, sizeof(a), "%s/%s", dir, from);
	snprintf(b, sizeof(b), "%s/%s", dir, to);
	rename(a, b);
}

static void test_zone_watch_tells_of_zone_files_alone(struct zone_watch *watch,
						      const struct config *config)
{
	zone_watch_use(watch, config);
	is_int(listen_for(400), 1, "told once at the beginning, whatever happened before");
	write_file("other");
	is_int(listen_for(400), 0, "another file is nobody's business");
	write_file("one");
	is_int(listen_for(400), 1, "a file that was written");
	write_file("two.new");
	is_int(listen_for(400), 0, "a file under another name");
	rename_file("two.new", "two");
	is_int(listen_for(400), 1, "and when it is moved to its name");
	write_file("one");
	write_file("two");
	write_file("one");
	is_int(listen_for(400), 1, "three changes at once are one");
}

static void test_zone_watch_tells_of_included_files(struct zone_watch *watch,
						    const struct config *config)
{
	zone_watch_use(watch, config);
	listen_for(400);
	write_file("inner");
	is_int(listen_for(400), 0, "a file that no zone includes");
	write_text("one", "a A 192.0.2.1\n$INCLUDE other ; and so on\n");
	write_text("other", "$include \"inner\"\n$INCLUDE one\n");
	is_int(listen_for(400), 1, "a zone that now includes it, through another, in a circle");
	write_file("inner");
	is_int(listen_for(400), 1, "and then the file");
	write_text("one", "$INCLUDED other\n; $INCLUDE other\n");
	is_int(listen_for(400), 1, "the zone no longer does");
	write_file("inner");
	is_int(listen_for(400), 0, "so the file is nobody's business");
}

static void test_zone_watch_looks_behind_links(struct zone_watch *watch,
					       const struct config *config)
{
	char link[96];

	snprintf(link, sizeof(link), "%s/elsewhere", dir);
	mkdir(link, 0700);
	write_file("elsewhere/real");
	unlink(paths[0]);
	is_int(symlink("elsewhere/real", paths[0]), 0, "a link is made");
	zone_watch_use(watch, config);
	listen_for(400);
	write_file("elsewhere/real");
	is_int(listen_for(400), 1, "a file that a link leads to");
	write_file("elsewhere/new");
	rename_file("elsewhere/new", "elsewhere/real");
	is_int(listen_for(400), 1, "and one that takes its place");
	rename_file("elsewhere/real", "one");
	rmdir(link);
}

static void test_zone_watch_off_is_silent(struct zone_watch *watch, struct config *config)
{
	config->dns_watch = false;
	zone_watch_use(watch, config);
	write_file("one");
	is_int(listen_for(400), 0, "watch: false");
}

int main(void)
{
	static const char *const names[] = { "two", "other", "inner" };
	struct config_zone zones[2] = { { .file = paths[0] }, { .file = paths[1] } };
	struct config config = { .zones = zones, .nr_zones = 2, .dns_watch = true };
	struct zone_watch *watch = NULL;

	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return done_testing();
	snprintf(paths[0], sizeof(paths[0]), "%s/one", dir);
	snprintf(paths[1], sizeof(paths[1]), "%s/two", dir);
	base = event_base_new();
	ok(!zone_watch_new(base, changed, NULL, &watch), "a watch");
	test_zone_watch_tells_of_zone_files_alone(watch, &config);
	test_zone_watch_tells_of_included_files(watch, &config);
	test_zone_watch_looks_behind_links(watch, &config);
	test_zone_watch_off_is_silent(watch, &config);
	zone_watch_free(watch);
	event_base_free(base);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		rename_file(names[i], "one");
	unlink(paths[0]);
	rmdir(dir);
	return done_testing();
}
