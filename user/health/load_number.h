/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load_number.h: the number that `shed.command` prints. Pure.
 */
#ifndef AD_HEALTH_LOAD_NUMBER_H
#define AD_HEALTH_LOAD_NUMBER_H

#include <stdbool.h>

#define LOAD_TEXT 64 /* what it prints, with a final zero; longer is no number */

/*
 * Decimal digits, perhaps with a fraction, and nothing else but white space around them. False:
 * that is no number, or one that no load is.
 */
bool load_number_parse(const char *text, double *number);
/* Whether @number can be one. */
bool load_number_is_good(double number);

#endif
