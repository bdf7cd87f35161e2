/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mmdb_fixture.h: writes small databases in MaxMind's format (its specification, version 2.0):
 * records of 32 bits, data as it comes.
 */
#ifndef AD_MMDB_FIXTURE_H
#define AD_MMDB_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/steer/geo_file.h"

#define MMDB_BYTES   (1 << 20)
#define MMDB_NODES   (1 << 16)
#define MMDB_NOTHING 0xffffffffu
#define MMDB_DATA    0x80000000u /* of a side: an offset in the data, not a node */

struct mmdb {
	unsigned int ip_version;
	__u32 nodes[MMDB_NODES][2];
	__u32 nr_nodes;
	__u8 data[MMDB_BYTES];
	size_t nr_data;
	bool is_flat; /* country_code and the like, as some have it */
};

static inline void mmdb_start(struct mmdb *mmdb, unsigned int ip_version)
{
	memset(mmdb, 0, sizeof(*mmdb));
	mmdb->ip_version = ip_version;
	mmdb->nodes[0][0] = mmdb->nodes[0][1] = MMDB_NOTHING;
	mmdb->nr_nodes = 1;
}

static inline void mmdb_byte(struct mmdb *mmdb, __u8 byte)
{
	mmdb->data[mmdb->nr_data++] = byte;
}

static inline void mmdb_number(struct mmdb *mmdb, unsigned int type, __u64 value)
{
	unsigned int bytes = 0, i;

	while (bytes < 8 && value >> (8 * bytes))
		bytes++;
	if (type > 7) {
		mmdb_byte(mmdb, bytes);
		mmdb_byte(mmdb, type - 7);
	} else {
		mmdb_byte(mmdb, type << 5 | bytes);
	}
	for (i = bytes; i--;)
		mmdb_byte(mmdb, value >> (8 * i));
}

static inline void mmdb_text(struct mmdb *mmdb, const char *text)
{
	mmdb_byte(mmdb, 2 << 5 | strlen(text));
	while (*text)
		mmdb_byte(mmdb, *text++);
}

static inline void mmdb_map(struct mmdb *mmdb, unsigned int nr)
{
	mmdb_byte(mmdb, 7 << 5 | nr);
}

static inline void mmdb_pair(struct mmdb *mmdb, const char *outer, const char *inner,
			     const char *value)
{
	mmdb_text(mmdb, outer);
	if (inner) {
		mmdb_map(mmdb, 1);
		mmdb_text(mmdb, inner);
	}
	mmdb_text(mmdb, value);
}

/* Gives the record's place. */
static inline __u32 mmdb_record(struct mmdb *mmdb, const struct geo_record *record)
{
	__u32 at = mmdb->nr_data;

	mmdb_map(mmdb, !!*record->continent + !!*record->country + !!*record->subdivision +
			       !!record->asn);
	if (*record->continent)
		mmdb_pair(mmdb, mmdb->is_flat ? "continent_code" : "continent",
			  mmdb->is_flat ? NULL : "code", record->continent);
	if (*record->country)
		mmdb_pair(mmdb, mmdb->is_flat ? "country_code" : "country",
			  mmdb->is_flat ? NULL : "iso_code", record->country);
	if (*record->subdivision) {
		mmdb_text(mmdb, "subdivisions");
		mmdb_byte(mmdb, 1); /* an array of one */
		mmdb_byte(mmdb, 11 - 7);
		mmdb_map(mmdb, 1);
		mmdb_text(mmdb, "iso_code");
		mmdb_text(mmdb, record->subdivision + 3);
	}
	if (record->asn) {
		mmdb_text(mmdb, "autonomous_system_number");
		mmdb_number(mmdb, 6, record->asn);
	}
	return at;
}

/* What was put before stays where it is not in the way. @bits: of the family. */
static inline void mmdb_put(struct mmdb *mmdb, const struct ad_addr *addr, unsigned int bits,
			    const struct geo_record *record)
{
	bool is_ip4 = addr_is_ip4(addr);
	unsigned int depth, first = is_ip4 && mmdb->ip_version == 4 ? 96 : 0, side;
	unsigned int last = bits + (is_ip4 ? 96 : 0);
	__u32 node = 0, *to;

	for (depth = first;; depth++) {
		side = addr->b[depth / 8] >> (7 - depth % 8) & 1;
		if (is_ip4 && depth < 96) /* IPv4 stands behind 96 zeros */
			side = 0;
		to = &mmdb->nodes[node][side];
		if (depth + 1 == last)
			break;
		if (*to & MMDB_DATA) {
			mmdb->nodes[mmdb->nr_nodes][0] = mmdb->nodes[mmdb->nr_nodes][1] = *to;
			*to = mmdb->nr_nodes++;
		}
		node = *to;
	}
	*to = MMDB_DATA | mmdb_record(mmdb, record);
}

static inline void mmdb_metadata(struct mmdb *mmdb)
{
	static const char marker[] = "\xab\xcd\xefMaxMind.com";
	const char *at;

	for (at = marker; *at; at++)
		mmdb_byte(mmdb, *at);
	mmdb_map(mmdb, 9);
	mmdb_text(mmdb, "node_count");
	mmdb_number(mmdb, 6, mmdb->nr_nodes);
	mmdb_text(mmdb, "record_size");
	mmdb_number(mmdb, 5, 32);
	mmdb_text(mmdb, "ip_version");
	mmdb_number(mmdb, 5, mmdb->ip_version);
	mmdb_pair(mmdb, "database_type", NULL, "Test");
	mmdb_text(mmdb, "languages");
	mmdb_byte(mmdb, 0);
	mmdb_byte(mmdb, 11 - 7);
	mmdb_text(mmdb, "binary_format_major_version");
	mmdb_number(mmdb, 5, 2);
	mmdb_text(mmdb, "binary_format_minor_version");
	mmdb_number(mmdb, 5, 0);
	mmdb_text(mmdb, "build_epoch");
	mmdb_number(mmdb, 9, 1700000000);
	mmdb_text(mmdb, "description");
	mmdb_map(mmdb, 0);
}

static inline void mmdb_write(struct mmdb *mmdb, const char *path)
{
	static const __u8 separator[16];
	FILE *file = fopen(path, "we");
	size_t data = mmdb->nr_data;
	__u32 node, side, value;

	for (node = 0; node < mmdb->nr_nodes; node++) {
		for (side = 0; side < 2; side++) {
			value = mmdb->nodes[node][side];
			if (value == MMDB_NOTHING)
				value = mmdb->nr_nodes;
			else if (value & MMDB_DATA)
				value = (value & ~MMDB_DATA) + mmdb->nr_nodes + sizeof(separator);
			value = __builtin_bswap32(value);
			fwrite(&value, sizeof(value), 1, file);
		}
	}
	fwrite(separator, sizeof(separator), 1, file);
	mmdb_metadata(mmdb);
	fwrite(mmdb->data, 1, mmdb->nr_data, file);
	mmdb->nr_data = data;
	if (fclose(file))
		abort();
}

#endif
