// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * failure.c: one failure, for people or for programs (failure.h).
 */
#include <stdarg.h>
#include <stdlib.h>
#include "failure.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/printable.h"

json_t *errors_json(const struct config_errors *errors)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < errors->nr; i++)
		json_array_append_new(list, json_string(errors->list[i].text));
	return list;
}

void places_only(const struct config *config, const struct config_errors *errors)
{
	log_warn("%s; looking in %s all the same", errors->nr ? errors->list[0].text : config->path,
		 config->bpffs);
}

int fail_lines(const struct globals *globals, int code, json_t *lines)
{
	json_t *line;
	size_t i;

	if (globals->json) {
		output_json(json_pack("{s:b, s:s, s:O*, s:o, s:i}", "ok", 0, "instance",
				      globals->instance, "error", json_array_get(lines, 0),
				      "errors", lines, "code", code));
		return code;
	}
	json_array_foreach(lines, i, line)
		log_err("%s", json_string_value(line));
	json_decref(lines);
	return code;
}

int fail_errors(const struct globals *globals, int code, const struct config_errors *errors)
{
	return fail_lines(globals, code, errors_json(errors));
}

int fail(const struct globals *globals, int code, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = printable_format(format, args);
	va_end(args);
	fail_lines(globals, code, json_pack("[s]", text ?: "no memory"));
	free(text);
	return code;
}
