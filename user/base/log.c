// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * log.c: the output of anydoor and of the libraries that it uses.
 */
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>
#include "log.h"
#include "printable.h"

#define REPLAY_BYTES 65536
#define REPLAY_LINES 40 /* the cause of an error is at the end of a verifier's log */

static enum log_level shown = LOG_WARN_;

/*
 * Messages of the libraries since the last failure. When the buffer is full, the oldest are
 * dropped.
 */
static char *replay;
static size_t replay_used;
static pthread_mutex_t replay_lock =
	PTHREAD_MUTEX_INITIALIZER; /* of both; threads use libbpf, too */

void log_set_level(enum log_level level)
{
	shown = level;
}

/* systemd names the journal's socket, but stderr may have been redirected since then. */
static bool to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == dev && st.st_ino == ino;
}

static const char *prefix(enum log_level level)
{
	static const char *const words[] = { "error: ", "warning: ", "", "debug: " };
	static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };

	return to_journal() ? priorities[level] : words[level];
}

static bool sheds; /* log_never_wait() */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int shed; /* lines that were dropped; protected by the lock */

void log_never_wait(void)
{
	sheds = true;
}

/*
 * If a pipe has room for PIPE_BUF bytes, or a socket can be written, a line is taken without
 * waiting.
 */
static bool has_room(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) != 0;
}

/* False: there was no room for the line. */
static bool put(const char *line, size_t len)
{
	if (sheds && !has_room())
		return false;
	if (write(STDERR_FILENO, line, len) < 0)
		return true; /* there is nowhere to report it */
	return true;
}

static void put_or_shed(const char *line, size_t len)
{
	char missed[96];
	int nr;

	pthread_mutex_lock(&lock);
	nr = snprintf(missed, sizeof(missed),
		      "%s%u lines of log are missing here: nobody read them\n", prefix(LOG_WARN_),
		      shed);
	if (shed && put(missed, nr))
		shed = 0;
	if (shed || !put(line, len))
		shed++;
	pthread_mutex_unlock(&lock);
}

/* One write per line, so that lines of two processes on one terminal are not mixed. */
void log_print(enum log_level level, const char *format, ...)
{
	char text[1000], line[16 + PRINTABLE_GROWS * sizeof(text)];
	va_list args;
	size_t len;

	if (level > shown)
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	len = snprintf(line, sizeof(line), "%s", prefix(level));
	len += printable(line + len, sizeof(line) - len - 1, text);
	line[len++] = '\n';
	put_or_shed(line, len);
}

static void log_lines(enum log_level level, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line)
			log_print(level, "  %s", line);
}

static void replay_append(const char *text, size_t size)
{
	if (!replay)
		replay = malloc(REPLAY_BYTES + 1); /* and a NUL */
	if (!replay)
		return;
	if (size > REPLAY_BYTES) {
		text += size - REPLAY_BYTES;
		size = REPLAY_BYTES;
	}
	if (replay_used + size > REPLAY_BYTES) {
		size_t gone = replay_used + size - REPLAY_BYTES;

		memmove(replay, replay + gone, replay_used - gone);
		replay_used -= gone;
	}
	memcpy(replay + replay_used, text, size);
	replay_used += size;
}

static void replay_keep(const char *text, size_t size)
{
	pthread_mutex_lock(&replay_lock);
	replay_append(text, size);
	pthread_mutex_unlock(&replay_lock);
}

/* A verifier log can be megabytes long, so the text is made on the heap. */
static void hear(bool now, const char *format, va_list args)
{
	char *text;
	int size = vasprintf(&text, format, args);

	if (size < 0)
		return;
	if (now)
		log_lines(LOG_DEBUG_, text);
	else
		replay_keep(text, size);
	free(text);
}

static int hear_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_DEBUG || shown == LOG_DEBUG_)
		hear(shown == LOG_DEBUG_, format, args);
	return 0;
}

static int hear_libxdp(enum libxdp_print_level level, const char *format, va_list args)
{
	if (level != LIBXDP_DEBUG || shown == LOG_DEBUG_)
		hear(shown == LOG_DEBUG_, format, args);
	return 0;
}

void log_adopt_libbpf(void)
{
	libbpf_set_print(hear_libbpf);
	libxdp_set_print(hear_libxdp);
}

/* Where the last @lines lines of the kept text begin. */
static char *replay_tail(int lines)
{
	char *at = replay + replay_used;

	while (at > replay) {
		if (at[-1] == '\n' && !lines--)
			break;
		at--;
	}
	return at;
}

static void replay_all(void)
{
	char *rest = replay_tail(REPLAY_LINES);

	if (rest > replay)
		log_print(LOG_ERR_, "  (only the last %d lines; --verbose shows all)",
			  REPLAY_LINES);
	replay[replay_used] = '\0';
	log_lines(LOG_ERR_, rest);
	replay_used = 0;
}

void log_replay_libbpf(void)
{
	pthread_mutex_lock(&replay_lock);
	if (replay_used)
		replay_all();
	pthread_mutex_unlock(&replay_lock);
}

void log_forget_libbpf(void)
{
	pthread_mutex_lock(&replay_lock);
	replay_used = 0;
	pthread_mutex_unlock(&replay_lock);
}
