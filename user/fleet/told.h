/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * told.h: what an operator said of whether this node takes new flows: who, when and why.
 */
#ifndef AD_TOLD_H
#define AD_TOLD_H

#include <jansson.h>
#include <stdbool.h>
#include "maps/types.h"

/* The longest reason that can be kept, in bytes without its NUL. */
#define TOLD_WHY_MAX (sizeof(((struct ad_told *)0)->why) - 1)

/* "nothing", "drain" or "undrain". */
const char *told_word(enum ad_told_what what);
/* False: @word is none of them. */
bool told_find(const char *word, enum ad_told_what *what);
/* As said now. @who and @why may be NULL; what has no room of them is left out. */
void told_set(struct ad_told *told, enum ad_told_what what, __u32 uid, const char *who,
	      const char *why);
/* Forgets who and why if it is not @holds that was said. */
void told_keep(struct ad_told *told, enum ad_told_what holds);
/*
 * "by alice, 3m20s ago: new kernel", printable, at most TOLD_TEXT bytes; of what a version without
 * this record did, "by an operator; who and why was not noted". Returns @text.
 */
#define TOLD_TEXT 1200
const char *told_text(const struct ad_told *told, char text[TOLD_TEXT]);
/* {"what": "drain" | "undrain", "who", "uid", "at_s", "reason"}; null if nothing was said. */
json_t *told_json(const struct ad_told *told);

#endif
