/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zones.h: what the fuzzers ask about, sorted by name: some of the zones of the DNS tests, and
 * signed ones. Files are below selftests/.
 */
#ifndef AD_FUZZ_ZONES_H
#define AD_FUZZ_ZONES_H

#include <stdbool.h>

#define FUZZ_NSID "fuzz"

static const struct {
	const char *name, *file;
	bool is_signed;
} fuzz_zones[] = {
	{ "example.com.", "dns/zones/example.com.zone", false },
	{ "kid.deep.example.com.", "dns/zones/child.example.com.zone", false },
	{ "nsec.test.", "fuzz/zones/nsec.test.zone", true },
	{ "kid.nsec.test.", "fuzz/zones/kid.nsec.test.zone", true },
	{ "plain.nsec.test.", "dns/zones/plain.zone", false },
	{ "nsec3.test.", "fuzz/zones/nsec3.test.zone", true },
	{ "optout.test.", "fuzz/zones/optout.test.zone", true },
};
#define FUZZ_ZONES (sizeof(fuzz_zones) / sizeof(fuzz_zones[0]))

#endif
