// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tend.c: what the daemon looks after, once a second or more seldom.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <net/if.h>
#include "daemon_connections.h"
#include "daemon_directory.h"
#include "daemon_internal.h"
#include "maps/reasons.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/fleet/model_pins.h"
#include "user/flows/unstamped.h"
#include "user/load/attach.h"
#include "user/load/prepare.h"
#include "user/net/device.h"
#include "user/net/neigh.h"
#include "user/net/vlan.h"

#define WARM_EVERY_S   5 /* well below the 30 s in which a neighbour turns stale */
#define WATCH_EVERY_S  3
#define AGE_EVERY_S    30
#define SYSCTL_EVERY_S 10
#define PEERS_EVERY_S  5
#define EXPIRY_EVERY_S 10
#define RENEW_AGAIN_S  600 /* after a try that may have failed */

/* --- what the worker does --------------------------------------------------------------------- */

bool daemon_start_chore(struct daemon *daemon, struct chore *chore,
			void (*work)(struct worker_job *job),
			void (*done)(struct worker_job *job, bool ran))
{
	if (chore->is_busy)
		return false;
	chore->job = (struct worker_job){ .work = work, .done = done };
	chore->is_busy = true;
	chore->config = daemon->config;
	chore->pins = daemon->loader->pins;
	worker_queue(daemon->worker, &chore->job);
	return true;
}

static void work_warm(struct worker_job *job)
{
	neigh_keep_warm(((struct chore *)job)->config);
}

static void on_warm(struct worker_job *job, bool ran)
{
	((struct chore *)job)->is_busy = false;
}

/* With maps that it opens itself: the loader's are others after a reload. */
void daemon_chore_on_sockets(struct chore *chore,
			     int (*act)(const struct datapath *dp, const struct vip_set *vips))
{
	struct config_errors ignored = {};
	struct datapath dp;
	struct vip_set vips;

	chore->result = datapath_open(&dp, chore->pins.dir, &ignored);
	config_errors_free(&ignored);
	if (chore->result)
		return;
	chore->result = vip_set_read(&vips, dp.locals, AD_LOCAL_VIP_TCP);
	chore->result = chore->result ?: act(&dp, &vips);
	datapath_close(&dp);
}

static void work_age(struct worker_job *job)
{
	daemon_chore_on_sockets((struct chore *)job, unstamped_age);
}

static void on_aged(struct worker_job *job, bool ran)
{
	struct chore *chore = (struct chore *)job;

	chore->is_busy = false;
	if (ran && chore->result > 0)
		log_debug("%d unstamped sockets are gone", chore->result);
	if (ran && chore->result < 0 && chore->result != -ENOENT) /* -ENOENT: detached meanwhile */
		log_warn("unstamped list: cannot be aged: %s", strerror(-chore->result));
}

/* --- what the loop does ----------------------------------------------------------------------- */

static void tend_clock(struct daemon *daemon)
{
	__s64 moved = clock_follow(daemon->loader->dp.state_at, 32 - daemon->config->owner_bits);

	if (moved > 0)
		log_warn("the real clock ran ahead: stamps moved %lld ms forward",
			 (long long)moved);
	if (moved < 0 && !daemon->tend.clock_ahead)
		log_err("the real clock went back by %lld ms, which stamps cannot follow: other "
			"POPs may misread them until it catches up; mend the clock",
			(long long)-moved);
	daemon->tend.clock_ahead = moved < 0;
}

static void follow_links(struct daemon *daemon)
{
	int err = vlan_follow(daemon->loader->dp.links);

	if (err && err != daemon->tend.links_err)
		log_warn("VLAN devices: cannot be told to the data path: %s", strerror(-err));
	daemon->tend.links_err = err;
}

/*
 * On time, and at once when a packet was dropped for want of a neighbour. A large fleet takes tens
 * of milliseconds.
 */
