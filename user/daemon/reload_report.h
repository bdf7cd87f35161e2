/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload_report.h: what a reload has come to: for the log, for `anydoor status`, for metrics, and
 * for who asked.
 */
#ifndef AD_RELOAD_REPORT_H
#define AD_RELOAD_REPORT_H

#include <jansson.h>
#include "maps/types.h"
#include "user/config/config.h"

struct daemon;

struct report {
	struct ad_reload record;
	__u64 began_us;
	json_t *changes, *warnings;
	struct config_errors errors;
	bool bad_file;	  /* the configuration file itself */
	size_t nr_broken; /* zones that cannot be read */
};

void report_begin(struct report *report, enum ad_reload_by by, const char *who);
/* It was applied, but for so many zones. */
void report_done(struct report *report, size_t nr_broken);
/* Only a part of it was, and the errors say which. */
void report_halfway(struct report *report);
/* Notes it for `anydoor status` and metrics. */
void report_remember(struct daemon *daemon, struct report *report);
/* Logs it, notes it, and gives what whoever asked is told. */
json_t *report_end(struct daemon *daemon, struct report *report);
void report_free(struct report *report);

#endif
