// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon.c: what tends a loaded instance: its life, its signals, its verbs.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include "daemon_connections.h"
#include "daemon_directory.h"
#include "daemon_internal.h"
#include "daemon_keys.h"
#include "maps/reasons.h"
#include "user/base/clock.h"
#include "user/base/listener.h"
#include "user/base/log.h"
#include "user/base/progress.h"
#include "user/config/failure.h"
#include "user/dns/dns_limiter.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"

static const struct zone_watch_times zone_times = {
	.moment_ms = 200, .rest = 4, .settled_ms = 1000, .look_ms = 10000
};

static void on_stop(evutil_socket_t signal, short what, void *arg)
{
	struct daemon *daemon = arg;

	event_base_loopbreak(daemon->base);
}

static void on_hup(evutil_socket_t signal, short what, void *arg)
{
	daemon_reload_soon(arg);
}

static void on_usr1(evutil_socket_t signal, short what, void *arg)
{
	daemon_connections_reopen(arg);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	daemon_reload_now(arg);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	sd_notify(0, "WATCHDOG=1");
	if (!daemon->detached)
		daemon_tend(daemon);
}

static int add_event(struct daemon *daemon, int fd, short what, event_callback_fn callback,
		     const struct timeval *every)
{
	struct event *event = event_new(daemon->base, fd, what | EV_PERSIST, callback, daemon);

	if (!event)
		return -ENOMEM;
	daemon->events[daemon->nr_events++] = event;
	return event_add(event, every) ? -ENOMEM : 0;
}

static json_t *verb_detach(struct daemon *daemon, const json_t *args)
{
	bool force = json_is_true(json_object_get(args, "force"));
	struct config_errors errors = {};
	int broken = 0, err = loader_detach(daemon->loader, force, &broken, &errors);
	json_t *list = errors_json(&errors);

	config_errors_log(&errors);
	config_errors_free(&errors);
	if (!err && broken)
		log_warn("%d stamped flows lived, and will break", broken);
	/* Also when only pins are left over: nothing is open any more that could be tended. */
	if (!err || !daemon->loader->dp.state_at) {
		daemon->detached = true;
		daemon_bgp_leave(daemon);
		event_base_loopexit(daemon->base, &(struct timeval){ .tv_usec = 100000 });
	}
	return json_pack("{s:b, s:b, s:i, s:o}", "ok", !err, "loaded", err != -ENOENT, "broken",
			 broken, "errors", list);
}

json_t *daemon_drain(struct daemon *daemon, const char *verb, const json_t *args, uid_t uid)
{
	const struct drain_place place = loader_drain_place(daemon->loader, daemon->config);
	bool drains = !strcmp(verb, "drain");
	json_t *reply;

	if (daemon->detached)
		return control_refuse("the data path is detached, and the daemon stops");
	reply = drain_serve(&place, verb, args, uid);
	if (!json_is_true(json_object_get(reply, "ok")))
		return reply;
	json_object_set_new(reply, "steps", json_true());
	if (drains)
		daemon_bgp_drain(daemon, args);
	daemon_bus_said(daemon, NULL);
	daemon_pops_follow(daemon);
	if (!drains && json_is_true(json_object_get(args, "now")))
		daemon_pop_is_back(daemon, daemon->config->self->pop);
	return reply;
}

static json_t *on_verb(const char *verb, const json_t *args, struct control_caller *caller,
		       void *arg)
{
	const char *who = json_string_value(json_object_get(args, "who"));
	const struct daemon *daemon = arg;

	if (daemon->stops && daemon->detached && !strcmp(verb, "detach"))
		return json_pack("{s:b, s:b}", "ok", 0, "loaded", 0);
	if (daemon->stops)
		return control_refuse("the daemon stops");
	if (!strcmp(verb, "reload"))
		return daemon_reload(arg, who, caller);
	if (!strcmp(verb, "catchment"))
		return catchment_reply(daemon->catchment, args);
	if (!strcmp(verb, "suspects"))
		return catchment_suspects(daemon->catchment);
	if (!strcmp(verb, "pop"))
		return daemon_pop(arg, args, caller);
	if (!strcmp(verb, "keys"))
		return daemon_keys(arg, args, caller);
	if (!strcmp(verb, "ask"))
		return daemon_ask(arg, args, caller);
	if (!strcmp(verb, "steps"))
		return daemon_steps(arg, args);
	if (!strcmp(verb, "forget"))
		return daemon_bus_forget_node(arg, args);
	if (!strcmp(verb, "detach"))
		return verb_detach(arg, args);
	return daemon_drain(arg, verb, args, control_uid(caller));
}

static void on_catchment(struct catch_view *view, const struct catchment_changes *changes,
			 void *arg)
{
	const struct daemon *daemon = arg;

	metrics_use_catchment(daemon->metrics, view, changes);
}

static int start_events(struct daemon *daemon)
{
	static const struct timeval second = { .tv_sec = 1 };
	int err = add_event(daemon, SIGTERM, EV_SIGNAL, on_stop, NULL);

	daemon->soon = evtimer_new(daemon->base, on_reload, daemon);
	if (!daemon->soon)
		return -ENOMEM;
	err = err ?: add_event(daemon, SIGINT, EV_SIGNAL, on_stop, NULL);
	err = err ?: add_event(daemon, SIGHUP, EV_SIGNAL, on_hup, NULL);
	err = err ?: add_event(daemon, SIGUSR1, EV_SIGNAL, on_usr1, NULL);
	return err ?: add_event(daemon, -1, EV_TIMEOUT, on_second, &second);
}

