/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * route.h: questions to the routing table of this network namespace. Changes nothing, sends no
 * packet.
 */
#ifndef AD_ROUTE_H
#define AD_ROUTE_H

#include "maps/types.h"

/*
 * The interface by which a packet from @from (NULL: whatever the kernel takes) to @to would
 * leave. 0, -ENETUNREACH and its like without a route, or another -errno. If @from is not an
 * address of this host: -EINVAL or -ENETUNREACH, as the kernel's version has it.
 */
int route_get(const struct ad_addr *from, const struct ad_addr *to, int *ifindex);
/* How many routes ask for TCP timestamps in microseconds (`features tcp_usec_ts`), or -errno. */
int route_count_usec(void);

#endif
