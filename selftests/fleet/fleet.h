/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h: a fleet in one process. Its packets really go from node to node, and what is checked is
 * what the design promises, not what a second implementation would have done.
 *
 *   scene.c       the fleet, its clients, and what happens to them: routes, loss, drains, deaths
 *   travel.c      a packet on its way, from where it lands to where it ends
 *   judge.c       the promises, and the limits that the README names, each with a counter
 *   by_model.c    nodes that decide by selftests/model
 *   by_program.c  nodes that are the real programs, with maps, sockets and a namespace each
 *
 * Times are in ms of one clock, which only scene.c moves. Nodes and flows are named by their index;
 * ids, as on the wire, are 1 to MODEL_NODES - 1.
 */
#ifndef AD_SELFTESTS_FLEET_H
#define AD_SELFTESTS_FLEET_H

#include <stdbool.h>
#include <linux/types.h>
#include "maps/types.h"
#include "selftests/model/model.h"

#define FLEET_NODES	50
#define FLEET_FLOWS	192
#define FLEET_PREFIXES	12
#define FLEET_POPS	10
#define FLEET_FLIGHTS	24
#define FLEET_LEGS	64 /* a packet that has travelled so far loops */
#define FLEET_NOWHERE	0xffff
#define FLEET_HINT_S	600
#define FLEET_NOBODY_MS 3000
#define FLEET_HEARD_MS	1000

enum socket_state {
	NO_SOCKET,
	HALF_OPEN, /* it has answered a SYN, but its client listens to another node */
	OPENED,
};

struct fleet_socket {
	enum socket_state state;
	__u32 life;	/* of the flow; an older one: its client is gone and did not say so */
	__u32 acked;	/* what its client acknowledges */
	__u64 heard_ms; /* when an ACK fitted it, or it said something, last */
};

struct fleet_node {
	__u16 id, pop;
	bool alive, drains;
	bool flooded;  /* its budget for hunts is spent */
	__u32 mono_ms; /* when the fleet's clock stood at 0 */
	__u32 wall_ms; /* likewise; nodes do not quite agree */
	struct fleet_socket sockets[FLEET_FLOWS];
	/* What it knows of the others, by index. */
	bool calls_dead[FLEET_NODES], calls_draining[FLEET_NODES], cut_off[FLEET_NODES];
	__u16 neighbours[AD_NEIGHBOUR_MAX], successors[AD_SUCCESSOR_MAX]; /* ids */
	__u32 nr_neighbours, nr_successors;
};

/* A client's side of a 4-tuple. */
struct fleet_flow {
	struct ad_tuple tuple;
	__u64 prf;
	__u32 prefix;
	bool wanders;	 /* each packet may land elsewhere */
	bool timestamps; /* the client's choice, as the next, for each life */
	bool listed;	 /* its owner leaves its timestamps alone */
	bool open;
	__u32 life, number, acked;
	__u16 owner;
	__u64 owners;	   /* of earlier lives, as bits */
	__u64 asked_ms;	   /* its last SYN */
	__u64 given_up_ms; /* the fleet's last word of it was that nobody has it; 0: never */
	__u32 echo;	   /* the TSval that it heard last, and when that was sent */
	__u64 echo_ms;
};

enum flight_kind {
	FLIGHT_SYN,
	FLIGHT_DATA,
	FLIGHT_ACK,
	FLIGHT_KEEPALIVE, /* an ACK that lacks the timestamps of its flow */
	FLIGHT_END,
	FLIGHT_FORGED,
	FLIGHT_KINDS
};

/* A packet, where it is now and where it has been. */
struct flight {
	bool busy, straight; /* straight: from its client, not by tunnel */
	enum flight_kind kind;
	__u32 flow, life, number, ack;
	struct model_packet packet;
	__u64 echo_ms;
	__u16 at; /* node */
	__u16 landed;
	__u32 legs;
	__u64 visited;	 /* nodes, as bits */
	__u32 others;	 /* that might own it, to where it landed, at most */
	bool cut_off;	 /* somebody on its way could not reach another */
	__u8 frame[256]; /* by_program.c's, as it is on the wire */
	__u32 len;
};

