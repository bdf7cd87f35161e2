/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * divert.h: new flows that go to successors although this node does not drain: all of them while
 * health checks of its POP fail; and a part, which shrinks, after a drain was taken back or the
 * checks pass again. All of it is in the pinned state, so a daemon goes on from where the one
 * before it was.
 */
#ifndef AD_DIVERT_H
#define AD_DIVERT_H

#include "model.h"
#include "user/state/datapath.h"

enum divert_kind {
	DIVERT_NOT,
	DIVERT_FAILS,
	DIVERT_COMES_BACK
};
enum divert_kind divert_kind(const struct ad_state *state);
/* Its key in JSON; NULL: DIVERT_NOT. */
const char *divert_key(enum divert_kind kind);
/* The part of new flows that is served here, in percent, rounded down. */
unsigned int divert_kept_percent(const struct ad_state *state);

struct divert_inputs {
	bool fails;	    /* this POP, by its own health checks */
	const bool *serves; /* POPs by index: those that can be given flows */
	__u32 slow_start_s;
};

/*
 * Once a second. Nobody is sent where no node serves: where there is no successor, all new flows
 * stay here.
 */
void divert_step(struct ad_state *state, const struct model *model, const struct config *config,
		 const struct divert_inputs *inputs);

#endif
