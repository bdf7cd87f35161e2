// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * session.c: a connection to the bus (session.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "session.h"

#define TIMEOUT_MS 2000 /* for a connection, and for each answer */
#define PING_MS	   2000
#define PINGS_OUT  2

/* The library's own words, without the line of its source; "": nothing that @text does not say. */
static const char *more_of(const char *text)
{
	const char *more = nats_GetLastError(NULL) ?: "", *end = strstr(more, "): ");

	if (*more == '(' && end)
		more = end + strlen("): ");
	return strcmp(more, text) ? more : "";
}

int bus_session_error(natsStatus status, const char *what, char why[BUS_WHY])
{
	const char *text = natsStatus_GetText(status), *more = more_of(text);

	snprintf(why, BUS_WHY, "%s: %s%s%s", what, text, *more ? ": " : "", more);
	switch (status) {
	case NATS_NOT_FOUND:
		return -ENOENT;
	case NATS_TIMEOUT:
		return -ETIMEDOUT;
	case NATS_NO_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static bool wants_tls(const struct config_bus *config)
{
	size_t i;

	for (i = 0; i < config->nr_servers; i++)
		if (!strncmp(config->servers[i], "tls://", 6))
			return true;
	return config->ca_file || config->cert_file;
}

static natsStatus set_tls(natsOptions *options, const struct config_bus *config)
{
	natsStatus status = NATS_OK;

	if (wants_tls(config))
		status = natsOptions_SetSecure(options, true);
	if (status == NATS_OK && config->ca_file)
		status = natsOptions_LoadCATrustedCertificates(options, config->ca_file);
	if (status == NATS_OK && config->cert_file)
		status = natsOptions_LoadCertificatesChain(options, config->cert_file,
							   config->key_file);
	if (status == NATS_OK && config->credentials)
		status =
			natsOptions_SetUserCredentialsFromFiles(options, config->credentials, NULL);
	return status;
}

static natsStatus set_options(natsOptions *options, const struct config_bus *config,
			      const char *name, natsConnectionHandler closed, void *arg)
{
	natsStatus status =
		natsOptions_SetServers(options, (const char **)config->servers, config->nr_servers);

	if (status == NATS_OK)
		status = natsOptions_SetName(options, name);
	if (status == NATS_OK)
		status = natsOptions_SetAllowReconnect(options, false);
	if (status == NATS_OK)
		status = natsOptions_SetTimeout(options, TIMEOUT_MS);
	if (status == NATS_OK)
		status = natsOptions_SetPingInterval(options, PING_MS);
	if (status == NATS_OK)
		status = natsOptions_SetMaxPingsOut(options, PINGS_OUT);
	if (status == NATS_OK)
		status = natsOptions_SetClosedCB(options, closed, arg);
	return status == NATS_OK ? set_tls(options, config) : status;
}

int bus_session_open(struct bus_session *session, const struct config_bus *config, const char *name,
		     natsConnectionHandler closed, void *arg, char why[BUS_WHY])
{
	natsOptions *options = NULL;
	jsOptions js;
	natsStatus status;

	memset(session, 0, sizeof(*session));
	status = natsOptions_Create(&options);
	if (status == NATS_OK)
		status = set_options(options, config, name, closed, arg);
	if (status == NATS_OK)
		status = natsConnection_Connect(&session->connection, options);
	natsOptions_Destroy(options);
	if (status != NATS_OK)
		return bus_session_error(status, "connecting", why);
	jsOptions_Init(&js);
	js.Wait = TIMEOUT_MS;
	status = natsConnection_JetStream(&session->js, session->connection, &js);
	if (status == NATS_OK)
		return 0;
	bus_session_close(session);
	return bus_session_error(status, "JetStream", why);
}

int bus_session_bind(struct bus_session *session, const struct config_bus *config,
		     char why[BUS_WHY])
{
	natsStatus status = js_KeyValue(&session->bucket, session->js, config->bucket);
	int err = status == NATS_OK ? 0 : bus_session_error(status, "the bucket", why);

	if (err == -ENOENT)
		snprintf(why, BUS_WHY, "there is no bucket %s: `anydoor bus init` makes it, once",
			 config->bucket);
	return err;
}

void bus_session_close(struct bus_session *session)
{
	kvStore_Destroy(session->bucket);
	jsCtx_Destroy(session->js);
	natsConnection_Destroy(session->connection); /* closes it, too */
	memset(session, 0, sizeof(*session));
}
