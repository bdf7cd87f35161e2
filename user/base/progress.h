/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h: what takes long says so: every two seconds a line for people, a status for the
 * service manager, and a sign of life for its watchdog and its limit on starting.
 *
 * One thing at a time; what is over within two seconds says nothing.
 */
#ifndef AD_PROGRESS_H
#define AD_PROGRESS_H

/* Gives other signs of life, too, each time. NULL: none. */
void progress_call(void (*alive)(const void *arg), const void *arg);
void progress_begin(void);
/* Worth calling some thousand times a second at most. */
void progress_at(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Seconds since progress_begin(). */
double progress_seconds(void);

#endif
