// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * listener.c: one descriptor is kept in reserve. It is closed to accept a connection, which is then
 * closed at once.
 */
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "clock.h"
#include "listener.h"
#include "log.h"

#define FILES_MAX   65536
#define FILES_SPARE 32
#define SAY_EVERY_S 60

static int reserve = -1;
static int files_max = INT_MAX; /* that may be open */

static void keep_reserve(void)
{
	if (reserve < 0)
		reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void say(int err)
{
	static __u32 said_s;
	__u32 now_s = clock_mono_s();

	if (said_s && now_s - said_s < SAY_EVERY_S)
		return;
	said_s = now_s;
	log_warn("connections are refused: %s; see LimitNOFILE=", strerror(err));
}

static void on_error(struct evconnlistener *listener, void *arg)
{
	int fd;

	say(errno);
	if (reserve >= 0)
		close(reserve);
	reserve = -1;
	fd = accept4(evconnlistener_get_fd(listener), NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	keep_reserve();
}

void listener_turn_away(struct evconnlistener *listener)
{
	keep_reserve();
	evconnlistener_set_error_cb(listener, on_error);
}

/* A new descriptor gets the lowest free number, so all lower numbers are in use. */
bool listener_spares(int fd)
{
	if (fd < files_max - FILES_SPARE)
		return true;
	close(fd);
	say(EMFILE);
	return false;
}

/* The soft limit is 1024 only for select(2), which nothing here uses. */
void listener_raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files_max = files.rlim_cur < INT_MAX ? files.rlim_cur : INT_MAX;
	if (files.rlim_cur >= FILES_MAX)
		return;
	files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
	if (setrlimit(RLIMIT_NOFILE, &files))
		log_warn("open files: the limit cannot be raised: %s", strerror(errno));
	else
		files_max = files.rlim_cur;
}
