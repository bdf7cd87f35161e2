// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * status.c: reads the state of an instance (status.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "status.h"
#include "user/bgp/record.h"
#include "user/fleet/drain_cmd.h"
#include "user/load/attach.h"
#include "user/load/loader.h"
#include "user/state/instance.h"

static void sum_outcomes(struct status *status)
{
	for (unsigned int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		struct ad_count *sum = &status->outcomes[reason_outcome(i)];

		sum->packets += status->reasons[i].packets;
		sum->bytes += status->reasons[i].bytes;
	}
}

/* --- interfaces ------------------------------------------------------------------------------ */

/* Which parts of a record are true, as far as we can see. */
static __u32 find_missing(__u32 ifindex, const struct ad_attached *record)
{
	__u32 id = 0, missing;

	attach_missing(ifindex, record, &missing);
	/* Only root may look into a dispatcher; others see that there is one. */
	if (missing & AD_ATTACHED_XDP && record->flags & AD_ATTACHED_DISPATCHER && geteuid() &&
	    !bpf_xdp_query_id(ifindex, 0, &id) && id)
		missing &= ~AD_ATTACHED_XDP;
	return missing;
}

static int read_interfaces(const struct view *view, struct status *status)
{
	int fd = pins_map(&view->pins, "attached", false);
	__u32 ifindex, *previous = NULL;

	if (fd < 0)
		return fd;
	while (status->nr_interfaces < AD_INTERFACE_MAX &&
	       !bpf_map_get_next_key(fd, previous, &ifindex)) {
		struct status_interface *at = &status->interfaces[status->nr_interfaces];

		previous = &ifindex;
		if (bpf_map_lookup_elem(fd, &ifindex, &at->record))
			continue;
		at->record.name[sizeof(at->record.name) - 1] = '\0';
		at->missing = status->here ? find_missing(ifindex, &at->record) : 0;
		status->nr_interfaces++;
	}
	close(fd);
	return 0;
}

/*
 * The process that holds the lock of the pins, or 0. Trying to take the lock would disturb a daemon
 * that starts, and the process number beside it may be that of a dead process; /proc/locks has
 * neither problem.
 */
int status_daemon(const struct view *view)
{
	char path[512], line[256];
	unsigned int major, minor;
	unsigned long inode;
	int pid = 0, who;
	struct stat st;
	FILE *locks;

	snprintf(path, sizeof(path), "%s~lock", view->pins.dir);
	if (stat(path, &st))
		return 0;
	locks = fopen("/proc/locks", "re");
	while (!pid && locks && fgets(line, sizeof(line), locks))
		if (strstr(line, "FLOCK") &&
		    sscanf(line, "%*[^:]: %*s %*s %*s %d %x:%x:%lu", &who, &major, &minor,
			   &inode) == 4 &&
		    makedev(major, minor) == st.st_dev && inode == st.st_ino)
			pid = who;
	if (locks)
		fclose(locks);
	return pid;
}

/* A running daemon touches the lock of its run files each second (instance_alive()). */
static __u32 silent_s(const struct view *view)
{
	struct config_errors ignored = {};
	struct instance instance;
	struct stat st;
	long long seconds = 0;

	if (view->config &&
	    !instance_init(&instance, view->config, pins_instance(&view->pins), &ignored) &&
	    !instance_stat_run(&instance, &st))
		seconds = time(NULL) - st.st_mtime;
	config_errors_free(&ignored);
	return seconds > 0 ? seconds : 0;
}

json_t *status_read_bgp(const struct view *view)
{
	char path[RECORD_PATH_MAX];

	if (!view->config || !view->config->run_dir ||
	    !record_path(view->config->run_dir, pins_instance(&view->pins), path))
		return NULL;
	return record_read(path);
}

/* --- counters -------------------------------------------------------------------------------- */

