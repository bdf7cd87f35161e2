// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics.c: the HTTP listener and its pages (metrics.h). What lists flows is a job
 * (metrics_job.c) and what reads the rest is on another thread (metrics_read.c), so that no request
 * holds up the daemon's loop.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include "metrics.h"
#include "metrics_access.h"
#include "metrics_job.h"
#include "page.h"
#include "user/base/addr.h"
#include "user/base/listener.h"
#include "user/base/log.h"

#define HEADERS_MAX_BYTES 4096 /* each of a thousand tiny ones costs 110 bytes */
#define BODY_MAX_BYTES	  1024
#define TIMEOUT_S	  20 /* of a client that neither asks nor takes */
#define BACKLOG		  16 /* as many may be beyond what metrics_client.h allows, for a moment */
#define HEALTH_WAIT_S	  1  /* how much older health may be while a page is read */
#define TOP_DEFAULT	  20
#define TOP_MAX		  1000
/* What a page of metrics reads for a moment is given back to the kernel, though the buffers of a
 * stalled stream lie behind it. Set by hand, this no longer grows with what was freed (mallopt(3)).
 */
#define LARGE_BYTES (128 * 1024)

struct page {
	const char *path;
	void (*serve)(struct metrics *metrics, struct evhttp_request *request);
	bool tells_clients; /* addresses of people: not for everybody */
};

/* --- replies --------------------------------------------------------------------------------- */

void metrics_reply(struct evhttp_request *request, int code, const char *type,
		   struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_send_reply(request, code, NULL, body);
}

void metrics_reply_text(struct evhttp_request *request, int code, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body)
		evbuffer_add_printf(body, "%s\n", text);
	metrics_reply(request, code, "text/plain; charset=utf-8", body);
	if (body)
		evbuffer_free(body);
}

void metrics_reply_busy(struct evhttp_request *request, int code, const char *text)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), "Retry-After", "1");
	metrics_reply_text(request, code, text);
}

/* --- who waits ------------------------------------------------------------------------------- */

void metrics_release(struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);

	if (connection)
		evhttp_connection_set_closecb(connection, NULL, NULL);
}

/* libevent takes a request off a connection that failed; then it is ours. */
void metrics_disown(struct evhttp_request *request)
{
	if (!evhttp_request_get_connection(request))
		evhttp_request_free(request);
}

/* Whether a client says that it takes @type; Prometheus asks for what it likes best, and we have.
 */
static bool accepts(struct evhttp_request *request, const char *type)
{
	const char *accept =
		evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");

	return accept && strstr(accept, type);
}

static void serve_metrics(struct metrics *metrics, struct evhttp_request *request)
{
	reading_ask(metrics, request,
		    accepts(request, "application/openmetrics-text") ? READ_OPEN : READ_METRICS);
}

static void serve_fleet(struct metrics *metrics, struct evhttp_request *request)
{
	reading_ask(metrics, request, READ_FLEET);
}

/* --- flows ----------------------------------------------------------------------------------- */

/* ?top=N: N, TOP_DEFAULT without it, 0 if it is nonsense. */
static unsigned int query_top(struct evhttp_request *request)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct evkeyvalq pairs;
	unsigned long top = TOP_DEFAULT;
	const char *value;
	char *end;

	if (!query)
		return top;
	if (evhttp_parse_query_str(query, &pairs))
		return 0;
	value = evhttp_find_header(&pairs, "top");
	if (value) {
		top = strtoul(value, &end, 10);
		if (*value < '0' || *value > '9' || *end || top > TOP_MAX)
			top = 0;
	}
	evhttp_clear_headers(&pairs);
	return top;
}

static void serve_top(struct metrics *metrics, struct evhttp_request *request)
{
	unsigned int top = query_top(request);

	if (top)
		job_start(metrics, request, JOB_TOP, top);
	else
		metrics_reply_text(request, 400, "top: a number from 1 to 1000");
}

