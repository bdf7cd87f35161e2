// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Options from a table, and "did you mean".
 */
#include <errno.h>
#include <stdlib.h>
#include "selftests/tap.h"
#include "user/base/args.h"
#include "user/base/nearest.h"

struct options {
	bool flag;
	const char *text;
	unsigned int number;
	int choice;
	const char *first, *second;
};

#define AT(member) offsetof(struct options, member)
static const struct arg table[] = {
	{ "--flag", 'f', ARG_FLAG, AT(flag), NULL, 0, 0, "a flag" },
	{ "--text", 't', ARG_TEXT, AT(text), "TEXT", 0, 0, "a text" },
	{ "--number", 0, ARG_NUMBER, AT(number), "N", 1, 1000, "a number" },
	{ "--choice", 0, ARG_CHOICE, AT(choice), "red|green|blue", 0, 0, "a choice" },
	{ "FIRST", 0, ARG_WORD, AT(first), NULL, 0, 0, "a word" },
	{ "SECOND", 0, ARG_WORD, AT(second), NULL, 0, 0, "another" },
	{ NULL },
};

#define LINE_MAX_WORDS 16
struct line {
	struct options options;
	char *argv[LINE_MAX_WORDS];
	int argc;
};

/* "cmd WORDS..." in @line->argv, split at blanks. */
static void split(struct line *line, char *words)
{
	char *word;

	memset(line, 0, sizeof(*line));
	line->options.choice = -1;
	line->argv[line->argc++] = (char *)"cmd";
	while ((word = strsep(&words, " ")) && line->argc < LINE_MAX_WORDS - 1)
		if (*word)
			line->argv[line->argc++] = word;
}

static int parse(struct line *line, const char *words)
{
	static char copy[256];

	snprintf(copy, sizeof(copy), "%s", words);
	split(line, copy);
	return args_parse(table, line->argc, line->argv, &line->options);
}

static void test_parse_every_type_stored(void)
{
	struct line line;

	is_int(parse(&line, "-f --text=a=b --number 7 --choice blue one two"), 0, "parsed");
	ok(line.options.flag, "flag");
	is_str(line.options.text, "a=b", "text keeps a second '='");
	is_int(line.options.number, 7, "number");
	is_int(line.options.choice, 2, "choice by position");
	is_str(line.options.first, "one", "first word");
	is_str(line.options.second, "two", "second word");
}

static void test_parse_nothing_keeps_defaults(void)
{
	struct line line;

	is_int(parse(&line, ""), 0, "an empty line");
	is_int(line.options.choice, -1, "what stood there stays");
	ok(!line.options.flag && !line.options.text, "and nothing else is set");
}

static void test_parse_double_dash_ends_options(void)
{
	struct line line;

	is_int(parse(&line, "-- --flag -x"), 0, "parsed");
	ok(!line.options.flag, "no option behind --");
	is_str(line.options.first, "--flag", "but words");
	is_int(parse(&line, "-"), 0, "a dash alone");
	is_str(line.options.first, "-", "is a word");
}

static void test_parse_nonsense_refused(void)
{
	static const char *const bad[] = {
		"--number",
		"--number=",
		"--number 0",
		"--number 1001",
		"--number -1",
		"--number 7x",
		"--number 0x10",
		"--number 99999999999999999999",
		"--choice yellow",
		"--choice gre",
		"--choice red|green",
		"--flag=1",
		"--nosuch",
		"one two three",
		"--text",
		"--text --flag",
		"-z",
		"--fla",
	};
	struct line line;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_int(parse(&line, bad[i]), -EINVAL, "refused: %s", bad[i]);
}

static void test_take_others_left_in_order(void)
{
	char words[] = "sub --other --text x -f --number=3 y -- --flag";
	struct line line;

	split(&line, words);
	is_int(args_take(table, &line.argc, line.argv, &line.options), 0, "taken");
	ok(line.options.flag, "flag from the middle");
	is_str(line.options.text, "x", "text and its value");
	is_int(line.options.number, 3, "number");
	is_int(line.argc, 6, "what is left");
	is_str(line.argv[1], "sub", "the command");
	is_str(line.argv[2], "--other", "an option of its own");
	is_str(line.argv[3], "y", "its word");
	is_str(line.argv[5], "--flag", "behind -- nothing is taken");
	ok(!line.argv[6], "ends with NULL");
}

static void test_help_names_every_row(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	args_print_help(table, out);
	fclose(out);
	for (const struct arg *arg = table; arg->name; arg++)
		ok(strstr(text, arg->name) && strstr(text, arg->help), "%s is explained",
		   arg->name);
	ok(strstr(text, "red|green|blue"), "choices are listed");
	free(text);
}

static const char *nearest_of_three(const char *typed)
{
	struct nearest near = { .word = typed };

	nearest_offer(&near, "status");
	nearest_offer(&near, "stats");
	nearest_offer(&near, "flows");
	return near.best;
}

static void test_nearest_typing_errors_found(void)
{
	is_str(nearest_of_three("flwos"), "flows", "two letters swapped");
	is_str(nearest_of_three("stat"), "stats", "one missing");
	is_str(nearest_of_three("statuss"), "status", "one too many");
	is_str(nearest_of_three("frobnicate"), NULL, "another word altogether");
	is_str(nearest_of_three(""), NULL, "no word");
	is_str(nearest_of_three("0123456789012345678901234567890123456789"), NULL, "a long one");
}

int main(void)
{
	test_parse_every_type_stored();
	test_parse_nothing_keeps_defaults();
	test_parse_double_dash_ends_options();
	test_parse_nonsense_refused();
	test_take_others_left_in_order();
	test_help_names_every_row();
	test_nearest_typing_errors_found();
	return done_testing();
}