/* On failure *what names the map. */
static int read_maps(const struct view *view, struct status *status, const char **what)
{
	const struct pins *pins = &view->pins;
	int err;

	*what = "state";
	err = pins_read_state(pins, &status->state);
	err = err ?: pins_read_reload(pins, &status->reload);
	if (err)
		return err;
	*what = "counters";
	err = pins_read_reasons(pins, status->reasons);
	err = err ?: pins_read_flow_stats(pins, &status->flow_stats);
	err = err ?: pins_read_hunt_stats(pins, &status->hunt_stats);
	if (err)
		return err;
	*what = "the fleet";
	err = peers_read(pins, &view->names, &status->peers, &status->nr_peers, &status->told);
	if (err)
		return err;
	*what = "states of POPs";
	err = pops_read(pins, status->pops, &status->nr_pops);
	if (err && err != -ENOENT)
		return err;
	*what = "health checks";
	err = checks_read(pins, &status->checks, &status->nr_checks);
	if (err)
		return err;
	*what = "the bus";
	err = bus_seen_read(pins, &status->bus);
	if (err)
		return err;
	*what = "round-trip times";
	err = rtt_seen_read(pins, &status->rtt, &status->nr_rtt);
	err = err ?: rtt_probe_read(pins, &status->probe);
	if (err)
		return err;
	*what = "connections";
	err = conn_seen_read(pins, &status->connections, &status->nr_connections);
	err = err ?: conn_state_read(pins, &status->telling);
	if (err)
		return err;
	*what = "the directory";
	err = directory_seen_read(pins, &status->directory);
	if (err)
		return err;
	*what = "DNS counters";
	err = dns_stats_read(pins, &status->dns);
	if (err)
		return err;
	*what = "interfaces";
	status->here = instance_is_here(pins);
	return read_interfaces(view, status);
}

static void read_lost(const struct view *view, struct status *status)
{
	struct config_errors ignored = {};
	const struct instance none = {};
	struct doors doors;
	int err = doors_open(&doors, view->pins.dir, &none, &ignored);

	if (err == -ENOENT)
		snprintf(status->lost, sizeof(status->lost), "a jump table");
	else if (!err && !loader_has_lost(&doors, view->pins.dir, status->lost))
		status->lost[0] = '\0';
	doors_close(&doors);
	config_errors_free(&ignored);
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
	status->daemon_pid = status_daemon(view);
	status->has_daemon = status->daemon_pid != 0;
	if (!status->has_daemon)
		bus_seen_is_old(&status->bus);
	status->silent_s = status->has_daemon ? silent_s(view) : 0;
	status->bgp = status_read_bgp(view);
	if (!geteuid())
		read_lost(view, status);
	status_judge(view, status);
	return 0;
}

/* The same number as `anydoor drain` shows. */
int status_read_ours(const struct view *view, struct status *status)
{
	struct drain_handle handle = { .pins = view->pins, .here = status->here };
	int nr, err, fd = pins_map(&view->pins, "locals", false);

	if (fd < 0)
		return fd;
	err = vip_set_read(&handle.vips, fd, AD_LOCAL_VIP_TCP);
	close(fd);
	if (err)
		return err;
	nr = drain_count_owned(&handle);
	status->ours = nr > 0 ? nr : 0;
	return nr < 0 ? nr : 0;
}

static int read_flows(const struct view *view, struct status *status)
{
	int err = pins_read_occupancy(&view->pins, names_idle_s(&view->names), &status->flows);

	return err ?: status_read_ours(view, status);
}

int status_read(const struct view *view, struct status *status, const char **what)
{
	int err = status_read_counters(view, status, what);

	if (err)
		return err;
	*what = "flows";
	err = read_flows(view, status);
	if (err)
		status_free(status);
	return err;
}

void status_free(struct status *status)
{
	for (size_t i = 0; i < status->nr_warnings; i++)
		free(status->warnings[i]);
	json_decref(status->bgp);
	free(status->peers);
	free(status->checks);
	bus_seen_free(&status->bus);
	free(status->rtt);
	free(status->connections);
	dns_stats_free(&status->dns);
	memset(status, 0, sizeof(*status));
}
