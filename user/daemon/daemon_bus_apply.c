// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_apply.c: what other nodes say by the bus, and what of it is obeyed (daemon_bus.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon_bus.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/fleet/drain.h"
#include "user/fleet/drain_serve.h"
#include "user/fleet/model_pins.h"
#include "user/fleet/told.h"
#include "user/health/health.h"
#include "user/health/health_section.h"
#include "user/steer/pops.h"

/* --- sections --------------------------------------------------------------------------------- */

static json_t *write_load(struct daemon *daemon)
{
	unsigned int percent = daemon->load.shed.shed * 100 + 0.5;

	return json_pack("{s:i, s:i}", "shed", percent, "connections",
			 daemon->load.count.result > 0 ? daemon->load.count.result : 0);
}

static void read_load(struct daemon *daemon, __u16 id, const json_t *section)
{
	json_int_t percent = json_integer_value(json_object_get(section, "shed"));
	struct ad_bus_seen seen;

	if (percent < 0 || percent > 100)
		return;
	daemon->bus->sheds[id] = percent;
	daemon->bus->obey_load |= percent > 0;
	daemon_bus_seen(daemon, id, &seen);
	if (seen.shed_percent == percent)
		return;
	seen.shed_percent = percent;
	daemon_bus_note(daemon, id, &seen);
}

/* Of POPs that do not stand well, how they stand by our checks: to be seen, and not obeyed. */
static json_t *write_health(struct daemon *daemon)
{
	struct pop_seen pops[AD_STEER_BANK];
	size_t nr;

	if (pops_read(&daemon->loader->pins, pops, &nr))
		return json_object();
	return health_section_write(pops, nr);
}

static void read_health(struct daemon *daemon, __u16 id, const json_t *section)
{
	char list[sizeof(((struct ad_bus_seen *)0)->not_up)];
	struct ad_bus_seen seen;

	health_section_text(section, list, sizeof(list));
	daemon_bus_seen(daemon, id, &seen);
	if (!strcmp(seen.not_up, list))
		return;
	text_cut(seen.not_up, sizeof(seen.not_up), list);
	daemon_bus_note(daemon, id, &seen);
}

static json_t *write_drain(struct daemon *daemon)
{
	return daemon_bgp_drain_json(daemon);
}

static const struct section {
	const char *name;
	json_t *(*write)(struct daemon *daemon);
	/* NULL: it is read when somebody asks for it */
	void (*read)(struct daemon *daemon, __u16 id, const json_t *section);
} sections[] = {
	{ "load", write_load, read_load },
	{ "health", write_health, read_health },
	{ "drain", write_drain, NULL },
	{ "asked", daemon_bus_asked, NULL },
};

json_t *daemon_bus_sections(struct daemon *daemon)
{
	json_t *body = json_object();
	size_t i;

	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		json_object_set_new(body, sections[i].name, sections[i].write(daemon));
	return body;
}

void daemon_bus_read_sections(struct daemon *daemon, __u16 id, const json_t *body)
{
	const json_t *section;
	size_t i;

	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		section = json_object_get(body, sections[i].name);
		if (section && sections[i].read)
			sections[i].read(daemon, id, section);
	}
}

/* --- a node drains ---------------------------------------------------------------------------- */

static void show_told(const struct daemon *daemon, __u16 id, enum ad_told_what what,
		      const json_t *told)
{
	struct ad_bus_seen seen;

	daemon_bus_seen(daemon, id, &seen);
	seen.told = what;
	seen.since_real_s = json_integer_value(json_object_get(told, "at_s"));
	text_cut(seen.who, sizeof(seen.who), json_string_value(json_object_get(told, "who")) ?: "");
	text_cut(seen.why, sizeof(seen.why), json_string_value(json_object_get(told, "why")) ?: "");
	daemon_bus_note(daemon, id, &seen);
}

/* One of our successors may be none any more, or one again. */
void daemon_bus_follow(struct daemon *daemon)
{
	struct loader *loader = daemon->loader;
	struct drain_place place = loader_drain_place(loader, daemon->config);
	int err = model_write_changes(loader->fleet, &daemon->nodes, loader->dp.nodes);

	if (err)
		log_warn("bus: how nodes stand cannot be told to the data path: %s",
			 strerror(-err));
	if (place.state && drain_is_on(place.state))
		drain_follow(&place, daemon->config);
	daemon_pops_follow(daemon);
}

