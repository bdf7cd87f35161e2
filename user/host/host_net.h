/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_net.h: what this host's network does to packets before and after the data path. Changes
 * nothing.
 */
#ifndef AD_HOST_NET_H
#define AD_HOST_NET_H

#include "findings.h"
#include "user/config/config.h"
#include "user/net/device.h"

/* Adds warnings only: the host works, but some clients or flows have a problem. */
void host_net_check(const struct config *config, const struct devices *devices,
		    struct findings *findings);

#endif
