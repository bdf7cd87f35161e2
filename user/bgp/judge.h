/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.h: what shall be told of the VIPs, by what is true of this node. Pure.
 *
 * What is not known to be well is not announced; what was announced goes on while nothing is known
 * to be wrong, so a restart of the daemon moves no route.
 */
#ifndef AD_BGP_JUDGE_H
#define AD_BGP_JUDGE_H

#include "bgp.h"
#include "calm.h"

/* X(name, key in JSON and metrics, text for people): the first that is true decides. */
#define BGP_CAUSES(X)                                                                              \
	X(LEAVES, "detached", "the data path is taken off")                                        \
	X(APART, "not_attached", "our programs are missing on an interface")                       \
	X(DISARMED, "not_armed", "flows are not stamped yet")                                      \
	X(ALONE, "alone", "which other nodes there are is not known yet (nodes: from bus)")        \
	X(NO_VIP, "no_vip", "no interface has all VIPs of this family")                            \
	X(UNKNOWN, "unknown", "no health check of this POP has ended yet")                         \
	X(FAILS, "unhealthy", "health checks of this POP fail")                                    \
	X(HOLD, "hold", "health checks of this POP pass again, not for long enough (bgp.hold)")    \
	X(WARMS, "warm", "data path and VIPs are there, not for long enough (bgp.warm)")           \
	X(DRAIN, "drain", "this node drains")                                                      \
	X(LAST, "last",                                                                            \
	  "health checks of this POP fail, but too few other POPs are up (bgp.at_least)")          \
	X(WELL, "well", "all is well")

enum bgp_cause {
#define X(name, key, text) BGP_BY_##name,
	BGP_CAUSES(X)
#undef X
	BGP_CAUSES_NR
};
const char *bgp_cause_key(enum bgp_cause cause);
const char *bgp_cause_text(enum bgp_cause cause);

struct judge_rule {
	struct calm_rule calm;
	__u32 warm_s;
};

enum judge_health {
	JUDGE_PASSES, /* or nothing checks it */
	JUDGE_UNKNOWN,
	JUDGE_FAILS
};

struct judge_inputs {
	bool leaves, attached, armed;
	bool alone; /* which other nodes there are is not known */
	bool has_vips[BGP_FAMILIES];
	enum judge_health health;
	bool others;	     /* enough other POPs are up */
	enum bgp_wish drain; /* the most that a drain leaves */
};

/* What it remembers. Zero: nothing was announced before. */
struct judge {
	struct calm calm;
	struct calm fit[BGP_FAMILIES]; /* data path and VIPs */
	struct bgp_wishes last;
};

struct judgement {
	struct bgp_wishes wishes;
	enum bgp_cause causes[BGP_FAMILIES];
	__u32 left_s; /* of the hold time */
};

/*
 * Nobody told a BGP daemon anything before us: the operator did. The data path is there since
 * @there_s, and need not become warm anew.
 */
void judge_begin(struct judge *judge, __u32 there_s);
/* Another process announced that before us; it was calm as @calm says. */
void judge_recall(struct judge *judge, const struct bgp_wishes *wishes, const struct calm *calm,
		  __u32 now_s);
struct judgement judge_step(struct judge *judge, const struct judge_rule *rule,
			    const struct judge_inputs *inputs, __u32 now_s);

#endif
