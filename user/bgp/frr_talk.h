/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frr_talk.h: a conversation with a VTY socket of FRR: commands that end with a NUL; each is
 * answered by text, three NULs and a code.
 */
#ifndef AD_BGP_FRR_TALK_H
#define AD_BGP_FRR_TALK_H

#include "talk.h"

#define FRR_REPLY_MAX (4 * 1024 * 1024)

struct frr_talk {
	struct talk line;
	char *text; /* of the last reply, with a NUL behind it; malloc()ed */
	size_t len, room;
};

/* 0, then frr_hang_up(); or -errno. */
int frr_call(struct frr_talk *talk, const char *socket);
void frr_hang_up(struct frr_talk *talk);

/* The code of the reply, which is in talk->text; or -errno. */
int frr_ask(struct frr_talk *talk, const char *command);
#define FRR_TAKEN 0 /* the code for that */

#endif
