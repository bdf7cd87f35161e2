// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_zone.c: any bytes as a zone file. What passes the checks must compile, and every name of
 * it must be answered from the zone it is in.
 *
 * If the file begins with ";1", ";2" or ";3" and the zone is unsigned, it is signed (resign.h):
 * then it must pass the checks all the same, and every answer must prove what it says (proof.h).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proof.h"
#include "resign.h"
#include "user/config/config.h"
#include "user/dns/dns_home.h"
#include "user/base/log.h"
#include "user/zone/zone.h"

#define ORIGIN	 "example.com."
#define TEXT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct dns_work *work;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_ERR_);
	work = calloc(1, sizeof(*work));
	return work ? 0 : 1;
}

/* By UDP and without EDNS, so that not everything fits; or by TCP and with DO. */
static void ask(const uint8_t *name, uint16_t type, bool secure)
{
	static const uint8_t opt[DNS_OPT_BYTES] = { 0, 0, DNS_T_OPT, 4, 208, 0, 0, 0x80 };
	size_t len = name_len(name);
	uint8_t copy[DNS_HEADER + 255 + 4 + DNS_OPT_BYTES];
	struct message query = { copy, DNS_HEADER + len + 4 }, reply;

	memset(work->msg, 0, DNS_UDP_MIN);
	work->msg[5] = 1;
	work->msg[11] = secure;
	memcpy(work->msg + DNS_HEADER, name, len);
	dns_put16(work, DNS_HEADER + len, type);
	dns_put16(work, DNS_HEADER + len + 2, DNS_CLASS_IN);
	if (secure) {
		memcpy(work->msg + query.len, opt, sizeof(opt));
		query.len += sizeof(opt);
	}
	memcpy(copy, work->msg, query.len);
	work->len = query.len;
	work->tcp = secure;
	demand(dns_respond(work, dns_image(work)) == DNS_SEND && work->rcode != DNS_REFUSED);
	reply = (struct message){ work->msg, work->len };
	judge_reply(&query, &reply, secure);
}

static struct dns_image *compile(struct zone *zone)
{
	struct dns_image_options options = { .nsid = "fuzz", .udp_size = JUDGE_UDP_SIZE };
	struct dns_image *image;

	if (dns_image_build(&zone, 1, &options, &image))
		abort();
	work->home = image;
	return image;
}

static void try_zone(struct zone *zone)
{
	struct dns_image *image = compile(zone);
	size_t i;

	for (i = 0; i < zone->nr_rrs; i++)
		ask(zone->rrs[i].owner_name, zone->rrs[i].type, false);
	dns_image_free(image);
}

/* --- signed ----------------------------------------------------------------------------------- */

static void ask_secure(const struct zone *zone, const uint8_t *name, uint16_t type)
{
	knot_pkt_t *read;

	ask(name, type, true);
	read = knot_pkt_new(work->msg, work->len, NULL);
	demand(read && knot_pkt_parse(read, KNOT_PF_KEEPWIRE) == KNOT_EOK);
	proof_judge(read, zone->apex);
	knot_pkt_free(read);
}

/* The name, what is above it, what is not there below it. */
static void ask_around(const struct zone *zone, const struct zone_rr *rr)
{
	static const uint16_t types[] = { DNS_T_A, DNS_T_DS, DNS_T_CNAME, DNS_T_TXT };
	uint8_t below[4 + 255] = "\2nx";
	const uint8_t *above;
	size_t i;

	ask_secure(zone, rr->owner_name, rr->type);
	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		ask_secure(zone, rr->owner_name, types[i]);
	for (above = rr->owner_name; !name_equal(above, zone->apex); above = name_skip(above, 1))
		ask_secure(zone, above, DNS_T_A);
	if (name_len(rr->owner_name) + 3 > 255)
		return;
	memcpy(below + 3, rr->owner_name, name_len(rr->owner_name));
	ask_secure(zone, below, DNS_T_A);
}

static bool is_plain(const struct zone *zone)
{
	size_t i;

	for (i = 0; i < zone->nr_rrs; i++)
		if (zone->rrs[i].type == DNS_T_RRSIG || zone->rrs[i].type == DNS_T_NSEC ||
		    zone->rrs[i].type == DNS_T_NSEC3 || zone->rrs[i].type == DNS_T_NSEC3PARAM)
			return false;
	return true;
}

static void try_signed(const struct zone *zone, enum resign_way way)
{
	struct config_errors errors = { 0 };
	struct dns_image *image;
	struct zone *secure;
	size_t i, size;
	char *text = resign(zone, way, &size);

	if (zone_parse(ORIGIN, "signed", text, size, &secure, &errors)) {
		log_set_level(LOG_INFO_);
		config_errors_log(&errors);
		abort();
	}
	demand(secure->chain.nr);
	image = compile(secure);
	for (i = 0; i < zone->nr_rrs; i++)
		ask_around(zone, &zone->rrs[i]);
	dns_image_free(image);
	zone_free(secure);
	free(text);
}

/* $GENERATE and a number of five digits: it may be a million records, which is right, and slow. */
static bool generates_many(const char *text, size_t size)
{
	size_t i, digits = 0, most = 0;

	for (i = 0; i < size; i++) {
		digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
		most = digits > most ? digits : most;
	}
	return most > 4 && (memmem(text, size, "$G", 2) || memmem(text, size, "$g", 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errors = { 0 };
	struct zone *zone;

	if (size > TEXT_MAX || generates_many((const char *)data, size))
		return 0;
	if (!zone_parse(ORIGIN, "fuzz", (const char *)data, size, &zone, &errors)) {
		try_zone(zone);
		if (size > 1 && data[0] == ';' && data[1] > '0' && data[1] < '4' && is_plain(zone))
			try_signed(zone, data[1] - '0');
		zone_free(zone);
	}
	config_errors_free(&errors);
	return 0;
}
