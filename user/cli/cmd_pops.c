// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_pops.c: `anydoor pops`: the fleet as this node sees it, what was said of POPs, and what
 * health checks found.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/bgp/record.h"
#include "user/bus/seen.h"
#include "user/fleet/peers.h"
#include "user/fleet/told.h"
#include "user/health/seen.h"
#include "user/status/status.h"
#include "user/steer/pops.h"

/* What there is to show. */
struct fleet {
	const struct view *view;
	struct peer *peers;
	size_t nr;
	struct model_pop *pops; /* by the configuration's order; NULL without one */
	struct ad_told told;	/* of this node */
	struct pop_seen steered[AD_STEER_BANK];
	size_t nr_steered;
	struct check_seen *checks;
	size_t nr_checks;
	struct bus_seen bus;
	json_t *bgp; /* of this node; null without a driver */
};

static int sum_pops(struct fleet *fleet)
{
	const struct config *config = fleet->view->config;
	size_t i;

	if (!config)
		return 0;
	fleet->pops = calloc(config->nr_pops ?: 1, sizeof(*fleet->pops));
	if (!fleet->pops)
		return -ENOMEM;
	for (i = 0; i < fleet->nr; i++) {
		const struct config_node *node =
			names_node(&fleet->view->names, fleet->peers[i].id);

		if (node)
			model_pop_add(&fleet->pops[node->pop], peer_standing(&fleet->peers[i]));
	}
	return 0;
}

static json_t *fleet_pops_json(const struct fleet *fleet)
{
	const struct config *config = fleet->view->config;
	json_t *list = json_array();

	for (size_t i = 0; fleet->pops && i < config->nr_pops; i++) {
		const struct model_pop *pop = &fleet->pops[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:I, s:I}", "pop", config->pops[i].name,
					"state", model_state_name(model_pop_resolve(pop)), "up",
					(json_int_t)pop->nr[MODEL_UP], "draining",
					(json_int_t)pop->nr[MODEL_DRAINING], "out",
					(json_int_t)pop->nr[MODEL_OUT]));
	}
	return list;
}

static json_t *steered_json(const struct pop_seen *pops, size_t nr)
{
	json_t *list = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(list, pops_json(&pops[i]));
	return list;
}

/* Nothing where no name is steered. */
static const char *drained_text(const struct pop_seen *pop, char text[64])
{
	*text = '\0';
	if (pop->is_drained)
		snprintf(text, 64, " (its nodes drain, or are lost)");
	else if (pop->back_percent < 100)
		snprintf(text, 64, " (comes back: %u %%)", pop->back_percent);
	return text;
}

static void steered_print(const struct pop_seen *pops, size_t nr)
{
	static const struct column columns[] = { { "STEERED TO", false },
						 { "TOLD", false },
						 { "FOR", true },
						 { "BY", false },
						 { "HEALTH", false },
						 { "FOR", true },
						 {} };
	struct table *table = nr ? table_new(stdout, columns) : NULL;
	char state[POP_STATE_TEXT], age[UNIT_TEXT], who[POP_WHO_TEXT], drained[64];

	if (!table)
		return;
	putchar('\n');
	for (size_t i = 0; i < nr; i++) {
		const struct ad_steer_told *told = &pops[i].told;
		const struct ad_health_pop *health = &pops[i].health;

		table_cell(table, PLAIN, "%s", pops[i].name);
		table_cell(table, told->state || *drained_text(&pops[i], drained) ? YELLOW : PLAIN,
			   "%s%s", pops_state(told, state), drained_text(&pops[i], drained));
		table_cell(table, PLAIN, "%s",
			   told->state ? unit_duration(time(NULL) - told->since_real_s, age) : "");
		table_cell(table, PLAIN, "%s", pops_who(told, who));
		table_cell(table, health->state > AD_HEALTH_UP ? YELLOW : PLAIN, "%s",
			   pops_health_word(health->state));
		table_cell(table, PLAIN, "%s",
			   health->state ? unit_duration(time(NULL) - health->since_real_s, age)
					 : "");
	}
	table_end(table);
}

