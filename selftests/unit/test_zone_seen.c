// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_seen.c: a file counts as unchanged only if no change can have gone unseen.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/clock.h"
#include "user/zone/zone_seen.h"

#define OLD_S 100

static char path[] = "/tmp/test_zone_seen.XXXXXX", other[64];

/* As if it had been looked at after all of its changes were old. */
static struct zone_seen seen_old(void)
{
	struct zone_seen seen;
	struct stat st;

	stat(path, &st);
	zone_seen_take(&seen, path, &st);
	seen.young = false;
	return seen;
}

static void write_to(const char *to, const char *text)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ok(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "written");
	close(fd);
}

static void test_take_what_changed_just_now_is_young(void)
{
	struct zone_seen seen;
	struct stat st;

	write_to(path, "one");
	stat(path, &st);
	zone_seen_take(&seen, path, &st);
	ok(seen.young, "written just now");
	ok(!zone_seen_holds(&seen), "so it may change again unseen");
	st.st_mtim.tv_sec -= OLD_S;
	zone_seen_take(&seen, path, &st);
	ok(seen.young, "its data are old, its status is not");
	st.st_ctim.tv_sec -= OLD_S;
	zone_seen_take(&seen, path, &st);
	ok(!seen.young, "both are old");
	is_int(seen.size, 3, "its size");
	ok(seen.data_ns == clock_ns_of(&st.st_mtim), "its time");
}

static void test_holds_until_anything_differs(void)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000 } };
	struct zone_seen seen = seen_old();

	ok(zone_seen_holds(&seen), "nothing differs");
	write_to(path, "longer");
	ok(!zone_seen_holds(&seen), "another size");
	seen = seen_old();
	utimensat(AT_FDCWD, path, times, 0);
	ok(!zone_seen_holds(&seen), "another time");
	seen = seen_old();
	usleep(20000);
	chmod(path, 0644);
	ok(!zone_seen_holds(&seen), "another mode");
}

static void test_holds_file_replaced_or_gone(void)
{
	struct zone_seen seen = seen_old();
	struct stat st;

	stat(path, &st);
	snprintf(other, sizeof(other), "%s~", path);
	write_to(other, "longer");
	utimensat(AT_FDCWD, other, (struct timespec[]){ st.st_atim, st.st_mtim }, 0);
	rename(other, path);
	ok(!zone_seen_holds(&seen), "another file of the same size and time");
	seen = seen_old();
	unlink(path);
	ok(!zone_seen_holds(&seen), "no file");
}

int main(void)
{
	close(mkstemp(path));
	test_take_what_changed_just_now_is_young();
	test_holds_until_anything_differs();
	test_holds_file_replaced_or_gone();
	return done_testing();
}
