// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * news.c: the program that tells of connections without stamps (news.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "news.h"
#include "user/rtt/sockops.h"
#include "directory.skel.h"

struct news {
	struct directory_bpf *skel;
	struct bpf_link *link;
	struct ring_buffer *ring;
	void (*each)(const struct ad_directory_news *one, void *arg); /* while it is read */
	void *arg;
};

static int load(struct news *news, const struct pins *pins)
{
	news->skel = directory_bpf__open();
	if (!news->skel)
		return -errno;
	return sockops_load(news->skel->skeleton, &news->skel->rodata->own_netns, pins->dir);
}

static int on_news(void *arg, void *data, size_t size)
{
	struct news *news = arg;

	if (size >= sizeof(struct ad_directory_news))
		news->each(data, news->arg);
	return 0;
}

static int begin(struct news *news)
{
	news->ring =
		ring_buffer__new(bpf_map__fd(news->skel->maps.directory_news), on_news, news, NULL);
	return news->ring ? 0 : -errno;
}

int news_open(const struct pins *pins, struct news **out, char why[80])
{
	struct news *news = calloc(1, sizeof(*news));
	const char *what = "no memory";
	int err = news ? 0 : -ENOMEM, cgroup;

	*out = NULL;
	if (err)
		goto failed;
	cgroup = sockops_cgroup(why, 80);
	if (cgroup < 0) {
		free(news);
		return cgroup;
	}
	what = "the kernel refuses the program";
	err = load(news, pins);
	if (!err) {
		what = "its news cannot be read";
		err = begin(news);
	}
	if (!err) {
		what = "cannot be attached to cgroup v2";
		err = sockops_attach(news->skel->progs.directory_hears, cgroup, &news->link);
	}
	close(cgroup);
	if (!err) {
		*out = news;
		return 0;
	}
failed:
	snprintf(why, 80, "%s: %s", what, strerror(-err));
	news_close(news);
	return err;
}

void news_close(struct news *news)
{
	if (!news)
		return;
	bpf_link__destroy(news->link);
	ring_buffer__free(news->ring);
	directory_bpf__destroy(news->skel);
	free(news);
}

int news_fd(const struct news *news)
{
	return ring_buffer__epoll_fd(news->ring);
}

int news_read(struct news *news, void (*each)(const struct ad_directory_news *one, void *arg),
	      void *arg)
{
	int nr;

	news->each = each;
	news->arg = arg;
	nr = ring_buffer__consume(news->ring);
	return nr < 0 ? nr : 0;
}

__u64 news_lost(const struct news *news)
{
	return sockops_lost(news->skel->maps.directory_lost);
}
