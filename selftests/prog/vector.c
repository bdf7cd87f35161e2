// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * vector.c: reads the vector file. One directive a line, words apart by blanks.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vector.h"

struct reader {
	struct plan *plan;
	const char *folder;	 /* of the vector file */
	struct options *options; /* the section being read, or NULL */
	struct vector *vector;	 /* likewise */
	int line;
};

static const char *const labels[AD_REASON_MAX] = {
#define X(sym, side, action, label, help) [AD_R_##sym] = label,
	AD_REASONS(X)
#undef X
};

const char *reason_label(__u32 reason)
{
	return reason < AD_REASON_MAX && labels[reason] ? labels[reason] : "?";
}

/* Out of memory ends a test program; there is nothing to unwind. */
static void *grow(void *list, size_t nr, size_t size)
{
	void *grown = realloc(list, (nr + 1) * size);

	if (!grown)
		abort();
	memset((char *)grown + nr * size, 0, size);
	return grown;
}

/* Appends a zeroed item and gives its address. */
#define LIST_ADD(array)                                                                            \
	((array)->list = grow((array)->list, (array)->nr, sizeof(*(array)->list)),                 \
	 &(array)->list[(array)->nr++])

static char *text_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* "-" stands for no bytes at all. */
static int bytes_parse(const char *hex, struct bytes *bytes)
{
	size_t i, len = strcmp(hex, "-") ? strlen(hex) / 2 : 0;
	unsigned int byte;

	bytes->data = grow(NULL, len, 1);
	bytes->len = len;
	for (i = 0; i < len; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		bytes->data[i] = byte;
	}
	return 0;
}

