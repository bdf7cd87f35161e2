// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_log.c: what is shown, where, and what is kept of the libraries' talk.
 */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "output_fixture.h"
#include "user/base/log.h"

static void test_log_level_hides_what_is_below(void)
{
	catch_output(stderr);
	log_set_level(LOG_WARN_);
	log_err("one %d", 1);
	log_warn("two");
	log_info("three");
	log_debug("four");
	is_str(release_output(), "error: one 1\nwarning: two\n", "errors and warnings");
	catch_output(stderr);
	log_set_level(LOG_INFO_);
	log_info("three");
	is_str(release_output(), "three\n", "information has no prefix");
}

static void test_log_journal_gets_priorities(void)
{
	char stream[64];
	struct stat st;

	catch_output(stderr);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_err("one");
	log_warn("two");
	is_str(release_output(), "<3>one\n<4>two\n", "stderr is the journal");
	setenv("JOURNAL_STREAM", "1:2", 1);
	catch_output(stderr);
	log_err("one");
	is_str(release_output(), "error: one\n", "stderr has been redirected since");
	unsetenv("JOURNAL_STREAM");
}

static void test_log_long_line_stays_one_line(void)
{
	char text[4096];
	const char *said;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	catch_output(stderr);
	log_err("%s", text);
	said = release_output();
	ok(strlen(said) < 2048, "is cut");
	ok(strchr(said, '\n') == said + strlen(said) - 1, "and ended");
}

/* Who names a file may put a line end into the name, and what a terminal obeys. */
static void test_log_text_of_others_forges_no_line(void)
{
	catch_output(stderr);
	log_err("%s: not found", "a\n<3>error: \x1b[2Jforged\r\t\x7f");
	is_str(release_output(),
	       "error: a\\x0a<3>error: \\x1b[2Jforged\\x0d\\x09\\x7f: not found\n", "one line");
	catch_output(stderr);
	log_warn("Z\xc3\xbcrich \xff \xc2\x9b");
	is_str(release_output(), "warning: Z\xc3\xbcrich \\xff \\xc2\\x9b\n", "UTF-8 alone");
}

/* Any failing call makes libbpf talk. */
static void make_libbpf_talk(void)
{
	struct bpf_object *object = bpf_object__open("/nonexistent.bpf.o");

	if (object)
		bpf_object__close(object);
}

static void test_log_libbpf_is_kept_until_it_matters(void)
{
	log_adopt_libbpf();
	catch_output(stderr);
	make_libbpf_talk();
	is_str(release_output(), "", "nothing is shown at once");
	catch_output(stderr);
	log_replay_libbpf();
	ok(strstr(release_output(), "/nonexistent.bpf.o"), "a failure shows it");
	catch_output(stderr);
	log_replay_libbpf();
	is_str(release_output(), "", "once");
	make_libbpf_talk();
	log_forget_libbpf();
	catch_output(stderr);
	log_replay_libbpf();
	is_str(release_output(), "", "and not if it was forgotten");
}

static void test_log_libbpf_at_once_is_lines_of_ours(void)
{
	const char *said;

	log_set_level(LOG_DEBUG_);
	catch_output(stderr);
	make_libbpf_talk();
	said = release_output();
	ok(!strncmp(said, "debug:   libbpf: ", 17), "with its word before it: %s", said);
	log_set_level(LOG_INFO_);
}

static void test_log_libbpf_flood_is_cut_to_its_end(void)
{
	size_t lines = 0;
	const char *said;
	int i;

	for (i = 0; i < 2000; i++)
		make_libbpf_talk();
	catch_output(stderr);
	log_replay_libbpf();
	said = release_output();
	ok(!strncmp(said, "error:   (only the last 40 lines", 32), "says that there was more");
	for (; *said; said++)
		lines += *said == '\n';
	is_int(lines, 41, "and shows the last");
}

/* Somebody who reads a pipe stops: the daemon goes on, and says later what is missing. */
static void test_log_full_pipe_is_not_waited_for(void)
{
	static char text[1 << 17];
	int ends[2], keep = dup(STDERR_FILENO), i;
	ssize_t got;

	if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0)
		_exit(1);
	log_never_wait();
	alarm(20);
	for (i = 0; i < 5000; i++)
		log_err("line %d", i);
	got = read(ends[0], text, sizeof(text) - 1);
	log_err("the last line");
	got += read(ends[0], text + got, sizeof(text) - 1 - got);
	alarm(0);
	dup2(keep, STDERR_FILENO);
	text[got] = '\0';
	ok(strstr(text, "error: line 0\n"), "the first lines are there");
	ok(!strstr(text, "line 4999"), "the pipe was full in the end");
	ok(strstr(text, "lines of log are missing here"), "what is missing is said");
	ok(strstr(text, "the last line\n"), "and what comes later is there");
}

int main(void)
{
	test_log_level_hides_what_is_below();
	test_log_journal_gets_priorities();
	test_log_long_line_stays_one_line();
	test_log_text_of_others_forges_no_line();
	test_log_libbpf_is_kept_until_it_matters();
	test_log_libbpf_at_once_is_lines_of_ours();
	test_log_libbpf_flood_is_cut_to_its_end();
	test_log_full_pipe_is_not_waited_for(); /* the last: no line waits any more */
	return done_testing();
}
