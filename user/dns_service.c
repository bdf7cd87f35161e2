// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_service.c: an empty set of zones, until the compiler lands.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "dns_service.h"
#include "dns_stats.h"

struct dns_zones {
	int nothing;
};

struct dns_server {
	struct dns_zones *zones;
};

int dns_zones_load(const struct config *config, struct dns_zones **zones,
		   struct config_errors *errors)
{
	*zones = calloc(1, sizeof(**zones));
	return *zones ? 0 : -ENOMEM;
}

void dns_zones_free(struct dns_zones *zones)
{
	free(zones);
}

int dns_zones_publish(struct dns_zones *zones, const struct pins *pins)
{
	return 0;
}

void dns_zones_note_errors(const struct pins *pins, const struct config *config,
			   const struct config_errors *errors)
{
}

int dns_maps_prepare(struct anydoor_bpf *skel, const struct config *config)
{
	return 0;
}

int dns_server_new(struct event_base *base, const struct config *config, const struct pins *pins,
		   struct dns_server **server)
{
	*server = calloc(1, sizeof(**server));
	return *server ? 0 : -ENOMEM;
}

void dns_server_use(struct dns_server *server, struct dns_zones *zones)
{
	dns_zones_free(server->zones);
	server->zones = zones;
}

void dns_server_free(struct dns_server *server)
{
	if (!server)
		return;
	dns_zones_free(server->zones);
	free(server);
}

int dns_stats_read(const struct pins *pins, struct dns_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	return 0;
}

void dns_stats_free(struct dns_stats *stats)
{
	free(stats->zones);
}

const char *dns_rcode_name(unsigned int rcode)
{
	return NULL;
}
