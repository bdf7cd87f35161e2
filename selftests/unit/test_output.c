// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tables and units for people.
 */
#include <stdlib.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/output.h"

static void is_unit(const char *(*unit)(__u64, char *), __u64 value, const char *expected)
{
	char text[UNIT_TEXT];

	is_str(unit(value, text), expected, "%llu is %s", (unsigned long long)value, expected);
}

static void test_unit_bytes_three_digits(void)
{
	is_unit(unit_bytes, 0, "0 B");
	is_unit(unit_bytes, 999, "999 B");
	is_unit(unit_bytes, 1000, "1.0 kB");
	is_unit(unit_bytes, 99949, "99.9 kB");
	is_unit(unit_bytes, 99950, "100 kB");
	is_unit(unit_bytes, 999949, "1.0 MB");
	is_unit(unit_bytes, 1500000000ULL, "1.5 GB");
	is_unit(unit_bytes, ~0ULL, "18.4 EB");
}

static void test_unit_count_exact_then_scaled(void)
{
	is_unit(unit_count, 0, "0");
	is_unit(unit_count, 9999, "9,999");
	is_unit(unit_count, 10000, "10.0k");
	is_unit(unit_count, 12345678, "12.3M");
	is_unit(unit_exact, 999, "999");
	is_unit(unit_exact, 1000, "1,000");
	is_unit(unit_exact, ~0ULL, "18,446,744,073,709,551,615");
}

static void test_unit_duration_two_units(void)
{
	is_unit(unit_duration, 0, "0s");
	is_unit(unit_duration, 59, "59s");
	is_unit(unit_duration, 60, "1m00s");
	is_unit(unit_duration, 3599, "59m59s");
	is_unit(unit_duration, 3600, "1h00m");
	is_unit(unit_duration, 86399, "23h59m");
	is_unit(unit_duration, 90061, "1d01h");
}

static const struct column columns[] = {
	{ "NAME", false }, { "COUNT", true }, { "NOTE", false }, { NULL, false }
};

/* What table_end() left in @text; free() it. */
static char *print_table(void (*fill)(struct table *))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct table *table = table_new(out, columns);

	fill(table);
	table_end(table);
	fclose(out);
	return text;
}

static void fill_nothing(struct table *table)
{
}

static void fill_two_rows(struct table *table)
{
	table_cell(table, PLAIN, "a longer name");
	table_cell(table, PLAIN, "%d", 7);
	table_cell(table, RED, "%s", "");
	table_cell(table, PLAIN, "b");
	table_cell(table, PLAIN, "%d", 1234567);
	table_cell(table, PLAIN, "seen");
}

static void test_table_columns_aligned_without_trailing_blanks(void)
{
	char *text = print_table(fill_two_rows);

	is_str(text,
	       "NAME             COUNT  NOTE\n"
	       "a longer name        7\n"
	       "b              1234567  seen\n",
	       "text to the left, numbers to the right");
	free(text);
}

static void fill_no_notes(struct table *table)
{
	table_cell(table, PLAIN, "a");
	table_cell(table, PLAIN, "1");
	table_cell(table, PLAIN, "%s", "");
}

static void test_table_last_column_empty_has_no_title(void)
{
	char *text = print_table(fill_no_notes);

	is_str(text, "NAME  COUNT\na         1\n", "nothing to be noted");
	free(text);
}

static void test_table_without_rows_prints_nothing(void)
{
	char *text = print_table(fill_nothing);

	is_str(text, "", "not even a title");
	free(text);
}

static void fill_many(struct table *table)
{
	for (int i = 0; i < 3 * TABLE_BUFFER; i++) {
		table_cell(table, PLAIN, "row%d", i);
		table_cell(table, PLAIN, "%d", i);
		table_cell(table, PLAIN, "x");
	}
}

static void test_table_longer_than_its_buffer_complete(void)
{
	char *text = print_table(fill_many), *at = text;
	int lines = 0;

	for (; (at = strchr(at, '\n')); at++)
		lines++;
	is_int(lines, 3 * TABLE_BUFFER + 1, "every row and one title");
	ok(strstr(text, "row767"), "the last row");
	free(text);
}

static void test_colour_not_on_a_pipe(void)
{
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	/* Under prove stdout is a pipe; by hand it may be a terminal. */
	is_int(output_has_colour(), isatty(1), "only for a terminal");
	setenv("NO_COLOR", "1", 1);
	ok(!output_has_colour(), "never with NO_COLOR");
	is_str(output_colour(RED), "", "and then no sequence");
}

int main(void)
{
	test_unit_bytes_three_digits();
	test_unit_count_exact_then_scaled();
	test_unit_duration_two_units();
	test_table_columns_aligned_without_trailing_blanks();
	test_table_last_column_empty_has_no_title();
	test_table_without_rows_prints_nothing();
	test_table_longer_than_its_buffer_complete();
	test_colour_not_on_a_pipe();
	return done_testing();
}
