// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_filter.c: conditions on flows (flow_filter.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "flow_filter.h"
#include "user/base/addr.h"
#include "user/base/log.h"

#define IP4_BITS_AHEAD 96 /* an IPv4 prefix stands behind ::ffff:0:0/96 */

/* Decimal digits and nothing else, up to @max. */
static int parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno || *end || *number > max ? -EINVAL : 0;
}

int flow_prefix_parse(const char *text, struct ad_addr *addr, unsigned int *bits)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long width, ahead;
	char address[ADDR_TEXT];

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (addr_parse(address, addr))
		return -EINVAL;
	ahead = addr_is_ip4(addr) ? IP4_BITS_AHEAD : 0;
	width = 128 - ahead;
	if (slash && parse_number(slash + 1, width, &width))
		return -EINVAL;
	*bits = ahead + width;
	return 0;
}

static void add_owner(struct flow_filter *filter, unsigned long id)
{
	filter->owners[id / 8] |= 1 << id % 8;
	filter->has_owner = true;
}

static int parse_owner(struct flow_filter *filter, const char *word, const struct names *names)
{
	unsigned long id;

	for (size_t i = 0; names->config && i < names->config->nr_nodes; i++) {
		const struct config_node *node = &names->config->nodes[i];

		if (!strcmp(node->name, word) ||
		    !strcmp(config_pop_name(names->config, node->pop), word))
			add_owner(filter, node->id);
	}
	if (!filter->has_owner && !parse_number(word, AD_NODE_ID_MAX, &id))
		add_owner(filter, id);
	return filter->has_owner ? 0 : -EINVAL;
}

int flow_filter_init(struct flow_filter *filter, const struct flow_words *words,
		     const struct names *names)
{
	memset(filter, 0, sizeof(*filter));
	filter->kind = words->kind;
	filter->port = htons(words->port);
	if (words->client &&
	    flow_prefix_parse(words->client, &filter->client, &filter->client_bits)) {
		log_err("--client: '%s' is neither an address nor a prefix", words->client);
		return -EINVAL;
	}
	if (words->vip && addr_parse(words->vip, &filter->vip)) {
		log_err("--vip: '%s' is no address", words->vip);
		return -EINVAL;
	}
	filter->has_vip = words->vip;
	if (words->owner && parse_owner(filter, words->owner, names)) {
		log_err("--owner: '%s' is neither a node, nor a POP, nor an id", words->owner);
		return -EINVAL;
	}
	return 0;
}

static bool prefix_covers(const struct ad_addr *prefix, unsigned int bits,
			  const struct ad_addr *addr)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	if (memcmp(prefix->b, addr->b, bytes))
		return false;
	return !rest || !((prefix->b[bytes] ^ addr->b[bytes]) >> (8 - rest));
}

bool flow_filter_match(const struct flow_filter *filter, const struct ad_flow *flow,
		       const struct names *names)
{
	if (filter->kind && flow->kind != filter->kind)
		return false;
	if (filter->port && flow->vip_port != filter->port)
		return false;
	if (filter->has_owner && !(filter->owners[flow->owner / 8] & 1 << flow->owner % 8))
		return false;
	if (filter->has_vip) {
		struct ad_addr vip = names_vip(names, flow->vip);

		if (addr_compare(&vip, &filter->vip))
			return false;
	}
	return prefix_covers(&filter->client, filter->client_bits, &flow->client);
}
