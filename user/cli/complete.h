/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complete.h: what the last word of a command line may become, for the completion of shells.
 */
#ifndef AD_COMPLETE_H
#define AD_COMPLETE_H

#include <stddef.h>
#include "cmd.h"

/* A command line that is being typed, without the options that every command takes. */
struct complete {
	const struct command *commands;
	size_t nr_commands;
	const struct arg *global_args;
	const struct globals *globals; /* as the line has them so far */
	/* The option of global_args whose value is typed, or NULL. */
	const struct arg *waits;
	char **argv; /* the program's name, and the words before the last one */
	int argc;
	const char *typed; /* the last one, as far as it goes; may be "" */
};

/*
 * Takes the words of a line apart. The last of the @nr words is the one that is typed. The options
 * of
 * @complete->global_args fill the struct at @into, which begins with *@complete->globals.
 * complete_end() frees what it takes.
 */
void complete_take(struct complete *complete, int nr, char **words, void *into);
void complete_end(struct complete *complete);

/*
 * Prints what the last word may become, a line each: the word, a tab, what it means. A line that is
 * ":files" or ":directories" stands for the shell's own list of these. Nothing if nothing is known.
 */
void complete_print(const struct complete *complete);

/*
 * The same of one value, by what stands for it in help: lower case words, with '|' between them,
 * stand for themselves, and a word in upper case, such as NODE, for what the configuration has of
 * that kind. NODE,... is a list. Each is printed with @lead before it. True if any word in upper
 * case is known.
 */
bool complete_value(const char *spec, const char *lead, const char *typed,
		    const struct globals *globals);

#endif
