/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason.h: the table of maps/reasons.h as data, and the few outcomes that people need.
 */
#ifndef AD_REASON_H
#define AD_REASON_H

#include <jansson.h>
#include "maps/reasons.h"

struct reason {
	const char *label;
	const char *side;   /* "in", "out" */
	const char *action; /* "pass", "drop", "send" */
	const char *help;
};

/* Indexed by enum ad_reason; [AD_CONTINUE] is empty. */
extern const struct reason reason_table[AD_REASON_MAX];

enum outcome {
	OUTCOME_OTHER,	  /* passed: not for us */
	OUTCOME_DNS,	  /* answered in the kernel */
	OUTCOME_DNS_LEFT, /* passed to a nameserver */
	OUTCOME_OURS,	  /* passed: flows of this host */
	OUTCOME_LED,	  /* sent to the owner */
	OUTCOME_DIVERTED, /* SYN sent to a successor */
	OUTCOME_NOBODY,	  /* passed: the stack answers with a RST */
	OUTCOME_DROPPED,
	OUTCOME_STAMPED, /* egress from here on */
	OUTCOME_UNTOUCHED,
	OUTCOME_NR
};
struct outcome_text {
	const char *label; /* in JSON */
	const char *text;  /* for people */
};
extern const struct outcome_text outcome_texts[OUTCOME_NR];

enum outcome reason_outcome(enum ad_reason reason);

/* Its count and its meaning. Takes both references. */
json_t *reason_json(enum ad_reason reason, json_t *packets, json_t *bytes);

#endif
