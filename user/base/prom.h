/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prom.h: Prometheus' text format 0.0.4, and OpenMetrics 1.0, which differs from it in the heads of
 * counters and in its end. All samples of a family follow its head.
 */
#ifndef AD_PROM_H
#define AD_PROM_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct evbuffer;

#define PROM_PREFIX	  "anydoor_"
#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PROM_OPEN_TYPE	  "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* A page while it is written, in one block of memory. Zeroed, it is empty. */
struct prom {
	char *text;
	size_t len, room;
	bool failed;  /* out of memory: it is not whole */
	bool is_open; /* OpenMetrics */
};

/*
 * What a name gets in front of it: PROM_PREFIX, but nothing for process_*, which all who serve
 * metrics name alike.
 */
const char *prom_prefix(const char *name);
/* HELP and TYPE ("counter" or "gauge"). */
void prom_family(struct prom *prom, const char *name, const char *type, const char *help);
/* One sample; then pairs of label and value, up to a NULL. A NULL value is written as "". */
void prom_sample(struct prom *prom, const char *name, double value, ...) __attribute__((sentinel));

/*
 * For samples of which there are tens of thousands: what they have in common is written once, and
 * then copied.
 */
struct prom_part {
	const char *text;
	size_t len;
};
/* Pairs of label and value up to a NULL, as they stand between the braces. */
void prom_labels(struct prom *prom, const char *label, ...) __attribute__((sentinel));
/* @before: name, brace and labels; @labels: more of them; @after: labels, brace and a space. */
void prom_sample_of(struct prom *prom, const struct prom_part *before,
		    const struct prom_part *labels, const struct prom_part *after, double value);

/* Moves the page to the end of @out, and frees it in any case. 0 or -ENOMEM: it was not whole. */
int prom_end(struct prom *prom, struct evbuffer *out);

#endif
