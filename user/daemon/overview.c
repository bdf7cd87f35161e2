// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * overview.c: what the page shows (overview.h).
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "maps/dns_proto.h"
#include "overview.h"
#include "user/base/clock.h"
#include "user/fleet/divert.h"
#include "user/fleet/told.h"

/* One POP of the configuration. */
struct pop_sum {
	struct model_pop nodes;
	struct ad_count tx, rx; /* by tunnel, with its nodes but us */
	const char *first;	/* of its nodes that are not up; NULL: all are */
	enum model_cause cause; /* of the first */
};

/* --- POPs ------------------------------------------------------------------------------------ */

static void add_count(struct ad_count *sum, const struct ad_count *one)
{
	sum->packets += one->packets;
	sum->bytes += one->bytes;
}

static void sum_peers(const struct view *view, const struct status *status, struct pop_sum *sums)
{
	for (size_t i = 0; i < status->nr_peers; i++) {
		const struct peer *peer = &status->peers[i];
		const struct config_node *node = names_node(&view->names, peer->id);
		struct model_standing standing = peer_standing(peer);
		struct pop_sum *sum = node ? &sums[node->pop] : NULL;

		if (!sum)
			continue;
		model_pop_add(&sum->nodes, standing);
		if (standing.state != MODEL_UP && !sum->first) {
			sum->first = node->name;
			sum->cause = standing.cause;
		}
		if (peer->id == view->meta.node_id)
			continue;
		add_count(&sum->tx, &peer->count.tx);
		add_count(&sum->rx, &peer->count.rx);
	}
}

/* NULL: no name is steered to it. */
static const struct pop_seen *find_steered(const struct status *status, const char *name)
{
	for (size_t i = 0; i < status->nr_pops; i++)
		if (!strcmp(status->pops[i].name, name))
			return &status->pops[i];
	return NULL;
}

/* Mean of the medians that are measured for regions, by how many connections each has; or null. */
static json_t *rtt_json(const struct status *status, const char *pop)
{
	double sum_us = 0, samples = 0;

	for (size_t i = 0; i < status->nr_rtt; i++) {
		const struct rtt_seen *rtt = &status->rtt[i];

		if (strcmp(rtt->key.pop, pop))
			continue;
		sum_us += (double)rtt->seen.rtt_us * rtt->seen.samples;
		samples += rtt->seen.samples;
	}
	return samples > 0 ? json_real(sum_us / samples / 1e3) : json_null();
}

static void add_why(json_t *list, const char *format, const char *what, const char *more)
{
	json_array_append_new(list, json_sprintf(format, what, more));
}

/* Why it stands as it does; empty for a POP of which there is nothing to say. */
static json_t *why_json(const struct pop_seen *pop, const struct pop_sum *sum)
{
	char state[POP_STATE_TEXT], who[POP_WHO_TEXT], cause[POP_CAUSE_TEXT], percent[16];
	json_t *list = json_array();

	if (sum->first)
		add_why(list, "%s: %s", sum->first, model_cause_text(sum->cause));
	if (!pop)
		return list;
	if (pop->told.state)
		add_why(list, "told: %s, by %s", pops_state(&pop->told, state),
			pops_who(&pop->told, who));
	if (pop->health.state > AD_HEALTH_UP)
		add_why(list, "health: %s, %s", pops_health_word(pop->health.state),
			pops_health_cause(&pop->health, cause));
	if (pop->is_drained)
		add_why(list, "%s%s", "its nodes drain, or are lost", "");
	snprintf(percent, sizeof(percent), "%u", pop->back_percent);
	if (!pop->is_drained && pop->back_percent < 100)
		add_why(list, "comes back: gets %s %% of its clients%s", percent, "");
	return list;
}

static json_t *pop_json(const struct status *status, const char *name, const struct pop_sum *sum)
{
	const struct pop_seen *steered = find_steered(status, name);

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "pop", name, "state",
			 model_state_name(model_pop_resolve(&sum->nodes)), "up",
			 (json_int_t)sum->nodes.nr[MODEL_UP], "draining",
			 (json_int_t)sum->nodes.nr[MODEL_DRAINING], "out",
			 (json_int_t)sum->nodes.nr[MODEL_OUT], "clients",
			 steered ? json_boolean(!(steered->word & AD_STEER_OUT)) : json_null(),
			 "why", why_json(steered, sum), "tx", status_count_json(&sum->tx), "rx",
			 status_count_json(&sum->rx), "rtt_ms", rtt_json(status, name));
}

static json_t *pops_all_json(const struct view *view, const struct status *status)
{
	const struct config *config = view->config;
	struct pop_sum *sums = calloc(config->nr_pops ?: 1, sizeof(*sums));
	json_t *list = sums ? json_array() : NULL;

	if (sums)
		sum_peers(view, status, sums);
	for (size_t i = 0; list && i < config->nr_pops; i++)
		json_array_append_new(list, pop_json(status, config->pops[i].name, &sums[i]));
	free(sums);
	return list;
}

