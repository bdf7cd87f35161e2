/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * talk.h: a conversation with the control socket of a BGP daemon. Each question and its reply have
 * a few seconds, and all of it has less than ten.
 */
#ifndef AD_BGP_TALK_H
#define AD_BGP_TALK_H

#include <stddef.h>
#include <linux/types.h>

struct talk {
	int fd;
	__u64 until_us; /* CLOCK_MONOTONIC: when this reply must have ended */
	__u64 end_us;	/* and all of it */
};

/* 0, then talk_hang_up(); or -errno. */
int talk_call(struct talk *talk, const char *socket_path);
void talk_hang_up(struct talk *talk);

/* Sends all of it; the time for the reply begins. 0 or -errno. */
int talk_say(struct talk *talk, const void *bytes, size_t size);
/* Some bytes of the reply: how many, at least one; or -errno, -ECONNRESET at its end. */
int talk_hear(struct talk *talk, void *bytes, size_t size);

#endif
