/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wish_file.h: the file in which a BGP daemon finds, at its own start, what it shall announce. A
 * line of it is a comment that says the same to us.
 */
#ifndef AD_BGP_WISH_FILE_H
#define AD_BGP_WISH_FILE_H

#include <stdio.h>
#include "bgp.h"

/* Writes one family in the language of the BGP daemon. */
struct wish_writer {
	void (*write_family)(FILE *out, const struct bgp_setup *setup, enum bgp_family family,
			     enum bgp_wish wish);
};

/* The whole text; malloc()ed, NULL without memory. */
char *wish_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes,
		     const struct wish_writer *writer);
/* What such a text says; false: it says none. */
bool wish_file_wishes(const char *text, struct bgp_wishes *wishes);

/* What setup->file says; -ENOENT: nothing. */
int wish_file_recall(const struct bgp_setup *setup, struct bgp_wishes *wishes);
/* 1: it was written; 0: it said that already; or -errno. */
int wish_file_write(const struct bgp_setup *setup, const struct bgp_wishes *wishes,
		    const struct wish_writer *writer);

/* A prefix as text: "192.0.2.0/24". */
#define WISH_PREFIX_TEXT 64
const char *wish_prefix(const struct config_prefix *prefix, char text[WISH_PREFIX_TEXT]);

#endif
