/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * asking.h: one check that is under way. Of each kind there is an asker, with a call to begin one;
 * it ends by .done or is cancelled. Nothing of it waits.
 */
#ifndef AD_HEALTH_ASKING_H
#define AD_HEALTH_ASKING_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/health.h"
#include "user/config/config.h"

struct event_base;

#define ASKING_TEXT 2048 /* the longest path, with names for its patterns */

struct asking {
	/* The caller's; they may be exchanged for equal ones meanwhile. */
	const struct config_check *check;
	const struct ad_health_key *key;
	/* Called once, never from within the call that began it; @why may be empty if it passed. */
	void (*done)(struct asking *asking, bool passed, const char *why);
	void *with; /* the asker's; NULL: it is not under way */
	/*
	 * What a command printed, as text, once it is done, of @said_room bytes; as much as fits.
	 * 0: it is thrown away.
	 */
	char *said;
	size_t said_room;
};

/* Each begins one: 0, or -errno and nothing is under way. Time-outs are the caller's. */
struct http_asker;
int http_asker_new(struct event_base *base, struct http_asker **asker);
void http_asker_free(struct http_asker *asker);
int http_ask(struct http_asker *asker, struct asking *asking);
void http_cancel(struct asking *asking);

int tcp_ask(struct event_base *base, struct asking *asking);
void tcp_cancel(struct asking *asking);

/* The program runs in a process group of its own, which is killed when it ends or is cancelled. */
int command_ask(struct event_base *base, struct asking *asking);
void command_cancel(struct asking *asking);
/* Its time is over: it is killed, and .done is called when it has ended. */
void command_kill(struct asking *asking);

/* @text with what `{pop}` and `{address}` in it stand for; NULL if it does not fit. */
const char *asking_expand(const struct asking *asking, const char *text, char out[ASKING_TEXT]);
/* Is @status one of those with which the check passes? */
bool asking_wants_status(const struct config_check *check, long status);

#endif