static int start(struct daemon *daemon, struct dns_zones *zones, struct dns_limiter *limiter,
		 int bus)
{
	struct loader *loader = daemon->loader;
	int err;

	/* What was counted before us was told before us. */
	daemon->tend.out_full = datapath_reason(&loader->dp, AD_R_OUT_FULL);
	daemon->base = event_base_new();
	err = daemon->base ? start_events(daemon) : -ENOMEM;
	err = err ?: worker_new(daemon->base, &daemon->worker);
	err = err ?: worker_new(daemon->base, &daemon->reader);
	err = err
		      ?: dns_server_new(daemon->base, daemon->config, &loader->pins, NULL,
					&daemon->server);
	if (err) {
		dns_limiter_free(limiter);
		dns_zones_free(zones);
		return err;
	}
	dns_server_limit(daemon->server, limiter);
	dns_server_use(daemon->server, zones);
	err = metrics_new(daemon->base, daemon->config, &loader->pins, daemon->reader,
			  &daemon->metrics);
	metrics_use_plan(daemon->metrics, zones->plan);
	err = err ?: daemon_health_start(daemon);
	err = err ?: daemon_bgp_new(daemon);
	daemon_keys_start(daemon);
	err = err ?: daemon_bus_start(daemon, bus);
	err = err
		      ?: catchment_new(daemon->worker, daemon->config->run_dir,
				       loader->instance.name, on_catchment, daemon,
				       &daemon->catchment);
	catchment_use_plan(daemon->catchment, zones->plan);
	daemon_rtt_use(daemon);
	/* Loading programs takes a while where the kernel is slow: who asks meanwhile waits. */
	err = err
		      ?: control_new(daemon->base, loader->instance.control, on_verb, daemon,
				     &daemon->control);
	err = err ?: daemon_connections_start(daemon);
	err = err ?: daemon_directory_new(daemon);
	err = err ?: watch_new(daemon->base, daemon_tend_interfaces, daemon, &daemon->watch);
	err = err
		      ?: zone_watch_new(daemon->base, &zone_times, daemon_reload_zones, daemon,
					daemon->worker, &daemon->zone_watch);
	if (!err)
		zone_watch_use(daemon->zone_watch, daemon->config, zones->began_real_ns);
	return err;
}

static void stop(struct daemon *daemon)
{
	size_t i;

	daemon->stops = true;
	worker_free(daemon->reader);
	worker_free(daemon->worker);
	daemon->reader = daemon->worker = NULL;
	catchment_free(daemon->catchment);
	daemon_reload_end(daemon);
	daemon_bgp_free(daemon);
	daemon_health_stop(daemon);
	daemon_bus_stop(daemon);
	daemon_directory_free(daemon);
	daemon_keys_stop(daemon);
	daemon_rtt_stop(daemon);
	daemon_connections_stop(daemon);
	zone_watch_free(daemon->zone_watch);
	watch_free(daemon->watch);
	for (i = 0; i < daemon->nr_events; i++)
		event_free(daemon->events[i]);
	if (daemon->soon)
		event_free(daemon->soon);
	if (daemon->base) /* replies leave by the loop */
		event_base_loop(daemon->base, EVLOOP_NONBLOCK);
	control_free(daemon->control);
	metrics_free(daemon->metrics);
	dns_zones_free(dns_server_free(daemon->server));
	if (daemon->base)
		event_base_free(daemon->base);
	loader_close(daemon->loader);
	instance_unlock(&daemon->loader->instance);
	peer_watch_free(&daemon->peers);
	config_free(daemon->config);
}

int daemon_run(const struct globals *globals, struct loader *loader, struct config *config,
	       struct dns_zones *zones, struct dns_limiter *limiter, int checker, int bus)
{
	struct daemon daemon = {
		.globals = globals, .loader = loader, .config = config, .health.fd = checker
	};
	__u64 began_us = clock_mono_us();
	int err;

	signal(SIGPIPE, SIG_IGN);
	log_never_wait();
	listener_raise_limit();
	/* From now on the loop tells the service manager that we live. */
	progress_vouch(false, NULL, NULL);
	err = start(&daemon, zones, limiter, bus);
	if (!err) {
		daemon_confine(&daemon);
		/* Confined, too. */
		err = worker_start(daemon.worker);
		err = err ?: worker_start(daemon.reader);
		err = err ?: daemon_bgp_start(&daemon);
	}
	if (!err) {
		daemon_tend(&daemon);
		daemon_note_start(&daemon, began_us);
		sd_notifyf(0, "READY=1\nSTATUS=instance %s", loader->instance.name);
		event_base_dispatch(daemon.base);
		sd_notify(0, "STOPPING=1");
		log_info(daemon.detached ? "detached; stopping"
					 : "stopping; the data path stays and runs on");
	} else {
		log_err("the daemon cannot start: %s; the data path is loaded and runs on",
			strerror(-err));
	}
	stop(&daemon);
	return err ? EXIT_FAILED : EXIT_OK;
}
