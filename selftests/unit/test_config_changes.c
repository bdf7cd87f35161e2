// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_config_changes.c: whatever changes in a configuration is told, with what it takes. It walks
 * the schema, so a new key is tested as soon as it has a row.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config_changes.h"
#include "user/config/config_schema.h"
#include "user/load/object.h"

#define CROWD 4000

static const char text[] =
	"node: fra1\n"
	"interfaces: [eth0, eth1]\n"
	"vips: [{address: 192.0.2.53}, {address: 192.0.2.54}]\n"
	"pops: [{name: fra, service: 192.0.2.1}, {name: nyc}]\n"
	"health: {checks: [{name: web, by: http}, {name: port, by: tcp, port: 443}]}\n"
	"nodes:\n"
	"- {name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}\n"
	"- {name: nyc1, id: 2, pop: nyc, tunnel: 198.51.100.2}\n"
	"- {name: nyc2, id: 3, pop: nyc, tunnel: 198.51.100.3}\n"
	"keys: {file: /etc/hostname}\n"
	"dns:\n"
	"  zones: [{name: a.example, file: a.zone}, {name: b.example, file: b.zone}]\n"
	"  limit: {exempt: [192.0.2.0/24, \"2001:db8::/32\"]}\n"
	"drain: {successors: [nyc1, nyc2]}\n"
	"bgp: {neighbours: [up1, up2], prefixes: [192.0.2.0/24, \"2001:db8::/32\"]}\n"
	"bus: {servers: [\"nats://192.0.2.8\", \"nats://192.0.2.9\"]}\n"
	"hunt: {neighbours: [nyc1, nyc2]}\n"
	"geo: {databases: [{name: c, file: c.mmdb}, {name: a, file: a.mmdb}]}\n"
	"regions: [{name: eu, networks: [192.0.2.0/24]}, {name: us, countries: [US]}]\n"
	"policies: [{name: near, rules: {eu: fra}, default: [fra]}, {name: far, default: [nyc]}]\n"
	"steer: [{name: www.a.example, policy: near}, {name: www.b.example, policy: far}]\n";
static char path[] = "/tmp/anydoor-changes-XXXXXX";

static struct config *load(void)
{
	struct config_errors errors;
	struct config *config;

	if (config_load(path, &config, &errors)) {
		config_errors_log(&errors);
		abort();
	}
	return config;
}

static char *lines_of(const struct config *old, const struct config *new)
{
	json_t *line, *lines = config_changes(old, new);
	char *all = NULL;
	size_t size, i;
	FILE *out = open_memstream(&all, &size);

	json_array_foreach(lines, i, line)
		fprintf(out, "%s%s", i ? "\n" : "", json_string_value(line));
	fclose(out);
	json_decref(lines);
	return all;
}

/* --- another value of any type ---------------------------------------------------------------- */

static void change_text(char **where)
{
	free(*where);
	*where = strdup("other");
}

static void change_number(const struct schema_row *row, void *where)
{
	__u32 number = 0, other = row->max;

	memcpy(&number, where, row->size);
	if (row->type == SCHEMA_CHOICE || row->type == SCHEMA_BOOL || row->type == SCHEMA_POP ||
	    row->type == SCHEMA_POLICY)
		other = !number;
	else if (number == other)
		other = row->min;
	memcpy(where, &other, row->size);
}

static void change_value(struct config *config, const struct schema_row *row, void *base)
{
	void *where = (char *)base + row->offset;
	struct ad_addr *address = where;

	switch (row->type) {
	case SCHEMA_ADDRESS:
	case SCHEMA_PREFIX:
		address->b[14] ^= 1;
		break;
	case SCHEMA_ENDPOINT:
		((struct config_endpoint *)where)->port++;
		break;
	case SCHEMA_NODE:
		if (row->size == sizeof(__u16))
			*(__u16 *)where = config->self->id;
		else
			*(const struct config_node **)where = &config->nodes[1];
		break;
	case SCHEMA_TEXT:
	case SCHEMA_NAME:
	case SCHEMA_FILE:
	case SCHEMA_DIR:
	case SCHEMA_ZONE:
	case SCHEMA_OWNER:
	case SCHEMA_CONTINENTS:
	case SCHEMA_COUNTRIES:
	case SCHEMA_SUBDIVISIONS:
	case SCHEMA_ASNS:
	case SCHEMA_COORDINATES:
	case SCHEMA_ADDRESSES:
	case SCHEMA_STATUSES:
	case SCHEMA_ARGUMENTS:
	case SCHEMA_NETWORKS:
	case SCHEMA_CHOICES:
	case SCHEMA_RULES:
		change_text(where);
		break;
	default:
		change_number(row, where);
	}
}

