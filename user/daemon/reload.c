// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reload.c: all is read and checked before anything changes. What is wrong with the configuration
 * changes nothing; a zone that cannot be read stays as it was, and all else goes on.
 *
 * The worker builds, the loop applies, and the worker clears away what was replaced. One reload at
 * a time: who asks meanwhile is served by the next one, together with all others who did.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <systemd/sd-daemon.h>
#include "daemon_connections.h"
#include "daemon_internal.h"
#include "reload_build.h"
#include "reload_report.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/output.h"
#include "user/config/config_changes.h"
#include "user/config/failure.h"
#include "user/dns/dns_limiter.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/status/reloaded.h"

#define MOMENT_US 200000 /* signals closer to each other are one */
#define REST	  4	 /* times as long as the last reload took */

/* One that is under way. */
struct reload {
	struct worker_job job;
	struct daemon *daemon;
	struct report report;
	struct build build;
	struct pins pins;
	struct dns_server *server; /* a new one; NULL: the old one goes on */
	struct control_callers callers;
	json_t *reply; /* to them, once it was tried */
	/* What was replaced, and its zones in the kernel are live. */
	bool live;
	struct dns_zones *zones; /* the live ones, or those that came to nothing */
	struct config *old_config;
	struct dns_zones *old_zones;
};

/* --- applying --------------------------------------------------------------------------------- */

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
static int open_server(struct reload *reload)
{
	const struct config *config = reload->build.config;
	struct daemon *daemon = reload->daemon;
	int err = 0;

	if (!same_port53(daemon->config, config))
		err = dns_server_new(daemon->base, config, &daemon->loader->pins, daemon->server,
				     &reload->server);
	if (err)
		config_errors_add(&reload->report.errors, config->path, 0,
				  "port 53 cannot be served: %s", strerror(-err));
	return err;
}

/* The zones are live: the daemon answers from them, too. */
static void use_zones(struct reload *reload)
{
	reload->old_zones = dns_server_use(reload->daemon->server, reload->zones);
	metrics_use_plan(reload->daemon->metrics, reload->zones->plan);
	catchment_use_plan(reload->daemon->catchment, reload->zones->plan);
	daemon_rtt_use(reload->daemon);
	reload->live = true;
}

static void take_over(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	struct dns_server *old_server = reload->server ? daemon->server : NULL;
	struct build *build = &reload->build;

	reload->old_config = daemon->config;
	daemon->config = build->config;
	daemon->tend.trouble = 0; /* it goes by the interfaces' order */
	daemon->server = reload->server ?: daemon->server;
	dns_server_limit(daemon->server, build->limiter);
	use_zones(reload);
	dns_server_tune(daemon->server, daemon->config);
	metrics_use(daemon->metrics, daemon->config);
	daemon_health_use(daemon, build->same_text);
	daemon_bgp_use(daemon);
	daemon_bus_use(daemon, build->same_text);
	daemon_connections_use(daemon);
	zone_watch_use(daemon->zone_watch, daemon->config, reload->zones->began_real_ns);
	/* The worker frees them: a million names take long. */
	if (old_server)
		reload->old_zones = dns_server_free(old_server);
	reload->server = NULL;
	build->config = NULL;
	build->limiter = NULL;
}

/* What no configuration shows: what is in the files that it names. */
struct secrets {
	struct ad_keys keys;
	struct ad_dns_rules rules;
};

static void read_secrets(struct daemon *daemon, struct secrets *secrets)
{
	int fd = pins_map(&daemon->loader->pins, "dns_guard", false);
	__u32 zero = 0;

	memset(secrets, 0, sizeof(*secrets));
	bpf_map_lookup_elem(daemon->loader->dp.keys, &zero, &secrets->keys);
	if (fd < 0)
		return;
	bpf_map_lookup_elem(fd, &zero, &secrets->rules);
	close(fd);
}

static void add_secrets(json_t *changes, const struct secrets *old, const struct secrets *new)
{
	const size_t size = sizeof(old->rules.secrets);

	if (memcmp(old->keys.stamp, new->keys.stamp, sizeof(old->keys.stamp)))
		json_array_append_new(changes, json_string("keys.file: another fleet key"));
	if (old->rules.nr_secrets != new->rules.nr_secrets ||
	    memcmp(old->rules.secrets, new->rules.secrets, size))
		json_array_append_new(changes, json_string("DNS cookies: other secrets"));
}

/* Something failed behind the zones: who asks the daemon is answered as who asks the kernel. */
static void follow_kernel(struct reload *reload)
{
	struct report *report = &reload->report;

	if (!dns_zones_are_live(reload->zones, &reload->daemon->loader->pins))
		return;
	use_zones(reload);
	json_array_extend(report->changes, reload->build.zone_changes);
	config_errors_add(&report->errors, "zones", 0,
			  "the new ones are served, while the rest of the change failed: mend "
			  "that, and reload again");
	report_halfway(report);
}

