// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * findings.c: a list of errors and warnings.
 */
#include <stdarg.h>
#include <stdlib.h>
#include "findings.h"
#include "user/base/printable.h"

void findings_add(struct findings *findings, enum finding_level level, const char *format, ...)
{
	struct finding *list = reallocarray(findings->list, findings->nr + 1, sizeof(*list));
	va_list args;
	char *text;

	if (!list)
		return;
	findings->list = list;
	va_start(args, format);
	text = printable_format(format, args);
	va_end(args);
	if (!text)
		return;
	list[findings->nr++] =
		(struct finding){ .level = level, .check = findings->check, .text = text };
	findings->nr_errors += level == FINDING_ERROR;
}

json_t *findings_json(const struct findings *findings, enum finding_level level)
{
	json_t *texts = json_array();
	size_t i;

	for (i = 0; i < findings->nr; i++)
		if (findings->list[i].level == level)
			json_array_append_new(texts, json_string(findings->list[i].text));
	return texts;
}

void findings_free(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->nr; i++)
		free(findings->list[i].text);
	free(findings->list);
	findings->list = NULL;
	findings->nr = findings->nr_errors = 0;
}
