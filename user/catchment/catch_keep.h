/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_keep.h: what was before, as JSON: so a daemon that is started again need not learn anew
 * what lands here, and a leak that began before it is still one.
 */
#ifndef AD_CATCH_KEEP_H
#define AD_CATCH_KEEP_H

#include <jansson.h>
#include "catch_book.h"

/* @fingerprint: of the places that it is about. @at_s: now, in seconds since 1970. NULL without
 * memory. */
json_t *catch_keep_write(const struct catch_book *book, __u64 fingerprint, json_int_t at_s);
/*
 * Takes what was written by the above into a book that knows nothing yet; drops nothing of @json.
 * 0; -ESTALE: it is of other places, or older than rules->memory_s, or of the future; -EINVAL:
 * it says what cannot be; -ENOMEM. But for 0 the book stays as it was.
 */
int catch_keep_read(const json_t *json, __u64 fingerprint, json_int_t now_s,
		    const struct catch_rules *rules, struct catch_book *book);

#endif
