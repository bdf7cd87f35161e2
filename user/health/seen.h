/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.h: what is known of each check at each address, as commands and metrics read it out of the
 * pinned map: without a daemon, and without root.
 */
#ifndef AD_HEALTH_SEEN_H
#define AD_HEALTH_SEEN_H

#include <jansson.h>
#include "maps/health.h"
#include "user/config/config.h"
#include "user/state/pins.h"

struct check_seen {
	struct ad_health_key key;
	struct ad_health_check check;
};

/* Sorted by check, POP and address; free() it. 0, also if there are none, or -errno. */
int checks_read(const struct pins *pins, struct check_seen **list, size_t *nr);
json_t *checks_json(const struct check_seen *list, size_t nr);
/* A table on stdout; nothing if there are none. */
void checks_print(const struct check_seen *list, size_t nr);

/*
 * For how many seconds no check has ended that should have by this configuration; 0: all is well.
 * @now_real_s: CLOCK_REALTIME.
 */
__u64 checks_overdue_s(const struct check_seen *list, size_t nr, const struct config *config,
		       __u64 now_real_s);

#endif