static int reason_parse(const char *label, enum ad_reason *reason)
{
	__u32 i;

	for (i = 1; i < AD_REASON_MAX; i++) {
		if (!strcmp(labels[i], label)) {
			*reason = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* The index of @word in @words, which ends with NULL, or -EINVAL. */
static int word_index(const char *word, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++) {
		if (!strcmp(word, words[i]))
			return i;
	}
	return -EINVAL;
}

static int entry_parse(char **words, struct entry *entry)
{
	entry->map = text_copy(words[1]);
	return bytes_parse(words[2], &entry->key) ?: bytes_parse(words[3], &entry->value);
}

/* --- directives: words[0] is their own name ------------------------------------------------- */

static int read_network(struct reader *reader, char **words)
{
	*LIST_ADD(&reader->plan->network) = text_copy(words[1]);
	return 0;
}

static int read_sysctl(struct reader *reader, char **words)
{
	*LIST_ADD(&reader->plan->sysctls) = text_copy(words[1]);
	return 0;
}

/* socket NAME KIND CLIENT CPORT VIP VPORT, the tuple as in struct ad_tuple */
static int read_socket(struct reader *reader, char **words)
{
	static const char *const kinds[] = { "listen", "cookie",    "half_open", "established",
					     "unsent", "time_wait", NULL };
	struct socket_plan *socket = LIST_ADD(&reader->plan->sockets);
	int kind = word_index(words[2], kinds);
	struct bytes tuple;

	if (kind < 0 || bytes_parse(words[3], &tuple) || tuple.len != sizeof(socket->tuple))
		return -EINVAL;
	socket->name = text_copy(words[1]);
	socket->kind = kind;
	memcpy(&socket->tuple, tuple.data, sizeof(socket->tuple));
	return 0;
}

/* options NAME STRUCT UNSTAMPED_MAX NSID UNSERVED_PASS */
static int read_options(struct reader *reader, char **words)
{
	struct options *options = grow(NULL, 0, sizeof(*options));
	struct bytes image;

	if (bytes_parse(words[2], &image) || image.len != sizeof(options->values))
		return -EINVAL;
	options->name = text_copy(words[1]);
	memcpy(&options->values, image.data, image.len);
	options->unstamped_max = strtoul(words[3], NULL, 10);
	options->nsid = text_copy(words[4]);
	options->unserved_pass = atoi(words[5]);
	*LIST_ADD(&reader->plan->options) = reader->options = options;
	return 0;
}

/* zone NAME FILE */
static int read_zone(struct reader *reader, char **words)
{
	struct zone_plan *zone = LIST_ADD(&reader->options->zones);

	zone->name = text_copy(words[1]);
	return asprintf(&zone->file, "%s/%s", reader->folder, words[2]) < 0 ? -ENOMEM : 0;
}

static int read_base(struct reader *reader, char **words)
{
	return entry_parse(words, LIST_ADD(&reader->options->base));
}

/* vector NAME PROGRAM ACTION REASON */
static int read_vector(struct reader *reader, char **words)
{
	static const char *const programs[] = { "packet", "egress", NULL };
	static const char *const actions[] = { "pass", "drop", "tx", "redirect", NULL };
	struct vector *vector = grow(NULL, 0, sizeof(*vector));
	int program = word_index(words[2], programs), action = word_index(words[3], actions);

	if (program < 0 || action < 0 || reason_parse(words[4], &vector->reason))
		return -EINVAL;
	vector->name = text_copy(words[1]);
	vector->options = reader->options;
	vector->program = program;
	vector->action = action;
	*LIST_ADD(&reader->plan->vectors) = reader->vector = vector;
	return 0;
}

static int read_device(struct reader *reader, char **words)
{
	reader->vector->device = text_copy(words[1]);
	return 0;
}

static int read_needs(struct reader *reader, char **words)
{
	*LIST_ADD(&reader->vector->sockets) = text_copy(words[1]);
	return plan_socket(reader->plan, words[1]) ? 0 : -ENOENT;
}

static int read_set(struct reader *reader, char **words)
{
	return entry_parse(words, LIST_ADD(&reader->vector->set));
}

static int read_after(struct reader *reader, char **words)
{
	return entry_parse(words, LIST_ADD(&reader->vector->after));
}

/* flow BUCKET TAG KIND OWNER VIA */
static int read_flow(struct reader *reader, char **words)
{
	*LIST_ADD(&reader->vector->flows) = (struct flow_check){
		.bucket = strtoul(words[1], NULL, 10),
		.tag = strtoul(words[2], NULL, 10),
		.kind = strtoul(words[3], NULL, 10),
		.owner = strtoul(words[4], NULL, 10),
		.via = strtoul(words[5], NULL, 10),
	};
	return 0;
}

/* peer NODE TX RX */
static int read_peer(struct reader *reader, char **words)
{
	*LIST_ADD(&reader->vector->peers) = (struct peer_check){
		.node = strtoul(words[1], NULL, 10),
		.tx = strtoul(words[2], NULL, 10),
		.rx = strtoul(words[3], NULL, 10),
	};
	return 0;
}

/* ack SOCKET TCP DELTA */
static int read_ack(struct reader *reader, char **words)
{
	*LIST_ADD(&reader->vector->acks) = (struct ack_patch){
		.socket = text_copy(words[1]),
		.tcp = atoi(words[2]),
		.delta = atoi(words[3]),
	};
	return plan_socket(reader->plan, words[1]) ? 0 : -ENOENT;
}

/* flip OFFSET LEN REASON,REASON,... */
static int read_flip(struct reader *reader, char **words)
{
	struct flip *flip = LIST_ADD(&reader->vector->flips);
	char *label, *rest = words[3];
	enum ad_reason reason;

	while ((label = strsep(&rest, ","))) {
		if (reason_parse(label, &reason))
			return -EINVAL;
		flip->reasons[reason] = true;
	}
	flip->offset = strtoul(words[1], NULL, 10);
	flip->len = strtoul(words[2], NULL, 10);
	return 0;
}

static int read_udp_check(struct reader *reader, char **words)
{
	reader->vector->udp_check = strtoul(words[1], NULL, 10);
	return 0;
}

static int read_truncate(struct reader *reader, char **words)
{
	reader->vector->truncate = true;
	return 0;
}

static int read_in(struct reader *reader, char **words)
{
	return bytes_parse(words[1], &reader->vector->in);
}

static int read_in_of(struct reader *reader, char **words)
{
	reader->vector->in_of = text_copy(words[1]);
	return plan_vector(reader->plan, words[1]) ? 0 : -ENOENT;
}

static int read_out(struct reader *reader, char **words)
{
	return bytes_parse(words[1], &reader->vector->out);
}

enum section {
	ANYWHERE,
	IN_OPTIONS,
	IN_VECTOR
};

static const struct directive {
	const char *name;
	int words; /* behind the name; -1: the rest of the line is one word */
	enum section section;
	int (*read)(struct reader *reader, char **words);
} directives[] = {
	{ "network", -1, ANYWHERE, read_network },
	{ "sysctl", 1, ANYWHERE, read_sysctl },
	{ "socket", 3, ANYWHERE, read_socket },
	{ "options", 5, ANYWHERE, read_options },
	{ "zone", 2, IN_OPTIONS, read_zone },
	{ "base", 3, IN_OPTIONS, read_base },
	{ "vector", 4, IN_OPTIONS, read_vector },
	{ "device", 1, IN_VECTOR, read_device },
	{ "needs", 1, IN_VECTOR, read_needs },
	{ "set", 3, IN_VECTOR, read_set },
	{ "in", 1, IN_VECTOR, read_in },
	{ "in_of", 1, IN_VECTOR, read_in_of },
	{ "out", 1, IN_VECTOR, read_out },
	{ "ack", 3, IN_VECTOR, read_ack },
	{ "flip", 3, IN_VECTOR, read_flip },
	{ "udp_check", 1, IN_VECTOR, read_udp_check },
	{ "truncate", 0, IN_VECTOR, read_truncate },
	{ "after", 3, IN_VECTOR, read_after },
	{ "flow", 5, IN_VECTOR, read_flow },
	{ "peer", 3, IN_VECTOR, read_peer },
};

static const struct directive *directive_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		if (!strcmp(directives[i].name, name))
			return &directives[i];
	}
	return NULL;
}

