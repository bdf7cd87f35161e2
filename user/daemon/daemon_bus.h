/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_bus.h: the daemon's end of the bus (user/bus/). Its own files share this: daemon_bus.c
 * (beats, and what comes), daemon_bus_apply.c (what others say is obeyed), daemon_bus_told.c (what
 * is said here is written).
 *
 * A node's record has sections, each of a module that writes its own and reads those of others: a
 * row in daemon_bus_apply.c. Whatever a section has in it is checked by who reads it: it is signed,
 * but by a version that may be another.
 */
#ifndef AD_DAEMON_BUS_H
#define AD_DAEMON_BUS_H

#include "daemon_internal.h"
#include "maps/bus.h"
#include "user/bus/book.h"
#include "user/bus/talk.h"

struct daemon_bus {
	int fd; /* of the process that is on the bus; -1: there is none */
	struct event *heard;
	struct bus_secret secret;
	struct bus_book *book; /* NULL: nothing is heard */
	int seen;	       /* the map */
	__u16 self;
	__u64 life;
	bool up, whole; /* connected; all records were heard */
	__u64 beat_ms;	/* when the last beat was written, CLOCK_MONOTONIC */
	__u64 up_ms;	/* connected since then */
	enum ad_bus_state state;
	__u64 since_real_s;
	__u64 echo_ms, echo_real_s; /* the last one that was shown */
	char why[BUS_WHY];
	struct ad_told told; /* as it was written last */
	bool told_known;
	__u8 *sheds; /* by node: percent by its load */
	bool *losts; /* by node: that it is lost was said */
	bool obey_load;
	bool misses; /* a node is gone that still answers, or was not asked often enough */
	struct bus_talk out, in;
};

/* Writes @body under @key, with a new seq if @is_news. What does not get through is tried again. */
void daemon_bus_write(struct daemon *daemon, const char *key, const json_t *body, bool is_news);
/* The sections of our own record, and those of another's. */
json_t *daemon_bus_sections(struct daemon *daemon);
void daemon_bus_read_sections(struct daemon *daemon, __u16 id, const json_t *body);
/* A record of an operator's word. */
void daemon_bus_obey_told(struct daemon *daemon, __u16 id, const json_t *body);
void daemon_bus_obey_pop(struct daemon *daemon, const char *pop, const json_t *body);
/* POPs whose nodes shed by their load do so in our answers, too. */
void daemon_bus_obey_load(struct daemon *daemon);
/* Who is heard of neither by the bus nor through the tunnel is out. */
void daemon_bus_find_lost(struct daemon *daemon);
/* The data path and steering follow what changed in the model. */
void daemon_bus_follow(struct daemon *daemon);
/* Writes what the bus lacks of what was said here. */
void daemon_bus_tell(struct daemon *daemon);
/* What operators said before this daemon counts as known. */
void daemon_bus_recall(struct daemon *daemon);
/* The element of @id in the map, changed by the caller and written back. */
void daemon_bus_seen(const struct daemon *daemon, __u32 id, struct ad_bus_seen *seen);
void daemon_bus_note(const struct daemon *daemon, __u32 id, const struct ad_bus_seen *seen);

#endif
