/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h: long work reports its progress every two seconds: a line for people and a status for
 * the service manager. It can be told to stop.
 *
 * One piece of work at a time, on any thread. Work that takes less than two seconds reports
 * nothing.
 */
#ifndef AD_PROGRESS_H
#define AD_PROGRESS_H

#include <stdbool.h>

/*
 * While progress is reported, it also tells the service manager that the process is alive: for the
 * watchdog and for the limit on starting, and by this call (or NULL). Before the first call it does
 * not.
 */
void progress_vouch(bool vouch, void (*alive)(const void *arg), const void *arg);
void progress_begin(void);
/* Call it at most some thousand times a second. False: stop, the result is not needed. */
bool progress_at(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From any thread. Until it is taken back, progress_at() returns false. */
void progress_stop(bool stop);
/* Seconds since progress_begin(). */
double progress_seconds(void);

#endif
