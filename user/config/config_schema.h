/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_schema.h: the keys of the configuration file, one row each. Internal to config*.c; all
 * others use config.h.
 *
 * A path is written as in the file, with dots between sections and "[]" for a list's items: "nodes"
 * is the list, "nodes[]" one of its mappings, "nodes[].id" a key there. The reader works by these
 * paths alone; there is no second list of keys.
 */
#ifndef AD_CONFIG_SCHEMA_H
#define AD_CONFIG_SCHEMA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "config.h"

enum schema_type {
	SCHEMA_MAP,  /* rows below it; its member, if any, takes the line it starts at */
	SCHEMA_LIST, /* of what the row "path[]" says */
	SCHEMA_TEXT, /* printable; at most .max bytes */
	SCHEMA_NAME, /* letters, digits, dot, dash, underscore */
	SCHEMA_BOOL,
	SCHEMA_NUMBER,
	SCHEMA_COUNT,	/* with K, M, G: powers of 1024 */
	SCHEMA_SECONDS, /* with s, m, h, d */
	SCHEMA_CHOICE,	/* the position of a word in .choices */
	SCHEMA_ADDRESS, /* one that a packet can be sent to */
	SCHEMA_PREFIX,	/* "address/bits" */
	SCHEMA_FILE,  /* must exist, unless .may_lack; relative to the configuration's directory */
	SCHEMA_DIR,   /* absolute */
	SCHEMA_ZONE,  /* domain name; kept lower case, with its final dot */
	SCHEMA_OWNER, /* the same, or a wildcard */
	/* Lists in one value: their text is "a, b" (config.c), their member starts with it. */
	SCHEMA_CONTINENTS,
	SCHEMA_COUNTRIES,
	SCHEMA_SUBDIVISIONS,
	SCHEMA_ASNS,
	SCHEMA_COORDINATES,
	SCHEMA_ADDRESSES,
	SCHEMA_STATUSES,
	SCHEMA_ARGUMENTS, /* their text has CONFIG_BETWEEN between them */
	SCHEMA_NETWORKS,
	SCHEMA_POP, /* these and what follows are read by their row's .later */
	SCHEMA_NODE,
	SCHEMA_POLICY,
	SCHEMA_ENDPOINT,
	SCHEMA_CHOICES, /* of POPs; groups are "a=2|b" */
	SCHEMA_RULES,	/* region: choices; .later gets each, and where it goes */
};

/* Between arguments, which may have blanks and commas in them. */
#define CONFIG_BETWEEN "\x1f"

struct config_reader;

/* A scalar on its way into its member. */
struct value {
	const struct schema_row *row;
	const char *text; /* NULL: the key is absent */
	void *base;	  /* the struct that holds the member */
	void *where;	  /* the member */
	int line;
};

/* What is needed, at most, before a changed value takes effect. */
enum schema_change {
	CHANGE_OF_PARTS, /* MAP, and a list's item: the rows below it, or the list, say it */
	CHANGE_AT_ONCE,	 /* a reload */
	CHANGE_PROGRAMS, /* a reload, which puts new programs in the place of the running ones */
	CHANGE_NO_FLOWS, /* a reload while no stamped flow lives, which is refused before */
	CHANGE_RESTART,	 /* the daemon's next start */
	CHANGE_ATTACH,	 /* the next attachment: `anydoor detach`, then a start */
};

struct schema_row {
	const char *path;
	enum schema_type type;
	enum schema_change change;
	bool required;
	bool unique;	  /* no two in the file may have the same value */
	bool may_lack;	  /* FILE: it may be missing: its reader reports that and goes on */
	bool array;	  /* LIST: the member is an array of .max, not a pointer to be allocated */
	bool ordered;	  /* LIST: the same items in another order mean something else */
	const char *item; /* LIST: what one item is called in a message; NULL: as the path */

	size_t offset; /* of the member: in struct config, or in the item's struct under "[]." */
	size_t size;
	size_t count_offset; /* LIST: the member that counts */
	size_t item_size;
	size_t word_offset; /* LIST with a .word: the member, a bool, that is true with it */

	long long min; /* of the value, of the list's length, or of the text's */
	long long max;
	const char *choices;  /* "one|two|three" */
	const char *word;     /* taken instead of a value; handed to .later, or leaves zero */
	const char *fallback; /* the default, as one would write it */
	const char *says;     /* the default in words, where .later computes it */

