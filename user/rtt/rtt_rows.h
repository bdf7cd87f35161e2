/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtt_rows.h: what nodes have measured, as a bounded list: what one node tells the others, by
 * whatever way, and what `rtt.file` holds.
 */
#ifndef AD_RTT_ROWS_H
#define AD_RTT_ROWS_H

#include <jansson.h>
#include <stddef.h>
#include "maps/rtt.h"
#include "user/config/failure.h"

#define RTT_ROWS_MAX   AD_RTT_SEEN_MAX
#define RTT_FILE_BYTES (16 << 20)

struct rtt_row {
	struct ad_rtt_key key;
	__u64 at_real_s; /* when that was so */
	double rtt_us;	 /* median */
	double samples;	 /* connections that it was made of */
};
struct rtt_rows {
	struct rtt_row *list;
	size_t nr;
};

/* 0; -ENOMEM; -E2BIG: there are too many. */
int rtt_rows_add(struct rtt_rows *rows, const struct rtt_row *row);
void rtt_rows_free(struct rtt_rows *rows);

/* {"policy": ..., "region": ...|null, "pop": ..., "rtt_ms": ..., "samples": ..., "at": ...} */
json_t *rtt_row_json(const struct rtt_row *row);
/*
 * Adds the rows of a JSON list: all of them, or none. 0; -ENOMEM; -E2BIG; -EINVAL: @trouble is what
 * is wrong with the row of number @row, from 1 on.
 */
int rtt_rows_take(const json_t *list, struct rtt_rows *rows, size_t *row, const char **trouble);
/*
 * {"rtt": [rows as above, with what else there is in them]}: adds them to @rows. 0; -ENOENT: there
 * is no such file; or -errno with what is wrong, and where, in @errors, and @rows is empty.
 */
int rtt_rows_read(const char *file, struct rtt_rows *rows, struct config_errors *errors);

#endif
