// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_config_nodes.c: `nodes: from bus`: the list of nodes, its file, and what configurations make
 * of it. Whatever is in the list, it makes no configuration wrong.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/nodes_file.h"

static char dir[] = "/tmp/anydoor-nodes-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_dir(name), "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

static struct known_node node(__u16 id, const char *name, const char *pop, const char *tunnel,
			      __u64 seq)
{
	struct known_node made = { .id = id, .seq = seq };

	snprintf(made.name, sizeof(made.name), "%s", name);
	snprintf(made.pop, sizeof(made.pop), "%s", pop);
	if (addr_parse(tunnel, &made.tunnel))
		abort();
	return made;
}

/* "changed", "same", or why it is refused. */
static const char *take(struct known_nodes *nodes, struct known_node one)
{
	static char why[KNOWN_WHY];

	switch (known_nodes_take(nodes, &one, why)) {
	case KNOWN_CHANGED:
		return "changed";
	case KNOWN_SAME:
		return "same";
	default:
		return why;
	}
}

/* --- the list --------------------------------------------------------------------------------- */

static void test_take_table(void)
{
	struct known_nodes nodes = {};
	static const char again[] = "if that one is gone for good, `anydoor bus forget 5`";
	char text[KNOWN_WHY];

	is_str(take(&nodes, node(5, "fra1", "fra", "192.0.2.5", 10)), "changed", "a new one");
	is_str(take(&nodes, node(3, "nyc1", "nyc", "192.0.2.3", 10)), "changed", "one before it");
	is_int(nodes.list[0].id, 3, "in the order of ids");
	is_str(take(&nodes, node(5, "fra1", "fra", "192.0.2.5", 11)), "same", "once more");
	is_str(take(&nodes, node(5, "fra1", "fra", "192.0.2.55", 11)), "same", "not newer");
	is_str(take(&nodes, node(5, "fra1", "sin", "192.0.2.55", 12)), "changed", "moved");
	snprintf(text, sizeof(text), "has the id of fra1 (node 5): %s", again);
	is_str(take(&nodes, node(5, "fra2", "fra", "192.0.2.6", 13)), text, "another name");
	snprintf(text, sizeof(text), "has the name of fra1 (node 5): %s", again);
	is_str(take(&nodes, node(6, "fra1", "fra", "192.0.2.6", 13)), text, "another id");
	snprintf(text, sizeof(text), "has the tunnel address of fra1 (node 5): %s", again);
	is_str(take(&nodes, node(6, "fra2", "fra", "192.0.2.55", 13)), text, "its address");
	is_str(take(&nodes, node(6, "a b", "fra", "192.0.2.6", 1)),
	       "has a name that no node can have", "no name");
	is_str(take(&nodes, node(6, "", "fra", "192.0.2.6", 1)), "has a name that no node can have",
	       "none at all");
	is_str(take(&nodes, node(6, "b", "/", "192.0.2.6", 1)),
	       "has a POP whose name no POP can have", "no POP");
	is_str(take(&nodes, node(6, "b", "fra", "224.0.0.1", 1)),
	       "is a multicast or reserved address", "no address");
	is_str(take(&nodes, node(0, "b", "fra", "192.0.2.6", 1)), "has an id that no node can have",
	       "no id");
	is_int(nodes.nr, 2, "none of these is taken");
	known_nodes_free(&nodes);
}

static void test_forgotten_until_it_speaks_again(void)
{
	struct known_nodes nodes = {};
	struct known_node gone = node(5, "fra1", "", "0.0.0.0", 20);

	gone.by_seq = 30;
	take(&nodes, node(5, "fra1", "fra", "192.0.2.5", 21));
	ok(!known_nodes_forget(&nodes, &gone), "it spoke after that: not forgotten");
	gone.seq = 21;
	ok(known_nodes_forget(&nodes, &gone), "forgotten");
	ok(!known_nodes_forget(&nodes, &gone), "once");
	is_str(take(&nodes, node(5, "fra1", "fra", "192.0.2.5", 21)), "same",
	       "its old record does not bring it back");
	is_str(take(&nodes, node(7, "fra1", "fra", "192.0.2.5", 1)), "changed",
	       "its name and address are free");
	is_str(take(&nodes, node(5, "fra9", "fra", "192.0.2.9", 22)), "changed",
	       "and its id, for who speaks later");
	known_nodes_free(&nodes);
}

