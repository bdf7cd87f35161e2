// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config.c: from a YAML document to struct config, by the rows of the schema.
 *
 * Three passes: first every scalar is read into its member; then, in the same order, what can be
 * understood only after that (names of nodes and POPs, computed defaults); then the rules about
 * several keys. Each goes on after an error, so that one run shows all errors.
 */
#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>
#include "config_schema.h"

#define PATH_BYTES     128 /* longer than any path in the schema */
#define FILE_MAX_BYTES (16 << 20)

static void walk_map(struct config_reader *loader, yaml_node_t *node, const char *parent,
		     void *base);

char *config_text(struct config_reader *loader, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) >= 0)
		return text;
	loader->no_memory = true;
	return NULL;
}

void config_complain(struct config_reader *loader, int line, const char *path, const char *format,
		     ...)
{
	va_list args;
	char *what;

	va_start(args, format);
	what = config_text(loader, format, args);
	va_end(args);
	if (what)
		config_errors_add(loader->errors, loader->config->path, line, "%s%s%s", path,
				  *path ? ": " : "", what);
	free(what);
}

static int line_of(const yaml_node_t *node)
{
	return node ? (int)node->start_mark.line + 1 : 0;
}

/* "key:" with nothing behind it, or an explicit null. */
static bool is_empty(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	return node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcmp(text, "null"));
}

static const char *kind_of(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a section";
	default:
		return is_empty(node) ? "nothing" : "a single value";
	}
}

/* Takes @text over, which stands for the value's own. */
static void remember(struct config_reader *loader, struct value_list *values,
		     const struct value *value, char *text)
{
	struct value *longer = values->list;

	if (value->text && !text)
		loader->no_memory = true;
	if (!(values->nr & (values->nr - 1))) { /* full at every power of two */
		longer = reallocarray(longer, values->nr ? 2 * values->nr : 1, sizeof(*longer));
		if (!longer) {
			loader->no_memory = true;
			free(text);
			return;
		}
		values->list = longer;
	}
	longer[values->nr] = *value;
	longer[values->nr++].text = text;
}

static bool is_read_later(const struct schema_row *row)
{
	return row->type >= SCHEMA_POP;
}

/* A member's text, from the file or from the schema's default. */
static void read_text(struct config_reader *loader, const struct value *value)
{
	const struct schema_row *row = value->row;
	bool word = row->word && !strcmp(value->text, row->word);

	if (is_read_later(row) || (word && row->later))
		remember(loader, &loader->pending, value, strdup(value->text));
	else if (!word && !value_read(loader, value))
		return;
	if (row->unique)
		remember(loader, &loader->uniques, value, value_canonical(value));
}

static void read_scalar(struct config_reader *loader, struct value *value, yaml_node_t *node)
{
	const char *path = value->row->path;

	value->line = line_of(node);
	if (node->type != YAML_SCALAR_NODE) {
		config_complain(loader, value->line, path, "wants a single value, not %s",
				kind_of(node));
		return;
	}
	value->text = (const char *)node->data.scalar.value;
	if (!*value->text || is_empty(node))
		config_complain(loader, value->line, path,
				"has no value; leave the key out instead");
	else if (strlen(value->text) != node->data.scalar.length)
		config_complain(loader, value->line, path, "has a NUL in it");
	else
		read_text(loader, value);
}

/* The key is absent. @line is where the mapping starts in which it is missing. */
static void read_default(struct config_reader *loader, struct value *value)
{
	const struct schema_row *row = value->row;

	if (row->required)
		config_complain(loader, value->line, row->path, "is missing (%s)", row->help);
	else if (row->later)
		remember(loader, &loader->pending, value, NULL);
	else if (row->fallback && strcmp(row->fallback, row->word ? row->word : "")) {
		value->text = row->fallback;
		value_read(loader, value);
	}
}

/* Room for @count items; zeroed. */
static char *list_room(struct config_reader *loader, const struct schema_row *row, char *base,
		       size_t count)
{
	void *items = base + row->offset;

	if (!row->array) {
		items = calloc(count, row->item_size);
		if (items)
			*(void **)(base + row->offset) = items;
	}
	if (items)
		*(size_t *)(base + row->count_offset) = count;
	else
		loader->no_memory = true;
	return items;
}

