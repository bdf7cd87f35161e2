// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_help.c: every help text stands alone: whoever reads one row of `check --keys --json`, one
 * metric or one option must not need the row before it.
 */
#include "selftests/tap.h"
#include "user/cli/cmd.h"
#include "user/config/config_schema.h"
#include "user/daemon/metrics_text.h"

/* Beginnings that lean on something said elsewhere, and words that do so anywhere. */
static const char *const leaning[] = { "of ",  "its ",	"their ", "nor ",   "for ", "the same",
				       "also", "with ", "where ", "these ", "those" };
static const char *const pointing[] = { "of those", "of these", "as above", "such a ", "(ditto" };

static bool stands_alone(const char *help)
{
	size_t i;

	for (i = 0; i < sizeof(leaning) / sizeof(*leaning); i++)
		if (!strncmp(help, leaning[i], strlen(leaning[i])))
			return false;
	for (i = 0; i < sizeof(pointing) / sizeof(*pointing); i++)
		if (strstr(help, pointing[i]))
			return false;
	return strchr(help, ' ') && help[strlen(help) - 1] != '.';
}

static void test_help_of_keys_stands_alone(void)
{
	size_t i;

	for (i = 0; i < config_schema_rows; i++)
		if (config_schema[i].type != SCHEMA_MAP)
			ok(stands_alone(config_schema[i].help), "%s: %s", config_schema[i].path,
			   config_schema[i].help);
}

/* Two keys that mean the same would be one. */
static void test_help_of_keys_differs(void)
{
	size_t i, j, twins = 0;

	for (i = 0; i < config_schema_rows; i++)
		for (j = 0; j < i; j++)
			if (config_schema[i].path[strlen(config_schema[i].path) - 1] != ']' &&
			    !strcmp(config_schema[i].help, config_schema[j].help))
				twins++;
	is_int(twins, 0, "no two keys with the same help");
}

static void test_help_of_reasons_stands_alone(void)
{
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		ok(stands_alone(reason_table[i].help), "%s: %s", reason_table[i].label,
		   reason_table[i].help);
}

static void check_metric(const struct metric *metric, void *arg)
{
	ok(stands_alone(metric->help), "%s: %s", metric->name, metric->help);
}

static void test_help_of_options_stands_alone(void)
{
	const struct arg *const tables[] = { cmd_check_args, cmd_flows_args, cmd_keygen_args,
					     cmd_stats_args, cmd_query_args, cmd_explain_args,
					     cmd_run_args,   cmd_drain_args, cmd_detach_args,
					     cmd_trace_args };
	const struct arg *arg;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (arg = tables[i]; arg->name; arg++)
			ok(stands_alone(arg->help), "%s: %s", arg->name, arg->help);
}

int main(void)
{
	test_help_of_keys_stands_alone();
	test_help_of_keys_differs();
	test_help_of_reasons_stands_alone();
	metrics_each(check_metric, NULL);
	test_help_of_options_stands_alone();
	return done_testing();
}