static int line_split(const struct directive *directive, char *rest, char **words)
{
	char *word;
	int nr = 1;

	if (directive->words < 0) {
		words[1] = rest;
		return rest ? 0 : -EINVAL;
	}
	while ((word = strsep(&rest, " "))) {
		if (nr > directive->words || nr == VECTOR_WORDS_MAX)
			return -E2BIG;
		words[nr++] = word;
	}
	return nr == directive->words + 1 ? 0 : -EINVAL;
}

static int line_read(struct reader *reader, char *line)
{
	const struct directive *directive;
	char *words[VECTOR_WORDS_MAX], *rest = line;
	int err;

	words[0] = strsep(&rest, " ");
	directive = directive_find(words[0]);
	if (!directive || (directive->section >= IN_OPTIONS && !reader->options) ||
	    (directive->section == IN_VECTOR && !reader->vector))
		return -ENOTSUP;
	err = line_split(directive, rest, words);
	return err ?: directive->read(reader, words);
}

int plan_read(const char *path, struct plan **plan)
{
	struct reader reader = { .plan = grow(NULL, 0, sizeof(**plan)) };
	char *copy = text_copy(path);
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	if (!file) {
		fprintf(stderr, "%s: %m\n", path);
		return -errno;
	}
	reader.folder = dirname(copy);
	while (!err && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		reader.line++;
		if (*line && *line != '#')
			err = line_read(&reader, line);
	}
	if (err)
		fprintf(stderr, "%s:%d: %s\n", path, reader.line, strerror(-err));
	free(line);
	free(copy);
	fclose(file);
	*plan = reader.plan;
	return err;
}

const struct vector *plan_vector(const struct plan *plan, const char *name)
{
	size_t i;

	for (i = 0; i < plan->vectors.nr; i++) {
		if (!strcmp(plan->vectors.list[i]->name, name))
			return plan->vectors.list[i];
	}
	return NULL;
}

const struct socket_plan *plan_socket(const struct plan *plan, const char *name)
{
	size_t i;

	for (i = 0; i < plan->sockets.nr; i++) {
		if (!strcmp(plan->sockets.list[i].name, name))
			return &plan->sockets.list[i];
	}
	return NULL;
}