/* --- its file --------------------------------------------------------------------------------- */

static void test_file_comes_back_as_written(void)
{
	struct known_nodes nodes = {}, back = {};
	struct known_node gone = node(9, "old", "", "0.0.0.0", 7);
	struct config_errors errors = {};
	const char *path = in_dir("list");

	gone.by_seq = 8;
	is_int(nodes_file_read(path, &back, &errors), 0, "no file is an empty list");
	take(&nodes, node(5, "fra1", "fra", "2001:db8::5", 1ull << 50));
	nodes.list[0].mtu = 1400;
	known_nodes_forget(&nodes, &gone);
	is_int(nodes_file_write(path, &nodes), 1, "written");
	is_int(nodes_file_write(path, &nodes), 0, "not twice");
	is_int(nodes_file_read(path, &back, &errors), 0, "read");
	is_int(back.nr, 2, "both");
	is_str(back.list[0].name, "fra1", "its name");
	is_str(back.list[0].pop, "fra", "its POP");
	ok(!addr_compare(&back.list[0].tunnel, &nodes.list[0].tunnel), "its address");
	ok(back.list[0].mtu == 1400 && back.list[0].seq == 1ull << 50, "its numbers");
	ok(back.list[1].is_forgotten && back.list[1].seq == 7 && back.list[1].by_seq == 8,
	   "who is forgotten");
	known_nodes_free(&nodes);
	known_nodes_free(&back);
	remove(path);
}

static void test_file_garbage_is_refused_with_its_line(void)
{
	static const char good[] = "# a comment\nnode 5 fra1 fra 192.0.2.5 0 10\n";
	static const char *const bad[] = {
		"\n",
		"node\n",
		"node 5 other fra 192.0.2.6 0 10\n", /* twice */
		"node 0 a fra 192.0.2.6 0 10\n",
		"node 65541 a fra 192.0.2.6 0 10\n",
		"node -1 a fra 192.0.2.6 0 10\n",
		"node 6 a fra 192.0.2.6 0\n",
		"node 6 a fra 192.0.2.6 0 10 11\n",
		"node 6 a fra 192.0.2 0 10\n",
		"node 6 a fra 127.0.0.1 0 10\n",
		"node 6 a fra 192.0.2.6 70000 10\n",
		"node 6 a fra 192.0.2.6 1000 10\n",
		"node 6 a fra 192.0.2.6 0 99999999999999999999\n",
		"node 6 a fra 192.0.2.6 0 x\n",
		"node 6 a/b fra 192.0.2.6 0 10\n",
		"node 6 a fra! 192.0.2.6 0 10\n",
		"node 6 fra1 fra 192.0.2.6 0 10\n", /* its name */
		"node 6 a fra 192.0.2.5 0 10\n",    /* its address */
		"node 6 a fra 192.0.2.6 0 10",	    /* cut off */
		"nodes 6 a fra 192.0.2.6 0 10\n",
		"forgotten 6 a 1\n",
		"forgotten 6 a 1 2 3\n",
		"forgotten 0 a 1 2\n",
		"forgotten 6 \x1b[0m 1 2\n",
	};
	char text[512], place[160];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct config_errors errors = {};
		struct known_nodes nodes = {};

		snprintf(text, sizeof(text), "%s%s", good, bad[i]);
		write_file("list", text);
		is_int(nodes_file_read(in_dir("list"), &nodes, &errors), -EINVAL, "bad line %zu",
		       i);
		snprintf(place, sizeof(place), "%s:3: fits in no list of nodes", in_dir("list"));
		ok(errors.nr == 1 && strstr(errors.list[0].text, place), "  says where");
		config_errors_free(&errors);
		known_nodes_free(&nodes);
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 2; i++) {
		struct config_errors errors = {};
		struct known_nodes nodes = {};

		write_file("list", i ? "" : text);
		is_int(nodes_file_read(in_dir("list"), &nodes, &errors), i ? 0 : -EINVAL, "%s",
		       i ? "an empty file" : "a line without an end");
		config_errors_free(&errors);
		known_nodes_free(&nodes);
	}
	remove(in_dir("list"));
}

