/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_services.h: who else than a socket of this host may answer for a VIP: NAT, IPVS, MPTCP.
 * Looks, and touches nothing.
 */
#ifndef AD_HOST_SERVICES_H
#define AD_HOST_SERVICES_H

#include <stdio.h>
#include "findings.h"
#include "user/config/config.h"

/* All of it works, and some flows will find that it does not: warnings only. */
void host_services_check(const struct config *config, struct findings *findings);
/* Of it, IPVS; @file is /proc/net/ip_vs, or NULL. */
void host_services_check_ipvs(const struct config *config, FILE *file, struct findings *findings);

#endif
