/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * counter.h: the tables of maps/counters.h as data, for all that shows counters: Prometheus, JSON,
 * `stats` and the documents.
 */
#ifndef AD_COUNTER_H
#define AD_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include <linux/types.h>

#define COUNTER_TEXT 32
#define COUNTER_DIMS 2

/* What an index of a counter's array means. */
struct dimension {
	const char *label;	 /* in Prometheus */
	unsigned int first, end; /* the indexes that are counted */
	size_t stride;		 /* how many counts apart they are */
	bool sparse;		 /* most stay 0, and then they are not shown, except the first */
	/* Its name in JSON and in Prometheus; in @text or constant. */
	const char *(*name)(unsigned int index, char text[COUNTER_TEXT]);
	const char *const *means; /* what each name says, by index, or NULL */
};

struct counter {
	const char *key;    /* in JSON; for people the same with spaces */
	const char *metric; /* after the prefix "anydoor_" */
	const char *type;   /* "counter" or "gauge" */
	const char *help;
	size_t offset;		      /* in the struct that the table is about */
	const struct dimension *dims; /* as they are shown, up to one without a label */
};

/* Each ends with a row without a key. */
extern const struct counter counters_flow[];	    /* struct ad_flow_stats */
extern const struct counter counters_hunt[];	    /* struct ad_hunt_stats */
extern const struct counter counters_dns[];	    /* struct ad_dns_count */
extern const struct counter counters_tcp[];	    /* struct dns_stats */
extern const struct counter counters_rules[];	    /* struct ad_dns_rule_counts */
extern const struct counter counters_connections[]; /* struct ad_connection_counts */

const struct counter *counter_find(const struct counter *table, const char *key);

/* One number of a counter, and what its indexes are called. */
struct counter_cell {
	__u64 value;
	size_t place;  /* offset in the struct; other structs of this type have the same count there
			*/
	bool is_shown; /* false: it is 0, and most of its kind are */
	bool is_first;
	unsigned int index[COUNTER_DIMS];
	const char *label[COUNTER_DIMS], *name[COUNTER_DIMS]; /* NULL: it has no such dimension */
	char text[COUNTER_DIMS][COUNTER_TEXT];
};
void counter_each(const struct counter *counter, const void *counts,
		  void (*told)(const struct counter_cell *cell, void *arg), void *arg);

/* A number, or objects by name down to one. What is not shown is left out. */
json_t *counter_json(const struct counter *counter, const void *counts);
/* All of a table into @object, by their keys. */
void counters_add_json(const struct counter *table, const void *counts, json_t *object);

#endif
