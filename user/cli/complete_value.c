// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * complete_value.c: values that an option or a word of a command may have (complete.h).
 */
#include <stdio.h>
#include <string.h>
#include "complete.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/state/bpffs.h"
#include "user/state/instance.h"
#include "user/zone/zone_field.h"

#define LIST_MARK ","  /* begins what follows a value of which there may be several */
#define TYPES_END 1024 /* record types that have a name have smaller numbers */

struct values {
	const struct config *config; /* what can be read of it */
	char lead[512];		     /* stands before each */
	const char *typed;	     /* behind that */
};

static void offer(const struct values *values, const char *word, const char *help)
{
	if (word && !strncmp(word, values->typed, strlen(values->typed)))
		printf("%s%s\t%s\n", values->lead, word, help);
}

static void offer_nodes(const struct values *values)
{
	const struct config *config = values->config;
	char help[128];

	for (size_t i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];
		const char *pop = node->pop < config->nr_pops ? config->pops[node->pop].name : NULL;

		snprintf(help, sizeof(help), "node of POP %s", pop ?: "?");
		offer(values, node->name, help);
	}
}

static void offer_pops(const struct values *values)
{
	for (size_t i = 0; i < values->config->nr_pops; i++)
		offer(values, values->config->pops[i].name, "POP");
}

static void offer_zones(const struct values *values)
{
	char name[256];

	for (size_t i = 0; i < values->config->nr_zones; i++) {
		const char *zone = values->config->zones[i].name ?: "";
		size_t len = strlen(zone);

		snprintf(name, sizeof(name), "%.*s", (int)(len > 1 ? len - 1 : len), zone);
		offer(values, name, "zone");
	}
}

static void offer_vips(const struct values *values)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < values->config->nr_vips; i++)
		offer(values, addr_format(&values->config->vips[i].address, text), "VIP");
}

static void offer_types(const struct values *values)
{
	for (__u16 number = 1; number < TYPES_END; number++) {
		const struct zone_type *type = zone_type_find(number);

		if (type)
			offer(values, type->name, "record type");
	}
}

static int offer_instance(const char *path, const char *name, void *values)
{
	if (instance_name_is_good(name))
		offer(values, name, "instance that is loaded");
	return 0;
}

static void offer_instances(const struct values *values)
{
	if (values->config->bpffs)
		bpffs_each(values->config->bpffs, offer_instance, (void *)values);
}

/* Behind "--option=" shells list no files. */
static void offer_files(const struct values *values)
{
	if (!*values->lead)
		puts(":files");
}

static void offer_directories(const struct values *values)
{
	if (!*values->lead)
		puts(":directories");
}

/* A text, a number, an address of somebody: only the operator knows. */
static void offer_nothing(const struct values *values)
{
}

static const struct kind {
	const char *name;
	void (*offer)(const struct values *values);
} kinds[] = {
	{ "ADDRESS", offer_nothing },	 { "DIR", offer_directories }, { "FILE", offer_files },
	{ "INSTANCE", offer_instances }, { "N", offer_nothing },       { "NAME", offer_zones },
	{ "NODE", offer_nodes },	 { "PERCENT", offer_nothing }, { "POP", offer_pops },
	{ "PORT", offer_nothing },	 { "PREFIX", offer_nothing },  { "SECONDS", offer_nothing },
	{ "TEXT", offer_nothing },	 { "TIME", offer_nothing },    { "TYPE", offer_types },
	{ "VIP", offer_vips },		 { "ZONE", offer_zones },
};

static bool offer_kind(const struct values *values, const char *word)
{
	if (*word < 'A' || *word > 'Z') {
		offer(values, word, "");
		return true;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, word))
			continue;
		if (values->config)
			kinds[i].offer(values);
		return true;
	}
	return false;
}

/* "pop:nyc" and "node:nyc" say which of both is meant (user/fleet/node_set.h). */
static bool offer_prefixed(struct values *values, const char *spec)
{
	const char *name = strchr(values->typed, ':');
	int len = name ? name + 1 - values->typed : 0;
	bool pop = !strncmp(values->typed, "pop:", 4), node = !strncmp(values->typed, "node:", 5);

	if (!values->config || strcmp(spec, "NODE|POP") || (!pop && !node))
		return false;
	snprintf(values->lead + strlen(values->lead), sizeof(values->lead) - strlen(values->lead),
		 "%.*s", len, values->typed);
	values->typed += len;
	if (pop)
		offer_pops(values);
	else
		offer_nodes(values);
	return true;
}

/* Of a list, only what is behind the last comma is still to be found. */
static void take_typed(struct values *values, const char *lead, const char *typed, bool is_list)
{
	const char *comma = is_list ? strrchr(typed, ',') : NULL;
	int len = comma ? comma + 1 - typed : 0;

	values->typed = typed + len;
	snprintf(values->lead, sizeof(values->lead), "%s%.*s", lead, len, typed);
}

bool complete_value(const char *spec, const char *lead, const char *typed,
		    const struct globals *globals)
{
	struct config_errors errors = { 0 };
	struct config *config = NULL;
	struct values values;
	bool known = true;
	char text[128], *word, *rest = text;

	config_load_partly(globals->config_path, &config, &errors);
	config_errors_free(&errors);
	values.config = config;
	snprintf(text, sizeof(text), "%s", spec);
	take_typed(&values, lead, typed, strstr(spec, LIST_MARK));
	text[strcspn(text, LIST_MARK)] = '\0';
	if (!offer_prefixed(&values, spec))
		while (known && (word = strsep(&rest, "|")))
			known = offer_kind(&values, word);
	config_free(config);
	return known;
}
