/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prom.h: Prometheus' text format 0.0.4, into an evbuffer. All samples of a family follow its head.
 */
#ifndef AD_PROM_H
#define AD_PROM_H

#include <linux/types.h>

struct evbuffer;

#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* HELP and TYPE ("counter" or "gauge"). Every name gets the prefix "anydoor_". */
void prom_family(struct evbuffer *out, const char *name, const char *type, const char *help);
/* One sample; then pairs of label and value, up to a NULL. A NULL value is written as "". */
void prom_sample(struct evbuffer *out, const char *name, double value, ...)
	__attribute__((sentinel));

#endif
