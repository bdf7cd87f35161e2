// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_zone.c: any bytes as a zone file. What passes the checks must compile, and every name of
 * it must be answered from the zone it is in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "user/config.h"
#include "user/dns_home.h"
#include "user/log.h"
#include "user/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct dns_work *work;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_ERR_);
	work = calloc(1, sizeof(*work));
	return work ? 0 : 1;
}

/* By UDP and without EDNS, so that not everything fits. */
static void ask(const struct zone_rr *rr)
{
	size_t len = name_len(rr->owner);

	memset(work->msg, 0, DNS_UDP_MIN);
	work->msg[5] = 1;
	memcpy(work->msg + DNS_HEADER, rr->owner, len);
	dns_put16(work, DNS_HEADER + len, rr->type);
	dns_put16(work, DNS_HEADER + len + 2, DNS_CLASS_IN);
	work->len = DNS_HEADER + len + 4;
	work->tcp = 0;
	if (dns_respond(work, dns_image(work)) != DNS_SEND || work->rcode == DNS_REFUSED ||
	    work->len > DNS_UDP_MIN)
		abort();
}

static void try_zone(struct zone *zone)
{
	struct dns_image_options options = { .nsid = "fuzz", .udp_size = 1232 };
	struct dns_image *image;
	size_t i;

	if (dns_image_build(&zone, 1, &options, &image))
		abort();
	work->home = image;
	for (i = 0; i < zone->nr_rrs; i++)
		ask(&zone->rrs[i]);
	dns_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errors = { 0 };
	struct zone *zone;

	/* $INCLUDE would read whatever the fuzzer thinks of. */
	if (size > 16384 || memmem(data, size, "$I", 2) || memmem(data, size, "$i", 2))
		return 0;
	if (!zone_parse("example.com.", "fuzz", (const char *)data, size, &zone, &errors)) {
		try_zone(zone);
		zone_free(zone);
	}
	config_errors_free(&errors);
	return 0;
}
