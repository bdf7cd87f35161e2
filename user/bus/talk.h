/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * talk.h: what the process that is on the bus and the daemon say to each other, over a socket that
 * keeps messages apart. Both were started from one binary. What the daemon hears came from
 * strangers: it looks at sizes here, and at nothing else before a record's signature.
 */
#ifndef AD_BUS_TALK_H
#define AD_BUS_TALK_H

#include <stddef.h>
#include "record.h"
#include "session.h"

enum bus_talk_kind {
	/* to the daemon */
	BUS_TALK_READY,	 /* it waits for the first BUS_TALK_USE */
	BUS_TALK_UP,	 /* connected; all records come, and then ... */
	BUS_TALK_ALL,	 /* ... this */
	BUS_TALK_DOWN,	 /* not connected: .bytes say why */
	BUS_TALK_RECORD, /* .key has .bytes at .revision; none: it was deleted */
	BUS_TALK_WROTE,	 /* .key at .revision */
	BUS_TALK_FAILED, /* .key could not be written: .bytes say why */
	/* from the daemon */
	BUS_TALK_USE,  /* read the configuration, and connect anew */
	BUS_TALK_WRITE /* .key, if it is at .revision (0: not there) */
};

struct bus_talk {
	__u32 kind; /* enum bus_talk_kind */
	__u32 size; /* of .bytes */
	__u64 revision;
	__u64 seq; /* of the record that is written, and of what is said of that */
	char key[BUS_KEY_MAX];
	__u8 bytes[BUS_SIZE_MAX];
};
#define BUS_TALK_HEAD offsetof(struct bus_talk, bytes)

#endif
