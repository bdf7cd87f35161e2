// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_drain.c: what is seen of a drain (daemon_drain.h).
 */
#include <math.h>
#include <string.h>
#include "daemon_drain.h"
#include "daemon_internal.h"
#include "maps/reasons.h"
#include "user/steer/pops.h"

#define SMOOTH_S 5 /* over which the rate is smoothed */
#define MOST	 5 /* prefixes that are named */

/* A SYN that was sent again counts once more. */
void drain_seen_count(struct drain_seen *seen, const struct daemon *daemon)
{
	const struct datapath *dp = &daemon->loader->dp;
	__u64 syns = datapath_reason(dp, AD_R_DIVERTED) + datapath_reason(dp, AD_R_LOCAL_SYN);

	if (seen->has_counted)
		seen->new_per_s += ((double)syns - seen->syns - seen->new_per_s) / SMOOTH_S;
	if (seen->new_per_s < 0.05)
		seen->new_per_s = 0;
	seen->has_counted = true;
	seen->syns = syns;
}

void drain_seen_forget(struct drain_seen *seen)
{
	seen->unnamed_real_s = 0;
}

static bool is_named(const struct daemon *daemon)
{
	const struct config *config = daemon->config;
	const char *name = config->pops[config->self->pop].name;
	struct pop_seen pops[AD_STEER_BANK];
	size_t nr, i;

	if (pops_read(&daemon->loader->pins, pops, &nr))
		return false;
	for (i = 0; i < nr; i++)
		if (!strcmp(pops[i].name, name))
			return !(pops[i].word & AD_STEER_OUT);
	return false;
}

/* Seconds that resolvers may keep an answer; 0: only the records know. */
static unsigned int find_ttl(const struct config *config)
{
	unsigned int most_s = 0;
	size_t i;

	for (i = 0; i < config->nr_steered; i++) {
		if (!config->steered[i].ttl_s)
			return 0;
		if (config->steered[i].ttl_s > most_s)
			most_s = config->steered[i].ttl_s;
	}
	return most_s;
}

static json_t *answers_json(struct drain_seen *seen, const struct daemon *daemon,
			    const struct drain_steps *steps)
{
	bool named = is_named(daemon);
	unsigned int ttl_s = find_ttl(daemon->config);

	if (!daemon->config->nr_steered)
		return json_null();
	if (named)
		seen->unnamed_real_s = 0;
	else if (!seen->unnamed_real_s)
		seen->unnamed_real_s = steps->begun_real_s;
	return json_pack("{s:b, s:o}", "named", named, "cached_until_s",
			 named || !ttl_s ? json_null()
					 : json_integer(seen->unnamed_real_s + ttl_s));
}

static json_t *sender_json(const struct catch_line *line)
{
	return json_pack("{s:s, s:o, s:I}", "prefix", line->name, "asn",
			 line->asn ? json_integer(line->asn) : json_null(), "connections",
			 (json_int_t)llround(line->rate[CATCH_CONNECTIONS]));
}

static json_t *sending_json(const struct catch_view *view)
{
	json_t *most = json_array();
	size_t i;

	for (i = 0; i < view->nr[CATCH_BY_PREFIX] && i < MOST; i++)
		json_array_append_new(most, sender_json(&view->lines[CATCH_BY_PREFIX][i]));
	return json_pack("{s:I, s:I, s:o}", "connections",
			 (json_int_t)llround(view->rate[CATCH_CONNECTIONS]), "prefixes",
			 (json_int_t)view->nr[CATCH_BY_PREFIX], "most", most);
}

json_t *drain_seen_json(struct drain_seen *seen, const struct daemon *daemon,
			const struct drain_steps *steps, int flows)
{
	const struct catch_view *view = catchment_senders(daemon->catchment);

	return json_pack("{s:o, s:f, s:o, s:o}", "flows_left",
			 flows < 0 ? json_null() : json_integer(flows), "new_per_second",
			 round(seen->new_per_s * 10) / 10, "answers",
			 answers_json(seen, daemon, steps), "sending",
			 view ? sending_json(view) : json_null());
}
