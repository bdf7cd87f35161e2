// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * progress.c: how far it has come (progress.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include "clock.h"
#include "log.h"
#include "progress.h"

#define EVERY_US 2000000u
#define MORE_US	 30000000 /* what the service manager is asked for each time */

static __u64 began_us, said_us;
static void (*call)(const void *arg);
static const void *call_arg;

void progress_call(void (*alive)(const void *arg), const void *arg)
{
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

void progress_at(const char *format, ...)
{
	__u64 now_us = clock_mono_us();
	char text[256];
	va_list args;

	if (now_us - said_us < EVERY_US)
		return;
	said_us = now_us;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (call)
		call(call_arg);
	log_info("%s; %.0f s so far", text, progress_seconds());
	sd_notifyf(0, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%d\nSTATUS=%s", MORE_US, text);
}
