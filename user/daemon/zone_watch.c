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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "user/zone/zone_files.h"
#include "zone_watch.h"

#define LINKS_MAX 40	   /* as many as the kernel follows */
#define COARSE_NS 20000000 /* file systems' clocks are late by a tick or two */
#define WATCHED	  (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE)

/* An entry of a directory that decides what a zone's file is. */
struct watched {
	int wd;
	char *path;
	const char *name; /* its last part */
};

/* What a file's name led to when it was looked at. */
struct seen {
	bool there;
	dev_t dev;
	ino_t ino;
	off_t size;
	__u64 changed_ns; /* CLOCK_REALTIME: its data */
};

struct zone_watch {
	struct event_base *base;
	struct zone_watch_times times;
	const struct config *config; /* NULL: watches nothing */
	struct event *readable, *moment, *look;
	int fd;
	struct zone_files *zones; /* what each is made of */
	size_t nr_zones;
	struct seen *seen; /* of all their files, one zone's after the other's */
	size_t nr_seen;
	struct watched *entries; /* sorted */
	size_t nr, room;
	char dir[PATH_MAX], real_dir[PATH_MAX]; /* where the last file was, and what that led to */
	__u64 fresh_ns; /* CLOCK_REALTIME: what changed since then was not read */
	bool is_fresh;	/* something did */
	bool is_told;	/* of a change: no need to compare */
	__u64 took_us;
	void (*changed)(void *arg);
	void *arg;
};

/* --- events ----------------------------------------------------------------------------------- */

static int watched_compare(const void *a, const void *b)
{
	const struct watched *x = a, *y = b;

	return x->wd != y->wd ? (x->wd > y->wd) - (x->wd < y->wd) : strcmp(x->name, y->name);
}

/* A new file is empty still, and is told of again when it is closed; a link is what it is. */
static bool is_whole(const struct watched *entry, const struct inotify_event *event)
{
	struct stat st;

	if (!(event->mask & IN_CREATE) || event->mask & IN_ISDIR)
		return true;
	return !lstat(entry->path, &st) && !(S_ISREG(st.st_mode) && st.st_nlink == 1);
}

static bool is_watched(const struct zone_watch *watch, const struct inotify_event *event)
{
	struct watched key = { .wd = event->wd, .name = event->name }, *found;

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (!event->len)
		return false;
	found = bsearch(&key, watch->entries, watch->nr, sizeof(key), watched_compare);
	return found && is_whole(found, event);
}

static void wait_a_moment(struct zone_watch *watch)
{
	__u64 rest_us = watch->took_us * watch->times.rest, us = watch->times.moment_ms * 1000ull;
	struct timeval moment;

	if (us < rest_us)
		us = rest_us;
	moment = (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };

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
			if (is_watched(watch, event))
				watch->is_told = true;
			else if (!(event->mask & IN_IGNORED)) /* a directory is gone: look again */
				continue;
			wait_a_moment(watch);
		}
	}
}

/* --- what is watched -------------------------------------------------------------------------- */

static void forget(struct zone_watch *watch)
{
	size_t i;

	if (watch->readable)
		event_free(watch->readable);
	if (watch->fd >= 0)
		close(watch->fd);
	for (i = 0; i < watch->nr; i++)
		free(watch->entries[i].path);
	free(watch->entries);
	for (i = 0; i < watch->nr_zones; i++)
		zone_files_free(&watch->zones[i]);
	free(watch->zones);
	free(watch->seen);
	watch->readable = NULL;
	watch->fd = -1;
	watch->entries = NULL;
	watch->zones = NULL;
	watch->seen = NULL;
	watch->nr_zones = watch->nr_seen = watch->nr = watch->room = 0;
	*watch->dir = '\0';
}

