// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * geo_file.c: reads a whole MaxMind database (geo_file.h).
 *
 * libmaxminddb maps the file; who writes to it or cuts it short at that time would kill us. So it
 * gets a copy that nobody else can write to. And it follows any node that a file names, so the walk
 * is bounded here: in a tree no node is met twice, but for what stands for IPv4 addresses, where
 * we do not go.
 */
#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "distance.h"
#include "geo_file.h"
#include "user/base/progress.h"
#include "user/config/country.h"

#define COPY_BYTES     (1 << 20)
#define PROGRESS_NODES (1 << 18)

/* --- the copy --------------------------------------------------------------------------------- */

static int copy_bytes(int from, int to, __u64 *bytes)
{
	char *buffer = malloc(COPY_BYTES);
	ssize_t got;
	int err = buffer ? 0 : -ENOMEM;

	while (!err && (got = read(from, buffer, COPY_BYTES))) {
		*bytes += got > 0 ? got : 0;
		if (got < 0)
			err = -errno;
		else if (*bytes > GEO_BYTES_MAX)
			err = -EFBIG;
		else if (write(to, buffer, got) != got)
			err = -ENOMEM;
	}
	free(buffer);
	return err;
}

/* A descriptor of a copy in memory, or -errno. */
static int copy_file(const char *path, __u64 *bytes)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), to, err;
	struct stat st;

	if (from < 0)
		return -errno;
	to = memfd_create("geo", MFD_CLOEXEC);
	if (to < 0 || fstat(from, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else
		err = copy_bytes(from, to, bytes);
	close(from);
	if (!err)
		return to;
	if (to >= 0)
		close(to);
	return err;
}

/* --- records ---------------------------------------------------------------------------------- */

/* The same piece of the file is the same record: its offset leads to its number. */
struct known {
	__u32 offset;
	__u32 number; /* 0: free */
};

struct walk {
	MMDB_s mmdb;
	struct geo_file *file;
	struct known *known;
	size_t room; /* of @known: a power of two */
	__u64 nodes; /* met */
	const char *why;
};

static bool get_text(MMDB_entry_s *entry, const char *const *path, char *text, size_t size)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING || !data.data_size || data.data_size >= size)
		return false;
	memcpy(text, data.utf8_string, data.data_size);
	text[data.data_size] = '\0';
	return true;
}

/* As MaxMind has it, then as others do. The network's own country is for want of a better. */
static void read_country(MMDB_entry_s *entry, struct geo_record *record)
{
	static const char *const paths[][3] = {
		{ "country", "iso_code" },
		{ "country_code" },
		{ "country" },
		{ "registered_country", "iso_code" },
	};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (get_text(entry, paths[i], record->country, sizeof(record->country)) &&
		    country_find(record->country))
			return;
		memset(record->country, 0, sizeof(record->country));
	}
}

static void read_continent(MMDB_entry_s *entry, struct geo_record *record)
{
	static const char *const paths[][3] = {
		{ "continent", "code" },
		{ "continent_code" },
	};
	const struct country *country = country_find(record->country);
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (get_text(entry, paths[i], record->continent, sizeof(record->continent)) &&
		    country_is_continent(record->continent))
			return;
		memset(record->continent, 0, sizeof(record->continent));
	}
	if (country)
		memcpy(record->continent, country->continent, sizeof(record->continent));
}

static void read_subdivision(MMDB_entry_s *entry, struct geo_record *record)
{
	static const char *const path[] = { "subdivisions", "0", "iso_code", NULL };
	char code[4];

	if (*record->country && get_text(entry, path, code, sizeof(code)))
		snprintf(record->subdivision, sizeof(record->subdivision), "%.2s-%.3s",
			 record->country, code);
}

static void read_asn(MMDB_entry_s *entry, struct geo_record *record)
{
	static const char *const paths[][2] = { { "autonomous_system_number" }, { "asn" } };
	MMDB_entry_data_s data;
	char text[16];
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths) && !record->asn; i++) {
		if (get_text(entry, paths[i], text, sizeof(text)) && !strncmp(text, "AS", 2))
			record->asn = strtoul(text + 2, NULL, 10);
		else if (!MMDB_aget_value(entry, &data, paths[i]) && data.has_data &&
			 data.type == MMDB_DATA_TYPE_UINT32)
			record->asn = data.uint32;
	}
}

