// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_trust.c: whether others could decide what lies at a path. Needs no root: who runs the test
 * is who owns what it makes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/state/trust.h"

static char base[] = "/tmp/trust.XXXXXX";
static char why[TRUST_TEXT];

static const char *below(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static void make_dir(const char *name, mode_t mode)
{
	if (mkdir(below(name), 0755) || chmod(below(name), mode))
		abort();
}

static void expect(const char *name, const char *named, const char *words, const char *what)
{
	*why = '\0';
	is_int(trust_path(below(name), why), words ? -EPERM : 0, "%s", what);
	if (words) {
		ok(strstr(why, named) && strstr(why, words), "it says where and why: %s", why);
	}
}

static void test_trust_of_our_own(void)
{
	make_dir("own", 0755);
	make_dir("own/deep", 0700);
	expect("own/deep", NULL, NULL, "what is ours, below what is ours, below a sticky /tmp");
	expect("own/deep/none/at/all", NULL, NULL, "what does not exist yet");
}

static void test_trust_of_what_others_may_write(void)
{
	make_dir("open", 0777);
	make_dir("open/in", 0755);
	expect("open", "/open: ", "mode 0777", "a directory that everybody writes to");
	expect("open/in", "/open: ", "chmod go-w", "and what lies in it");
	expect("open/none", "/open: ", "mode 0777", "and what could come to lie there");
}

static void test_trust_of_a_sticky_directory(void)
{
	make_dir("sticky", 01777);
	make_dir("sticky/in", 0755);
	expect("sticky/in", NULL, NULL, "on the way it may be sticky");
	expect("sticky", "/sticky: ", "mode 1777", "but not in the end");
}

static void test_trust_follows_links(void)
{
	make_dir("real", 0777);
	make_dir("real/in", 0755);
	if (symlink("real/in", below("link")))
		abort();
	expect("link", "/real: ", "mode 0777", "a link leads through what others may write");
	if (symlink("own/deep", below("good")))
		abort();
	expect("good", NULL, NULL, "or through what they may not");
}

static void test_trust_of_an_open_file(void)
{
	struct stat st = { .st_mode = S_IFREG | 0644, .st_uid = geteuid(), .st_gid = 1234 };

	ok(trust_is_ours(&st), "ours, and others read");
	st.st_mode = S_IFREG | 0664;
	ok(!trust_is_ours(&st), "a group writes");
	st.st_gid = 0;
	ok(trust_is_ours(&st), "group root is root");
	st.st_mode = S_IFREG | 0646;
	ok(!trust_is_ours(&st), "everybody writes");
	st.st_mode = S_IFREG | 0600;
	st.st_uid = geteuid() + 4321;
	ok(!trust_is_ours(&st), "it is another user's");
	st.st_uid = 0;
	ok(trust_is_ours(&st), "it is root's");
}

static void test_trust_or_tell_adds_a_line(void)
{
	struct config_errors errors = {};

	is_int(trust_or_tell(below("own/deep"), &errors), 0, "nothing to tell");
	is_int(errors.nr, 0, "no line");
	is_int(trust_or_tell(below("open/in"), &errors), -EPERM, "something to tell");
	is_int(errors.nr, 1, "one line");
	config_errors_free(&errors);
}

static void clean_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	if (system(command))
		abort();
}

int main(void)
{
	umask(022);
	if (!mkdtemp(base))
		return 1;
	test_trust_of_our_own();
	test_trust_of_what_others_may_write();
	test_trust_of_a_sticky_directory();
	test_trust_follows_links();
	test_trust_of_an_open_file();
	test_trust_or_tell_adds_a_line();
	clean_up();
	return done_testing();
}
