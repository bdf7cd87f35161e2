/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_services.h: what else may answer for a VIP besides a socket of this host: NAT, IPVS, MPTCP.
 * Changes nothing.
 */
#ifndef AD_HOST_SERVICES_H
#define AD_HOST_SERVICES_H

#include <stdio.h>
#include "findings.h"
#include "user/config/config.h"

/* Adds warnings only: the host works, but some flows have a problem. */
void host_services_check(const struct config *config, struct findings *findings);
/* The part about IPVS; @file is /proc/net/ip_vs, or NULL. */
void host_services_check_ipvs(const struct config *config, FILE *file, struct findings *findings);

#endif
