/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd.h: the commands, as rows of the table in main.c.
 */
#ifndef AD_CMD_H
#define AD_CMD_H

#include "user/base/args.h"
#include "user/base/globals.h"

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
int cmd_doctor(const struct globals *globals, int argc, char **argv);
int cmd_status(const struct globals *globals, int argc, char **argv);
int cmd_flows(const struct globals *globals, int argc, char **argv);
int cmd_stats(const struct globals *globals, int argc, char **argv);
int cmd_pops(const struct globals *globals, int argc, char **argv);
int cmd_pop(const struct globals *globals, int argc, char **argv);
int cmd_variants(const struct globals *globals, int argc, char **argv);
int cmd_catchment(const struct globals *globals, int argc, char **argv);
int cmd_geo(const struct globals *globals, int argc, char **argv);
int cmd_rtt(const struct globals *globals, int argc, char **argv);
int cmd_zones(const struct globals *globals, int argc, char **argv);
int cmd_query(const struct globals *globals, int argc, char **argv);
int cmd_explain(const struct globals *globals, int argc, char **argv);
int cmd_trace(const struct globals *globals, int argc, char **argv);
int cmd_drain(const struct globals *globals, int argc, char **argv);
int cmd_undrain(const struct globals *globals, int argc, char **argv);
int cmd_reload(const struct globals *globals, int argc, char **argv);
int cmd_detach(const struct globals *globals, int argc, char **argv);
int cmd_bus(const struct globals *globals, int argc, char **argv);
int cmd_history(const struct globals *globals, int argc, char **argv);
int cmd_keys(const struct globals *globals, int argc, char **argv);
int cmd_exabgp(const struct globals *globals, int argc, char **argv);
int cmd_keygen(const struct globals *globals, int argc, char **argv);
int cmd_version(const struct globals *globals, int argc, char **argv);

/* The options of those that have any, for help. */
extern const struct arg cmd_check_args[];
extern const struct arg cmd_doctor_args[];
extern const struct arg cmd_flows_args[];
extern const struct arg cmd_bus_args[];
extern const struct arg cmd_history_args[];
extern const struct arg cmd_keys_args[];
extern const struct arg cmd_exabgp_args[];
extern const struct arg cmd_keygen_args[];
extern const struct arg cmd_stats_args[];
extern const struct arg cmd_query_args[];
extern const struct arg cmd_explain_args[];
extern const struct arg cmd_trace_args[];
extern const struct arg cmd_pop_args[];
extern const struct arg cmd_variants_args[];
extern const struct arg cmd_catchment_args[];
extern const struct arg cmd_geo_args[];
extern const struct arg cmd_run_args[];
extern const struct arg cmd_drain_args[];
extern const struct arg cmd_undrain_args[];
extern const struct arg cmd_detach_args[];

#endif
