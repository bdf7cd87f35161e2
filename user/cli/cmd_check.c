// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_check.c: `anydoor check`: would it run? Reads everything, changes nothing.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "check_steer.h"
#include "cmd.h"
#include "user/base/output.h"
#include "user/bgp/bgp.h"
#include "user/config/config.h"
#include "user/config/config_keys.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/host/findings.h"
#include "user/host/host.h"
#include "user/zone/zone.h"

struct options {
	bool config_only;
	bool keys;
};

const struct arg cmd_check_args[] = {
	{ "--config-only", 0, ARG_FLAG, offsetof(struct options, config_only), NULL, 0, 0,
	  "check the files alone, not this host" },
	{ "--keys", 0, ARG_FLAG, offsetof(struct options, keys), NULL, 0, 0,
	  "print every key that a configuration may have, and what it means" },
	{ NULL }
};

static void take_errors(struct findings *findings, struct config_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->nr; i++)
		findings_add(findings, FINDING_ERROR, "%s", errors->list[i].text);
	config_errors_free(errors);
}

/* After an error in the configuration, the zones that it names are still checked. */
static void check_zones(const struct config *config, struct config_errors *errors)
{
	const struct config_zone *named;
	struct zone *zone;
	size_t i;

	for (i = 0; config && i < config->nr_zones; i++) {
		named = &config->zones[i];
		if (named->name && named->file &&
		    !zone_load(named->name, named->file, config->include_dir, &zone, errors))
			zone_free(zone);
	}
}

/* What came of the files. */
struct made {
	struct steer_plan *plan; /* NULL if nothing is steered, or wrongly */
	/* Of kernel memory: rows; and all zones, with a name's records for each POP. */
	__u64 row_bytes, zone_bytes;
};

/* What is doubtful when the daemon loads it is wrong for who writes it. */
static void take_made(struct made *made, struct dns_zones *zones, struct findings *findings)
{
	made->plan = zones->plan;
	zones->plan = NULL;
	if (made->plan)
		take_errors(findings, made->plan->doubts);
	if (zones->steering)
		made->row_bytes = zones->steering->rows.size;
	if (zones->nr)
		made->zone_bytes = (__u64)zones->image->nr_pages * AD_DNS_PAGE_STRIDE;
}

static void take_nodes(const struct config *config, struct findings *findings)
{
	size_t i;

	for (i = 0; config->left_out && i < config->left_out->nr; i++)
		findings_add(findings, FINDING_WARNING, "%s", config->left_out->list[i].text);
	if (config->nr_nodes == 1)
		findings_add(findings, FINDING_WARNING,
			     "%s: nodes: from bus: no other node is known yet: %s/%s.nodes names "
			     "none",
			     config->path, config->keep_dir, config->self->name);
}

/* The configuration, or NULL if it is wrong; whatever is wrong with its files is in @findings. */
static struct config *check_files(const char *path, struct findings *findings, struct made *made)
{
	struct config_errors errors = { 0 };
	struct dns_zones *zones;
	struct config *config;

	if (config_load_partly(path, &config, &errors)) {
		check_zones(config, &errors);
		config_free(config);
		config = NULL;
	} else if (!dns_zones_load(config, NULL, NULL, &zones, &errors)) {
		take_made(made, zones, findings);
		dns_zones_free(zones);
	}
	take_errors(findings, &errors);
	if (config && config->nodes_from_bus)
		take_nodes(config, findings);
	return config;
}

static void print_level(const struct findings *findings, enum finding_level level,
			const char *prefix)
{
	size_t i;

	for (i = 0; i < findings->nr; i++)
		if (findings->list[i].level == level)
			printf("%s%s\n", prefix, findings->list[i].text);
}

/*
 * All of the flow table is taken when the data path is loaded. While zones are replaced there are
 * the old ones, too.
 */
static void tell_memory(const struct config *config, const struct made *made)
{
	char flows[UNIT_TEXT], bytes[UNIT_TEXT];

	printf("flow table: room for %s flows takes %s of kernel memory\n",
	       unit_count(config->flow_max, flows), unit_bytes(config_flow_bytes(config), bytes));
	if (made->zone_bytes)
		printf("zones: with what each POP has of steered names, %s of kernel memory\n",
		       unit_bytes(made->zone_bytes, bytes));
}

