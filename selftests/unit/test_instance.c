// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_instance.c: an instance's names, paths and locks.
 */
#include <fcntl.h>
#include "instance_fixture.h"
#include "selftests/tap.h"
#include "user/state/bpffs.h"
#include "user/state/instance.h"

static char bpffs[64], run[64];
static struct config config = { .path = (char *)"c", .bpffs = bpffs, .run_dir = run };
static struct config_errors errors;

static int error_count(void)
{
	int nr = errors.nr;

	config_errors_free(&errors);
	errors = (struct config_errors){};
	return nr;
}

static void test_name_is_a_word(void)
{
	ok(instance_name_is_good("edge-1_b"), "letters, digits, '-' and '_'");
	ok(instance_name_is_good("abcdefghijklmnopqrstuvwxyz012345"), "32 of them");
	ok(!instance_name_is_good("abcdefghijklmnopqrstuvwxyz0123456"), "but not 33");
	ok(!instance_name_is_good(""), "nor none");
	ok(!instance_name_is_good("a.b"), "no dot");
	ok(!instance_name_is_good("../x"), "and no way out");
}

static void test_init_makes_paths_of_the_name(void)
{
	struct config too_long = config;
	struct instance instance;
	char path[400];

	is_int(instance_init(&instance, &config, "test", &errors), 0, "a good name");
	snprintf(path, sizeof(path), "%s/test", bpffs);
	is_str(instance.dir, path, "its pins");
	snprintf(path, sizeof(path), "%s/test/control", run);
	is_str(instance.control, path, "its control socket");
	is_int(instance_init(&instance, &config, "a/b", &errors), -EINVAL, "a bad name");
	is_int(error_count(), 1, "is told");
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	too_long.bpffs = path;
	is_int(instance_init(&instance, &too_long, "test", &errors), -EINVAL, "a path too long");
	is_int(error_count(), 1, "is told, too");
}

static void test_group_that_is_not_there_is_an_error(void)
{
	struct config grouped = config;
	struct instance instance;

	instance_init(&instance, &config, "test", &errors);
	is_int(instance_find_group(&instance, &grouped, &errors), 0, "no group");
	is_int(instance.gid, 0, "is root's");
	grouped.group = (char *)"no-such-group";
	is_int(instance_find_group(&instance, &grouped, &errors), -EINVAL, "an unknown group");
	is_int(error_count(), 1, "is told");
}

static void test_lock_is_held_by_one(void)
{
	struct instance one, two;

	instance_init(&one, &config, "test", &errors);
	instance_init(&two, &config, "test", &errors);
	is_int(instance_lock_run(&one, &errors), 0, "the run files");
	is_int(instance_lock_pins(&one, &errors), 0, "the pins");
	is_int(instance_lock_run(&two, &errors), -EAGAIN, "another has the run files");
	is_int(two.holder, getpid(), "whose number is known");
	two.holder = 0;
	is_int(instance_lock_pins(&two, &errors), -EAGAIN, "and the pins");
	is_int(two.holder, getpid(), "whose number is known there, too");
	is_int(error_count(), 0, "neither is an error");
	instance_unlock(&one);
	is_int(instance_lock_run(&two, &errors), 0, "unlocked, the next takes them");
	is_int(instance_lock_pins(&two, &errors), 0, "both");
	instance_unlock(&two);
	ok(access(two.keep, F_OK), "nothing stays where nothing is pinned");
}

static void test_run_directory_stays_as_it_was(void)
{
	struct instance one, two;
	char lock[400];

	instance_init(&one, &config, "nope", &errors);
	instance_init(&two, &config, "nope", &errors);
	is_int(instance_lock_run(&one, &errors), 0, "of an instance that is not loaded");
	ok(!access(one.run, F_OK), "it is made for the lock");
	snprintf(lock, sizeof(lock), "%s/lock", one.run);
	is_int(instance_lock_run(&two, &errors), -EAGAIN, "another process has to wait");
	instance_unlock(&one);
	ok(access(one.run, F_OK), "and removed with it");
	is_int(instance_lock_run(&two, &errors), 0, "the other one makes it anew");
	instance_unlock(&two);
	mkdir(run, 0755);
	is_int(mkdir(one.run, 0755), 0, "and again");
	is_int(instance_lock_run(&one, &errors), 0, "one that was there");
	instance_unlock(&one);
	ok(!access(one.run, F_OK), "stays");
	unlink(lock);
	rmdir(one.run);
	is_int(error_count(), 0, "nothing of it is an error");
}

static void test_lock_of_pins_is_renewed(void)
{
	struct instance instance;
	int before;

	instance_init(&instance, &config, "test", &errors);
	is_int(instance_lock_pins(&instance, &errors), 0, "locked");
	before = instance.lock_pins;
	is_int(instance_renew_pins_lock(&instance, &errors), 0, "nothing to renew");
	is_int(instance.lock_pins, before, "the same lock");
	bpffs_remove(instance.keep);
	is_int(instance_renew_pins_lock(&instance, &errors), 0, "renewed once it is gone");
	ok(!access(instance.keep, F_OK), "it is there again");
	instance_unlock(&instance);
}

static void test_control_is_where_the_holder_listens(void)
{
	struct config moved = config;
	struct instance one, two;
	char path[400];
	struct stat st;

	instance_init(&one, &config, "test", &errors);
	is_int(instance_lock_run(&one, &errors) ?: instance_lock_pins(&one, &errors), 0, "locked");
	moved.run_dir = (char *)"/run/unit-elsewhere";
	instance_init(&two, &moved, "test", &errors);
	instance_find_control(&two);
	snprintf(path, sizeof(path), "%s/test/control", run);
	is_str(two.control, path, "not where the configuration says now");
	is_int(instance_stat_run(&two, &st), 0, "nor are its run files");
	ok(!instance_has_run(&one), "without a control socket it cannot be asked");
	close(open(one.control, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ok(instance_has_run(&one), "with one it can");
	unlink(one.control);
	instance_unlock(&one);
}

static void clean(void)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/test/lock", run);
	unlink(path);
	snprintf(path, sizeof(path), "%s/test", run);
	rmdir(path);
	rmdir(run);
	rmdir(bpffs);
}

int main(void)
{
	snprintf(bpffs, sizeof(bpffs), "/sys/fs/bpf/unit-%d", getpid());
	snprintf(run, sizeof(run), "/run/unit-%d", getpid());
	if (geteuid() || !fixture_has_bpffs() || mkdir(bpffs, 0755))
		return skip_all("needs root and a bpffs");
	test_name_is_a_word();
	test_init_makes_paths_of_the_name();
	test_group_that_is_not_there_is_an_error();
	test_lock_is_held_by_one();
	test_run_directory_stays_as_it_was();
	test_lock_of_pins_is_renewed();
	test_control_is_where_the_holder_listens();
	clean();
	return done_testing();
}
