/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_net.h: what this host's network does to packets before and behind us. Looks, and touches
 * nothing.
 */
#ifndef AD_HOST_NET_H
#define AD_HOST_NET_H

#include "findings.h"
#include "user/config/config.h"
#include "user/net/link.h"

/* All of it works, and some clients or flows will find that it does not: warnings only. */
void host_net_check(const struct config *config, const struct links *links,
		    struct findings *findings);

#endif
