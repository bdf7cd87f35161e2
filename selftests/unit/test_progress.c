// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_progress.c: what takes long says so, to people and to the service manager; what does not is
 * silent.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "output_fixture.h"
#include "user/base/log.h"
#include "user/base/progress.h"

static char path[] = "/tmp/progress.XXXXXX";

/* Stands in for the service manager. */
static int listen_as_manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	close(mkstemp(path));
	unlink(path);
	strcpy(address.sun_path, path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static const char *heard(int fd)
{
	static char text[512];
	ssize_t len = recv(fd, text, sizeof(text) - 1, 0);

	text[len < 0 ? 0 : len] = '\0';
	return text;
}

static void test_progress_says_nothing_at_first(int manager)
{
	progress_begin();
	catch_output(stderr);
	progress_at("reading: %d of %d", 1, 9);
	is_str(release_output(), "", "nothing is said at once");
	is_str(heard(manager), "", "nor to the service manager");
}

static void test_progress_of_what_takes_long_is_told(int manager)
{
	const char *said;

	usleep(2050000);
	catch_output(stderr);
	progress_at("reading: %d of %d", 5, 9);
	progress_at("reading: %d of %d", 6, 9);
	said = release_output();
	ok(strstr(said, "reading: 5 of 9; 2 s so far") && !strstr(said, "6 of 9"),
	   "after two seconds, once");
	said = heard(manager);
	ok(strstr(said, "WATCHDOG=1\n") && strstr(said, "EXTEND_TIMEOUT_USEC=") &&
		   strstr(said, "STATUS=reading: 5 of 9"),
	   "the manager hears that we live, need time, and why");
	is_str(heard(manager), "", "once");
	ok(progress_seconds() > 2 && progress_seconds() < 60, "how long it took");
}

/* A loop that would hang must not be hidden by a thread that goes on. */
static void test_progress_vouches_only_when_told(int manager)
{
	const char *said;

	progress_vouch(false, NULL, NULL);
	usleep(2050000);
	progress_at("reading: %d of %d", 7, 9);
	said = heard(manager);
	is_str(said, "STATUS=reading: 7 of 9", "beside a loop: what it does, and no sign of life");
}

static void test_progress_is_stopped(void)
{
	ok(progress_at("reading"), "it may go on");
	progress_stop(true);
	ok(!progress_at("reading"), "it is to stop");
	progress_stop(false);
	ok(progress_at("reading"), "the next one may go on");
}

int main(void)
{
	int manager = listen_as_manager();

	log_set_level(LOG_INFO_);
	if (!ok(manager >= 0, "a socket"))
		return done_testing();
	progress_vouch(true, NULL, NULL);
	test_progress_says_nothing_at_first(manager);
	test_progress_of_what_takes_long_is_told(manager);
	test_progress_vouches_only_when_told(manager);
	test_progress_is_stopped();
	unlink(path);
	return done_testing();
}