static void tend_neighbours(struct daemon *daemon)
{
	__u64 dropped = datapath_reason(&daemon->loader->dp, AD_R_NO_NEIGH);
	bool urgent = dropped != daemon->tend.no_neigh;

	if (!urgent && daemon->tend.seconds % WARM_EVERY_S)
		return;
	if (daemon_start_chore(daemon, &daemon->tend.warm, work_warm, on_warm))
		daemon->tend.no_neigh = dropped;
	prepare_follow_multipath(daemon->loader->dp.state_at);
	follow_links(daemon);
}

/* Not per packet, but not only once either: the list stays full until somebody acts. */
static void shout_if_full(struct daemon *daemon)
{
	__u64 full = datapath_reason(&daemon->loader->dp, AD_R_OUT_FULL);

	if (full != daemon->tend.out_full)
		log_err("the unstamped list is full (%u): %llu packets belong to flows that found "
			"no place on it, and may break",
			AD_UNSTAMPED_MAX, (unsigned long long)(full - daemon->tend.out_full));
	daemon->tend.out_full = full;
}

/* All sockets of the host are looked at. */
static void tend_unstamped(struct daemon *daemon)
{
	if (daemon->loader->dp.state_at->unstamped)
		daemon_start_chore(daemon, &daemon->tend.age, work_age, on_aged);
}

/* Only -ENODEV speaks of the interface. Any other error is our own trouble: nothing changes. */
static void tell_unseen(const char *name, int err, bool told)
{
	if (told)
		return;
	if (err == -ENODEV)
		log_err("%s: the interface is gone; waiting for it", name);
	else
		log_err("%s: cannot be looked at: %s; it stays as it is", name, strerror(-err));
}

/* Says once what is wrong with an interface, and once when it is mended. */
static void tend_interface(struct daemon *daemon, size_t i)
{
	const char *name = daemon->config->interfaces[i];
	struct doors *doors = &daemon->loader->doors;
	struct config_errors errors = {};
	struct ad_attached record = {};
	__u32 ifindex = 0, missing = 0, bit = 1u << i;
	bool told = daemon->tend.trouble & bit;
	int err = device_find(name, &ifindex);

	if (!err && !attach_record(doors, ifindex, &record))
		err = attach_missing(ifindex, &record, &missing);
	else if (!err)
		missing = AD_ATTACHED_XDP | AD_ATTACHED_TC;
	if (!err && !missing) {
		daemon->tend.trouble &= ~bit;
		return;
	}
	daemon->tend.trouble |= bit;
	if (err) {
		tell_unseen(name, err, told);
		return;
	}
	if (!told)
		log_warn("%s: %s: attaching", name,
			 record.flags ? "somebody took our programs off" : "the interface is new");
	if (!loader_attach(daemon->loader, daemon->config, name, &errors))
		daemon->tend.trouble &= ~bit;
	else if (!told)
		config_errors_log(&errors);
	config_errors_free(&errors);
}

static int forget_gone(__u32 ifindex, const struct ad_attached *record, void *arg)
{
	struct config_errors errors = {};
	struct daemon *daemon = arg;
	char name[IF_NAMESIZE];

	if (device_name(ifindex, name) == -ENODEV)
		attach_remove(&daemon->loader->doors, ifindex, &errors);
	config_errors_log(&errors);
	config_errors_free(&errors);
	return 0;
}

/* But those in @except. */
static void tend_interfaces(struct daemon *daemon, __u32 except)
{
	size_t i;

	attach_each(&daemon->loader->doors, forget_gone, daemon);
	for (i = 0; i < daemon->config->nr_interfaces; i++)
		if (!(except & 1u << i))
			tend_interface(daemon, i);
}

/* What failed is tried again on time only: each try is a change of its own, that we would hear. */
void daemon_tend_interfaces(void *arg)
{
	struct daemon *daemon = arg;

	if (!daemon->detached)
		tend_interfaces(daemon, daemon->tend.trouble);
}

