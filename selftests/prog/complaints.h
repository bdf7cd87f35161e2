/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complaints.h: what is wrong with the case at hand; empty if nothing is.
 */
#ifndef AD_COMPLAINTS_H
#define AD_COMPLAINTS_H

extern char complaints[8192];

/* Adds to them what still fits. */
void __attribute__((format(printf, 1, 2))) complain(const char *format, ...);

#endif
