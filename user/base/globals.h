/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * globals.h: options that every command takes, and exit codes.
 */
#ifndef AD_GLOBALS_H
#define AD_GLOBALS_H

#include <stdbool.h>

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,	     /* usage or configuration */
	EXIT_NOT_LOADED = 3, /* no such instance in the kernel */
	EXIT_DEGRADED = 4,   /* works, but not as configured; the output says what is wrong */
	EXIT_TRY_AGAIN = 75, /* EX_TEMPFAIL */
};

#define CONFIG_DEFAULT	 "/etc/anydoor/anydoor.yaml"
#define INSTANCE_DEFAULT "default"

/* Options that every command takes. */
struct globals {
	const char *config_path; /* --config FILE, or $ANYDOOR_CONFIG, or CONFIG_DEFAULT */
	const char *instance;	 /* --name INSTANCE, or $ANYDOOR_NAME, or INSTANCE_DEFAULT */
	bool json;		 /* --json */
	bool verbose;		 /* -v, --verbose: debug messages */
};

#endif
