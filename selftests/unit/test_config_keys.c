// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_config_keys.c: the reference of keys has each key of the schema once, in both its forms.
 */
#include <stdlib.h>
#include "selftests/tap.h"
#include "user/config/config_keys.h"
#include "user/config/config_schema.h"

static char *printed(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_keys_print(out);
	fclose(out);
	return text;
}

/* The row of @path in Markdown, or NULL; *@again: there is another. */
static const char *row_of(const char *text, const char *path, bool *again)
{
	char start[200];
	const char *at;

	snprintf(start, sizeof(start), "\n| `%s` ", path);
	at = strstr(text, start);
	*again = at && strstr(at + 1, start);
	return at;
}

static bool is_part(const struct schema_row *row)
{
	return row->type == SCHEMA_MAP || row->path[strlen(row->path) - 1] == ']';
}

static void test_print_each_key_once(void)
{
	char *text = printed();
	bool again;

	for (size_t i = 0; i < config_schema_rows; i++) {
		const struct schema_row *row = &config_schema[i];
		const char *at = row_of(text, row->path, &again);

		if (is_part(row))
			ok(!at, "%s is told by its parts", row->path);
		else
			ok(at && !again && strstr(at, row->help), "%s", row->path);
	}
	ok(!strncmp(text, "| key ", 6), "a head");
	free(text);
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_json_has_the_same_keys(void)
{
	json_t *list = config_keys_json(), *object;
	size_t i = 0, at;

	json_array_foreach(list, at, object) {
		while (i < config_schema_rows && is_part(&config_schema[i]))
			i++;
		is_str(text_at(object, "key"), config_schema[i].path, "key %zu", at);
		is_str(text_at(object, "help"), config_schema[i].help, "  its help");
		ok(json_object_size(object) == 7, "  and five others");
		i++;
	}
	while (i < config_schema_rows && is_part(&config_schema[i]))
		i++;
	is_int(i, config_schema_rows, "none is left out");
	json_decref(list);
}

static void test_cells_of_one_key(void)
{
	char *text = printed();
	bool again;
	const char *at = row_of(text, "node", &again);

	ok(at && strstr(at, "*required*"), "a key that must be there");
	at = row_of(text, "interfaces", &again);
	ok(at && strstr(at, "list of "), "a list of values has one row");
	free(text);
}

int main(void)
{
	test_print_each_key_once();
	test_json_has_the_same_keys();
	test_cells_of_one_key();
	return done_testing();
}
