// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * interrupt.c: the last words of a command (interrupt.h).
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "interrupt.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static char words[1024];

/* Nothing here may be called from a handler but what signal-safety(7) lists. */
static void on_signal(int number)
{
	ssize_t written = write(STDERR_FILENO, words, strlen(words));

	(void)written; /* nobody is left to be told */
	signal(number, SIG_DFL);
	raise(number);
}

static void catch_one(int number)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupt_says(const char *format, ...)
{
	sigset_t set, before;
	va_list args;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	va_start(args, format);
	words[0] = '\n'; /* behind what is drawn on a terminal */
	vsnprintf(words + 1, sizeof(words) - 2, format, args);
	va_end(args);
	strcat(words, "\n");
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		catch_one(signals[i]);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
