// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reloaded.c: the last reload in words (reloaded.h).
 */
#include <stdio.h>
#include "reloaded.h"

const char *reloaded_end(const struct ad_reload *reload)
{
	static const char *const names[AD_RELOAD_END_NR] = {
		[AD_RELOAD_NONE] = "none",
		[AD_RELOAD_OK] = "ok",
		[AD_RELOAD_PARTLY] = "partly",
		[AD_RELOAD_REFUSED] = "refused",
	};

	return names[reload->end < AD_RELOAD_END_NR ? reload->end : AD_RELOAD_NONE];
}

const char *reloaded_by(const struct ad_reload *reload, char text[RELOADED_BY_TEXT])
{
	static const char *const names[AD_RELOAD_BY_NR] = {
		[AD_RELOAD_START] = "the daemon's start",
		[AD_RELOAD_COMMAND] = "anydoor reload",
		[AD_RELOAD_SIGNAL] = "SIGHUP",
		[AD_RELOAD_WATCH] = "dns.watch",
		[AD_RELOAD_BUS] = "nodes: from bus",
	};
	const char *name = reload->by < AD_RELOAD_BY_NR ? names[reload->by] : "?";

	snprintf(text, RELOADED_BY_TEXT, *reload->who ? "%s (%s)" : "%s", name, reload->who);
	return text;
}

json_t *reloaded_json(const struct ad_reload *reload)
{
	json_t *text = *reload->text ? json_string(reload->text) : json_null();
	char by[RELOADED_BY_TEXT];

	if (!reload->real_s)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:o}", "result",
			 reloaded_end(reload), "at_s", (json_int_t)reload->real_s, "good_at_s",
			 (json_int_t)reload->good_real_s, "by", reloaded_by(reload, by), "took_ms",
			 (json_int_t)reload->took_ms, "changes", (json_int_t)reload->changes,
			 "warnings", (json_int_t)reload->warnings, "errors",
			 (json_int_t)reload->errors, "text",
			 text ?: json_string("(not UTF-8: say it without --json)"));
}
