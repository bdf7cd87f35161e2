// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bpffs.c: directories of pins.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "bpffs.h"
#include "maps/dns.h"
#include "trust.h"
#include "user/base/log.h"

#define BPFFS_USUAL "/sys/fs/bpf"

static bool on_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* Whether @path or the nearest directory above it that exists lies on a bpffs. */
static bool will_be_on_bpffs(const char *path)
{
	char at[PATH_MAX];
	char *slash;

	snprintf(at, sizeof(at), "%s", path);
	while (access(at, F_OK) && (slash = strrchr(at, '/')) && slash != at)
		*slash = '\0';
	return on_bpffs(at);
}

static int make_dirs(const char *path, mode_t mode)
{
	char at[PATH_MAX];
	char *p;

	snprintf(at, sizeof(at), "%s", path);
	for (p = at + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(at, mode) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(at, mode) && errno != EEXIST ? -errno : 0;
}

static bool mounts_are_private(void)
{
	struct stat ours, first;

	return !stat("/proc/self/ns/mnt", &ours) && !stat("/proc/1/ns/mnt", &first) &&
	       ours.st_ino != first.st_ino;
}

bool bpffs_may_be_prepared(const char *root)
{
	return will_be_on_bpffs(root) || !mounts_are_private();
}

/*
 * Pins are gone with the last mount of their bpffs: in a mount namespace of its own, the data path
 * ends with it.
 */
static void warn_if_private(const char *where)
{
	if (mounts_are_private())
		log_warn("%s: mounted inside a private mount namespace: the data path will not "
			 "outlive it; enter a network namespace with nsenter --net instead of ip "
			 "netns exec",
			 where);
}

static int mount_bpffs(const char *root, struct config_errors *errors)
{
	bool usual = !strncmp(root, BPFFS_USUAL "/", sizeof(BPFFS_USUAL));
	const char *where = usual ? BPFFS_USUAL : root;
	int err = usual ? 0 : make_dirs(root, 0755);

	if (!err && mount("bpf", where, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"))
		err = -errno;
	if (err) {
		config_errors_add(errors, where, 0, "cannot mount a bpffs: %s; mount -t bpf bpf %s",
				  strerror(-err), where);
		return err;
	}
	log_info("%s: no bpffs was here, mounted one", where);
	warn_if_private(where);
	return 0;
}

int bpffs_prepare(const char *root, struct config_errors *errors)
{
	int err = trust_or_tell(root, errors);

	if (err)
		return err;
	if (!will_be_on_bpffs(root)) {
		err = mount_bpffs(root, errors);
		if (err)
			return err;
	}
	err = make_dirs(root, 0755);
	if (err)
		config_errors_add(errors, root, 0, "cannot make the directory for pins: %s",
				  strerror(-err));
	/* Another process may have made it in the meantime. */
	return err ?: trust_or_tell(root, errors);
}

/*
 * systemd mounts the bpffs with mode 0700 for root. Other programs' pins are there, too. So only
 * @gid gets the right to pass, and only where no other group would lose rights.
 */
static void let_through(const char *path, gid_t gid)
{
	struct stat st;
	bool others;

	if (stat(path, &st) || (st.st_mode & S_IXOTH) || !on_bpffs(path))
		return;
	if (st.st_gid == gid && (st.st_mode & S_IXGRP))
		return;
	others = st.st_gid != gid && st.st_gid && (st.st_mode & S_IRWXG);
	if (others)
		log_warn("%s: belongs to group %u, so members of state.group do not reach their "
			 "pins; set state.bpffs to a bpffs of its own",
			 path, st.st_gid);
	else if (chown(path, -1, gid) || chmod(path, (st.st_mode & 07700) | S_IXGRP))
		log_warn("%s: cannot be opened to the group of state.group: %s", path,
			 strerror(errno));
	else
		log_info("%s: made passable for state.group, which reaches its pins there", path);
}

int bpffs_open_to_group(const char *root, gid_t gid, struct config_errors *errors)
{
	char at[PATH_MAX];
	char *p;

	snprintf(at, sizeof(at), "%s", root);
	for (p = at + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		let_through(at, gid);
		*p = '/';
	}
	if (!chown(root, 0, gid) && !chmod(root, 0755))
		return 0;
	config_errors_add(errors, root, 0, "cannot be given to the group of state.group: %s",
			  strerror(errno));
	return -EPERM;
}

static int join(char path[PATH_MAX], const char *dir, const char *name)
{
	int len = name ? snprintf(path, PATH_MAX, "%s/%s", dir, name)
		       : snprintf(path, PATH_MAX, "%s", dir);

	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

bool bpffs_exists(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return !join(path, dir, name) && !access(path, F_OK);
}

int bpffs_get(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int err = join(path, dir, name);

	return err ? err : bpf_obj_get(path);
}

/* The kernel copies as many bytes as the map's values have, whatever room we have. */
int bpffs_get_map(const char *dir, const char *name, __u32 value_size)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int err, fd = bpffs_get(dir, name);

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!err && info.value_size == value_size)
		return fd;
	close(fd);
	return err ?: -EPROTO;
}

/*
 * The maps that status, flows, stats, pops and zones open. All others have, or may come to have,
 * data with which packets can be forged: keys, and hashes that were begun with them.
 */
static const char *const group_reads[] = {
	"attached",
	"directory_seen",
	"dns_counts",
	"dns_daemon",
	"dns_guarded",
	"dns_guarded_daemon",
	"dns_zone_daemon",
	"dns_zone_hits",
	"dns_zone_info",
	"flow_stats",
	"flow_tags",
	"flows",
	"hunt_stats",
	"keeper",
	"locals",
	"meta",
	"nodes",
	"peers",
	"reasons",
	"reload",
	"state",
	"told",
	"unstamped",
	"steer_told",
	"steer_health",
	"steer_drained",
	"health_checks",
	"bus",
	"connection_counts",
	"connection_state",
	"rtt_probe",
	"rtt_seen",
	AD_STEER_POPS_NAME,
	AD_DNS_LIVE_NAME,
};

static int grant(const char *path, const char *name, gid_t gid)
{
	mode_t mode = 0600;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(group_reads) / sizeof(*group_reads); i++)
		if (!strcmp(name, group_reads[i]))
			mode = 0640;
	gid = mode == 0640 ? gid : 0;
	if (!stat(path, &st) && !st.st_uid && st.st_gid == gid && (st.st_mode & 07777) == mode)
		return 0;
	/* Rights are removed before the group changes. */
	return chmod(path, 0600) || chown(path, 0, gid) || chmod(path, mode) ? -errno : 0;
}

int bpffs_pin(int fd, const char *dir, const char *name, gid_t gid)
{
	char path[PATH_MAX];
	int err = join(path, dir, name);

	if (!err)
		err = bpf_obj_pin(fd, path);
	if (err)
		return err;
	err = grant(path, name, gid);
	if (err)
		unlink(path);
	return err;
}

int bpffs_unpin(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int err = join(path, dir, name);

	if (err)
		return err;
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

int bpffs_each(const char *dir, int (*each)(const char *path, const char *name, void *arg),
	       void *arg)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int err = 0;
	DIR *d = opendir(dir);

	if (!d)
		return -errno;
	while (!err && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		err = join(path, dir, entry->d_name);
		if (!err)
			err = each(path, entry->d_name, arg);
	}
	closedir(d);
	return err;
}

static int regrant_pin(const char *path, const char *name, void *arg)
{
	return grant(path, name, *(gid_t *)arg);
}

int bpffs_regrant(const char *dir, gid_t gid)
{
	int err = chown(dir, 0, gid) ? -errno : 0;

	return err ?: bpffs_each(dir, regrant_pin, &gid);
}

static int remove_pin(const char *path, const char *name, void *arg)
{
	return unlink(path) ? -errno : 0;
}

int bpffs_remove(const char *dir)
{
	int err = bpffs_each(dir, remove_pin, NULL);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	return rmdir(dir) ? -errno : 0;
}

int bpffs_make(const char *dir, gid_t gid)
{
	if (mkdir(dir, 0700))
		return -errno;
	return chown(dir, 0, gid) || chmod(dir, 0750) ? -errno : 0;
}

int bpffs_swap(const char *fresh, const char *dir)
{
	if (!renameat2(AT_FDCWD, fresh, AT_FDCWD, dir, RENAME_EXCHANGE))
		return 0;
	if (errno != ENOENT)
		return -errno;
	return renameat2(AT_FDCWD, fresh, AT_FDCWD, dir, RENAME_NOREPLACE) ? -errno : 0;
}