static void read_item(struct config_reader *loader, yaml_node_t *node, const struct schema_row *row,
		      char *item)
{
	struct value value = { .row = row, .base = item, .where = item + row->offset };
	int line = line_of(node);

	if (row->type != SCHEMA_MAP) {
		read_scalar(loader, &value, node);
		return;
	}
	memcpy(value.where, &line, sizeof(line));
	walk_map(loader, node, row->path, item);
}

static void read_list(struct config_reader *loader, yaml_node_t *node, const struct schema_row *row,
		      char *base)
{
	char path[PATH_BYTES];
	size_t count, i;
	char *items;

	if (row->word && node->type == YAML_SCALAR_NODE &&
	    !strcmp((const char *)node->data.scalar.value, row->word)) {
		*(bool *)(base + row->word_offset) = true;
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE && !is_empty(node)) {
		config_complain(loader, line_of(node), row->path, "wants a list, not %s",
				kind_of(node));
		return;
	}
	count = is_empty(node) ? 0
			       : node->data.sequence.items.top - node->data.sequence.items.start;
	if (count < (size_t)row->min)
		config_complain(loader, line_of(node), row->path, "is empty (%s)", row->help);
	if (count > (size_t)row->max) {
		config_complain(loader, line_of(node), row->path,
				"has %zu entries; at most %lld fit", count, row->max);
		count = row->max;
	}
	items = count ? list_room(loader, row, base, count) : NULL;
	snprintf(path, sizeof(path), "%s[]", row->path);
	for (i = 0; items && i < count; i++)
		read_item(loader,
			  yaml_document_get_node(loader->document,
						 node->data.sequence.items.start[i]),
			  schema_find(path), items + i * row->item_size);
}

static bool is_list_in_value(const struct schema_row *row)
{
	return (row->type >= SCHEMA_CONTINENTS && row->type <= SCHEMA_NETWORKS) ||
	       row->type == SCHEMA_CHOICES;
}

/* A group in a list of choices: "a|b", or with weights "a=3|b=1". False if it is nothing such. */
static bool write_group(struct config_reader *loader, yaml_node_t *node, FILE *out)
{
	yaml_node_item_t *item;
	yaml_node_pair_t *pair;
	yaml_node_t *key, *weight;

	if (node->type == YAML_MAPPING_NODE) {
		for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
		     pair++) {
			key = yaml_document_get_node(loader->document, pair->key);
			weight = yaml_document_get_node(loader->document, pair->value);
			if (key->type != YAML_SCALAR_NODE || weight->type != YAML_SCALAR_NODE)
				return false;
			fprintf(out, "%s%s=%s", pair > node->data.mapping.pairs.start ? "|" : "",
				key->data.scalar.value, weight->data.scalar.value);
		}
		return true;
	}
	for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		key = yaml_document_get_node(loader->document, *item);
		if (key->type != YAML_SCALAR_NODE)
			return false;
		fprintf(out, "%s%s", item > node->data.sequence.items.start ? "|" : "",
			key->data.scalar.value);
	}
	return true;
}

/* A list as "a, b", with @between for the comma; a single value is a list of one. */
static bool write_list(struct config_reader *loader, yaml_node_t *node, bool has_groups,
		       const char *between, FILE *out)
{
	yaml_node_item_t *item;
	yaml_node_t *part;

	if (node->type == YAML_SCALAR_NODE) {
		fputs((const char *)node->data.scalar.value, out);
		return true;
	}
	if (node->type != YAML_SEQUENCE_NODE)
		return has_groups && write_group(loader, node, out);
	for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		part = yaml_document_get_node(loader->document, *item);
		fputs(item > node->data.sequence.items.start ? between : "", out);
		if (part->type == YAML_SCALAR_NODE)
			fputs((const char *)part->data.scalar.value, out);
		else if (!has_groups || !write_group(loader, part, out))
			return false;
	}
	return true;
}

/* The text of a list, to be freed; NULL if it has complained. */
static char *list_text(struct config_reader *loader, yaml_node_t *node,
		       const struct schema_row *row)
{
	bool has_groups = row->type == SCHEMA_CHOICES || row->type == SCHEMA_RULES, good;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		loader->no_memory = true;
		return NULL;
	}
	good = write_list(loader, node, has_groups,
			  row->type == SCHEMA_ARGUMENTS ? CONFIG_BETWEEN : ", ", out);
	if (fclose(out)) {
		loader->no_memory = true;
		good = false;
	} else if (!good) {
		config_complain(loader, line_of(node), row->path,
				has_groups ? "wants a list of POPs, such as [fra, [nyc, sin]] or "
					     "[fra, {nyc: 3, sin: 1}]"
					   : "wants a list of single values");
	} else if (!*text) {
		config_complain(loader, line_of(node), row->path,
				"has no value; leave the key out instead");
		good = false;
	}
	if (good)
		return text;
	free(text);
	return NULL;
}

