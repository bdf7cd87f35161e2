// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_history.c: `anydoor history`: what operators said to the fleet: who, when, of what and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sodium.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/bus/admin.h"
#include "user/config/failure.h"

#define SHOWN 512 /* bytes of a text, escaped */

const struct arg cmd_history_args[] = { { "NODE|POP", 0, ARG_WORD, 0, NULL, 0, 0,
					  "only of this node, or of this POP and its nodes" },
					{ NULL } };

/* What a word is about, and what it says; texts of the record or of the configuration. */
struct told {
	const char *of, *pop, *what, *who, *why; /* pop: of a node; NULL: of none that we know */
	__u64 at_s;
	char id[8], share[24], said_by[SHOWN];
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

/* Who said it and where: nodes of before wrote the user's name alone. */
static const char *who_of(const struct config *config, const struct bus_word *word,
			  struct told *told, const char *who)
{
	const struct config_node *node = config_node_by_id(config, word->head.writer);

	if (!*who || strchr(who, '@') || !node)
		return who;
	snprintf(told->said_by, sizeof(told->said_by), "%s@%s", who, node->name);
	return told->said_by;
}

/* What a record of this kind is about. */
static const char *subject_of(const struct config *config, const struct bus_name *name,
			      struct told *told)
{
	const struct config_node *node;

	if (name->kind == BUS_POP)
		return name->pop;
	if (name->kind == BUS_KEYS)
		return "keys";
	node = config_node_by_id(config, name->id);
	told->pop = node ? config_pop_name(config, node->pop) : NULL;
	snprintf(told->id, sizeof(told->id), "%u", name->id);
	return node ? node->name : told->id;
}

static void read_word(const struct config *config, const struct bus_word *word, struct told *told)
{
	const json_t *said = bus_word_said(word);
	struct bus_name name;

	memset(told, 0, sizeof(*told));
	bus_name_parse(word->key, &name);
	told->of = subject_of(config, &name, told);
	told->what = text_of(said, name.kind == BUS_POP ? "state" : "what");
	if (name.kind == BUS_GONE) {
		told->of = *text_of(said, "name") ? text_of(said, "name") : told->id;
		told->what = "forget";
	}
	if (!strcmp(told->what, "shed")) {
		snprintf(told->share, sizeof(told->share), "shed %lld %%",
			 (long long)json_integer_value(json_object_get(said, "percent")));
		told->what = told->share;
	}
	told->who = who_of(config, word, told, text_of(said, "who"));
	told->why = text_of(said, "why");
	told->at_s = json_integer_value(json_object_get(said, "at_s"));
	told->at_s = told->at_s ?: word->written_real_s;
	if (word->read != BUS_READ_OK)
		told->what = "not signed by this fleet's key";
}

static json_t *word_json(const struct bus_word *word, const struct told *told)
{
	char who[SHOWN], why[SHOWN];

	printable(who, sizeof(who), told->who);
	printable(why, sizeof(why), told->why);
	return json_pack("{s:I, s:I, s:s, s:s, s:s?, s:s?, s:i, s:b}", "revision",
			 (json_int_t)word->last_revision, "at", (json_int_t)told->at_s, "of",
			 told->of, "what", told->what, "who", *who ? who : NULL, "reason",
			 *why ? why : NULL, "node_id", word->head.writer, "signed",
			 word->read == BUS_READ_OK);
}

static void print_word(struct table *table, const struct bus_word *word, const struct told *told)
{
	char when[32] = "", shown[SHOWN];
	time_t at = told->at_s;
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	table_cell(table, PLAIN, "%s", when);
	table_cell(table, PLAIN, "%s", printable_text(shown, sizeof(shown), told->of));
	table_cell(table, word->read == BUS_READ_OK ? PLAIN : RED, "%s",
		   printable_text(shown, sizeof(shown), told->what));
	table_cell(table, PLAIN, "%s", printable_text(shown, sizeof(shown), told->who));
	table_cell(table, PLAIN, "%llu", word->last_revision);
	table_cell(table, PLAIN, "%s", printable_text(shown, sizeof(shown), told->why));
}

static bool is_about(const struct told *told, const char *name)
{
	return !name || !strcmp(told->of, name) || (told->pop && !strcmp(told->pop, name));
}

static bool is_known(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->nr_pops; i++)
		if (!strcmp(config->pops[i].name, name))
			return true;
	return !strcmp(name, "keys") || config_node_by_name(config, name);
}

/* Nothing was found. */
static int say_nothing(const struct globals *globals, const struct config *config, const char *of)
{
	if (of && !is_known(config, of))
		return fail(globals, EXIT_USAGE,
			    "'%s' is no node and no POP, and nobody has said anything of it", of);
	if (globals->json)
		return output_json(json_array()) ? EXIT_FAILED : EXIT_OK;
	printf("nobody has said anything%s%s\n", of ? " of " : "", of ?: "");
	return EXIT_OK;
}

static int show(const struct globals *globals, const struct config *config, const char *of,
		const struct bus_word *words, size_t nr)
{
	static const struct column columns[] = { { "WHEN (UTC)", false },
						 { "OF", false },
						 { "TOLD", false },
						 { "BY", false },
						 { "REVISION", true },
						 { "WHY", false },
						 {} };
	struct table *table = globals->json ? NULL : table_new(stdout, columns);
	json_t *list = json_array();
	struct told told;

	for (size_t i = 0; i < nr; i++) {
		read_word(config, &words[i], &told);
		if (!is_about(&told, of))
			continue;
		if (table)
			print_word(table, &words[i], &told);
		json_array_append_new(list, word_json(&words[i], &told));
	}
	if (table)
		table_end(table);
	if (!json_array_size(list)) {
		json_decref(list);
		return say_nothing(globals, config, of);
	}
	if (globals->json)
		return output_json(list) ? EXIT_FAILED : EXIT_OK;
	json_decref(list);
	return EXIT_OK;
}

static int history(const struct globals *globals, const struct config *config, const char *of)
{
	struct bus_secret secret;
	struct bus_word *words;
	char why[BUS_WHY] = "";
	size_t nr;
	int code;

	if (!config->bus.nr_servers)
		return fail(globals, EXIT_USAGE,
			    "%s: bus.servers: names no server, and only a bus has a history",
			    config->path);
	if (keys_load_bus(config->key_file, &secret))
		return EXIT_FAILED;
	if (bus_read_words(&config->bus, &secret, &words, &nr, why)) {
		code = fail(globals, EXIT_FAILED, "bus: %s", why);
	} else {
		code = show(globals, config, of, words, nr);
		bus_words_free(words, nr);
	}
	sodium_memzero(&secret, sizeof(secret));
	return code;
}

int cmd_history(const struct globals *globals, int argc, char **argv)
{
	struct config_errors errors = {};
	struct config *config;
	const char *of = NULL;
	int code;

	if (args_parse(cmd_history_args, argc, argv, &of))
		return EXIT_USAGE;
	if (config_load(globals->config_path, &config, &errors)) {
		code = fail_errors(globals, EXIT_USAGE, &errors);
	} else {
		code = history(globals, config, of);
		config_free(config);
	}
	config_errors_free(&errors);
	return code;
}
