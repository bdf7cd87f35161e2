/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h: the engine with the fuzzers' zones, as the daemon has it. Header only, so that its
 * coverage is the fuzzer's own.
 */
#ifndef AD_FUZZ_ENGINE_H
#define AD_FUZZ_ENGINE_H

#include "judge.h"
#include "user/config/config.h"
#include "user/dns/dns_home.h"
#include "user/zone/zone.h"
#include "zones.h"

static struct zone *engine_zone(const char *dir, size_t i)
{
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, fuzz_zones[i].file);
	if (zone_load(fuzz_zones[i].name, path, NULL, &zone, &errors)) {
		config_errors_log(&errors);
		abort();
	}
	return zone;
}

/* Work that has the image of the fuzzers' zones, the limiter's rules, and a clock that stands. */
static struct dns_work *engine_new(const char *dir, const struct ad_dns_rules *rules, __u64 real_ns)
{
	static __u64 keys[2 * AD_DNS_NAME_WORDS];
	struct dns_image_options options = { .nsid = FUZZ_NSID,
					     .udp_size = JUDGE_UDP_SIZE,
					     .keys = keys };
	struct dns_work *work = calloc(1, sizeof(*work));
	struct dns_limiter *limiter = calloc(1, sizeof(*limiter));
	struct zone *zones[FUZZ_ZONES];
	struct dns_image *image;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) /* always the same, but good ones */
		keys[i] = (i ? keys[i - 1] : 1) * 6364136223846793005ull + 1442695040888963407ull;
	for (i = 0; i < FUZZ_ZONES; i++)
		zones[i] = engine_zone(dir, i);
	if (!work || !limiter || dns_image_build(zones, FUZZ_ZONES, &options, &image))
		abort();
	for (i = 0; i < FUZZ_ZONES; i++)
		zone_free(zones[i]);
	limiter->rules = *rules;
	work->home = image;
	work->limiter = limiter;
	work->fixed_ns = real_ns;
	return work;
}

/* True: work->len bytes of work->msg are the reply. */
static bool engine_respond(struct dns_work *work, const struct message *query, bool tcp)
{
	memset(work->msg, 0, DNS_UDP_MIN);
	memcpy(work->msg, query->data, query->len);
	work->len = query->len;
	work->tcp = tcp;
	return dns_respond(work, dns_image(work)) == DNS_SEND;
}

#endif
