// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * instance.c: the paths and the locks of one instance.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bpffs.h"
#include "instance.h"
#include "maps/keeper.h"
#include "pins.h"
#include "trust.h"
#include "user/base/log.h"

#define LOCK_PATH  300
#define KEEP_PID   "process" /* links: the process that holds the pins, and its run directory */
#define KEEP_RUN   "run"
#define KEEP_TRIES 10

bool instance_name_is_good(const char *name)
{
	size_t i, len = strlen(name);

	if (!len || len > INSTANCE_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
			return false;
	return true;
}

int instance_find_group(struct instance *instance, const struct config *config,
			struct config_errors *errors)
{
	struct group *entry = config->group ? getgrnam(config->group) : NULL;

	if (config->group && !entry) {
		config_errors_add(errors, config->path, 0,
				  "state.group: this host has no group %s; groupadd --system %s",
				  config->group, config->group);
		return -EINVAL;
	}
	instance->gid = entry ? entry->gr_gid : 0;
	return 0;
}

void instance_clear(struct instance *instance)
{
	memset(instance, 0, sizeof(*instance));
	instance->lock_pins = instance->lock_run = -1;
}

int instance_init(struct instance *instance, const struct config *config, const char *name,
		  struct config_errors *errors)
{
	instance_clear(instance);
	if (!instance_name_is_good(name)) {
		config_errors_add(errors, name, 0,
				  "not an instance name: letters, digits, '-' and '_', at most %d",
				  INSTANCE_NAME_MAX);
		return -EINVAL;
	}
	if (strlen(config->bpffs) >= sizeof(instance->root) ||
	    strlen(config->run_dir) >= sizeof(instance->root)) {
		config_errors_add(errors, config->path, 0, "state: a path is too long");
		return -EINVAL;
	}
	snprintf(instance->name, sizeof(instance->name), "%s", name);
	snprintf(instance->root, sizeof(instance->root), "%s", config->bpffs);
	snprintf(instance->dir, sizeof(instance->dir), "%s/%s", config->bpffs, name);
	snprintf(instance->fresh, sizeof(instance->fresh), "%s/%s~new", config->bpffs, name);
	snprintf(instance->keep, sizeof(instance->keep), "%s/%s~lock", config->bpffs, name);
	snprintf(instance->run, sizeof(instance->run), "%s/%s", config->run_dir, name);
	snprintf(instance->control, sizeof(instance->control), "%s/control", instance->run);
	return 0;
}

/* Everybody may list it, whatever the umask is: the files in it have their own modes. */
static int make_dir(const char *path, bool *made)
{
	if (mkdir(path, 0755))
		return errno == EEXIST ? 0 : -errno;
	*made = true;
	return chmod(path, 0755) ? -errno : 0;
}

static void run_parent(const struct instance *instance, char parent[256])
{
	char *slash;

	snprintf(parent, 256, "%s", instance->run);
	slash = strrchr(parent, '/');
	if (slash)
		*slash = '\0';
}

static int make_run_dir(struct instance *instance, struct config_errors *errors)
{
	int err = trust_or_tell(instance->run, errors);
	char parent[256];

	run_parent(instance, parent);
	if (err)
		return err;
	err = make_dir(parent, &instance->made_run_parent);
	err = err ?: make_dir(instance->run, &instance->made_run);
	if (err)
		config_errors_add(errors, instance->run, 0,
				  "cannot be made: %s; is this run as root?", strerror(-err));
	/* Another process may have made it in the meantime. */
	return err ?: trust_or_tell(instance->run, errors);
}

/*
 * A process that may open it may lock it, and so keep the daemon from starting. The process number
 * in it is for people.
 */
static void sign_run(const char *path, int fd)
{
	if (fchmod(fd, 0600))
		log_warn("%s: cannot be kept from others: %s", path, strerror(errno));
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0)
		log_warn("%s: cannot be written: %s", path, strerror(errno));
}

static pid_t read_pid(int fd)
{
	char text[32] = "";

	return read(fd, text, sizeof(text) - 1) > 0 ? atoi(text) : 0;
}

static void close_lock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void run_lock_path(const struct instance *instance, char path[LOCK_PATH])
{
	snprintf(path, LOCK_PATH, "%s/lock", instance->run);
}

/* Is the file at @path still the one that is open as @fd? */
static bool is_at(int fd, const char *path)
{
	struct stat open, found;

	return fd >= 0 && !fstat(fd, &open) && !stat(path, &found) && open.st_dev == found.st_dev &&
	       open.st_ino == found.st_ino;
}

