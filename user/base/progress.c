// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * progress.c: progress of long work (progress.h).
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include "clock.h"
#include "log.h"
#include "progress.h"

#define EVERY_US 2000000u
#define MORE_US	 30000000 /* how much longer the service manager is asked to wait each time */

static __u64 began_us, said_us;
static bool vouches;
static void (*call)(const void *arg);
static const void *call_arg;
static atomic_bool stopped;

void progress_vouch(bool vouch, void (*alive)(const void *arg), const void *arg)
{
	vouches = vouch;
	call = alive;
	call_arg = arg;
}

void progress_begin(void)
{
	began_us = said_us = clock_mono_us();
}

double progress_seconds(void)
{
	return (clock_mono_us() - began_us) / 1e6;
}

static void say(const char *text)
{
	if (vouches && call)
		call(call_arg);
	log_info("%s; %.0f s so far", text, progress_seconds());
	if (vouches)
		sd_notifyf(0, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%d\nSTATUS=%s", MORE_US, text);
	else
		sd_notifyf(0, "STATUS=%s", text);
}

bool progress_at(const char *format, ...)
{
	__u64 now_us = clock_mono_us();
	char text[256];
	va_list args;

	if (now_us - said_us >= EVERY_US) {
		said_us = now_us;
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
		say(text);
	}
	return !atomic_load_explicit(&stopped, memory_order_relaxed);
}

void progress_stop(bool stop)
{
	atomic_store(&stopped, stop);
}
