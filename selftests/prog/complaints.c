// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * complaints.c: one buffer, for one case at a time.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "complaints.h"

char complaints[8192];

void complain(const char *format, ...)
{
	size_t used = strlen(complaints);
	va_list args;

	va_start(args, format);
	vsnprintf(complaints + used, sizeof(complaints) - used, format, args);
	va_end(args);
}