static void serve_flows(struct metrics *metrics, struct evhttp_request *request)
{
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
		metrics_reply(request, 200, FLOWS_CONTENT_TYPE, NULL);
	else
		job_start(metrics, request, JOB_STREAM, 0);
}

/* --- health ---------------------------------------------------------------------------------- */

/* Looked at once a second at most; after the first time, who asks waits for no page. */
static void serve_health(struct metrics *metrics, struct evhttp_request *request)
{
	double until_s = metrics->health_due_s + (metrics->reading ? HEALTH_WAIT_S : 0);

	if (metrics->health.code && metrics_now_s() < until_s)
		metrics_reply_text(request, metrics->health.code, metrics->health.text);
	else
		reading_ask(metrics, request, READ_HEALTH);
}

static void serve_index(struct metrics *metrics, struct evhttp_request *request)
{
	if (page_is_wanted(request)) {
		page_serve(request);
		return;
	}
	metrics_reply_text(
		request, 200,
		"anydoor " VERSION "\n\n"
		"/                     the fleet at a glance, for a browser\n"
		"/fleet                the same as JSON\n"
		"/metrics              for Prometheus\n"
		"/metrics/flows?top=N  the heaviest flows, for Prometheus, with a token\n"
		"/flows                every flow, a JSON object per line, with a token\n"
		"/healthz              200 or 503");
}

/* --- the listener ---------------------------------------------------------------------------- */

static const struct page pages[] = {
	{ "/metrics", serve_metrics, false }, { "/metrics/flows", serve_top, true },
	{ "/flows", serve_flows, true },      { "/healthz", serve_health, false },
	{ "/fleet", serve_fleet, false },     { "/", serve_index, false },
};

/* Refuses whom the page is not for. */
static bool may_see(const struct metrics *metrics, struct evhttp_request *request,
		    const struct page *page)
{
	bool has_token = access_has_token(request, metrics->token);

	if (!has_token && !access_is_our_host(request, metrics->config)) {
		metrics_reply_text(request, 421,
				   "Host: is no address and no name of this node; ask by address, "
				   "or with the token of metrics.token");
		return false;
	}
	if (!page->tells_clients || has_token)
		return true;
	if (*metrics->token) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "WWW-Authenticate",
				  "Bearer");
		metrics_reply_text(request, 401, "Authorization: Bearer TOKEN, see metrics.token");
	} else {
		metrics_reply_text(request, 403,
				   "flows are only for who has a token, and metrics.token is not "
				   "set; members of state.group run anydoor flows --json-lines");
	}
	return false;
}

static void serve(struct metrics *metrics, struct evhttp_request *request, const struct page *page)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);

	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
		metrics_reply_text(request, 405, "only GET and HEAD");
	} else if (may_see(metrics, request, page)) {
		clients_make_room(&metrics->clients, request);
		page->serve(metrics, request);
	}
}

static void on_request(struct evhttp_request *request, void *arg)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct metrics *metrics = arg;

	clients_alive(&metrics->clients, request);
	for (size_t i = 0; path && i < sizeof(pages) / sizeof(*pages); i++) {
		if (!strcmp(path, pages[i].path)) {
			serve(metrics, request, &pages[i]);
			return;
		}
	}
	metrics_reply_text(request, 404, "no such page");
}

