// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_dns.c: any bytes as a query. Input: one byte (odd = by TCP), then the message.
 *
 * Beside what the sanitizers see: a reply is never longer than it may be, is a reply to this
 * query, and libknot can read every record of it.
 */
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/config.h"
#include "user/dns_home.h"
#include "user/zone.h"

#define UDP_SIZE 1232

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_work *work;

static struct zone *read_zone(const char *dir, const char *name, const char *file)
{
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (zone_load(name, path, &zone, &errors)) {
		config_errors_log(&errors);
		abort();
	}
	return zone;
}

static void prepare(void)
{
	static __u64 keys[2 * AD_DNS_NAME_WORDS];
	struct dns_image_options options = { .nsid = "fuzz", .udp_size = UDP_SIZE, .keys = keys };
	const char *dir = getenv("DNS_FUZZ_ZONES") ?: "selftests/dns/zones";
	struct dns_image *image;
	struct zone *zones[2];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) /* always the same, but good ones */
		keys[i] = (i ? keys[i - 1] : 1) * 6364136223846793005ull + 1442695040888963407ull;
	zones[0] = read_zone(dir, "example.com.", "example.com.zone");
	zones[1] = read_zone(dir, "kid.deep.example.com.", "child.example.com.zone");
	if (dns_image_build(zones, 2, &options, &image))
		abort();
	zone_free(zones[0]);
	zone_free(zones[1]);
	work = calloc(1, sizeof(*work));
	work->home = image;
}

#define demand(what)                                                                               \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "not so: %s\n", #what);                                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void check_reply(const uint8_t *query, size_t size, bool tcp)
{
	knot_pkt_t *pkt = knot_pkt_new(work->msg, work->len, NULL);

	demand(size >= DNS_HEADER && !(query[2] & DNS_QR));
	demand(work->msg[2] & DNS_QR);
	demand(!memcmp(work->msg, query, 2));
	demand((work->msg[2] & DNS_OPCODE) == (query[2] & DNS_OPCODE));
	demand(work->len >= DNS_HEADER && work->len <= (tcp ? 65535 : UDP_SIZE));
	demand(tcp || work->edns || work->len <= DNS_UDP_MIN);
	demand(pkt && !knot_pkt_parse(pkt, 0));
	if (work->len > DNS_HEADER)
		demand(work->body <= size && !memcmp(work->msg + DNS_HEADER, query + DNS_HEADER,
						     work->body - DNS_HEADER));
	knot_pkt_free(pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool tcp;

	if (!work)
		prepare();
	if (!size || size > 4096)
		return 0;
	tcp = *data++ & 1;
	size--;
	memset(work->msg, 0, DNS_UDP_MIN);
	memcpy(work->msg, data, size);
	work->len = size;
	work->tcp = tcp;
	if (dns_respond(work, dns_image(work)) == DNS_SEND)
		check_reply(data, size, tcp);
	return 0;
}
