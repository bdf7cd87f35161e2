// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * confine.c: what the daemon gives up for good (confine.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "confine.h"

#define FAMILIES 64 /* more than there are */

/* Debian 12's headers are older than what its newer kernels know. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif

void confine_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){});
}

/* --- system calls ---------------------------------------------------------------------------- */

/* What the daemon never asks for: by kinds, as systemd.exec(5) has them. */
static const int programs[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
};

static const int refused[] = {
	/* other processes */
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	/* file systems */
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(quotactl),
	SCMP_SYS(quotactl_fd),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	/* the machine */
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(syslog),
	SCMP_SYS(acct),
	/* who we are */
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setreuid),
	SCMP_SYS(setregid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(setfsuid),
	SCMP_SYS(setfsgid),
	SCMP_SYS(personality),
	/* much of the kernel behind one call */
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(modify_ldt),
	SCMP_SYS(vmsplice),
	SCMP_SYS(move_pages),
	SCMP_SYS(migrate_pages),
	SCMP_SYS(remap_file_pages),
};

static int refuse_calls(scmp_filter_ctx filter, const int *calls, size_t nr)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < nr; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	return err;
}

static int refuse_processes(scmp_filter_ctx filter)
{
	int err = refuse_calls(filter, programs, sizeof(programs) / sizeof(*programs));

	return err
		       ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

/*
 * No others than there are. What clone3() is asked for lies in memory, where no filter looks:
 * without it the C library calls clone().
 */
static int refuse_namespaces(scmp_filter_ctx filter)
{
	static const scmp_datum_t refused_flags[] = {
		CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWUSER,
		CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP,
	};
	size_t i;
	int err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	for (i = 0; !err && i < sizeof(refused_flags) / sizeof(*refused_flags); i++)
		err = seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, refused_flags[i], refused_flags[i]));
	return err;
}

static bool is_our_family(int family)
{
	return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

static int refuse_sockets(scmp_filter_ctx filter)
{
	int family, err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
					   1, SCMP_A0(SCMP_CMP_GE, FAMILIES));

	for (family = 0; !err && family < FAMILIES; family++)
		if (!is_our_family(family))
			err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
					       SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family));
	return err;
}

/* A library that NSS loads is mapped to be executed, but never to be written, too. */
static int refuse_code(scmp_filter_ctx filter)
{
	static const int both = PROT_WRITE | PROT_EXEC;
	int err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));

	err = err
		      ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
					  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	return err
		       ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(pkey_mprotect),
					   1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

static int confine(bool may_run)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err;

	if (!filter)
		return -ENOMEM;
	/* A tree: the loop makes a few calls for every answer over TCP. */
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	err = err ?: refuse_calls(filter, refused, sizeof(refused) / sizeof(*refused));
	err = err ?: refuse_namespaces(filter);
	if (!err && !may_run)
		err = refuse_processes(filter);
	err = err ?: refuse_sockets(filter);
	err = err ?: refuse_code(filter);
	err = err ?: seccomp_load(filter); /* and no new privileges */
	seccomp_release(filter);
	return err;
}

int confine_calls(void)
{
	return confine(false);
}

int confine_calls_but_programs(void)
{
	return confine(true);
}

/* --- files ----------------------------------------------------------------------------------- */

#define WRITES                                                                                     \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* A kernel refuses a set with rights that it does not know. */
static __u64 rights_of(int abi)
{
	return WRITES | (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
	       (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
}

static int allow_below(int set, const char *dir, __u64 rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	int err = 0;

	rule.parent_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		err = -errno;
	close(rule.parent_fd);
	return err;
}

int confine_files(const char *const dirs[])
{
	int set, err = 0,
		 abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr handled = {
		.handled_access_fs = rights_of(abi) | LANDLOCK_ACCESS_FS_EXECUTE,
	};

	if (abi < 1)
		return -EOPNOTSUPP;
	set = syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (set < 0)
		return -errno;
	for (; !err && *dirs; dirs++)
		err = allow_below(set, *dirs, rights_of(abi));
	if (!err &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, set, 0)))
		err = -errno;
	close(set);
	return err;
}

/* --- capabilities ---------------------------------------------------------------------------- */

int confine_capabilities(__u64 mask)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3];
	int i;

	if (syscall(SYS_capget, &head, set))
		return -errno;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		set[i].permitted &= mask >> 32 * i;
		set[i].effective = set[i].permitted;
		set[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, set) ? -errno : 0;
}