static bool get_degrees(MMDB_entry_s *entry, const char *name, double *degrees)
{
	const char *const path[] = { "location", name, NULL };
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_DOUBLE)
		return false;
	*degrees = data.double_value;
	return true;
}

static void read_cell(MMDB_entry_s *entry, struct geo_record *record)
{
	double latitude, longitude;

	if (get_degrees(entry, "latitude", &latitude) &&
	    get_degrees(entry, "longitude", &longitude))
		record->cell = distance_cell(latitude, longitude);
}

static int add_record(struct walk *walk, MMDB_entry_s *entry)
{
	struct geo_file *file = walk->file;
	struct geo_record *longer;
	MMDB_entry_data_s data;

	if (MMDB_get_value(entry, &data, NULL)) {
		walk->why = "is damaged: it has an address whose record cannot be read";
		return -EINVAL;
	}
	if (!(file->nr_records & (file->nr_records - 1))) { /* full at every power of two */
		longer = reallocarray(file->records, 2 * file->nr_records, sizeof(*longer));
		if (!longer)
			return -ENOMEM;
		file->records = longer;
	}
	memset(&file->records[file->nr_records], 0, sizeof(*file->records));
	read_country(entry, &file->records[file->nr_records]);
	read_continent(entry, &file->records[file->nr_records]);
	read_subdivision(entry, &file->records[file->nr_records]);
	read_asn(entry, &file->records[file->nr_records]);
	read_cell(entry, &file->records[file->nr_records]);
	file->nr_records++;
	return 0;
}

static struct known *known_find(const struct walk *walk, __u32 offset)
{
	size_t at = offset * 0x9E3779B1u & (walk->room - 1);

	while (walk->known[at].number && walk->known[at].offset != offset)
		at = (at + 1) & (walk->room - 1);
	return &walk->known[at];
}

static int known_grow(struct walk *walk)
{
	struct walk wider = { .room = walk->room ? 2 * walk->room : 4096 };
	size_t i;

	wider.known = calloc(wider.room, sizeof(*wider.known));
	if (!wider.known)
		return -ENOMEM;
	for (i = 0; i < walk->room; i++)
		if (walk->known[i].number)
			*known_find(&wider, walk->known[i].offset) = walk->known[i];
	free(walk->known);
	walk->known = wider.known;
	walk->room = wider.room;
	return 0;
}

/* The number of a record; -errno. */
static int record_number(struct walk *walk, MMDB_entry_s *entry, __u32 *number)
{
	struct known *known;
	int err = 2 * walk->file->nr_records >= walk->room ? known_grow(walk) : 0;

	if (err)
		return err;
	known = known_find(walk, entry->offset);
	if (!known->number) {
		err = add_record(walk, entry);
		if (err)
			return err;
		*known = (struct known){ entry->offset, walk->file->nr_records - 1 };
	}
	*number = known->number;
	return 0;
}

/* --- the tree --------------------------------------------------------------------------------- */

/* One of a node's two records. */
struct branch {
	__u8 type;
	__u64 node;
	MMDB_entry_s entry;
};

static int read_branch(struct walk *walk, __u32 node, int side, struct branch *branch)
{
	MMDB_search_node_s both;
	const char *corrupt = "is damaged: its search tree leads nowhere";

	if (++walk->nodes > 2ull * walk->mmdb.metadata.node_count + 1024) {
		walk->why = "is damaged: its search tree leads back to itself";
		return -EINVAL;
	}
	if (walk->nodes % PROGRESS_NODES == 0 &&
	    !progress_at("reading geo database: %llu of %u nodes", (unsigned long long)walk->nodes,
			 walk->mmdb.metadata.node_count))
		return -ECANCELED;
	if (MMDB_read_node(&walk->mmdb, node, &both)) {
		walk->why = corrupt;
		return -EINVAL;
	}
	branch->type = side ? both.right_record_type : both.left_record_type;
	branch->node = side ? both.right_record : both.left_record;
	branch->entry = side ? both.right_record_entry : both.left_record_entry;
	if (branch->type == MMDB_RECORD_TYPE_INVALID) {
		walk->why = corrupt;
		return -EINVAL;
	}
	return 0;
}

static __u64 ones_below(unsigned int depth, unsigned int width)
{
	return depth == width ? 0 : ~0ull >> (64 - width + depth);
}

