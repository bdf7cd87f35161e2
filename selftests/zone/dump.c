// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dump.c: a zone as our reader holds it, for tests that bring another reader as oracle.
 *
 *   dump NAME FILE
 *
 * Out: one record a line, "owner name TTL type data", sorted; the owner name in lower case, the
 * type as its number, the data in hexadecimal ("-" for none). A zone that is refused: its errors on
 * stderr, exit code 1. Warnings go to stderr too.
 */
#include <stdio.h>
#include <stdlib.h>
#include "user/config/config.h"
#include "user/base/log.h"
#include "user/zone/zone.h"

static void dump_rr(const struct zone_rr *rr)
{
	char owner_name[NAME_TEXT];
	int i;

	printf("%s %u %u ", name_format(rr->owner_name, owner_name), rr->ttl, rr->type);
	for (i = 0; i < rr->rdlen; i++)
		printf("%02x", rr->rdata[i]);
	puts(rr->rdlen ? "" : "-");
}

int main(int argc, char **argv)
{
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;
	size_t i;

	if (argc != 3) {
		fprintf(stderr, "usage: dump NAME FILE\n");
		return 2;
	}
	log_set_level(LOG_WARN_);
	if (zone_load(argv[1], argv[2], NULL, &zone, &errors)) {
		config_errors_log(&errors);
		config_errors_free(&errors);
		return 1;
	}
	for (i = 0; i < zone->nr_rrs; i++)
		dump_rr(&zone->rrs[i]);
	zone_free(zone);
	return 0;
}
