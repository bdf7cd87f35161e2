// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * args.c: command-line options from a table (args.h).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "args.h"
#include "log.h"
#include "nearest.h"

const struct arg *args_find(const struct arg *args, const char *word, const char **value)
{
	size_t len = strcspn(word, "=");

	*value = NULL;
	for (; args->name; args++) {
		if (args->type == ARG_WORD)
			continue;
		if (args->letter && word[0] == '-' && word[1] == args->letter && !word[2])
			return args;
		if (strlen(args->name) != len || strncmp(args->name, word, len))
			continue;
		if (word[len])
			*value = word + len + 1;
		return args;
	}
	return NULL;
}

static int store_number(const struct arg *arg, const char *value, unsigned int *into)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end) {
		log_err("%s: '%s' is not a number", arg->name, value);
		return -EINVAL;
	}
	if (errno || number < arg->min || number > arg->max) {
		log_err("%s: %s is not between %u and %u", arg->name, value, arg->min, arg->max);
		return -EINVAL;
	}
	*into = number;
	return 0;
}

static int store_choice(const struct arg *arg, const char *value, int *into)
{
	const char *choice = arg->value;

	for (int i = 0;; i++) {
		size_t len = strcspn(choice, "|");

		if (strlen(value) == len && !strncmp(choice, value, len)) {
			*into = i;
			return 0;
		}
		if (!choice[len])
			break;
		choice += len + 1;
	}
	log_err("%s: '%s' is none of %s", arg->name, value, arg->value);
	return -EINVAL;
}

static int arg_store(const struct arg *arg, const char *value, void *into)
{
	void *member = (char *)into + arg->offset;

	switch (arg->type) {
	case ARG_FLAG:
		*(bool *)member = true;
		return 0;
	case ARG_NUMBER:
		return store_number(arg, value, member);
	case ARG_CHOICE:
		return store_choice(arg, value, member);
	case ARG_TEXT:
	case ARG_WORD:
		*(const char **)member = value;
		return 0;
	}
	return -EINVAL;
}

/* Stores the option at argv[*i]; *i moves on to its value if that is a word of its own. */
static int take_option(const struct arg *arg, const char *value, int *i, int argc, char **argv,
		       void *into)
{
	if (arg->type == ARG_FLAG && value) {
		log_err("%s takes no value", arg->name);
		return -EINVAL;
	}
	if (arg->type != ARG_FLAG && !value) {
		/*
		 * "--name --json" is an error: the value of --name is missing. "--name=--json" has
		 * one.
		 */
		if (*i + 1 >= argc || !strncmp(argv[*i + 1], "--", 2)) {
			log_err("%s wants a value: %s", arg->name, arg->value);
			return -EINVAL;
		}
		value = argv[++*i];
	}
	return arg_store(arg, value, into);
}

int args_take(const struct arg *args, int *argc, char **argv, void *into)
{
	int kept = 1, i;

	for (i = 1; i < *argc && strcmp(argv[i], "--"); i++) {
		const char *value;
		const struct arg *arg = args_find(args, argv[i], &value);

		if (!arg)
			argv[kept++] = argv[i];
		else if (take_option(arg, value, &i, *argc, argv, into))
			return -EINVAL;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

static int refuse_option(const struct arg *args, const char *word)
{
	struct nearest near = { .word = word };

	for (; args->name; args++)
		if (args->type != ARG_WORD)
			nearest_offer(&near, args->name);
	if (near.best)
		log_err("unknown option '%s': did you mean %s?", word, near.best);
	else
		log_err("unknown option '%s'", word);
	return -EINVAL;
}

/* The next row for a bare word at or behind @from. */
static const struct arg *next_word(const struct arg *from)
{
	while (from->name && from->type != ARG_WORD)
		from++;
	return from;
}

int args_parse(const struct arg *args, int argc, char **argv, void *into)
{
	const struct arg *word = next_word(args);
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct arg *arg;

		if (!only_words && !strcmp(argv[i], "--")) {
			only_words = true;
			continue;
		}
		if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			arg = args_find(args, argv[i], &value);
			if (!arg)
				return refuse_option(args, argv[i]);
			if (take_option(arg, value, &i, argc, argv, into))
				return -EINVAL;
			continue;
		}
		if (!word->name) {
			log_err("'%s' is one word too many", argv[i]);
			return -EINVAL;
		}
		arg_store(word, argv[i], into);
		word = next_word(word + 1);
	}
	return 0;
}

int args_none(int argc, char **argv)
{
	static const struct arg none[] = { { NULL } };

	return args_parse(none, argc, argv, NULL);
}

/* "-t, --top N"; returns its length. */
static int format_option(const struct arg *arg, char text[80])
{
	char letter[8] = "";

	if (arg->letter)
		snprintf(letter, sizeof(letter), "-%c, ", arg->letter);
	return snprintf(text, 80, "%s%s%s%s", letter, arg->name, arg->value ? " " : "",
			arg->value ? arg->value : "");
}

void args_print_help(const struct arg *args, FILE *out)
{
	int width = 0, len;
	char text[80];

	for (const struct arg *arg = args; arg->name; arg++) {
		len = format_option(arg, text);
		width = len > width ? len : width;
	}
	for (; args->name; args++) {
		format_option(args, text);
		fprintf(out, "  %-*s  %s\n", width, text, args->help);
	}
}