void daemon_bus_obey_told(struct daemon *daemon, __u16 id, const json_t *body)
{
	const json_t *told = json_object_get(body, "told");
	struct model *fleet = daemon->loader->fleet;
	enum model_cause before = model_standing(fleet, id).cause;
	const struct config_node *node;
	enum ad_told_what what;
	const char *word = json_string_value(json_object_get(told, "what")), *who;

	if (!word || !told_find(word, &what))
		return;
	model_report(fleet, id, what, clock_mono_s());
	show_told(daemon, id, what, told);
	if (model_standing(fleet, id).cause == before)
		return;
	node = model_node(fleet, id);
	who = json_string_value(json_object_get(told, "who"));
	log_info("bus: node %u %s, told by %s", id,
		 model_state_name(model_standing(fleet, id).state), who ?: "?");
	daemon_bus_follow(daemon);
	if (node && what == AD_TOLD_UNDRAIN && json_is_true(json_object_get(told, "now")))
		daemon_pop_is_back(daemon, node->pop);
}

/* --- an operator's word of a POP -------------------------------------------------------------- */

/* False: no word that we know. */
static bool parse_pop(const json_t *body, struct ad_steer_told *told)
{
	const json_t *word = json_object_get(body, "pop");
	const char *state = json_string_value(json_object_get(word, "state"));
	json_int_t percent = json_integer_value(json_object_get(word, "percent"));
	bool sheds = state && !strcmp(state, "shed");
	char text[24];

	memset(told, 0, sizeof(*told));
	snprintf(text, sizeof(text), "%lld", (long long)percent);
	if (!state || pops_parse(state, sheds ? text : NULL, told))
		return false;
	told->since_real_s = json_integer_value(json_object_get(word, "at_s"));
	text_cut(told->who, sizeof(told->who),
		 json_string_value(json_object_get(word, "who")) ?: "");
	return true;
}

/* A POP that no name is steered to has no word here; with the next configuration all comes again.
 */
void daemon_bus_obey_pop(struct daemon *daemon, const char *pop, const json_t *body)
{
	const struct pins *pins = &daemon->loader->pins;
	struct ad_steer_told told, before;
	char text[POP_STATE_TEXT], who[POP_WHO_TEXT];
	int err;

	if (!parse_pop(body, &told) || pops_read_told(pins, pop, &before) ||
	    !memcmp(&told, &before, sizeof(told)) ||
	    (!told.state && before.state && pops_follows_load(&before)))
		return;
	err = pops_tell(pins, pop, &told);
	if (err == -ENOENT)
		return;
	if (err) {
		log_warn("bus: what was said of POP %s cannot be written: %s", pop, strerror(-err));
		return;
	}
	if (daemon->health.health)
		health_judge(daemon->health.health);
	if (told.state != before.state || told.percent != before.percent)
		log_info("POP %s: %s, told by %s (bus)", pop, pops_state(&told, text),
			 told.state ? pops_who(&told, who) : "?");
}

/* --- the load of other POPs ------------------------------------------------------------------- */

/* What the nodes of a POP shed that are heard of. */
struct pop_sheds {
	unsigned int percents, nr;
};

static void add_sheds(const struct daemon *daemon, struct pop_sheds *pops)
{
	const struct config *config = daemon->config;
	__u64 now_ms = clock_mono_us() / 1000;
	struct bus_node_seen node;
	size_t i;

	for (i = 0; i < config->nr_nodes; i++) {
		struct pop_sheds *pop = &pops[config->nodes[i].pop];
		__u16 id = config->nodes[i].id;

		if (id >= AD_BUS_SEEN_MAX || !bus_book_node(daemon->bus->book, id, now_ms, &node) ||
		    node.is_gone)
			continue;
		pop->percents += daemon->bus->sheds[id];
		pop->nr++;
	}
}

/* The mean; of a POP of which no node is heard what is known holds. */
static void obey_load_of(struct daemon *daemon, __u16 pop, const struct pop_sheds *sheds)
{
	const struct pins *pins = &daemon->loader->pins;
	const char *name = daemon->config->pops[pop].name;
	__u32 percent = sheds->nr ? (sheds->percents + sheds->nr / 2) / sheds->nr : 0;
	struct ad_steer_told told;

	if (!sheds->nr || pops_read_told(pins, name, &told) || !pops_follows_load(&told) ||
	    told.percent == percent)
		return;
	told.state = percent ? AD_STEER_TOLD_SHED : 0;
	told.percent = percent;
	if (percent)
		told.since_real_s = time(NULL);
	text_cut(told.who, sizeof(told.who), POPS_BY_LOAD);
	pops_tell(pins, name, &told);
}

/* Our own POP is told by daemon_load.c. */
void daemon_bus_obey_load(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct pop_sheds *pops;
	size_t i;

	if (!daemon->bus->obey_load)
		return;
	pops = calloc(config->nr_pops, sizeof(*pops));
	if (!pops)
		return; /* again in a second */
	add_sheds(daemon, pops);
	for (i = 0; i < config->nr_pops; i++)
		if (i != config->self->pop)
			obey_load_of(daemon, i, &pops[i]);
	free(pops);
}
