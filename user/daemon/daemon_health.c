// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_health.c: the daemon's end of the health checks: what the process that runs them says
 * (user/health/talk.h) becomes what is known of POPs (user/health/health.h).
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon_internal.h"
#include "user/base/log.h"
#include "user/health/health.h"

#define HEARD_AT_ONCE 64 /* others want their turn */

/* What is not read at once is read again: it has one to do. */
static void say_use(const struct daemon *daemon)
{
	const char word = TALK_USE;

	if (daemon->health.fd >= 0)
		send(daemon->health.fd, &word, sizeof(word), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void part(struct daemon *daemon)
{
	if (daemon->health.heard)
		event_free(daemon->health.heard);
	daemon->health.heard = NULL;
	if (daemon->health.fd >= 0)
		close(daemon->health.fd);
	daemon->health.fd = -1;
}

static void hear(struct daemon *daemon, struct talk *talk)
{
	talk->why[sizeof(talk->why) - 1] = '\0';
	switch (talk->kind) {
	case TALK_READY:
		say_use(daemon);
		break;
	case TALK_ENDED:
		health_hear(daemon->health.health, talk);
		break;
	case TALK_LOAD:
		daemon_load_hear(daemon, talk);
		break;
	case TALK_TROUBLE:
		log_warn("health checks: %s", talk->why);
		break;
	}
}

static void on_talk(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct talk talk;
	ssize_t size = 0;
	int nr;

	if (daemon->detached) { /* there is nothing left to be told */
		event_del(daemon->health.heard);
		return;
	}
	for (nr = 0; nr < HEARD_AT_ONCE; nr++) {
		size = recv(fd, &talk, sizeof(talk), MSG_DONTWAIT);
		if (size != sizeof(talk))
			break;
		hear(daemon, &talk);
	}
	if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	log_err("health checks: their process is gone: POPs stay as they are until the daemon is "
		"started again");
	part(daemon);
}

void daemon_health_use(struct daemon *daemon, bool is_same_text)
{
	int err = health_use(daemon->health.health, daemon->config);

	if (err)
		log_warn("health checks are not heard, and POPs stay as they are: %s",
			 strerror(-err));
	if (!is_same_text)
		say_use(daemon);
}

int daemon_health_start(struct daemon *daemon)
{
	daemon->health.health = health_new(&daemon->loader->pins);
	if (!daemon->health.health)
		return -ENOMEM;
	daemon_health_use(daemon, false);
	if (daemon->health.fd < 0)
		return 0;
	daemon->health.heard =
		event_new(daemon->base, daemon->health.fd, EV_READ | EV_PERSIST, on_talk, daemon);
	return daemon->health.heard && !event_add(daemon->health.heard, NULL) ? 0 : -ENOMEM;
}

void daemon_health_stop(struct daemon *daemon)
{
	part(daemon);
	health_free(daemon->health.health);
	daemon->health.health = NULL;
}
