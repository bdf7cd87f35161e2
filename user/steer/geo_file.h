/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * geo_file.h: one database in MaxMind's format, read whole: which addresses have which record.
 */
#ifndef AD_GEO_FILE_H
#define AD_GEO_FILE_H

#include "steer_map.h"

/* What a database says of an address; empty texts and 0: nothing. */
struct geo_record {
	char continent[3];
	char country[3];
	char subdivision[8]; /* as ISO 3166-2, its country with it */
	__u32 asn;
	__u16 cell; /* of distance.h; 0: no coordinates */
};

struct geo_file {
	/* Their locations are numbers of records, of which 0 is empty. */
	struct steer_ranges ip4, ip6;
	struct geo_record *records;
	size_t nr_records;
	__u64 built_real_s; /* by the database's own word */
	__u64 bytes;
};

#define GEO_BYTES_MAX (2ull << 30)

/*
 * 0, or -EINVAL with @why, what is wrong with the file (a literal or of static storage), or -errno:
 * it cannot be read; or -ECANCELED (user/base/progress.h). The file may be replaced or written to
 * meanwhile. IPv6 networks that steer_locate() reads as IPv4 addresses have no record.
 */
int geo_file_read(const char *path, struct geo_file *file, const char **why);
void geo_file_free(struct geo_file *file);

#endif
