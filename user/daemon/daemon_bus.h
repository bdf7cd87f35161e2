/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_bus.h: the daemon's end of the bus (user/bus/). Its own files share this: daemon_bus.c
 * (beats, and what comes), daemon_bus_apply.c (what others say is obeyed), daemon_bus_told.c (what
 * is said here is written), daemon_bus_nodes.c (which nodes there are), daemon_bus_call.c (commands
 * that wait for the bus), daemon_bus_ask.c (what is asked of other nodes, and of this one).
 *
 * A node's record has sections, each of a module that writes its own and reads those of others: a
 * row in daemon_bus_apply.c. Whatever a section has in it is checked by who reads it: it is signed,
 * but by a version that may be another.
 */
#ifndef AD_DAEMON_BUS_H
#define AD_DAEMON_BUS_H

#include "daemon_internal.h"
#include "maps/bus.h"
#include "maps/steer_rows.h"
#include "user/bus/book.h"
#include "user/bus/talk.h"
#include "user/config/nodes_file.h"

#define BUS_REFUSALS 64

struct bus_lost {
	bool was_told;
	bool was_well; /* it answered through the tunnel when its beat was late */
};

struct daemon_bus {
	int fd; /* of the process that is on the bus; -1: there is none */
	struct event *heard;
	struct bus_secret secret;
	struct bus_book *book; /* NULL: nothing is heard */
	int seen;	       /* the map */
	__u16 self;
	__u64 life;
	bool up, whole;		 /* connected; all records were heard */
	bool flooded;		 /* by forged records, which was said */
	__u64 beat_ms;		 /* when the last beat was written, CLOCK_MONOTONIC */
	unsigned int unanswered; /* writes of which is not known whether they got there */
	__u64 up_ms;		 /* connected since then */
	enum ad_bus_state state;
	__u64 since_real_s;
	__u64 echo_ms, echo_real_s; /* the last one that was shown */
	__u32 echo_took_ms;
	char why[BUS_WHY];
	struct ad_told told; /* as it was written last */
	bool told_known;
	__u8 *sheds;		/* by node: percent by its load */
	struct bus_lost *losts; /* by node */
	bool obey_load;
	struct bus_call *calls; /* commands that wait for the bus */
	__u64 asked;		/* seq of the last request of others that was dealt with */
	json_t *asked_reply;	/* what came of it */
	struct known_nodes known;
	char *nodes_file;		    /* NULL: it is not kept */
	bool nodes_unwritten, nodes_unread; /* by the file; by the configuration */
	__u64 nodes_again_ms;		    /* not before, CLOCK_MONOTONIC */
	struct bus_refusal {
		__u16 id;
		char text[KNOWN_WHY];
	} refusals[BUS_REFUSALS]; /* which were told */
	struct bus_talk out, in;
};

/* Writes @body under @key, with a new seq if @is_news. What does not get through is tried again. */
void daemon_bus_write(struct daemon *daemon, const char *key, const json_t *body, bool is_news);
/* The same on trial: nothing is known of it until it comes back. Its seq. */
__u64 daemon_bus_try(struct daemon *daemon, const char *key, const json_t *body);
/* It is fresh, and all that it has was heard: what is written now goes out, and is heard of. */
bool daemon_bus_can_ask(const struct daemon *daemon);
/* Writes our own record now. */
void daemon_bus_beat(struct daemon *daemon);
/* The sections of our own record, and those of another's. */
json_t *daemon_bus_sections(struct daemon *daemon);
void daemon_bus_read_sections(struct daemon *daemon, __u16 id, const json_t *body);
/* A record of an operator's word. */
void daemon_bus_obey_told(struct daemon *daemon, __u16 id, const json_t *body);
void daemon_bus_obey_pop(struct daemon *daemon, const char *pop, const json_t *body);
/* What others ask of this node, if that was not done yet. */
void daemon_bus_obey_ask(struct daemon *daemon);
/* The section of our own record for who asked. */
json_t *daemon_bus_asked(struct daemon *daemon);
/* POPs whose nodes shed by their load do so in our answers, too. */
void daemon_bus_obey_load(struct daemon *daemon);
/* The body of a record of what was said of a POP. */
json_t *daemon_bus_pop_body(const struct ad_steer_told *told);
/* Who is heard of neither by the bus nor through the tunnel is out. */
void daemon_bus_find_lost(struct daemon *daemon);
/* The data path and steering follow what changed in the model. */
void daemon_bus_follow(struct daemon *daemon);
/* Writes what the bus lacks of what was said here. */
void daemon_bus_tell(struct daemon *daemon);
/* What operators said before this daemon counts as known. */
void daemon_bus_recall(struct daemon *daemon);
/* What a node says of itself, in its record of @seq. False: it is forgotten, and says nothing. */
bool daemon_bus_take_node(struct daemon *daemon, __u16 id, __u64 seq, const json_t *body);
bool daemon_bus_is_forgotten(const struct daemon *daemon, __u16 id);
/* A record says that it is gone for good. */
void daemon_bus_hear_gone(struct daemon *daemon, __u16 id, __u64 seq, const json_t *body);
void daemon_bus_tell_gone(struct daemon *daemon);
/* 0 or -ENOMEM; a list that cannot be read is logged, and empty. */
int daemon_bus_open_nodes(struct daemon *daemon);
void daemon_bus_recall_nodes(struct daemon *daemon);
void daemon_bus_tend_nodes(struct daemon *daemon);
/* The element of @id in the map, changed by the caller and written back. */
void daemon_bus_seen(const struct daemon *daemon, __u32 id, struct ad_bus_seen *seen);
void daemon_bus_note(const struct daemon *daemon, __u32 id, const struct ad_bus_seen *seen);

