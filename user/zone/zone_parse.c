// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_parse.c: records and directives out of zone files (zone.h).
 *
 *
 * Each error is reported with its place, and reading goes on after it: one pass finds all errors.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/dns_proto.h"
#include "user/base/arena.h"
#include "user/base/log.h"
#include "user/base/progress.h"
#include "user/config/config.h"
#include "zone_check.h"
#include "zone_generate.h"
#include "zone_input.h"
#include "zone_rdata.h"

#define ZONE_ERRORS_MAX	 50	     /* for one zone; the others are probably the same mistake */
#define TTL_MAX		 0x7fffffffu /* RFC 2181, 8 */
#define PROGRESS_RECORDS 65536
#define GENERATED_BYTES	 2048 /* of one side of $GENERATE */

/* State that holds while one file is read (RFC 1035, 5.1). */
struct place {
	__u8 origin[256];
	__u8 owner_name[256];
	enum {
		OWNER_NONE,
		OWNER_KNOWN,
		OWNER_WRONG, /* reported; records that inherit it are not reported again */
	} has_owner;
};

/* Something that is logged once, with the first place and the number of others. */
enum doubt {
	DOUBT_OUTSIDE,
	DOUBT_TTL,
	DOUBTS
};

static const char *const doubts[DOUBTS] = {
	[DOUBT_OUTSIDE] = "outside of the zone: ignored",
	[DOUBT_TTL] = "a TTL of more than 2147483647 counts as 0 (RFC 2181, 8)",
};

struct reader {
	struct zone *zone;
	struct config_errors *errors;
	struct zone_input input;
	struct zone_entry entry;
	struct place places[ZONE_INCLUDE_DEPTH];
	__u32 ttl;	   /* the last one stated */
	__u32 default_ttl; /* $TTL's (RFC 2308, 4) */
	bool has_ttl, has_default_ttl;
	size_t room; /* rrs allocated */
	unsigned int nr_errors;
	__u64 generated;  /* records of $GENERATE */
	const char *file; /* the last file name seen, kept in the arena */
	__u32 line;	  /* of the entry that is being read */
	struct {
		const char *file;
		__u32 line;
		size_t nr;
	} doubted[DOUBTS];
	int failed; /* -errno: out of memory, or told to stop */
	__u8 rdata[ZONE_RDATA_MAX];
};

static struct place *reader_place(struct reader *reader)
{
	return &reader->places[reader->input.depth - 1];
}

/* Each record keeps the name of its file, as $INCLUDE can add other files. */
static const char *reader_file(struct reader *reader)
{
	const char *name = zone_input_top(&reader->input)->name;

	if (!reader->file || strcmp(reader->file, name))
		reader->file = arena_copy(reader->zone->arena, name, strlen(name) + 1);
	return reader->file ?: reader->zone->file;
}

