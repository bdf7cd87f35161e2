// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trace_filter.c: which packets are meant (trace_filter.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>
#include "trace_filter.h"
#include "user/base/addr.h"
#include "user/base/log.h"
#include "user/base/nearest.h"
#include "user/flows/flow_filter.h"
#include "user/status/reason.h"

static int find_reason(const char *word, size_t len)
{
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		if (strlen(reason_table[i].label) == len &&
		    !memcmp(reason_table[i].label, word, len))
			return i;
	return -ENOENT;
}

static int refuse_reason(const char *word, size_t len)
{
	char text[64];
	struct nearest near = { .word = text };

	snprintf(text, sizeof(text), "%.*s", (int)len, word);
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		nearest_offer(&near, reason_table[i].label);
	if (near.best)
		log_err("--reason: no reason '%s': did you mean '%s'?", text, near.best);
	else
		log_err("--reason: no reason '%s': `anydoor stats --reasons` lists them", text);
	return -EINVAL;
}

static int parse_reasons(const char *words, __u64 reasons[2])
{
	const char *word = words;
	size_t len;
	int reason;

	for (;; word += len + 1) {
		len = strcspn(word, ",");
		reason = find_reason(word, len);
		if (reason < 0)
			return refuse_reason(word, len);
		reasons[reason / 64] |= 1ull << reason % 64;
		if (!word[len])
			return 0;
	}
}

/* All but those of packets for other addresses, which are most of an uplink's. */
static void all_of_ours(__u64 reasons[2])
{
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		if (i != AD_R_FOREIGN && i != AD_R_OUT_FOREIGN)
			reasons[i / 64] |= 1ull << i % 64;
}

static int parse_client(const char *word, struct ad_trace *wanted)
{
	unsigned int bits;

	if (flow_prefix_parse(word, &wanted->client, &bits)) {
		log_err("--client: '%s' is neither an address nor a prefix", word);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < bits; i++)
		wanted->client_mask.b[i / 8] |= 0x80 >> i % 8;
	for (size_t i = 0; i < sizeof(wanted->client.b); i++)
		wanted->client.b[i] &= wanted->client_mask.b[i];
	return 0;
}

static int parse_peer(const char *word, const struct names *names, __u16 *peer)
{
	unsigned long id;
	char *end;

	for (size_t i = 0; i < names->nr_ids; i++) {
		const char *name = names_node_name(names, i);

		if (name && !strcmp(name, word)) {
			*peer = i;
			return 0;
		}
	}
	id = strtoul(word, &end, 10);
	if (word[0] >= '1' && word[0] <= '9' && !*end && id <= AD_NODE_ID_MAX) {
		*peer = id;
		return 0;
	}
	log_err("--peer: no node '%s' in the configuration", word);
	return -EINVAL;
}

static int parse_name(const char *option, const char *word, __u8 wire[256], bool *has)
{
	if (!word)
		return 0;
	if (!knot_dname_from_str(wire, word, 256)) {
		log_err("%s: '%s' is no domain name", option, word);
		return -EINVAL;
	}
	knot_dname_to_lower(wire);
	*has = true;
	return 0;
}

int trace_filter_init(struct trace_filter *filter, const struct trace_words *words,
		      const struct names *names)
{
	struct ad_trace *wanted = &filter->wanted;
	int err = 0;

	memset(filter, 0, sizeof(*filter));
	wanted->sample = words->sample;
	wanted->port = htons(words->port);
	if (words->reasons)
		err = parse_reasons(words->reasons, wanted->reasons);
	else
		all_of_ours(wanted->reasons);
	if (!err && words->client)
		err = parse_client(words->client, wanted);
	if (!err && words->vip && addr_parse(words->vip, &wanted->vip)) {
		log_err("--vip: '%s' is no address", words->vip);
		err = -EINVAL;
	}
	if (!err && words->peer)
		err = parse_peer(words->peer, names, &wanted->peer);
	err = err ?: parse_name("--qname", words->qname, filter->name, &filter->has_name);
	return err ?: parse_name("--zone", words->zone, filter->zone, &filter->has_zone);
}

bool trace_filter_match(const struct trace_filter *filter, const struct trace_query *query)
{
	if (!filter->has_name && !filter->has_zone)
		return true;
	if (!query)
		return false;
	if (filter->has_name && !knot_dname_is_equal(query->name, filter->name))
		return false;
	return !filter->has_zone || knot_dname_in_bailiwick(query->name, filter->zone) >= 0;
}
