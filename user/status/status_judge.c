// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * status_judge.c: what is wrong with an instance (status.h). A warning says what it means for the
 * user, and what helps.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include "reloaded.h"
#include "status.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/base/sysctl.h"
#include "user/bgp/record.h"
#include "user/load/prepare.h"
#include "user/net/port.h"

#define DNS_PORT       53
#define SILENT_S       10 /* the daemon shows each second that it is alive, or every two at work */
#define CLOCK_SLACK_NS 2000000000LL /* a running daemon follows the clock */

static void add(struct status *status, const char *format, va_list args)
{
	char *text = status->nr_warnings < WARNINGS_MAX ? printable_format(format, args) : NULL;

	if (!text)
		return;
	status->checks_of[status->nr_warnings] = status->judging;
	status->warnings[status->nr_warnings++] = text;
}

__attribute__((format(printf, 2, 3))) static void warn(struct status *status, const char *format,
						       ...)
{
	va_list args;

	va_start(args, format);
	add(status, format, args);
	va_end(args);
}

/*
 * A warning that this node, and not the whole fleet, serves badly: clients should go to other
 * nodes.
 */
__attribute__((format(printf, 2, 3))) static void unfit(struct status *status, const char *format,
							...)
{
	va_list args;

	if (!status->unfit)
		status->unfit = status->nr_warnings + 1;
	va_start(args, format);
	add(status, format, args);
	va_end(args);
}

static void judge_pins(const struct view *view, struct status *status)
{
	struct statvfs fs;

	if (!statvfs(view->pins.dir, &fs) && fs.f_flag & ST_RDONLY)
		warn(status,
		     "%s: the bpffs is mounted read-only: the next reload or upgrade will fail; "
		     "mount -o remount,rw",
		     view->pins.dir);
	if (*status->lost)
		unfit(status,
		      "%s is not pinned in %s any more: a daemon pins it again, anydoor run takes "
		      "over what runs",
		      status->lost, view->pins.dir);
}

static void judge_state(const struct view *view, struct status *status)
{
	if (!(status->state.flags & AD_STATE_ARMED))
		unfit(status, "not armed: new flows leave without a stamp and cannot be led home");
	if (status->state.unstamped >= AD_UNSTAMPED_MAX)
		warn(status, "the unstamped list is full: old connections may break");
	if (status->has_daemon && status->silent_s >= SILENT_S)
		warn(status,
		     "the daemon, process %d, gave no sign of life for %us: it is stopped, hangs, "
		     "or "
		     "loads something large",
		     status->daemon_pid, status->silent_s);
	if (!status->has_daemon)
		warn(status, "no daemon tends it: zones, fleet and neighbours stay as they are; "
			     "start `anydoor run`");
}

#define REFUSED_LATELY_S 600

/*
 * A flow found no room in the table. Idle entries are given to new flows, so all entries are of
 * live flows.
 */
static void judge_flows(const struct view *view, struct status *status)
{
	__u32 ago_s = clock_mono_s() - status->state.refused_s;
	char text[UNIT_TEXT];

	if (status->state.refused_s && ago_s < REFUSED_LATELY_S)
		warn(status,
		     "the flow table was too full for a flow %us ago (%s in all): shifted ones are "
		     "asked about packet by packet, others not counted; raise flows.max",
		     ago_s, unit_exact(status->flow_stats.refusals, text));
}

static void judge_peers(const struct view *view, struct status *status)
{
	char name[NAME_TEXT], text[UNIT_TEXT];

	for (size_t i = 0; i < status->nr_peers; i++) {
		const struct peer *peer = &status->peers[i];

		if (peer->node.flags & AD_NODE_SILENT)
			warn(status,
			     "%s does not answer through the tunnel, and %s packets were sent "
			     "there: flows that are led to it are stuck; is it up, and is UDP port "
			     "%u open both ways?",
			     names_format(&view->names, peer->id, name),
			     unit_exact(peer->count.tx.packets, text),
			     view->config ? view->config->tunnel_port : AD_TUNNEL_PORT);
	}
}

/* The tunnel's clock follows the real one only while a daemon runs. */
static void judge_clock(const struct view *view, struct status *status)
{
	long long off_ns = llabs(clock_real_minus_mono_ns() - status->state.real_minus_mono_ns);
	long long off_s = (off_ns + 500000000) / 1000000000;

	if (off_s >= AD_TUNNEL_FRESH_S)
		unfit(status, "the tunnel's clock is %llds off: peers drop what we send them",
		      off_s);
	else if (off_ns >= CLOCK_SLACK_NS)
		warn(status, "the tunnel's clock is %llds off; peers forgive %ds", off_s,
		     AD_TUNNEL_FRESH_S);
}

