// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * prom.c: Prometheus' text format (prom.h).
 */
#include <stdarg.h>
#include <string.h>
#include <event2/buffer.h>
#include "prom.h"

#define PREFIX "anydoor_"

/* Backslash and newline are escaped everywhere, quotes in label values. */
static void add_escaped(struct evbuffer *out, const char *text, const char *special)
{
	while (*text) {
		size_t plain = strcspn(text, special);

		evbuffer_add(out, text, plain);
		text += plain;
		if (!*text)
			return;
		evbuffer_add_printf(out, "\\%c", *text == '\n' ? 'n' : *text);
		text++;
	}
}

void prom_family(struct evbuffer *out, const char *name, const char *type, const char *help)
{
	evbuffer_add_printf(out, "# HELP " PREFIX "%s ", name);
	add_escaped(out, help, "\\\n");
	evbuffer_add_printf(out, "\n# TYPE " PREFIX "%s %s\n", name, type);
}

void prom_sample(struct evbuffer *out, const char *name, double value, ...)
{
	const char *label, *between = "{";
	va_list args;

	evbuffer_add_printf(out, PREFIX "%s", name);
	va_start(args, value);
	while ((label = va_arg(args, const char *))) {
		const char *text = va_arg(args, const char *);

		evbuffer_add_printf(out, "%s%s=\"", between, label);
		add_escaped(out, text ? text : "", "\\\n\"");
		evbuffer_add(out, "\"", 1);
		between = ",";
	}
	va_end(args);
	/* Prometheus keeps values as doubles, which hold a counter exactly up to 2^53. */
	evbuffer_add_printf(out, "%s %.17g\n", *between == ',' ? "}" : "", value);
}
