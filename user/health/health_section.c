// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * health_section.c: what a node tells others of POPs' health (health_section.h).
 */
#include <stdio.h>
#include <string.h>
#include "health_section.h"

#define OTHERS	    "" /* the name under which those are counted that are not named */
#define MOST_OTHERS 99999
#define COUNT_TEXT  8 /* " +99999" */

json_t *health_section_write(const struct pop_seen *pops, size_t nr)
{
	json_t *section = json_object();
	size_t bytes = 0, others = 0, i;
	const char *word;

	for (i = 0; i < nr; i++) {
		if (pops[i].health.state <= AD_HEALTH_UP)
			continue;
		word = pops_health_word(pops[i].health.state);
		bytes += strlen(pops[i].name) + strlen(word) + strlen("\"\":\"\",");
		if (bytes <= HEALTH_SECTION_MAX)
			json_object_set_new(section, pops[i].name, json_string(word));
		else
			others++;
	}
	if (others)
		json_object_set_new(section, OTHERS, json_integer(others));
	return section;
}

static size_t count_others(const json_t *section)
{
	json_int_t others = json_integer_value(json_object_get(section, OTHERS));

	return others < 0 ? 0 : others < MOST_OTHERS ? others : MOST_OTHERS;
}

void health_section_text(const json_t *section, char *text, size_t size)
{
	size_t used = 0, others = count_others(section);
	const json_t *state;
	const char *pop;
	void *at;

	*text = '\0';
	for (at = json_object_iter((json_t *)section); at;
	     at = json_object_iter_next((json_t *)section, at)) {
		pop = json_object_iter_key(at);
		state = json_object_iter_value(at);
		if (!json_is_string(state))
			continue;
		if (used + strlen(pop) + 1 + COUNT_TEXT >= size) {
			others += others < MOST_OTHERS;
			continue;
		}
		used += snprintf(text + used, size - used, "%s%s", used ? " " : "", pop);
	}
	if (others)
		snprintf(text + used, size - used, "%s+%zu", used ? " " : "", others);
}