/*
 * Stamps never go back: if an error of the clock moved them forward, they stay until the clock has
 * caught up.
 */
static void judge_stamps(const struct view *view, struct status *status)
{
	__u8 bits = view->meta.owner_bits;
	long long most_ms, lead_ms;

	if (!bits || bits > 24)
		return;
	most_ms = 1ll << (32 - bits - 6); /* the difference that clock_follow() allows */
	lead_ms = clock_stamp_lead_ms(&status->state);
	if (lead_ms > most_ms)
		unfit(status,
		      "stamps are %llds ahead of the real clock, which other POPs misread: flows "
		      "that move break until it has caught up; mend the clock, or drain and load "
		      "anew",
		      lead_ms / 1000);
	else if (-lead_ms > most_ms)
		unfit(status, "stamps are %llds behind the real clock; the daemon moves them",
		      -lead_ms / 1000);
}

/* What POPs that names are steered to are doing is the fleet's: only that we do not know it. */
static void judge_checks(const struct view *view, struct status *status)
{
	const struct config *config = view->config;
	char text[UNIT_TEXT], cause[POP_CAUSE_TEXT];
	__u64 overdue_s;
	size_t i;

	overdue_s =
		config && status->has_daemon
			? checks_overdue_s(status->checks, status->nr_checks, config, time(NULL))
			: 0;
	if (overdue_s)
		warn(status,
		     "health checks do not run, the last one is %s ago: POPs stay as they are; "
		     "restart the daemon",
		     unit_duration(overdue_s, text));
	for (i = 0; i < status->nr_pops; i++) {
		if (status->pops[i].health.state != AD_HEALTH_KEPT)
			continue;
		warn(status,
		     "POP %s fails its health checks, and gets clients all the same, for too few "
		     "POPs would be left (health.at_least): %s",
		     status->pops[i].name, pops_health_cause(&status->pops[i].health, cause));
		break;
	}
}

/* The word of an operator is about answers. What lands here, and BGP, go by the checks. */
static void judge_own_pop(const struct view *view, struct status *status)
{
	const struct config *config = view->config;
	const char *name = config ? config->pops[config->self->pop].name : "";
	size_t i;

	for (i = 0; i < status->nr_pops; i++) {
		const struct pop_seen *pop = &status->pops[i];

		if (!strcmp(pop->name, name) && pop->told.state == AD_STEER_TOLD_UP &&
		    (pop->health.state == AD_HEALTH_OUT || pop->health.state == AD_HEALTH_KEPT))
			warn(status,
			     "POP %s was told to be up, so steered names name it, and its health "
			     "checks fail here: what lands here is led elsewhere, and BGP goes by "
			     "the "
			     "checks; mend or remove what fails, or `anydoor pop %s auto`",
			     name, name);
	}
}

#define TOLD_WITHIN_S 60

static void judge_family(struct status *status, const json_t *one)
{
	const char *wish = json_string_value(json_object_get(one, "wish"));
	const char *fact = json_string_value(json_object_get(one, "fact"));
	const char *cause = json_string_value(json_object_get(one, "cause"));
	const char *family = json_string_value(json_object_get(one, "family"));
	const char *why = json_string_value(json_object_get(one, "why"));
	__u64 since_s = json_integer_value(json_object_get(one, "since_s"));

	if (!wish || !cause || !family || !why)
		return;
	if (!strcmp(cause, "last") || (!strcmp(wish, "withdraw") && strcmp(cause, "drain") &&
				       strcmp(cause, "warm") && strcmp(cause, "not_armed")))
		warn(status, "BGP: %s: %s: %s", family, wish, why);
	if (fact && strcmp(fact, wish) && time(NULL) > (time_t)(since_s + TOLD_WITHIN_S))
		warn(status,
		     "BGP: %s: neighbours are told otherwise than wished (%s, not %s): see "
		     "`anydoor status --json` and the export filters of the BGP daemon",
		     family, fact, wish);
}

static void judge_bgp(const struct view *view, struct status *status)
{
	const char *trouble = json_string_value(json_object_get(status->bgp, "trouble"));
	const json_t *one;
	size_t i;

	if (trouble)
		warn(status, "BGP: %s", trouble);
	if (!record_has_bgp(status->bgp))
		return;
	json_array_foreach(json_object_get(status->bgp, "families"), i, one)
		judge_family(status, one);
	if (json_is_true(json_object_get(json_object_get(status->bgp, "drain"), "held")))
		warn(status, "drain: the VIPs are not withdrawn, for too few other POPs are up "
			     "(bgp.at_least); `anydoor drain --last` does it all the same");
}

