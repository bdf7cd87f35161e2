/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_generate.h: the patterns of BIND's $GENERATE directive (BIND 9 Administrator Reference
 * Manual, "The $GENERATE Directive").
 */
#ifndef AD_ZONE_GENERATE_H
#define AD_ZONE_GENERATE_H

#include "zone_word.h"

#define ZONE_GENERATE_MAX 1000000 /* records of all directives of a zone */

struct zone_range {
	__u32 start, stop, step;
};

/* "1-254" or "0-100/10". 0 or -EINVAL. */
int zone_range_parse(const struct zone_word *word, struct zone_range *range);

/*
 * @pattern with each $ replaced by @value: $$ is a dollar, ${offset[,width[,base]]} changes the
 * number; base is d, o, x, X, n or N (nibbles, the lowest first, with dots). How many bytes of @to,
 * or -EINVAL if the pattern is wrong or its result longer than @room.
 */
int zone_generate(const struct zone_word *pattern, __u32 value, char *to, size_t room);

#endif