static void read_list_in_value(struct config_reader *loader, struct value *value, yaml_node_t *node)
{
	char *text = list_text(loader, node, value->row);

	value->line = line_of(node);
	value->text = text;
	if (text)
		read_text(loader, value);
	free(text);
}

/* One rule of a policy: its place gets a line and a text, the rest comes later. */
static void read_rule(struct config_reader *loader, const struct value *rules, yaml_node_t *key,
		      yaml_node_t *pops, struct config_rule *rule)
{
	struct value value = *rules;
	char *list = list_text(loader, pops, rules->row), *text;

	rule->line = value.line = line_of(key);
	value.where = rule;
	if (!list)
		return;
	if (asprintf(&text, "%s: %s", (const char *)key->data.scalar.value, list) < 0)
		loader->no_memory = true;
	else
		remember(loader, &loader->pending, &value, text);
	free(list);
}

/* All rules as one text, so that they can be compared. */
static char *rules_text(struct config_reader *loader, size_t since)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = since; i < loader->pending.nr; i++)
		fprintf(out, "%s%s", i > since ? "; " : "", loader->pending.list[i].text);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void read_rules(struct config_reader *loader, struct value *value, yaml_node_t *node)
{
	struct config_rules *rules = value->where;
	size_t since = loader->pending.nr, nr;
	yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE) {
		config_complain(
			loader, line_of(node), value->row->path,
			"wants regions with their POPs, such as {europe: [fra, nyc]}, not %s",
			kind_of(node));
		return;
	}
	nr = node->data.mapping.pairs.top - node->data.mapping.pairs.start;
	rules->list = calloc(nr ?: 1, sizeof(*rules->list));
	if (!rules->list) {
		loader->no_memory = true;
		return;
	}
	for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(loader->document, pair->key);

		if (key->type != YAML_SCALAR_NODE)
			config_complain(loader, line_of(key), value->row->path,
					"wants the name of a region, not %s", kind_of(key));
		else
			read_rule(loader, value, key,
				  yaml_document_get_node(loader->document, pair->value),
				  &rules->list[rules->nr++]);
	}
	rules->text = rules_text(loader, since);
	if (!rules->text)
		loader->no_memory = true;
}

static void read_row(struct config_reader *loader, yaml_node_t *node, const struct schema_row *row,
		     char *base, int parent_line)
{
	struct value value = {
		.row = row, .base = base, .where = base + row->offset, .line = parent_line
	};
	int line = line_of(node);

	if (row->type == SCHEMA_MAP && row->size) /* a section that complains as a whole */
		memcpy(value.where, &line, sizeof(line));
	if (row->type == SCHEMA_MAP)
		walk_map(loader, node, row->path, base);
	else if (!node)
		read_default(loader, &value);
	else if (row->type == SCHEMA_LIST)
		read_list(loader, node, row, base);
	else if (row->type == SCHEMA_RULES)
		read_rules(loader, &value, node);
	else if (is_list_in_value(row))
		read_list_in_value(loader, &value, node);
	else
		read_scalar(loader, &value, node);
}

static void complain_unknown(struct config_reader *loader, int line, const char *path)
{
	const struct schema_row *nearest = schema_nearest(path);
	char quoted[PATH_BYTES];

	text_quote(path, quoted, sizeof(quoted));
	if (nearest && !strcmp(nearest->path, path))
		config_complain(loader, line, quoted,
				"unknown key; keys of a section stand below it");
	else if (nearest)
		config_complain(loader, line, quoted, "unknown key; did you mean %s?",
				nearest->path);
	else
		config_complain(loader, line, quoted, "unknown key");
}

