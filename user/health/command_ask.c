// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * command_ask.c: checks by a program of the operator (asking.h). The exit code is the answer; what
 * it prints is read only where somebody wants it.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "asking.h"

struct command {
	struct asking *asking; /* NULL: nobody waits for it */
	struct event *event;   /* readable when the program has ended */
	int pidfd;
	pid_t pid;
	int printed[2]; /* a pipe for what it prints; -1: nobody reads that */
};

/* Before it is waited for: until then nobody else can have its number. */
static void end_group(const struct command *command, siginfo_t *info)
{
	kill(-command->pid, SIGKILL);
	while (waitid(P_PID, command->pid, info, WEXITED) && errno == EINTR)
		;
}

static void command_free(struct command *command)
{
	if (command->event)
		event_free(command->event);
	if (command->pidfd >= 0)
		close(command->pidfd);
	if (command->printed[0] >= 0)
		close(command->printed[0]);
	if (command->printed[1] >= 0)
		close(command->printed[1]);
	free(command);
}

/* It has ended: all that it printed is in the pipe. If that was full it was killed in time. */
static void read_printed(const struct command *command, struct asking *asking)
{
	ssize_t size = 0;

	if (!asking->said_room)
		return;
	if (command->printed[0] >= 0)
		size = read(command->printed[0], asking->said, asking->said_room - 1);
	asking->said[size > 0 ? size : 0] = '\0';
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct command *command = arg;
	struct asking *asking = command->asking;
	char why[AD_HEALTH_WHY] = "";
	siginfo_t info = {};

	end_group(command, &info);
	if (asking)
		read_printed(command, asking);
	command_free(command);
	if (!asking)
		return;
	asking->with = NULL;
	if (info.si_code != CLD_EXITED)
		snprintf(why, sizeof(why), "killed by signal %d", info.si_status);
	else if (info.si_status)
		snprintf(why, sizeof(why), "exit code %d", info.si_status);
	asking->done(asking, !*why, why);
}

/* --- starting --------------------------------------------------------------------------------- */

static void arguments_free(char **argv)
{
	size_t i;

	for (i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static char **arguments_new(const struct asking *asking)
{
	const struct config_arguments *arguments = &asking->check->command;
	char **argv = calloc(arguments->nr + 1, sizeof(*argv)), text[ASKING_TEXT];
	const char *whole;
	size_t i;

	for (i = 0; argv && i < arguments->nr; i++) {
		whole = strlen(arguments->list[i]) < ASKING_TEXT
				? asking_expand(asking, arguments->list[i], text)
				: NULL;
		argv[i] = strdup(whole ?: arguments->list[i]);
		if (!argv[i]) {
			arguments_free(argv);
			return NULL;
		}
	}
	return argv;
}

/* A group of its own, with every signal as a program expects it, and no terminal. */
static int fill_attributes(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *files,
			   int output)
{
	sigset_t all, none;
	int fd, err;

	sigfillset(&all);
	sigemptyset(&none);
	err = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
							   POSIX_SPAWN_SETSIGMASK);
	err = err ?: posix_spawnattr_setpgroup(attributes, 0);
	err = err ?: posix_spawnattr_setsigdefault(attributes, &all);
	err = err ?: posix_spawnattr_setsigmask(attributes, &none);
	for (fd = 0; !err && fd < 3; fd++)
		err = posix_spawn_file_actions_addopen(files, fd, "/dev/null", O_RDWR, 0);
	if (!err && output >= 0)
		err = posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
	return err;
}

static int spawn(struct command *command, char **argv)
{
	static char *environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
		NULL
	};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int err;

	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_init(&files);
	err = fill_attributes(&attributes, &files, command->printed[1]);
	err = err ?: posix_spawn(&command->pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

static int open_pipe(struct command *command)
{
	if (!command->asking->said_room)
		return 0;
	return pipe2(command->printed, O_CLOEXEC | O_NONBLOCK) ? -errno : 0;
}

static int watch(struct event_base *base, struct command *command)
{
	command->pidfd = syscall(SYS_pidfd_open, command->pid, 0);
	if (command->pidfd < 0)
		return -errno;
	command->event = event_new(base, command->pidfd, EV_READ, on_end, command);
	return command->event && !event_add(command->event, NULL) ? 0 : -ENOMEM;
}

int command_ask(struct event_base *base, struct asking *asking)
{
	struct command *command = calloc(1, sizeof(*command));
	char **argv = command ? arguments_new(asking) : NULL;
	siginfo_t ignored;
	int err = argv ? 0 : -ENOMEM;

	if (command)
		*command = (struct command){ .asking = asking, .pidfd = -1, .printed = { -1, -1 } };
	err = err ?: open_pipe(command);
	err = err ?: spawn(command, argv);
	if (!err) {
		err = watch(base, command);
		if (err)
			end_group(command, &ignored);
	}
	arguments_free(argv);
	if (!err)
		asking->with = command;
	else if (command)
		command_free(command);
	return err;
}

void command_kill(struct asking *asking)
{
	const struct command *command = asking->with;

	kill(-command->pid, SIGKILL);
}

/* One that the kernel does not let go of yet is waited for by its event. */
void command_cancel(struct asking *asking)
{
	struct command *command = asking->with;

	if (!command)
		return;
	command_kill(asking);
	command->asking = NULL;
	asking->with = NULL;
}
