/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * news.h: the program that tells of connections without stamps (bpf/directory.bpf.c), on the root
 * of cgroup v2 for as long as it is open.
 */
#ifndef AD_DIRECTORY_NEWS_H
#define AD_DIRECTORY_NEWS_H

#include "maps/directory.h"
#include "user/state/pins.h"

struct news;

/*
 * Loads it beside the data path of @pins, for connections of our network namespace, and attaches
 * it. 0 and *@news; or -errno, and @why says what is wrong.
 */
int news_open(const struct pins *pins, struct news **news, char why[80]);
void news_close(struct news *news);
/* Can be read when there is news. */
int news_fd(const struct news *news);
/* Calls @each for all that there is. 0 or -errno. */
int news_read(struct news *news, void (*each)(const struct ad_directory_news *one, void *arg),
	      void *arg);
/* How many pieces of news were lost, ever. */
__u64 news_lost(const struct news *news);

#endif
