// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_control.c: asking a daemon: one that answers, one that does not, none; and who asks is
 * known.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/clock.h"
#include "user/daemon/control.h"

static char dir[] = "/tmp/anydoor-control-XXXXXX";
static char path[64];

/* It takes connections, and never reads what they say. */
static int listen_deaf(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 5)) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

static void test_call_of_one_that_hangs_ends(void)
{
	int fd = listen_deaf();
	__u64 began_us = clock_mono_us();
	json_t *reply = NULL;
	int err = control_call_within(path, "drain", NULL, 1, &reply);
	double took_s = (clock_mono_us() - began_us) / 1e6;

	is_int(err, -ETIMEDOUT, "it listens and does not answer: told from others");
	ok(took_s > 0.9 && took_s < 10, "after the second that it had (%.1f s)", took_s);
	close(fd);
	is_int(control_call_within(path, "drain", NULL, 1, &reply), -ECONNREFUSED,
	       "it has died: nobody listens");
	unlink(path);
	is_int(control_call_within(path, "drain", NULL, 1, &reply), -ENOENT, "it was never there");
}

/* Says who asked, and with what. */
static json_t *echo(const char *verb, const json_t *args, struct control_caller *caller, void *base)
{
	if (strcmp(verb, "echo"))
		return NULL;
	event_base_loopexit(base, &(struct timeval){ .tv_usec = 50000 });
	return json_pack("{s:b, s:I, s:O*}", "ok", 1, "uid", (json_int_t)control_uid(caller),
			 "args", args);
}

/* A daemon that answers one verb, in a process of its own. */
static pid_t serve(void)
{
	struct control *control;
	struct event_base *base;
	pid_t pid = fork();

	if (pid)
		return pid;
	base = event_base_new();
	if (!base || control_new(base, path, echo, base, &control))
		_exit(1);
	event_base_dispatch(base);
	control_free(control);
	event_base_free(base);
	_exit(0);
}

/* Until it listens; ten seconds at most. */
static int call(const char *verb, json_t *args, json_t **reply)
{
	int err = -ENOENT;

	for (int i = 0; i < 1000 && (err == -ENOENT || err == -ECONNREFUSED); i++) {
		err = control_call_within(path, verb, json_incref(args), 5, reply);
		if (err)
			usleep(10000);
	}
	json_decref(args);
	return err;
}

static void test_call_is_answered_to_whom_the_kernel_names(void)
{
	pid_t pid = serve();
	json_t *reply = NULL, *args = json_pack("{s:s}", "who", "somebody else");
	int status = -1;

	is_int(call("nonsense", json_object(), &reply), 0, "a verb that there is not is answered");
	is_str(json_string_value(json_array_get(json_object_get(reply, "errors"), 0)),
	       "no such verb", "so");
	json_decref(reply);
	is_int(call("echo", args, &reply), 0, "another is answered");
	is_int(json_integer_value(json_object_get(reply, "uid")), geteuid(),
	       "by what the kernel says of who asks");
	is_str(json_string_value(json_object_get(json_object_get(reply, "args"), "who")),
	       "somebody else", "beside what he says of himself");
	json_decref(reply);
	waitpid(pid, &status, 0);
	is_int(status, 0, "it ends");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/control", dir);
	test_call_of_one_that_hangs_ends();
	test_call_is_answered_to_whom_the_kernel_names();
	unlink(path);
	rmdir(dir);
	return done_testing();
}
