/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_text.h: what the daemon's record says of a drain that is under way, in words.
 */
#ifndef AD_BGP_DRAIN_TEXT_H
#define AD_BGP_DRAIN_TEXT_H

#include <jansson.h>

/*
 * "0.4 new connections a second; 12 connections from 3 prefixes send here: 192.0.2.0/24 (AS64500)
 * 9, ...; resolvers may keep answers that lead here for 43s". @drain: of the record. What is not
 * known is left out. Returns @text.
 */
#define DRAIN_TEXT 512
const char *drain_text(const json_t *drain, char text[DRAIN_TEXT]);

#endif
