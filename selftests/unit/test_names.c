// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_names.c: names for ids.
 */
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "user/state/names.h"

static struct names names;
static char text[NAME_TEXT];

static void test_names_of_nodes(void)
{
	is_str(names_format(&names, 2, text), "nyc/edge7", "POP and node");
	is_str(names_format(&names, 1, text), "fra-1", "a name that begins with the POP's says it");
	is_str(names_format(&names, 3, text), "sin", "and so does one that is the POP's");
	is_str(names_format(&names, 0, text), "-", "0 is nobody");
	is_str(names_format(&names, 77, text), "#77",
	       "who is not in the configuration is a number");
	is_str(names_format(&names, 65535, text), "#65535", "up to the largest");
	is_str(names_node_name(&names, 4), "fra-2", "the node alone");
	is_str(names_pop_name(&names, 4), "fra", "its POP alone");
	ok(!names_node_name(&names, 0) && !names_pop_name(&names, 99), "nobody has neither");
}

static void test_names_without_configuration_are_numbers(void)
{
	struct names bare = { .now_s = 5 };

	is_str(names_format(&bare, 2, text), "#2", "a number");
	is_int(names_idle_s(&bare), 600, "and flows are idle after what is the default");
	is_int(names_idle_s(&names), 600, "with one, after what it says");
}

static void test_names_of_vips(void)
{
	struct ad_addr none = {};
	char vip[ADDR_TEXT];
	struct ad_addr addr;

	addr = names_vip(&names, 0);
	is_str(addr_format(&addr, vip), "203.0.113.1", "the first VIP");
	addr = names_vip(&names, 1);
	is_str(addr_format(&addr, vip), "2001:db8::1", "the second");
	addr = names_vip(&names, 2);
	is_mem(&addr, &none, sizeof(addr), "one that has left the configuration");
}

static void expect_json(__u16 id, const char *expected)
{
	json_t *json = names_node_json(&names, id);
	char *dump = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

	is_str(dump, expected, "JSON of %u", id);
	free(dump);
	json_decref(json);
}

static void test_names_as_json(void)
{
	expect_json(2, "{\"id\":2,\"node\":\"edge7\",\"pop\":\"nyc\"}");
	expect_json(9, "{\"id\":9,\"node\":null,\"pop\":null}");
	expect_json(0, "null");
}

int main(void)
{
	fleet_names(&names);
	test_names_of_nodes();
	test_names_without_configuration_are_numbers();
	test_names_of_vips();
	test_names_as_json();
	return done_testing();
}
