// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_keys.c: the reference of the configuration file, printed from the schema.
 */
#include <stdio.h>
#include <string.h>
#include "config_keys.h"
#include "config_schema.h"

#define CELL	128
#define COLUMNS 5 /* to be aligned; the last one, the meaning, is not */

struct cells {
	char key[CELL], type[CELL], fallback[CELL], range[CELL], change[CELL];
};

/*
 * A list of plain values has one row; a section has a row for each of its keys and none of its own.
 */
static bool is_told(const struct schema_row *row)
{
	return row->type != SCHEMA_MAP && row->path[strlen(row->path) - 1] != ']';
}

static void fill_type(const struct schema_row *row, char *text)
{
	const struct schema_row *item;
	char path[CELL];

	snprintf(path, sizeof(path), "%s[]", row->path);
	item = row->type == SCHEMA_LIST ? schema_find(path) : NULL;
	if (item && item->type != SCHEMA_MAP)
		snprintf(text, CELL, "list of %ss", schema_type_name(item->type));
	else
		snprintf(text, CELL, "%s", schema_type_name(row->type));
}

static void fill_cells(const struct schema_row *row, struct cells *cells)
{
	const char *fallback = row->fallback ? row->fallback : row->says;

	snprintf(cells->key, CELL, "`%s`", row->path);
	fill_type(row, cells->type);
	if (row->required)
		snprintf(cells->fallback, CELL, "*required*");
	else
		snprintf(cells->fallback, CELL, "%s", fallback ? fallback : "none");
	schema_range(row, cells->range, CELL);
	snprintf(cells->change, CELL, "%s", schema_change_name(row->change));
}

static void print_line(FILE *out, const int widths[COLUMNS], const struct cells *cells,
		       const char *help)
{
	fprintf(out, "| %-*s | %-*s | %-*s | %-*s | %-*s | %s |\n", widths[0], cells->key,
		widths[1], cells->type, widths[2], cells->fallback, widths[3], cells->range,
		widths[4], cells->change, help);
}

static void widen(int widths[COLUMNS], const struct cells *cells)
{
	const char *const texts[COLUMNS] = { cells->key, cells->type, cells->fallback, cells->range,
					     cells->change };
	int i;

	for (i = 0; i < COLUMNS; i++)
		if ((int)strlen(texts[i]) > widths[i])
			widths[i] = strlen(texts[i]);
}

void config_keys_print(FILE *out)
{
	static const struct cells head = { "key", "type", "default", "range", "a change takes" };
	static const struct cells rule = { "---", "---", "---", "---", "---" };
	int widths[COLUMNS] = { 0 };
	struct cells cells = { 0 };
	size_t i;

	for (i = 0; i < config_schema_rows; i++) {
		fill_cells(&config_schema[i], &cells);
		if (is_told(&config_schema[i]))
			widen(widths, &cells);
	}
	print_line(out, widths, &head, "meaning");
	print_line(out, widths, &rule, "---");
	for (i = 0; i < config_schema_rows; i++) {
		fill_cells(&config_schema[i], &cells);
		if (is_told(&config_schema[i]))
			print_line(out, widths, &cells, config_schema[i].help);
	}
}

json_t *config_keys_json(void)
{
	json_t *list = json_array();
	char range[CELL], type[CELL];
	size_t i;

	for (i = 0; i < config_schema_rows; i++) {
		const struct schema_row *row = &config_schema[i];
		const char *fallback = row->fallback ? row->fallback : row->says;

		if (!is_told(row))
			continue;
		fill_type(row, type);
		json_array_append_new(
			list, json_pack("{ss ss sb ss? ss ss ss}", "key", row->path, "type", type,
					"required", row->required, "default", fallback, "range",
					schema_range(row, range, sizeof(range)), "change",
					schema_change_name(row->change), "help", row->help));
	}
	return list;
}
