// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_complete.c: what stands for a value in help says to completion what the value may be.
 */
#include <stdlib.h>
#include "output_fixture.h"
#include "selftests/tap.h"
#include "user/cli/complete.h"

static const struct globals globals = { .config_path = "/nonexistent", .instance = "x" };

static const struct arg *const tables[] = {
	cmd_bus_args,	  cmd_catchment_args, cmd_check_args,	cmd_detach_args,  cmd_doctor_args,
	cmd_drain_args,	  cmd_exabgp_args,    cmd_explain_args, cmd_flows_args,	  cmd_geo_args,
	cmd_history_args, cmd_keygen_args,    cmd_keys_args,	cmd_pop_args,	  cmd_query_args,
	cmd_run_args,	  cmd_stats_args,     cmd_undrain_args, cmd_variants_args
};

static bool is_known(const char *spec)
{
	bool known;

	catch_output(stdout);
	known = complete_value(spec, "", "", &globals);
	release_output();
	return known;
}

/* A new word of that kind gets a row in complete_value.c, also if only the operator knows what it
 * is. */
static void test_value_of_every_option_is_known(void)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct arg *arg = tables[i]; arg->name; arg++)
			if (arg->type != ARG_FLAG)
				ok(is_known(arg->type == ARG_WORD ? arg->name : arg->value),
				   "%s %s", arg->name, arg->value ?: "");
	ok(!is_known("NONSENSE"), "a word that nobody knows is noticed");
}

static void test_value_lower_case_stands_for_itself(void)
{
	catch_output(stdout);
	complete_value("red|green|grey", "", "gr", &globals);
	is_str(release_output(), "green\t\ngrey\t\n", "those that begin so");
	catch_output(stdout);
	complete_value("red|green|grey", "--by=", "r", &globals);
	is_str(release_output(), "--by=red\t\n", "with what stands before it");
}

static void test_value_long_is_cut(void)
{
	char typed[2048];

	memset(typed, ',', sizeof(typed) - 1);
	typed[sizeof(typed) - 1] = '\0';
	catch_output(stdout);
	complete_value("NODE,...", typed, typed, &globals);
	is_str(release_output(), "", "nothing is offered, nothing breaks");
}

int main(void)
{
	test_value_of_every_option_is_known();
	test_value_lower_case_stands_for_itself();
	test_value_long_is_cut();
	return done_testing();
}