static int add_entry(struct zone_watch *watch, const char *dir, const char *name)
{
	struct watched *entry;

	if (watch->nr == watch->room) {
		watch->room = watch->room ? 2 * watch->room : 64;
		entry = reallocarray(watch->entries, watch->room, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		watch->entries = entry;
	}
	entry = &watch->entries[watch->nr];
	entry->wd = inotify_add_watch(watch->fd, dir, WATCHED | IN_ONLYDIR);
	if (entry->wd < 0)
		return -errno;
	if (asprintf(&entry->path, "%s%s", dir, name) < 0)
		return -ENOMEM;
	entry->name = entry->path + strlen(dir);
	watch->nr++;
	return 0;
}

/* A path that is being walked as the kernel does it. */
struct walk {
	char at[PATH_MAX];   /* a directory, with a final slash */
	char rest[PATH_MAX]; /* from there */
	unsigned int links;
};

/* Takes the next name off the rest. */
static bool walk_next(struct walk *walk, char name[NAME_MAX + 1])
{
	char *start = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(start, "/");

	if (!len || len > NAME_MAX)
		return false;
	memcpy(name, start, len);
	name[len] = '\0';
	memmove(walk->rest, start + len, strlen(start + len) + 1);
	return true;
}

static int walk_link(struct walk *walk, const char *path)
{
	char target[PATH_MAX], rest[2 * PATH_MAX + 2];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = '\0';
	if (++walk->links > LINKS_MAX ||
	    snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest) >= PATH_MAX)
		return -ELOOP;
	snprintf(walk->rest, sizeof(walk->rest), "%.*s", PATH_MAX - 1, rest);
	if (*target == '/')
		strcpy(walk->at, "/");
	return 0;
}

static __u64 time_ns(const struct timespec *time)
{
	return time->tv_sec * 1000000000ull + time->tv_nsec;
}

/*
 * Watches every entry on the way, as far as there is one: who puts another link or directory into
 * its place changes the zone as much as who writes the file.
 */
static int walk_all(struct zone_watch *watch, struct walk *walk)
{
	char name[NAME_MAX + 1], path[PATH_MAX + NAME_MAX + 2];
	struct stat st;
	int err = 0;

	while (!err && walk_next(walk, name)) {
		snprintf(path, sizeof(path), "%s%s", walk->at, name);
		err = add_entry(watch, walk->at, name);
		if (err || lstat(path, &st))
			return err ?: -errno;
		if (!S_ISDIR(st.st_mode) && time_ns(&st.st_ctim) + COARSE_NS >= watch->fresh_ns)
			watch->is_fresh = true;
		if (S_ISLNK(st.st_mode))
			err = walk_link(walk, path);
		else if (snprintf(walk->at, sizeof(walk->at), "%.*s/", PATH_MAX - 2, path) < 0)
			err = -ENAMETOOLONG;
	}
	return err;
}

/* Most files lie where the one before does: the way there is walked once. */
static int watch_file(struct zone_watch *watch, const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	int err = 0, len = slash ? slash - file + 1 : 0;
	struct walk walk = { .links = 0 };

	if (strlen(file) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!*watch->dir || strncmp(watch->dir, file, len) || watch->dir[len]) {
		strcpy(walk.at, *file == '/' ? "/" : "./");
		snprintf(walk.rest, sizeof(walk.rest), "%.*s", len, file);
		*watch->dir = '\0';
		err = walk_all(watch, &walk);
		if (err)
			return err;
		snprintf(watch->dir, sizeof(watch->dir), "%.*s", len, file);
		strcpy(watch->real_dir, walk.at);
	}
	walk.links = 0;
	strcpy(walk.at, watch->real_dir);
	snprintf(walk.rest, sizeof(walk.rest), "%s", name);
	return walk_all(watch, &walk);
}

/* A file that is not there is waited for. */
static void watch_files(struct zone_watch *watch, const struct zone_files *files)
{
	size_t i;
	int err;

	for (i = 0; i < files->nr; i++) {
		err = watch_file(watch, files->names[i]);
		if (err && err != -ENOENT)
			log_warn("%s: changes will not be seen at once: %s", files->names[i],
				 strerror(-err));
	}
}

/* --- what was seen ---------------------------------------------------------------------------- */

static void see(const char *file, struct seen *seen)
{
	struct stat st;

	memset(seen, 0, sizeof(*seen));
	if (stat(file, &st))
		return;
	seen->there = true;
	seen->dev = st.st_dev;
	seen->ino = st.st_ino;
	seen->size = st.st_size;
	seen->changed_ns = time_ns(&st.st_mtim);
}

