// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sysctl.c: the sysctls of this network namespace that the data path depends on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "sysctl.h"

static const struct {
	const char *name;
	const char *path; /* the file shows the namespace of the process that opens it */
	int wanted;
} rows[AD_SYSCTL_MAX] = {
	/* 2: TSval is the bare monotonic clock, without an offset of its own per connection. */
	[AD_SYSCTL_TIMESTAMPS] = { "net.ipv4.tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps",
				   2 },
	/*
	 * The data path looks up routes to peers as if packets came from lo, and the kernel does
	 * that only if lo forwards.
	 */
	[AD_SYSCTL_LO_FORWARDING4] = { "net.ipv4.conf.lo.forwarding",
				       "/proc/sys/net/ipv4/conf/lo/forwarding", 1 },
	[AD_SYSCTL_LO_FORWARDING6] = { "net.ipv6.conf.lo.forwarding",
				       "/proc/sys/net/ipv6/conf/lo/forwarding", 1 },
};

const char *sysctl_name(enum ad_sysctl which)
{
	return rows[which].name;
}

int sysctl_wanted(enum ad_sysctl which)
{
	return rows[which].wanted;
}

int sysctl_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? atoi(text) : -EIO;
}

int sysctl_get(enum ad_sysctl which)
{
	return sysctl_read(rows[which].path);
}

/* -ENOENT: this kernel has no multipath routes, or not this family. */
static bool by_address(const char *path)
{
	int policy = sysctl_read(path);

	return !policy || policy == -ENOENT;
}

bool sysctl_routes_by_address(void)
{
	return by_address("/proc/sys/net/ipv4/fib_multipath_hash_policy") &&
	       by_address("/proc/sys/net/ipv6/fib_multipath_hash_policy");
}

int sysctl_set(enum ad_sysctl which, int value)
{
	int fd = open(rows[which].path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%d\n", value) < 0)
		err = -errno;
	close(fd);
	return err;
}
