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
#include "zone_watch.h"

#define MOMENT_US 200000 /* a transfer of several zones is one change */
#define REST	  4	 /* times as long as the last call took */

/* A zone's file: its directory's watch, and its name there. */
struct watched {
	int wd;
	char *name;
};

struct zone_watch {
	struct event_base *base;
	struct event *readable, *moment;
	int fd;
	struct watched *files;
	size_t nr;
	__u64 took_us;
	void (*changed)(void *arg);
	void *arg;
};

static bool is_watched(const struct zone_watch *watch, const struct inotify_event *event)
{
	size_t i;

	for (i = 0; event->len && i < watch->nr; i++)
		if (watch->files[i].wd == event->wd && !strcmp(watch->files[i].name, event->name))
			return true;
	return event->mask & IN_Q_OVERFLOW;
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

static void on_moment(evutil_socket_t fd, short what, void *arg)
{
	struct zone_watch *watch = arg;
	__u64 began = clock_mono_us();

	watch->changed(watch->arg);
	watch->took_us = clock_mono_us() - began;
}

static void forget(struct zone_watch *watch)
{
	size_t i;

	if (watch->readable)
		event_free(watch->readable);
	if (watch->fd >= 0)
		close(watch->fd);
	for (i = 0; i < watch->nr; i++)
		free(watch->files[i].name);
	free(watch->files);
	watch->readable = NULL;
	watch->fd = -1;
	watch->files = NULL;
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
	file->name = strdup(slash ? slash + 1 : path);
	if (!file->name)
		return -ENOMEM;
	watch->nr++;
	return 0;
}

static int look_after(struct zone_watch *watch, const struct config *config)
{
	size_t i;
	int err;

	watch->files = calloc(config->nr_zones, sizeof(*watch->files));
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (!watch->files || watch->fd < 0)
		return watch->files ? -errno : -ENOMEM;
	for (i = 0; i < config->nr_zones; i++) {
		err = add_file(watch, config->zones[i].file);
		if (err)
			log_warn("%s: changes will not be seen: %s", config->zones[i].file,
				 strerror(-err));
	}
	watch->readable = event_new(watch->base, watch->fd, EV_READ | EV_PERSIST, on_events, watch);
	return watch->readable && !event_add(watch->readable, NULL) ? 0 : -ENOMEM;
}

void zone_watch_use(struct zone_watch *watch, const struct config *config)
{
	int err;

	forget(watch);
	if (!config->dns_watch || !config->nr_zones)
		return;
	err = look_after(watch, config);
	if (err) {
		log_warn("zone files: changes will not be seen: %s", strerror(-err));
		forget(watch);
		return;
	}
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
