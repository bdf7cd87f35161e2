// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_watch.c: which changes of files are told, and how often.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/config/config.h"
#include "user/daemon/worker.h"
#include "user/daemon/zone_watch.h"

/* A tenth of the daemon's; the moment is short beside a while in which nothing may be told. */
static const struct zone_watch_times times = { .moment_ms = 20, .settled_ms = 100, .look_ms = 50 };

#define WHILE_MS 60

static char dir[] = "/tmp/zone-watch.XXXXXX", paths[2][64];
static struct event_base *base;
static struct worker *worker;
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

/* How often we are told, once we are: a loaded machine takes its time. */
static int listen_until_told(void)
{
	int i, often = 0;

	for (i = 0; i < 240 && !often; i++)
		often = listen_for(25);
	return often ? often + listen_for(WHILE_MS) : 0;
}

/* Are we told within a while? */
static bool told_soon(void)
{
	return listen_until_told() > 0;
}

/* Whatever is under way is over. */
static void settle(void)
{
	while (listen_for(200))
		;
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
	write_file("one");
	write_file("two");
	zone_watch_use(watch, config, 0);
	is_int(listen_until_told(), 1, "told once at the beginning, if there was a change before");
	write_file("other");
	is_int(listen_for(WHILE_MS), 0, "another file is nobody's business");
	write_file("one");
	is_int(listen_until_told(), 1, "a file that was written");
	write_file("two.new");
	is_int(listen_for(WHILE_MS), 0, "a file under another name");
	rename_file("two.new", "two");
	is_int(listen_until_told(), 1, "and when it is moved to its name");
	write_file("one");
	write_file("two");
	write_file("one");
	is_int(listen_until_told(), 1, "three changes at once are one");
}

static void test_zone_watch_tells_of_included_files(struct zone_watch *watch,
						    const struct config *config)
{
	zone_watch_use(watch, config, 0);
	ok(told_soon(), "of what was there before");
	write_file("inner");
	is_int(listen_for(WHILE_MS), 0, "a file that no zone includes");
	write_text("one", "a A 192.0.2.1\n$INCLUDE other ; and so on\n");
	write_text("other", "$include \"inner\"\n$INCLUDE one\n");
	is_int(listen_until_told(), 1, "a zone that now includes it, through another, in a circle");
	write_file("inner");
	is_int(listen_until_told(), 1, "and then the file");
	write_text("one", "$INCLUDED other\n; $INCLUDE other\n");
	is_int(listen_until_told(), 1, "the zone no longer does");
	write_file("inner");
	is_int(listen_for(WHILE_MS), 0, "so the file is nobody's business");
}

static void test_zone_watch_tells_of_what_steering_reads(struct zone_watch *watch,
							 const struct config *config)
{
	struct config_database database;
	struct config_region region;
	struct config steered = *config;
	char files[2][64];

	snprintf(files[0], sizeof(files[0]), "%s/country", dir);
	snprintf(files[1], sizeof(files[1]), "%s/networks", dir);
	database = (struct config_database){ .file = files[0] };
	region = (struct config_region){ .network_file = files[1] };
	steered.databases = &database;
	steered.regions = &region;
	steered.nr_databases = steered.nr_regions = 1;
	zone_watch_use(watch, &steered, 0);
	settle();
	write_file("new");
	rename_file("new", "country");
	is_int(listen_until_told(), 1, "a database that came");
	write_file("networks");
	is_int(listen_until_told(), 1, "a list of networks");
	unlink(files[0]);
	unlink(files[1]);
	zone_watch_use(watch, config, 0);
	settle();
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
	zone_watch_use(watch, config, 0);
	ok(told_soon(), "of what was there before");
	write_file("elsewhere/real");
	is_int(listen_until_told(), 1, "a file that a link leads to");
	write_file("elsewhere/new");
	rename_file("elsewhere/new", "elsewhere/real");
	is_int(listen_until_told(), 1, "and one that takes its place");
	rename_file("elsewhere/real", "one");
	rmdir(link);
}

static const char *at(const char *name)
{
	static char text[4][128];
	static unsigned int n;
	char *path = text[n++ % 4];

	snprintf(path, sizeof(text[0]), "%s/%s", dir, name);
	return path;
}

/* Another directory with its own "one", put into place as @link leads to it: by one rename. */
static void swap_link(const char *link, const char *to)
{
	char file[64];

	mkdir(at(to), 0700);
	snprintf(file, sizeof(file), "%s/one", to);
	write_file(file);
	ok(!symlink(to, at("tmp")) && !rename(at("tmp"), at(link)), "%s leads to %s", link, to);
}

static void remove_tree(const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "%s/one", name);
	unlink(at(file));
	rmdir(at(name));
}

