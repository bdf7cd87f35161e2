// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_bgp.c: what needs more than one row of the schema, of BGP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_schema.h"
#include "user/base/addr.h"

/* BIRD quotes no file name: what could end one, or is a pattern to it. */
#define NOT_IN_A_FILE_NAME "\"*?[]\\"

/* Where each BGP daemon of Debian has its socket, and the name of the file that it reads. */
static const struct {
	const char *name, *file, *socket;
} daemons[] = {
	[CONFIG_BGP_NONE] = { "no BGP daemon", "bird.conf", "/run/bird/bird.ctl" },
	[CONFIG_BGP_PRINT] = { "no BGP daemon", "bird.conf", "/run/bird/bird.ctl" },
	[CONFIG_BGP_BIRD] = { "BIRD", "bird.conf", "/run/bird/bird.ctl" },
	[CONFIG_BGP_FRR] = { "FRR", "frr.conf", "/run/frr/bgpd.vty" },
	[CONFIG_BGP_EXABGP] = { "ExaBGP", "exabgp.routes", "/run/exabgp/anydoor.sock" },
};

void later_bgp_file(struct config_reader *loader, const struct value *value)
{
	struct config *config = loader->config;

	if (config->run_dir && asprintf(&config->bgp.file, "%s/%s", config->run_dir,
					daemons[config->bgp.driver].file) < 0) {
		config->bgp.file = NULL;
		loader->no_memory = true;
	}
}

void later_bgp_socket(struct config_reader *loader, const struct value *value)
{
	struct config *config = loader->config;

	config->bgp.socket = strdup(daemons[config->bgp.driver].socket);
	loader->no_memory |= !config->bgp.socket;
}

static void read_community(struct config_reader *loader, struct config_bgp *bgp)
{
	char rest;

	if (sscanf(bgp->community, "%5u:%5u%c", &bgp->community_parts[0], &bgp->community_parts[1],
		   &rest) != 2 ||
	    bgp->community_parts[0] > 65535 || bgp->community_parts[1] > 65535)
		config_complain(loader, bgp->line, "bgp.community",
				"\"%s\" is no community: two numbers up to 65535, such as 65535:0",
				bgp->community);
}

static bool holds(const struct config_prefix *prefix, const struct ad_addr *address)
{
	const __u8 *a = (const __u8 *)&prefix->address, *b = (const __u8 *)address;
	__u32 bit;

	for (bit = 0; bit < prefix->bits; bit++)
		if ((a[bit / 8] ^ b[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

/* A VIP that no announcement covers gets no packets, and a network without a VIP has no use. */
static void check_prefixes(struct config_reader *loader)
{
	const struct config *config = loader->config;
	const struct config_bgp *bgp = &config->bgp;
	bool covers[AD_VIP_MAX] = {};
	char text[ADDR_TEXT];
	size_t i, j;

	for (i = 0; bgp->nr_prefixes && i < config->nr_vips; i++) {
		bool covered = false;

		for (j = 0; j < bgp->nr_prefixes && j < AD_VIP_MAX; j++)
			if (holds(&bgp->prefixes[j], &config->vips[i].address))
				covered = covers[j] = true;
		if (!covered)
			config_complain(loader, bgp->line, "bgp.prefixes",
					"the VIP %s of line %d lies in none of them: add a network "
					"that it lies in",
					addr_format(&config->vips[i].address, text),
					config->vips[i].line);
	}
	for (j = 0; j < bgp->nr_prefixes && j < AD_VIP_MAX; j++)
		if (!covers[j])
			config_complain(loader, bgp->line, "bgp.prefixes",
					"no VIP lies in the network at %s: leave it out",
					addr_format(&bgp->prefixes[j].address, text));
}

/* BIRD's names are quoted in questions to it, and so are not everything. */
static void check_neighbours(struct config_reader *loader)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	const struct config_bgp *bgp = &loader->config->bgp;
	struct ad_addr address;
	size_t i;

	for (i = 0; i < bgp->nr_neighbours; i++) {
		const char *name = bgp->neighbours[i];

		if (name && name[strspn(name, letters)] && addr_parse(name, &address))
			config_complain(loader, bgp->line, "bgp.neighbours",
					"\"%s\" is neither a name (letters, digits, . - _) nor an "
					"address",
					name);
	}
}

void config_bgp_check(struct config_reader *loader)
{
	struct config_bgp *bgp = &loader->config->bgp;

	if (bgp->community)
		read_community(loader, bgp);
	check_neighbours(loader);
	if (bgp->driver == CONFIG_BGP_NONE)
		return;
	check_prefixes(loader);
	if (bgp->driver != CONFIG_BGP_PRINT && bgp->prepend && !bgp->as)
		config_complain(loader, bgp->line, "bgp.as",
				"is needed to prepend it: state it, or say `prepend: 0`");
	if (bgp->file && strpbrk(bgp->file, NOT_IN_A_FILE_NAME))
		config_complain(loader, bgp->line, "bgp.file",
				"\"%s\" has a letter in it that %s takes for something else: "
				"choose another name",
				bgp->file, daemons[bgp->driver].name);
	if (bgp->hold_max_s < bgp->hold_s)
		config_complain(loader, bgp->line, "bgp.hold_max", "is less than `hold`");
}
