// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * frr_talk.c: a conversation with a VTY socket of FRR (frr_talk.h).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "frr_talk.h"

#define TRAILER 4 /* three NULs and a code */
#define SOME	4096

static int grow(struct frr_talk *talk)
{
	size_t room = talk->room ? 2 * talk->room : 4 * SOME;
	char *text;

	if (talk->room - talk->len >= SOME)
		return 0;
	if (room > FRR_REPLY_MAX)
		return -EMSGSIZE;
	text = realloc(talk->text, room);
	if (!text)
		return -ENOMEM;
	talk->text = text;
	talk->room = room;
	return 0;
}

/* No reply has a NUL in its text. */
static bool is_whole(const struct frr_talk *talk)
{
	return talk->len >= TRAILER &&
	       !memcmp(talk->text + talk->len - TRAILER, "\0\0\0", TRAILER - 1);
}

int frr_ask(struct frr_talk *talk, const char *command)
{
	int some = talk_say(&talk->line, command, strlen(command) + 1);

	talk->len = 0;
	while (some >= 0 && !is_whole(talk)) {
		some = grow(talk);
		if (!some)
			some = talk_hear(&talk->line, talk->text + talk->len,
					 talk->room - talk->len);
		if (some > 0)
			talk->len += some;
	}
	if (some < 0)
		return some;
	if (strlen(talk->text) != talk->len - TRAILER)
		return -EPROTO;
	return (unsigned char)talk->text[talk->len - 1];
}

int frr_call(struct frr_talk *talk, const char *socket_path)
{
	*talk = (struct frr_talk){};
	return talk_call(&talk->line, socket_path);
}

void frr_hang_up(struct frr_talk *talk)
{
	talk_hang_up(&talk->line);
	free(talk->text);
	talk->text = NULL;
}
