/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.h: what `anydoor check` and `anydoor doctor` find, collected before it is printed.
 */
#ifndef AD_FINDINGS_H
#define AD_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

enum finding_level {
	FINDING_ERROR,	 /* `run` refuses, or the data path cannot do its work */
	FINDING_WARNING, /* it works, but some flows or clients will have a problem */
	FINDING_UNKNOWN, /* it could not be looked at */
	FINDING_FINE	 /* how it is, which is well */
};

struct finding {
	enum finding_level level;
	const char *check; /* a word for what was looked at */
	char *text;	   /* "what: what is wrong; what to do" */
};
struct findings {
	const char *check; /* what is looked at now; NULL: not said */
	struct finding *list;
	size_t nr;
	size_t nr_errors;
};

void findings_add(struct findings *findings, enum finding_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The texts of one level. */
json_t *findings_json(const struct findings *findings, enum finding_level level);
void findings_free(struct findings *findings);

#endif
