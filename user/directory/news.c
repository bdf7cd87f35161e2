// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * news.c: the program that tells of connections without stamps (news.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "news.h"
#include "user/base/log.h"
#include "user/rtt/cgroup.h"
#include "user/state/bpffs.h"
#include "directory.skel.h"

#define MOUNTS "/proc/self/mountinfo"

/* Debian 12's headers have it; those of older ones do not. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

struct news {
	struct directory_bpf *skel;
	struct bpf_link *link;
	struct ring_buffer *ring;
	void (*each)(const struct ad_directory_news *one, void *arg); /* while it is read */
	void *arg;
};

static int own_netns(__u64 *cookie)
{
	int err = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*cookie);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size))
		err = -errno;
	close(fd);
	return err;
}

/* Which addresses are VIPs, and who is left alone, is in the data path's maps. */
static int share_map(struct bpf_map *map, const char *dir)
{
	int err, fd = bpffs_get(dir, bpf_map__name(map));

	if (fd < 0)
		return fd;
	err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

static int load(struct news *news, const struct pins *pins)
{
	__u64 cookie = 0;
	int err = own_netns(&cookie);

	if (err)
		return err;
	news->skel = directory_bpf__open();
	if (!news->skel)
		return -errno;
	/* The skeleton's rodata is const for readers; before the load we fill it. */
	memcpy((void *)&news->skel->rodata->own_netns, &cookie, sizeof(cookie));
	err = share_map(news->skel->maps.locals, pins->dir);
	err = err ?: share_map(news->skel->maps.unstamped, pins->dir);
	err = err ?: directory_bpf__load(news->skel);
	if (!err)
		log_forget_libbpf();
	return err;
}

static int on_news(void *arg, void *data, size_t size)
{
	struct news *news = arg;

	if (size >= sizeof(struct ad_directory_news))
		news->each(data, news->arg);
	return 0;
}

static int attach(struct news *news, const char *path)
{
	int err = 0, fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* A link leaves room for others' programs (BPF_F_ALLOW_MULTI), and goes with us. */
	news->link = bpf_program__attach_cgroup(news->skel->progs.directory_hears, fd);
	if (!news->link)
		err = -errno;
	close(fd);
	return err;
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
	int err = news ? 0 : -ENOMEM;
	char path[PATH_MAX];

	*out = NULL;
	if (!err) {
		what = "cgroup v2 is not mounted";
		err = cgroup_find(MOUNTS, path, sizeof(path));
	}
	if (!err) {
		what = "the kernel refuses the program";
		err = load(news, pins);
	}
	if (!err) {
		what = "its news cannot be read";
		err = begin(news);
	}
	if (!err) {
		what = "cannot be attached to cgroup v2";
		err = attach(news, path);
	}
	if (err) {
		snprintf(why, 80, "%s: %s", what, strerror(-err));
		news_close(news);
		return err;
	}
	*out = news;
	return 0;
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
	__u32 zero = 0;
	__u64 lost = 0;

	bpf_map_lookup_elem(bpf_map__fd(news->skel->maps.directory_lost), &zero, &lost);
	return lost;
}
