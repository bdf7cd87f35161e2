/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flowlog.h: where the lines of the flow log go: a file, to which they are appended in whole, or a
 * datagram each to a Unix socket. How many: one in so many, and not more than so many in a second.
 * Nothing here waits: what cannot be written is counted and lost. Knows no libbpf.
 */
#ifndef AD_FLOWLOG_H
#define AD_FLOWLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "user/config/config.h"

struct flowlog;

struct flowlog *flowlog_new(void); /* NULL: out of memory. It logs nothing yet. */
void flowlog_free(struct flowlog *log);
/* As @config says; a file is opened anew. What fails shows in flowlog_error(), and is tried again.
 */
void flowlog_use(struct flowlog *log, const struct config *config);
/* Whether anything is logged at all. */
bool flowlog_is_on(const struct flowlog *log);
/* Once for each connection that has ended: whether it is one of those that are logged. */
bool flowlog_wants(struct flowlog *log, __u64 now_us);
/* One line, with its newline. */
void flowlog_put(struct flowlog *log, const char *line, size_t len);
/* What was put is written now, at the latest. */
void flowlog_flush(struct flowlog *log);
/* Once a second: a file that was moved away is made anew; what failed is tried again. */
void flowlog_tend(struct flowlog *log);
/* Lines written; lines over the rate or that could not be written. */
__u64 flowlog_written(const struct flowlog *log);
__u64 flowlog_dropped(const struct flowlog *log);
/* Why lines cannot be written now; NULL: they can. */
const char *flowlog_error(const struct flowlog *log);

#endif
