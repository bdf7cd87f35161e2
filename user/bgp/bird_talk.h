/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bird_talk.h: a conversation with BIRD's control socket. Each question blocks for a few seconds at
 * most.
 */
#ifndef AD_BGP_BIRD_TALK_H
#define AD_BGP_BIRD_TALK_H

#include <stddef.h>
#include "talk.h"

struct bird_talk {
	struct talk line;
	char text[4096];
	size_t len, taken; /* bytes in the text, and those of them that were read */
};

/* 0, then bird_hang_up(); or -errno. */
int bird_call(struct bird_talk *talk, const char *socket);
void bird_hang_up(struct bird_talk *talk);

/*
 * Says @command and hands each line of the reply to @each (may be NULL). The code of its last
 * line, whose text goes into @last if that is not NULL; or -errno.
 */
int bird_ask(struct bird_talk *talk, const char *command,
	     void (*each)(unsigned int code, const char *text, void *arg), void *arg, char *last,
	     size_t last_size);
#define BIRD_IS_ERROR(code) ((code) >= 8000)

#endif
