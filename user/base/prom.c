// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * prom.c: Prometheus' text format (prom.h).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include "prom.h"

#define ROOM_MIN     65536
#define NUMBER_BYTES 32
/* A double holds a counter exactly up to here; Prometheus has nothing longer. */
#define EXACT_MAX (1ull << 53)

/* Room for @len more bytes, which the caller writes and adds; NULL: out of memory. */
static char *make_room(struct prom *prom, size_t len)
{
	size_t room = prom->room ?: ROOM_MIN;
	char *grown;

	if (prom->failed)
		return NULL;
	if (prom->len + len <= prom->room)
		return prom->text + prom->len;
	while (room < prom->len + len)
		room *= 2;
	grown = realloc(prom->text, room);
	if (!grown) {
		prom->failed = true;
		return NULL;
	}
	prom->text = grown;
	prom->room = room;
	return grown + prom->len;
}

static void add_bytes(struct prom *prom, const char *bytes, size_t len)
{
	char *to = make_room(prom, len);

	if (!to)
		return;
	memcpy(to, bytes, len);
	prom->len += len;
}

static void add_text(struct prom *prom, const char *text)
{
	add_bytes(prom, text, strlen(text));
}

/* Backslash and newline are escaped everywhere, quotes in label values. */
static void add_escaped(struct prom *prom, const char *text, const char *special)
{
	while (*text) {
		size_t plain = strcspn(text, special);

		add_bytes(prom, text, plain);
		text += plain;
		if (!*text)
			return;
		add_bytes(prom, "\\", 1);
		add_bytes(prom, *text == '\n' ? "n" : text, 1);
		text++;
	}
}

/*
 * Writes @value to the NUMBER_BYTES in front of @at, so that it ends there; returns where it
 * begins. Most are whole numbers, and for those printf() takes five times as long.
 */
static char *format_value(double value, char *at)
{
	__u64 whole;
	int len;

	if (!(value >= 0 && value < EXACT_MAX) || value != (__u64)value) {
		char other[NUMBER_BYTES];

		len = snprintf(other, sizeof(other), "%.17g", value);
		return memcpy(at - len, other, len);
	}
	whole = value;
	do {
		*--at = '0' + whole % 10;
		whole /= 10;
	} while (whole);
	return at;
}

static void add_value(struct prom *prom, double value)
{
	char text[NUMBER_BYTES], *end = text + sizeof(text), *at = format_value(value, end);

	add_bytes(prom, at, end - at);
}

const char *prom_prefix(const char *name)
{
	return strncmp(name, "process_", strlen("process_")) ? PROM_PREFIX : "";
}

/* OpenMetrics, "Counter": the family is named without the suffix of its samples. */
static void add_family_name(struct prom *prom, const char *name, const char *type)
{
	size_t len = strlen(name), cut = strlen("_total");

	add_text(prom, prom_prefix(name));
	if (prom->is_open && !strcmp(type, "counter") && len > cut &&
	    !strcmp(name + len - cut, "_total"))
		len -= cut;
	add_bytes(prom, name, len);
}

void prom_family(struct prom *prom, const char *name, const char *type, const char *help)
{
	add_text(prom, "# HELP ");
	add_family_name(prom, name, type);
	add_text(prom, " ");
	add_escaped(prom, help, prom->is_open ? "\\\n\"" : "\\\n");
	add_text(prom, "\n# TYPE ");
	add_family_name(prom, name, type);
	add_text(prom, " ");
	add_text(prom, type);
	add_text(prom, "\n");
}

static void add_labels(struct prom *prom, const char *label, va_list args)
{
	const char *between = "", *text;

	for (; label; label = va_arg(args, const char *)) {
		text = va_arg(args, const char *);
		add_text(prom, between);
		add_text(prom, label);
		add_text(prom, "=\"");
		add_escaped(prom, text ?: "", "\\\n\"");
		add_text(prom, "\"");
		between = ",";
	}
}

void prom_labels(struct prom *prom, const char *label, ...)
{
	va_list args;

	va_start(args, label);
	add_labels(prom, label, args);
	va_end(args);
}

void prom_sample(struct prom *prom, const char *name, double value, ...)
{
	const char *label;
	va_list args;

	add_text(prom, prom_prefix(name));
	add_text(prom, name);
	va_start(args, value);
	label = va_arg(args, const char *);
	if (label) {
		add_text(prom, "{");
		add_labels(prom, label, args);
		add_text(prom, "}");
	}
	va_end(args);
	add_text(prom, " ");
	add_value(prom, value);
	add_text(prom, "\n");
}

void prom_sample_of(struct prom *prom, const struct prom_part *before,
		    const struct prom_part *labels, const struct prom_part *after, double value)
{
	char number[NUMBER_BYTES], *end = number + sizeof(number);
	char *digits = format_value(value, end);
	size_t nr = end - digits;
	char *to = make_room(prom, before->len + labels->len + after->len + nr + 1), *start = to;

	if (!to)
		return;
	to = mempcpy(to, before->text, before->len);
	to = mempcpy(to, labels->text, labels->len);
	to = mempcpy(to, after->text, after->len);
	to = mempcpy(to, digits, nr);
	*to++ = '\n';
	prom->len += to - start;
}

static void free_text(const void *text, size_t len, void *arg)
{
	free((void *)text);
}

int prom_end(struct prom *prom, struct evbuffer *out)
{
	int err;

	if (prom->is_open)
		add_text(prom, "# EOF\n");
	err = prom->failed ? -ENOMEM : 0;
	if (!err && prom->len &&
	    evbuffer_add_reference(out, prom->text, prom->len, free_text, NULL))
		err = -ENOMEM;
	if (err || !prom->len)
		free(prom->text);
	memset(prom, 0, sizeof(*prom));
	return err;
}
