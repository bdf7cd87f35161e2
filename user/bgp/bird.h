/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bird.h: BIRD 2. Its configuration includes a file of ours that has the routes to the VIPs: two
 * static protocols, anydoor4 and anydoor6. Without the file nothing is announced.
 *
 * BIRD is spoken to by the protocol of its control socket. What a reply means is its code; of the
 * text are taken only names of protocols and channels, and communities.
 */
#ifndef AD_BGP_BIRD_H
#define AD_BGP_BIRD_H

#include "bgp.h"

extern const struct bgp_driver bird_driver;

/* For tests; malloc()ed, NULL without memory. */
char *bird_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes);

/*
 * A line of a reply: its code, which an unnumbered line has of the one before it (*@code is both);
 * whether it is the last one, and its text. False: it is none.
 */
bool bird_line(const char *line, unsigned int *code, bool *is_last, const char **text);

/* What is read of `show protocols`, `show protocols all` and `show route`, line by line. */
struct bird_channels {
	int channel; /* the one that is spoken of; -1: another kind */
	bool has[BGP_FAMILIES], up[BGP_FAMILIES];
};
/* The name of a BGP protocol; false: the line is about something else. */
bool bird_read_protocol(unsigned int code, const char *text, char name[BGP_NAME_MAX + 1]);
void bird_read_channel(unsigned int code, const char *text, struct bird_channels *channels);
/* Whether the line is a route. */
bool bird_read_route(unsigned int code, const char *text);
/* Whether the attributes in that line have the community. */
bool bird_read_community(unsigned int code, const char *text, const unsigned int community[2]);

#endif
