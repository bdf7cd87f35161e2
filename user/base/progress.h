/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h: what takes long says how far it has come: every two seconds a line for people and a
 * status for the service manager. It may be told to stop.
 *
 * One thing at a time, on any thread; what is over within two seconds says nothing.
 */
#ifndef AD_PROGRESS_H
#define AD_PROGRESS_H

#include <stdbool.h>

/*
 * While nothing else tells the service manager that the process lives, progress does: by its
 * watchdog, its limit on starting, and this call (or NULL). Before the first call nothing does.
 */
void progress_vouch(bool vouch, void (*alive)(const void *arg), const void *arg);
void progress_begin(void);
/* Worth calling some thousand times a second at most. False: stop, nobody waits for the result. */
bool progress_at(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From any thread, until it is taken back: whatever asks progress_at() stops. */
void progress_stop(bool stop);
/* Seconds since progress_begin(). */
double progress_seconds(void);

#endif
