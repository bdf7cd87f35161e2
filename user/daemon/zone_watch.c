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
#include "user/zone/zone_seen.h"
#include "worker.h"
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

/* All that is watched. Made and compared by the worker; in between, its events are the loop's. */
struct watched_set {
	struct event *readable;
	int fd;
	struct zone_files *zones; /* what each is made of; the last one: what steering reads */
	size_t nr_zones;
	struct zone_seen *seen; /* all their files, zone by zone; zero: it is not there */
	size_t nr_seen;
	struct watched *entries; /* sorted */
	size_t nr, room;
	char dir[PATH_MAX], real_dir[PATH_MAX]; /* where the last file was, and what that led to */
	__u64 fresh_ns; /* CLOCK_REALTIME: what changed since then was not read */
	bool is_fresh;	/* something did */
};

/* A job: looks at all files. */
struct look {
	struct worker_job job;
	struct zone_watch *watch; /* NULL: it was freed meanwhile */
	struct worker *worker;
	const struct config *config;
	struct watched_set *before; /* of the same configuration, or NULL */
	struct watched_set *after;  /* what is there now; NULL: only to compare */
	bool compares;		    /* with what is in @before */
	bool drops_before;	    /* nobody else has it any more */
	__u64 settled_ns;	    /* times.settled_ms */
	bool differs;
	int err;
	__u64 took_us;
};

struct zone_watch {
	struct event_base *base;
	struct worker *worker;
	struct zone_watch_times times;
	const struct config *config; /* NULL: watches nothing */
	struct event *moment, *every;
	struct watched_set *set;
	struct look *look; /* under way, or NULL */
	bool is_told;	   /* of a change: no need to compare */
	bool is_late;	   /* the moment came while a look was under way */
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

static bool is_watched(const struct watched_set *set, const struct inotify_event *event)
{
	struct watched key = { .wd = event->wd, .name = event->name }, *found;

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (!event->len)
		return false;
	found = bsearch(&key, set->entries, set->nr, sizeof(key), watched_compare);
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
			if (is_watched(watch->set, event))
				watch->is_told = true;
			else if (!(event->mask & IN_IGNORED)) /* a directory is gone: look again */
				continue;
			wait_a_moment(watch);
		}
	}
}

/* --- what is watched -------------------------------------------------------------------------- */

static void set_free(struct watched_set *set)
{
	size_t i;

	if (!set)
		return;
	if (set->readable)
		event_free(set->readable);
	if (set->fd >= 0)
		close(set->fd);
	for (i = 0; i < set->nr; i++)
		free(set->entries[i].path);
	free(set->entries);
	for (i = 0; i < set->nr_zones; i++)
		zone_files_free(&set->zones[i]);
	free(set->zones);
	free(set->seen);
	free(set);
}

/* A job: frees what is watched no longer. */
struct drop {
	struct worker_job job;
	struct watched_set *set;
};

static void work_drop(struct worker_job *job)
{
	struct drop *drop = (struct drop *)job;

	set_free(drop->set);
	drop->set = NULL;
}

static void on_dropped(struct worker_job *job, bool ran)
{
	struct drop *drop = (struct drop *)job;

	set_free(drop->set);
	free(drop);
}

/*
 * Closing what hears of files waits until the kernel tells of none any more. @worker: NULL at the
 * end, when nobody serves.
 */
static void set_drop(struct worker *worker, struct watched_set *set)
{
	struct drop *drop = set && worker ? calloc(1, sizeof(*drop)) : NULL;

	if (!drop) {
		set_free(set);
		return;
	}
	if (set->readable)
		event_free(set->readable);
	set->readable = NULL;
	drop->job = (struct worker_job){ .work = work_drop, .done = on_dropped };
	drop->set = set;
	worker_queue(worker, &drop->job);
}

