// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_status.c: `anydoor status`: one screen that says whether all is well.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/bgp/record.h"
#include "user/bgp/drain_text.h"
#include "user/fleet/divert.h"
#include "user/fleet/told.h"
#include "user/flows/flow_text.h"
#include "user/load/attach.h"
#include "user/status/reloaded.h"
#include "user/status/status.h"

#define LABEL_WIDTH 11

__attribute__((format(printf, 2, 3))) static void print_line(const char *label, const char *format,
							     ...)
{
	va_list args;

	printf("  %s%-*s%s", output_colour(DIM), LABEL_WIDTH, label, output_colour(PLAIN));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *coloured(enum colour colour, const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", output_colour(colour), text, output_colour(PLAIN));
	return out;
}

static void print_head(const struct view *view, const struct status *status)
{
	bool armed = status->state.flags & AD_STATE_ARMED;
	const struct ad_meta *meta = &view->meta;
	const char *pop = names_pop_name(&view->names, meta->node_id);
	char name[NAME_TEXT], age[UNIT_TEXT], word[64];

	printf("%sanydoor%s %s\n", output_colour(BOLD), output_colour(PLAIN),
	       view->globals->instance);
	print_line("node", "%s (id %u)%s%s", names_format(&view->names, meta->node_id, name),
		   meta->node_id, pop ? ", POP " : "", pop ? pop : "");
	print_line("data path", "%s, loaded %s ago by version %s",
		   armed ? coloured(GREEN, "armed", word, sizeof(word))
			 : coloured(RED, "not armed", word, sizeof(word)),
		   unit_duration(flow_seconds(view->names.now_s, meta->loaded_s), age),
		   meta->version);
}

static void print_interfaces(const struct status *status)
{
	for (size_t i = 0; i < status->nr_interfaces; i++) {
		const struct status_interface *at = &status->interfaces[i];
		bool xdp = !(at->missing & AD_ATTACHED_XDP), tc = !(at->missing & AD_ATTACHED_TC);

		print_line(i ? "" : "attached", "%s: %s, %s%s", at->record.name,
			   xdp ? attach_describe(&at->record) : "no XDP program",
			   tc ? "egress filter" : "no egress filter",
			   status->here ? "" : " (as recorded; another network namespace)");
	}
	if (!status->nr_interfaces)
		print_line("attached", "%snowhere%s", output_colour(RED), output_colour(PLAIN));
}

static void print_steps(const struct status *status)
{
	const json_t *steps = json_object_get(status->bgp, "drain");
	const char *step = json_string_value(json_object_get(steps, "step"));
	const char *what = json_string_value(json_object_get(steps, "what"));
	__u64 since_s = json_integer_value(json_object_get(steps, "since_s"));
	char age[UNIT_TEXT], text[DRAIN_TEXT];

	if (step && what)
		print_line("", "step %s for %s: %s", step, unit_duration(time(NULL) - since_s, age),
			   what);
	if (*drain_text(steps, text))
		print_line("", "%s", text);
}

/* This node does not drain. */
static void print_divert(const struct ad_state *state, const char *successors)
{
	char word[64];

	switch (divert_kind(state)) {
	case DIVERT_FAILS:
		print_line("drain", "off; %s: new flows go to %s",
			   coloured(YELLOW, "health checks of this POP fail", word, sizeof(word)),
			   *successors ? successors : "nobody");
		break;
	case DIVERT_COMES_BACK:
		print_line(
			"drain",
			"off; slow start: %u %% of new flows are served here, the others go to %s",
			divert_kept_percent(state), *successors ? successors : "nobody");
		break;
	default:
		print_line("drain", "off");
	}
}

static void print_drain(const struct view *view, const struct status *status)
{
	char text[AD_SUCCESSOR_MAX * (NAME_TEXT + 2)] = "", name[NAME_TEXT], word[64];
	const struct ad_state *state = &status->state;
	char told[TOLD_TEXT];
	size_t len = 0;

	for (__u32 i = 0; i < state->nr_successors && i < AD_SUCCESSOR_MAX; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i ? ", " : "",
				names_format(&view->names, state->successors[i], name));
	if (!(state->flags & AD_STATE_DRAINING)) {
		print_divert(state, text);
		return;
	}
	print_line("drain", "%s: new flows go to %s; %llu connections live here",
		   coloured(YELLOW, "on", word, sizeof(word)), len ? text : "nobody", status->ours);
	print_line("", "%s",
		   status->told.what == AD_TOLD_DRAIN ? told_text(&status->told, told)
						      : "because nodes[].state is draining");
	print_steps(status);
}

/* Of what no BGP daemon is asked. */
static const char *unasked_text(const struct view *view)
{
	return view->config && view->config->bgp.driver == CONFIG_BGP_PRINT
		       ? "what you have your BGP daemon tell them (bgp.driver: print)"
		       : "not known";
}

static void print_bgp(const struct view *view, const struct status *status)
{
	const json_t *one;
	char age[UNIT_TEXT];
	size_t i;

	if (view->config && view->config->bgp.driver == CONFIG_BGP_NONE)
		print_line("bgp", "by the operator (bgp.driver: none): anydoor announces and "
				  "withdraws nothing");
	if (!record_has_bgp(status->bgp))
		return;
	json_array_foreach(json_object_get(status->bgp, "families"), i, one) {
		const char *fact = json_string_value(json_object_get(one, "fact"));
		const char *wish = json_string_value(json_object_get(one, "wish")) ?: "?";

		print_line(i ? "" : "bgp", "%s: %s for %s: %s; neighbours are told: %s",
			   json_string_value(json_object_get(one, "family")), wish,
			   unit_duration(
				   time(NULL) - json_integer_value(json_object_get(one, "since_s")),
				   age),
			   json_string_value(json_object_get(one, "why")),
			   fact ?: unasked_text(view));
	}
}

static void print_flows(const struct status *status)
{
	const struct pins_occupancy *flows = &status->flows;
	__u64 used = flows->slots - flows->by_kind[AD_FLOW_FREE] - flows->idle;
	char ours[UNIT_TEXT], pins[UNIT_TEXT], transit[UNIT_TEXT], slots[UNIT_TEXT];

	print_line(
		"flows", "%s ours, %s led by their stamps, %s by pins; %.1f%% of %s slots in use",
		unit_exact(status->ours, ours),
		unit_exact(flows->by_kind[AD_FLOW_TRANSIT], transit),
		unit_exact(flows->by_kind[AD_FLOW_PIN], pins),
		flows->slots ? 100.0 * used / flows->slots : 0.0, unit_exact(flows->slots, slots));
	if (status->telling.state == AD_CONNECTIONS_FAILED)
		print_line("", "connections are not counted: %s", status->telling.why);
	else if (status->state.flags & AD_STATE_FORWARDS)
		print_line("", "of flows that NAT forwards no connection is counted");
	if (status->state.unstamped)
		print_line("unstamped", "%s connections left alone",
			   unit_exact(status->state.unstamped, ours));
}

static void print_directory(const struct status *status)
{
	const struct ad_directory_seen *seen = &status->directory;
	char owned[UNIT_TEXT], kept[UNIT_TEXT];

	if (seen->siblings)
		print_line("directory", "%s flows without stamps here, %s of siblings known",
			   unit_exact(seen->owned, owned), unit_exact(seen->kept, kept));
}

static void print_dns(const struct status *status)
{
	const struct ad_dns_count *by = status->dns.by;
	__u64 daemon =
		dns_count_sum(&by[DNS_BY_DAEMON_UDP]) + dns_count_sum(&by[DNS_BY_DAEMON_TCP]);
	char kernel_text[UNIT_TEXT], daemon_text[UNIT_TEXT];

	print_line("dns", "%s answered in the kernel, %s by the daemon; %zu zone%s",
		   unit_exact(dns_count_sum(&by[DNS_BY_KERNEL]), kernel_text),
		   unit_exact(daemon, daemon_text), status->dns.nr_zones,
		   status->dns.nr_zones == 1 ? "" : "s");
}

static void print_health(const struct pop_seen *pop)
{
	enum ad_health_state state = pop->health.state;
	char cause[POP_CAUSE_TEXT], age[UNIT_TEXT], word[64];

	if (state <= AD_HEALTH_UP)
		return;
	pops_health_cause(&pop->health, cause);
	print_line("pop", "%s: %s by its health checks for %s%s%s", pop->name,
		   coloured(state == AD_HEALTH_OUT ? RED : YELLOW, pops_health_word(state), word,
			    sizeof(word)),
		   unit_duration(time(NULL) - pop->health.since_real_s, age), *cause ? ": " : "",
		   cause);
}

/* Only POPs of which something was said, or that do not pass. */
static void print_pops(const struct status *status)
{
	char state[POP_STATE_TEXT], age[UNIT_TEXT], who[POP_WHO_TEXT];

	for (size_t i = 0; i < status->nr_pops; i++) {
		const struct ad_steer_told *told = &status->pops[i].told;

		if (told->state)
			print_line("pop", "%s: %s, told by %s %s ago", status->pops[i].name,
				   pops_state(told, state), pops_who(told, who),
				   unit_duration(time(NULL) - told->since_real_s, age));
		if (status->pops[i].is_drained)
			print_line("pop",
				   "%s: gets no new clients by steered names: its nodes drain, or "
				   "are lost",
				   status->pops[i].name);
		else if (status->pops[i].back_percent < 100)
			print_line("pop",
				   "%s: slow start: gets %u %% of its clients by steered names",
				   status->pops[i].name, status->pops[i].back_percent);
		print_health(&status->pops[i]);
	}
}

static void print_bus(const struct status *status)
{
	const struct ad_bus_seen *bus = &status->bus.self;
	size_t i, gone = 0;
	char word[64], age[UNIT_TEXT];

	if (bus->state == AD_BUS_OFF)
		return;
	for (i = 0; i < status->bus.nr; i++)
		gone += status->bus.nodes[i].gone != 0;
	print_line("bus", "%s for %s; %zu other node%s on it, %zu gone",
		   coloured(bus->state == AD_BUS_FRESH ? GREEN : YELLOW, bus_state_word(bus->state),
			    word, sizeof(word)),
		   unit_duration(time(NULL) - bus->since_real_s, age), status->bus.nr - gone,
		   status->bus.nr - gone == 1 ? "" : "s", gone);
	if (bus->key_goal)
		print_line("keys", "a rotation to epoch %u is at epoch %u since %s", bus->key_goal,
			   bus->key_epoch, unit_duration(time(NULL) - bus->step_real_s, age));
}

static void print_reload(const struct status *status)
{
	const struct ad_reload *reload = &status->reload;
	enum colour colour = reload->end == AD_RELOAD_OK ? GREEN : RED;
	char by[RELOADED_BY_TEXT], age[UNIT_TEXT], word[64];

	if (!reload->real_s)
		return;
	print_line("reload", "%s %s ago by %s: %u change%s, %u warning%s, %u error%s",
		   coloured(colour, reloaded_end(reload), word, sizeof(word)),
		   unit_duration(time(NULL) - reload->real_s, age), reloaded_by(reload, by),
		   reload->changes, reload->changes == 1 ? "" : "s", reload->warnings,
		   reload->warnings == 1 ? "" : "s", reload->errors,
		   reload->errors == 1 ? "" : "s");
	if (reload->end == AD_RELOAD_OK && reload->warnings)
		print_line("", "%s", reload->text);
}

static void print_outcomes(const struct status *status)
{
	static const struct column columns[] = {
		{ "  PACKETS", false }, { "COUNT", true }, { "BYTES", true }, { NULL, false }
	};
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	if (!table)
		return;
	for (int i = 0; i < OUTCOME_NR; i++) {
		const struct ad_count *count = &status->outcomes[i];
		bool bad = i == OUTCOME_DROPPED || i == OUTCOME_NOBODY;
		enum colour colour = !count->packets ? DIM : bad ? YELLOW : PLAIN;

		table_cell(table, colour, "  %s", outcome_texts[i].text);
		table_cell(table, colour, "%s", unit_exact(count->packets, text));
		table_cell(table, colour, "%s", unit_bytes(count->bytes, text));
	}
	table_end(table);
}

static void print_text(const struct view *view, const struct status *status)
{
	print_head(view, status);
	print_interfaces(status);
	print_drain(view, status);
	print_bgp(view, status);
	print_flows(status);
	print_directory(status);
	print_dns(status);
	print_pops(status);
	print_bus(status);
	print_reload(status);
	putchar('\n');
	print_outcomes(status);
	putchar('\n');
	peers_print(&view->names, status->peers, status->nr_peers, view->meta.node_id, false);
	for (size_t i = 0; i < status->nr_warnings; i++)
		printf("%s%swarning:%s %s\n", i ? "" : "\n", output_colour(YELLOW),
		       output_colour(PLAIN), status->warnings[i]);
}

int cmd_status(const struct globals *globals, int argc, char **argv)
{
	struct status status;
	const char *what;
	struct view view;
	int err, code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	code = view_open(&view, globals);
	if (code)
		return code;
	err = status_read(&view, &status, &what);
	if (err) {
		code = view_failed(&view, what, err);
		view_close(&view);
		return code;
	}
	code = status.nr_warnings ? EXIT_DEGRADED : EXIT_OK;
	if (!globals->json)
		print_text(&view, &status);
	else if (output_json(status_json(&view, &status)))
		code = EXIT_FAILED;
	status_free(&status);
	view_close(&view);
	return code;
}
