// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dispatcher.c: writes the object, which is part of this binary, to a file. libxdp reads it by a
 * fixed name from a folder that an environment variable names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dispatcher.h"
#include "dispatcher.skel.h"

#define OBJECT_PATH "LIBXDP_OBJECT_PATH"
#define TEMPLATE    "/tmp/anydoor-XXXXXX"

static char folder[] = TEMPLATE;

static void file_name(char name[64])
{
	snprintf(name, 64, "%s/xdp-dispatcher.o", folder);
}

static int write_object(void)
{
	const char *elf;
	char name[64];
	size_t bytes;
	int fd, err;

	file_name(name);
	elf = dispatcher_bpf__elf_bytes(&bytes);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write(fd, elf, bytes) == (ssize_t)bytes ? 0 : -EIO;
	close(fd);
	return err;
}

int dispatcher_lend(void)
{
	int err;

	if (getenv(OBJECT_PATH))
		return -EEXIST;
	strcpy(folder, TEMPLATE);
	if (!mkdtemp(folder))
		return -errno;
	err = write_object();
	if (!err && setenv(OBJECT_PATH, folder, 1))
		err = -errno;
	if (err)
		dispatcher_return();
	return err;
}

void dispatcher_return(void)
{
	char name[64];

	file_name(name);
	unlink(name);
	rmdir(folder);
	unsetenv(OBJECT_PATH);
}
