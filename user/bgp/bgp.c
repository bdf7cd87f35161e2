// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bgp.c: what is the same for all BGP daemons (bgp.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "bgp.h"
#include "bird.h"
#include "exabgp.h"
#include "frr.h"
#include "user/base/addr.h"

static const struct {
	const char *key, *text;
} words[BGP_WISHES_NR] = {
#define X(name, key, text) [BGP_##name] = { key, text },
	BGP_WISHES(X)
#undef X
};

const char *bgp_wish_key(enum bgp_wish wish)
{
	return words[wish].key;
}

const char *bgp_wish_text(enum bgp_wish wish)
{
	return words[wish].text;
}

bool bgp_wish_find(const char *key, enum bgp_wish *wish)
{
	for (int i = 0; i < BGP_WISHES_NR; i++)
		if (!strcmp(words[i].key, key)) {
			*wish = i;
			return true;
		}
	return false;
}

bool bgp_wishes_are(const struct bgp_wishes *a, const struct bgp_wishes *b)
{
	return a->of[BGP_IP4] == b->of[BGP_IP4] && a->of[BGP_IP6] == b->of[BGP_IP6];
}

/* --- what of the configuration ---------------------------------------------------------------- */

static void take_prefixes(struct bgp_setup *setup, const struct config *config)
{
	size_t i;

	for (i = 0; i < config->bgp.nr_prefixes && i < AD_VIP_MAX; i++)
		setup->prefixes[setup->nr_prefixes++] = config->bgp.prefixes[i];
	for (i = 0; !config->bgp.nr_prefixes && i < config->nr_vips; i++)
		setup->prefixes[setup->nr_prefixes++] =
			(struct config_prefix){ .address = config->vips[i].address, .bits = 128 };
}

/* An address as BGP daemons write it, whatever way the configuration does. */
static void take_neighbour(struct bgp_setup *setup, const char *name)
{
	char *to = setup->neighbours[setup->nr_neighbours++], text[ADDR_TEXT];
	struct ad_addr address;

	if (!addr_parse(name, &address))
		name = addr_format(&address, text);
	snprintf(to, BGP_NAME_MAX + 1, "%s", name);
}

void bgp_setup_from(struct bgp_setup *setup, const struct config *config)
{
	const struct config_bgp *bgp = &config->bgp;
	size_t i;

	memset(setup, 0, sizeof(*setup));
	setup->driver = bgp->driver;
	snprintf(setup->file, sizeof(setup->file), "%s", bgp->file ?: "");
	snprintf(setup->socket, sizeof(setup->socket), "%s", bgp->socket ?: "");
	for (i = 0; i < bgp->nr_neighbours && i < BGP_NEIGHBOURS_MAX; i++)
		take_neighbour(setup, bgp->neighbours[i]);
	take_prefixes(setup, config);
	setup->as = bgp->as;
	setup->prepend = bgp->prepend;
	memcpy(setup->community, bgp->community_parts, sizeof(setup->community));
}

bool bgp_prefix_is(const struct config_prefix *prefix, enum bgp_family family)
{
	return addr_is_ip4(&prefix->address) == (family == BGP_IP4);
}

size_t bgp_setup_count(const struct bgp_setup *setup, enum bgp_family family)
{
	size_t nr = 0, i;

	for (i = 0; i < setup->nr_prefixes; i++)
		nr += bgp_prefix_is(&setup->prefixes[i], family);
	return nr;
}

/* --- wish and fact ---------------------------------------------------------------------------- */

void bgp_fail(struct bgp_fact *fact, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fact->why, sizeof(fact->why), format, args);
	va_end(args);
}

/* What one neighbour is told at most. */
static enum bgp_wish told(const struct bgp_export *export)
{
	if (!export->established || !export->announced)
		return BGP_WITHDRAW;
	return export->depreferred == export->announced ? BGP_DEPREFER : BGP_ANNOUNCE;
}

struct bgp_wishes bgp_fact_wishes(const struct bgp_fact *fact, const struct bgp_setup *setup)
{
	struct bgp_wishes wishes = {};
	size_t i;

	for (i = 0; i < fact->nr; i++) {
		const struct bgp_export *export = &fact->list[i];

		if (told(export) > wishes.of[export->family])
			wishes.of[export->family] = told(export);
	}
	return wishes;
}

static bool is_told(const struct bgp_export *export, size_t prefixes, enum bgp_wish wish)
{
	switch (wish) {
	case BGP_WITHDRAW:
		return !export->announced;
	case BGP_DEPREFER:
		return export->announced == prefixes && export->depreferred == prefixes;
	default:
		return export->announced == prefixes && !export->depreferred;
	}
}

bool bgp_fact_is(const struct bgp_fact *fact, const struct bgp_setup *setup,
		 const struct bgp_wishes *wishes)
{
	bool heard[BGP_FAMILIES] = {};
	size_t i;

	if (!fact->answered)
		return false;
	for (i = 0; i < fact->nr; i++) {
		const struct bgp_export *export = &fact->list[i];

		if (!export->established)
			continue;
		heard[export->family] = true;
		if (!is_told(export, bgp_setup_count(setup, export->family),
			     wishes->of[export->family]))
			return false;
	}
	for (i = 0; i < BGP_FAMILIES; i++)
		if (wishes->of[i] != BGP_WITHDRAW && !heard[i] && bgp_setup_count(setup, i))
			return false;
	return true;
}

const struct bgp_driver *bgp_driver_of(const struct bgp_setup *setup)
{
	switch (setup->driver) {
	case CONFIG_BGP_BIRD:
		return &bird_driver;
	case CONFIG_BGP_FRR:
		return &frr_driver;
	case CONFIG_BGP_EXABGP:
		return &exabgp_driver;
	default:
		return NULL;
	}
}

bool bgp_withdraw(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	const struct bgp_driver *driver = bgp_driver_of(setup);
	const struct bgp_wishes nothing = {};
	int err;

	if (!driver)
		return true;
	err = driver->write(setup, &nothing);
	if (err >= 0)
		return driver->reread(setup, fact);
	snprintf(fact->why, sizeof(fact->why), "%s: %s", setup->file, strerror(-err));
	return false;
}
