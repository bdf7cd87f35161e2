/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_lex.h: the text of a zone file as entries, each a list of words (RFC 1035, 5.1).
 *
 * An entry is one line, or several inside parentheses. The lexer knows blanks, comments, quotes,
 * parentheses and which byte a backslash keeps from having a meaning. It knows no directive and no
 * record. Lines may end with LF, CR LF or CR; a byte order mark at the start is passed over.
 */
#ifndef AD_ZONE_LEX_H
#define AD_ZONE_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define ZONE_ENTRY_MAX (1 << 20) /* bytes of one entry, comments included */

/* Points into the text: valid until the next entry is read. */
struct zone_word {
	const char *at; /* without the quotes, with its escapes */
	__u32 len;
	__u32 line;
	bool quoted;
	bool glued; /* no blank stands between it and the word before */
};

struct zone_entry {
	struct zone_word *words;
	size_t nr, room;
	__u32 line;    /* of its first word */
	bool indented; /* it begins with a blank: it has the owner name of the entry before */
};

struct zone_lex {
	const char *at, *end;
	__u32 line;	    /* of *@at, from 1 */
	bool cr_alone;	    /* the text has no LF: lines end in CR */
	unsigned int depth; /* parentheses open */
	__u32 opened;	    /* line of the outermost of them */
	const char *opened_at;
	bool unclosed;	 /* one that nothing closes was the last error */
	bool went_back;	 /* went back once: the rest is not read again and again */
	const char *why; /* of the last error */
	__u32 why_line;
};

/* @text may lack a final newline, and hold any byte. */
void zone_lex_begin(struct zone_lex *lex, const char *text, size_t len);

/*
 * Reads the next entry that has a word: 1, or 0 at the end of the text. -EINVAL: this entry is
 * wrong; lex->why is the reason and lex->why_line the line, and the next call goes on after it.
 * -ENOMEM.
 */
int zone_lex_next(struct zone_lex *lex, struct zone_entry *entry);

void zone_entry_free(struct zone_entry *entry);

#endif
