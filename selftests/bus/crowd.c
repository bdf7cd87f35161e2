// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * crowd.c: crowd CONFIG NODES SECONDS: so many nodes that have no data path are on the bus of that
 * configuration for so long, each a process of its own: it joins, writes its record once a second,
 * leaves after some seconds, and comes again as another life. Their ids begin at 1000; those of an
 * odd id are at a POP that the configuration does not have. With 0 seconds each writes one record,
 * all at once. With JSON in the place of seconds the node with the id NODES says that of
 * itself, once. Says nothing; exit code 1 if one of them could not write.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "user/bus/record.h"
#include "user/bus/session.h"

#define FIRST_ID 1000
#define STAY_S	 8 /* at most */

struct node {
	const struct config *config;
	const struct bus_secret *secret;
	char key[BUS_KEY_MAX], name[16], tunnel[32];
	struct bus_head head;
};

static unsigned long long now_us(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	return at.tv_sec * 1000000ull + at.tv_nsec / 1000;
}

/* Takes @body. */
static bool put(struct node *node, struct bus_session *session, json_t *body)
{
	__u8 *bytes = NULL;
	size_t size = 0;
	bool good;

	node->head.seq = now_us();
	good = body &&
	       !bus_record_write(node->secret, node->key, &node->head, body, &bytes, &size) &&
	       kvStore_Put(NULL, session->bucket, node->key, bytes, size) == NATS_OK;
	json_decref(body);
	free(bytes);
	return good;
}

static bool beat(struct node *node, struct bus_session *session)
{
	const char *pop = node->head.writer & 1 ? "crowd" : node->config->pops[0].name;
	json_t *body = json_pack("{s:{s:s, s:s, s:s, s:s, s:i}, s:{s:i}}", "node", "name",
				 node->name, "pop", pop, "tunnel", node->tunnel, "version", "crowd",
				 "epoch", node->config->key_epoch, "load", "shed", 0);

	return put(node, session, body);
}

/* Until it leaves. */
static bool live(struct node *node, unsigned long long end_us)
{
	unsigned int beats = 1 + randombytes_uniform(STAY_S);
	struct bus_session session;
	char why[BUS_WHY] = "";
	bool good;

	randombytes_buf(&node->head.life, sizeof(node->head.life));
	good = !bus_session_open(&session, &node->config->bus, node->name, NULL, NULL, why);
	if (!good) {
		fprintf(stderr, "%s: %s\n", node->name, why);
		return false;
	}
	good = !bus_session_bind(&session, &node->config->bus, why);
	while (good && beats-- && now_us() < end_us) {
		good = beat(node, &session);
		sleep(1);
	}
	bus_session_close(&session);
	if (!good)
		fprintf(stderr, "%s: cannot write %s\n", node->name, why);
	return good;
}

static struct node new_node(const struct config *config, const struct bus_secret *secret, __u16 id)
{
	struct node node = { .config = config, .secret = secret, .head.writer = id };

	bus_name_node(BUS_NODE, id, node.key);
	snprintf(node.name, sizeof(node.name), "crowd-%u", id);
	snprintf(node.tunnel, sizeof(node.tunnel), "10.77.%u.%u", id >> 8, id & 0xff);
	return node;
}

/* By one connection: @nr nodes once each, or one of the id @nr with its @json. */
static int write_all(const struct config *config, const struct bus_secret *secret, unsigned int nr,
		     const char *json)
{
	struct bus_session session;
	char why[BUS_WHY] = "";
	struct node node;
	unsigned int i;
	bool good = !bus_session_open(&session, &config->bus, "crowd", NULL, NULL, why);

	if (!good)
		return EXIT_FAILURE;
	good = !bus_session_bind(&session, &config->bus, why);
	if (json) {
		node = new_node(config, secret, nr);
		return !good ||
		       !put(&node, &session, json_pack("{s:o}", "node", json_loads(json, 0, NULL)));
	}
	for (i = 0; good && i < nr; i++) {
		node = new_node(config, secret, FIRST_ID + i);
		good = beat(&node, &session);
	}
	bus_session_close(&session);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int be_node(const struct config *config, const struct bus_secret *secret, __u16 id,
		   unsigned long long end_us)
{
	struct node node = new_node(config, secret, id);

	while (now_us() < end_us) {
		usleep(randombytes_uniform(3000000));
		if (!live(&node, end_us))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	unsigned int nr = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, i;
	unsigned long long end_us;
	struct config_errors errors = {};
	struct bus_secret secret;
	struct config *config;
	int status, code = EXIT_SUCCESS;

	if (!nr || config_load(argv[1], &config, &errors) ||
	    keys_load_bus(config->key_file, &secret))
		return EXIT_FAILURE;
	if (!strcmp(argv[3], "0") || *argv[3] == '{')
		return write_all(config, &secret, nr, *argv[3] == '{' ? argv[3] : NULL);
	end_us = now_us() + strtoul(argv[3], NULL, 10) * 1000000;
	for (i = 0; i < nr; i++)
		if (!fork())
			return be_node(config, &secret, FIRST_ID + i, end_us);
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			code = EXIT_FAILURE;
	config_free(config);
	return code;
}
