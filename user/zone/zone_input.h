/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_input.h: the files that a zone is read from: its own, and what $INCLUDE names.
 *
 *
 * Whoever writes a zone file must not be able to stop the daemon, fill its memory, or read other
 * files through it. So: regular files only; $INCLUDE reaches files below the zone file's own
 * directory (and below one more that is configured) and nothing else; depth, number and bytes have
 * limits. Symbolic links are followed, and the rules apply to their targets.
 */
#ifndef AD_ZONE_INPUT_H
#define AD_ZONE_INPUT_H

#include <limits.h>
#include <sys/types.h>
#include "zone_files.h"
#include "zone_lex.h"
#include "zone_seen.h"

#define ZONE_INCLUDE_DEPTH 20		      /* files open at a time, the zone's own counted */
#define ZONE_FILES_MAX	   1000		      /* opened for one zone */
#define ZONE_BYTES_MAX	   ((__u64)512 << 20) /* of all its files */

/* One file that is being read. */
struct zone_text {
	const char *name; /* for errors; lives as long as the zone_input's files */
	char *bytes;	  /* NULL: the text is the caller's */
	char *dir;	  /* its own, links followed: relative names start there; NULL: unknown */
	dev_t dev;
	ino_t ino;
	struct zone_lex lex;
};

struct zone_input {
	struct zone_text stack[ZONE_INCLUDE_DEPTH];
	unsigned int depth;
	unsigned int opened;
	__u64 bytes;
	char *roots[3];		 /* $INCLUDE reaches what is below one of these; NULL: not used */
	struct zone_files files; /* every file opened, once, as errors name it */
	struct zone_seen *seen;	 /* state of the file at each opening */
	size_t nr_seen;
	char why[PATH_MAX + 128]; /* reason of the last failure; it names the included file */
};

/*
 * Opens the zone's own file. @include_dir: NULL, or one more directory that $INCLUDE may reach.
 * 0, -EINVAL with input->why, or -ENOMEM. zone_input_end() in any case.
 */
int zone_input_begin(struct zone_input *input, const char *file, const char *include_dir);
/* The same for a text in memory that errors call @name; it can include nothing. */
int zone_input_begin_text(struct zone_input *input, const char *name, const char *text, size_t len);
void zone_input_end(struct zone_input *input);

/* The file that is being read; NULL after the last one. */
struct zone_text *zone_input_top(struct zone_input *input);

/*
 * Continues with the file @name (the word of $INCLUDE, unescaped). Returns as zone_input_begin().
 */
int zone_input_include(struct zone_input *input, const char *name);

/* Back to the file that included this one. */
void zone_input_pop(struct zone_input *input);

#endif