/* Finds the row of every key; @found gets the value of each row that has one. */
static void match_keys(struct config_reader *loader, yaml_node_t *map, const char *parent,
		       yaml_node_t **found)
{
	yaml_node_pair_t *pair = map->data.mapping.pairs.start;

	for (; pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(loader->document, pair->key);
		const struct schema_row *row;
		char path[PATH_BYTES];

		if (key->type != YAML_SCALAR_NODE) {
			config_complain(loader, line_of(key), parent,
					"a key must be a word, not %s", kind_of(key));
			continue;
		}
		snprintf(path, sizeof(path), "%s%s%s", parent, *parent ? "." : "",
			 (const char *)key->data.scalar.value);
		row = schema_find(path);
		if (!row || !schema_is_child(row, parent))
			complain_unknown(loader, line_of(key), path);
		else if (found[row - config_schema])
			config_complain(loader, line_of(key), path,
					"stands here twice; first on line %d",
					line_of(found[row - config_schema]));
		else
			found[row - config_schema] =
				yaml_document_get_node(loader->document, pair->value);
	}
}

/* @node NULL: the section is absent, its rows get their defaults. */
static void walk_map(struct config_reader *loader, yaml_node_t *node, const char *parent,
		     void *base)
{
	yaml_node_t *found[config_schema_rows];
	int line = *parent ? line_of(node) : 0; /* of what is missing: for the top, nowhere */
	size_t i;

	memset(found, 0, sizeof(found));
	if (node && node->type == YAML_MAPPING_NODE) {
		match_keys(loader, node, parent, found);
	} else if (node && !is_empty(node)) {
		config_complain(loader, line_of(node), parent, "wants keys with values, not %s",
				kind_of(node));
		return;
	}
	for (i = 0; i < config_schema_rows; i++)
		if (schema_is_child(&config_schema[i], parent))
			read_row(loader, found[i], &config_schema[i], base, line);
}

static int by_row_and_text(const void *a, const void *b)
{
	const struct value *left = a, *right = b;
	int order = (left->row > right->row) - (left->row < right->row);

	if (!order)
		order = strcmp(left->text, right->text);
	return order ? order : left->line - right->line;
}

static void complain_twins(struct config_reader *loader)
{
	struct value *list = loader->uniques.list;
	char quoted[PATH_BYTES];
	size_t first = 0, i;

	if (loader->no_memory || !list)
		return;
	qsort(list, loader->uniques.nr, sizeof(*list), by_row_and_text);
	for (i = 1; i < loader->uniques.nr; i++) {
		if (list[i].row != list[first].row || strcmp(list[i].text, list[first].text))
			first = i;
		else
			config_complain(loader, list[i].line, list[i].row->path,
					"%s is taken already, on line %d",
					text_quote(list[i].text, quoted, sizeof(quoted)),
					list[first].line);
	}
}

static void values_free(struct value_list *values)
{
	size_t i;

	for (i = 0; i < values->nr; i++)
		free((char *)values->list[i].text);
	free(values->list);
}

static void load_document(struct config_reader *loader, yaml_document_t *document)
{
	yaml_node_t *root = yaml_document_get_root_node(document);
	size_t i;

	if (!root || is_empty(root)) {
		config_complain(loader, 0, "", "is empty");
		return;
	}
	loader->document = document;
	walk_map(loader, root, "", loader->config);
	complain_twins(loader);
	config_nodes_fill(loader);
	for (i = 0; i < loader->pending.nr && !loader->no_memory; i++)
		loader->pending.list[i].row->later(loader, &loader->pending.list[i]);
	if (!loader->no_memory)
		config_rules_check(loader);
}

/* libyaml gives no line for bytes that are not text, only their offset. */
static void complain_yaml(struct config_reader *loader, const yaml_parser_t *parser,
			  const char *text, size_t size)
{
	int line = parser->problem_mark.line + 1;
	size_t i;

	if (parser->error == YAML_READER_ERROR)
		for (line = 1, i = 0; i < size && i < parser->problem_offset; i++)
			line += text[i] == '\n';
	config_complain(loader, line, "", "not YAML: %s%s%s",
			parser->problem ? parser->problem : "?", parser->context ? ", " : "",
			parser->context ? parser->context : "");
}

static void parse(struct config_reader *loader, const char *text, size_t size)
{
	yaml_document_t document;
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser)) {
		loader->no_memory = true;
		return;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &document)) {
		complain_yaml(loader, &parser, text, size);
		yaml_parser_delete(&parser);
		return;
	}
	load_document(loader, &document);
	yaml_document_delete(&document);
	if (!yaml_parser_load(&parser, &document)) {
		complain_yaml(loader, &parser, text, size);
	} else {
		if (yaml_document_get_root_node(&document))
			config_complain(loader, line_of(yaml_document_get_root_node(&document)), "",
					"a second YAML document; there may be one");
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
}

