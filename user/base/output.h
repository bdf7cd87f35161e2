/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h: output on stdout: aligned tables for people, JSON for programs, units.
 */
#ifndef AD_OUTPUT_H
#define AD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <jansson.h>
#include <linux/types.h>

/* Colour is used when stdout is a terminal, TERM is not "dumb" and NO_COLOR is unset or empty. */
enum colour {
	PLAIN,
	BOLD,
	DIM,
	RED,
	GREEN,
	YELLOW,
	CYAN
};
bool output_has_colour(void);
/* The sequence that switches to a colour (PLAIN: back), or "" without colour. */
const char *output_colour(enum colour colour);

/* Units. Each writes at most UNIT_TEXT bytes, NUL terminated, and returns @text. */
#define UNIT_TEXT 32
const char *unit_count(__u64 count, char text[UNIT_TEXT]);	/* 9,999  12.3k  4.5M */
const char *unit_bytes(__u64 bytes, char text[UNIT_TEXT]);	/* 999 B  1.2 kB  3.4 MB */
const char *unit_duration(__u64 seconds, char text[UNIT_TEXT]); /* 7s  3m20s  5h02m  3d04h */
/* Exact, with commas: 1,234,567. */
const char *unit_exact(__u64 count, char text[UNIT_TEXT]);
/* A rate per second, with three digits if it is small. 0.25  12.3  1,234,567; <0.01 */
const char *unit_rate(double rate, char text[UNIT_TEXT]);

/*
 * A table whose columns are as wide as their widest cell. At most TABLE_BUFFER rows are kept back
 * to find the widths. A longer table keeps the widths of those rows; a wider cell makes its column
 * wider from there on.
 */
#define TABLE_BUFFER 256
struct table;
struct column {
	const char *title;
	bool right; /* numbers */
};

/* NULL if there is no memory. @columns ends with a NULL title and must outlive the table. */
struct table *table_new(FILE *out, const struct column *columns);
/* The next cell, left to right, row by row; a failed allocation leaves it empty. */
void table_cell(struct table *table, enum colour colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Prints the rows that were kept back, and frees the table. Nothing is printed for a table without
 * rows.
 */
void table_end(struct table *table);

/*
 * Copies as much of @text as there is room for and fills the rest with zeros. A character of UTF-8
 * is copied whole or not at all.
 */
void text_cut(char *to, size_t room, const char *text);

/* Prints @json on a line of its own, or over several for a terminal, and drops the reference. */
int output_json(json_t *json);

#endif
