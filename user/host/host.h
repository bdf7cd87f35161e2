/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h: is this machine, in this network namespace, as the configuration needs it? Changes
 * nothing.
 */
#ifndef AD_HOST_H
#define AD_HOST_H

#include "findings.h"
#include "user/config/config.h"

/* @instance: its name. */
void host_check(const struct config *config, const char *instance, struct findings *findings);

#endif
