// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * complete.c: completion of command lines from the tables that parse them (complete.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "complete.h"

/* Where the last word stands. */
struct place {
	const struct command *command; /* NULL: the word is a command, or an option before it */
	const struct arg *waits;       /* the option whose value it is, or NULL */
	int nr_words;		       /* of the command, before it, apart from options */
	bool only_words;	       /* after "--" */
	bool lost;		       /* an unknown command or option came before */
};

static void offer(const struct complete *complete, const char *word, const char *help)
{
	if (!strncmp(word, complete->typed, strlen(complete->typed)))
		printf("%s\t%s\n", word, help);
}

static const struct command *find_command(const struct complete *complete, const char *name)
{
	for (size_t i = 0; i < complete->nr_commands; i++)
		if (!strcmp(complete->commands[i].name, name))
			return &complete->commands[i];
	return NULL;
}

/* The option that @word is, if its value is the next word. */
static const struct arg *option_that_waits(const struct arg *args, const char *word)
{
	const char *value;
	const struct arg *arg = args ? args_find(args, word, &value) : NULL;

	return arg && arg->type != ARG_FLAG && !value ? arg : NULL;
}

void complete_take(struct complete *complete, int nr, char **words, void *into)
{
	static char program[] = "anydoor";
	char **argv = calloc(nr + 2, sizeof(*argv));
	int argc = nr;

	complete->typed = nr ? words[nr - 1] : "";
	if (!argv)
		return;
	argv[0] = program;
	for (int i = 1; i < nr; i++)
		argv[i] = words[i - 1];
	if (argc > 1) {
		complete->waits = option_that_waits(complete->global_args, argv[argc - 1]);
		argc -= complete->waits != NULL;
	}
	argv[argc = argc ? argc : 1] = NULL;
	if (args_take(complete->global_args, &argc, argv, into))
		argc = 1;
	complete->argv = argv;
	complete->argc = argc;
}

void complete_end(struct complete *complete)
{
	free(complete->argv);
}

static void take_word(const struct complete *complete, struct place *place, const char *word)
{
	if (place->waits) {
		place->waits = NULL;
		return;
	}
	if (!place->only_words && !strcmp(word, "--")) {
		place->only_words = true;
	} else if (!place->only_words && word[0] == '-' && word[1]) {
		place->waits =
			place->command ? option_that_waits(place->command->args, word) : NULL;
	} else if (!place->command) {
		place->command = find_command(complete, word);
		place->lost = !place->command;
	} else {
		place->nr_words++;
	}
}

static struct place find_place(const struct complete *complete)
{
	struct place place = { 0 };

	for (int i = 1; i < complete->argc && !place.lost; i++)
		take_word(complete, &place, complete->argv[i]);
	if (complete->waits)
		place.waits = complete->waits;
	return place;
}

static void offer_commands(const struct complete *complete)
{
	for (size_t i = 0; i < complete->nr_commands; i++)
		offer(complete, complete->commands[i].name, complete->commands[i].help);
}

static void offer_value(const struct complete *complete, const char *spec)
{
	if (!strcmp(spec, "COMMAND"))
		offer_commands(complete);
	else
		complete_value(spec, "", complete->typed, complete->globals);
}

static void offer_options(const struct complete *complete, const struct arg *args)
{
	for (; args && args->name; args++)
		if (args->type != ARG_WORD)
			offer(complete, args->name, args->help);
}

/* "--option=" with the beginning of its value. False if the word is none of that. */
static bool offer_joined(const struct complete *complete, const struct place *place)
{
	const char *value = NULL;
	const struct arg *arg = args_find(complete->global_args, complete->typed, &value);
	char lead[64];

	if (!arg && place->command && place->command->args)
		arg = args_find(place->command->args, complete->typed, &value);
	if (!arg || !value || arg->type == ARG_FLAG)
		return false;
	snprintf(lead, sizeof(lead), "%s=", arg->name);
	complete_value(arg->value, lead, value, complete->globals);
	return true;
}

/* The row of the word that is typed, or NULL. */
static const struct arg *find_word(const struct place *place)
{
	int nr = place->nr_words;

	for (const struct arg *arg = place->command->args; arg && arg->name; arg++)
		if (arg->type == ARG_WORD && !nr--)
			return arg;
	return NULL;
}

static void offer_all_options(const struct complete *complete, const struct place *place)
{
	if (place->command)
		offer_options(complete, place->command->args);
	offer_options(complete, complete->global_args);
}

void complete_print(const struct complete *complete)
{
	struct place place = find_place(complete);
	const struct arg *word;

	if (place.lost)
		return;
	if (place.waits) {
		offer_value(complete, place.waits->value);
		return;
	}
	if (!place.only_words && complete->typed[0] == '-') {
		if (!offer_joined(complete, &place))
			offer_all_options(complete, &place);
		return;
	}
	if (!place.command) {
		offer_commands(complete);
		return;
	}
	word = find_word(&place);
	if (word)
		offer_value(complete, word->name);
	else if (!place.only_words)
		offer_all_options(complete, &place);
}