static void __attribute__((format(printf, 3, 4)))
reader_error(struct reader *reader, __u32 line, const char *format, ...)
{
	char text[NAME_TEXT + ZONE_WHY + PATH_MAX];
	va_list args;

	if (++reader->nr_errors > ZONE_ERRORS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config_errors_add(reader->errors, reader_file(reader), line, "%s", text);
}

/* The same for a record; its owner name and type come first. */
static void record_error(struct reader *reader, const __u8 *owner_name, __u16 type,
			 const char *what)
{
	char name[NAME_TEXT], text[ZONE_TYPE_TEXT];

	reader_error(reader, reader->line, "%s %s: %s", name_format(owner_name, name),
		     zone_type_name(type, text), what);
}

static void reader_doubt(struct reader *reader, enum doubt doubt)
{
	if (reader->doubted[doubt].nr++)
		return;
	reader->doubted[doubt].file = reader_file(reader);
	reader->doubted[doubt].line = reader->line;
}

static void say_doubts(const struct reader *reader)
{
	size_t i, more;

	for (i = 0; i < DOUBTS; i++) {
		if (!reader->doubted[i].nr)
			continue;
		more = reader->doubted[i].nr - 1;
		if (more)
			log_warn("%s:%u: %s; and %zu more", reader->doubted[i].file,
				 reader->doubted[i].line, doubts[i], more);
		else
			log_warn("%s:%u: %s", reader->doubted[i].file, reader->doubted[i].line,
				 doubts[i]);
	}
}

/* --- records ---------------------------------------------------------------------------------- */

static struct zone_rr *reader_add(struct reader *reader)
{
	struct zone *zone = reader->zone;
	struct zone_rr *grown;

	if (zone->nr_rrs == reader->room) {
		reader->room = reader->room ? 2 * reader->room : 64;
		grown = reallocarray(zone->rrs, reader->room, sizeof(*grown));
		if (!grown)
			return NULL;
		zone->rrs = grown;
	}
	return &zone->rrs[zone->nr_rrs];
}

/* Most records follow one with the same owner name: they share one copy of the name. */
static int set_owner(struct reader *reader, const __u8 *wire, struct zone_rr *rr)
{
	struct zone *zone = reader->zone;
	const struct zone_rr *last = zone->nr_rrs ? &zone->rrs[zone->nr_rrs - 1] : NULL;
	__u8 owner_name[256], bytes[NAME_KEY_MAX];
	size_t len = name_len(wire);

	name_lower(owner_name, wire);
	if (last && name_len(last->owner_name) == len &&
	    !memcmp(last->owner_name, owner_name, len)) {
		rr->owner_name = last->owner_name;
		rr->key = last->key;
		return 0;
	}
	name_to_key(owner_name, bytes, &rr->key);
	rr->owner_name = arena_copy(zone->arena, owner_name, len);
	rr->key.bytes = arena_copy(zone->arena, bytes, rr->key.len);
	return rr->owner_name && rr->key.bytes ? 0 : -ENOMEM;
}

/* What a record says of itself; its data is in reader->rdata. */
struct record {
	const __u8 *owner_name;
	__u16 type;
	__u32 ttl;
	size_t rdlen;
};

static void keep_record(struct reader *reader, const struct record *record)
{
	struct zone *zone = reader->zone;
	struct zone_rr *rr = reader_add(reader);

	if (!rr || set_owner(reader, record->owner_name, rr)) {
		reader->failed = -ENOMEM;
		return;
	}
	rr->type = record->type;
	rr->ttl = record->ttl;
	rr->line = reader->line;
	rr->file = reader_file(reader);
	rr->rdlen = record->rdlen;
	rr->rdata = arena_copy(zone->arena, reader->rdata, record->rdlen);
	if (!rr->rdata)
		reader->failed = -ENOMEM;
	else if (++zone->nr_rrs % PROGRESS_RECORDS == 0 &&
		 !progress_at("reading zone %s: %zu records", zone->name, zone->nr_rrs))
		reader->failed = -ECANCELED;
}

static bool is_outside(const struct reader *reader, const __u8 *owner_name)
{
	unsigned int labels = name_labels(owner_name), apex = name_labels(reader->zone->apex);

	return labels < apex ||
	       !name_equal(name_skip(owner_name, labels - apex), reader->zone->apex);
}

/* --- the words before the data ---------------------------------------------------------------- */

/* The words between owner name and data: a TTL and a class in any order, then a type. */
struct head {
	bool has_ttl;
	__u32 ttl;
	__u16 type;
};

static __u32 limit_ttl(struct reader *reader, __u32 ttl)
{
	if (ttl <= TTL_MAX)
		return ttl;
	reader_doubt(reader, DOUBT_TTL);
	return 0;
}

/* A class other than IN: told, and -EINVAL. 1: the word is IN; 0: no class at all. */
static int read_class(struct reader *reader, const struct zone_word *word)
{
	static const char *const others[] = { "CH", "CHAOS", "HS", "HESIOD", "CS", "NONE", "ANY" };
	char text[ZONE_WORD_TEXT];
	__u64 number;
	size_t i;

	if (word->quoted)
		return 0;
	if (zone_word_is(word, "IN"))
		return 1;
	if (word->len > 5 && zone_text_is(word->at, 5, "CLASS") &&
	    !zone_text_number(word->at + 5, word->len - 5, 0xffff, &number) &&
	    number == DNS_CLASS_IN)
		return 1;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (zone_word_is(word, others[i]))
			break;
	if (i == sizeof(others) / sizeof(*others) &&
	    !(word->len > 5 && zone_text_is(word->at, 5, "CLASS")))
		return 0;
	reader_error(reader, word->line, "class %s: zones here are of class IN; leave it out",
		     zone_word_show(word, text));
	return -EINVAL;
}

/* The word is no type: suggests a similar one. */
static void refuse_type(struct reader *reader, const struct zone_word *word)
{
	const char *near = zone_type_nearest(word);
	char text[ZONE_WORD_TEXT];

	zone_word_show(word, text);
	if (word->len && *word->at >= '0' && *word->at <= '9')
		reader_error(reader, word->line,
			     "\"%s\" is neither a TTL of 32 bits nor a record type", text);
	else if (near)
		reader_error(reader, word->line, "\"%s\" is no record type; %s?", text, near);
	else
		reader_error(reader, word->line,
			     "\"%s\" is no record type; write one that is not known here as "
			     "TYPE65280",
			     text);
}

static int read_type(struct reader *reader, const struct zone_word *word, __u16 *type)
{
	char text[ZONE_WORD_TEXT];

	if (word->quoted || zone_type_parse(word->at, word->len, type)) {
		refuse_type(reader, word);
		return -EINVAL;
	}
	if (!zone_type_is_meta(*type))
		return 0;
	reader_error(reader, word->line, "%s: a type that no zone can hold",
		     zone_word_show(word, text));
	return -EINVAL;
}

/* From words[*@at] on, which is moved behind the type. 0, or -EINVAL and the reason is told. */
static int read_head(struct reader *reader, const struct zone_entry *entry, size_t *at,
		     struct head *head)
{
	bool has_class = false;
	int class;

	for (; *at < entry->nr; (*at)++) {
		const struct zone_word *word = &entry->words[*at];

		if (!head->has_ttl && !word->quoted && !zone_word_ttl(word, &head->ttl)) {
			head->ttl = limit_ttl(reader, head->ttl);
			head->has_ttl = true;
			continue;
		}
		class = has_class ? 0 : read_class(reader, word);
		if (class < 0)
			return class;
		if (!class) {
			(*at)++;
			return read_type(reader, word, &head->type);
		}
		has_class = true;
	}
	reader_error(reader, reader->line, "a record without a type: it wants OWNER TTL TYPE DATA");
	return -EINVAL;
}

/* RFC 1035, 5.1, RFC 2308, 4; without any, the SOA's own minimum, as BIND has it. */
static int choose_ttl(struct reader *reader, const struct head *head, size_t rdlen, __u32 *ttl)
{
	const __u8 *minimum = reader->rdata + rdlen - 4;

	if (head->has_ttl) {
		reader->ttl = head->ttl;
		reader->has_ttl = true;
	} else if (!reader->has_default_ttl && !reader->has_ttl) {
		if (head->type != DNS_T_SOA)
			return -EINVAL;
		reader->default_ttl = limit_ttl(reader, (__u32)minimum[0] << 24 | minimum[1] << 16 |
								minimum[2] << 8 | minimum[3]);
		reader->has_default_ttl = true;
		log_warn("%s:%u: no TTL and no $TTL: the SOA's minimum, %u, is used",
			 reader_file(reader), reader->line, reader->default_ttl);
	}
	*ttl = head->has_ttl		 ? head->ttl
	       : reader->has_default_ttl ? reader->default_ttl
					 : reader->ttl;
	return 0;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The data of @owner_name's record: from words[@at] on. */
static int read_data(struct reader *reader, const __u8 *owner_name, const struct head *head,
		     const struct zone_entry *entry, size_t at)
{
	struct record record = { .owner_name = owner_name, .type = head->type };
	char why[ZONE_WHY];
	int len;

	len = zone_rdata_parse(head->type, entry->words + at, entry->nr - at,
			       reader_place(reader)->origin, reader->rdata, why);
	if (len < 0) {
		record_error(reader, owner_name, head->type, why);
		return len;
	}
	if (choose_ttl(reader, head, len, &record.ttl)) {
		record_error(reader, owner_name, head->type,
			     "no TTL: write one, or $TTL above the first record");
		return -EINVAL;
	}
	record.rdlen = len;
	if (is_outside(reader, owner_name))
		reader_doubt(reader, DOUBT_OUTSIDE);
	else
		keep_record(reader, &record);
	return 0;
}

static int read_owner(struct reader *reader, const struct zone_entry *entry, size_t *at)
{
	struct place *place = reader_place(reader);
	char text[ZONE_WORD_TEXT];

	if (entry->indented) {
		if (place->has_owner == OWNER_NONE)
			reader_error(reader, reader->line,
				     "a line that begins with a blank has the "
				     "owner of the one above: there is none");
		return place->has_owner == OWNER_KNOWN ? 0 : -EINVAL;
	}
	*at = 1;
	place->has_owner = OWNER_KNOWN;
	if (!zone_word_name(&entry->words[0], place->origin, place->owner_name))
		return 0;
	place->has_owner = OWNER_WRONG;
	reader_error(reader, reader->line, "\"%s\" is no domain name",
		     zone_word_show(&entry->words[0], text));
	return -EINVAL;
}

static void read_record(struct reader *reader, const struct zone_entry *entry)
{
	const __u8 *owner_name = reader_place(reader)->owner_name;
	struct head head = { 0 };
	size_t at = 0;

	if (read_owner(reader, entry, &at))
		return;
	if (!read_head(reader, entry, &at, &head))
		read_data(reader, owner_name, &head, entry, at);
}

/* --- directives ------------------------------------------------------------------------------- */

static bool has_words(struct reader *reader, const struct zone_entry *entry, size_t least,
		      size_t most, const char *form)
{
	if (entry->nr > least && entry->nr <= most + 1)
		return true;
	reader_error(reader, reader->line, "it wants %s", form);
	return false;
}

static int read_name(struct reader *reader, const struct zone_word *word, __u8 wire[256])
{
	char text[ZONE_WORD_TEXT];

	if (!zone_word_name(word, reader_place(reader)->origin, wire))
		return 0;
	reader_error(reader, reader->line, "\"%s\" is no domain name", zone_word_show(word, text));
	return -EINVAL;
}

static void read_origin(struct reader *reader, const struct zone_entry *entry)
{
	__u8 origin[256];

	if (has_words(reader, entry, 1, 1, "$ORIGIN NAME") &&
	    !read_name(reader, &entry->words[1], origin))
		memcpy(reader_place(reader)->origin, origin, name_len(origin));
}

static void read_ttl(struct reader *reader, const struct zone_entry *entry)
{
	char text[ZONE_WORD_TEXT];
	__u32 ttl;

	if (!has_words(reader, entry, 1, 1, "$TTL SECONDS"))
		return;
	if (entry->words[1].quoted || zone_word_ttl(&entry->words[1], &ttl)) {
		reader_error(reader, reader->line, "\"%s\" is no TTL like 3600 or 1h",
			     zone_word_show(&entry->words[1], text));
		return;
	}
	reader->default_ttl = limit_ttl(reader, ttl);
	reader->has_default_ttl = true;
}

/* When BIND wrote the file: that changes no record. */
static void read_date(struct reader *reader, const struct zone_entry *entry)
{
	char text[ZONE_WORD_TEXT];
	__u32 seconds;

	if (has_words(reader, entry, 1, 1, "$DATE YYYYMMDDHHMMSS") &&
	    zone_word_date(&entry->words[1], &seconds))
		reader_error(reader, reader->line, "\"%s\" is no time like 20270131235959",
			     zone_word_show(&entry->words[1], text));
}

/*
 * The included file starts with the current owner name and origin. Its changes to them end with it.
 */
static void read_include(struct reader *reader, const struct zone_entry *entry)
{
	struct place *place = reader_place(reader);
	char name[PATH_MAX];
	__u8 origin[256];
	int err;

	if (!has_words(reader, entry, 1, 2, "$INCLUDE FILE [ORIGIN]"))
		return;
	memcpy(origin, place->origin, name_len(place->origin));
	if (entry->nr == 3 && read_name(reader, &entry->words[2], origin))
		return;
	err = zone_word_file(&entry->words[1], name, sizeof(name))
		      ? -EINVAL
		      : zone_input_include(&reader->input, name);
	if (err == -ENOMEM)
		reader->failed = err;
	else if (err)
		reader_error(reader, reader->line, "$INCLUDE %s",
			     *reader->input.why ? reader->input.why : "names no file");
	if (err)
		return;
	reader_place(reader)->has_owner = place->has_owner;
	memcpy(reader_place(reader)->owner_name, place->owner_name, sizeof(place->owner_name));
	memcpy(reader_place(reader)->origin, origin, name_len(origin));
}

/* The words of the data as one pattern: a single one in quotes is the text inside of them. */
static int join_pattern(const struct zone_entry *entry, size_t at, char *to, size_t room,
			struct zone_word *pattern)
{
	bool bare = entry->nr - at == 1;
	size_t len = 0;

	for (; at < entry->nr; at++) {
		const struct zone_word *word = &entry->words[at];
		bool quote = word->quoted && !bare;
		int n = snprintf(to + len, room - len, "%s%s%.*s%s", len ? " " : "",
				 quote ? "\"" : "", (int)word->len, word->at, quote ? "\"" : "");

		if (n < 0 || (size_t)n >= room - len)
			return -EINVAL;
		len += n;
	}
	*pattern = (struct zone_word){ .at = to, .len = len };
	return 0;
}

/* One record: @owner_name and @data are patterns. */
static int generate_one(struct reader *reader, const struct zone_word *owner_name,
			const struct zone_word *data, const struct head *head, __u32 value)
{
	char left[GENERATED_BYTES], right[GENERATED_BYTES];
	struct zone_word name = { .at = left };
	struct zone_entry entry = { 0 };
	struct zone_lex lex;
	__u8 wire[256];
	int n = zone_generate(owner_name, value, left, sizeof(left));
	int err = -EINVAL;

	if (n < 0 || (name.len = n, zone_word_name(&name, reader_place(reader)->origin, wire))) {
		reader_error(reader, reader->line, "$GENERATE: no domain name comes of it for %u",
			     value);
		return -EINVAL;
	}
	if (is_outside(reader, wire)) {
		reader_doubt(reader, DOUBT_OUTSIDE);
		return 0;
	}
	n = zone_generate(data, value, right, sizeof(right));
	zone_lex_begin(&lex, right, n < 0 ? 0 : n);
	if (n < 0 || zone_lex_next(&lex, &entry) < 0)
		reader_error(reader, reader->line, "$GENERATE: no data comes of it for %u", value);
	else
		err = read_data(reader, wire, head, &entry, 0);
	zone_entry_free(&entry);
	return err;
}

/* $GENERATE RANGE OWNER [TTL] [CLASS] TYPE DATA; the first error ends it. */
static void read_generate(struct reader *reader, const struct zone_entry *entry)
{
	struct zone_range range;
	struct head head = { 0 };
	struct zone_word data;
	char pattern[GENERATED_BYTES], text[ZONE_WORD_TEXT];
	size_t at = 3;
	__u64 value;

	if (entry->nr < 5) {
		reader_error(reader, reader->line,
			     "it wants $GENERATE START-STOP[/STEP] OWNER [TTL] TYPE DATA");
		return;
	}
	if (zone_range_parse(&entry->words[1], &range)) {
		reader_error(reader, reader->line,
			     "$GENERATE: \"%s\" is no range like 1-254 or 0-100/10 of at most %d",
			     zone_word_show(&entry->words[1], text), ZONE_GENERATE_MAX);
		return;
	}
	if (read_head(reader, entry, &at, &head))
		return;
	if (join_pattern(entry, at, pattern, sizeof(pattern), &data)) {
		reader_error(reader, reader->line, "$GENERATE: its data is too long");
		return;
	}
	reader->generated += (range.stop - range.start) / range.step + 1;
	if (reader->generated > ZONE_GENERATE_MAX) {
		reader_error(reader, reader->line, "$GENERATE: more than %d records of one zone",
			     ZONE_GENERATE_MAX);
		return;
	}
	for (value = range.start; value <= range.stop && !reader->failed; value += range.step)
		if (generate_one(reader, &entry->words[2], &data, &head, value))
			return;
}

static const struct directive {
	const char *word;
	void (*read)(struct reader *reader, const struct zone_entry *entry);
} directives[] = {
	{ "$ORIGIN", read_origin },   { "$TTL", read_ttl },	      { "$DATE", read_date },
	{ "$INCLUDE", read_include }, { "$GENERATE", read_generate },
};

static void read_directive(struct reader *reader, const struct zone_entry *entry)
{
	const struct zone_word *word = &entry->words[0];
	char text[ZONE_WORD_TEXT];
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(*directives); i++) {
		if (!zone_word_is(word, directives[i].word))
			continue;
		directives[i].read(reader, entry);
		return;
	}
	reader_error(reader, reader->line,
		     "\"%s\" is no directive; a name that begins with a dollar is written \\%s",
		     zone_word_show(word, text), zone_word_show(word, text));
}

/* --- the whole -------------------------------------------------------------------------------- */

static void read_entry(struct reader *reader)
{
	const struct zone_entry *entry = &reader->entry;
	const struct zone_word *first = &entry->words[0];

	reader->line = entry->line;
	if (!entry->indented && !first->quoted && first->len && *first->at == '$')
		read_directive(reader, entry);
	else
		read_record(reader, entry);
}

static void read_all(struct reader *reader)
{
	struct zone_text *text;
	int had;

	while ((text = zone_input_top(&reader->input)) && !reader->failed) {
		had = zone_lex_next(&text->lex, &reader->entry);
		if (had == -EINVAL)
			reader_error(reader, text->lex.why_line, "%s", text->lex.why);
		else if (had < 0)
			reader->failed = had;
		else if (had)
			read_entry(reader);
		else
			zone_input_pop(&reader->input);
	}
}

/* Its input is open. */
static int reader_run(struct reader *reader)
{
	int err;

	memcpy(reader->places[0].origin, reader->zone->apex, name_len(reader->zone->apex));
	read_all(reader);
	if (reader->failed)
		return reader->failed;
	if (reader->nr_errors > ZONE_ERRORS_MAX)
		config_errors_add(reader->errors, reader->zone->file, 0, "%u errors more",
				  reader->nr_errors - ZONE_ERRORS_MAX);
	say_doubts(reader);
	err = zone_check(reader->zone, reader->errors, reader->nr_errors);
	return reader->nr_errors ? -EINVAL : err;
}

/* The zone keeps the state of the files that it was read from. */
static int keep_all_seen(struct reader *reader)
{
	const struct zone_input *input = &reader->input;
	struct zone *zone = reader->zone;
	size_t i, size = input->nr_seen * sizeof(*zone->seen);
	struct zone_seen *seen = arena_copy(zone->arena, input->seen, size);

	for (i = 0; seen && i < input->nr_seen; i++) {
		seen[i].name = arena_copy(zone->arena, seen[i].name, strlen(seen[i].name) + 1);
		if (!seen[i].name)
			return -ENOMEM;
	}
	zone->seen = seen;
	zone->nr_seen = input->nr_seen;
	return seen ? 0 : -ENOMEM;
}

static int zone_read(struct reader *reader, const char *name, const char *file, const char *text,
		     size_t size, const char *include_dir)
{
	int err = zone_new(name, file, &reader->zone);

	if (err == -EINVAL)
		config_errors_add(reader->errors, file, 0, "%s is no domain name", name);
	if (err)
		return err;
	err = text ? zone_input_begin_text(&reader->input, file, text, size)
		   : zone_input_begin(&reader->input, file, include_dir);
	if (err == -EINVAL)
		config_errors_add(reader->errors, file, 0, "%s", reader->input.why);
	if (!err)
		err = reader_run(reader);
	if (!err && !text)
		err = keep_all_seen(reader);
	zone_input_end(&reader->input);
	zone_entry_free(&reader->entry);
	return err;
}

static int zone_make(const char *name, const char *file, const char *text, size_t size,
		     const char *include_dir, struct zone **result, struct config_errors *errors)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return -ENOMEM;
	reader->errors = errors;
	err = zone_read(reader, name, file, text, size, include_dir);
	if (err)
		zone_free(reader->zone);
	else
		*result = reader->zone;
	free(reader);
	return err;
}

int zone_load(const char *name, const char *file, const char *include_dir, struct zone **zone,
	      struct config_errors *errors)
{
	return zone_make(name, file, NULL, 0, include_dir, zone, errors);
}

int zone_parse(const char *name, const char *file, const char *text, size_t size,
	       struct zone **zone, struct config_errors *errors)
{
	return zone_make(name, file, text, size, NULL, zone, errors);
}