static void see_all(struct zone_watch *watch)
{
	size_t zone, i, nr = 0;

	for (zone = 0; zone < watch->nr_zones; zone++)
		for (i = 0; i < watch->zones[zone].nr; i++)
			see(watch->zones[zone].names[i], &watch->seen[nr++]);
}

/* Another file than was seen, and nobody is writing it just now. */
static bool differs(const struct zone_watch *watch, const char *file, const struct seen *before)
{
	__u64 settled_ns = watch->times.settled_ms * 1000000ull;
	struct timespec now;
	struct seen seen;

	see(file, &seen);
	if (seen.there == before->there && seen.dev == before->dev && seen.ino == before->ino &&
	    seen.size == before->size && seen.changed_ns == before->changed_ns)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	return seen.changed_ns + settled_ns < time_ns(&now) || seen.changed_ns > time_ns(&now);
}

static bool any_differs(const struct zone_watch *watch)
{
	size_t zone, i, nr = 0;

	for (zone = 0; zone < watch->nr_zones; zone++)
		for (i = 0; i < watch->zones[zone].nr; i++)
			if (differs(watch, watch->zones[zone].names[i], &watch->seen[nr++]))
				return true;
	return false;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* Which files there are. 0 or -ENOMEM. */
static int find_files(struct zone_watch *watch)
{
	const struct config *config = watch->config;
	size_t i;

	watch->zones = calloc(config->nr_zones, sizeof(*watch->zones));
	if (!watch->zones)
		return -ENOMEM;
	watch->nr_zones = config->nr_zones;
	for (i = 0; i < watch->nr_zones; i++) {
		zone_files_add(&watch->zones[i], config->zones[i].file, config->include_dir);
		watch->nr_seen += watch->zones[i].nr;
	}
	watch->seen = calloc(watch->nr_seen + 1, sizeof(*watch->seen));
	return watch->seen ? 0 : -ENOMEM;
}

static int look_after(struct zone_watch *watch)
{
	size_t i;
	int err = find_files(watch);

	if (err)
		return err;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return -errno;
	for (i = 0; i < watch->nr_zones; i++)
		watch_files(watch, &watch->zones[i]);
	if (watch->nr)
		qsort(watch->entries, watch->nr, sizeof(*watch->entries), watched_compare);
	see_all(watch);
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
	bool changed;

	if (!watch->config)
		return;
	changed = watch->is_told || any_differs(watch);
	watch->is_told = false;
	watch->fresh_ns = UINT64_MAX;
	look_again(watch);
	if (changed)
		watch->changed(watch->arg);
	watch->took_us = clock_mono_us() - began;
}

/* Seldom: for what no event tells, such as another name of the same file, or a network's files. */
static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct zone_watch *watch = arg;

	if (!watch->config || !any_differs(watch))
		return;
	watch->is_told = true;
	wait_a_moment(watch);
}

void zone_watch_use(struct zone_watch *watch, const struct config *config, __u64 read_real_ns)
{
	forget(watch);
	watch->config = config->dns_watch && config->nr_zones ? config : NULL;
	watch->is_told = false;
	if (!watch->config)
		return;
	watch->fresh_ns = read_real_ns;
	watch->is_fresh = false;
	look_again(watch);
	watch->is_told = watch->is_fresh;
	if (watch->is_fresh)
		wait_a_moment(watch);
}

int zone_watch_new(struct event_base *base, const struct zone_watch_times *times,
		   void (*changed)(void *arg), void *arg, struct zone_watch **result)
{
	struct timeval every = { .tv_sec = times->look_ms / 1000,
				 .tv_usec = times->look_ms % 1000 * 1000 };
	struct zone_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->base = base;
	watch->times = *times;
	watch->fd = -1;
	watch->changed = changed;
	watch->arg = arg;
	watch->moment = evtimer_new(base, on_moment, watch);
	watch->look = event_new(base, -1, EV_PERSIST, on_look, watch);
	if (!watch->moment || !watch->look || event_add(watch->look, &every)) {
		zone_watch_free(watch);
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
	if (watch->moment)
		event_free(watch->moment);
	if (watch->look)
		event_free(watch->look);
	free(watch);
}
