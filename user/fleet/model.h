/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h: what is known of each node and POP of the fleet, and how it therefore stands. Knows no
 * libbpf.
 *
 * A node is a row, and each source of knowledge writes its own column of it, and no other:
 *
 *   configured  the configuration: nodes[].state          model_configure()
 *   silent      peer_watch.h: sent to, and not heard of   model_see()
 *   missed      the bus: not heard of any more            model_miss()
 *   told        an operator: drain, undrain               model_tell()
 *   reported    another node's operator, by the bus       model_report()
 *
 * model_resolve() is the only place that makes of the columns how the node stands: up, draining or
 * out, and the cause. Who acts on that keeps a struct model_sink and takes differences. A row of a
 * POP has no column of its own yet: it is made of its nodes' rows.
 *
 * Where the next one is added. A source (what a node reports of itself, checks of its services): a
 * member of struct model_columns, a function that writes it, lines in model_resolve(), rows in
 * MODEL_CAUSES. A sink (rows of steering, BGP): a struct model_sink and model_each_change().
 */
#ifndef AD_FLEET_MODEL_H
#define AD_FLEET_MODEL_H

#include "maps/types.h"
#include "user/config/config.h"

enum model_state {
	MODEL_OUT,	/* gets no flows, and those that it has are given up */
	MODEL_DRAINING, /* keeps its flows and gets no new ones */
	MODEL_UP,
	MODEL_STATES
};

/* X(name, state, key in JSON, the word that stands for it everywhere, text for people) */
#define MODEL_CAUSES(X)                                                                            \
	X(ABSENT, OUT, "absent", "unknown", "the data path does not know it")                      \
	X(DOWN, OUT, "configured_down", "dead", "nodes[].state is down")                           \
	X(LOST, OUT, "lost", "dead", "is heard of neither by the bus nor through the tunnel")      \
	X(DRAINING_SILENT, DRAINING, "draining_silent", "silent",                                  \
	  "drains, and does not answer through the tunnel")                                        \
	X(SILENT, UP, "silent", "silent", "does not answer through the tunnel")                    \
	X(TOLD_DRAIN, DRAINING, "told_drain", "draining", "an operator drains it")                 \
	X(REPORTED_DRAIN, DRAINING, "reported_drain", "draining",                                  \
	  "it says by the bus that it drains")                                                     \
	X(REPORTED_UNDRAIN, UP, "reported_undrain", "up",                                          \
	  "it says by the bus that it takes new flows")                                            \
	X(DRAINING, DRAINING, "configured_draining", "draining", "nodes[].state is draining")      \
	X(TOLD_UNDRAIN, UP, "told_undrain", "up", "an operator took the drain back")               \
	X(UP, UP, "configured_up", "up", "nodes[].state is up")

enum model_cause {
#define X(name, state, key, word, text) MODEL_BY_##name,
	MODEL_CAUSES(X)
#undef X
	MODEL_CAUSES_NR
};

enum model_configured {
	MODEL_ABSENT, /* there is no such node */
	MODEL_CONFIGURED_DOWN,
	MODEL_CONFIGURED_DRAINING,
	MODEL_CONFIGURED_UP
};

struct model_columns {
	enum model_configured configured;
	enum ad_told_what told;
	bool silent;
	enum ad_told_what reported;
	bool missed;
};

struct model_standing {
	enum model_state state;
	enum model_cause cause;
};

struct model_standing model_resolve(const struct model_columns *columns);
/* Whether new flows go elsewhere, whatever else is true of the node. */
bool model_drains(const struct model_columns *columns);

const char *model_state_name(enum model_state state); /* "up", "draining", "out" */
const char *model_cause_key(enum model_cause cause);
const char *model_cause_word(enum model_cause cause); /* also "silent", "dead", "unknown" */
const char *model_cause_text(enum model_cause cause);

/* A POP: its nodes, by how they stand. */
struct model_pop {
	size_t nr[MODEL_STATES];
	size_t lost; /* of those that are out */
};
void model_pop_add(struct model_pop *pop, struct model_standing standing);
/* At least one drains or is lost, and none is up. Of a POP without nodes that is not so. */
bool model_pop_drains(const struct model_pop *pop);
/* Up if one of its nodes is, else draining if one does, else out. */
enum model_state model_pop_resolve(const struct model_pop *pop);

/* --- the rows --------------------------------------------------------------------------------- */

struct model;

/* NULL without memory. It names no node yet. */
struct model *model_new(void);
void model_free(struct model *model);

/*
 * Each writes its column; @now_s is CLOCK_MONOTONIC, noted where a node stands otherwise than
 * before. An id above AD_NODE_ID_MAX cannot be given; of one that the configuration does not name,
 * what other sources say is kept.
 *
 * The model points into @config until the next model_configure(), which may as well be with the
 * configuration before it: then all stands as it did.
 */
void model_configure(struct model *model, const struct config *config, __u32 now_s);
void model_see(struct model *model, __u16 id, bool silent, __u32 now_s);
void model_miss(struct model *model, __u16 id, bool missed, __u32 now_s);
void model_tell(struct model *model, __u16 id, enum ad_told_what told, __u32 now_s);
void model_report(struct model *model, __u16 id, enum ad_told_what reported, __u32 now_s);
/* How a node stood since when, as a process before us left it: before any other of these calls. */
void model_recall(struct model *model, __u16 id, const struct model_columns *columns,
		  __u32 since_s);

/* NULL: the configuration names no such node. */
const struct config_node *model_node(const struct model *model, __u16 id);
struct model_columns model_columns(const struct model *model, __u16 id);
struct model_standing model_standing(const struct model *model, __u16 id);
/* CLOCK_MONOTONIC, s; 0: it never stood otherwise. */
__u32 model_since_s(const struct model *model, __u16 id);

/* One who acts on how nodes stand. Zero: it has seen nothing yet. */
struct model_sink {
	__u64 upto;
};
/*
 * Calls @each for every node that stands otherwise, or in another POP, than when @sink last asked.
 * What @each returns but 0 ends it, is returned, and all of it comes again at the next call.
 */
int model_each_change(const struct model *model, struct model_sink *sink,
		      int (*each)(__u16 id, void *arg), void *arg);

#endif