static int listen_on(struct metrics *metrics)
{
	const struct config *config = metrics->config;
	struct evhttp_bound_socket *bound;
	char address[ADDR_TEXT];
	int err;

	addr_format(&config->metrics.address, address);
	metrics->http = evhttp_new(metrics->base);
	if (!metrics->http)
		return -ENOMEM;
	evhttp_set_allowed_methods(metrics->http, ~0); /* to answer 405 ourselves */
	evhttp_set_max_headers_size(metrics->http, HEADERS_MAX_BYTES);
	evhttp_set_max_body_size(metrics->http, BODY_MAX_BYTES);
	evhttp_set_timeout(metrics->http, TIMEOUT_S);
	evhttp_set_gencb(metrics->http, on_request, metrics);
	err = clients_open(&metrics->clients, metrics->base, metrics->http);
	if (err)
		return err;
	errno = 0;
	bound = evhttp_bind_socket_with_handle(metrics->http, address, config->metrics.port);
	if (bound) {
		listen(evhttp_bound_socket_get_fd(bound), BACKLOG);
		listener_turn_away(evhttp_bound_socket_get_listener(bound));
		return 0;
	}
	log_err("metrics: cannot listen on %s port %u: %s; see metrics.listen", address,
		config->metrics.port, errno ? strerror(errno) : "no such address");
	return errno ? -errno : -EADDRNOTAVAIL;
}

int metrics_check(const struct config *config, struct config_errors *errors)
{
	char token[TOKEN_MAX + 1];
	int err = 0;

	if (config->metrics.on && config->metrics_token)
		err = keys_load_token(config->metrics_token, token);
	if (err)
		config_errors_add(errors, config->metrics_token, 0,
				  "metrics.token cannot be used: %s", strerror(-err));
	explicit_bzero(token, sizeof(token));
	return err;
}

/* What it lacks was refused by metrics_check(); from now on nobody has the right one. */
static void load_token(struct metrics *metrics)
{
	const char *path = metrics->config->metrics_token;

	if (!path || keys_load_token(path, metrics->token))
		*metrics->token = '\0';
}

int metrics_new(struct event_base *base, const struct config *config, const struct pins *pins,
		struct worker *reader, struct metrics **metrics)
{
	struct metrics *new;
	int err;

	*metrics = NULL;
	if (!config->metrics.on)
		return 0;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	TAILQ_INIT(&new->waiters);
	new->base = base;
	new->reader = reader;
	new->config = config;
	new->daemon.load = -1;
	new->pins = pins;
	load_token(new);
	/* evhttp writes to clients that may have gone. */
	signal(SIGPIPE, SIG_IGN);
	err = listen_on(new);
	if (err)
		metrics_free(new);
	else
		*metrics = new;
	return err;
}

void metrics_use(struct metrics *metrics, const struct config *config)
{
	if (!metrics)
		return;
	metrics->config = config;
	load_token(metrics);
	jobs_use_config(metrics);
	reading_use_config(metrics);
}

void metrics_use_plan(struct metrics *metrics, const struct steer_plan *plan)
{
	if (metrics)
		metrics->daemon.plan = plan;
}

void metrics_use_load(struct metrics *metrics, double load)
{
	if (metrics)
		metrics->daemon.load = load;
}

void metrics_use_catchment(struct metrics *metrics, struct catch_view *view,
			   const struct catchment_changes *changes)
{
	if (!metrics)
		return;
	catch_view_drop(metrics->daemon.catchment);
	metrics->daemon.catchment = catch_view_hold(view);
	metrics->daemon.changes = *changes;
}

void metrics_note_reload(struct metrics *metrics, enum ad_reload_end end, double took_s)
{
	struct timespec now;

	if (!metrics)
		return;
	metrics->daemon.reloads[end]++;
	metrics->daemon.took_s = took_s;
	metrics->daemon.last_ok = end == AD_RELOAD_OK;
	clock_gettime(CLOCK_REALTIME, &now);
	if (end == AD_RELOAD_OK)
		metrics->daemon.last_ok_real_s = now.tv_sec;
}

/* Closing a connection ends the job that works for it. */
void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	clients_stop(&metrics->clients);
	if (metrics->http)
		evhttp_free(metrics->http);
	clients_close(&metrics->clients);
	jobs_free(metrics);
	reading_free_all(metrics);
	catch_view_drop(metrics->daemon.catchment);
	explicit_bzero(metrics->token, sizeof(metrics->token));
	free(metrics);
}

double metrics_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