/* --- words of operators, as they are told to other operators ---------------------------------- */

/* "alice@fra-1": who says something here. */
#define BUS_WHO 128
const char *daemon_bus_who(const struct daemon *daemon, const char *who, char text[BUS_WHO]);
/* "alice@fra-1 said 'down' 12 s ago", of the body of a record. */
#define BUS_WORD 256
const char *daemon_bus_word(const json_t *body, char text[BUS_WORD]);
/* NULL: @key is of the revision that @args expect; or a line of what it is now. */
json_t *daemon_bus_check_revision(const struct daemon *daemon, const char *key, const char *of,
				  const json_t *args);

/* --- commands that wait for the bus ----------------------------------------------------------- */

enum bus_target_state {
	BUS_TARGET_WRITING, /* the servers have not said that they have it */
	BUS_TARGET_WRITTEN, /* they have; the node that it is for has not answered */
	BUS_TARGET_DONE,
	BUS_TARGET_OVERTAKEN, /* somebody else wrote the key meanwhile */
	BUS_TARGET_FAILED,    /* the servers do not take it; after a time-out they may yet */
	BUS_TARGET_LATE	      /* whatever it was, it did not come in time */
};

/* A record that a command wants in the bus. */
struct bus_target {
	char key[BUS_KEY_MAX];
	__u16 id;	 /* of the node whose answer is awaited; 0: none is */
	__u64 revision;	 /* that it replaces */
	__u64 seq;	 /* its own */
	json_t *body;	 /* owned */
	json_t *answer;	 /* owned: what the node said; or what overtook it */
	__u64 failed_ms; /* when the servers said no, CLOCK_MONOTONIC; 0: they did not */
	char why[BUS_WHY];
	enum bus_target_state state;
};

/* A command that waits. It is answered once, by @end. */
struct bus_call {
	struct bus_call *next;
	struct control_caller *caller;
	/* The reply; may be called while the daemon stops. */
	json_t *(*end)(struct daemon *daemon, struct bus_call *call);
	json_t *args; /* owned: what @end needs of the question */
	__u64 until_ms;
	size_t nr;
	struct bus_target targets[];
};

/* NULL without memory. Takes a reference to @args. The caller fills the targets. */
struct bus_call *daemon_bus_call_new(struct control_caller *caller, const json_t *args, size_t nr);
/* One that was not begun. */
void daemon_bus_call_free(struct bus_call *call);
/* Writes all targets; @caller waits. Targets that are DONE already are left alone. */
void daemon_bus_call_begin(struct daemon *daemon, struct bus_call *call, __u64 patience_ms);
/* Whether a command of this daemon writes @key just now. */
bool daemon_bus_call_has(const struct daemon *daemon, const char *key);
void daemon_bus_calls_hear(struct daemon *daemon, const char *key, __u64 revision,
			   const struct bus_heard *heard);
void daemon_bus_calls_wrote(struct daemon *daemon, const char *key, __u64 seq);
void daemon_bus_calls_failed(struct daemon *daemon, const char *key, __u64 seq, const char *why);
/* Once a second: tries again, and ends what is late. */
void daemon_bus_calls_tend(struct daemon *daemon);
/* The daemon stops. */
void daemon_bus_calls_end(struct daemon *daemon);

#endif