static int change_all(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	struct build *build = &reload->build;
	struct secrets before, after;
	int err = open_server(reload);

	if (err)
		return err;
	read_secrets(daemon, &before);
	err = loader_change(daemon->loader, daemon->config, build->config, reload->zones,
			    build->limiter, &reload->report.errors);
	if (err) { /* at once: it has the sockets of the one that goes on */
		dns_server_free(reload->server);
		reload->server = NULL;
		follow_kernel(reload);
		return err;
	}
	read_secrets(daemon, &after);
	add_secrets(build->changes, &before, &after);
	explicit_bzero(&before, sizeof(before));
	explicit_bzero(&after, sizeof(after));
	take_over(reload);
	return 0;
}

static int change_zones(struct reload *reload)
{
	int err = dns_zones_publish(reload->zones, &reload->daemon->loader->pins);

	if (!err)
		use_zones(reload);
	else
		config_errors_add(&reload->report.errors, "zones", 0,
				  "cannot be written to the kernel: %s", strerror(-err));
	return err;
}

static void apply(struct reload *reload)
{
	struct build *build = &reload->build;
	struct report *report = &reload->report;

	config_errors_take(&report->errors, &build->errors);
	report->bad_file = build->bad_file;
	if (build->err || (build->config ? change_all(reload) : change_zones(reload)))
		return;
	json_array_extend(report->changes, build->changes);
	json_array_extend(report->changes, build->zone_changes);
	json_array_extend(report->warnings, build->warnings);
	report_done(report, reload->zones->nr_broken);
}

/* --- one after the other ---------------------------------------------------------------------- */

static void answer_callers(struct control_callers *callers, json_t *reply)
{
	size_t i;

	for (i = 0; i < callers->nr; i++)
		control_answer(callers->list[i], json_incref(reply));
	free(callers->list);
	memset(callers, 0, sizeof(*callers));
	json_decref(reply);
}

static json_t *refusal(const char *why)
{
	return json_pack("{s:b, s:b, s:i, s:s, s:[], s:[], s:[s]}", "ok", 0, "applied", 0, "code",
			 EXIT_FAILED, "error", why, "changes", "warnings", "errors", why);
}

/* What was replaced, or came to nothing. On any thread. */
static void clear_away(struct reload *reload)
{
	if (reload->zones)
		dns_zones_retire(reload->zones, &reload->pins, reload->live);
	if (!reload->live)
		dns_zones_free(reload->zones);
	reload->zones = NULL;
	dns_zones_free(reload->old_zones);
	reload->old_zones = NULL;
	config_free(reload->old_config);
	reload->old_config = NULL;
	build_free(&reload->build);
	build_init(&reload->build);
}

static void reload_free(struct reload *reload)
{
	clear_away(reload);
	build_free(&reload->build);
	dns_server_free(reload->server);
	report_free(&reload->report);
	answer_callers(&reload->callers, reload->reply ?: refusal("the daemon stops"));
	reload->daemon->reload = NULL;
	free(reload);
}

static void work_clear_away(struct worker_job *job)
{
	clear_away((struct reload *)job);
}

static void set_pace(struct daemon *daemon, __u64 took_us)
{
	__u64 rest_us = took_us * REST > MOMENT_US ? took_us * REST : MOMENT_US;

	daemon->next_reload_us = clock_mono_us() + rest_us;
}

static void start_soon(struct daemon *daemon); /* the next one */

static void on_cleared(struct worker_job *job, bool ran)
{
	struct reload *reload = (struct reload *)job;
	struct daemon *daemon = reload->daemon;

	if (ran && !daemon->detached) {
		set_pace(daemon, clock_mono_us() - reload->report.began_us);
		sd_notify(0, "READY=1");
	}
	reload_free(reload);
	if (ran)
		start_soon(daemon);
}

/* Whoever had borrowed the old configuration to read the instance has given it back. */
static void on_given_back(struct worker_job *job, bool ran)
{
	struct reload *reload = (struct reload *)job;

	if (!ran) {
		reload_free(reload);
		return;
	}
	job->work = work_clear_away;
	job->done = on_cleared;
	worker_queue(reload->daemon->worker, job);
}

static void work_nothing(struct worker_job *job)
{
}

static void work_build(struct worker_job *job)
{
	struct reload *reload = (struct reload *)job;

	build_run(&reload->build);
	reload->zones = reload->build.zones;
	reload->build.zones = NULL;
}

