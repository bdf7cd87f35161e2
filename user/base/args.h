/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * args.h: a command's options as a table. The table parses them, documents them and finds the
 * nearest known one for a typing error. Knows no libbpf.
 */
#ifndef AD_ARGS_H
#define AD_ARGS_H

#include <stddef.h>
#include <stdio.h>

enum arg_type {
	ARG_FLAG,   /* bool */
	ARG_TEXT,   /* const char * into argv */
	ARG_NUMBER, /* unsigned int, decimal, between min and max */
	ARG_CHOICE, /* int: which of the words in @value, separated by '|', counted from 0 */
	ARG_WORD,   /* const char *: a bare word; rows of this type are filled in order */
};

/* One option. A table ends with a row whose name is NULL. */
struct arg {
	const char *name; /* "--top"; of an ARG_WORD only for help: "NAME" */
	char letter;	  /* the short form, 0 if none */
	enum arg_type type;
	size_t offset;	   /* of the member that it fills */
	const char *value; /* what stands for the value in help; the choices of an ARG_CHOICE */
	unsigned int min, max;
	const char *help;
};

/*
 * Parses all words after argv[0] into the struct at @into. Members for which there is no option
 * keep their value. "--name VALUE" and "--name=VALUE"; after "--" there are only words. 0, or
 * -EINVAL after one line on stderr.
 */
int args_parse(const struct arg *args, int argc, char **argv, void *into);
/* For a command that takes no words and no options of its own. */
int args_none(int argc, char **argv);

/*
 * The same for options that every command takes: removes the options of the table from the line
 * (*argc and argv shrink) and leaves the rest, and everything after "--", in order.
 */
int args_take(const struct arg *args, int *argc, char **argv, void *into);

/* The option that @word names, and in *value what follows an '=' inside it (NULL if nothing). */
const struct arg *args_find(const struct arg *args, const char *word, const char **value);

void args_print_help(const struct arg *args, FILE *out);

#endif