/* Steered names that were signed here are signed again, as if a zone's file had changed. */
static void tend_renewal(struct daemon *daemon, const struct dns_zones *zones, __u64 now)
{
	__u64 due = zones->steering ? zones->steering->renew_s : 0;

	if (!due || now < due || now < daemon->tend.renew_real_s)
		return;
	daemon->tend.renew_real_s = now + RENEW_AGAIN_S;
	log_info("steered names of signed zones are signed anew");
	daemon_reload_zones(daemon);
}

/* When the zones were loaded they told of themselves what was due by then. */
static void tend_signatures(struct daemon *daemon)
{
	const struct dns_zones *zones = dns_server_zones(daemon->server);
	__u64 now = time(NULL), since = daemon->tend.looked_real_s;

	if (zones && since && since < now)
		dns_zones_tell_expiry(zones, since, now);
	if (zones)
		tend_renewal(daemon, zones, now);
	daemon->tend.looked_real_s = now;
}

/* /run is for everybody to clean up. Without the files nobody could speak to us any more. */
static void tend_run_files(struct daemon *daemon)
{
	struct instance *instance = &daemon->loader->instance;
	struct config_errors errors = {};

	if (instance_has_run(instance))
		return;
	log_warn("%s: somebody removed what was there: making it anew", instance->run);
	if (!instance_lock_run(instance, &errors))
		control_renew(daemon->control);
	config_errors_log(&errors);
	config_errors_free(&errors);
}

/* Without pins nobody else can read the data path, and it would not outlive this daemon. */
static void tend_pins(struct daemon *daemon)
{
	struct config_errors errors = {};
	bool failed = loader_keep_pins(daemon->loader, &errors);

	if (failed && !daemon->tend.pins_told)
		config_errors_log(&errors);
	daemon->tend.pins_told = failed;
	config_errors_free(&errors);
}

static void tend_peers(struct daemon *daemon)
{
	struct loader *loader = daemon->loader;
	int err;

	peer_watch_tick(&daemon->peers, daemon->config, &loader->pins, loader->fleet);
	err = model_write_changes(loader->fleet, &daemon->nodes, loader->dp.nodes);
	if (err && err != daemon->tend.nodes_err)
		log_warn("nodes: how they stand cannot be told to the data path: %s",
			 strerror(-err));
	daemon->tend.nodes_err = err;
}

void daemon_tend(struct daemon *daemon)
{
	unsigned int seconds = daemon->tend.seconds;

	instance_alive(&daemon->loader->instance);
	tend_clock(daemon);
	tend_neighbours(daemon);
	if (seconds % WATCH_EVERY_S == 0) {
		tend_interfaces(daemon, 0);
		tend_pins(daemon);
		tend_run_files(daemon);
		dns_server_tend(daemon->server);
	}
	if (seconds % SYSCTL_EVERY_S == 0)
		prepare_watch_sysctls(daemon->config, &daemon->tend.timestamps_off);
	if (seconds % PEERS_EVERY_S == 0)
		tend_peers(daemon);
	if (seconds && seconds % AGE_EVERY_S == 0)
		tend_unstamped(daemon);
	if (seconds % AGE_EVERY_S == 0)
		shout_if_full(daemon);
	if (seconds % EXPIRY_EVERY_S == 0)
		tend_signatures(daemon);
	daemon_tend_divert(daemon);
	daemon_tend_load(daemon);
	daemon_tend_bgp(daemon);
	daemon_bus_tend(daemon);
	daemon_tend_rtt(daemon);
	daemon_connections_tend(daemon);
	daemon_tend_directory(daemon);
	daemon_tend_pops(daemon);
	catchment_tend(daemon->catchment, daemon->config, &daemon->loader->pins,
		       state_has_flag(daemon->loader->dp.state_at, AD_STATE_DRAINING));
	daemon->tend.seconds++;
}
