// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload.c: all is read and checked before anything changes; what fails changes nothing.
 */
#include <string.h>
#include <systemd/sd-daemon.h>
#include "changes.h"
#include "clock.h"
#include "daemon_internal.h"
#include "log.h"

static json_t *report_errors(struct daemon *daemon, const struct config_errors *errors)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < errors->nr; i++)
		json_array_append_new(list, json_string(errors->list[i].text));
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
	log_info("reloaded: %zu changes in the configuration", json_array_size(changes));
	metrics_note_reload(daemon->metrics, true);
	return json_pack("{s:b, s:o}", "ok", 1, "changes", changes);
}

static int read_all(struct daemon *daemon, struct config **config, struct dns_zones **zones,
		    struct config_errors *errors)
{
	int err = config_load(daemon->globals->config_path, config, errors);

	if (err)
		return err;
	err = dns_zones_load(*config, zones, errors);
	if (err)
		dns_zones_note_errors(&daemon->loader->pins, *config, errors);
	return err;
}

static int apply(struct daemon *daemon, struct config *config, struct dns_zones *zones,
		 struct config_errors *errors)
{
	return loader_change(daemon->loader, daemon->config, config, zones, errors);
}

/* The new set takes the place of the old in whoever holds it. */
static void adopt(struct daemon *daemon, struct config *config, struct dns_zones *zones)
{
	struct config *old = daemon->config;

	daemon->config = config;
	metrics_use(daemon->metrics, config);
	dns_server_use(daemon->server, zones);
	config_free(old);
}

static void notify_begin(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)clock_mono_s() * 1000000ull);
}

json_t *daemon_reload(struct daemon *daemon)
{
	struct config_errors errors = {};
	struct dns_zones *zones = NULL;
	struct config *config = NULL;
	json_t *reply, *changes;
	int err;

	notify_begin();
	err = read_all(daemon, &config, &zones, &errors);
	err = err ?: apply(daemon, config, zones, &errors);
	if (err) {
		reply = report_errors(daemon, &errors);
		dns_zones_free(zones);
		config_free(config);
	} else {
		changes = changes_list(daemon->config, config);
		adopt(daemon, config, zones);
		reply = report_changes(daemon, changes);
	}
	config_errors_free(&errors);
	sd_notify(0, "READY=1");
	return reply;
}
