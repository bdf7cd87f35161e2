// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * status.c: reading how an instance is doing, and finding what is wrong with it (status.h).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "status.h"

#define CLOCK_SLACK_NS 2000000000LL /* the daemon follows the clock; nobody does without it */

__attribute__((format(printf, 2, 3))) static void warn(struct status *status, const char *format,
						       ...)
{
	va_list args;

	if (status->nr_warnings == WARNINGS_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&status->warnings[status->nr_warnings], format, args) >= 0)
		status->nr_warnings++;
	va_end(args);
}

static void sum_outcomes(struct status *status)
{
	for (unsigned int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		struct ad_count *sum = &status->outcomes[reason_outcome(i)];

		sum->packets += status->reasons[i].packets;
		sum->bytes += status->reasons[i].bytes;
	}
}

static void find_state_warnings(struct status *status)
{
	if (!(status->state.flags & AD_STATE_ARMED))
		warn(status, "not armed: new flows leave without a stamp and cannot be led home");
	if (status->state.unstamped >= AD_UNSTAMPED_MAX)
		warn(status, "the unstamped list is full: old connections may break");
}

/* The tunnel's clock follows the real one only while somebody tends it. */
static void find_clock_warning(struct status *status)
{
	struct timespec real, mono;
	__s64 now, off;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	now = (real.tv_sec - mono.tv_sec) * 1000000000LL + real.tv_nsec - mono.tv_nsec;
	off = llabs(now - status->state.real_minus_mono_ns);
	if (off >= AD_TUNNEL_FRESH_S * 1000000000LL)
		warn(status,
		     "the tunnel's clock is %llds off: peers drop what we send them; "
		     "start the daemon",
		     off / 1000000000LL);
	else if (off >= CLOCK_SLACK_NS)
		warn(status,
		     "the tunnel's clock is %llds off (peers forgive %ds); "
		     "is the daemon running?",
		     off / 1000000000LL, AD_TUNNEL_FRESH_S);
}

static void find_config_warnings(const struct view *view, struct status *status)
{
	const struct config *config = view->config;

	if (config && config->self->id != view->meta.node_id)
		warn(status, "loaded as node %u, but %s says %u", view->meta.node_id, config->path,
		     config->self->id);
	if (strcmp(view->meta.version, VERSION))
		warn(status, "loaded by version %s, this is %s; restart the daemon to upgrade",
		     view->meta.version, VERSION);
}

static int count_left(const struct ad_flow *flow, void *arg)
{
	*(__u64 *)arg += flow->kind == AD_FLOW_OURS && !(flow->flags & AD_FLOW_CLOSING);
	return 0;
}

/* On failure *what names the map. */
static int read_maps(const struct view *view, struct status *status, const char **what)
{
	const struct pins *pins = &view->pins;
	int err;

	*what = "state";
	err = pins_read_state(pins, &status->state);
	if (err)
		return err;
	*what = "counters";
	err = pins_read_reasons(pins, status->reasons);
	err = err ?: pins_read_flow_stats(pins, &status->flow_stats);
	if (err)
		return err;
	*what = "the fleet";
	err = peers_read(pins, &view->names, &status->peers, &status->nr_peers);
	if (err)
		return err;
	*what = "DNS counters";
	err = dns_stats_read(pins, &status->dns);
	return err == -ENOENT ? 0 : err;
}

int status_read_counters(const struct view *view, struct status *status, const char **what)
{
	int err;

	memset(status, 0, sizeof(*status));
	err = read_maps(view, status, what);
	if (err) {
		status_free(status);
		return err;
	}
	sum_outcomes(status);
	find_state_warnings(status);
	find_clock_warning(status);
	find_config_warnings(view, status);
	return 0;
}

/* Tags do not tell a flow that closes from one that lives; only a drain is worth the longer walk. */
static int read_flows(const struct pins *pins, struct status *status)
{
	int err = pins_read_occupancy(pins, &status->flows);

	if (!err && status->state.flags & AD_STATE_DRAINING)
		err = pins_each_flow(pins, count_left, &status->flows_left);
	return err;
}

int status_read(const struct view *view, struct status *status, const char **what)
{
	int err = status_read_counters(view, status, what);

	if (err)
		return err;
	*what = "the flow table";
	err = read_flows(&view->pins, status);
	if (err)
		status_free(status);
	return err;
}

void status_free(struct status *status)
{
	for (size_t i = 0; i < status->nr_warnings; i++)
		free(status->warnings[i]);
	free(status->peers);
	dns_stats_free(&status->dns);
	memset(status, 0, sizeof(*status));
}

__u64 status_sum_rcodes(const __u64 counts[DNS_STATS_RCODES])
{
	__u64 sum = 0;

	for (int i = 0; i < DNS_STATS_RCODES; i++)
		sum += counts[i];
	return sum;
}
