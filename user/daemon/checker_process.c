// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * checker_process.c: the process that runs the checks of POPs (checker_process.h).
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
#include "checker_process.h"
#include "confine.h"
#include "user/base/listener.h"
#include "user/base/log.h"
#include "user/health/checker.h"

#define AGAIN_S 1 /* after it died */

/* What runs programs of operators and talks to strangers' servers has no rights over the kernel. */
static void confine(void)
{
	int err = confine_capabilities(0);

	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	err = err ?: confine_calls_but_programs();
	if (err)
		log_warn("health checks: no rights can be given up: %s; they go on without",
			 strerror(-err));
}

static int run(int fd, const char *config_path)
{
	int err;

	listener_raise_limit();
	confine();
	err = checker_run(fd, config_path);
	if (err)
		log_err("health checks cannot run: %s", strerror(-err));
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* It ends well when the daemon is gone. */
static int run_again(int fd, const char *config_path)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			return run(fd, config_path);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
			return EXIT_SUCCESS;
		if (pid > 0 && WIFSIGNALED(status))
			log_err("health checks: their process died of signal %d; starting it again",
				WTERMSIG(status));
		sleep(AGAIN_S);
	}
}

/* Nothing of the daemon's but the socket, stderr, and what it says there. */
static void leave_daemon(int fd)
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
	prctl(PR_SET_NAME, "anydoor-checks");
	confine_memory();
}

int checker_process_start(const char *config_path)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid) {
		leave_daemon(pair[1]);
		_exit(run_again(pair[1], config_path));
	}
	close(pair[1]);
	if (pid > 0)
		return pair[0];
	close(pair[0]);
	return -errno;
}
