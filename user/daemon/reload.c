// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload.c: all is read and checked before anything changes. What is wrong with the configuration
 * changes nothing; a zone that cannot be read stays as it was, and all else goes on.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <systemd/sd-daemon.h>
#include "changes.h"
#include "daemon_internal.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/config/config_changes.h"
#include "user/config/failure.h"
#include "user/dns/dns_guard.h"
#include "user/dns/dns_zones.h"
#include "user/status/reloaded.h"

#define LINES_MAX 50	 /* in the log, of one reload; `anydoor reload` prints all */
#define MOMENT_US 200000 /* signals closer to each other are one */
#define REST	  4	 /* times as long as the last reload took */

/* What a reload has come to. */
struct report {
	struct ad_reload record;
	__u64 began_us;
	json_t *changes, *warnings;
	struct config_errors errors;
	bool bad_file;	  /* the configuration file itself */
	size_t nr_broken; /* zones that cannot be read */
};

static void report_begin(struct report *report, enum ad_reload_by by, const char *who)
{
	memset(report, 0, sizeof(*report));
	report->began_us = clock_mono_us();
	report->record.by = by;
	report->record.end = AD_RELOAD_REFUSED;
	text_cut(report->record.who, sizeof(report->record.who), who ?: "");
	report->changes = json_array();
	report->warnings = json_array();
}

static void report_done(struct report *report, size_t nr_broken)
{
	report->nr_broken = nr_broken;
	report->record.end = nr_broken ? AD_RELOAD_PARTLY : AD_RELOAD_OK;
}

static void log_lines(json_t *lines, bool is_warning)
{
	size_t i, nr = json_array_size(lines);
	json_t *line;

	json_array_foreach(lines, i, line) {
		if (i == LINES_MAX)
			break;
		if (is_warning)
			log_warn("reload: %s", json_string_value(line));
		else
			log_info("reload: %s", json_string_value(line));
	}
	if (nr > LINES_MAX)
		log_info("reload: and %zu lines more", nr - LINES_MAX);
}

static void report_log(const struct report *report)
{
	size_t nr = json_array_size(report->changes);
	char by[RELOADED_BY_TEXT];

	reloaded_by(&report->record, by);
	config_errors_log(&report->errors);
	if (report->record.end == AD_RELOAD_REFUSED) {
		log_err("reload failed; nothing was changed (%s)", by);
		return;
	}
	log_lines(report->changes, false);
	log_lines(report->warnings, true);
	if (report->nr_broken)
		log_err("reloaded: %zu changes; %zu zones cannot be read (%s)", nr,
			report->nr_broken, by);
	else
		log_info("reloaded: %zu changes (%s)", nr, by);
}

/* For `anydoor status`, which asks the pins and not us. */
static void report_remember(struct daemon *daemon, struct report *report)
{
	struct ad_reload before, *now = &report->record;
	const char *text = json_string_value(json_array_get(report->warnings, 0));
	int err = pins_read_reload(&daemon->loader->pins, &before);

	if (report->errors.nr)
		text = report->errors.list[0].text;
	text_cut(now->text, sizeof(now->text), text ?: "");
	now->real_s = time(NULL);
	now->good_real_s = now->end == AD_RELOAD_OK ? now->real_s : before.good_real_s;
	now->took_ms = (clock_mono_us() - report->began_us) / 1000;
	now->changes = json_array_size(report->changes);
	now->warnings = json_array_size(report->warnings);
	now->errors = report->errors.nr;
	err = err ?: pins_write_reload(&daemon->loader->pins, now);
	if (err)
		log_warn("the reload cannot be noted for `anydoor status`: %s", strerror(-err));
	metrics_note_reload(daemon->metrics, now->end);
}

static json_t *report_json(struct report *report)
{
	json_t *errors = errors_json(&report->errors);
	bool refused = report->record.end == AD_RELOAD_REFUSED;
	int code = !report->errors.nr ? EXIT_OK : EXIT_DEGRADED;

	if (refused)
		code = report->bad_file ? EXIT_USAGE : EXIT_FAILED;
	return json_pack("{s:b, s:b, s:i, s:O?, s:O, s:O, s:o}", "ok", !code, "applied", !refused,
			 "code", code, "error", json_array_get(errors, 0), "changes",
			 report->changes, "warnings", report->warnings, "errors", errors);
}

/* Gives what whoever asked is told. */
static json_t *report_end(struct daemon *daemon, struct report *report)
{
	__u64 now_us, took_us;
	json_t *reply;

	report_log(report);
	report_remember(daemon, report);
	reply = report_json(report);
	json_decref(report->changes);
	json_decref(report->warnings);
	config_errors_free(&report->errors);
	now_us = clock_mono_us();
	took_us = now_us - report->began_us;
	daemon->next_reload_us = now_us + (took_us * REST > MOMENT_US ? took_us * REST : MOMENT_US);
	return reply;
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

static int read_all(struct daemon *daemon, struct incoming *in, struct report *report)
{
	const struct dns_zones *before = dns_server_zones(daemon->server);
	struct config_errors *errors = &report->errors;
	int err = config_load(daemon->globals->config_path, &in->config, errors);

	report->bad_file = err;
	err = err ?: dns_zones_load(in->config, before, &in->zones, errors);
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
	zone_watch_use(daemon->zone_watch, in->config, in->zones->began_real_ns);
	dns_server_free(old_server);
	config_free(old);
}

static void notify_begin(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_mono_us());
}

