// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * seen.c: what is known of each check at each address (seen.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "seen.h"
#include "targets.h"
#include "user/base/addr.h"
#include "user/base/output.h"
#include "user/steer/pops.h"

#define LATE_S 30 /* beyond the time of a check: many may wait for their turn */

static int by_key(const void *a, const void *b)
{
	return targets_compare(&((const struct check_seen *)a)->key,
			       &((const struct check_seen *)b)->key);
}

static void take(struct check_seen *seen)
{
	seen->key.check[sizeof(seen->key.check) - 1] = '\0';
	seen->key.pop[sizeof(seen->key.pop) - 1] = '\0';
	seen->check.why[sizeof(seen->check.why) - 1] = '\0';
}

/* The map may change meanwhile: what is deleted begins it anew, but never without an end. */
static int read_all(int fd, struct check_seen *list, size_t *nr)
{
	struct ad_health_key key, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);

	for (*nr = 0; more && *nr < AD_HEALTH_TARGETS;) {
		key = list[*nr].key = next;
		if (!bpf_map_lookup_elem(fd, &key, &list[*nr].check))
			take(&list[(*nr)++]);
		else if (errno != ENOENT)
			return -errno;
		more = !bpf_map_get_next_key(fd, &key, &next);
	}
	return 0;
}

static size_t count(int fd)
{
	struct ad_health_key key, *at = NULL, next;
	size_t nr = 0;

	for (; nr < AD_HEALTH_TARGETS && !bpf_map_get_next_key(fd, at, &next); nr++) {
		key = next;
		at = &key;
	}
	return nr;
}

int checks_read(const struct pins *pins, struct check_seen **list, size_t *nr)
{
	int fd = pins_map(pins, "health_checks", false), err = 0;

	*list = NULL;
	*nr = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd; /* a version before it had none */
	if (count(fd)) {
		*list = calloc(AD_HEALTH_TARGETS, sizeof(**list));
		err = *list ? read_all(fd, *list, nr) : -ENOMEM;
	}
	close(fd);
	if (err) {
		free(*list);
		*list = NULL;
		*nr = 0;
	} else if (*nr) {
		qsort(*list, *nr, sizeof(**list), by_key);
	}
	return err;
}

json_t *checks_json(const struct check_seen *list, size_t nr)
{
	json_t *array = json_array();
	char address[ADDR_TEXT];

	for (size_t i = 0; i < nr; i++) {
		const struct ad_health_check *check = &list[i].check;
		bool ended = check->last_real_s;

		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:i, s:i, s:I, s:I, s:s}",
				  "check", list[i].key.check, "pop", list[i].key.pop, "address",
				  addr_format(&list[i].key.address, address), "state",
				  pops_health_word(check->state), "since",
				  (json_int_t)check->since_real_s, "last",
				  ended ? json_integer(check->last_real_s) : json_null(), "took_ms",
				  ended ? json_real(check->took_us / 1000.0) : json_null(),
				  "failures", check->failures, "passes", check->passes, "passed",
				  (json_int_t)check->passed, "failed", (json_int_t)check->failed,
				  "why", check->why));
	}
	return array;
}

static void print_row(struct table *table, const struct check_seen *seen)
{
	const struct ad_health_check *check = &seen->check;
	enum colour colour = check->state <= AD_HEALTH_UP    ? PLAIN
			     : check->state == AD_HEALTH_OUT ? RED
							     : YELLOW;
	char text[ADDR_TEXT > UNIT_TEXT ? ADDR_TEXT : UNIT_TEXT];
	__u64 now = time(NULL);

	table_cell(table, PLAIN, "%s", seen->key.check);
	table_cell(table, PLAIN, "%s", seen->key.pop);
	table_cell(table, PLAIN, "%s", addr_format(&seen->key.address, text));
	table_cell(table, colour, "%s", pops_health_word(check->state));
	table_cell(table, PLAIN, "%s", unit_duration(now - check->since_real_s, text));
	table_cell(table, PLAIN, "%s", unit_count(check->passed, text));
	table_cell(table, PLAIN, "%s", unit_count(check->failed, text));
	if (check->last_real_s)
		table_cell(table, PLAIN, "%.1f ms", check->took_us / 1000.0);
	else
		table_cell(table, PLAIN, "%s", "");
	table_cell(table, colour, "%s", check->why);
}

void checks_print(const struct check_seen *list, size_t nr)
{
	static const struct column columns[] = { { "CHECK", false },   { "POP", false },
						 { "ADDRESS", false }, { "STATE", false },
						 { "FOR", true },      { "PASSED", true },
						 { "FAILED", true },   { "TOOK", true },
						 { "FOUND", false },   {} };
	struct table *table = nr ? table_new(stdout, columns) : NULL;

	if (!table)
		return;
	putchar('\n');
	for (size_t i = 0; i < nr; i++)
		print_row(table, &list[i]);
	table_end(table);
}

static const struct config_check *check_of(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nr_checks; i++)
		if (!strcmp(config->checks[i].name, name))
			return &config->checks[i];
	return NULL;
}

__u64 checks_overdue_s(const struct check_seen *list, size_t nr, const struct config *config,
		       __u64 now_real_s)
{
	__u64 worst_s = 0, since_s;

	for (size_t i = 0; i < nr; i++) {
		const struct config_check *check = check_of(config, list[i].key.check);

		since_s = list[i].check.last_real_s ?: list[i].check.since_real_s;
		if (!check || since_s > now_real_s)
			continue;
		since_s = now_real_s - since_s;
		if (since_s > check->every_s + check->timeout_s + LATE_S && since_s > worst_s)
			worst_s = since_s;
	}
	return worst_s;
}
