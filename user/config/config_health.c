// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_health.c: what needs more than one row of the schema, of health checks: what each kind of
 * check needs and takes, and what contradicts itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_schema.h"
#include "user/base/addr.h"

#define TIMEOUT_S    3
#define BY(kind)     (1u << CONFIG_CHECK_##kind)
#define BY_REQUEST   (BY(HTTP) | BY(HTTPS))
#define BY_CONNECT   (BY_REQUEST | BY(TCP))
#define HOST_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_{}"

static const char *const by_words[] = { "http", "https", "tcp", "command" };

bool config_check_covers(const struct config_check *check, __u16 pop)
{
	size_t i;

	for (i = 0; i < check->pops.nr; i++)
		if (check->pops.list[i].pop == pop)
			return true;
	return !check->pops.text;
}

/* --- what a kind of check takes --------------------------------------------------------------- */

static void check_taken(struct config_reader *loader, const struct config_check *check)
{
	const struct {
		const char *key;
		bool is_there;
		unsigned int by; /* those who take it */
	} keys[] = {
		{ "port", check->port, BY_CONNECT },
		{ "host", check->host, BY_REQUEST },
		{ "path", check->path, BY_REQUEST },
		{ "status", check->statuses.text, BY_REQUEST },
		{ "contains", check->contains, BY_REQUEST },
		{ "ca_file", check->ca_file, BY(HTTPS) },
		{ "command", check->command.text, BY(COMMAND) },
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!keys[i].is_there || keys[i].by & 1u << check->by)
			continue;
		snprintf(path, sizeof(path), "health.checks[].%s", keys[i].key);
		config_complain(loader, check->line, path,
				"%s is asked `by: %s`, which has no such key: leave it out",
				check->name ?: "it", by_words[check->by]);
	}
}

static bool fill_request(struct config_check *check)
{
	struct config_statuses *statuses = &check->statuses;

	check->port = check->port ?: check->by == CONFIG_CHECK_HTTP ? 80 : 443;
	if (!check->path)
		check->path = strdup("/");
	if (!statuses->text) {
		statuses->text = strdup("200");
		statuses->list = calloc(1, sizeof(*statuses->list));
		if (statuses->list)
			statuses->list[statuses->nr++] = (struct config_status){ 200, 200 };
	}
	return check->path && statuses->text && statuses->list;
}

static void check_request(struct config_reader *loader, struct config_check *check)
{
	if (!fill_request(check)) {
		loader->no_memory = true;
		return;
	}
	if (*check->path != '/' || strpbrk(check->path, " #"))
		config_complain(loader, check->line, "health.checks[].path",
				"%s is no path of a request: a slash first, no blank and no #",
				check->path);
	if (check->host && check->host[strspn(check->host, HOST_LETTERS)])
		config_complain(loader, check->line, "health.checks[].host",
				"\"%s\" is no name of a host", check->host);
}

static void check_kind(struct config_reader *loader, struct config_check *check)
{
	check_taken(loader, check);
	if (BY_REQUEST & 1u << check->by)
		check_request(loader, check);
	else if (check->by == CONFIG_CHECK_TCP && !check->port)
		config_complain(loader, check->line, "health.checks[].port",
				"%s is asked `by: tcp`, which needs one", check->name ?: "it");
	else if (check->by == CONFIG_CHECK_COMMAND && !check->command.text)
		config_complain(loader, check->line, "health.checks[].command",
				"%s is asked `by: command`, which needs one: [/usr/bin/program, "
				"\"{address}\"]",
				check->name ?: "it");
}

void config_check_times(struct config_reader *loader, struct config_check *check, const char *path,
			int line)
{
	if (!check->timeout_s)
		check->timeout_s = check->every_s < TIMEOUT_S ? check->every_s : TIMEOUT_S;
	if (check->timeout_s > check->every_s)
		config_complain(loader, line, path,
				"is longer than `every`: the next one would begin before this one "
				"has ended");
}

/* --- whom it asks ----------------------------------------------------------------------------- */

/* How many addresses it asks. */
static size_t check_pops(struct config_reader *loader, const struct config_check *check)
{
	const struct config *config = loader->config;
	size_t i, nr = 0;

	if (check->pops.text && strpbrk(check->pops.text, "|="))
		config_complain(loader, check->line, "health.checks[].pops",
				"wants a plain list of POPs, without groups and weights");
	for (i = 0; i < config->nr_pops; i++) {
		if (!config_check_covers(check, i))
			continue;
		nr += config->pops[i].service.nr;
		if (check->pops.text && !config->pops[i].service.nr)
			config_complain(loader, check->line, "health.checks[].pops",
					"%s has no address that could be asked: give it `service` "
					"on line %d",
					config->pops[i].name ?: "it", config->pops[i].line);
	}
	if (!nr && !check->pops.text)
		config_complain(loader, check->line, "health.checks[]",
				"%s asks nobody: no POP has addresses in `pops[].service`",
				check->name ?: "it");
	return nr;
}

/* What lands where BGP says would be asked of this node itself. */
static void check_service(struct config_reader *loader, const struct config_pop *pop)
{
	const struct config *config = loader->config;
	char text[ADDR_TEXT];
	size_t i, j;

	for (i = 0; i < pop->service.nr; i++)
		for (j = 0; j < config->nr_vips; j++)
			if (!addr_compare(&pop->service.list[i], &config->vips[j].address))
				config_complain(loader, pop->line, "pops[].service",
						"%s is a VIP, which every POP has: name an address "
						"that only %s has",
						addr_format(&pop->service.list[i], text),
						pop->name ?: "this one");
}

void config_health_check(struct config_reader *loader)
{
	struct config *config = loader->config;
	size_t i, nr = 0;

	for (i = 0; i < config->nr_pops; i++)
		check_service(loader, &config->pops[i]);
	for (i = 0; i < config->nr_checks; i++) {
		check_kind(loader, &config->checks[i]);
		config_check_times(loader, &config->checks[i], "health.checks[].timeout",
				   config->checks[i].line);
		nr += check_pops(loader, &config->checks[i]);
	}
	if (nr > CONFIG_TARGETS_MAX)
		config_complain(loader, config->checks[0].line, "health.checks",
				"ask %zu addresses in all; at most %d fit", nr, CONFIG_TARGETS_MAX);
	if (config->health_at_least > config->nr_own_pops)
		config_complain(loader, 0, "health.at_least", "is more than there are `pops`: %zu",
				config->nr_own_pops);
}
