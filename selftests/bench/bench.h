/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.h: net nanoseconds per packet of the real programs (README.md tells how).
 *
 *   site    the world: namespaces, configuration, key, zone
 *   rig     the programs under test, and their maps
 *   deck    the packets: one card per round
 *   play    the rounds: wrapper, medians, and the guard that the intended thing was measured
 *   report  the table, the rivals, the JSON
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/dns.h"
#include "maps/types.h"
#include "maps/reasons.h"
#include "selftests/bench/wrap.h"

struct anydoor_bpf;
struct config;

enum {
	SELF = 1,      /* our node id */
	OTHER = 2,     /* the node that owns what is not ours */
	LANDING = 3,   /* the node that tunnels packets to us */
	NOWHERE = 900, /* an id that no node has */
	BENCH_PORT = 443,
	BENCH_NAMES = 1024, /* in the zone, if a bench wants no more */
};

#define VERIFIED_MAX 16 /* programs in the object */

/* --- site ----------------------------------------------------------------------------------- */

/*
 * Enters a network and a mount namespace of our own: nothing is left behind. Packets come in by
 * *@ifindex. 0 or -errno, said.
 */
int site_enter(const char *flow_max, int *ifindex, struct config **config);
/*
 * Zones anew: one of @names, beside it one of @steered names, which is empty for all benches that
 * ask no such name: a larger table is further from the CPU. *@config becomes that of them. 0 or
 * -errno, said.
 */
int site_write(const char *flow_max, unsigned int names, unsigned int steered,
	       struct config **config);

/* --- rig ------------------------------------------------------------------------------------ */

struct rig {
	struct config *config;
	const char *flow_max;	     /* in it */
	struct anydoor_bpf *door;    /* programs under test, loaded */
	struct ad_flow_bucket *tags; /* the flow table's two maps, mapped here */
	struct ad_flow *flows;
	__u32 flow_mask;
	struct ad_keys keys;
	__u64 cookie_secret[2];
	unsigned int names;	  /* in the zone that is published */
	unsigned int networks;	  /* of clients, in the location table with it */
	__s64 wall_minus_mono_ms; /* of the stamps */
	__u64 mono_ms;		  /* the moment at which all packets of a deck arrive ... */
	__u32 real_s;		  /* ... and on the real clock */
	int ifindex;		  /* where packets come in; the route to OTHER leaves by it too */
	int ncpus;
	double load_s;		  /* programs and maps, into the kernel */
	char *logs[VERIFIED_MAX]; /* the verifier's, by program in the object's order */
};

/* Enters the site and loads everything. @flow_max: of its configuration. 0 or -errno, said. */
int rig_new(struct rig *rig, const char *flow_max);
/* Bytes that the kernel says the flow table takes. */
__u64 rig_flow_bytes(const struct rig *rig);
void rig_free(struct rig *rig);
/*
 * Publishes a zone of so many names, and steered names whose clients are in so many networks (0: no
 * such names), if that is not what is published. 0 or -errno, said.
 */
int rig_serve(struct rig *rig, unsigned int names, unsigned int networks);
/* Takes the time, and empties the flow table. */
void rig_renew(struct rig *rig);
/* Writes one entry as the data path would, at its @prf; false if its bucket is full. */
bool rig_add_flow(struct rig *rig, const struct ad_flow *flow, __u64 prf);
/* Early in a second: our flows were seen in this one, so that no socket is asked for them. */
void rig_freshen(const struct rig *rig);
/* What all the flow table's entries have metered together. */
__u64 rig_flow_packets(const struct rig *rig);

/* What the programs have counted so far. */
struct tally {
	__u64 reasons[AD_REASON_MAX]; /* packets */
	__u64 rcodes[AD_DNS_RCODES];
};
void rig_tally(const struct rig *rig, struct tally *tally);

