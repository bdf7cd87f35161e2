/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload_build.h: the part of a reload that takes long and changes nothing that anybody sees: files
 * are read and checked, zones compiled and put into the kernel beside those that are live, and what
 * changes is put into words. Runs on the worker's thread.
 */
#ifndef AD_RELOAD_BUILD_H
#define AD_RELOAD_BUILD_H

#include <jansson.h>
#include "user/config/config.h"
#include "user/dns/dns_limiter.h"
#include "user/dns/dns_zones.h"
#include "user/state/pins.h"

struct build {
	/* Borrowed, and read only. */
	const char *config_path; /* NULL: the configuration stays, only zones are read ... */
	bool same_text;		 /* ... or it is made anew of its text, and no zone is read */
	const struct config *config_now;
	const struct dns_zones *zones_now;
	const struct pins *pins;
	/* Without errors that forbid it, all that a reload brings, until the loop takes it over. */
	struct config *config; /* NULL: stays */
	struct dns_zones *zones;
	struct dns_limiter *limiter;
	json_t *changes, *zone_changes, *warnings; /* lists of texts */
	struct config_errors errors;
	bool bad_file; /* the configuration file itself is wrong */
	int err;       /* 0: it may be applied */
};

/* With empty results; to build_free() in any case. */
void build_init(struct build *build);
void build_run(struct build *build);
void build_free(struct build *build);

#endif