/* What no configuration shows: what is in the files that it names. */
struct secrets {
	struct ad_keys keys;
	struct ad_dns_guard guard;
};

static void read_secrets(struct daemon *daemon, struct secrets *secrets)
{
	int fd = pins_map(&daemon->loader->pins, "dns_guard", false);
	__u32 zero = 0;

	memset(secrets, 0, sizeof(*secrets));
	bpf_map_lookup_elem(daemon->loader->dp.keys, &zero, &secrets->keys);
	if (fd < 0)
		return;
	bpf_map_lookup_elem(fd, &zero, &secrets->guard);
	close(fd);
}

static void add_secrets(json_t *changes, const struct secrets *old, const struct secrets *new)
{
	const size_t size = sizeof(old->guard.secrets);

	if (memcmp(old->keys.stamp, new->keys.stamp, sizeof(old->keys.stamp)))
		json_array_append_new(changes, json_string("keys.file: another fleet key"));
	if (old->guard.nr_secrets != new->guard.nr_secrets ||
	    memcmp(old->guard.secrets, new->guard.secrets, size))
		json_array_append_new(changes, json_string("DNS cookies: other secrets"));
}

static void apply(struct daemon *daemon, struct incoming *in, struct report *report)
{
	struct secrets before, after;
	json_t *list;

	read_secrets(daemon, &before);
	if (loader_change(daemon->loader, daemon->config, in->config, in->zones, &report->errors)) {
		drop(in);
		return;
	}
	read_secrets(daemon, &after);
	list = config_changes(daemon->config, in->config);
	json_array_extend(report->changes, list);
	json_decref(list);
	add_secrets(report->changes, &before, &after);
	explicit_bzero(&before, sizeof(before));
	explicit_bzero(&after, sizeof(after));
	changes_add_zones(report->changes, report->warnings, dns_server_zones(daemon->server),
			  in->zones);
	report_done(report, in->zones->nr_broken);
	take_over(daemon, in);
}

json_t *daemon_reload(struct daemon *daemon, enum ad_reload_by by, const char *who)
{
	struct incoming in = {};
	struct report report;
	json_t *reply;

	report_begin(&report, by, who);
	notify_begin();
	if (read_all(daemon, &in, &report))
		drop(&in);
	else
		apply(daemon, &in, &report);
	reply = report_end(daemon, &report);
	sd_notify(0, "READY=1");
	return reply;
}

void daemon_reload_now(void *arg)
{
	struct daemon *daemon = arg;

	if (!daemon->detached)
		json_decref(daemon_reload(daemon, AD_RELOAD_SIGNAL, NULL));
}

void daemon_reload_soon(struct daemon *daemon)
{
	__u64 now_us = clock_mono_us(), next_us = daemon->next_reload_us;
	__u64 wait_us = next_us > now_us ? next_us - now_us : 0;
	struct timeval wait = { .tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000 };

	if (!event_pending(daemon->reload, EV_TIMEOUT, NULL))
		event_add(daemon->reload, &wait);
}

static int publish(struct daemon *daemon, struct dns_zones *zones, struct config_errors *errors)
{
	int err = dns_zones_publish(zones, &daemon->loader->pins);

	if (err)
		config_errors_add(errors, "zones", 0, "cannot be written to the kernel: %s",
				  strerror(-err));
	return err;
}

static void reload_zones(struct daemon *daemon, struct report *report)
{
	const struct dns_zones *before = dns_server_zones(daemon->server);
	struct dns_zones *zones = NULL;

	if (dns_zones_load(daemon->config, before, &zones, &report->errors) ||
	    publish(daemon, zones, &report->errors)) {
		dns_zones_free(zones);
		return;
	}
	changes_add_zones(report->changes, report->warnings, before, zones);
	report_done(report, zones->nr_broken);
	dns_server_use(daemon->server, zones);
}

void daemon_reload_zones(void *arg)
{
	struct daemon *daemon = arg;
	struct report report;

	if (daemon->detached)
		return;
	report_begin(&report, AD_RELOAD_WATCH, NULL);
	reload_zones(daemon, &report);
	json_decref(report_end(daemon, &report));
}

void daemon_note_start(struct daemon *daemon, __u64 began_us)
{
	const struct dns_zones *zones = dns_server_zones(daemon->server);
	struct report report;
	size_t i;

	report_begin(&report, AD_RELOAD_START, NULL);
	report.began_us = began_us;
	for (i = 0; i < zones->nr; i++)
		if (zones->served[i].error)
			config_errors_add(&report.errors, zones->list[i].name, 0, "%s",
					  zones->served[i].error);
	report_done(&report, zones->nr_broken);
	report_remember(daemon, &report);
	json_decref(report.changes);
	json_decref(report.warnings);
	config_errors_free(&report.errors);
}
