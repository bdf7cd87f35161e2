// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sysctl.c: net.ipv4.tcp_timestamps of this network namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "sysctl.h"

/* /proc/sys/net shows the namespace of whoever opens it. */
#define PATH "/proc/sys/net/ipv4/tcp_timestamps"

int sysctl_get_timestamps(void)
{
	char text[16] = "";
	int fd = open(PATH, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? atoi(text) : -EIO;
}

int sysctl_set_timestamps(int value)
{
	int fd = open(PATH, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%d\n", value) < 0)
		err = -errno;
	close(fd);
	return err;
}
