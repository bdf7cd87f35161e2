// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_watch.c: hears when zone files change (zone_watch.h).
 */
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "clock.h"
#include "config.h"
#include "log.h"
#include "zone_files.h"
#include "zone_watch.h"

#define MOMENT_US 200000 /* a transfer of several zones is one change */
#define REST	  4	 /* times as long as the last call took */

/* A file: its directory's watch, and its name there. */
struct watched {
	int wd;
	const char *name;
};

struct zone_watch {
	struct event_base *base;
	const struct config *config; /* NULL: watches nothing */
	struct event *readable, *moment;
	int fd;
	struct zone_files *zones; /* what each is made of */
	size_t nr_zones;
	struct watched *files; /* sorted */
	size_t nr;
	__u64 took_us;
	void (*changed)(void *arg);
	void *arg;
};

static int watched_compare(const void *a, const void *b)
{
	const struct watched *x = a, *y = b;

	return x->wd != y->wd ? (x->wd > y->wd) - (x->wd < y->wd) : strcmp(x->name, y->name);
}

static bool is_watched(const struct zone_watch *watch, const struct inotify_event *event)
{
	struct watched key = { .wd = event->wd, .name = event->name };

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	return event->len && bsearch(&key, watch->files, watch->nr, sizeof(key), watched_compare);
}

static void wait_a_moment(struct zone_watch *watch)
{
	__u64 us = watch->took_us * REST > MOMENT_US ? watch->took_us * REST : MOMENT_US;
	struct timeval moment = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };

	if (!event_pending(watch->moment, EV_TIMEOUT, NULL))
		event_add(watch->moment, &moment);
}

static void on_events(evutil_socket_t fd, short what, void *arg)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	struct zone_watch *watch = arg;
	ssize_t len, at;

	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < len; at += sizeof(*event) + event->len) {
			event = (const void *)(buf + at);
			if (event->mask & IN_IGNORED)
				log_warn("a directory of zone files is gone; a reload looks again");
			else if (is_watched(watch, event))
				wait_a_moment(watch);
		}
	}
}

static void forget(struct zone_watch *watch)
{
	size_t i;

	if (watch->readable)
		event_free(watch->readable);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->files);
	for (i = 0; i < watch->nr_zones; i++)
		zone_files_free(&watch->zones[i]);
	free(watch->zones);
	watch->readable = NULL;
	watch->fd = -1;
	watch->files = NULL;
	watch->zones = NULL;
	watch->nr_zones = 0;
	watch->nr = 0;
}

static int add_file(struct zone_watch *watch, const char *path)
{
	struct watched *file = &watch->files[watch->nr];
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s/", slash ? (int)(slash - path) : 1, slash ? path : ".");
	file->wd = inotify_add_watch(watch->fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	if (file->wd < 0)
		return -errno;
	file->name = slash ? slash + 1 : path;
	watch->nr++;
	return 0;
}

/* How many files the zones are made of. */
static size_t find_files(struct zone_watch *watch)
{
	size_t i, nr = 0;

	watch->zones = calloc(watch->config->nr_zones, sizeof(*watch->zones));
	if (!watch->zones)
		return 0;
	watch->nr_zones = watch->config->nr_zones;
	for (i = 0; i < watch->nr_zones; i++) {
		zone_files_add(&watch->zones[i], watch->config->zones[i].file,
			       watch->config->include_dir);
		nr += watch->zones[i].nr;
	}
	return nr;
}

static void add_files(struct zone_watch *watch, const struct zone_files *files)
{
	size_t i;
	int err;

	for (i = 0; i < files->nr; i++) {
		err = add_file(watch, files->names[i]);
		if (err)
			log_warn("%s: changes will not be seen: %s", files->names[i],
				 strerror(-err));
	}
}

static int look_after(struct zone_watch *watch)
{
	size_t i, nr = find_files(watch);

	watch->files = calloc(nr + 1, sizeof(*watch->files));
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (!nr || !watch->files || watch->fd < 0)
		return watch->fd < 0 ? -errno : -ENOMEM;
	for (i = 0; i < watch->nr_zones; i++)
		add_files(watch, &watch->zones[i]);
	qsort(watch->files, watch->nr, sizeof(*watch->files), watched_compare);
	watch->readable = event_new(watch->base, watch->fd, EV_READ | EV_PERSIST, on_events, watch);
	return watch->readable && !event_add(watch->readable, NULL) ? 0 : -ENOMEM;
}

static void look_again(struct zone_watch *watch)
{
	int err;

	forget(watch);
	err = look_after(watch);
	if (err) {
		log_warn("zone files: changes will not be seen: %s", strerror(-err));
		forget(watch);
	}
}

/* What is included may have changed too. First the watch, then the reading: nothing is missed. */
static void on_moment(evutil_socket_t fd, short what, void *arg)
{
	struct zone_watch *watch = arg;
	__u64 began = clock_mono_us();

	if (!watch->config)
		return;
	look_again(watch);
	watch->changed(watch->arg);
	watch->took_us = clock_mono_us() - began;
}

void zone_watch_use(struct zone_watch *watch, const struct config *config)
{
	forget(watch);
	watch->config = config->dns_watch && config->nr_zones ? config : NULL;
	if (!watch->config)
		return;
	look_again(watch);
	wait_a_moment(watch);
}

int zone_watch_new(struct event_base *base, void (*changed)(void *arg), void *arg,
		   struct zone_watch **result)
{
	struct zone_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->base = base;
	watch->fd = -1;
	watch->changed = changed;
	watch->arg = arg;
	watch->moment = evtimer_new(base, on_moment, watch);
	if (!watch->moment) {
		free(watch);
		return -ENOMEM;
	}
	*result = watch;
	return 0;
}

void zone_watch_free(struct zone_watch *watch)
{
	if (!watch)
		return;
	forget(watch);
	event_free(watch->moment);
	free(watch);
}
