/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_internal.h: what the daemon's own files share (daemon.c, reload.c, tend.c).
 */
#ifndef AD_DAEMON_INTERNAL_H
#define AD_DAEMON_INTERNAL_H

#include <event2/event.h>
#include <jansson.h>
#include <sys/stat.h>
#include "catchment.h"
#include "control.h"
#include "daemon_bgp.h"
#include "daemon.h"
#include "metrics.h"
#include "user/fleet/peer_watch.h"
#include "user/rtt/rtt_rows.h"
#include "user/steer/shed.h"
#include "watch.h"
#include "worker.h"
#include "zone_watch.h"

#define DAEMON_EVENTS_MAX 8

struct daemon_bus;
struct daemon_connections;
struct datapath;
struct rtt_book;
struct rtt_probe;
struct steer_plan;
struct reload;
struct vip_set;

/* Commands that wait for the same answer. */
struct control_callers {
	struct control_caller **list;
	size_t nr;
};

/* Who asks for a reload. */
struct reload_wanted {
	struct control_callers callers;
	char who[32]; /* the first of them */
	bool by_signal, by_bus, by_watch;
};

/* Something that is looked after again and again, and takes so long that the worker does it. */
struct chore {
	struct worker_job job;
	bool is_busy;
	const struct config *config;
	struct pins pins;
	int result;
};

struct daemon {
	const struct globals *globals;
	struct loader *loader;
	struct config *config;
	struct event_base *base;
	struct event *events[DAEMON_EVENTS_MAX];
	size_t nr_events;
	struct control *control;
	struct watch *watch;
	struct zone_watch *zone_watch;
	struct dns_server *server;
	struct metrics *metrics;
	struct catchment *catchment;
	struct worker *worker;	     /* of reloads */
	struct worker *reader;	     /* of metrics */
	struct reload *reload;	     /* under way, or NULL */
	struct reload_wanted wanted; /* the next one */
	struct event *soon;	     /* when it may begin */
	__u64 next_reload_us;	     /* not before, CLOCK_MONOTONIC: others want their turn */
	struct tend {
		unsigned int seconds;
		__u64 no_neigh, out_full; /* counters as they were */
		bool clock_ahead;	  /* said so */
		bool timestamps_off;
		bool pins_told; /* that they are lost */
		int links_err;
		int nodes_err;
		__u64 looked_real_s; /* at the zones' signatures */
		__u64 renew_real_s;  /* not before then are they made anew again */
		__u32 trouble; /* bit per interface that is not as it should be, and was told */
		struct chore warm, age; /* neighbours; the unstamped list */
	} tend;
	struct daemon_load {
		struct chore count; /* connections */
		struct shed_state shed;
		__u64 measured_us;   /* CLOCK_MONOTONIC; 0: not yet */
		unsigned int logged; /* percent */
		__u64 heard_us;	 /* CLOCK_MONOTONIC: shed.command, or when it was first awaited */
		bool is_failing; /* it gives no number, which was said */
	} load;
	struct daemon_health {
		int fd; /* of the process that checks; -1: it is gone */
		struct event *heard;
		struct health *health;
	} health;
	struct daemon_bgp *bgp;
	struct daemon_bus *bus;			/* daemon_bus.h */
	struct daemon_connections *connections; /* daemon_connections.h */
	struct daemon_directory *directory;	/* daemon_directory.h */
	struct daemon_keys {
		json_t *word;	     /* of operators, by the bus (user/state/epoch.h); NULL: none */
		char path[300];	     /* where it is kept; "": nowhere */
		int err;	     /* was said */
		bool cookies_behind; /* they are of the epoch before */
	} keys;
	struct daemon_rtt {
		struct rtt_probe *probe; /* NULL: nothing is measured here */
		struct rtt_book *book;	 /* NULL: no policy draws by round-trip time */
		bool is_used;
		const struct steer_plan *plan;
		const struct config *config; /* that both are of */
		struct stat seen;	     /* rtt.file, as it was read */
		struct rtt_rows file;	     /* what it had in it */
		__u64 told_us;		     /* the bus, CLOCK_MONOTONIC; 0: not yet */
		__u64 judged_us;	     /* CLOCK_MONOTONIC; 0: not yet */
		__u64 wanted; /* the order that rows should be of (steer_ranks_fingerprint()) */
		__u64 asked_us;
		int write_err;
	} rtt;
	struct peer_watch peers;
	struct model_sink nodes; /* the data path's map */
	struct model_sink pops;	 /* POPs whose nodes drain */
	bool pops_come_back;	 /* one of them did */
	bool detached;		 /* nothing left to tend */
	bool stops;		 /* nothing more is begun */
};

/*
 * Reads everything again, for @who, and answers @caller when that is over; NULL, or a reply if it
 * cannot even begin. {"ok": true|false, "applied": true|false, "code": N, "error": ..., "changes":
 * [...], "warnings": [...], "errors": [...]}: as `anydoor reload --json`.
 */
json_t *daemon_reload(struct daemon *daemon, const char *who, struct control_caller *caller);
/* The same for a signal; soon: many of them are one. */
void daemon_reload_soon(struct daemon *daemon);
/* Only the zones, as the configuration in force names them; soon. */
void daemon_reload_zones(void *daemon);
/* Only the nodes, as the bus knows them now; soon. */
void daemon_reload_nodes(struct daemon *daemon);
/* What was to begin soon may begin. */
void daemon_reload_now(void *daemon);
/* Tells those who wait that nothing will come. */
void daemon_reload_end(struct daemon *daemon);
/* For good: writes where it must, and the capabilities that a reload needs. */
void daemon_confine(const struct daemon *daemon);
/*
 * {"pop": ..., "state": ..., "percent": ..., "who": ..., "revision": N}: {"ok": true|false,
 * "errno": N, "errors": [...], "warnings": [...]}; NULL: @caller waits for the bus.
 */