/*
 * An error in a file begins with its place, as in the output of compilers, which editors can read.
 */
static void tell_people(const struct config *config, const char *path, const struct made *made,
			const struct findings *findings)
{
	size_t nr = findings->nr_errors;

	print_level(findings, FINDING_WARNING, "warning: ");
	print_level(findings, FINDING_UNKNOWN, "warning: ");
	print_level(findings, FINDING_ERROR, "");
	if (nr) {
		printf("%zu error%s\n", nr, nr > 1 ? "s" : "");
		return;
	}
	printf("%s: good. This is %s in %s. Nodes: %zu, POPs: %zu, VIPs: %zu, zones: %zu\n", path,
	       config->self->name, config_pop_name(config, config->self->pop), config->nr_nodes,
	       config->nr_pops, config->nr_vips, config->nr_zones);
	if (config->nodes_from_bus)
		printf("nodes: from bus: %zu, as %s/%s.nodes has them; POPs known from there "
		       "alone: %zu\n",
		       config->nr_nodes - 1, config->keep_dir, config->self->name,
		       config->nr_pops - config->nr_own_pops);
	tell_memory(config, made);
	if (made->plan)
		check_steer_print(config, made->plan, made->row_bytes);
}

static int tell_programs(const struct config *config, const char *path, const struct made *made,
			 const struct findings *findings)
{
	json_t *unknown = findings_json(findings, FINDING_UNKNOWN);
	json_t *warnings = findings_json(findings, FINDING_WARNING);
	json_t *json =
		json_pack("{ss sb so so}", "config", path, "ok", !findings->nr_errors, "errors",
			  findings_json(findings, FINDING_ERROR), "warnings", warnings);

	json_array_extend(warnings, unknown);
	json_decref(unknown);

	if (config)
		json_object_set_new(json, "flow_bytes", json_integer(config_flow_bytes(config)));
	if (made->zone_bytes)
		json_object_set_new(json, "zone_bytes", json_integer(made->zone_bytes));
	if (made->plan)
		json_object_set_new(json, "steering",
				    check_steer_json(config, made->plan, made->row_bytes));
	return output_json(json);
}

/* A BGP daemon may be started later, so none is no error. Nothing is changed there. */
static void check_bgp(const struct config *config, struct findings *findings)
{
	const struct bgp_driver *driver;
	struct bgp_fact fact = {};
	struct bgp_setup setup;

	bgp_setup_from(&setup, config);
	driver = bgp_driver_of(&setup);
	if (!driver)
		return;
	findings->check = "bgp";
	driver->ask(&setup, &fact);
	if (!fact.answered)
		findings_add(
			findings, geteuid() ? FINDING_UNKNOWN : FINDING_WARNING,
			"bgp.driver: %s; until it does, no neighbour is told of the VIPs: start "
			"it, or name its control socket in bgp.socket",
			fact.why);
	else if (*fact.why)
		findings_add(findings, FINDING_WARNING, "bgp.driver: %s", fact.why);
	else if (!fact.nr)
		findings_add(findings, FINDING_WARNING,
			     "bgp.driver: %s: it has no neighbour that bgp.neighbours names: "
			     "nobody is told of the VIPs",
			     driver->name);
}

static int check(const struct globals *globals, const struct options *options)
{
	struct findings findings = { 0 };
	struct made made = { 0 };
	struct config *config = check_files(globals->config_path, &findings, &made);
	int code = findings.nr_errors ? EXIT_USAGE : EXIT_OK;

	if (config && !options->config_only) {
		host_check(config, globals->instance, &findings);
		check_bgp(config, &findings);
		if (!code && findings.nr_errors)
			code = EXIT_FAILED;
	}
	if (globals->json)
		tell_programs(config, globals->config_path, &made, &findings);
	else
		tell_people(config, globals->config_path, &made, &findings);
	findings_free(&findings);
	steer_plan_free(made.plan);
	config_free(config);
	return code;
}

int cmd_check(const struct globals *globals, int argc, char **argv)
{
	struct options options = { 0 };

	if (args_parse(cmd_check_args, argc, argv, &options))
		return EXIT_USAGE;
	if (!options.keys)
		return check(globals, &options);
	if (globals->json)
		output_json(config_keys_json());
	else
		config_keys_print(stdout);
	return EXIT_OK;
}
