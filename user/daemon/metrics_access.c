// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_access.c: who may ask over HTTP (metrics_access.h).
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <sodium.h>
#include "metrics_access.h"
#include "user/config/config.h"

#define BEARER "Bearer "

static const char *header(struct evhttp_request *request, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(request), name);
}

bool access_has_token(struct evhttp_request *request, const char *token)
{
	const char *said = header(request, "Authorization");
	size_t len = strlen(token);

	if (!len || !said || strncasecmp(said, BEARER, strlen(BEARER)))
		return false;
	said += strlen(BEARER);
	return strlen(said) == len && !sodium_memcmp(said, token, len);
}

/* "name:port", "192.0.2.1:port", "[2001:db8::1]:port", each also without a port. */
static bool take_host(const char *text, char host[256])
{
	bool bracket = *text == '[';
	size_t len = bracket ? strcspn(++text, "]") : strcspn(text, ":");
	const char *rest = text + len + (bracket && text[len]);

	if (len >= 256 || (*rest && *rest != ':'))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return true;
}

static bool is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static bool is_host_name(const char *host)
{
	char name[256];

	if (gethostname(name, sizeof(name) - 1))
		return false;
	name[sizeof(name) - 1] = '\0';
	return !strcasecmp(host, name);
}

bool access_is_our_host(struct evhttp_request *request, const struct config *config)
{
	const char *text = header(request, "Host");
	char host[256];

	if (!text)
		return true;
	return take_host(text, host) &&
	       (is_address(host) || !strcasecmp(host, "localhost") || is_host_name(host) ||
		(config->self && !strcasecmp(host, config->self->name)));
}
