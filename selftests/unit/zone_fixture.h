/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_fixture.h: zones from strings, for unit tests.
 */
#ifndef AD_ZONE_FIXTURE_H
#define AD_ZONE_FIXTURE_H

#include <stdlib.h>
#include "selftests/tap.h"
#include "user/config/config.h"
#include "user/dns/dns_image.h"
#include "user/zone/zone.h"

#define HEAD "$TTL 3600\n@ SOA ns host 1 2 3 4 300\n@ NS ns\nns A 192.0.2.1\n" /* four lines */

__attribute__((unused)) static struct zone *parse(const char *text, struct config_errors *errors)
{
	struct zone *zone = NULL;

	memset(errors, 0, sizeof(*errors));
	zone_parse("example.com.", "z", text, strlen(text), &zone, errors);
	return zone;
}

/* A zone that must be good. */
__attribute__((unused)) static struct zone *parse_good(const char *name, const char *text)
{
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;

	if (zone_parse(name, "z", text, strlen(text), &zone, &errors))
		diag("%s", errors.nr ? errors.list[0].text : "not parsed");
	config_errors_free(&errors);
	return zone;
}

/* What the engine reads of these zones, parents first; they are freed. NULL: one is not good. */
__attribute__((unused)) static struct dns_image *compile(struct zone **zones, size_t nr)
{
	struct dns_image_options options = { .nsid = "pop.node", .udp_size = 1232 };
	struct dns_image *image = NULL;
	bool good = true;
	size_t i;

	for (i = 0; i < nr; i++)
		good &= zones[i] != NULL;
	if (good)
		dns_image_build(zones, nr, &options, &image);
	for (i = 0; i < nr; i++)
		zone_free(zones[i]);
	return image;
}

/* All error texts, a line each. */
__attribute__((unused)) static const char *error_text(const struct config_errors *errors)
{
	static char text[65536];
	size_t i, at = 0;

	text[0] = '\0';
	for (i = 0; i < errors->nr; i++)
		at += snprintf(text + at, sizeof(text) - at, "%s\n", errors->list[i].text);
	return text;
}

#endif