static int add_entry(struct watched_set *set, const char *dir, const char *name)
{
	struct watched *entry;

	if (set->nr == set->room) {
		set->room = set->room ? 2 * set->room : 64;
		entry = reallocarray(set->entries, set->room, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		set->entries = entry;
	}
	entry = &set->entries[set->nr];
	entry->wd = inotify_add_watch(set->fd, dir, WATCHED | IN_ONLYDIR);
	if (entry->wd < 0)
		return -errno;
	if (asprintf(&entry->path, "%s%s", dir, name) < 0)
		return -ENOMEM;
	entry->name = entry->path + strlen(dir);
	set->nr++;
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

/*
 * Watches every entry on the way, as far as there is one: who puts another link or directory into
 * its place changes the zone as much as who writes the file.
 */
static int walk_all(struct watched_set *set, struct walk *walk)
{
	char name[NAME_MAX + 1], path[PATH_MAX + NAME_MAX + 2];
	struct stat st;
	int err = 0;

	while (!err && walk_next(walk, name)) {
		snprintf(path, sizeof(path), "%s%s", walk->at, name);
		err = add_entry(set, walk->at, name);
		if (err || lstat(path, &st))
			return err ?: -errno;
		if (!S_ISDIR(st.st_mode) && clock_ns_of(&st.st_ctim) + COARSE_NS >= set->fresh_ns)
			set->is_fresh = true;
		if (S_ISLNK(st.st_mode))
			err = walk_link(walk, path);
		else if (snprintf(walk->at, sizeof(walk->at), "%.*s/", PATH_MAX - 2, path) < 0)
			err = -ENAMETOOLONG;
	}
	return err;
}

/* Most files lie where the one before does: the way there is walked once. */
static int watch_file(struct watched_set *set, const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	int err = 0, len = slash ? slash - file + 1 : 0;
	struct walk walk = { .links = 0 };

	if (strlen(file) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!*set->dir || strncmp(set->dir, file, len) || set->dir[len]) {
		strcpy(walk.at, *file == '/' ? "/" : "./");
		snprintf(walk.rest, sizeof(walk.rest), "%.*s", len, file);
		*set->dir = '\0';
		err = walk_all(set, &walk);
		if (err)
			return err;
		snprintf(set->dir, sizeof(set->dir), "%.*s", len, file);
		strcpy(set->real_dir, walk.at);
	}
	walk.links = 0;
	strcpy(walk.at, set->real_dir);
	snprintf(walk.rest, sizeof(walk.rest), "%s", name);
	return walk_all(set, &walk);
}

/* A file that is not there is waited for. */
static void watch_files(struct watched_set *set, const struct zone_files *files)
{
	size_t i;
	int err;

	for (i = 0; i < files->nr; i++) {
		err = watch_file(set, files->names[i]);
		if (err && err != -ENOENT)
			log_warn("%s: changes will not be seen at once: %s", files->names[i],
				 strerror(-err));
	}
}

/* --- what was seen ---------------------------------------------------------------------------- */

static void see(const char *file, struct zone_seen *seen)
{
	struct stat st;

	if (stat(file, &st))
		memset(seen, 0, sizeof(*seen));
	else
		zone_seen_take(seen, file, &st);
}

static void see_all(struct watched_set *set)
{
	size_t zone, i, nr = 0;

	for (zone = 0; zone < set->nr_zones; zone++)
		for (i = 0; i < set->zones[zone].nr; i++)
			see(set->zones[zone].names[i], &set->seen[nr++]);
}

/* Another file than was seen, and nobody is writing it just now. */
static bool differs(const char *file, const struct zone_seen *before, __u64 settled_ns)
{
	struct timespec now;
	struct zone_seen seen;

	see(file, &seen);
	if (zone_seen_same_data(&seen, before))
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	return seen.data_ns + settled_ns < clock_ns_of(&now) || seen.data_ns > clock_ns_of(&now);
}

static bool any_differs(const struct watched_set *set, __u64 settled_ns)
{
	size_t zone, i, nr = 0;

	for (zone = 0; zone < set->nr_zones; zone++)
		for (i = 0; i < set->zones[zone].nr; i++)
			if (differs(set->zones[zone].names[i], &set->seen[nr++], settled_ns))
				return true;
	return false;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* Databases, and lists of networks. */
static void note_steering(struct zone_files *files, const struct config *config)
{
	size_t i;

	for (i = 0; i < config->nr_databases; i++)
		zone_files_note(files, config->databases[i].file);
	for (i = 0; i < config->nr_regions; i++)
		if (config->regions[i].network_file)
			zone_files_note(files, config->regions[i].network_file);
}

/* The steered names of a signed zone, as each POP has them. */
static void add_variants(struct zone_files *files, const struct config *config,
			 const struct config_zone *zone)
{
	char *file;
	size_t i;

	for (i = 0; i < config->nr_pops && zone->variants; i++) {
		file = config_variant_file(zone, config->pops[i].name);
		if (file)
			zone_files_add(files, file, config->include_dir);
		free(file);
	}
}

/* Nothing says that one of these files has changed since it was seen. */
static bool all_hold(const struct zone_seen *seen, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!seen[i].name || !zone_seen_holds(&seen[i]))
			return false;
	return true;
}

/* A zone whose files have not changed includes what it did: it is not read for that. */
static void find_zone_files(struct zone_files *files, const struct zone_files *known,
			    const struct zone_seen *seen, const struct config *config,
			    const struct config_zone *zone)
{
	size_t i;

	if (!known || !known->nr || !all_hold(seen, known->nr)) {
		zone_files_add(files, zone->file, config->include_dir);
		add_variants(files, config, zone);
		return;
	}
	for (i = 0; i < known->nr; i++)
		zone_files_note(files, known->names[i]);
}

/* Which files there are. @before: NULL, or the set before. 0 or -ENOMEM. */
static int find_files(struct watched_set *set, const struct config *config,
		      const struct watched_set *before)
{
	size_t i, seen = 0;

	set->zones = calloc(config->nr_zones + 1, sizeof(*set->zones));
	if (!set->zones)
		return -ENOMEM;
	set->nr_zones = config->nr_zones + 1;
	for (i = 0; i < config->nr_zones; i++) {
		find_zone_files(&set->zones[i], before ? &before->zones[i] : NULL,
				before ? &before->seen[seen] : NULL, config, &config->zones[i]);
		seen += before ? before->zones[i].nr : 0;
	}
	note_steering(&set->zones[i], config);
	for (i = 0; i < set->nr_zones; i++)
		set->nr_seen += set->zones[i].nr;
	set->seen = calloc(set->nr_seen + 1, sizeof(*set->seen));
	return set->seen ? 0 : -ENOMEM;
}

static int set_fill(struct watched_set *set, const struct config *config,
		    const struct watched_set *before)
{
	size_t i;
	int err = find_files(set, config, before);

	if (err)
		return err;
	set->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (set->fd < 0)
		return -errno;
	for (i = 0; i < set->nr_zones; i++)
		watch_files(set, &set->zones[i]);
	if (set->nr)
		qsort(set->entries, set->nr, sizeof(*set->entries), watched_compare);
	see_all(set);
	return 0;
}

/* On the worker's thread. */
static void work_look(struct worker_job *job)
{
	struct look *look = (struct look *)job;
	__u64 began = clock_mono_us();

	if (look->compares)
		look->differs = any_differs(look->before, look->settled_ns);
	if (look->after)
		look->err = set_fill(look->after, look->config, look->before);
	look->took_us = clock_mono_us() - began;
}

static void look_free(struct look *look, struct worker *worker)
{
	if (look->drops_before)
		set_drop(worker, look->before);
	set_drop(worker, look->after);
	free(look);
}

/* Puts what was found in the place of what was watched before. */
static int use_set(struct zone_watch *watch, struct look *look)
{
	struct watched_set *set = look->after;

	if (watch->set)
		on_events(watch->set->fd, 0, watch); /* what came before @set began to hear */
	set_drop(watch->worker, watch->set);
	watch->set = NULL;
	if (look->err)
		return look->err;
	set->readable = event_new(watch->base, set->fd, EV_READ | EV_PERSIST, on_events, watch);
	if (!set->readable || event_add(set->readable, NULL))
		return -ENOMEM;
	watch->set = set;
	look->after = NULL;
	return 0;
}

/* First the watch, then the reading: nothing is missed. */
static void took_a_look(struct zone_watch *watch, struct look *look)
{
	bool is_fresh = look->after && look->after->is_fresh, is_whole = look->after;
	int err = is_whole ? use_set(watch, look) : 0;

	watch->took_us = look->took_us;
	if (err)
		log_warn("zone files: changes will not be seen: %s", strerror(-err));
	if (is_whole && look->differs) {
		watch->is_told = false;
		watch->changed(watch->arg);
	} else if (is_fresh || look->differs) {
		watch->is_told = true;
		wait_a_moment(watch);
	}
}

static void on_looked(struct worker_job *job, bool ran)
{
	struct look *look = (struct look *)job;
	struct zone_watch *watch = look->watch;

	if (watch)
		watch->look = NULL;
	if (watch && ran)
		took_a_look(watch, look);
	look_free(look, ran ? look->worker : NULL);
	if (watch && ran && watch->is_late) {
		watch->is_late = false;
		wait_a_moment(watch);
	}
}

/* @fresh_ns: 0, or, to watch all files anew, since when what changed was not read. */
static void look_soon(struct zone_watch *watch, __u64 fresh_ns)
{
	struct look *look = calloc(1, sizeof(*look));

	if (look && fresh_ns)
		look->after = calloc(1, sizeof(*look->after));
	if (!look || (fresh_ns && !look->after)) {
		free(look);
		log_warn("zone files: changes will not be seen: out of memory");
		return;
	}
	if (look->after) {
		look->after->fd = -1;
		look->after->fresh_ns = fresh_ns;
	}
	look->job = (struct worker_job){ .work = work_look, .done = on_looked };
	look->watch = watch;
	look->worker = watch->worker;
	look->config = watch->config;
	look->settled_ns = watch->times.settled_ms * 1000000ull;
	look->differs = fresh_ns && watch->is_told;
	look->before = watch->set;
	look->compares = watch->set && !look->differs;
	watch->is_told = watch->is_told && !look->differs;
	watch->look = look;
	worker_queue(watch->worker, &look->job);
}

/* What is included may have changed too, so all is watched anew. */
static void on_moment(evutil_socket_t fd, short what, void *arg)
{
	struct zone_watch *watch = arg;

	if (!watch->config)
		return;
	if (watch->look) {
		watch->is_late = true;
		return;
	}
	look_soon(watch, UINT64_MAX);
}

/* Seldom: for what no event tells, such as another name of the same file, or a network's files. */
static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct zone_watch *watch = arg;

	if (watch->set && !watch->look)
		look_soon(watch, 0);
}

/* What is under way looks at what is watched no longer. Gives what nobody has any more, or NULL. */
static struct watched_set *forget(struct zone_watch *watch)
{
	struct watched_set *set = watch->set;
	struct look *look = watch->look;

	if (look)
		look->watch = NULL;
	if (look && look->before && look->before == set) {
		look->drops_before = true;
		event_del(set->readable);
		set = NULL;
	}
	watch->look = NULL;
	watch->set = NULL;
	watch->is_told = watch->is_late = false;
	return set;
}

void zone_watch_use(struct zone_watch *watch, const struct config *config, __u64 read_real_ns)
{
	set_drop(watch->worker, forget(watch));
	watch->config = config->dns_watch && config->nr_zones ? config : NULL;
	if (watch->config)
		look_soon(watch, read_real_ns ?: 1);
}

int zone_watch_new(struct event_base *base, const struct zone_watch_times *times,
		   void (*changed)(void *arg), void *arg, struct worker *worker,
		   struct zone_watch **result)
{
	struct timeval every = { .tv_sec = times->look_ms / 1000,
				 .tv_usec = times->look_ms % 1000 * 1000 };
	struct zone_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->base = base;
	watch->times = *times;
	watch->worker = worker;
	watch->changed = changed;
	watch->arg = arg;
	watch->moment = evtimer_new(base, on_moment, watch);
	watch->every = event_new(base, -1, EV_PERSIST, on_look, watch);
	if (!watch->moment || !watch->every || event_add(watch->every, &every)) {
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
	set_free(forget(watch));
	if (watch->moment)
		event_free(watch->moment);
	if (watch->every)
		event_free(watch->every);
	free(watch);
}