static void judge_bus(const struct view *view, struct status *status)
{
	const struct ad_bus_seen *bus = &status->bus.self;
	char age[UNIT_TEXT];

	if (!status->has_daemon)
		return;
	if (bus->state == AD_BUS_STALE)
		warn(status,
		     "the bus is stale for %s%s%s: what others said last holds, and what is said "
		     "here stays here until it is back",
		     unit_duration(time(NULL) - bus->since_real_s, age), *bus->why ? ": " : "",
		     bus->why);
	else if (bus->state == AD_BUS_FRESH && bus->echo_ms > AD_BUS_SLOW_MS)
		warn(status,
		     "the bus is slow: what this node writes takes %u ms to come back; what is "
		     "said "
		     "here is known elsewhere as late as that",
		     bus->echo_ms);
	else if (bus->state == AD_BUS_JOINING)
		warn(status, "the bus was not reached yet%s%s", *bus->why ? ": " : "", bus->why);
	else if (bus->state == AD_BUS_REFUSED)
		warn(status, "the bus: %s: we write nothing; give one of the two another id",
		     bus->why);
}

static void judge_rtt(const struct view *view, struct status *status)
{
	if (status->has_daemon && status->probe.state == AD_RTT_FAILED)
		warn(status,
		     "round-trip times are not measured here (%s): POPs of policies with `draw: "
		     "rtt` stand by what others have measured, or in the configuration's order",
		     status->probe.why);
}

/* That connections are not counted is no fault of this node, as long as nobody asked for it. */
static void judge_connections(const struct view *view, struct status *status)
{
	const struct config *config = view->config;
	bool wants_log = config && (config->flowlog.file || config->flowlog.socket);

	if (!status->has_daemon || !wants_log)
		return;
	if (status->telling.state == AD_CONNECTIONS_FAILED)
		warn(status,
		     "nothing goes into the flow log: the kernel tells of no connection: %s",
		     status->telling.why);
	if (status->telling.log_failed)
		warn(status, "the flow log: %s", status->telling.log_why);
}

static void judge_directory(const struct view *view, struct status *status)
{
	const struct ad_directory_seen *seen = &status->directory;

	if (!status->has_daemon)
		return;
	if (seen->state == AD_DIRECTORY_MUTE)
		warn(status,
		     "the nodes of this POP are not told of flows without stamps (%s): free that "
		     "port, or set `hunt.directory_port` to another one on every node",
		     seen->why);
	if (seen->state == AD_DIRECTORY_LISTS)
		warn(status,
		     "the kernel does not tell of connections without stamps (%s): sockets are "
		     "listed instead, and a flow that moves in its first seconds may be lost",
		     seen->why);
	if (seen->mute)
		warn(status,
		     "%u of %u other nodes of this POP do not answer about flows without stamps: "
		     "let UDP port `hunt.directory_port` through between them; do they all run "
		     "this version?",
		     seen->mute, seen->siblings);
	if (seen->full)
		warn(status,
		     "the directory of this POP is full: of further flows without stamps those "
		     "that move are lost");
}

/* --- addresses and links ---------------------------------------------------------------------- */

static void judge_vips(const struct view *view, struct status *status, const struct ifaddrs *list)
{
	const struct config *config = view->config;
	char text[ADDR_TEXT];

	for (size_t i = 0; i < config->nr_vips; i++) {
		const struct ad_addr *vip = &config->vips[i].address;

		if (addr_is_among(list, vip))
			continue;
		if (!config->vips[i].tcp)
			warn(status,
			     "%s is on no interface here: what the kernel passes up, and TCP, is "
			     "not answered there; ip address add %s/%d dev lo",
			     addr_format(vip, text), text, addr_is_ip4(vip) ? 32 : 128);
		else
			unfit(status,
			      "%s is on no interface here, so nothing can be served there; ip "
			      "address add %s/%d dev lo",
			      addr_format(vip, text), text, addr_is_ip4(vip) ? 32 : 128);
	}
}

static void judge_link(struct status *status, const char *name, const struct ifaddrs *list)
{
	for (; list; list = list->ifa_next) {
		if (strcmp(list->ifa_name, name))
			continue;
		if (!(list->ifa_flags & IFF_UP))
			unfit(status, "%s: the interface is down; ip link set %s up", name, name);
		else if (!(list->ifa_flags & IFF_RUNNING))
			unfit(status, "%s: the link is down", name);
		return;
	}
}

