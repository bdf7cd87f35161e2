// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * helper_process.c: the processes beside the daemon (helper_process.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "confine.h"
#include "helper_process.h"
#include "user/base/listener.h"
#include "user/base/log.h"
#include "user/bus/client.h"
#include "user/health/checker.h"

#define AGAIN_S 1 /* after it died */

struct helper {
	const char *what;    /* as one speaks of it */
	const char *process; /* its name for ps */
	int (*confine)(void);
	int (*run)(int fd, const char *config_path);
};

/* What talks to strangers' servers has no rights over the kernel. */
static void confine(const struct helper *helper)
{
	int err = confine_capabilities(0);

	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	err = err ?: helper->confine();
	if (err)
		log_warn("%s: no rights can be given up: %s; they go on without", helper->what,
			 strerror(-err));
}

static int run(const struct helper *helper, int fd, const char *config_path)
{
	int err;

	listener_raise_limit();
	confine(helper);
	err = helper->run(fd, config_path);
	if (err)
		log_err("%s: cannot run: %s", helper->what, strerror(-err));
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* It ends well when the daemon is gone. */
static int run_again(const struct helper *helper, int fd, const char *config_path)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(run(helper, fd, config_path));
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
			return EXIT_SUCCESS;
		if (pid > 0 && WIFSIGNALED(status))
			log_err("%s: their process died of signal %d; starting it again",
				helper->what, WTERMSIG(status));
		sleep(AGAIN_S);
	}
}

/* Nothing of the daemon's but the socket, stderr, and what it says there. */
static void leave_daemon(const struct helper *helper, int fd)
{
	int devnull = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (devnull >= 0) {
		dup2(devnull, STDIN_FILENO);
		dup2(devnull, STDOUT_FILENO);
	}
	if (fd > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, fd - 1, 0);
	close_range(fd + 1, ~0u, 0);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, helper->process);
	confine_memory();
}

static int start(const struct helper *helper, const char *config_path)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid) {
		leave_daemon(helper, pair[1]);
		_exit(run_again(helper, pair[1], config_path));
	}
	close(pair[1]);
	if (pid > 0)
		return pair[0];
	close(pair[0]);
	return -errno;
}

int checker_process_start(const char *config_path)
{
	static const struct helper checker = { .what = "health checks",
					       .process = "anydoor-checks",
					       .confine = confine_calls_but_programs,
					       .run = checker_run };

	return start(&checker, config_path);
}

static int confine_bus(void)
{
	static const char *const nowhere[] = { NULL };
	int err = confine_files(nowhere);

	return err == -EOPNOTSUPP || !err ? confine_calls() : err;
}

int bus_process_start(const char *config_path)
{
	static const struct helper bus = { .what = "the bus",
					   .process = "anydoor-bus",
					   .confine = confine_bus,
					   .run = bus_client_run };

	return start(&bus, config_path);
}
