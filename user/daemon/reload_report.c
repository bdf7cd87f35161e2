// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload_report.c: what a reload has come to (reload_report.h).
 */
#include <string.h>
#include <time.h>
#include "daemon_internal.h"
#include "reload_report.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/status/reloaded.h"

#define LINES_MAX 50 /* in the log, of one reload; `anydoor reload` prints all */

void report_begin(struct report *report, enum ad_reload_by by, const char *who)
{
	memset(report, 0, sizeof(*report));
	report->began_us = clock_mono_us();
	report->record.by = by;
	report->record.end = AD_RELOAD_REFUSED;
	text_cut(report->record.who, sizeof(report->record.who), who ?: "");
	report->changes = json_array();
	report->warnings = json_array();
}

void report_done(struct report *report, size_t nr_broken)
{
	report->nr_broken = nr_broken;
	report->record.end = nr_broken ? AD_RELOAD_PARTLY : AD_RELOAD_OK;
}

void report_halfway(struct report *report)
{
	report->record.end = AD_RELOAD_PARTLY;
}

static void log_lines(json_t *lines, bool is_warning)
{
	size_t i, nr = json_array_size(lines);
	json_t *line;

	json_array_foreach(lines, i, line) {
		if (i == LINES_MAX)
			break;
		if (is_warning)
			log_warn("reload: %s", json_string_value(line));
		else
			log_info("reload: %s", json_string_value(line));
	}
	if (nr > LINES_MAX)
		log_info("reload: and %zu lines more", nr - LINES_MAX);
}

static void report_log(const struct report *report)
{
	size_t nr = json_array_size(report->changes);
	char by[RELOADED_BY_TEXT];

	reloaded_by(&report->record, by);
	config_errors_log(&report->errors);
	if (report->record.end == AD_RELOAD_REFUSED) {
		log_err("reload failed; nothing was changed (%s)", by);
		return;
	}
	log_lines(report->changes, false);
	log_lines(report->warnings, true);
	if (report->nr_broken)
		log_err("reloaded: %zu changes; %zu zones cannot be read (%s)", nr,
			report->nr_broken, by);
	else if (report->record.end == AD_RELOAD_PARTLY)
		log_err("reload failed halfway: %zu changes are in force (%s)", nr, by);
	else
		log_info("reloaded: %zu changes (%s)", nr, by);
}

/* `anydoor status` asks the pins and not us. */
void report_remember(struct daemon *daemon, struct report *report)
{
	struct ad_reload before, *now = &report->record;
	const char *text = json_string_value(json_array_get(report->warnings, 0));
	int err = pins_read_reload(&daemon->loader->pins, &before);

	if (report->errors.nr)
		text = report->errors.list[0].text;
	text_cut(now->text, sizeof(now->text), text ?: "");
	now->real_s = time(NULL);
	now->good_real_s = now->end == AD_RELOAD_OK ? now->real_s : before.good_real_s;
	now->took_ms = (clock_mono_us() - report->began_us) / 1000;
	now->changes = json_array_size(report->changes);
	now->warnings = json_array_size(report->warnings);
	now->errors = report->errors.nr;
	err = err ?: pins_write_reload(&daemon->loader->pins, now);
	if (err)
		log_warn("the reload cannot be noted for `anydoor status`: %s", strerror(-err));
	metrics_note_reload(daemon->metrics, now->end, now->took_ms / 1e3);
}

static json_t *report_json(struct report *report)
{
	json_t *errors = errors_json(&report->errors);
	bool refused = report->record.end == AD_RELOAD_REFUSED;
	int code = !report->errors.nr ? EXIT_OK : EXIT_DEGRADED;

	if (refused)
		code = report->bad_file ? EXIT_USAGE : EXIT_FAILED;
	return json_pack("{s:b, s:b, s:i, s:O?, s:O, s:O, s:o}", "ok", !code, "applied", !refused,
			 "code", code, "error", json_array_get(errors, 0), "changes",
			 report->changes, "warnings", report->warnings, "errors", errors);
}

json_t *report_end(struct daemon *daemon, struct report *report)
{
	report_log(report);
	report_remember(daemon, report);
	return report_json(report);
}

void report_free(struct report *report)
{
	json_decref(report->changes);
	json_decref(report->warnings);
	config_errors_free(&report->errors);
}
