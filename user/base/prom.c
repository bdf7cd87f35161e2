// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * prom.c: Prometheus' text format (prom.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <event2/buffer.h>
#include "prom.h"

#define PREFIX	     "anydoor_"
#define LINE_BYTES   1024
#define NUMBER_BYTES 32
/* A double holds a counter exactly up to here; Prometheus has nothing longer. */
#define EXACT_MAX (1ull << 53)

/*
 * A line on its way into an evbuffer. A page has a hundred thousand of them: each goes there with
 * one call, and not piece by piece.
 */
struct line {
	struct evbuffer *out;
	size_t len;
	char text[LINE_BYTES];
};

static void line_begin(struct line *line, struct evbuffer *out)
{
	line->out = out;
	line->len = 0;
}

static void line_flush(struct line *line)
{
	evbuffer_add(line->out, line->text, line->len);
	line->len = 0;
}

static void add_bytes(struct line *line, const char *bytes, size_t len)
{
	if (len > sizeof(line->text) - line->len)
		line_flush(line);
	if (len > sizeof(line->text)) {
		evbuffer_add(line->out, bytes, len);
		return;
	}
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void add_text(struct line *line, const char *text)
{
	add_bytes(line, text, strlen(text));
}

/* Backslash and newline are escaped everywhere, quotes in label values. */
static void add_escaped(struct line *line, const char *text, const char *special)
{
	while (*text) {
		size_t plain = strcspn(text, special);

		add_bytes(line, text, plain);
		text += plain;
		if (!*text)
			return;
		add_bytes(line, "\\", 1);
		add_bytes(line, *text == '\n' ? "n" : text, 1);
		text++;
	}
}

/* Nearly all are whole numbers, and for those printf() takes five times as long. */
static void add_value(struct line *line, double value)
{
	char text[NUMBER_BYTES], *at = text + sizeof(text);
	__u64 whole;

	if (!(value >= 0 && value < EXACT_MAX) || value != (__u64)value) {
		add_bytes(line, text, snprintf(text, sizeof(text), "%.17g", value));
		return;
	}
	whole = value;
	do {
		*--at = '0' + whole % 10;
		whole /= 10;
	} while (whole);
	add_bytes(line, at, text + sizeof(text) - at);
}

void prom_family(struct evbuffer *out, const char *name, const char *type, const char *help)
{
	struct line line;

	line_begin(&line, out);
	add_text(&line, "# HELP " PREFIX);
	add_text(&line, name);
	add_text(&line, " ");
	add_escaped(&line, help, "\\\n");
	add_text(&line, "\n# TYPE " PREFIX);
	add_text(&line, name);
	add_text(&line, " ");
	add_text(&line, type);
	add_text(&line, "\n");
	line_flush(&line);
}

void prom_sample(struct evbuffer *out, const char *name, double value, ...)
{
	const char *label, *between = "{";
	struct line line;
	va_list args;

	line_begin(&line, out);
	add_text(&line, PREFIX);
	add_text(&line, name);
	va_start(args, value);
	while ((label = va_arg(args, const char *))) {
		const char *text = va_arg(args, const char *);

		add_text(&line, between);
		add_text(&line, label);
		add_text(&line, "=\"");
		add_escaped(&line, text ? text : "", "\\\n\"");
		add_text(&line, "\"");
		between = ",";
	}
	va_end(args);
	add_text(&line, *between == ',' ? "} " : " ");
	add_value(&line, value);
	add_text(&line, "\n");
	line_flush(&line);
}
