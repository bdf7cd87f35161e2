// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * networks.c: networks of regions, nested as they are, into ranges (networks.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "networks.h"
#include "user/base/addr.h"
#include "user/base/printable.h"

#define LINE_MAX_BYTES 512 /* of a network and a comment */
#define NETWORKS_MAX   (1 << 22)
#define DEPTH_MAX      65 /* networks within each other have different lengths */

struct lists {
	struct networks *ip4, *ip6;
};

static int add(struct networks *networks, __u64 start, unsigned int bits, unsigned int width,
	       __u16 region)
{
	struct network *longer;

	if (networks->nr == networks->room) {
		networks->room = networks->room ? 2 * networks->room : 64;
		longer = reallocarray(networks->list, networks->room, sizeof(*longer));
		if (!longer)
			return -ENOMEM;
		networks->list = longer;
	}
	networks->list[networks->nr++] = (struct network){
		.start = start,
		.end = start | (bits == width ? 0 : ~0ull >> (64 - width + bits)),
		.region = region,
		.bits = bits,
	};
	return 0;
}

static int add_prefix(const struct lists *lists, const struct config_prefix *prefix, __u16 region)
{
	if (addr_is_ip4(&prefix->address) && prefix->bits >= 96)
		return add(lists->ip4, __builtin_bswap32(prefix->address.w[3]), prefix->bits - 96,
			   32, region);
	return add(lists->ip6, __builtin_bswap64(prefix->address.q[0]), prefix->bits, 64, region);
}

/* --- files ------------------------------------------------------------------------------------ */

/* A network and perhaps a comment, or nothing. NULL, or what is wrong with @line. */
static const char *parse_line(char *line, struct config_prefix *prefix, bool *is_empty)
{
	const char *trouble;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	*is_empty = !*line;
	if (*is_empty)
		return NULL;
	line[strcspn(line, " \t")] = '\0';
	trouble = config_prefix_parse(line, prefix);
	return trouble ?: config_network_trouble(prefix);
}

static int read_lines(FILE *file, const char *path, const struct lists *lists, __u16 region,
		      struct config_errors *errors)
{
	char line[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
	struct config_prefix prefix;
	const char *trouble;
	int number, err = 0;
	bool is_empty;

	for (number = 1; !err && fgets(line, sizeof(line), file); number++) {
		if (!strchr(line, '\n') && strlen(line) == sizeof(line) - 1) {
			config_errors_add(errors, path, number, "is longer than %d bytes",
					  LINE_MAX_BYTES - 2);
			return -EINVAL;
		}
		trouble = parse_line(line, &prefix, &is_empty);
		printable(text, 64, line + strspn(line, " \t"));
		if (trouble)
			config_errors_add(errors, path, number, "\"%s\" %s", text, trouble);
		else if (!is_empty)
			err = add_prefix(lists, &prefix, region);
		if (lists->ip4->nr + lists->ip6->nr > NETWORKS_MAX) {
			config_errors_add(errors, path, number, "more than %d networks in all",
					  NETWORKS_MAX);
			return -EINVAL;
		}
	}
	return err ?: ferror(file) ? -EIO : 0;
}

static int read_file(const struct config_region *from, __u16 region, const struct lists *lists,
		     struct config_errors *errors)
{
	size_t before = errors->nr;
	FILE *file = fopen(from->network_file, "re");
	struct stat st;
	int err = 0;

	if (!file || fstat(fileno(file), &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else
		err = read_lines(file, from->network_file, lists, region, errors);
	if (file)
		fclose(file);
	if (err && err != -ENOMEM && errors->nr == before)
		config_errors_add(errors, from->network_file, 0, "%s (networks of region %s)",
				  err == -EINVAL ? "not a regular file" : strerror(-err),
				  from->name);
	return err ?: errors->nr > before ? -EINVAL : 0;
}

/* --- nesting ---------------------------------------------------------------------------------- */

/* What lies around comes first. */
static int by_place(const void *a, const void *b)
{
	const struct network *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return (x->region > y->region) - (x->region < y->region);
}

struct nesting {
	struct networks *networks;
	__u32 open[DEPTH_MAX]; /* those that the place at hand is in, the longest last */
	unsigned int depth;
	unsigned __int128 at; /* where the next range starts */
};

static __u32 innermost(const struct nesting *nesting)
{
	return nesting->depth ? nesting->open[nesting->depth - 1] : 0;
}

static int advance(struct nesting *nesting, unsigned __int128 to)
{
	int err = 0;

	if (to > nesting->at)
		err = steer_ranges_add(&nesting->networks->ranges, to - 1, innermost(nesting));
	nesting->at = to;
	return err;
}

/* Closes what ends before @start. */
static int close_before(struct nesting *nesting, unsigned __int128 start)
{
	const struct network *list = nesting->networks->list;
	int err = 0;

	while (!err && nesting->depth && list[innermost(nesting)].end < start) {
		err = advance(nesting, (unsigned __int128)list[innermost(nesting)].end + 1);
		nesting->depth--;
	}
	return err;
}

static int nest(struct networks *networks, unsigned int width)
{
	struct nesting nesting = { .networks = networks };
	struct network *list = networks->list;
	__u32 i, top;
	int err = 0;

	qsort(list + 1, networks->nr - 1, sizeof(*list), by_place);
	for (i = 1; !err && i < networks->nr; i++) {
		err = close_before(&nesting, list[i].start);
		top = innermost(&nesting);
		if (top && list[top].start == list[i].start && list[top].bits == list[i].bits) {
			list[i].same = list[top].same;
			list[top].same = i;
			continue;
		}
		list[i].around = top;
		err = err ?: advance(&nesting, list[i].start);
		nesting.open[nesting.depth++] = i;
	}
	err = err ?: close_before(&nesting, (unsigned __int128)1 << width);
	return err ?: advance(&nesting, (unsigned __int128)1 << width);
}

int networks_read(const struct config *config, struct config_errors *errors, struct networks *ip4,
		  struct networks *ip6)
{
	const struct lists lists = { ip4, ip6 };
	bool is_wrong = false;
	size_t region, i;
	int err = add(ip4, 0, 0, 32, 0) ?: add(ip6, 0, 0, 64, 0); /* number 0 */

	for (region = 0; !err && region < config->nr_regions; region++) {
		const struct config_region *from = &config->regions[region];

		for (i = 0; !err && i < from->networks.nr; i++)
			err = add_prefix(&lists, &from->networks.list[i], region);
		if (err || !from->network_file)
			continue;
		err = read_file(from, region, &lists, errors);
		is_wrong = is_wrong || err;
		err = err == -ENOMEM ? err : 0;
	}
	if (err || is_wrong)
		return err ?: -EINVAL;
	return nest(ip4, 32) ?: nest(ip6, 64);
}

void networks_free(struct networks *networks)
{
	free(networks->list);
	steer_ranges_free(&networks->ranges);
	memset(networks, 0, sizeof(*networks));
}