/* A mounted ConfigMap: the file is a link through a link to a directory, which is replaced. */
static void test_zone_watch_sees_kubernetes_swap(struct zone_watch *watch,
						 const struct config *config)
{
	static const char *const versions[] = { "..v1", "..v2", "..v3", "..v4" };

	unlink(paths[0]);
	swap_link("..data", versions[0]);
	ok(!symlink("..data/one", paths[0]), "a link through it");
	zone_watch_use(watch, config, 0);
	settle();
	for (int i = 1; i < 4; i++) {
		swap_link("..data", versions[i]);
		remove_tree(versions[i - 1]);
		ok(told_soon(), "swap %d of ..data", i);
		settle();
	}
	remove_tree(versions[3]);
	unlink(at("..data"));
	unlink(paths[0]);
	write_file("one");
}

/* git-sync: a directory on the way is a link that is replaced. */
static void test_zone_watch_sees_links_of_directories(struct zone_watch *watch,
						      const struct config *config)
{
	struct config_zone zone = { .file = strdup(at("current/one")) };
	struct config linked = *config;

	linked.zones = &zone;
	linked.nr_zones = 1;
	swap_link("current", "rev1");
	zone_watch_use(watch, &linked, 0);
	settle();
	swap_link("current", "rev2");
	ok(told_soon(), "another directory behind a link");
	swap_link("current", "rev3");
	ok(told_soon(), "and a third one");
	write_file("rev3/one");
	ok(told_soon(), "a file that is written there");
	settle();
	write_file("rev1/one");
	is_int(listen_for(WHILE_MS), 0, "where it led before is nobody's business");
	zone_watch_use(watch, config, UINT64_MAX);
	unlink(at("current"));
	remove_tree("rev1");
	remove_tree("rev2");
	remove_tree("rev3");
	free(zone.file);
}

/* No file is written where it is watched: it gets another name, or loses one. */
static void test_zone_watch_sees_hard_links(struct zone_watch *watch, const struct config *config)
{
	write_file("store");
	zone_watch_use(watch, config, 0);
	settle();
	ok(!link(at("store"), at("tmp")) && !rename(at("tmp"), paths[0]), "another name");
	ok(told_soon(), "a hard link that takes its place");
	unlink(paths[0]);
	ok(!link(at("store"), paths[0]), "the same");
	ok(told_soon(), "one that is made there");
	settle();
	write_text("store", "another text under the other name\n");
	ok(told_soon(), "what is written under its other name");
	unlink(paths[0]);
	ok(told_soon(), "a file that is gone");
	rename(at("store"), paths[0]);
	ok(told_soon(), "and is there again");
}

static void test_zone_watch_knows_what_was_read(struct zone_watch *watch,
						const struct config *config)
{
	zone_watch_use(watch, config, UINT64_MAX);
	is_int(listen_for(WHILE_MS), 0, "nothing changed since it was read");
	zone_watch_use(watch, config, 0);
	ok(told_soon(), "something did");
}

/* How often the file was opened since the last call; the first call begins to count. */
static int opened(int fd)
{
	char events[4096];
	ssize_t len;
	int nr = 0;

	while ((len = read(fd, events, sizeof(events))) > 0)
		nr += len / sizeof(struct inotify_event); /* a file's own events have no name */
	return nr;
}

static void test_zone_watch_reads_only_what_changed(struct zone_watch *watch,
						    const struct config *config)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct timespec now;

	write_file("one");
	write_file("two");
	usleep(1100000); /* what changed just now is not trusted */
	inotify_add_watch(fd, paths[1], IN_OPEN);
	clock_gettime(CLOCK_REALTIME, &now);
	zone_watch_use(watch, config, now.tv_sec * 1000000000ull + now.tv_nsec);
	settle();
	ok(opened(fd) > 0, "at the beginning each zone's file is read");
	write_file("one");
	ok(told_soon(), "one changes");
	settle();
	is_int(opened(fd), 0, "and the other is not read again");
	close(fd);
}

static void test_zone_watch_off_is_silent(struct zone_watch *watch, struct config *config)
{
	config->dns_watch = false;
	zone_watch_use(watch, config, 0);
	write_file("one");
	is_int(listen_for(WHILE_MS), 0, "watch: false");
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
	ok(!worker_new(base, &worker) && !worker_start(worker), "a worker");
	ok(!zone_watch_new(base, &times, changed, NULL, worker, &watch), "a watch");
	test_zone_watch_tells_of_zone_files_alone(watch, &config);
	test_zone_watch_tells_of_included_files(watch, &config);
	test_zone_watch_tells_of_what_steering_reads(watch, &config);
	test_zone_watch_looks_behind_links(watch, &config);
	test_zone_watch_sees_kubernetes_swap(watch, &config);
	test_zone_watch_sees_links_of_directories(watch, &config);
	test_zone_watch_sees_hard_links(watch, &config);
	test_zone_watch_knows_what_was_read(watch, &config);
	test_zone_watch_reads_only_what_changed(watch, &config);
	test_zone_watch_off_is_silent(watch, &config);
	zone_watch_free(watch);
	worker_free(worker);
	event_base_free(base);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		rename_file(names[i], "one");
	unlink(paths[0]);
	rmdir(dir);
	return done_testing();
}
