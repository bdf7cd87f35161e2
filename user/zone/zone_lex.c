// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_lex.c: zone text as entries of words (zone_lex.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "zone_lex.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define UNCLOSED	"\"(\" is not closed"

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* These bytes end a word that is not quoted, unless a backslash is before them. */
static bool is_special(char c)
{
	switch (c) {
	case ' ':
	case '\t':
	case '"':
	case '(':
	case ')':
	case ';':
		return true;
	default:
		return false;
	}
}

void zone_lex_begin(struct zone_lex *lex, const char *text, size_t len)
{
	size_t mark = strlen(BYTE_ORDER_MARK);

	memset(lex, 0, sizeof(*lex));
	if (len >= mark && !memcmp(text, BYTE_ORDER_MARK, mark)) {
		text += mark;
		len -= mark;
	}
	lex->at = text;
	lex->end = text + len;
	lex->line = 1;
	lex->cr_alone = !memchr(text, '\n', len);
}

void zone_entry_free(struct zone_entry *entry)
{
	free(entry->words);
	memset(entry, 0, sizeof(*entry));
}

static struct zone_word *entry_add(struct zone_entry *entry)
{
	struct zone_word *grown;

	if (entry->nr == entry->room) {
		entry->room = entry->room ? 2 * entry->room : 32;
		grown = reallocarray(entry->words, entry->room, sizeof(*grown));
		if (!grown)
			return NULL;
		entry->words = grown;
	}
	return &entry->words[entry->nr++];
}

static int lex_fail(struct zone_lex *lex, __u32 line, const char *why)
{
	lex->why = why;
	lex->why_line = line;
	return -EINVAL;
}

/* CR LF is one newline. */
static void pass_newline(struct zone_lex *lex)
{
	if (*lex->at == '\r' && lex->at + 1 < lex->end && lex->at[1] == '\n')
		lex->at++;
	lex->at++;
	lex->line++;
}

static void pass_line(struct zone_lex *lex)
{
	while (lex->at < lex->end && !is_newline(*lex->at))
		lex->at++;
}

/*
 * BIND and NSD treat a CR in a comment as part of it. But in a text without LF, CR is what ends a
 * line.
 */
static void pass_comment(struct zone_lex *lex)
{
	while (lex->at < lex->end && *lex->at != '\n' && !(lex->cr_alone && *lex->at == '\r'))
		lex->at++;
}

static int add_word(struct zone_entry *entry, const struct zone_word *word)
{
	struct zone_word *added = entry_add(entry);

	if (!added)
		return -ENOMEM;
	*added = *word;
	return 0;
}

static int read_plain(struct zone_lex *lex, struct zone_entry *entry, bool glued)
{
	struct zone_word word = { .at = lex->at, .line = lex->line, .glued = glued };
	const char *p = lex->at;

	while (p < lex->end && !is_newline(*p) && !is_special(*p)) {
		if (*p == '\\' && p + 1 < lex->end && !is_newline(p[1]))
			p++;
		p++;
	}
	word.len = p - lex->at;
	lex->at = p;
	return add_word(entry, &word);
}

/* A CR inside quotes is an ordinary byte, except directly before LF. */
static bool ends_quote(const struct zone_lex *lex, const char *p)
{
	return *p == '\n' || (*p == '\r' && p + 1 < lex->end && p[1] == '\n');
}

static int read_quoted(struct zone_lex *lex, struct zone_entry *entry, bool glued)
{
	struct zone_word word = {
		.at = lex->at + 1, .line = lex->line, .quoted = true, .glued = glued
	};
	const char *p = word.at;

	while (p < lex->end && *p != '"' && !ends_quote(lex, p)) {
		if (*p == '\\' && p + 1 < lex->end) {
			lex->line += p[1] == '\n';
			p++;
		}
		p++;
	}
	lex->at = p;
	if (p == lex->end || *p != '"')
		return lex_fail(lex, word.line, "a quote is not closed on its line");
	word.len = p - word.at;
	lex->at++;
	return add_word(entry, &word);
}

static int read_parenthesis(struct zone_lex *lex)
{
	if (*lex->at++ == '(') {
		if (!lex->depth++) {
			lex->opened = lex->line;
			lex->opened_at = lex->at;
		}
		return 0;
	}
	if (!lex->depth)
		return lex_fail(lex, lex->line, "\")\" without \"(\" before it");
	lex->depth--;
	return 0;
}

/* One word, or one thing between words. Not the newline that ends the entry. */
static int read_piece(struct zone_lex *lex, struct zone_entry *entry, bool *glued)
{
	bool was_glued = *glued;

	*glued = false;
	switch (*lex->at) {
	case ' ':
	case '\t':
		lex->at++;
		return 0;
	case '\n':
	case '\r':
		pass_newline(lex);
		return 0;
	case ';':
		pass_comment(lex);
		return 0;
	case '(':
	case ')':
		return read_parenthesis(lex);
	case '"':
		*glued = true;
		return read_quoted(lex, entry, was_glued);
	default:
		*glued = true;
		return read_plain(lex, entry, was_glued);
	}
}

static void skip_line(struct zone_lex *lex)
{
	pass_line(lex);
	if (lex->at < lex->end)
		pass_newline(lex);
}

/*
 * After an error, reading goes on with the next line. A parenthesis that is never closed contains
 * entries that may have errors of their own: each begins at a line that does not start with a
 * blank.
 */
static void skip_entry(struct zone_lex *lex)
{
	bool back = lex->unclosed && !lex->went_back;

	if (back) {
		lex->went_back = true;
		lex->at = lex->opened_at;
		lex->line = lex->opened;
	}
	do {
		skip_line(lex);
	} while (back && lex->at < lex->end && is_blank(*lex->at));
	lex->depth = 0;
	lex->unclosed = false;
}

static int read_entry(struct zone_lex *lex, struct zone_entry *entry)
{
	const char *began = lex->at;
	bool glued = false;
	int err;

	entry->nr = 0;
	entry->indented = is_blank(*lex->at);
	while (lex->at < lex->end && (lex->depth || !is_newline(*lex->at))) {
		err = read_piece(lex, entry, &glued);
		if (err)
			return err;
		if (lex->at - began > ZONE_ENTRY_MAX) {
			lex->unclosed = lex->depth;
			return lex_fail(lex, entry->nr ? entry->words[0].line : lex->line,
					"an entry of more than 1 MiB");
		}
	}
	if (lex->depth) {
		lex->unclosed = true;
		return lex_fail(lex, lex->opened, UNCLOSED);
	}
	if (lex->at < lex->end)
		pass_newline(lex);
	if (entry->nr)
		entry->line = entry->words[0].line;
	return 0;
}

/*
 * If the error is on a line that looks like an entry of its own, then the parenthesis above is
 * wrong. The error is reported when that line is read again.
 */
static void blame_parenthesis(struct zone_lex *lex)
{
	const char *p = lex->at;

	if (!lex->depth || lex->unclosed || lex->went_back || lex->why_line == lex->opened)
		return;
	while (p > lex->opened_at && !is_newline(p[-1]))
		p--;
	if (is_blank(*p) || is_special(*p))
		return;
	lex->unclosed = true;
	lex_fail(lex, lex->opened, UNCLOSED);
}

int zone_lex_next(struct zone_lex *lex, struct zone_entry *entry)
{
	int err;

	while (lex->at < lex->end) {
		err = read_entry(lex, entry);
		if (err == -EINVAL) {
			blame_parenthesis(lex);
			skip_entry(lex);
		}
		if (err)
			return err;
		if (entry->nr)
			return 1;
	}
	return 0;
}
