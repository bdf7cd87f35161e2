/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * talk.h: what the process that runs checks and the daemon say to each other, over a socket that
 * keeps messages apart. Both were started from one binary.
 */
#ifndef AD_HEALTH_TALK_H
#define AD_HEALTH_TALK_H

#include "maps/health.h"

/* The daemon says one byte: read the configuration again, and check what it names. */
#define TALK_USE 'u'

enum talk_kind {
	TALK_READY,   /* it waits for the first TALK_USE */
	TALK_ENDED,   /* a check has ended */
	TALK_TROUBLE, /* .why says what */
	TALK_LOAD     /* shed.command has ended: .load, or .why there is none */
};

struct talk {
	__u32 kind; /* enum talk_kind */
	__u32 passed;
	__u64 took_us;
	double load;
	struct ad_health_key key;
	char why[AD_HEALTH_WHY];
};

#endif
