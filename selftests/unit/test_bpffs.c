// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bpffs.c: who may pass through the bpffs to an instance's pins.
 */
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "selftests/mounts.h"
#include "selftests/tap.h"
#include "user/state/bpffs.h"
#include "user/config/config.h"

#define OURS  64001
#define OTHER 64002

static char top[] = "/tmp/anydoor-bpffs-XXXXXX", root[64];

/* A bpffs as systemd mounts it, gone with the test's mount namespace. */
static bool fixture(void)
{
	if (!mkdtemp(top) || mounts_unshare() || mount("bpf", top, "bpf", 0, "mode=0700"))
		return false;
	snprintf(root, sizeof(root), "%s/anydoor", top);
	return !mkdir(root, 0755);
}

static bool open_to(gid_t gid)
{
	struct config_errors errors = {};
	int err = bpffs_open_to_group(root, gid, &errors);

	config_errors_free(&errors);
	return !err;
}

static bool has(mode_t mode, gid_t gid)
{
	struct stat st;

	return !stat(top, &st) && (st.st_mode & 0777) == mode && st.st_gid == gid;
}

static void close_again(mode_t mode, gid_t gid)
{
	ok(!chown(top, 0, gid) && !chmod(top, mode), "%o of group %u", mode, gid);
}

static void test_bpffs_is_opened_to_the_group_alone(void)
{
	struct stat st;

	ok(open_to(OURS), "opened");
	ok(has(0710, OURS), "its members may pass, nobody may list, others may not pass");
	ok(!stat(root, &st) && st.st_gid == OURS, "what is below is the group's");
	ok(open_to(OURS) && has(0710, OURS), "once more");
}

static void test_bpffs_of_another_group_stays(void)
{
	close_again(0750, OTHER);
	ok(open_to(OURS) && has(0750, OTHER), "it keeps its rights");
	close_again(0700, OTHER);
	ok(open_to(OURS) && has(0710, OURS), "it had none to lose");
}

static void test_bpffs_open_to_all_stays(void)
{
	close_again(0755, 0);
	ok(open_to(OURS) && has(0755, 0), "nothing to be done");
	close_again(0777, OTHER);
	ok(open_to(OURS) && has(0777, OTHER), "whoever's it is");
}

int main(void)
{
	if (geteuid() || !fixture())
		return skip_all("needs root and a bpffs");
	test_bpffs_is_opened_to_the_group_alone();
	test_bpffs_of_another_group_stays();
	test_bpffs_open_to_all_stays();
	umount(top);
	rmdir(top);
	return done_testing();
}
