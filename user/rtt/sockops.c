// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sockops.c: programs that hear of sockets (sockops.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "cgroup.h"
#include "sockops.h"
#include "user/base/log.h"
#include "user/state/bpffs.h"

#define MOUNTS "/proc/self/mountinfo"

/* Debian 12's headers have it; those of older ones do not. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static int find_netns(__u64 *cookie)
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

static int share_maps(struct bpf_object *obj, const char *dir)
{
	struct bpf_map *map;
	int err = 0, fd;

	bpf_object__for_each_map(map, obj) {
		if (err || bpf_map__is_internal(map) || !bpffs_exists(dir, bpf_map__name(map)))
			continue;
		fd = bpffs_get(dir, bpf_map__name(map));
		if (fd < 0)
			return fd;
		err = bpf_map__reuse_fd(map, fd);
		close(fd);
	}
	return err;
}

int sockops_load(struct bpf_object_skeleton *skeleton, const __u64 *own_netns, const char *dir)
{
	__u64 cookie = 0;
	int err = find_netns(&cookie);

	/* The skeleton's rodata is const for readers; before the load we fill it. */
	if (!err)
		memcpy((void *)own_netns, &cookie, sizeof(cookie));
	err = err ?: share_maps(*skeleton->obj, dir);
	err = err ?: bpf_object__load_skeleton(skeleton);
	if (!err)
		log_forget_libbpf();
	return err;
}

int sockops_cgroup(char *why, size_t size)
{
	char path[PATH_MAX];
	int err = cgroup_find(MOUNTS, path, sizeof(path));
	int fd = err ?: open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!err && fd < 0)
		fd = -errno;
	if (err)
		snprintf(why, size, "cgroup v2 is not mounted: %s", strerror(-err));
	else if (fd < 0)
		snprintf(why, size, "%.60s cannot be opened: %s", path, strerror(-fd));
	return fd;
}

int sockops_attach(const struct bpf_program *prog, int cgroup, struct bpf_link **link)
{
	/* Its link leaves room for others' programs (BPF_F_ALLOW_MULTI), and goes with us. */
	*link = bpf_program__attach_cgroup(prog, cgroup);
	return *link ? 0 : -errno;
}

__u64 sockops_lost(const struct bpf_map *map)
{
	__u32 zero = 0;
	__u64 lost = 0;

	bpf_map_lookup_elem(bpf_map__fd(map), &zero, &lost);
	return lost;
}
