/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flowlog_line.h: a connection that has ended as one line of JSON. Knows no libbpf.
 */
#ifndef AD_FLOWLOG_LINE_H
#define AD_FLOWLOG_LINE_H

#include <stddef.h>
#include <time.h>
#include "maps/connections.h"

/* What the news do not say; each name may be NULL. They need no escaping (the schema's rules). */
struct flowlog_about {
	struct timespec ended; /* CLOCK_REALTIME */
	const char *node, *pop, *region;
	const char *landing; /* node where its packets land, if it is another one */
};

#define FLOWLOG_LINE 1024
/* With the newline and a 0 behind it; returns its length, without the 0. */
size_t flowlog_line(const struct ad_connection_news *news, const struct flowlog_about *about,
		    char text[FLOWLOG_LINE]);

#endif