static void on_built(struct worker_job *job, bool ran)
{
	struct reload *reload = (struct reload *)job;

	if (!ran || reload->daemon->detached) {
		reload_free(reload);
		return;
	}
	apply(reload);
	/* A change of nodes that was waiting is tried again with the text that is in force. */
	if (reload->report.record.end == AD_RELOAD_REFUSED)
		daemon_bus_nodes_again(reload->daemon);
	reload->reply = report_end(reload->daemon, &reload->report);
	job->work = work_nothing;
	job->done = on_given_back;
	worker_queue(reload->daemon->reader, job);
}

static void notify_begin(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_mono_us());
}

/* Who asked by command gives his name; and of all who ask, the one that wants most is served. */
static enum ad_reload_by who_asks(const struct reload_wanted *wanted)
{
	if (wanted->callers.nr)
		return AD_RELOAD_COMMAND;
	if (wanted->by_signal)
		return AD_RELOAD_SIGNAL;
	return wanted->by_bus ? AD_RELOAD_BUS : AD_RELOAD_WATCH;
}

/* The worker opens maps by their pins, which somebody may have removed a moment ago. */
static void keep_pins(struct daemon *daemon)
{
	struct config_errors ignored = {}; /* whoever then misses a pin says so */

	loader_keep_pins(daemon->loader, &ignored);
	config_errors_free(&ignored);
}

static void begin(struct daemon *daemon, struct reload *reload)
{
	struct reload_wanted *wanted = &daemon->wanted;
	enum ad_reload_by by = who_asks(wanted);
	struct build *build = &reload->build;

	reload->job = (struct worker_job){ .work = work_build, .done = on_built };
	reload->daemon = daemon;
	reload->pins = daemon->loader->pins;
	reload->callers = wanted->callers;
	report_begin(&reload->report, by, wanted->who);
	build_init(build);
	build->config_now = daemon->config;
	build->zones_now = dns_server_zones(daemon->server);
	build->pins = &reload->pins;
	build->same_text = by == AD_RELOAD_BUS;
	if (by == AD_RELOAD_COMMAND || by == AD_RELOAD_SIGNAL) {
		build->config_path = daemon->globals->config_path;
		notify_begin();
	}
	/* Of nodes alone no zone is read: who waits for that is served by the next one. */
	*wanted = (struct reload_wanted){ .by_watch = build->same_text && wanted->by_watch };
	keep_pins(daemon);
	daemon->reload = reload;
	worker_queue(daemon->worker, &reload->job);
}

static bool is_wanted(const struct daemon *daemon)
{
	const struct reload_wanted *wanted = &daemon->wanted;

	return wanted->callers.nr || wanted->by_signal || wanted->by_bus || wanted->by_watch;
}

/* Now, unless one is under way. */
static void start_next(struct daemon *daemon)
{
	struct reload *reload;

	if (daemon->reload || daemon->detached || daemon->stops || !is_wanted(daemon))
		return;
	reload = calloc(1, sizeof(*reload));
	if (reload)
		begin(daemon, reload);
	else
		answer_callers(&daemon->wanted.callers, refusal("out of memory"));
}

void daemon_reload_now(void *daemon)
{
	start_next(daemon);
}

/* Commands at once, others in their time: many of these are one. */
static void start_soon(struct daemon *daemon)
{
	__u64 now_us = clock_mono_us(), next_us = daemon->next_reload_us;
	__u64 wait_us = next_us > now_us ? next_us - now_us : 0;
	struct timeval wait = { .tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000 };

	if (daemon->wanted.callers.nr)
		start_next(daemon);
	else if (is_wanted(daemon) && !event_pending(daemon->soon, EV_TIMEOUT, NULL))
		event_add(daemon->soon, &wait);
}

void daemon_reload_end(struct daemon *daemon)
{
	answer_callers(&daemon->wanted.callers, refusal("the daemon stops"));
}

/* --- who asks --------------------------------------------------------------------------------- */

json_t *daemon_reload(struct daemon *daemon, const char *who, struct control_caller *caller)
{
	struct reload_wanted *wanted = &daemon->wanted;
	struct control_caller **grown;

	if (daemon->detached)
		return refusal("detached: there is nothing to reload");
	grown = reallocarray(wanted->callers.list, wanted->callers.nr + 1, sizeof(*grown));
	if (!grown)
		return refusal("out of memory");
	if (!wanted->callers.nr)
		text_cut(wanted->who, sizeof(wanted->who), who ?: "");
	wanted->callers.list = grown;
	grown[wanted->callers.nr++] = caller;
	control_wait(caller);
	start_soon(daemon);
	return NULL;
}

void daemon_reload_soon(struct daemon *daemon)
{
	daemon->wanted.by_signal = true;
	start_soon(daemon);
}

void daemon_reload_nodes(struct daemon *daemon)
{
	daemon->wanted.by_bus = true;
	start_soon(daemon);
}

void daemon_reload_zones(void *arg)
{
	struct daemon *daemon = arg;

	daemon->wanted.by_watch = true;
	start_soon(daemon);
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
	report_free(&report);
}
