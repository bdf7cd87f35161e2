// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * client.c: the process that is on the bus (client.h). Two threads: this one does what the daemon
 * says, the other hands on what the bucket's watcher hears.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"
#include "talk.h"

#define AGAIN_MS 1000 /* after a connection that failed or broke */
#define NEXT_MS	 3600000

struct client {
	int fd;
	int closed; /* eventfd: the connection is gone */
	const char *config_path;
	struct config *config;
	struct bus_session session;
	kvWatcher *watcher; /* NULL: not connected */
	pthread_t thread;
	bool ended;	       /* the watcher's thread; atomic */
	struct bus_talk heard; /* from the daemon */
	struct bus_talk said;  /* by this thread */
};

/* What is whole leaves in one call; the daemon is slow, or gone. */
static void say(struct client *client, struct bus_talk *talk)
{
	while (send(client->fd, talk, BUS_TALK_HEAD + talk->size, MSG_NOSIGNAL) < 0 &&
	       errno == EINTR)
		;
}

static void say_text(struct client *client, enum bus_talk_kind kind, const char *text)
{
	struct bus_talk *talk = &client->said;

	memset(talk, 0, BUS_TALK_HEAD);
	talk->kind = kind;
	talk->size = strlen(text);
	memcpy(talk->bytes, text, talk->size);
	say(client, talk);
}

/* --- the watcher's thread --------------------------------------------------------------------- */

/* Of what is no record of ours, for its key or its length, the daemon shall know, and no more. */
static int size_to_hand_on(const char *key, kvEntry *entry)
{
	int size = kvEntry_Operation(entry) == kvOp_Put ? kvEntry_ValueLen(entry) : 0;
	struct bus_name name;

	if (size <= 0)
		return 0;
	if (!bus_name_parse(key, &name) || (size_t)size > bus_kind_size_max(name.kind))
		return 1;
	return size;
}

static void hand_on(struct client *client, kvEntry *entry, struct bus_talk *talk)
{
	const char *key = kvEntry_Key(entry);
	int size;

	if (!key || strlen(key) >= sizeof(talk->key))
		return;
	size = size_to_hand_on(key, entry);
	memset(talk, 0, BUS_TALK_HEAD);
	talk->kind = BUS_TALK_RECORD;
	talk->size = size;
	talk->revision = kvEntry_Revision(entry);
	memcpy(talk->key, key, strlen(key));
	if (size)
		memcpy(talk->bytes, kvEntry_Value(entry), size);
	say(client, talk);
}

static void wake(const struct client *client)
{
	eventfd_write(client->closed, 1);
}

static void on_closed(natsConnection *connection, void *arg)
{
	wake(arg);
}

static void *watch(void *arg)
{
	struct client *client = arg;
	struct bus_talk *talk = calloc(1, sizeof(*talk));
	natsStatus status = talk ? NATS_OK : NATS_NO_MEMORY;
	kvEntry *entry;

	while (status == NATS_OK || status == NATS_TIMEOUT) {
		entry = NULL;
		status = kvWatcher_Next(&entry, client->watcher, NEXT_MS);
		if (entry)
			hand_on(client, entry, talk);
		kvEntry_Destroy(entry);
		if (status != NATS_OK || entry)
			continue;
		memset(talk, 0, BUS_TALK_HEAD);
		talk->kind = BUS_TALK_ALL;
		say(client, talk);
	}
	free(talk);
	__atomic_store_n(&client->ended, true, __ATOMIC_RELEASE);
	wake(client);
	return NULL;
}

/* --- connecting ------------------------------------------------------------------------------- */

static void close_session(struct client *client)
{
	if (client->watcher) {
		kvWatcher_Stop(client->watcher);
		pthread_join(client->thread, NULL);
		kvWatcher_Destroy(client->watcher);
		client->watcher = NULL;
	}
	bus_session_close(&client->session);
}

/* Somebody woke us, perhaps a session before this one. */
static void look_at_session(struct client *client)
{
	eventfd_t ignored;

	eventfd_read(client->closed, &ignored);
	if (!client->watcher || (!natsConnection_IsClosed(client->session.connection) &&
				 !__atomic_load_n(&client->ended, __ATOMIC_ACQUIRE)))
		return;
	close_session(client);
	say_text(client, BUS_TALK_DOWN, "the connection broke");
}