struct fleet {
	__u64 now_ms;
	bool clock_stands; /* the nodes' own ones do; what they remember is made older instead */
	__u32 nr_nodes, nr_pops, nr_flows;
	struct fleet_node nodes[FLEET_NODES];
	struct fleet_flow flows[FLEET_FLOWS];
	__u16 home[FLEET_PREFIXES]; /* POP that BGP leads a prefix to */
	__u32 spread[FLEET_POPS];   /* of its routers' ECMP */
	struct flight flights[FLEET_FLIGHTS];
	__u64 packets;
};

/* What a node is made of. Functions that may fail return 0 or -errno, told on stderr. */
struct backend {
	const char *name;
	__u32 nodes_max, flows_max;
	bool half_open;		       /* it can hold sockets in SYN_RECV */
	int (*start)(struct fleet *f); /* it may choose other ids */
	/* Its view of the fleet, its drain or its budgets are others now. */
	int (*refresh)(struct fleet *f, __u16 node);
	/* A socket is there, or, having said so, no more; and whether its flow is listed. */
	int (*socket)(struct fleet *f, __u16 node, __u32 flow, bool listed);
	int (*age)(struct fleet *f, __u64 ms);
	/* The TSval of a segment that this node's stack sends in the flow. */
	int (*stamp)(struct fleet *f, __u16 node, __u32 flow, __u32 *tsval);
	/* A packet arrives. What became of the table may be asked until the next one arrives. */
	int (*take)(struct fleet *f, __u16 node, struct flight *flight, struct model_result *r);
	/* Did that packet change the flow table, but for the doubt that a SYN may raise? */
	bool (*table_changed)(struct fleet *f, __u16 node, const struct flight *flight);
	/* A cache may lose what it holds. What is no cache goes with its socket. */
	void (*forget)(struct fleet *f, __u16 node, __u32 flow);
	void (*forget_all)(struct fleet *f, __u16 node);
};
extern const struct backend by_model, by_program;

/* --- dice (scene.c) --- */
void dice_seed(__u64 seed);
__u64 dice(void);
__u32 below(__u32 n);
bool one_in(__u32 n);

/* --- scene.c --- */
/* @nodes: at most so many. Then @packets more packets are sent. 0 or -errno. */
int scene_start(struct fleet *f, const struct backend *b, __u32 nodes);
int scene_play(struct fleet *f, const struct backend *b, __u64 packets);
/* The node with this id, or FLEET_NOWHERE. */
__u16 fleet_find(const struct fleet *f, __u16 id);
/* A packet was passed to the stack of @node, or dropped there: what its client hears of it. */
int scene_arrive(struct fleet *f, const struct backend *b, const struct flight *flight, __u16 node,
		 const struct model_result *r);
/* What its stack reads on its own clock. */
__u32 node_mono_ms(const struct fleet *f, __u16 node);

/* --- travel.c --- */
/* One leg. 0 or -errno; !flight->busy: it has come to an end. */
int travel(struct fleet *f, const struct backend *b, struct flight *flight);

/* --- judge.c --- */
/* How a packet ended. @node: where. */
enum ending {
	END_PASSED,
	END_DROPPED,
	END_LOST,   /* on the wire */
	END_BURIED, /* at a node that is dead and not called so */
};
void judge_end(const struct fleet *f, const struct flight *flight, enum ending how, __u16 node,
	       const struct model_result *r);
void judge_leg(const struct fleet *f, const struct flight *flight, __u16 node, bool table_changed);
/* TAP: one result; all that was judged, with a line for each limit; the plan, and the exit code. */
void judge_say(bool good, const char *text);
void judge_report(const char *who);
/* After the mutations: was each promise broken by one? */
void judge_report_mutations(const char *who);
int judge_done(void);
/* Which promise was broken first, or NULL. */
const char *judge_first_broken(void);
void judge_reset(void);
void judge_be_quiet(bool quiet);

/* --- mutations (by_model.c): faults put in on purpose, each of which has to be noticed --- */
/* By number; 0 is none. */
void mutation_choose(__u32 nr);
bool mutation_fits_program(__u32 nr);
const char *mutation_name(__u32 nr);
bool mutation_is_syn_writes(void);
bool mutation_is_echo_kept(void);

#endif