/* The list that @row is in, or NULL; @row itself, if it is one. */
static const struct schema_row *list_of(const struct schema_row *row)
{
	char list[64];

	snprintf(list, sizeof(list), "%.*s", (int)strcspn(row->path, "["), row->path);
	return strchr(row->path, '[') || row->type == SCHEMA_LIST ? schema_find(list) : NULL;
}

static void *items_of(struct config *config, const struct schema_row *list)
{
	char *at = (char *)config + list->offset;

	return list->array ? at : *(void **)at;
}

/* --- every row -------------------------------------------------------------------------------- */

static const char *const to_do[] = {
	[CHANGE_RESTART] = "; takes effect when the daemon is started again",
	[CHANGE_ATTACH] = "; takes effect after anydoor detach and a new start",
};

static void expect_scalar(const struct schema_row *row, const char *said)
{
	const char *wanted = row->change >= CHANGE_RESTART ? to_do[row->change] : NULL;
	const char *dot = strrchr(row->path, '.');
	char part[128];

	if (strchr(row->path, '['))
		snprintf(part, sizeof(part), ": %s: ", dot + 1);
	else
		snprintf(part, sizeof(part), "%s: ", row->path);
	ok(strstr(said, part) && strstr(said, " -> ") && !strchr(said, '\n'),
	   "%s: a change is told, once", row->path);
	ok(wanted ? strstr(said, wanted) != NULL : !strstr(said, "takes effect"),
	   "%s: with what is left to do", row->path);
}

static void expect_list(const struct schema_row *list, const char *said)
{
	ok(strstr(said, ": added\n") && strstr(said, ": removed") &&
		   !strncmp(said, list->item ?: list->path, strlen(list->item ?: list->path)),
	   "%s: one item for another is told", list->path);
}

static void test_changes_row_is_told(const struct schema_row *row)
{
	const struct schema_row *list = list_of(row);
	struct config *old = load(), *new = load();
	void *base = list ? items_of(new, list) : new;
	char *said;

	ok(row->change != CHANGE_OF_PARTS || row->path[strlen(row->path) - 1] == ']',
	   "%s: the schema says what a change takes", row->path);
	change_value(new, row, base);
	said = lines_of(old, new);
	if (list && row == schema_item_key(list))
		expect_list(list, said);
	else
		expect_scalar(row, said);
	free(said);
	config_free(old);
	config_free(new);
}

static void test_changes_every_row_is_told(void)
{
	size_t i;

	for (i = 0; i < config_schema_rows; i++)
		if (config_schema[i].type != SCHEMA_MAP && config_schema[i].type != SCHEMA_LIST)
			test_changes_row_is_told(&config_schema[i]);
}

/* --- what a change takes ---------------------------------------------------------------------- */

static void fingerprint(const struct config *config, __u8 bytes[16])
{
	struct config_errors errors = {};
	struct object object;

	if (object_open(&object, config, &errors))
		abort();
	memcpy(bytes, object.fingerprint, 16);
	object_close(&object);
}

/*
 * Limits make new programs only when the first one is set, and the table counts only then; the port
 * of the directory only when there was none.
 */
static bool is_sure(const struct schema_row *row)
{
	return row->change == CHANGE_PROGRAMS && strncmp(row->path, "dns.limit.", 10) &&
	       strcmp(row->path, "hunt.directory_port");
}

static void test_changes_new_programs_where_the_schema_says(void)
{
	__u8 before[16], after[16];
	struct config *config = load();
	bool differs, may;
	size_t i;

	fingerprint(config, before);
	config_free(config);
	for (i = 0; i < config_schema_rows; i++) {
		const struct schema_row *row = &config_schema[i], *list = list_of(row);

		if (row->type == SCHEMA_MAP || row->type == SCHEMA_LIST)
			continue;
		config = load();
		change_value(config, row, list ? items_of(config, list) : config);
		fingerprint(config, after);
		config_free(config);
		differs = memcmp(before, after, sizeof(after));
		may = row->change == CHANGE_PROGRAMS || row->change == CHANGE_NO_FLOWS;
		ok(differs ? may : !is_sure(row), "%s: %s programs", row->path,
		   differs ? "new" : "the same");
	}
}