static int start_watching(struct client *client, char why[BUS_WHY])
{
	natsStatus status = kvStore_WatchAll(&client->watcher, client->session.bucket, NULL);
	struct bus_talk *talk = &client->said;
	int err;

	if (status != NATS_OK)
		return bus_session_error(status, "watching", why);
	memset(talk, 0, BUS_TALK_HEAD);
	talk->kind = BUS_TALK_UP;
	say(client, talk);
	client->ended = false;
	err = -pthread_create(&client->thread, NULL, watch, client);
	if (!err)
		return 0;
	kvWatcher_Destroy(client->watcher);
	client->watcher = NULL;
	snprintf(why, BUS_WHY, "watching: %s", strerror(-err));
	return err;
}

static void open_session(struct client *client)
{
	const struct config_bus *bus = &client->config->bus;
	char why[BUS_WHY] = "";
	int err = bus_session_open(&client->session, bus, client->config->self->name, on_closed,
				   client, why);

	err = err ?: bus_session_bind(&client->session, bus, why);
	err = err ?: start_watching(client, why);
	if (!err)
		return;
	close_session(client);
	say_text(client, BUS_TALK_DOWN, why);
}

/* The daemon has read it, too, a moment ago. */
static void use(struct client *client)
{
	struct config_errors errors = {};
	struct config *config;

	if (config_load(client->config_path, &config, &errors)) {
		say_text(client, BUS_TALK_DOWN, "the configuration has errors");
		close_session(client); /* and is made anew by the configuration of before */
	} else {
		close_session(client);
		config_free(client->config);
		client->config = config;
		if (!config->bus.nr_servers)
			say_text(client, BUS_TALK_DOWN, "no bus is configured");
	}
	config_errors_free(&errors);
}

/* --- the daemon's words ----------------------------------------------------------------------- */

static void write_record(struct client *client, const struct bus_talk *talk)
{
	natsStatus status = NATS_CONNECTION_CLOSED;
	kvStore *bucket = client->session.bucket;
	uint64_t revision = 0;
	char why[BUS_WHY];

	if (client->watcher && talk->revision)
		status = kvStore_Update(&revision, bucket, talk->key, talk->bytes, talk->size,
					talk->revision);
	else if (client->watcher)
		status = kvStore_Create(&revision, bucket, talk->key, talk->bytes, talk->size);
	memset(&client->said, 0, BUS_TALK_HEAD);
	client->said.kind = status == NATS_OK ? BUS_TALK_WROTE : BUS_TALK_FAILED;
	client->said.revision = revision;
	client->said.seq = talk->seq;
	memcpy(client->said.key, talk->key, sizeof(talk->key));
	if (status != NATS_OK) {
		bus_session_error(status, talk->key, why);
		client->said.size = strlen(why);
		memcpy(client->said.bytes, why, client->said.size);
	}
	say(client, &client->said);
}

/* False: the daemon is gone. */
static bool hear(struct client *client)
{
	struct bus_talk *talk = &client->heard;
	ssize_t size = recv(client->fd, talk, sizeof(*talk), MSG_DONTWAIT);

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!size)
		return false;
	if ((size_t)size < BUS_TALK_HEAD || BUS_TALK_HEAD + talk->size != (size_t)size)
		return true;
	talk->key[sizeof(talk->key) - 1] = '\0';
	if (talk->kind == BUS_TALK_USE)
		use(client);
	else if (talk->kind == BUS_TALK_WRITE)
		write_record(client, talk);
	return true;
}

static void work(struct client *client)
{
	struct pollfd polled[] = { { .fd = client->fd, .events = POLLIN },
				   { .fd = client->closed, .events = POLLIN } };
	bool wants; /* to connect */

	say_text(client, BUS_TALK_READY, "");
	for (;;) {
		wants = client->config && client->config->bus.nr_servers && !client->watcher;
		if (wants)
			open_session(client);
		polled[0].revents = polled[1].revents = 0;
		wants = wants && !client->watcher;
		if (poll(polled, 2, wants ? AGAIN_MS : -1) < 0 && errno != EINTR)
			return;
		if (polled[1].revents)
			look_at_session(client);
		if (polled[0].revents && !hear(client))
			return;
	}
}

int bus_client_run(int fd, const char *config_path)
{
	struct client *client = calloc(1, sizeof(*client));
	int err = 0;

	if (!client)
		return -ENOMEM;
	client->fd = fd;
	client->config_path = config_path;
	client->closed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (client->closed < 0 || nats_Open(-1) != NATS_OK)
		err = -EIO;
	else
		work(client);
	/* Threads of the library may still be at it: the process ends, and they with it. */
	return err;
}
