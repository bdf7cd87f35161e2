// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_count.c: counters shared with readers by mmap (dns_count.h). One process writes them.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "dns_count.h"
#include "user/state/pins.h"

#define ZONES_BYTES (AD_DNS_ZONE_MAX * sizeof(__u64))

static void *map_private(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void *map_pinned(const struct pins *pins, const char *name, size_t bytes)
{
	int fd = pins_map(pins, name, true);
	void *p;

	if (fd < 0)
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

int dns_tally_open(struct dns_tally *tally, const struct pins *pins)
{
	if (pins) {
		tally->daemon = map_pinned(pins, "dns_daemon", sizeof(*tally->daemon));
		tally->zones = map_pinned(pins, "dns_zone_daemon", ZONES_BYTES);
		tally->rule_counts =
			map_pinned(pins, "dns_guarded_daemon", sizeof(*tally->rule_counts));
	} else {
		tally->daemon = map_private(sizeof(*tally->daemon));
		tally->zones = map_private(ZONES_BYTES);
		tally->rule_counts = map_private(sizeof(*tally->rule_counts));
	}
	if (tally->daemon && tally->zones && tally->rule_counts)
		return 0;
	dns_tally_close(tally);
	return pins ? -ENOENT : -ENOMEM;
}

void dns_tally_close(struct dns_tally *tally)
{
	if (tally->daemon)
		munmap(tally->daemon, sizeof(*tally->daemon));
	if (tally->zones)
		munmap(tally->zones, ZONES_BYTES);
	if (tally->rule_counts)
		munmap(tally->rule_counts, sizeof(*tally->rule_counts));
	tally->daemon = NULL;
	tally->zones = NULL;
	tally->rule_counts = NULL;
}
