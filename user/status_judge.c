// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * status_judge.c: what is not as it should be (status.h). A warning says what it means for the
 * user, and what helps.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "addr.h"
#include "clock.h"
#include "output.h"
#include "port.h"
#include "prepare.h"
#include "status.h"
#include "sysctl.h"

#define DNS_PORT       53
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

static void judge_pins(const struct view *view, struct status *status)
{
	if (*status->lost)
		warn(status,
		     "%s is not pinned in %s any more: a daemon pins it again, anydoor run takes "
		     "over what runs",
		     status->lost, view->pins.dir);
}

static void judge_state(struct status *status)
{
	if (!(status->state.flags & AD_STATE_ARMED))
		warn(status, "not armed: new flows leave without a stamp and cannot be led home");
	if (status->state.unstamped >= AD_UNSTAMPED_MAX)
		warn(status, "the unstamped list is full: old connections may break");
	if (!status->has_daemon)
		warn(status, "no daemon tends it: zones, fleet and neighbours stay as they are; "
			     "start `anydoor run`");
}

/* The tunnel's clock follows the real one only while somebody tends it. */
static void judge_clock(struct status *status)
{
	long long off_ns = llabs(clock_real_minus_mono_ns() - status->state.real_minus_mono_ns);
	long long off_s = off_ns / 1000000000;

	if (off_s >= AD_TUNNEL_FRESH_S)
		warn(status, "the tunnel's clock is %llds off: peers drop what we send them",
		     off_s);
	else if (off_ns >= CLOCK_SLACK_NS)
		warn(status, "the tunnel's clock is %llds off; peers forgive %ds", off_s,
		     AD_TUNNEL_FRESH_S);
}

static void judge_interface(const struct view *view, struct status *status,
			    const struct status_interface *interface)
{
	bool generic_wanted = view->config && view->config->xdp_mode == XDP_GENERIC;
	const char *name = interface->record.name;

	if (interface->missing & AD_ATTACHED_XDP)
		warn(status, "%s: the XDP program is not attached", name);
	if (interface->missing & AD_ATTACHED_TC)
		warn(status, "%s: the egress filter is not attached: replies leave unstamped",
		     name);
	if (interface->record.flags & AD_ATTACHED_GENERIC && !generic_wanted)
		warn(status, "%s: attached in generic mode, which is slow", name);
}

static bool is_recorded(const struct status *status, const char *name)
{
	for (size_t i = 0; i < status->nr_interfaces; i++)
		if (!strcmp(status->interfaces[i].record.name, name))
			return true;
	return false;
}

static void judge_interfaces(const struct view *view, struct status *status)
{
	const struct config *config = view->config;

	for (size_t i = 0; i < status->nr_interfaces; i++)
		judge_interface(view, status, &status->interfaces[i]);
	for (size_t i = 0; config && i < config->nr_interfaces; i++)
		if (!is_recorded(status, config->interfaces[i]))
			warn(status, "%s: nothing is attached", config->interfaces[i]);
}

static void judge_sysctls(const struct view *view, struct status *status)
{
	for (int which = 0; which < AD_SYSCTL_MAX; which++) {
		int value;

		if (!status->here || !view->config || !prepare_needs_sysctl(which, view->config))
			continue;
		value = sysctl_get(which);
		if (value >= 0 && value != sysctl_wanted(which))
			warn(status, "%s is %d and must be %d", sysctl_name(which), value,
			     sysctl_wanted(which));
	}
}

static void judge_port53(const struct view *view, struct status *status)
{
	const struct config *config = view->config;
	char text[ADDR_TEXT], who[PORT_WHO_TEXT];
	struct port_sockets sockets;
	struct port_holder holder;

	if (!status->here || !config || config->dns_unserved_pass || port_read(DNS_PORT, &sockets))
		return;
	for (size_t i = 0; i < config->nr_vips; i++)
		if (config->vips[i].dns &&
		    port_is_taken(&sockets, &config->vips[i].address, &holder))
			warn(status,
			     "port 53 of %s is held for %s: what the kernel passes up, and TCP, is "
			     "answered by that",
			     addr_format(&config->vips[i].address, text), port_who(&holder, who));
}

static void judge_config(const struct view *view, struct status *status)
{
	const struct config *config = view->config;

	if (config && config->self->id != view->meta.node_id)
		warn(status, "loaded as node %u, but %s says %u", view->meta.node_id, config->path,
		     config->self->id);
	if (strcmp(view->meta.version, VERSION))
		warn(status, "loaded by version %s, this is %s; restart the daemon to upgrade",
		     view->meta.version, VERSION);
}

static void judge_zone(struct status *status, const struct dns_zone_stats *zone)
{
	__u64 now = time(NULL), until = zone->signed_until_s;
	char left[UNIT_TEXT];

	if (*zone->error)
		warn(status, "zone %s is served as it was: %s", zone->name, zone->error);
	switch (dns_zone_signing(until, zone->resign_by_s, now)) {
	case DNS_RESIGN:
		warn(status, "zone %s: signatures expire in %s: sign it again", zone->name,
		     unit_duration(until - now, left));
		break;
	case DNS_EXPIRED:
		warn(status,
		     "zone %s: signatures expired %s ago: validators find it bogus; sign "
		     "it again",
		     zone->name, unit_duration(now - until, left));
		break;
	default:
		break;
	}
}

static void judge_zones(struct status *status)
{
	for (size_t i = 0; i < status->dns.nr_zones; i++)
		judge_zone(status, &status->dns.zones[i]);
}

void status_judge(const struct view *view, struct status *status)
{
	judge_state(status);
	judge_pins(view, status);
	judge_clock(status);
	judge_interfaces(view, status);
	judge_sysctls(view, status);
	judge_port53(view, status);
	judge_config(view, status);
	judge_zones(status);
}
