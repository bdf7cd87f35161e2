// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_doctor.c: `anydoor doctor`: what bites in production, and how to mend it. Its exit codes are
 * those of monitoring plugins, so that it can be one.
 */
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/doctor/doctor.h"

enum plugin_code {
	PLUGIN_OK,
	PLUGIN_WARNING,
	PLUGIN_CRITICAL,
	PLUGIN_UNKNOWN
};

struct options {
	bool quiet;
	bool alone;
};

const struct arg cmd_doctor_args[] = { { "--quiet", 'q', ARG_FLAG, offsetof(struct options, quiet),
					 NULL, 0, 0, "say nothing of what is well: for cron" },
				       { "--alone", 0, ARG_FLAG, offsetof(struct options, alone),
					 NULL, 0, 0, "send no probes to other nodes" },
				       { NULL } };

static const struct {
	const char *word;
	enum colour colour;
	enum plugin_code code;
} levels[] = {
	[FINDING_ERROR] = { "critical", RED, PLUGIN_CRITICAL },
	[FINDING_WARNING] = { "warning", YELLOW, PLUGIN_WARNING },
	[FINDING_UNKNOWN] = { "unknown", CYAN, PLUGIN_UNKNOWN },
	[FINDING_FINE] = { "ok", GREEN, PLUGIN_OK },
};

static void print_line(enum finding_level level, const char *check, const char *text)
{
	printf("%s%-10s%s%-12s%s\n", output_colour(levels[level].colour), levels[level].word,
	       output_colour(PLAIN), check, text);
}

/* "check: " at the beginning is in a column of its own already. */
static const char *without_word(const struct finding *one)
{
	size_t len = strlen(one->check);

	return !strncmp(one->text, one->check, len) && !strncmp(one->text + len, ": ", 2)
		       ? one->text + len + 2
		       : one->text;
}

static void print_check(const struct findings *findings, const struct doctor_check *check,
			bool quiet, bool seen)
{
	bool said = false;

	for (size_t i = 0; i < findings->nr; i++) {
		const struct finding *one = &findings->list[i];

		if (strcmp(one->check, check->word))
			continue;
		said = true;
		if (!quiet || one->level != FINDING_FINE)
			print_line(one->level, check->word, without_word(one));
	}
	if (!said && !quiet && seen)
		print_line(FINDING_FINE, check->word, check->well);
}

static void print_text(const struct findings *findings, enum doctor_sight sight, bool quiet)
{
	for (size_t i = 0; i < doctor_nr_checks(); i++)
		print_check(findings, &doctor_checks[i], quiet, doctor_checks[i].needs <= sight);
}

static json_t *findings_of(const struct findings *findings, const char *check)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->nr; i++)
		if (!strcmp(findings->list[i].check, check))
			json_array_append_new(list, json_pack("{ss ss}", "level",
							      levels[findings->list[i].level].word,
							      "text", findings->list[i].text));
	return list;
}

/* A check that could not be made at all has no level. */
static int print_json(const struct findings *findings, enum doctor_sight sight)
{
	enum finding_level worst = doctor_level(findings, NULL);
	json_t *list = json_array();

	for (size_t i = 0; i < doctor_nr_checks(); i++) {
		const struct doctor_check *check = &doctor_checks[i];
		enum finding_level level = doctor_level(findings, check->word);
		bool seen = check->needs <= sight || level != FINDING_FINE;

		json_array_append_new(list, json_pack("{ss ss? ss so}", "check", check->word,
						      "level", seen ? levels[level].word : NULL,
						      "well", check->well, "findings",
						      findings_of(findings, check->word)));
	}
	return output_json(json_pack("{ss si so}", "level", levels[worst].word, "code",
				     levels[worst].code, "checks", list));
}

int cmd_doctor(const struct globals *globals, int argc, char **argv)
{
	struct findings findings = {};
	struct options options = {};
	enum finding_level worst;
	enum doctor_sight sight;

	if (args_parse(cmd_doctor_args, argc, argv, &options))
		return PLUGIN_UNKNOWN;
	sight = doctor_look(globals, options.alone, &findings);
	worst = doctor_level(&findings, NULL);
	if (globals->json)
		print_json(&findings, sight);
	else
		print_text(&findings, sight, options.quiet);
	findings_free(&findings);
	return levels[worst].code;
}