enum frame_kind {
	FRAME_FOREIGN, /* TCP for an address that is not a VIP */
	FRAME_STAMPED, /* TCP for the VIP, TSecr carries the owner */
	FRAME_PLAIN,   /* TCP for the VIP, no timestamps */
	FRAME_SYN,     /* for the VIP */
	FRAME_OUT,     /* TCP from the VIP, for egress */
	FRAME_DNS_A,   /* a name of the zone */
	FRAME_DNS_NX,  /* three labels below the apex, not there */
	FRAME_DNS_WILDCARD,
	FRAME_DNS_COOKIE,  /* FRAME_DNS_A with EDNS and a cookie of ours */
	FRAME_DNS_DO,	   /* FRAME_DNS_A with EDNS and DO */
	FRAME_DNS_ECS,	   /* and with a client subnet */
	FRAME_DNS_STEERED, /* the same for a steered name, each time with another client subnet */
	FRAME_DNS_UNASKED, /* from port 0: not to be answered */
	/* with DO, of signed zones */
	FRAME_DNS_SIGNED,	  /* a name that is there */
	FRAME_DNS_STEERED_SIGNED, /* and one that is steered */
	FRAME_DNS_NSEC,		  /* and others that are not */
	FRAME_DNS_NSEC3,
	/* FRAME_STAMPED, tunnelled to us ... */
	FRAME_TUNNEL,	/* by LANDING; and as it must not be: */
	FRAME_STRANGER, /* by an address that is no node's */
	FRAME_REPLAYED, /* a minute ago */
	FRAME_FORGED,	/* without the key */
	FRAME_LOOPING,	/* too often already */
};

struct bench {
	const char *name;
	const char *what;
	enum frame_kind frame;
	unsigned int many;	 /* flows, or names; above 65536 a power of two */
	__u16 owner;		 /* in the stamp and in the table */
	enum ad_flow_kind entry; /* in the table beforehand; FREE: none */
	enum ad_reason reason;	 /* what every round must end in */
	__u16 rcode;		 /* and, of a DNS query, the answer's */
	enum ad_reason other;	 /* or in this; 0: in no other */
	unsigned int names;	 /* in the zone; 0: BENCH_NAMES */
	unsigned int live;	 /* flows in the table in all; 0: @many */
	unsigned int networks;	 /* that clients of steered names are in; 0: those of the site */
};

/* --- deck ----------------------------------------------------------------------------------- */

struct deck {
	struct bench_layout layout;
	__u64 *words; /* cards of layout.nr_words each */
	unsigned int cards;
};

/*
 * The cards of @bench, and its flows' entries in the table. A flow whose bucket is full is left
 * out and another taken, so that every card hits. 0 or -errno; deck_free() either way.
 */
int deck_build(struct deck *deck, struct rig *rig, const struct bench *bench);
void deck_free(struct deck *deck);

/* --- play ----------------------------------------------------------------------------------- */

struct figure {
	double ns;	  /* median of program minus wrapper */
	double low, high; /* quartiles */
	double wrapper;	  /* median of what was subtracted */
	bool ok;	  /* every round ended as intended */
	bool busy;	  /* the machine was slow throughout: too high */
};

struct yardsticks {
	double cold_line, helper, clock, coarse_clock;
	double page_walk; /* what a line costs more whose page is one of many */
	double sip_round; /* of SipHash, one after the other */
	double route;	  /* asked of the kernel, with its neighbour */
	double resize;	  /* bpf_xdp_adjust_tail() */
};

int play_bench(struct rig *rig, const struct bench *bench, struct figure *figure);
/* The frames of @bench, and a program that is to say XDP_TX to them. 0 or -errno. */
int play_program(struct rig *rig, const struct bench *bench, int program, struct figure *figure);
int play_yardsticks(struct rig *rig, struct yardsticks *sticks);

/* --- stages --------------------------------------------------------------------------------- */

struct stages {
	double ns[STAGES];
	bool ok;
};

/* Of the three queries that are taken apart. */
struct ways {
	struct stages found, wildcard, absent;
};

/* Of the frames of @bench. 0 or -errno, said. */
int stages_play(struct rig *rig, const struct bench *bench, struct stages *times);

/* --- verifier ------------------------------------------------------------------------------- */

struct verified {
	const char *program;
	__u32 insns, stack, jited;
};

/* One entry for each program; @stack is its deepest chain of calls. Their number or -errno. */
int verifier_figures(const struct rig *rig, struct verified list[VERIFIED_MAX]);

/* --- report --------------------------------------------------------------------------------- */

void report_machine(const struct yardsticks *sticks);
void report_table(const struct rig *rig);
/* What the location table of so many networks takes, before it is made. */
void report_networks(unsigned int networks, __u64 bytes);
void report_header(void);
void report_bench(const struct bench *bench, const struct figure *figure);
/* Where the time of the flow benches goes, line by line; those that were not run are left out. */
void report_breakdown(const struct bench *benches, const struct figure *figures, size_t nr,
		      const struct yardsticks *sticks, const struct ways *ways);
void report_verified(const struct verified *list, int nr);
/* Benches that failed are left out. 0 or -EIO, said. */
int report_json(const char *path, const struct bench *benches, const struct figure *figures,
		size_t nr, const struct verified *list, int nr_verified);

#endif