/* The whole file; a size first, so that a device or a huge file is refused before it is read. */
static int slurp(const char *path, char **text, size_t *size)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	int err = 0;

	if (!file)
		return -errno;
	*text = NULL;
	if (fstat(fileno(file), &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (st.st_size > FILE_MAX_BYTES)
		err = -EFBIG;
	else if (!(*text = malloc(st.st_size + 1)))
		err = -ENOMEM;
	if (!err) {
		*size = fread(*text, 1, st.st_size, file);
		err = ferror(file) ? -EIO : 0;
	}
	fclose(file);
	return err;
}

static int by_line(const void *a, const void *b)
{
	const struct config_error *left = a, *right = b;

	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return strcmp(left->text, right->text);
}

static int load_text(struct config_reader *loader, const char *text, size_t size)
{
	char *dir = strdup(loader->config->path);
	int err = dir ? 0 : -ENOMEM;

	if (dir) {
		loader->dir = dirname(dir);
		parse(loader, text, size);
	}
	if (loader->no_memory)
		err = -ENOMEM;
	else if (loader->errors->nr)
		err = -EINVAL;
	values_free(&loader->pending);
	values_free(&loader->uniques);
	free(dir);
	return err;
}

static __u64 next_edition(void)
{
	static __u64 last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* Takes @text. @err: why there is none. */
static int load(const char *path, char *text, size_t size, int err, struct config **config,
		struct config_errors *errors)
{
	struct config_reader loader = { .config = calloc(1, sizeof(struct config)),
					.errors = errors };

	memset(errors, 0, sizeof(*errors));
	if (loader.config)
		loader.config->path = strdup(path);
	if (!loader.config || !loader.config->path)
		err = -ENOMEM;
	if (!err) {
		loader.config->text = text;
		loader.config->text_size = size;
		loader.config->edition = next_edition();
		err = load_text(&loader, text, size);
	} else {
		free(text);
	}
	if (err &&
	    !errors->nr) /* errors inside of it were reported already: only a file can be EINVAL */
		config_errors_add(errors, path, 0, "%s",
				  err == -EINVAL ? "not a regular file" : strerror(-err));
	if (err)
		qsort(errors->list, errors->nr, sizeof(*errors->list), by_line);
	*config = loader.config;
	return err;
}

int config_load_partly(const char *path, struct config **config, struct config_errors *errors)
{
	char *text = NULL;
	size_t size = 0;
	int err = slurp(path, &text, &size);

	return load(path, text, size, err, config, errors);
}

int config_load_again(const struct config *now, struct config **config,
		      struct config_errors *errors)
{
	char *text = malloc(now->text_size + 1);
	int err;

	if (text)
		memcpy(text, now->text, now->text_size);
	err = load(now->path, text, now->text_size, text ? 0 : -ENOMEM, config, errors);
	if (!err) {
		(*config)->edition = now->edition;
		return 0;
	}
	config_free(*config);
	*config = NULL;
	return err;
}

int config_load(const char *path, struct config **config, struct config_errors *errors)
{
	int err = config_load_partly(path, config, errors);

	if (err) {
		config_free(*config);
		*config = NULL;
	}
	return err;
}

/* Takes @from, or the schema's default without one. */
static char *place(char **from, const char *key)
{
	char *text = *from ?: strdup(schema_find(key)->fallback);

	*from = NULL;
	return text;
}

/* Nothing else of @whole, which has errors in it. */
static struct config *places_of(struct config *whole)
{
	struct config *config = whole ? calloc(1, sizeof(*config)) : NULL;

	if (config) {
		config->path = whole->path;
		whole->path = NULL;
		config->bpffs = place(&whole->bpffs, "state.bpffs");
		config->run_dir = place(&whole->run_dir, "state.run");
	}
	if (config && (!config->path || !config->bpffs || !config->run_dir)) {
		config_free(config);
		config = NULL;
	}
	config_free(whole);
	return config;
}

int config_load_places(const char *path, struct config **config, struct config_errors *errors)
{
	int err = config_load_partly(path, config, errors);

	if (err)
		*config = places_of(*config);
	return err;
}

__u64 config_flow_bytes(const struct config *config)
{
	return config->flow_max * (__u64)(sizeof(struct ad_flow) + sizeof(struct ad_flow_slot));
}

static void choices_free(struct config_choices *choices)
{
	free(choices->text);
	free(choices->list);
}

static void pop_free(struct config_pop *pop)
{
	free(pop->name);
	free(pop->at.text);
	free(pop->service.text);
	free(pop->service.list);
}

static void region_free(struct config_region *region)
{
	free(region->name);
	free(region->continents.text);
	free(region->continents.list);
	free(region->countries.text);
	free(region->countries.list);
	free(region->subdivisions.text);
	free(region->subdivisions.list);
	free(region->asns.text);
	free(region->asns.list);
	free(region->networks.text);
	free(region->networks.list);
	free(region->network_file);
}

static void policy_free(struct config_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->rules.nr; i++)
		choices_free(&policy->rules.list[i].pops);
	free(policy->rules.text);
	free(policy->rules.list);
	choices_free(&policy->fallback);
	choices_free(&policy->last_resort);
	free(policy->name);
}

static void arguments_free(struct config_arguments *arguments)
{
	size_t i;

	for (i = 0; i < arguments->nr; i++)
		free(arguments->list[i]);
	free(arguments->list);
	free(arguments->text);
}

static void check_free(struct config_check *check)
{
	choices_free(&check->pops);
	arguments_free(&check->command);
	free(check->statuses.text);
	free(check->statuses.list);
	free(check->name);
	free(check->host);
	free(check->path);
	free(check->contains);
	free(check->ca_file);
}

static void steering_free(struct config *config)
{
	size_t i;

	for (i = 0; i < config->nr_databases; i++) {
		free(config->databases[i].name);
		free(config->databases[i].file);
	}
	for (i = 0; i < config->nr_regions; i++)
		region_free(&config->regions[i]);
	for (i = 0; i < config->nr_policies; i++)
		policy_free(&config->policies[i]);
	for (i = 0; i < config->nr_steered; i++) {
		free(config->steered[i].name);
		free(config->steered[i].members);
	}
	for (i = 0; i < config->nr_checks; i++)
		check_free(&config->checks[i]);
	free(config->checks);
	free(config->rtt.file);
	free(config->flowlog.file);
	free(config->flowlog.socket);
	arguments_free(&config->shed.by.command);
	free(config->databases);
	free(config->regions);
	free(config->policies);
	free(config->steered);
}

static void bgp_free(struct config_bgp *bgp)
{
	size_t i;

	for (i = 0; i < bgp->nr_neighbours; i++)
		free(bgp->neighbours[i]);
	free(bgp->neighbours);
	free(bgp->prefixes);
	free(bgp->file);
	free(bgp->socket);
	free(bgp->community);
}

static void bus_free(struct config_bus *bus)
{
	for (size_t i = 0; i < bus->nr_servers; i++)
		free(bus->servers[i]);
	free(bus->servers);
	free(bus->bucket);
	free(bus->credentials);
	free(bus->ca_file);
	free(bus->cert_file);
	free(bus->key_file);
}

void config_free(struct config *config)
{
	size_t i;

	if (!config)
		return;
	bgp_free(&config->bgp);
	for (i = 0; i < config->nr_pops; i++)
		pop_free(&config->pops[i]);
	for (i = 0; i < config->nr_nodes; i++)
		free(config->nodes[i].name);
	for (i = 0; i < config->nr_interfaces; i++)
		free(config->interfaces[i]);
	for (i = 0; i < config->nr_zones; i++) {
		free(config->zones[i].name);
		free(config->zones[i].file);
		free(config->zones[i].variants);
		free(config->zones[i].sign_key);
	}
	steering_free(config);
	free(config->pops);
	free(config->nodes);
	free(config->interfaces);
	bus_free(&config->bus);
	free(config->vips);
	free(config->zones);
	free(config->key_file);
	free(config->nsid);
	free(config->include_dir);
	free(config->cookie_secrets);
	free(config->metrics_token);
	free(config->limit.exempt);
	free(config->bpffs);
	free(config->run_dir);
	free(config->keep_dir);
	free(config->group);
	if (config->left_out)
		config_errors_free(config->left_out);
	free(config->left_out);
	free(config->text);
	free(config->path);
	free(config);
}

const struct config_node *config_node_by_id(const struct config *config, __u16 id)
{
	size_t i;

	for (i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].id == id)
			return &config->nodes[i];
	return NULL;
}

const struct config_node *config_node_by_name(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].name && !strcmp(config->nodes[i].name, name))
			return &config->nodes[i];
	return NULL;
}

const char *config_pop_name(const struct config *config, __u16 pop)
{
	return pop < config->nr_pops ? config->pops[pop].name : "?";
}
