// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nodes_file.c: the nodes that the bus knows (nodes_file.h). A line of the file is one of
 *
 *	node ID NAME POP TUNNEL MTU SEQ
 *	forgotten ID NAME SEQ BY-SEQ
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "config_schema.h"
#include "nodes_file.h"
#include "user/base/addr.h"
#include "user/base/file.h"

#define HEAD                                                                                       \
	"# Written by anydoor: the nodes that the bus knows. Without this file they come from "    \
	"the "                                                                                     \
	"bus again.\n"
#define WORDS	  7
#define LINE_MOST 512
#define MTU_MIN	  1280

/* --- the list --------------------------------------------------------------------------------- */

static size_t place_of(const struct known_nodes *nodes, __u16 id)
{
	size_t low = 0, high = nodes->nr, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (nodes->list[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct known_node *known_nodes_find(const struct known_nodes *nodes, __u16 id)
{
	size_t at = place_of(nodes, id);

	return at < nodes->nr && nodes->list[at].id == id ? &nodes->list[at] : NULL;
}

/* NULL: no memory. */
static struct known_node *find_or_make(struct known_nodes *nodes, __u16 id)
{
	size_t at = place_of(nodes, id);
	struct known_node *list = nodes->list;

	if (at < nodes->nr && list[at].id == id)
		return &list[at];
	if (!(nodes->nr & (nodes->nr - 1))) { /* full at every power of two */
		list = reallocarray(list, nodes->nr ? 2 * nodes->nr : 1, sizeof(*list));
		if (!list)
			return NULL;
		nodes->list = list;
	}
	memmove(&list[at + 1], &list[at], (nodes->nr++ - at) * sizeof(*list));
	memset(&list[at], 0, sizeof(*list));
	list[at].id = id;
	return &list[at];
}

void known_nodes_free(struct known_nodes *nodes)
{
	free(nodes->list);
	memset(nodes, 0, sizeof(*nodes));
}

const char *known_node_trouble(const struct known_node *node)
{
	if (!node->id || node->id >= 1u << AD_OWNER_BITS_MAX)
		return "has an id that no node can have";
	if (!name_is_good(node->name))
		return "has a name that no node can have";
	if (!name_is_good(node->pop))
		return "has a POP whose name no POP can have";
	if (node->mtu && node->mtu < MTU_MIN)
		return "has an MTU below 1280";
	return address_trouble(&node->tunnel);
}

/* Another that has the name or the tunnel address. */
static const struct known_node *find_rival(const struct known_nodes *nodes,
					   const struct known_node *node)
{
	size_t i;

	for (i = 0; i < nodes->nr; i++) {
		const struct known_node *other = &nodes->list[i];

		if (other->id != node->id && !other->is_forgotten &&
		    (!strcmp(other->name, node->name) ||
		     !addr_compare(&other->tunnel, &node->tunnel)))
			return other;
	}
	return NULL;
}

/*
 * Flows know their node by its id: another machine cannot have it while they may live. NULL, or the
 * node that must be forgotten first.
 */
static const struct known_node *find_predecessor(const struct known_node *old,
						 const struct known_node *node)
{
	return old && !old->is_forgotten && strcmp(old->name, node->name) ? old : NULL;
}

static bool is_refused(const struct known_nodes *nodes, const struct known_node *old,
		       const struct known_node *node, char why[KNOWN_WHY])
{
	const char *trouble = known_node_trouble(node), *what = "id";
	const struct known_node *other = trouble ? NULL : find_predecessor(old, node);

	if (!trouble && !other) {
		other = find_rival(nodes, node);
		what = other && !strcmp(other->name, node->name) ? "name" : "tunnel address";
	}
	if (trouble)
		snprintf(why, KNOWN_WHY, "%s", trouble);
	else if (other)
		snprintf(why, KNOWN_WHY,
			 "has the %s of %s (node %u): if that one is gone for good, "
			 "`anydoor bus forget %u`",
			 what, other->name, other->id, other->id);
	return trouble || other;
}

static bool is_alike(const struct known_node *a, const struct known_node *b)
{
	return a->is_forgotten == b->is_forgotten && a->mtu == b->mtu &&
	       !strcmp(a->name, b->name) && !strcmp(a->pop, b->pop) &&
	       !addr_compare(&a->tunnel, &b->tunnel);
}

enum known_verdict known_nodes_take(struct known_nodes *nodes, const struct known_node *node,
				    char why[KNOWN_WHY])
{
	struct known_node *old = known_nodes_find(nodes, node->id);

	if (old && node->seq <= old->seq)
		return KNOWN_SAME;
	if (old && is_alike(old, node)) {
		old->seq = node->seq;
		return KNOWN_SAME;
	}
	if (is_refused(nodes, old, node, why))
		return KNOWN_REFUSED;
	old = old ?: find_or_make(nodes, node->id);
	if (!old) {
		snprintf(why, KNOWN_WHY, "%s", strerror(ENOMEM));
		return KNOWN_REFUSED;
	}
	*old = *node;
	return KNOWN_CHANGED;
}

bool known_nodes_forget(struct known_nodes *nodes, const struct known_node *node)
{
	struct known_node *old = known_nodes_find(nodes, node->id);

	if (old && (old->is_forgotten ? old->by_seq >= node->by_seq : old->seq > node->seq))
		return false;
	old = old ?: find_or_make(nodes, node->id);
	if (!old)
		return false;
	*old = *node;
	old->is_forgotten = true;
	return true;
}

/* --- the file --------------------------------------------------------------------------------- */

char *nodes_file_path(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s.nodes", dir, name) < 0 ? NULL : path;
}

static bool read_number(const char *text, __u64 most, __u64 *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return strspn(text, "0123456789") == strlen(text) && *text && !*end && !errno &&
	       *number <= most;
}

static bool read_name(const char *text, char name[CONFIG_NAME_MAX + 1])
{
	return (size_t)snprintf(name, CONFIG_NAME_MAX + 1, "%s", text) <= CONFIG_NAME_MAX;
}

/* False: it is none. */
static bool read_words(char *const words[WORDS], size_t nr, struct known_node *node)
{
	__u64 id, mtu = 0;

	memset(node, 0, sizeof(*node));
	node->is_forgotten = !strcmp(words[0], "forgotten");
	if (nr != (node->is_forgotten ? 5 : 7) || !read_number(words[1], 0xffff, &id) ||
	    !read_name(words[2], node->name) || !name_is_good(node->name))
		return false;
	node->id = id;
	if (node->is_forgotten)
		return id && id < 1u << AD_OWNER_BITS_MAX &&
		       read_number(words[3], UINT64_MAX, &node->seq) &&
		       read_number(words[4], UINT64_MAX, &node->by_seq);
	if (strcmp(words[0], "node") || !read_name(words[3], node->pop) ||
	    addr_parse(words[4], &node->tunnel) || !read_number(words[5], 0xffff, &mtu) ||
	    !read_number(words[6], UINT64_MAX, &node->seq))
		return false;
	node->mtu = mtu;
	return !known_node_trouble(node);
}

static size_t split(char *line, char *words[WORDS])
{
	char *word, *rest = line;
	size_t nr = 0;

	while ((word = strsep(&rest, " \n"))) {
		if (!*word)
			continue;
		if (nr == WORDS)
			return nr + 1;
		words[nr++] = word;
	}
	return nr;
}

static bool add_line(struct known_nodes *nodes, char *line, int number)
{
	struct known_node node, *place;
	char *words[WORDS];
	size_t nr = split(line, words);

	if (!nr || !read_words(words, nr, &node) || known_nodes_find(nodes, node.id))
		return false;
	place = find_or_make(nodes, node.id);
	if (!place)
		return false;
	node.line = number;
	*place = node;
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct known_node *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int by_tunnel(const void *a, const void *b)
{
	const struct known_node *const *x = a, *const *y = b;

	return addr_compare(&(*x)->tunnel, &(*y)->tunnel);
}

static int later_line(const struct known_node *a, const struct known_node *b)
{
	return a->line > b->line ? a->line : b->line;
}

/* The line of one that has the name or the tunnel address of another; 0: there is none. */
static int find_twin(const struct known_nodes *nodes)
{
	int (*const orders[])(const void *a, const void *b) = { by_name, by_tunnel };
	const struct known_node **sorted = calloc(nodes->nr + 1, sizeof(*sorted));
	size_t nr = 0, i, by;
	int line = 0;

	for (i = 0; sorted && i < nodes->nr; i++)
		if (!nodes->list[i].is_forgotten)
			sorted[nr++] = &nodes->list[i];
	for (by = 0; nr && by < sizeof(orders) / sizeof(*orders); by++) {
		qsort(sorted, nr, sizeof(const struct known_node *), orders[by]);
		for (i = 1; i < nr; i++)
			if (!orders[by](&sorted[i - 1], &sorted[i]))
				line = later_line(sorted[i - 1], sorted[i]);
	}
	free(sorted);
	return line;
}

static int read_lines(FILE *file, struct known_nodes *nodes, int *number)
{
	char line[LINE_MOST];

	while (fgets(line, sizeof(line), file)) {
		++*number;
		if (*line != '#' && (!strchr(line, '\n') || !add_line(nodes, line, *number)))
			return -EINVAL;
	}
	if (ferror(file))
		return -EIO;
	*number = find_twin(nodes);
	return *number ? -EINVAL : 0;
}

static int read_file(FILE *file, struct known_nodes *nodes, int *line)
{
	struct stat st;

	if (fstat(fileno(file), &st))
		return -errno;
	return S_ISREG(st.st_mode) ? read_lines(file, nodes, line) : -EISDIR;
}

int nodes_file_read(const char *path, struct known_nodes *nodes, struct config_errors *errors)
{
	FILE *file = fopen(path, "re");
	int line = 0, err = file ? 0 : -errno;

	memset(nodes, 0, sizeof(*nodes));
	if (file) {
		err = read_file(file, nodes, &line);
		fclose(file);
	} else if (err == -ENOENT) {
		return 0;
	}
	if (err == -EINVAL)
		config_errors_add(errors, path, line,
				  "fits in no list of nodes: remove the file, and it is written "
				  "again when the bus is heard");
	else if (err)
		config_errors_add(errors, path, 0, "%s",
				  err == -EISDIR ? "not a regular file" : strerror(-err));
	return err;
}

static void write_node(FILE *out, const struct known_node *node)
{
	char address[ADDR_TEXT];

	if (node->is_forgotten)
		fprintf(out, "forgotten %u %s %" PRIu64 " %" PRIu64 "\n", node->id, node->name,
			(uint64_t)node->seq, (uint64_t)node->by_seq);
	else
		fprintf(out, "node %u %s %s %s %u %" PRIu64 "\n", node->id, node->name, node->pop,
			addr_format(&node->tunnel, address), node->mtu, (uint64_t)node->seq);
}

int nodes_file_write(const char *path, const struct known_nodes *nodes)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	int err = -ENOMEM;

	if (!out)
		return err;
	fputs(HEAD, out);
	for (i = 0; i < nodes->nr; i++)
		write_node(out, &nodes->list[i]);
	if (!fclose(out))
		err = file_write(path, text, 0644);
	free(text);
	return err;
}
