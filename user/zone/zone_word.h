/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_word.h: what one word of a zone file means (RFC 1035, 5.1): number, TTL, name, text.
 *
 * All return 0 or -EINVAL and give their result by the out-parameter alone. Words are not closed by
 * a zero byte and may hold any byte.
 */
#ifndef AD_ZONE_WORD_H
#define AD_ZONE_WORD_H

#include "zone_lex.h"

/* Ignores case. */
bool zone_word_is(const struct zone_word *word, const char *text);
/* The same for a part of a word. */
bool zone_text_is(const char *at, size_t len, const char *text);

/* Decimal digits alone, @max at most. */
int zone_word_number(const struct zone_word *word, __u64 max, __u64 *value);
int zone_text_number(const char *at, size_t len, __u64 max, __u64 *value);

/* Seconds, or numbers with units (1w2d3h4m5s); 32 bits at most. */
int zone_word_ttl(const struct zone_word *word, __u32 *seconds);

/* YYYYMMDDHHmmSS in UTC (RFC 4034, 3.2). */
int zone_word_date(const struct zone_word *word, __u32 *seconds);

/* In wire format; relative to @origin; "@" is @origin itself. */
int zone_word_name(const struct zone_word *word, const __u8 *origin, __u8 wire[256]);

/*
 * One byte at *@at, perhaps written as an escape (\X, \DDD); advances *@at, which is before @end.
 * -EINVAL: the escape is wrong. *@escaped, if not NULL: it was one.
 */
int zone_text_byte(const char **at, const char *end, bool *escaped);

/* The bytes that the word stands for: how many, or -EINVAL if it is wrong or longer than @room. */
int zone_word_bytes(const struct zone_word *word, __u8 *to, size_t room);

/* The name of a file, closed by a zero byte; escapes count inside of quotes only. */
int zone_word_file(const struct zone_word *word, char *to, size_t room);

/* For messages: the word, shortened and without control characters. */
#define ZONE_WORD_TEXT 48
const char *zone_word_show(const struct zone_word *word, char text[ZONE_WORD_TEXT]);

#endif