/* -ENOENT: it was removed in the meantime; -EAGAIN: another process has it. */
static int try_run(struct instance *instance, const char *path)
{
	int err, fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		instance->holder = read_pid(fd);
		err = -EAGAIN;
	} else {
		err = is_at(fd, path) ? 0 : -ENOENT;
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

int instance_lock_run(struct instance *instance, struct config_errors *errors)
{
	int tries, err = 0, fd = -ENOENT;
	char path[LOCK_PATH];

	run_lock_path(instance, path);
	for (tries = 0; !err && fd == -ENOENT && tries < KEEP_TRIES; tries++) {
		err = make_run_dir(instance, errors);
		fd = err ?: try_run(instance, path);
	}
	if (err || fd == -EAGAIN)
		return fd;
	if (fd < 0) {
		config_errors_add(errors, path, 0, "cannot be made: %s; is this run as root?",
				  strerror(-fd));
		return fd;
	}
	sign_run(path, fd);
	close_lock(&instance->lock_run);
	instance->lock_run = fd;
	return 0;
}

bool instance_has_run(const struct instance *instance)
{
	char path[LOCK_PATH];

	run_lock_path(instance, path);
	return is_at(instance->lock_run, path) && !access(instance->control, F_OK);
}

static void keep_path(const struct instance *instance, const char *name, char path[LOCK_PATH])
{
	snprintf(path, LOCK_PATH, "%s/%s", instance->keep, name);
}

/* A bpffs has no files, but symbolic links, which may have any text as their target. */
static void sign_pins(const struct instance *instance)
{
	char path[LOCK_PATH], pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	keep_path(instance, KEEP_PID, path);
	unlink(path);
	if (symlink(pid, path))
		log_warn("%s: cannot be made: %s", path, strerror(errno));
	keep_path(instance, KEEP_RUN, path);
	unlink(path);
	if (symlink(instance->run, path))
		log_warn("%s: cannot be made: %s", path, strerror(errno));
}

static bool read_keep(const struct instance *instance, const char *name, char text[256])
{
	char path[LOCK_PATH];
	ssize_t len;

	keep_path(instance, name, path);
	len = readlink(path, text, 255);
	text[len < 0 ? 0 : len] = '\0';
	return len > 0;
}

/*
 * The directory, locked; -ENOENT: it was removed in the meantime; -EAGAIN: another process has it.
 */
static int try_keep(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		err = -EAGAIN;
	else
		err = is_at(fd, path) ? 0 : -ENOENT;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int instance_lock_pins(struct instance *instance, struct config_errors *errors)
{
	int tries, err, fd = -ENOENT;
	char pid[256];

	if (access(instance->root, F_OK) && errno == ENOENT)
		return 0;
	err = trust_or_tell(instance->root, errors) ?: trust_or_tell(instance->keep, errors);
	if (err)
		return err;
	for (tries = 0; fd == -ENOENT && tries < KEEP_TRIES; tries++)
		fd = mkdir(instance->keep, 0700) && errno != EEXIST ? -errno
								    : try_keep(instance->keep);
	if (fd == -EAGAIN)
		instance->holder = read_keep(instance, KEEP_PID, pid) ? atoi(pid) : 0;
	else if (fd < 0)
		config_errors_add(errors, instance->keep, 0, "cannot be locked: %s; %s",
				  strerror(-fd), "is this run as root?");
	if (fd < 0)
		return fd;
	instance->lock_pins = fd;
	sign_pins(instance);
	return 0;
}

/* If our lock's directory was removed or hidden, our lock keeps nobody out. */
static bool has_pins_lock(const struct instance *instance)
{
	return is_at(instance->lock_pins, instance->keep);
}

int instance_renew_pins_lock(struct instance *instance, struct config_errors *errors)
{
	int before = instance->lock_pins, err;

	if (has_pins_lock(instance))
		return 0;
	err = instance_lock_pins(instance, errors);
	if (!err)
		close_lock(&before);
	return err;
}

void instance_find_control(struct instance *instance)
{
	char run[256], why[TRUST_TEXT];

	if (!trust_path(instance->keep, why) && read_keep(instance, KEEP_RUN, run))
		snprintf(instance->control, sizeof(instance->control), "%s/control", run);
}

void instance_alive(const struct instance *instance)
{
	if (instance->lock_run >= 0)
		futimens(instance->lock_run, NULL);
}

int instance_stat_run(struct instance *instance, struct stat *st)
{
	char path[LOCK_PATH], run[256];

	if (read_keep(instance, KEEP_RUN, run))
		snprintf(instance->run, sizeof(instance->run), "%s", run);
	run_lock_path(instance, path);
	return stat(path, st) ? -errno : 0;
}

/* Under the lock: who waits for it finds that its file is another one. */
static void remove_run(struct instance *instance)
{
	char path[LOCK_PATH], parent[256];

	if (!instance->made_run || !access(instance->control, F_OK))
		return;
	run_lock_path(instance, path);
	run_parent(instance, parent);
	if (is_at(instance->lock_run, path))
		unlink(path);
	if (!rmdir(instance->run) && instance->made_run_parent)
		rmdir(parent);
	instance->made_run = false;
}

void instance_unlock(struct instance *instance)
{
	bool pinned = bpffs_exists(instance->dir, NULL) || bpffs_exists(instance->fresh, NULL);

	if (instance->lock_pins >= 0 && !pinned)
		bpffs_remove(instance->keep);
	if (instance->lock_run >= 0 && !pinned)
		remove_run(instance);
	close_lock(&instance->lock_pins);
	close_lock(&instance->lock_run);
}

__u64 instance_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

bool instance_is_here(const struct pins *pins)
{
	struct ad_keeper keeper;

	return !pins_read_one(pins, "keeper", &keeper, sizeof(keeper)) &&
	       keeper.netns == instance_netns();
}