	/*
	 * Called after everything else was read, in the order of the table, if the key is absent,
	 * has the value .word, or has a type whose text can be understood only then (POP, NODE,
	 * ENDPOINT).
	 */
	void (*later)(struct config_reader *loader, const struct value *value);
	const char *help;
};

extern const struct schema_row config_schema[];
extern const size_t config_schema_rows;

struct value_list {
	struct value *list; /* .text is owned by the list, or NULL */
	size_t nr;
};

/* What the reader carries around. */
struct config_reader {
	struct config *config;
	struct config_errors *errors;
	struct yaml_document_s *document;
	const char *dir;	   /* where relative paths start */
	struct value_list pending; /* for .later */
	struct value_list uniques; /* .text is canonical */
	bool no_memory;
};

const struct schema_row *schema_find(const char *path);
/* The sibling of @path that was most likely meant, or a row elsewhere of the same name, or NULL. */
const struct schema_row *schema_nearest(const char *path);
/* True if @row is a direct child of the mapping at @parent ("" at the top, "nodes[]" in items). */
bool schema_is_child(const struct schema_row *row, const char *parent);
const char *schema_type_name(enum schema_type type);
/* In a word or two; "" for CHANGE_OF_PARTS. */
const char *schema_change_name(enum schema_change change);
/* What tells one item of the list from another: its first unique key, or the item itself. */
const struct schema_row *schema_item_key(const struct schema_row *list);
/* @number as one would write it in the file, with the largest unit that divides it. */
void schema_scaled(const struct schema_row *row, long long number, char *text, size_t size);
/* Writes the bounds in words, "" if there are none. */
const char *schema_range(const struct schema_row *row, char *text, size_t size);

/* NULL, or why no packet can be sent to it, to be written behind it. */
const char *address_trouble(const struct ad_addr *addr);
/* Makes text of unknown origin fit for a message: short, no control characters. */
const char *text_quote(const char *text, char *buffer, size_t size);

/* The text, to free(); NULL: no memory, which is noted. */
char *config_text(struct config_reader *loader, const char *format, va_list args);
__attribute__((format(printf, 4, 5))) void
config_complain(struct config_reader *loader, int line, const char *path, const char *format, ...);

/* The next of a list in a value's text: "a, b". False at its end. */
bool value_next(const char **text, char *item, size_t size);
/* Reads @value->text as its row says. False if it complained. */
bool value_read(struct config_reader *loader, const struct value *value);
/*
 * The value's canonical text, to find values that mean the same. Caller frees; NULL without memory.
 */
char *value_canonical(const struct value *value);

/* For .later in the schema; each complains on its own. */
void later_pop(struct config_reader *loader, const struct value *value);
void later_own_pop(struct config_reader *loader, const struct value *value);
void later_policy(struct config_reader *loader, const struct value *value);
void later_choices(struct config_reader *loader, const struct value *value);
void later_rule(struct config_reader *loader, const struct value *value);
void later_self(struct config_reader *loader, const struct value *value);
void later_loopback(struct config_reader *loader, const struct value *value);
void later_neighbour(struct config_reader *loader, const struct value *value);
void later_successor(struct config_reader *loader, const struct value *value);
void later_vip_dns(struct config_reader *loader, const struct value *value);
void later_nsid(struct config_reader *loader, const struct value *value);
void later_overhead(struct config_reader *loader, const struct value *value);
void later_bgp_file(struct config_reader *loader, const struct value *value);
void later_bgp_socket(struct config_reader *loader, const struct value *value);
void later_rate(struct config_reader *loader, const struct value *value);
void later_metrics(struct config_reader *loader, const struct value *value);

/* Before what is read later: with `nodes: from bus`, the nodes; and their POPs behind `pops`. */
void config_nodes_fill(struct config_reader *loader);
/* What is not good, and no error, for the bus may know more tomorrow. */
__attribute__((format(printf, 3, 4))) void config_nodes_doubt(struct config_reader *loader,
							      int line, const char *format, ...);
/* Names that the bus does not know are taken out of lists; what `nodes: from bus` needs. */
void config_nodes_check(struct config_reader *loader);
/* Rules about more than one row. */
void config_rules_check(struct config_reader *loader);
/* The same of steering. */
void config_steer_check(struct config_reader *loader);
/* A time-out that is not stated, and one that is too long. */
void config_check_times(struct config_reader *loader, struct config_check *check, const char *path,
			int line);
/* The same of health checks; what depends on the kind of a check is filled in. */
void config_health_check(struct config_reader *loader);
/* The same of BGP. */
void config_bgp_check(struct config_reader *loader);

#endif