/* --- wording ---------------------------------------------------------------------------------- */

static void test_changes_none_of_the_same(void)
{
	struct config *old = load(), *new = load();
	char *said = lines_of(old, new);

	is_str(said, "", "the same configuration twice");
	free(said);
	config_free(old);
	config_free(new);
}

static void test_changes_are_written_as_in_the_file(void)
{
	struct config *old = load(), *new = load();
	struct config_node node;
	char *said;

	new->flow_idle_s = 300;
	new->dns_watch = true;
	new->clock = CONFIG_CLOCK_ACCEPT_UNSYNC;
	new->budgets[AD_BUDGET_DATA][AD_BUDGET_ALL] = 1024;
	new->metrics.on = false;
	new->nodes[1].state = CONFIG_NODE_DRAINING;
	new->nodes[1].mtu = 1400;
	new->nodes[2].pop = 0;
	node = new->nodes[1];
	new->nodes[1] = new->nodes[2];
	new->nodes[2] = node;
	new->nr_successors = 1;
	new->group = strdup("adm");
	said = lines_of(old, new);
	is_str(said,
	       "node nyc2: pop: nyc -> fra\n"
	       "node nyc1: state: up -> draining\n"
	       "node nyc1: mtu: route -> 1400\n"
	       "nodes: in another order\n"
	       "stamp.clock: synchronised -> any; takes effect after anydoor detach and a new "
	       "start\n"
	       "flows.idle: 10m -> 5m\n"
	       "dns.watch: false -> true\n"
	       "drain.successors: nyc2: removed\n"
	       "budgets.data.all: none -> 1K\n"
	       "metrics.listen: 127.0.0.1:9911 -> off; takes effect when the daemon is started "
	       "again\n"
	       "state.group: root alone -> adm",
	       "units, words, names, an order");
	free(said);
	config_free(old);
	config_free(new);
}

/* --- a large fleet ---------------------------------------------------------------------------- */

/* Nodes in the opposite order of each other, and none with the same state. */
static void crowd(struct config *config, size_t nr, bool backwards)
{
	size_t i;

	config->nodes = calloc(nr, sizeof(*config->nodes));
	config->nr_nodes = nr;
	for (i = 0; i < nr; i++) {
		struct config_node *node = &config->nodes[i];

		if (asprintf(&node->name, "node-%zu", backwards ? nr - i : i + 1) < 0)
			abort();
		node->state = backwards ? CONFIG_NODE_DOWN : CONFIG_NODE_UP;
	}
}

/* Seconds of this thread's own time: others on this machine do not count. */
static double compare_crowds(size_t nr)
{
	static struct config_pop pop = { .name = (char *)"fra" };
	struct config old = { .pops = &pop, .nr_pops = 1 }, new = old;
	struct timespec began, ended;
	char *said;
	size_t i;

	crowd(&old, nr, false);
	crowd(&new, nr, true);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
	said = lines_of(&old, &new);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
	ok(strstr(said, "node node-1: state: up -> down"), "%zu nodes: each is compared", nr);
	for (i = 0; i < nr; i++) {
		free(old.nodes[i].name);
		free(new.nodes[i].name);
	}
	free(said);
	free(old.nodes);
	free(new.nodes);
	return ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9;
}

/* A pass over all for each would be sixteen times as long. */
static void test_changes_of_a_large_fleet_take_as_long_as_it_is_large(void)
{
	double few = compare_crowds(CROWD), many = compare_crowds(4 * CROWD);
	double again = compare_crowds(CROWD);

	few = few < again ? again : few;
	ok(many < 9 * few, "%d nodes: %.0f ms, four times as many: %.0f ms", CROWD, few * 1e3,
	   many * 1e3);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
		return 1;
	test_changes_none_of_the_same();
	test_changes_every_row_is_told();
	test_changes_new_programs_where_the_schema_says();
	test_changes_are_written_as_in_the_file();
	test_changes_of_a_large_fleet_take_as_long_as_it_is_large();
	unlink(path);
	return done_testing();
}
