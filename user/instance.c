// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * instance.c: the paths and the lock of one instance.
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
#include "instance.h"
#include "log.h"

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

int instance_init(struct instance *instance, const struct config *config, const char *name,
		  struct config_errors *errors)
{
	memset(instance, 0, sizeof(*instance));
	instance->lock = -1;
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
	snprintf(instance->run, sizeof(instance->run), "%s/%s", config->run_dir, name);
	snprintf(instance->control, sizeof(instance->control), "%s/control", instance->run);
	return instance_find_group(instance, config, errors);
}

static int make_run_dir(const struct instance *instance)
{
	char parent[256];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", instance->run);
	slash = strrchr(parent, '/');
	if (slash)
		*slash = '\0';
	if (mkdir(parent, 0755) && errno != EEXIST)
		return -errno;
	return mkdir(instance->run, 0755) && errno != EEXIST ? -errno : 0;
}

int instance_lock(struct instance *instance, struct config_errors *errors)
{
	char path[300];
	int fd, err = make_run_dir(instance);

	snprintf(path, sizeof(path), "%s/lock", instance->run);
	fd = err ? -1 : open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = err ?: -errno;
		config_errors_add(errors, path, 0, "cannot be made: %s; is this run as root?",
				  strerror(-err));
		return err;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -EAGAIN;
	}
	/* Whoever may open it may hold it, and keep the daemon from starting. */
	if (fchmod(fd, 0600))
		log_warn("%s: cannot be kept from others: %s", path, strerror(errno));
	/* Who holds it is for people to know; the lock itself is what counts. */
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0)
		log_warn("%s: cannot be written: %s", path, strerror(errno));
	instance->lock = fd;
	return 0;
}

void instance_unlock(struct instance *instance)
{
	if (instance->lock >= 0)
		close(instance->lock);
	instance->lock = -1;
}

pid_t instance_holder(const struct instance *instance)
{
	char path[300], text[32] = "";
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/lock", instance->run);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? atoi(text) : 0;
}

__u64 instance_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}
