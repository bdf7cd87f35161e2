/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_access.h: internal to metrics*.c: who may ask.
 */
#ifndef AD_METRICS_ACCESS_H
#define AD_METRICS_ACCESS_H

#include <stdbool.h>
#include <event2/http.h>

struct config;

/* `Authorization: Bearer` with this very token; never if it is empty. */
bool access_has_token(struct evhttp_request *request, const char *token);
/*
 * Host names this node: by an address, as localhost, by its host name or its name in the
 * configuration. A name that somebody else can point at us is none of these. Without Host
 * (HTTP/1.0) it is no browser that asks.
 */
bool access_is_our_host(struct evhttp_request *request, const struct config *config);

#endif
