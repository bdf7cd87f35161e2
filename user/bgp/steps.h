/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steps.h: how far a drain has come. Pure.
 *
 * New connections are diverted, then BGP de-prefers the VIPs, the node's own connections get their
 * time to end, the VIPs are withdrawn, and then nothing comes any more. Without BGP the steps of it
 * are left out.
 */
#ifndef AD_BGP_STEPS_H
#define AD_BGP_STEPS_H

#include <stdbool.h>
#include "bgp.h"

/* X(name, key in JSON and metrics, what it waits for) */
#define DRAIN_STEPS(X)                                                                             \
	X(OFF, "off", "does not drain")                                                            \
	X(DIVERT, "divert", "new connections go to successors")                                    \
	X(DEPREFER, "deprefer", "waits until neighbours are told to prefer another path")          \
	X(FLOWS, "flows", "waits for the connections that live here")                              \
	X(WITHDRAW, "withdraw", "waits until neighbours are told no path any more")                \
	X(SILENCE, "silence", "waits until nothing lands here and all connections have ended")     \
	X(QUIET, "quiet", "nothing lands here, and no connection lives here")

enum drain_step {
#define X(name, key, text) DRAIN_##name,
	DRAIN_STEPS(X)
#undef X
	DRAIN_STEPS_NR
};
const char *drain_step_key(enum drain_step step);
const char *drain_step_text(enum drain_step step);
bool drain_step_find(const char *key, enum drain_step *step);
/* The most that is announced in that step. */
enum bgp_wish drain_step_wish(enum drain_step step);

/* What a drain waits for that would withdraw the VIPs and may not. */
#define DRAIN_HELD_TEXT "the VIPs stay: too few other POPs are up (bgp.at_least)"

/* What the operator asked for. */
struct drain_terms {
	__u32 window_s;	   /* after which the VIPs are withdrawn, whatever lives here */
	__u32 until_flows; /* so few that no window is waited for */
	bool even_last;	   /* withdraw although no other POP is up */
};

/* Zero: it does not drain. Times are CLOCK_REALTIME, s: they outlive a reboot. */
struct drain_steps {
	enum drain_step step;
	struct drain_terms terms;
	__u64 begun_real_s;
	__u64 since_real_s; /* in this step */
	__u64 told_real_s;  /* when neighbours had heard of this step; 0: not yet */
	__u64 heard_real_s; /* when something landed here last */
	__u64 landed;	    /* packets, until then */
	bool held;	    /* it would withdraw, but no other POP is up */
	bool is_by_hand;    /* nobody tells a BGP daemon but the operator */
};

/* What such a drain waits for. */
const char *drain_steps_text(const struct drain_steps *steps);

struct drain_inputs {
	bool drains;
	bool has_bgp;
	bool is_announced; /* something, of any family */
	bool is_told;	   /* neighbours hear what is wished */
	bool others;	   /* another POP is up */
	int flows;	   /* that live here; < 0: not known */
	__u64 landed;	   /* packets that BGP brought here, a counter */
	__u32 settle_s;
};

/* True: it is in another step than before. */
bool drain_steps_go(struct drain_steps *steps, const struct drain_inputs *inputs, __u64 now_real_s);

#endif
