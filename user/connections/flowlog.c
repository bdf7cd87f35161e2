// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flowlog.c: where the lines of the flow log go (flowlog.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "flowlog.h"

#define BUFFER_BYTES 65536

struct flowlog {
	const struct config *config; /* NULL: not used yet */
	int fd;			     /* of the file or the socket; -1: not open */
	bool is_cut;		     /* the file ends with a part of a line */
	__u64 second, in_second;     /* lines of this second */
	unsigned int passed;	     /* connections since the last one that was logged */
	__u64 written, dropped;
	char why[160]; /* empty: all is well */
	char buffer[BUFFER_BYTES];
	size_t len, lines;
};

struct flowlog *flowlog_new(void)
{
	struct flowlog *log = calloc(1, sizeof(*log));

	if (log)
		log->fd = -1;
	return log;
}

static void close_sink(struct flowlog *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	log->is_cut = false;
}

void flowlog_free(struct flowlog *log)
{
	if (!log)
		return;
	flowlog_flush(log);
	close_sink(log);
	free(log);
}

/* --- opening ---------------------------------------------------------------------------------- */

static const char *path_of(const struct flowlog *log)
{
	const struct config *config = log->config;

	return config ? config->flowlog.file ?: config->flowlog.socket : NULL;
}

static void fail(struct flowlog *log, const char *what, int err)
{
	snprintf(log->why, sizeof(log->why), "%.90s: %s: %s", path_of(log), what, strerror(err));
}

/* O_APPEND: who truncates the file (copytruncate) finds no hole in it afterwards. */
static int open_file(const char *path)
{
	struct stat st;
	int fd =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

static int open_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int err = 0, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(to.sun_path))
		err = -ENAMETOOLONG;
	else
		memcpy(to.sun_path, path, strlen(path) + 1);
	if (!err && connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void open_sink(struct flowlog *log)
{
	const struct config *config = log->config;

	close_sink(log);
	log->why[0] = '\0';
	if (!path_of(log))
		return;
	log->fd = config->flowlog.file ? open_file(config->flowlog.file)
				       : open_socket(config->flowlog.socket);
	if (log->fd == -EACCES && config->flowlog.file)
		fail(log,
		     "cannot be opened: the daemon may write only in directories that the "
		     "configuration named when it started; start it anew",
		     EACCES);
	else if (log->fd < 0)
		fail(log, "cannot be opened", -log->fd);
	if (log->fd < 0)
		log->fd = -1;
}

void flowlog_use(struct flowlog *log, const struct config *config)
{
	flowlog_flush(log);
	log->config = config;
	open_sink(log);
}

/* --- which ------------------------------------------------------------------------------------ */

bool flowlog_is_on(const struct flowlog *log)
{
	return path_of(log);
}

bool flowlog_wants(struct flowlog *log, __u64 now_us)
{
	__u64 second = now_us / 1000000;

	if (!flowlog_is_on(log) || ++log->passed < log->config->flowlog.one_in)
		return false;
	log->passed = 0;
	if (second != log->second)
		log->in_second = 0;
	log->second = second;
	if (log->in_second >= log->config->flowlog.rate) {
		log->dropped++;
		return false;
	}
	log->in_second++;
	return true;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void drop(struct flowlog *log, size_t lines, int err)
{
	log->dropped += lines;
	if (err)
		fail(log, "cannot be written", err);
}

/* After a part of a line (a full disk) the next one begins on a line of its own. */
static bool mend_cut(struct flowlog *log)
{
	if (log->is_cut && write(log->fd, "\n", 1) == 1)
		log->is_cut = false;
	return !log->is_cut;
}

static void write_file(struct flowlog *log)
{
	ssize_t done = mend_cut(log) ? write(log->fd, log->buffer, log->len) : -1;
	size_t i, whole = 0;

	if (done < 0) {
		drop(log, log->lines, errno);
		return;
	}
	for (i = 0; i < (size_t)done; i++)
		whole += log->buffer[i] == '\n';
	log->written += whole;
	log->is_cut = done && log->buffer[done - 1] != '\n';
	drop(log, log->lines - whole, (size_t)done < log->len ? ENOSPC : 0);
	if ((size_t)done == log->len)
		log->why[0] = '\0';
}

void flowlog_flush(struct flowlog *log)
{
	if (log->len && log->fd >= 0)
		write_file(log);
	else
		log->dropped += log->lines;
	log->len = log->lines = 0;
}

static void send_line(struct flowlog *log, const char *line, size_t len)
{
	if (log->fd < 0 || send(log->fd, line, len, MSG_NOSIGNAL) < 0) {
		/* A reader that is slow loses lines, but is not lost. */
		drop(log, 1, log->fd < 0 || errno == EAGAIN ? 0 : errno);
		return;
	}
	log->written++;
	log->why[0] = '\0';
}

void flowlog_put(struct flowlog *log, const char *line, size_t len)
{
	if (log->config->flowlog.socket) {
		send_line(log, line, len);
		return;
	}
	if (log->len + len > sizeof(log->buffer))
		flowlog_flush(log);
	memcpy(log->buffer + log->len, line, len);
	log->len += len;
	log->lines++;
}

static bool is_moved(const struct flowlog *log)
{
	struct stat open_one, there;

	return stat(log->config->flowlog.file, &there) || fstat(log->fd, &open_one) ||
	       there.st_ino != open_one.st_ino || there.st_dev != open_one.st_dev;
}

void flowlog_tend(struct flowlog *log)
{
	if (!flowlog_is_on(log))
		return;
	flowlog_flush(log);
	if (log->fd < 0 || (log->config->flowlog.socket && log->why[0]) ||
	    (log->config->flowlog.file && is_moved(log)))
		open_sink(log);
}

__u64 flowlog_written(const struct flowlog *log)
{
	return log->written;
}

__u64 flowlog_dropped(const struct flowlog *log)
{
	return log->dropped;
}

const char *flowlog_error(const struct flowlog *log)
{
	return log->why[0] ? log->why : NULL;
}