static json_t *fleet_json(const struct fleet *fleet)
{
	const struct view *view = fleet->view;
	json_t *list = json_array();

	for (size_t i = 0; i < fleet->nr; i++) {
		bool is_self = fleet->peers[i].id == view->meta.node_id;
		json_t *peer = peer_json(&view->names, &fleet->peers[i]);

		json_object_set_new(peer, "self", json_boolean(is_self));
		json_object_set_new(peer, "told", is_self ? told_json(&fleet->told) : json_null());
		json_array_append_new(list, peer);
	}
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:O}", "instance", view->globals->instance,
			 "pops", fleet_pops_json(fleet), "nodes", list, "steered",
			 steered_json(fleet->steered, fleet->nr_steered), "checks",
			 checks_json(fleet->checks, fleet->nr_checks), "bus",
			 bus_seen_json(&fleet->bus), "bgp", fleet->bgp);
}

/* What is wished of the VIPs at this node, and what its neighbours are told. */
static void bgp_print(const json_t *bgp)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(bgp, "families"), i, one) {
		const char *fact = json_string_value(json_object_get(one, "fact"));

		printf("%sBGP here: %s: %s, neighbours are told: %s\n", i ? "" : "\n",
		       json_string_value(json_object_get(one, "family")),
		       json_string_value(json_object_get(one, "wish")), fact ?: "not known");
	}
}

static void print_fleet(const struct fleet *fleet)
{
	const struct view *view = fleet->view;
	char told[TOLD_TEXT], name[NAME_TEXT];
	size_t i;

	peers_print(&view->names, fleet->peers, fleet->nr, view->meta.node_id, true);
	if (fleet->told.what == AD_TOLD_DRAIN)
		printf("\n%s: drained %s\n", names_format(&view->names, view->meta.node_id, name),
		       told_text(&fleet->told, told));
	for (i = 0; fleet->pops && i < view->config->nr_pops; i++) {
		enum model_state state = model_pop_resolve(&fleet->pops[i]);

		if (state != MODEL_UP)
			printf("POP %s is %s: none of its nodes is up\n",
			       view->config->pops[i].name, model_state_name(state));
	}
	bgp_print(fleet->bgp);
	steered_print(fleet->steered, fleet->nr_steered);
	checks_print(fleet->checks, fleet->nr_checks);
	if (fleet->bus.self.state != AD_BUS_OFF)
		putchar('\n');
	bus_seen_print(&fleet->bus, true);
}

static json_t *read_bgp(const struct view *view)
{
	json_t *record = status_read_bgp(view), *bgp = record_bgp_json(record);

	json_decref(record);
	return bgp;
}

static int read_fleet(struct fleet *fleet)
{
	const struct view *view = fleet->view;
	int err = peers_read(&view->pins, &view->names, &fleet->peers, &fleet->nr, &fleet->told);

	err = err ?: checks_read(&view->pins, &fleet->checks, &fleet->nr_checks);
	err = err ?: bus_seen_read(&view->pins, &fleet->bus);
	if (!err && !status_daemon(view))
		bus_seen_is_old(&fleet->bus);
	if (!err)
		pops_read(&view->pins, fleet->steered, &fleet->nr_steered);
	fleet->bgp = read_bgp(view);
	return err ?: sum_pops(fleet);
}

int cmd_pops(const struct globals *globals, int argc, char **argv)
{
	struct view view;
	struct fleet fleet = { .view = &view };
	int err, code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	code = view_open(&view, globals);
	if (code)
		return code;
	err = read_fleet(&fleet);
	if (err)
		code = view_failed(&view, "the fleet", err);
	else if (globals->json)
		code = output_json(fleet_json(&fleet)) ? EXIT_FAILED : EXIT_OK;
	else
		print_fleet(&fleet);
	free(fleet.peers);
	free(fleet.pops);
	free(fleet.checks);
	bus_seen_free(&fleet.bus);
	json_decref(fleet.bgp);
	view_close(&view);
	return code;
}
