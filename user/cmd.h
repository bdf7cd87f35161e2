/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd.h: what every command gets and gives back.
 */
#ifndef AD_CMD_H
#define AD_CMD_H

#include <stdbool.h>
#include "args.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,	     /* usage or configuration */
	EXIT_NOT_LOADED = 3, /* no such instance in the kernel */
	EXIT_DEGRADED = 4,   /* works, but not as configured; text says what */
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

/*
 * One row of the table in main.c. @run gets its own words (argv[0] is the command's name) with
 * the global options taken out, and returns an exit code. It never calls exit().
 */
struct command {
	const char *name;
	int (*run)(const struct globals *globals, int argc, char **argv);
	const char *words;	/* arguments, for usage */
	const char *help;	/* one line */
	const struct arg *args; /* its options, for help (args.h); may be NULL */
};

int cmd_run(const struct globals *globals, int argc, char **argv);
int cmd_check(const struct globals *globals, int argc, char **argv);
int cmd_status(const struct globals *globals, int argc, char **argv);
int cmd_flows(const struct globals *globals, int argc, char **argv);
int cmd_stats(const struct globals *globals, int argc, char **argv);
int cmd_pops(const struct globals *globals, int argc, char **argv);
int cmd_zones(const struct globals *globals, int argc, char **argv);
int cmd_query(const struct globals *globals, int argc, char **argv);
int cmd_drain(const struct globals *globals, int argc, char **argv);
int cmd_undrain(const struct globals *globals, int argc, char **argv);
int cmd_reload(const struct globals *globals, int argc, char **argv);
int cmd_detach(const struct globals *globals, int argc, char **argv);
int cmd_keygen(const struct globals *globals, int argc, char **argv);
int cmd_version(const struct globals *globals, int argc, char **argv);

/* The options of those that have any, for help. */
extern const struct arg cmd_check_args[];
extern const struct arg cmd_flows_args[];
extern const struct arg cmd_keygen_args[];
extern const struct arg cmd_stats_args[];
extern const struct arg cmd_query_args[];
extern const struct arg cmd_run_args[];
extern const struct arg cmd_drain_args[];
extern const struct arg cmd_detach_args[];

#endif
