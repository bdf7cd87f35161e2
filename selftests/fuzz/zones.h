/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zones.h: what the fuzzers ask about: some of selftests/dns/zones, sorted by name.
 */
#ifndef AD_FUZZ_ZONES_H
#define AD_FUZZ_ZONES_H

#define FUZZ_NSID "fuzz"

static const struct {
	const char *name, *file;
} fuzz_zones[] = {
	{ "example.com.", "example.com.zone" },
	{ "kid.deep.example.com.", "child.example.com.zone" },
};
#define FUZZ_ZONES (sizeof(fuzz_zones) / sizeof(fuzz_zones[0]))

#endif
