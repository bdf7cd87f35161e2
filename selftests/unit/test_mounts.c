// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_mounts.c: a test can have mounts of its own also in a chroot, where "/" is no mount point.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "selftests/mounts.h"
#include "selftests/tap.h"

static char root[] = "/tmp/test-mounts.XXXXXX", proc[64];

/* How many of the mounts that we see are shared with others; -1: there is no such list. */
static int count_shared(void)
{
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	int nr = 0;

	if (!list)
		return -1;
	while (fgets(line, sizeof(line), list))
		nr += strstr(line, " shared:") != NULL;
	fclose(list);
	return nr;
}

/* The mount namespace around the chroot, in which /proc is shared. */
static bool go_into_chroot(void)
{
	return !mounts_unshare() && !mount("/proc", proc, NULL, MS_BIND, NULL) &&
	       !mount(NULL, proc, NULL, MS_SHARED, NULL) && !chroot(root) && !chdir("/");
}

static int in_child(void)
{
	if (!go_into_chroot())
		return 1;
	if (!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || errno != EINVAL)
		return 2;
	if (count_shared() != 1)
		return 3;
	if (mounts_unshare())
		return 4;
	return count_shared() ? 5 : 0;
}

static void test_mounts_in_a_chroot_are_ones_own(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(in_child());
	waitpid(pid, &status, 0);
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, "nothing is shared any more");
}

int main(void)
{
	if (geteuid())
		return skip_all("needs root");
	if (!ok(mkdtemp(root) != NULL, "a directory"))
		return done_testing();
	snprintf(proc, sizeof(proc), "%s/proc", root);
	mkdir(proc, 0700);
	test_mounts_in_a_chroot_are_ones_own();
	rmdir(proc);
	rmdir(root);
	return done_testing();
}
