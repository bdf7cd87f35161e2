// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_confine.c: what was given up is refused, and the rest is not. Each in a child of its own,
 * for nothing is ever given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/daemon/confine.h"

static char dir[] = "/tmp/anydoor-confine-XXXXXX", other[] = "/tmp/anydoor-confine-XXXXXX";

/* What @what returns in a child: an errno, or 0. */
static int in_child(int (*what)(void))
{
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(what());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int outcome(long result)
{
	return result < 0 ? errno : 0;
}

/* --- system calls ---------------------------------------------------------------------------- */

static int run_program(void)
{
	char *argv[] = { "true", NULL };

	if (confine_calls())
		return 254;
	return outcome(execv("/bin/true", argv));
}

static int make_process(void)
{
	pid_t child;

	if (confine_calls())
		return 254;
	child = fork();
	if (!child)
		_exit(0);
	return outcome(child);
}

static void *note_it_ran(void *ran)
{
	*(bool *)ran = true;
	return NULL;
}

static int make_thread(void)
{
	pthread_t thread;
	bool ran = false;

	if (confine_calls())
		return 254;
	if (pthread_create(&thread, NULL, note_it_ran, &ran) || pthread_join(thread, NULL))
		return 253;
	return ran ? 0 : 252;
}

/* As a thread, but in a network of its own. */
static int make_thread_elsewhere(void)
{
	const long flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWNET;

	return confine_calls() ? 254 : outcome(syscall(SYS_clone, flags, NULL, NULL, NULL, 0));
}

static int mount_something(void)
{
	return confine_calls() ? 254 : outcome(mount("none", dir, "tmpfs", 0, NULL));
}

static int enter_namespace(void)
{
	return confine_calls() ? 254 : outcome(unshare(CLONE_NEWUSER));
}

static int trace_parent(void)
{
	return confine_calls() ? 254 : outcome(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}

static int open_packet_socket(void)
{
	return confine_calls() ? 254 : outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static int map(int protection)
{
	void *at;

	if (confine_calls())
		return 254;
	at = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? errno : 0;
}

static int map_code(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int make_code(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return confine_calls() ? 254 : outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int open_the_rest(void)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	size_t i;

	if (map(PROT_READ | PROT_WRITE))
		return 1;
	for (i = 0; i < 4; i++)
		if (socket(families[i], SOCK_DGRAM, 0) < 0)
			return errno;
	return outcome(open("/dev/null", O_RDONLY));
}

static void test_confine_calls(void)
{
	is_int(in_child(run_program), EPERM, "no program is started");
	is_int(in_child(make_process), EPERM, "no process is made");
	is_int(in_child(make_thread), 0, "a thread is");
	is_int(in_child(make_thread_elsewhere), EPERM, "but in no other namespace");
	is_int(in_child(mount_something), EPERM, "nothing is mounted");
	is_int(in_child(enter_namespace), EPERM, "no namespace is entered");
	is_int(in_child(trace_parent), EPERM, "nobody is traced");
	is_int(in_child(open_packet_socket), EAFNOSUPPORT, "no socket of another family");
	is_int(in_child(map_code), EPERM, "no memory is written and executed");
	is_int(in_child(make_code), EPERM, "nor first the one, then the other");
	is_int(in_child(open_the_rest), 0, "memory, files and sockets are to be had");
}

static int run_program_of_checks(void)
{
	char *argv[] = { "true", NULL };

	if (confine_calls_but_programs())
		return 254;
	return outcome(execv("/bin/true", argv));
}

static int make_process_of_checks(void)
{
	return confine_calls_but_programs() ? 254 : in_child(getpid) == 255;
}

static int enter_namespace_of_checks(void)
{
	return confine_calls_but_programs() ? 254 : outcome(unshare(CLONE_NEWUSER));
}

static int open_packet_socket_of_checks(void)
{
	return confine_calls_but_programs() ? 254 : outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static void test_confine_calls_but_programs(void)
{
	is_int(in_child(run_program_of_checks), 0, "checks: a program is started");
	is_int(in_child(make_process_of_checks), 0, "a process is made");
	is_int(in_child(enter_namespace_of_checks), EPERM, "no namespace is entered");
	is_int(in_child(open_packet_socket_of_checks), EAFNOSUPPORT, "no socket of another family");
}

/* --- files ----------------------------------------------------------------------------------- */

/* An outcome of making, writing and removing a file in @where. */
static int write_in(const char *where)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/file", where);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return errno;
	return outcome(unlink(path));
}

static int confine(void)
{
	return -confine_files((const char *const[]){ dir, "/nonexistent", NULL });
}

static int write_inside(void)
{
	return confine() ? 254 : write_in(dir);
}

static int write_outside(void)
{
	return confine() ? 254 : write_in(other);
}

static int read_outside(void)
{
	return confine() ? 254 : outcome(open("/etc/passwd", O_RDONLY));
}

static int run_inside(void)
{
	char *argv[] = { "true", NULL };

	return confine() ? 254 : outcome(execv("/bin/true", argv));
}

static int make_dir_outside(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/dir", other);
	return confine() ? 254 : outcome(mkdir(path, 0700));
}

static void test_confine_files(void)
{
	if (in_child(confine) == EOPNOTSUPP) {
		skip("kernel without Landlock");
		return;
	}
	is_int(in_child(write_inside), 0, "files are made in the place that is named");
	is_int(in_child(write_outside), EACCES, "not in another");
	is_int(in_child(make_dir_outside), EACCES, "nor directories");
	is_int(in_child(read_outside), 0, "all are read");
	is_int(in_child(run_inside), EACCES, "none is run");
}

/* --- the process ----------------------------------------------------------------------------- */

static int keep_one(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[2];

	if (confine_capabilities(1 << CAP_CHOWN) || syscall(SYS_capget, &head, set))
		return 254;
	return set[0].permitted | set[0].effective | set[1].permitted | set[1].effective;
}

static int keep_memory(void)
{
	struct rlimit core;

	confine_memory();
	return prctl(PR_GET_DUMPABLE) || getrlimit(RLIMIT_CORE, &core) || core.rlim_max;
}

static void test_confine_process(void)
{
	is_int(in_child(keep_one), geteuid() ? 0 : 1 << CAP_CHOWN, "one capability is left");
	is_int(in_child(keep_memory), 0, "its memory is not dumped");
}

int main(void)
{
	if (!mkdtemp(dir) || !mkdtemp(other))
		return skip_all("no directory can be made in /tmp");
	test_confine_calls();
	test_confine_calls_but_programs();
	test_confine_process();
	test_confine_files();
	rmdir(dir);
	rmdir(other);
	return done_testing();
}
