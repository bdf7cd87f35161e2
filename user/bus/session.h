/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h: a connection to the bus as libnats has it, from the configuration to the bucket. One
 * that broke is not mended but closed, and another one opened, which begins with all records: so
 * nothing is kept back to be written later, and nothing is missed.
 */
#ifndef AD_BUS_SESSION_H
#define AD_BUS_SESSION_H

#include <nats/nats.h>
#include "user/config/config.h"

#define BUS_HISTORY 64 /* records of each key that the bucket keeps; the most that it can */

struct bus_session {
	natsConnection *connection;
	jsCtx *js;
	kvStore *bucket; /* NULL until session_bind() */
};

#define BUS_WHY 128

/*
 * Connects to one of the servers. @closed, or NULL, is called with @arg on another thread when the
 * connection is gone, also after bus_session_close(). 0, then bus_session_close(); or -errno and
 * @why.
 */
int bus_session_open(struct bus_session *session, const struct config_bus *config, const char *name,
		     natsConnectionHandler closed, void *arg, char why[BUS_WHY]);
/* 0; -ENOENT: there is no such bucket; other -errno, and @why. */
int bus_session_bind(struct bus_session *session, const struct config_bus *config,
		     char why[BUS_WHY]);
void bus_session_close(struct bus_session *session);

/* What libnats says of its last call on this thread: -errno, and @why. */
int bus_session_error(natsStatus status, const char *what, char why[BUS_WHY]);

#endif
