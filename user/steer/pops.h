/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pops.h: the states of POPs. Each source writes its own column, by name: an operator what was
 * told, health checks what they found, the fleet model that all nodes drain. pops_word() makes of
 * all three the word of each POP that the
 * kernel reads (maps/steer_rows.h). A change is in force with the next answer.
 */
#ifndef AD_STEER_POPS_H
#define AD_STEER_POPS_H

#include <jansson.h>
#include <stdbool.h>
#include "maps/health.h"
#include "maps/steer_rows.h"
#include "user/base/printable.h"
#include "user/state/pins.h"

struct pop_seen {
	char name[AD_STEER_NAME];
	__u32 word;
	struct ad_steer_told told;   /* state 0: nothing */
	struct ad_health_pop health; /* AD_HEALTH_NONE: nothing checks it */
	bool is_drained;
	unsigned int back_percent; /* of its clients that it gets while it comes back; 100 */
};

/*
 * The word of a POP by its columns. What was told to be up, down or draining is, whatever the
 * checks found, and whether its nodes drain; who sheds is out all the same when these say so.
 * @drained: as in the map steer_drained; 0: nothing.
 */
__u32 pops_word(const struct ad_steer_told *told, enum ad_health_state health, __u32 drained);
/* Whether the word of an operator alone decides: *@out, then whether nobody is sent there. */
bool pops_is_told(const struct ad_steer_told *told, bool *out);

/*
 * "up", "down", "drain", "shed" with @percent ("20%", "20"), or "auto": nothing is told any more
 * (state 0). 0, or -EINVAL: no such state, or no such part.
 */
int pops_parse(const char *state, const char *percent, struct ad_steer_told *told);
/* "up", "draining", "down", "sheds 20 %"; "auto" for state 0. */
#define POP_STATE_TEXT 32
const char *pops_state(const struct ad_steer_told *told, char text[POP_STATE_TEXT]);

/* The word that pops_parse() takes for it: "drain". */
const char *pops_told_word(const struct ad_steer_told *told);

/* Who told it, fit for a terminal; "" for state 0. */
#define POP_WHO_TEXT (PRINTABLE_GROWS * sizeof(((struct ad_steer_told *)0)->who) + 1)
const char *pops_who(const struct ad_steer_told *told, char text[POP_WHO_TEXT]);

/* The POPs of the image in @slot, each with the word of what was told. 0 or -errno. */
int pops_write(const struct pins *pins, __u32 slot, const char (*names)[AD_STEER_NAME], size_t nr);
/* Writes the words once more, of what was told or found meanwhile. */
int pops_refresh(const struct pins *pins);
/* What was told of a POP; state 0: nothing. 0 or -errno. */
int pops_read_told(const struct pins *pins, const char *name, struct ad_steer_told *told);
/* What its nodes' drain leaves of its clients: @drained is as in the map steer_drained. 0 or
 * -errno. */
int pops_drain(const struct pins *pins, const char *name, __u32 drained);
__u32 pops_drained(const struct pins *pins, const char *name);
/* 0; -ENOENT: no steered name is ever sent to a POP of this name; other -errno. */
int pops_tell(const struct pins *pins, const char *name, const struct ad_steer_told *told);

/* The same with who tells it, now. */
int pops_say(const struct pins *pins, const char *name, const char *who,
	     struct ad_steer_told *told);

/* What a POP sheds by its load is told by POPS_BY_LOAD; no user has such a name. */
#define POPS_BY_LOAD "its load"
/* Whether nobody said anything of the POP but its load. */
bool pops_follows_load(const struct ad_steer_told *told);

/* The POPs of the live image; @list has AD_STEER_BANK elements. 0 or -errno. */
int pops_read(const struct pins *pins, struct pop_seen *list, size_t *nr);
/*
 * {"pop": ..., "told": ..., "out": ..., "shed_percent": ..., "since": ..., "who": ..., "health":
 * ..., "health_since": ..., "health_check": ..., "health_address": ..., "health_why": ...,
 * "drained": ...}
 */
json_t *pops_json(const struct pop_seen *pop);
/* "up", "doubt", "out" and so on: the word in JSON and metrics. */
const char *pops_health_word(enum ad_health_state state);
/* "check web at 192.0.2.1: status 503"; "" if no check decided. */
#define POP_CAUSE_TEXT 256
const char *pops_health_cause(const struct ad_health_pop *health, char text[POP_CAUSE_TEXT]);

/* The words as the kernel has them, in place: AD_DNS_SLOTS banks; NULL: they cannot be mapped. */
const struct ad_steer_pop *pops_map(const struct pins *pins);
void pops_unmap(const struct ad_steer_pop *pops);

#endif
