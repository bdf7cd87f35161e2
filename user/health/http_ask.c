// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * http_ask.c: checks by a GET request (asking.h): libcurl, driven by the loop. No name is looked
 * up, no proxy is used, no redirect is followed, and each request has a connection of its own, for
 * that is what clients will need.
 */
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "asking.h"
#include "user/base/addr.h"

#define BODY_MAX   (64 << 10)
#define CA_CACHE_S 60L /* to read the system's authorities takes ten milliseconds */
#define URL_TEXT   (2 * ASKING_TEXT)

struct http_asker {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
};

struct http {
	struct http_asker *asker;
	struct asking *asking;
	CURL *easy;
	struct curl_slist *to; /* the address */
	char *body;	       /* NULL: nobody wants to see it */
	size_t length;
	bool is_full;
	char error[CURL_ERROR_SIZE];
};

static void http_free(struct http *http)
{
	if (http->easy) {
		curl_multi_remove_handle(http->asker->multi, http->easy);
		curl_easy_cleanup(http->easy);
	}
	curl_slist_free_all(http->to);
	free(http->body);
	free(http);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* "": it passed. */
static void judge(const struct http *http, CURLcode result, char why[AD_HEALTH_WHY])
{
	const struct config_check *check = http->asking->check;
	long status = 0;

	*why = '\0';
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK && !(result == CURLE_WRITE_ERROR && http->is_full))
		snprintf(why, AD_HEALTH_WHY, "%.*s", AD_HEALTH_WHY - 1,
			 *http->error ? http->error : curl_easy_strerror(result));
	else if (!asking_wants_status(check, status))
		snprintf(why, AD_HEALTH_WHY, "status %ld", status);
	else if (check->contains &&
		 (!http->body ||
		  !memmem(http->body, http->length, check->contains, strlen(check->contains))))
		snprintf(why, AD_HEALTH_WHY, "the body lacks \"%.40s\"", check->contains);
}

static void finish(struct http *http, CURLcode result)
{
	struct asking *asking = http->asking;
	char why[AD_HEALTH_WHY];

	judge(http, result, why);
	http_free(http);
	asking->with = NULL;
	asking->done(asking, !*why, why);
}

static void finish_all(struct http_asker *asker)
{
	struct http *http;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(asker->multi, &left))) {
		CURLcode result = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&http);
		finish(http, result);
	}
}

/* --- libcurl on libevent ---------------------------------------------------------------------- */

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct http_asker *asker = arg;
	int running, ready = (what & EV_READ ? CURL_CSELECT_IN : 0) |
			     (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(asker->multi, fd, ready, &running);
	finish_all(asker);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_asker *asker = arg;
	int running;

	curl_multi_socket_action(asker->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_all(asker);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *with)
{
	struct http_asker *asker = arg;
	struct event *event = with;
	short kinds = EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
		      (what & CURL_POLL_OUT ? EV_WRITE : 0);

	if (event)
		event_free(event);
	event = what == CURL_POLL_REMOVE ? NULL
					 : event_new(asker->base, fd, kinds, on_socket, asker);
	if (event)
		event_add(event, NULL);
	curl_multi_assign(asker->multi, fd, event);
	return event || what == CURL_POLL_REMOVE ? 0 : -1;
}

static int set_timer(CURLM *multi, long after_ms, void *arg)
{
	struct http_asker *asker = arg;
	struct timeval after = { after_ms / 1000, after_ms % 1000 * 1000 };

	if (after_ms < 0)
		return event_del(asker->timer);
	return event_add(asker->timer, &after);
}

int http_asker_new(struct event_base *base, struct http_asker **result)
{
	struct http_asker *asker = calloc(1, sizeof(*asker));

	if (!asker)
		return -ENOMEM;
	asker->base = base;
	asker->timer = evtimer_new(base, on_timer, asker);
	if (!curl_global_init(CURL_GLOBAL_DEFAULT))
		asker->multi = curl_multi_init();
	if (!asker->timer || !asker->multi) {
		http_asker_free(asker);
		return -ENOMEM;
	}
	curl_multi_setopt(asker->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(asker->multi, CURLMOPT_SOCKETDATA, asker);
	curl_multi_setopt(asker->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(asker->multi, CURLMOPT_TIMERDATA, asker);
	*result = asker;
	return 0;
}

void http_asker_free(struct http_asker *asker)
{
	if (!asker)
		return;
	if (asker->multi)
		curl_multi_cleanup(asker->multi);
	if (asker->timer)
		event_free(asker->timer);
	free(asker);
}

/* --- the request ------------------------------------------------------------------------------ */

/* What does not fit is not needed any more; to take less than was given ends the request. */
static size_t take_body(char *bytes, size_t one, size_t nr, void *arg)
{
	struct http *http = arg;
	size_t room = BODY_MAX - http->length, take = nr < room ? nr : room;

	if (http->body)
		memcpy(http->body + http->length, bytes, take);
	http->length += take;
	http->is_full = take < nr;
	return take;
}

static bool is_https(const struct asking *asking)
{
	return asking->check->by == CONFIG_CHECK_HTTPS;
}

static const char *bracketed(const struct ad_addr *address, char text[ADDR_TEXT + 2])
{
	char plain[ADDR_TEXT];

	addr_format(address, plain);
	snprintf(text, ADDR_TEXT + 2, addr_is_ip4(address) ? "%s" : "[%s]", plain);
	return text;
}

static int set_place(struct http *http)
{
	const struct asking *asking = http->asking;
	const struct config_check *check = asking->check;
	char address[ADDR_TEXT + 2], to[ADDR_TEXT + 16], url[URL_TEXT];
	char host[ASKING_TEXT], path[ASKING_TEXT];

	bracketed(&asking->key->address, address);
	if ((check->host && !asking_expand(asking, check->host, host)) ||
	    !asking_expand(asking, check->path, path) ||
	    snprintf(url, sizeof(url), "%s://%s:%u%s", is_https(asking) ? "https" : "http",
		     check->host ? host : address, check->port, path) >= URL_TEXT)
		return -ENAMETOOLONG;
	snprintf(to, sizeof(to), "::%s:%u", address, check->port);
	http->to = curl_slist_append(NULL, to);
	if (!http->to || curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, http->to) ||
	    curl_easy_setopt(http->easy, CURLOPT_URL, url))
		return -ENOMEM;
	return 0;
}

static int set_manner(struct http *http)
{
	const struct config_check *check = http->asking->check;
	CURL *easy = http->easy;
	CURLcode bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "anydoor/" VERSION " (health check)");
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
	/* A directory beside the file would be trusted, too, and keeps libcurl from its cache. */
	bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	bad |= curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
	if (check->ca_file)
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, check->ca_file);
	return bad ? -ENOMEM : 0;
}

int http_ask(struct http_asker *asker, struct asking *asking)
{
	struct http *http = calloc(1, sizeof(*http));
	int err = 0;

	if (!http)
		return -ENOMEM;
	http->asker = asker;
	http->asking = asking;
	http->easy = curl_easy_init();
	if (asking->check->contains)
		http->body = malloc(BODY_MAX);
	if (!http->easy || (asking->check->contains && !http->body))
		err = -ENOMEM;
	err = err ?: set_place(http);
	err = err ?: set_manner(http);
	if (!err && curl_multi_add_handle(asker->multi, http->easy))
		err = -ENOMEM;
	if (err)
		http_free(http);
	else
		asking->with = http;
	return err;
}

void http_cancel(struct asking *asking)
{
	if (asking->with)
		http_free(asking->with);
	asking->with = NULL;
}
