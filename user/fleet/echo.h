/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * echo.h: was this very probe answered? What probe_wait() hears may be other traffic of the node;
 * here each question has a number of its own, and the data path notes the number of what was
 * answered by a no. The answer is as long as the question, and authentic: so it says that packets
 * of this length pass both ways, and that the node took the time in the question for good.
 */
#ifndef AD_FLEET_ECHO_H
#define AD_FLEET_ECHO_H

#include "probe.h"

#define ECHO_TRIES 3

struct echo {
	const struct config_node *node;
	__u16 bytes;   /* see struct probe_shape */
	__s32 shift_s; /* likewise */
	bool heard;
	/* Where the data path notes the answer, and as what. */
	struct probe_shape shape;
	__u32 place, tag;
};

struct echo_asker {
	struct probe probe;
	int notes; /* the pinned map */
};

/* For root only. 0, then echo_close(); or -errno. */
int echo_open(struct echo_asker *asker, const struct config *config, const struct pins *pins);
void echo_close(struct echo_asker *asker);
/*
 * Asks all @nr, up to ECHO_TRIES times each, and waits up to @wait_ms after each time. 0 or -errno;
 * who could not even be sent to was not heard.
 */
int echo_ask(struct echo_asker *asker, struct echo *list, size_t nr, unsigned int wait_ms);

#endif