json_t *daemon_pop(struct daemon *daemon, const json_t *args, struct control_caller *caller);
/* The verbs "drain" and "undrain" (drain_serve.h); NULL: @verb is another one. */
json_t *daemon_drain(struct daemon *daemon, const char *verb, const json_t *args, uid_t uid);
/*
 * The verb "ask": {"verb": "drain"|"undrain", "target": NODE|POP, ...}, the rest as for that verb:
 * {"ok", "code", "errors", "warnings", "nodes": [{"node", "ok", "code", "errors", "warnings"}]}, or
 * NULL: @caller waits for the bus.
 */
json_t *daemon_ask(struct daemon *daemon, const json_t *args, struct control_caller *caller);
/*
 * The verb "keys": {}: {"ok", "fresh", "epoch", "file", "revision", "nodes": [{"node", "here",
 * "epoch"}], "word"}; {"epoch", "goal", "who", "reason", "revision", "without": [NODE, ...]}: a
 * step, {"ok", "errors"}, or NULL: @caller waits for the bus.
 */
json_t *daemon_keys(struct daemon *daemon, const json_t *args, struct control_caller *caller);
/* {"target"}: {"ok", "fresh", "nodes": [{"node", "heard", "gone", "age_ms", "drain", "told"}]} */
json_t *daemon_steps(struct daemon *daemon, const json_t *args);
/* Steered names stop naming POPs whose nodes drain, and name them again. */
void daemon_pops_follow(struct daemon *daemon);
/* Once a second: that, and POPs whose drain was taken back get more of their clients again. */
void daemon_tend_pops(struct daemon *daemon);
/* An operator wants no slow start of @pop. */
void daemon_pop_is_back(struct daemon *daemon, __u16 pop);
/* Whether health checks say that the POP with that index does not serve. */
bool daemon_pop_fails(const struct daemon *daemon, size_t pop);
/* Once a second: new connections go elsewhere while this POP fails, and come back by and by. */
void daemon_tend_divert(struct daemon *daemon);
/* Once a second: how many connections, and what this node's POP sheds for that. */
void daemon_tend_load(struct daemon *daemon);
/* Other zones are in use, or a new configuration. */
void daemon_rtt_use(struct daemon *daemon);
void daemon_rtt_stop(struct daemon *daemon);
/* Once a second: in which order POPs stand by round-trip time. */
void daemon_tend_rtt(struct daemon *daemon);
/* What shed.command says. */
struct talk;
void daemon_load_hear(struct daemon *daemon, const struct talk *talk);
/* Hears what checks of POPs find. 0 or -errno. */
int daemon_health_start(struct daemon *daemon);
/* There is a new configuration; @is_same_text: only its nodes are new. */
void daemon_health_use(struct daemon *daemon, bool is_same_text);
void daemon_health_stop(struct daemon *daemon);
/* On the bus by the process at @fd; negative: on none. 0 or -errno. */
int daemon_bus_start(struct daemon *daemon, int fd);
void daemon_bus_use(struct daemon *daemon, bool is_same_text);
void daemon_bus_tend(struct daemon *daemon);
/* An operator said something here: of @pop, or with NULL of whether this node drains. */
void daemon_bus_said(struct daemon *daemon, const char *pop);
/* Adds what other nodes have measured, each of the way to its own POP. 0, -ENOMEM, -E2BIG. */
int daemon_bus_rtt(const struct daemon *daemon, struct rtt_rows *rows);
/*
 * Tells them what this node did, those of the most connections if it is too much for a record.
 * False: it could not be told. Sorts @rows.
 */
bool daemon_bus_tell_rtt(struct daemon *daemon, struct rtt_rows *rows);
/* {"node": ..., "who": ...}: {"ok": true, "node": ..., "id": N}, or a refusal. */
json_t *daemon_bus_forget_node(struct daemon *daemon, const json_t *args);
/* The configuration could not be made anew with the nodes that the bus knows. */
void daemon_bus_nodes_again(struct daemon *daemon);
/* False: nodes come from the bus, which was never heard. */
bool daemon_bus_knows_nodes(const struct daemon *daemon);
void daemon_bus_stop(struct daemon *daemon);
/* The zones that it started with, which began at @began_us, are in use. */
void daemon_note_start(struct daemon *daemon, __u64 began_us);
/* Once a second: clocks, neighbours, attachments, the unstamped list. */
void daemon_tend(struct daemon *daemon);
/* Queues @work for the worker, and then @done for the loop; false: it is still at it. */
bool daemon_start_chore(struct daemon *daemon, struct chore *chore,
			void (*work)(struct worker_job *job),
			void (*done)(struct worker_job *job, bool ran));
/* On the worker: what @act makes of the sockets of the VIPs becomes the chore's result. */
void daemon_chore_on_sockets(struct chore *chore,
			     int (*act)(const struct datapath *dp, const struct vip_set *vips));
/* When something about interfaces changed: are we still where we should be? */
void daemon_tend_interfaces(void *daemon);

#endif