static void judge_network(const struct view *view, struct status *status)
{
	struct ifaddrs *list;

	if (!status->here || !view->config || getifaddrs(&list))
		return;
	status->judging = "vips";
	judge_vips(view, status, list);
	status->judging = "interfaces";
	for (size_t i = 0; i < view->config->nr_interfaces; i++)
		judge_link(status, view->config->interfaces[i], list);
	freeifaddrs(list);
}

static void judge_interface(const struct view *view, struct status *status,
			    const struct status_interface *interface)
{
	bool generic_wanted = view->config && view->config->xdp_mode == CONFIG_XDP_GENERIC;
	const char *name = interface->record.name;

	if (interface->missing & AD_ATTACHED_XDP)
		unfit(status, "%s: the XDP program is not attached", name);
	if (interface->missing & AD_ATTACHED_TC)
		unfit(status, "%s: the egress filter is not attached: replies leave unstamped",
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
			unfit(status, "%s: nothing is attached", config->interfaces[i]);
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

	if (*zone->error && zone->loaded_real_s)
		warn(status, "zone %s is served as it was read %s ago: %s", zone->name,
		     unit_duration(now - zone->loaded_real_s, left), zone->error);
	else if (*zone->error)
		warn(status, "zone %s is answered with SERVFAIL: %s", zone->name, zone->error);
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

/* The last place is kept for the number of further zones. */
static void judge_zones(const struct view *view, struct status *status)
{
	size_t i, more = 0;

	for (i = 0; i < status->dns.nr_zones; i++) {
		if (status->nr_warnings < WARNINGS_MAX - 1)
			judge_zone(status, &status->dns.zones[i]);
		else if (*status->dns.zones[i].error)
			more++;
	}
	if (more)
		warn(status, "and %zu zones more that cannot be read; `anydoor zones` has them all",
		     more);
}

/* Zones that could not be read have warnings of their own. */
static void judge_reload(const struct view *view, struct status *status)
{
	const struct ad_reload *reload = &status->reload;
	char by[RELOADED_BY_TEXT], age[UNIT_TEXT];

	if (reload->end != AD_RELOAD_REFUSED)
		return;
	warn(status,
	     "the last reload, %s ago by %s, was refused: %s; all is served as it was before, and "
	     "`anydoor check` shows every error",
	     unit_duration(time(NULL) - reload->real_s, age), reloaded_by(reload, by),
	     reload->text);
}

/* While somebody leads it a step takes seconds. */
static void judge_rotation(const struct view *view, struct status *status)
{
	const struct ad_bus_seen *bus = &status->bus.self;
	__u64 now = time(NULL), at = bus->step_real_s;
	char age[UNIT_TEXT], who[PRINTABLE_GROWS * sizeof(bus->who) + 1];

	if (!status->has_daemon || !bus->key_goal || now < at + AD_BUS_STEP_S)
		return;
	warn(status,
	     "a rotation of the keys to epoch %u is at epoch %u since %s, by %s: `anydoor keys "
	     "rotate` goes on, `--abort` goes back",
	     bus->key_goal, bus->key_epoch, unit_duration(now - at, age),
	     printable_text(who, sizeof(who), bus->who));
}

/* What is looked at, by the words of `anydoor doctor`. */
static const struct {
	const char *check;
	void (*judge)(const struct view *view, struct status *status);
} judges[] = {
	{ "daemon", judge_state },
	{ "state", judge_pins },
	{ "flows", judge_flows },
	{ "peers", judge_peers },
	{ "clock", judge_clock },
	{ "clock", judge_stamps },
	{ "interfaces", judge_network },
	{ "xdp", judge_interfaces },
	{ "sysctls", judge_sysctls },
	{ "port53", judge_port53 },
	{ "config", judge_config },
	{ "config", judge_reload },
	{ "health", judge_checks },
	{ "health", judge_own_pop },
	{ "bgp", judge_bgp },
	{ "bus", judge_bus },
	{ "keys", judge_rotation },
	{ "rtt", judge_rtt },
	{ "connections", judge_connections },
	{ "peers", judge_directory },
	{ "zones", judge_zones },
};

const char *status_judge_word(size_t i)
{
	return i < sizeof(judges) / sizeof(judges[0]) ? judges[i].check : NULL;
}

void status_judge(const struct view *view, struct status *status)
{
	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
		status->judging = judges[i].check;
		judges[i].judge(view, status);
	}
}
