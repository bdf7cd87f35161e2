// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * output.c: tables, units and JSON on stdout (output.h).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "output.h"
#include "printable.h"

#define GAP 2 /* spaces between columns */

bool output_has_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

const char *output_colour(enum colour colour)
{
	static const char *const sequences[] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m",   [DIM] = "\033[2m",
		[RED] = "\033[31m",  [GREEN] = "\033[32m", [YELLOW] = "\033[33m",
		[CYAN] = "\033[36m",
	};

	return output_has_colour() ? sequences[colour] : "";
}

/* --- units ----------------------------------------------------------------------------------- */

/* Three digits and a prefix; 999.5 becomes "1.0 k", not "1000". */
static const char *scaled(__u64 value, const char *space, const char *unit, char text[UNIT_TEXT])
{
	static const char prefixes[] = "kMGTPE";
	double scaled = value;
	int i = -1;

	while (scaled >= 999.5 && prefixes[i + 1]) {
		scaled /= 1000;
		i++;
	}
	if (i < 0)
		snprintf(text, UNIT_TEXT, "%llu%s%s", (unsigned long long)value, space, unit);
	else
		snprintf(text, UNIT_TEXT, "%.*f%s%c%s", scaled < 99.95 ? 1 : 0, scaled, space,
			 prefixes[i], unit);
	return text;
}

const char *unit_exact(__u64 count, char text[UNIT_TEXT])
{
	char digits[UNIT_TEXT];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	char *out = text;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return text;
}

const char *unit_rate(double rate, char text[UNIT_TEXT])
{
	if (rate >= 99.95)
		return unit_exact(rate + 0.5, text);
	if (rate > 0 && rate < 0.005)
		snprintf(text, UNIT_TEXT, "<0.01");
	else
		snprintf(text, UNIT_TEXT, "%.*f", rate < 9.995 ? 2 : 1, rate);
	return text;
}

const char *unit_count(__u64 count, char text[UNIT_TEXT])
{
	if (count >= 10000)
		return scaled(count, "", "", text);
	return unit_exact(count, text);
}

const char *unit_bytes(__u64 bytes, char text[UNIT_TEXT])
{
	return scaled(bytes, " ", "B", text);
}

const char *unit_duration(__u64 seconds, char text[UNIT_TEXT])
{
	unsigned long long s = seconds, m = s / 60, h = m / 60, d = h / 24;

	if (!m)
		snprintf(text, UNIT_TEXT, "%llus", s);
	else if (!h)
		snprintf(text, UNIT_TEXT, "%llum%02llus", m, s % 60);
	else if (!d)
		snprintf(text, UNIT_TEXT, "%lluh%02llum", h, m % 60);
	else
		snprintf(text, UNIT_TEXT, "%llud%02lluh", d, h % 24);
	return text;
}

/* --- tables ---------------------------------------------------------------------------------- */

struct cell {
	char *text; /* NULL stands for "" */
	enum colour colour;
};

struct table {
	FILE *out;
	const struct column *columns;
	size_t nr_columns;
	size_t *widths;
	struct cell *cells; /* of the rows held back */
	size_t nr_cells;
	bool has_title; /* printed already */
};

struct table *table_new(FILE *out, const struct column *columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->out = out;
	table->columns = columns;
	while (columns[table->nr_columns].title)
		table->nr_columns++;
	table->widths = calloc(table->nr_columns, sizeof(*table->widths));
	table->cells = calloc(TABLE_BUFFER * table->nr_columns, sizeof(*table->cells));
	if (!table->widths || !table->cells) {
		table_end(table);
		return NULL;
	}
	for (size_t i = 0; i < table->nr_columns; i++)
		table->widths[i] = strlen(columns[i].title);
	return table;
}

/*
 * Columns on the screen: counts the bytes that begin a UTF-8 character, which is right for our own
 * texts.
 */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/*
 * Prints a cell after @gap columns and returns the gap before the next one, so that empty cells at
 * the end of a row leave no blanks.
 */
static int print_cell(const struct table *table, size_t column, int gap, const char *text,
		      enum colour colour)
{
	int pad = table->widths[column] - text_width(text);

	if (!*text)
		return gap + pad + GAP;
	if (table->columns[column].right)
		gap += pad;
	fprintf(table->out, "%*s%s%s%s", gap, "", colour == PLAIN ? "" : output_colour(colour),
		text, colour == PLAIN ? "" : output_colour(PLAIN));
	return GAP + (table->columns[column].right ? 0 : pad);
}

static bool column_is_empty(const struct table *table, size_t column)
{
	for (size_t i = column; i < table->nr_cells; i += table->nr_columns)
		if (table->cells[i].text && *table->cells[i].text)
			return false;
	return true;
}

/* A last column for remarks has no title while all its cells are empty. */
static void print_title(const struct table *table)
{
	size_t nr = table->nr_columns;
	int gap = 0;

	if (column_is_empty(table, nr - 1))
		nr--;
	for (size_t i = 0; i < nr; i++)
		gap = print_cell(table, i, gap, table->columns[i].title, DIM);
	fputc('\n', table->out);
}

static void table_flush(struct table *table)
{
	int gap = 0;

	if (table->nr_cells && !table->has_title)
		print_title(table);
	table->has_title = true;
	for (size_t i = 0; i < table->nr_cells; i++) {
		size_t column = i % table->nr_columns;
		struct cell *cell = &table->cells[i];

		gap = print_cell(table, column, column ? gap : 0, cell->text ? cell->text : "",
				 cell->colour);
		if (column + 1 == table->nr_columns)
			fputc('\n', table->out);
		free(cell->text);
		cell->text = NULL;
	}
	table->nr_cells = 0;
}

void table_cell(struct table *table, enum colour colour, const char *format, ...)
{
	struct cell *cell = &table->cells[table->nr_cells];
	size_t *width = &table->widths[table->nr_cells % table->nr_columns];
	va_list args;

	va_start(args, format);
	if (vasprintf(&cell->text, format, args) < 0)
		cell->text = NULL;
	va_end(args);
	cell->text = printable_take(cell->text);
	cell->colour = colour;
	if (cell->text && text_width(cell->text) > *width)
		*width = text_width(cell->text);
	if (++table->nr_cells == TABLE_BUFFER * table->nr_columns)
		table_flush(table);
}

void table_end(struct table *table)
{
	if (!table)
		return;
	if (table->cells && table->widths)
		table_flush(table);
	free(table->cells);
	free(table->widths);
	free(table);
}

/* --- JSON ------------------------------------------------------------------------------------ */

int output_json(json_t *json)
{
	size_t style = isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT;
	int err;

	if (!json)
		return -ENOMEM;
	err = json_dumpf(json, stdout, style) ? -EIO : 0;
	json_decref(json);
	putchar('\n');
	return err;
}

void text_cut(char *to, size_t room, const char *text)
{
	size_t len = strnlen(text, room - 1);

	while (text[len] && len && ((__u8)text[len] & 0xc0) == 0x80)
		len--;
	memset(to, 0, room);
	memcpy(to, text, len);
}
