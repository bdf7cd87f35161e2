// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bird_talk.c: a conversation with BIRD's control socket (bird_talk.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bird.h"
#include "bird_talk.h"

#define LINES_MAX 100000 /* of one reply */

/* More bytes behind those that were not read yet. */
static int fill(struct bird_talk *talk)
{
	int size;

	memmove(talk->text, talk->text + talk->taken, talk->len - talk->taken);
	talk->len -= talk->taken;
	talk->taken = 0;
	if (talk->len == sizeof(talk->text))
		return -EPROTO; /* no line is that long */
	size = talk_hear(&talk->line, talk->text + talk->len, sizeof(talk->text) - talk->len);
	if (size < 0)
		return size;
	talk->len += size;
	return 0;
}

/* The next line, without its end; it is good until the next call. */
static int read_line(struct bird_talk *talk, const char **line)
{
	char *end;
	int err;

	while (!(end = memchr(talk->text + talk->taken, '\n', talk->len - talk->taken))) {
		err = fill(talk);
		if (err)
			return err;
	}
	*end = '\0';
	*line = talk->text + talk->taken;
	talk->taken = end + 1 - talk->text;
	return 0;
}

static int read_reply(struct bird_talk *talk,
		      void (*each)(unsigned int code, const char *text, void *arg), void *arg,
		      char *last, size_t last_size)
{
	unsigned int code = 0, nr;
	const char *line, *text;
	bool is_last;
	int err;

	for (nr = 0; nr < LINES_MAX; nr++) {
		err = read_line(talk, &line);
		if (err)
			return err;
		if (*line == '+') /* a line of its log */
			continue;
		if (!bird_line(line, &code, &is_last, &text))
			return -EPROTO;
		if (each)
			each(code, text, arg);
		if (!is_last)
			continue;
		if (last)
			snprintf(last, last_size, "%s", text);
		return code;
	}
	return -EPROTO;
}

int bird_ask(struct bird_talk *talk, const char *command,
	     void (*each)(unsigned int code, const char *text, void *arg), void *arg, char *last,
	     size_t last_size)
{
	char line[512];
	size_t size = snprintf(line, sizeof(line), "%s\n", command);

	if (size >= sizeof(line))
		return -EMSGSIZE;
	return talk_say(&talk->line, line, size) ?: read_reply(talk, each, arg, last, last_size);
}

int bird_call(struct bird_talk *talk, const char *socket_path)
{
	int code;

	*talk = (struct bird_talk){};
	code = talk_call(&talk->line, socket_path);
	if (!code)
		code = read_reply(talk, NULL, NULL, NULL, 0); /* it greets */
	if (code >= 0 && !BIRD_IS_ERROR(code))
		return 0;
	bird_hang_up(talk);
	return code < 0 ? code : -EPROTO;
}

void bird_hang_up(struct bird_talk *talk)
{
	talk_hang_up(&talk->line);
}
