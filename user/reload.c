// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload.c: all is read and checked before anything changes; what fails changes nothing.
 */
#include <string.h>
#include <systemd/sd-daemon.h>
#include "addr.h"
#include "changes.h"
#include "clock.h"
#include "daemon_internal.h"
#include "dns_guard.h"
#include "failure.h"
#include "log.h"

static json_t *report_errors(struct daemon *daemon, const struct config_errors *errors)
{
	json_t *list = errors_json(errors);

	config_errors_log(errors);
	log_err("reload failed; nothing was changed");
	metrics_note_reload(daemon->metrics, false);
	return json_pack("{s:b, s:o}", "ok", 0, "errors", list);
}

static json_t *report_changes(struct daemon *daemon, json_t *changes)
{
	json_t *line;
	size_t i;

	json_array_foreach(changes, i, line)
		log_info("reload: %s", json_string_value(line));
	log_info("reloaded: %zu changes", json_array_size(changes));
	metrics_note_reload(daemon->metrics, true);
	return json_pack("{s:b, s:o}", "ok", 1, "changes", changes);
}

/* A new configuration with all that it brings along, until the daemon takes it over. */
struct incoming {
	struct config *config;
	struct dns_zones *zones;
	struct dns_guard *guard;
	struct dns_server *server; /* NULL: the old one goes on */
};

static bool same_port53(const struct config *a, const struct config *b)
{
	size_t i;

	if (a->nr_vips != b->nr_vips || a->dns_unserved_pass != b->dns_unserved_pass)
		return false;
	for (i = 0; i < a->nr_vips; i++)
		if (a->vips[i].dns != b->vips[i].dns ||
		    addr_compare(&a->vips[i].address, &b->vips[i].address))
			return false;
	return true;
}

/* Another set of addresses is another server; it listens before the old one goes. */
static int open_server(struct daemon *daemon, struct incoming *in, struct config_errors *errors)
{
	int err = 0;

	if (!same_port53(daemon->config, in->config))
		err = dns_server_new(daemon->base, in->config, &daemon->loader->pins,
				     daemon->server, &in->server);
	if (err)
		config_errors_add(errors, in->config->path, 0, "port 53 cannot be served: %s",
				  strerror(-err));
	return err;
}

static int read_all(struct daemon *daemon, struct incoming *in, struct config_errors *errors)
{
	int err = config_load(daemon->globals->config_path, &in->config, errors);

	if (err)
		return err;
	err = dns_zones_load(in->config, &in->zones, errors);
	if (err)
		dns_zones_note_errors(&daemon->loader->pins, in->config, errors);
	err = err ?: dns_guard_load(in->config, &in->guard, errors);
	err = err ?: metrics_check(in->config, errors);
	return err ?: open_server(daemon, in, errors);
}

static void drop(struct incoming *in)
{
	dns_server_free(in->server);
	dns_zones_free(in->zones);
	dns_guard_free(in->guard);
	config_free(in->config);
}

static void take_over(struct daemon *daemon, struct incoming *in)
{
	struct dns_server *old_server = in->server ? daemon->server : NULL;
	struct config *old = daemon->config;

	daemon->config = in->config;
	daemon->tend.trouble = 0; /* it goes by the interfaces' order */
	daemon->server = in->server ?: daemon->server;
	dns_server_guard(daemon->server, in->guard);
	dns_server_use(daemon->server, in->zones);
	dns_server_tune(daemon->server, in->config);
	metrics_use(daemon->metrics, in->config);
	zone_watch_use(daemon->zone_watch, in->config);
	dns_server_free(old_server);
	config_free(old);
}

static void notify_begin(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_mono_us());
}

/* What is served is asked of the kernel: that is where it counts. */
static void add_serials(struct daemon *daemon, json_t *changes, const struct dns_stats *before)
{
	struct dns_stats after;

	if (dns_stats_read(&daemon->loader->pins, &after))
		return;
	changes_add_serials(changes, before, &after);
	dns_stats_free(&after);
}

static json_t *apply(struct daemon *daemon, struct incoming *in, struct config_errors *errors)
{
	struct dns_stats before = {};
	json_t *changes = NULL;

	if (dns_stats_read(&daemon->loader->pins, &before))
		before = (struct dns_stats){};
	if (!loader_change(daemon->loader, daemon->config, in->config, in->zones, errors)) {
		changes = changes_list(daemon->config, in->config);
		add_serials(daemon, changes, &before);
		take_over(daemon, in);
	}
	dns_stats_free(&before);
	return changes;
}

json_t *daemon_reload(struct daemon *daemon)
{
	struct config_errors errors = {};
	struct incoming in = {};
	json_t *changes = NULL, *reply;

	notify_begin();
	if (!read_all(daemon, &in, &errors))
		changes = apply(daemon, &in, &errors);
	if (changes) {
		reply = report_changes(daemon, changes);
	} else {
		reply = report_errors(daemon, &errors);
		drop(&in);
	}
	config_errors_free(&errors);
	sd_notify(0, "READY=1");
	return reply;
}

static int publish(struct daemon *daemon, struct dns_zones *zones, struct config_errors *errors)
{
	int err = dns_zones_publish(zones, &daemon->loader->pins);

	if (err)
		config_errors_add(errors, "zones", 0, "cannot be written to the kernel: %s",
				  strerror(-err));
	else
		dns_server_use(daemon->server, zones);
	return err;
}

void daemon_reload_zones(void *arg)
{
	struct daemon *daemon = arg;
	struct config_errors errors = {};
	struct dns_zones *zones = NULL;
	struct dns_stats before = {};
	json_t *changes = json_array();

	if (daemon->detached)
		goto out;
	if (dns_stats_read(&daemon->loader->pins, &before))
		before = (struct dns_stats){};
	if (dns_zones_load(daemon->config, &zones, &errors)) {
		dns_zones_note_errors(&daemon->loader->pins, daemon->config, &errors);
		json_decref(report_errors(daemon, &errors));
	} else if (publish(daemon, zones, &errors)) {
		dns_zones_free(zones);
		json_decref(report_errors(daemon, &errors));
	} else {
		add_serials(daemon, changes, &before);
		json_decref(report_changes(daemon, json_incref(changes)));
	}
	dns_stats_free(&before);
	config_errors_free(&errors);
out:
	json_decref(changes);
}
