// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_errors.c: the errors of a configuration, collected with their places.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "config.h"
#include "user/base/log.h"
#include "user/base/printable.h"

static char *place(const char *file, int line, const char *format, va_list args)
{
	char *what = NULL, *text = NULL;

	if (vasprintf(&what, format, args) < 0)
		return NULL;
	if (line > 0 && line < INT_MAX ? asprintf(&text, "%s:%d: %s", file, line, what) < 0
				       : asprintf(&text, "%s: %s", file, what) < 0)
		text = NULL;
	free(what);
	return printable_take(text);
}

/* Room for one more. The last place is kept for the note that there are more. */
static struct config_error *errors_grow(struct config_errors *errors)
{
	struct config_error *list;

	if (errors->nr >= CONFIG_ERRORS_MAX)
		return NULL;
	list = reallocarray(errors->list, errors->nr + 1, sizeof(*list));
	if (!list)
		return NULL;
	errors->list = list;
	return &list[errors->nr];
}

void config_errors_add(struct config_errors *errors, const char *file, int line, const char *format,
		       ...)
{
	struct config_error *error = errors_grow(errors);
	va_list args;

	if (!error)
		return;
	if (errors->nr == CONFIG_ERRORS_MAX - 1) {
		format = "there is more; mend these first";
		line = INT_MAX;
	}
	va_start(args, format);
	error->line = line;
	error->text = place(file, line, format, args);
	va_end(args);
	if (error->text)
		errors->nr++;
}

void config_errors_take(struct config_errors *errors, struct config_errors *from)
{
	struct config_error *error;
	size_t i;

	for (i = 0; i < from->nr && errors->nr < CONFIG_ERRORS_MAX - 1; i++) {
		error = errors_grow(errors);
		if (!error)
			break;
		*error = from->list[i];
		from->list[i].text = NULL;
		errors->nr++;
	}
	if (i < from->nr)
		config_errors_add(errors, "errors", 0, "%s", "");
	config_errors_free(from);
}

void config_errors_log(const struct config_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->nr; i++)
		log_err("%s", errors->list[i].text);
}

void config_errors_free(struct config_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->nr; i++)
		free(errors->list[i].text);
	free(errors->list);
	errors->list = NULL;
	errors->nr = 0;
}