/* What steer_locate() takes for IPv4 addresses, as the first @depth bits of an IPv6 address. */
static bool is_ip4_inside(__u64 key, unsigned int depth)
{
	return (depth == 16 && key >> 48 == 0x2002) || (depth == 32 && key >> 32 == 0x20010000) ||
	       (depth == 64 && (!key || key == 0x64ff9bull << 32));
}

static int walk_branch(struct walk *walk, const struct branch *branch, __u64 key,
		       unsigned int depth, unsigned int width, struct steer_ranges *ranges)
{
	MMDB_entry_s entry = branch->entry;
	struct branch below;
	__u32 number = 0;
	int err = 0, side;

	if (width == 64 && is_ip4_inside(key, depth))
		return steer_ranges_add(ranges, key | ones_below(depth, width), 0);
	if (branch->type == MMDB_RECORD_TYPE_SEARCH_NODE && depth < width) {
		for (side = 0; !err && side < 2; side++) {
			err = read_branch(walk, branch->node, side, &below);
			err = err
				      ?: walk_branch(walk, &below,
						     key | (__u64)side << (width - depth - 1),
						     depth + 1, width, ranges);
		}
		return err;
	}
	if (branch->type == MMDB_RECORD_TYPE_DATA)
		err = record_number(walk, &entry, &number);
	return err ?: steer_ranges_add(ranges, key | ones_below(depth, width), number);
}

/* In a tree of IPv6 addresses, IPv4 addresses stand behind 96 zeros. */
static int find_ip4(struct walk *walk, struct branch *branch)
{
	unsigned int zeros = walk->mmdb.metadata.ip_version == 6 ? 96 : 0;
	int err = 0;

	while (!err && zeros-- && branch->type == MMDB_RECORD_TYPE_SEARCH_NODE)
		err = read_branch(walk, branch->node, 0, branch);
	return err;
}

static int walk_all(struct walk *walk)
{
	const struct branch top = { .type = MMDB_RECORD_TYPE_SEARCH_NODE };
	struct branch ip4 = top;
	int err;

	walk->file->records = calloc(1, sizeof(*walk->file->records));
	if (!walk->file->records)
		return -ENOMEM;
	walk->file->nr_records = 1;
	err = find_ip4(walk, &ip4);
	err = err ?: walk_branch(walk, &ip4, 0, 0, 32, &walk->file->ip4);
	walk->nodes = 0;
	if (!err && walk->mmdb.metadata.ip_version == 6)
		err = walk_branch(walk, &top, 0, 0, 64, &walk->file->ip6);
	else if (!err)
		err = steer_ranges_add(&walk->file->ip6, ~0ull, 0);
	return err;
}

static int refuse(struct walk *walk, const char *why)
{
	walk->why = why;
	return -EINVAL;
}

static int read_mmdb(struct walk *walk, int fd)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = MMDB_open(path, MMDB_MODE_MMAP, &walk->mmdb);
	switch (err) {
	case MMDB_SUCCESS:
		break;
	case MMDB_OUT_OF_MEMORY_ERROR:
		return -ENOMEM;
	case MMDB_INVALID_METADATA_ERROR:
		return refuse(walk, "is no whole database in MaxMind's format: what ought to stand "
				    "at its end is not there");
	case MMDB_UNKNOWN_DATABASE_FORMAT_ERROR:
		return refuse(walk, "is of a version of MaxMind's format that is not known");
	default:
		return refuse(walk, MMDB_strerror(err));
	}
	walk->file->built_real_s = walk->mmdb.metadata.build_epoch;
	err = walk_all(walk);
	MMDB_close(&walk->mmdb);
	return err;
}

int geo_file_read(const char *path, struct geo_file *file, const char **why)
{
	struct walk walk = { .file = file };
	int err, fd;

	memset(file, 0, sizeof(*file));
	*why = NULL;
	fd = copy_file(path, &file->bytes);
	if (fd < 0) {
		*why = fd == -EINVAL ? "is no regular file" : NULL;
		return fd;
	}
	err = file->bytes ? read_mmdb(&walk, fd) : refuse(&walk, "is empty");
	close(fd);
	free(walk.known);
	*why = walk.why;
	if (err)
		geo_file_free(file);
	return err;
}

void geo_file_free(struct geo_file *file)
{
	steer_ranges_free(&file->ip4);
	steer_ranges_free(&file->ip6);
	free(file->records);
	memset(file, 0, sizeof(*file));
}
