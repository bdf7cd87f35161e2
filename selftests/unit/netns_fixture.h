/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netns_fixture.h: a network namespace of a test's own, and ip(8) in it.
 */
#ifndef AD_NETNS_FIXTURE_H
#define AD_NETNS_FIXTURE_H

#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "selftests/tap.h"

/* From here on this process has a network of its own, with lo up. false: not root. */
__attribute__((unused)) static bool netns_enter(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	err = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return !err;
}

/* Runs a command; true if it ended well. */
__attribute__((unused, format(printf, 1, 2))) static bool netns_run(const char *format, ...)
{
	char command[1024];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	if (status)
		diag("%s: exit status %d", command, status);
	return !status;
}

/* Two ends of a cable, both up: v0 with 198.51.100.1/24 and 2001:db8:1::1/64, and v1. */
__attribute__((unused)) static bool netns_add_veth(void)
{
	return netns_run("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			 "ip link set v1 up && ip address add 198.51.100.1/24 dev v0 && "
			 "ip address add 2001:db8:1::1/64 dev v0 nodad");
}

/* What @command prints. */
__attribute__((unused)) static const char *netns_read(const char *command)
{
	static char text[8192];
	FILE *pipe = popen(command, "r");
	size_t size = pipe ? fread(text, 1, sizeof(text) - 1, pipe) : 0;

	text[size] = '\0';
	if (pipe)
		pclose(pipe);
	return text;
}

#endif
