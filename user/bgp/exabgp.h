/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exabgp.h: ExaBGP, which reads no file of ours. It runs `anydoor exabgp` (exabgp_relay.h), which
 * says to it what our file has, at its start and with each change, and hands on its answers.
 */
#ifndef AD_BGP_EXABGP_H
#define AD_BGP_EXABGP_H

#include "bgp.h"

extern const struct bgp_driver exabgp_driver;

/* For tests; malloc()ed, NULL without memory. */
char *exabgp_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes);

/*
 * One line of `show neighbor summary`, `show neighbor extensive` or `show adj-rib out extensive`,
 * in this order. Sessions are of the family of the neighbour's address.
 */
void exabgp_read_line(const char *line, const struct bgp_setup *setup, struct bgp_fact *fact);

#endif
