/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * far.h: draining other nodes from here: this node's daemon asks theirs by the bus.
 */
#ifndef AD_FAR_H
#define AD_FAR_H

#include <jansson.h>
#include "user/base/globals.h"
#include "user/config/config.h"

struct far_request {
	const struct globals *globals;
	const char *verb;     /* "drain" or "undrain" */
	const char *target;   /* as the operator named it */
	const char *reason;   /* may be NULL */
	const char *to;	      /* likewise */
	const char *revision; /* that far_find() has looked at */
	bool wait;	      /* until all nodes are quiet, for @window_s */
	long window_s;
};

#define FAR_REVISION_HELP                                                                          \
	"only if nobody has said anything of it by the bus since then: a revision that `history` " \
	"shows"
/* False: it is no number of a revision. */
bool far_parse_revision(const char *text, long long *revision);

/*
 * EXIT_OK: @target is other nodes than this one alone if *@is_far; or another code, said: it is no
 * node and no POP, or there is a @revision (may be NULL) and no other node.
 */
int far_find(const struct globals *globals, const struct config *config, const char *target,
	     const char *revision, bool *is_far);
/* Asks them, with what is in @terms (may be NULL) besides, and says what came of it: an exit code.
 */
int far_ask(const struct far_request *request, json_t *terms);

#endif