/* --- the configuration ------------------------------------------------------------------------ */

#define SELF "self: { id: 2, pop: fra, tunnel: 192.0.2.2 }\n"
#define REST                                                                                       \
	"node: fra1\ninterfaces: [eth0]\nvips: [{ address: 192.0.2.53 }]\nkeys: { file: key }\n"   \
	"pops: [{ name: fra }]\n"
#define BUS  "bus: { servers: [\"nats://192.0.2.1:4222\"] }\n"
#define FROM "nodes: from bus\n"

static struct config *load(const char *text, struct config_errors *errors)
{
	char whole[2048];
	struct config *config;

	snprintf(whole, sizeof(whole), "%s" REST, text);
	write_file("a.yaml", whole);
	config_load(in_dir("a.yaml"), &config, errors);
	return config;
}

static const char *keep(void)
{
	static char text[160];

	snprintf(text, sizeof(text), SELF FROM BUS "state: { keep: %s }\n", dir);
	return text;
}

static bool has_left_out(const struct config *config, const char *text)
{
	size_t i;

	for (i = 0; config->left_out && i < config->left_out->nr; i++)
		if (strstr(config->left_out->list[i].text, text))
			return true;
	return false;
}

static void test_config_takes_what_fits(void)
{
	static const struct {
		const char *line, *why;
	} left_out[] = {
		{ "node 3 a fra 192.0.2.53 0 1\n", "node 3: a has a VIP as its tunnel address" },
		{ "node 4 fra1 fra 192.0.2.4 0 1\n", "node 4: fra1 has the name of this node" },
		{ "node 5 b fra 192.0.2.2 0 1\n", "node 5: b has the tunnel address of this node" },
		{ "node 6 c fra 2001:db8::6 0 1\n", "node 6: c is reached by another IP version" },
		{ "node 1024 d fra 192.0.2.8 0 1\n", "node 1024: d has an id that does not fit" },
	};
	struct config_errors errors = {};
	struct config *config;
	char list[1024] = "node 1 sin1 sin 192.0.2.1 1400 9\nnode 2 me fra 192.0.2.9 0 1\n";
	size_t i;

	for (i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		strcat(list, left_out[i].line);
	strcat(list, "node 2000 e fra 192.0.2.7 0 1\nforgotten 2001 old 1 2\n");
	write_file("fra1.nodes", list);
	config = load(keep(), &errors);
	ok(config != NULL, "whatever is in the list, the configuration is good");
	if (!config)
		return;
	is_int(config->nr_nodes, 2, "this node and the one that fits");
	is_str(config->nodes[0].name, "sin1", "by its id");
	is_int(config->nodes[0].mtu, 1400, "with its MTU");
	is_str(config_pop_name(config, config->nodes[0].pop), "sin", "in its POP");
	ok(config->self == &config->nodes[1] && config->self->id == 2, "this node");
	ok(config->nr_pops == 2 && config->nr_own_pops == 1, "the POP is known from the bus alone");
	ok(has_left_out(config, "node 2: me has the id of this node"), "our id is ours");
	for (i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		ok(has_left_out(config, left_out[i].why), "left out: %s", left_out[i].why);
	config_free(config);
	remove(in_dir("fra1.nodes"));
}

static void test_config_of_the_same_text(void)
{
	struct config_errors errors = {};
	struct config *config = load(keep(), &errors), *next;

	if (!config)
		abort();
	is_int(config->nr_nodes, 1, "alone");
	write_file("a.yaml", "half an edit: [");
	write_file("fra1.nodes", "node 3 b nyc 192.0.2.3 0 1\n");
	is_int(config_load_again(config, &next, &errors), 0, "the text in force is good");
	is_int(next->nr_nodes, 2, "with the nodes of now");
	ok(next->edition == config->edition, "of one edition");
	config_free(next);
	write_file("fra1.nodes", "rubbish\n");
	is_int(config_load_again(config, &next, &errors), -EINVAL, "a list that is none");
	ok(!next && errors.nr == 1 && strstr(errors.list[0].text, "fra1.nodes:1: "), "says where");
	config_errors_free(&errors);
	config_free(config);
	remove(in_dir("fra1.nodes"));
}

static void test_config_names_that_may_come(void)
{
	struct config_errors errors = {};
	struct config *config;
	char text[512];

	write_file("fra1.nodes", "node 3 b nyc 192.0.2.3 0 1\n");
	snprintf(text, sizeof(text),
		 "%sdrain: { successors: [x, b] }\nhunt: { neighbours: [b, y] }\n", keep());
	config = load(text, &errors);
	ok(config != NULL, "a node that the bus does not know is no error");
	if (config) {
		ok(config->nr_successors == 1 && config->successors[0] == 3, "successors");
		ok(config->nr_neighbours == 1 && config->neighbours[0] == 3, "neighbours");
		ok(has_left_out(config, "successors[]: x is a node that the bus does not know"),
		   "it is told");
	}
	config_free(config);
	snprintf(text, sizeof(text), "%spolicies: [{ name: p, default: [nyc] }]\n", keep());
	config = load(text, &errors);
	ok(!config && errors.nr == 1 && strstr(errors.list[0].text, "\"nyc\" is not among `pops`"),
	   "but policies name POPs of the file");
	config_errors_free(&errors);
	remove(in_dir("fra1.nodes"));
}

static void test_config_errors(void)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ FROM BUS "state: { keep: /k }\n", "self.id: is missing" },
		{ FROM BUS "state: { keep: /k }\n", "self.pop: is missing" },
		{ FROM BUS "state: { keep: /k }\n", "self.tunnel: is missing" },
		{ FROM SELF "state: { keep: /k }\n", "bus.servers: names no server" },
		{ FROM SELF BUS, "state.keep: is missing" },
		{ "nodes: from bush\n" SELF BUS, "nodes: wants a list, not a single value" },
		{ "nodes: [{ name: fra1, id: 1, pop: fra, tunnel: 192.0.2.1 }]\n" SELF,
		  "2: self: is for `nodes: from bus`" },
		{ FROM BUS "self: { id: 2, pop: nyc, tunnel: 192.0.2.2 }\nstate: { keep: /k }\n",
		  "self.pop: \"nyc\" is not among `pops`" },
		{ FROM BUS "self: { id: 1024, pop: fra, tunnel: 192.0.2.2 }\nstate: { keep: /k }\n",
		  "1024 does not fit stamp.owner_bits" },
	};
	size_t i, j;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_errors errors = {};
		struct config *config = load(cases[i].text, &errors);
		bool said = false;

		for (j = 0; j < errors.nr; j++)
			said |= strstr(errors.list[j].text, cases[i].error) != NULL;
		ok(!config && said, "%s", cases[i].error);
		config_errors_free(&errors);
		config_free(config);
	}
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	write_file("key", "");
	test_take_table();
	test_forgotten_until_it_speaks_again();
	test_file_comes_back_as_written();
	test_file_garbage_is_refused_with_its_line();
	test_config_takes_what_fits();
	test_config_of_the_same_text();
	test_config_names_that_may_come();
	test_config_errors();
	remove(in_dir("key"));
	remove(in_dir("a.yaml"));
	rmdir(dir);
	return done_testing();
}