/* --- this node -------------------------------------------------------------------------------- */

/* Those that are not up, and how many they are. */
static json_t *nodes_json(const struct view *view, const struct status *status, size_t *total)
{
	json_t *list = json_array();

	*total = 0;
	for (size_t i = 0; i < status->nr_peers; i++) {
		const struct peer *peer = &status->peers[i];

		if (peer_standing(peer).state == MODEL_UP || (*total)++ >= OVERVIEW_NODES_MAX)
			continue;
		json_array_append_new(list, json_pack("{s:s?, s:s?, s:s}", "node",
						      names_node_name(&view->names, peer->id),
						      "pop", names_pop_name(&view->names, peer->id),
						      "state", peer_state(peer)));
	}
	return list;
}

/* Without what else is known of the drain: prefixes of clients are not for everybody. */
static json_t *drain_json(const struct status *status)
{
	const json_t *steps = json_object_get(status->bgp, "drain");

	if (!(status->state.flags & AD_STATE_DRAINING))
		return json_null();
	return json_pack("{s:o, s:I, s:i, s:O?, s:O?}", "told", told_json(&status->told),
			 "flows_left", (json_int_t)status->ours, "successors",
			 status->state.nr_successors, "step", json_object_get(steps, "step"),
			 "since_s", json_object_get(steps, "since_s"));
}

static __u64 sum_rcode(const struct dns_stats *dns, int rcode)
{
	__u64 sum = 0;

	for (int by = 0; by < DNS_BY_NR; by++)
		sum += dns->by[by].rcodes[rcode];
	return sum;
}

static json_t *counters_json(const struct status *status)
{
	const struct ad_count *reasons = status->reasons;
	const struct ad_count *outcomes = status->outcomes;
	__u64 answers = 0;

	for (int by = 0; by < DNS_BY_NR; by++)
		answers += dns_count_sum(&status->dns.by[by]);
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "new_connections",
		(json_int_t)(reasons[AD_R_LOCAL_SYN].packets + reasons[AD_R_SYN_REPEATED].packets),
		"diverted", (json_int_t)outcomes[OUTCOME_DIVERTED].packets, "led",
		(json_int_t)outcomes[OUTCOME_LED].packets, "nobody",
		(json_int_t)outcomes[OUTCOME_NOBODY].packets, "dropped",
		(json_int_t)outcomes[OUTCOME_DROPPED].packets, "dns_answers", (json_int_t)answers,
		"dns_nxdomain", (json_int_t)sum_rcode(&status->dns, DNS_NXDOMAIN), "dns_servfail",
		(json_int_t)sum_rcode(&status->dns, DNS_SERVFAIL));
}

static json_t *bytes_json(const struct status *status)
{
	__u64 bytes[2] = { 0 };

	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		bytes[!strcmp(reason_table[i].side, "out")] += status->reasons[i].bytes;
	return json_pack("{s:I, s:I}", "in", (json_int_t)bytes[0], "out", (json_int_t)bytes[1]);
}

static json_t *regions_json(const struct metrics_daemon *daemon)
{
	if (!daemon->catchment)
		return json_null();
	return catch_view_json(daemon->catchment, CATCH_BY_REGION, OVERVIEW_REGIONS_MAX);
}

static json_t *loaded_json(const struct view *view, const struct status *status,
			   const struct metrics_daemon *daemon)
{
	size_t total;
	json_t *nodes = nodes_json(view, status, &total);

	return json_pack(
		"{s:b, s:I, s:b, s:o, s:o, s:o, s:i, s:o, s:o, s:I, s:o, s:s, s:o}", "loaded", 1,
		"loaded_s", (json_int_t)clock_real_s(view->meta.loaded_s), "armed",
		!!(status->state.flags & AD_STATE_ARMED), "counters", counters_json(status),
		"bytes", bytes_json(status), "drain", drain_json(status), "kept_percent",
		divert_kept_percent(&status->state), "pops", pops_all_json(view, status), "nodes",
		nodes, "nodes_total", (json_int_t)total, "regions", regions_json(daemon), "bus",
		bus_state_word(status->bus.self.state), "warnings", status_warnings_json(status));
}

json_t *overview_json(const struct view *view, const struct status *status,
		      const struct metrics_daemon *daemon)
{
	const struct config *config = view->config;
	json_t *json = status ? loaded_json(view, status, daemon) : json_pack("{s:b}", "loaded", 0);
	struct timespec now;
	json_t *head;

	clock_gettime(CLOCK_REALTIME, &now);
	head = json_pack("{s:s, s:s, s:s, s:f}", "version", VERSION, "node", config->self->name,
			 "pop", config_pop_name(config, config->self->pop), "at_s",
			 now.tv_sec + now.tv_nsec / 1e9);
	if (!json || !head || json_object_update(json, head)) {
		json_decref(json);
		json = NULL;
	}
	json_decref(head);
	return json;
}
