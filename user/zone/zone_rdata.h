/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_rdata.h: the data of records: read from text, and checked by the rules of its type.
 *
 *
 * zone_types.c has a row for each type: its number, its name, and the fields that its data
 * consists of. A field has a kind; a kind knows how to read itself from words and how to check
 * itself in wire format. What was read from text is checked as wire data, too, so "\# 4 c0000201"
 * (RFC 3597, 5) and 192.0.2.1 obey the same rules. Types without a row are any bytes.
 */
#ifndef AD_ZONE_RDATA_H
#define AD_ZONE_RDATA_H

#include "zone_word.h"

#define ZONE_RDATA_MAX 65535
#define ZONE_WHY       200 /* bytes of a reason, closed by a zero byte */
#define ZONE_TYPE_TEXT 16

/* A type's number, by its name or as TYPE65280. 0, or -EINVAL. */
int zone_type_parse(const char *at, size_t len, __u16 *type);
/* Its name, or TYPE65280: in @text, which is returned. */
const char *zone_type_name(__u16 type, char text[ZONE_TYPE_TEXT]);
/* The known name that is most similar, or NULL. */
const char *zone_type_nearest(const struct zone_word *word);
/* A type for questions or messages only; no zone may contain it (RFC 6895, 3.1). */
bool zone_type_is_meta(__u16 type);

/*
 * Data of @type from its words, the names relative to @origin. How many bytes of @rdata it has, or
 * -EINVAL and @why, which names the field and what it takes.
 */
int zone_rdata_parse(__u16 type, const struct zone_word *words, size_t nr, const __u8 *origin,
		     __u8 rdata[ZONE_RDATA_MAX], char why[ZONE_WHY]);

/* Has data in wire format the form of its type? 0, or -EINVAL and @why. */
int zone_rdata_check(__u16 type, const __u8 *rdata, size_t len, char why[ZONE_WHY]);

/* Order of data within a set: 0 if both are one record (RFC 4034, 6.2: case of names apart). */
int zone_rdata_compare(__u16 type, const __u8 *a, size_t a_len, const __u8 *b, size_t b_len);

#endif
