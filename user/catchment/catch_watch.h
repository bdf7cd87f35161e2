/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_watch.h: has the catchment moved? Pure: windows go in, changes come out.
 *
 * Of each group (a region, an AS) it remembers the share of all that landed here, and the rate, as
 * a mean that forgets (about three times `memory` looks back). A group has moved when in one window
 * both are so far from that mean that neither chance nor a day's rise and fall explains it: the
 * share alone would move with what others do, the rate alone with every busy hour.
 *
 * While a group counts as moved its mean stands still: that is what it was before. It ends when
 * the group is about as it was, or when it has stayed there so long that this is how it is now.
 */
#ifndef AD_CATCH_WATCH_H
#define AD_CATCH_WATCH_H

#include "catch_table.h"

#define CATCH_NAME	 64
#define CATCH_WARM	 3 /* windows before the first judgement */
#define CATCH_GROUPS_MAX 8192

/* How far it must go to have moved, and how near it must come to be back. */
#define CATCH_SHARE_STEP 0.05 /* of all, at least */
#define CATCH_SHARE_FAR	 0.20 /* so much is enough, whatever it was before */
#define CATCH_SHARE_FOLD 2.0  /* else it must be so many times as much, or as little */
#define CATCH_RATE_FOLD	 1.5
#define CATCH_SIGMAS	 4.0 /* and farther than chance takes it */

struct catch_level {
	double share, rate;	    /* in the last window; rate: a second */
	double before, before_rate; /* the mean of the windows before */
	bool is_moved;
	double moved_s; /* for how long */
};
struct catch_group {
	char name[CATCH_NAME];
	struct catch_level levels[CATCH_KINDS];
};

/* A group in one window. */
struct catch_seen {
	char name[CATCH_NAME];
	double count[CATCH_KINDS];
};
struct catch_window {
	double seconds;
	double total[CATCH_KINDS];  /* of all groups, also of those that are not among the seen */
	double weight[CATCH_KINDS]; /* how many one sample stands for */
	bool is_quiet[CATCH_KINDS]; /* nothing is to be concluded, such as while we drain */
};

struct catch_rules {
	double samples; /* a window with fewer, where fewer were expected, is not judged */
	double memory_s;
};

enum catch_turn {
	CATCH_MOVED,
	CATCH_BACK,  /* about as before */
	CATCH_TAKEN, /* so for long: it is no news any more */
};
struct catch_change {
	const char *name;
	enum catch_kind kind;
	enum catch_turn turn;
	double before, now; /* shares */
	double before_rate, rate;
};

struct catch_watch {
	struct catch_group *groups;
	size_t nr, room;
	unsigned int windows[CATCH_KINDS]; /* taken into the mean */
	double total_rate[CATCH_KINDS];	   /* the mean of all */
};

/*
 * One more window. Calls @told for each change. 0 or -ENOMEM: then some groups were left out.
 * @seen must name no group twice; those that are not there had nothing.
 */
int catch_watch_window(struct catch_watch *watch, const struct catch_rules *rules,
		       const struct catch_seen *seen, size_t nr, const struct catch_window *window,
		       void (*told)(const struct catch_change *change, void *arg), void *arg);
/* NULL: not known. */
const struct catch_group *catch_watch_find(const struct catch_watch *watch, const char *name);
void catch_watch_free(struct catch_watch *watch);

#endif
