// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * explain.c: the parts of an explanation, each in words (explain.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"
#include "user/base/addr.h"
#include "user/dns/dns_stats.h"

/* --- rules ------------------------------------------------------------------------------------ */

const struct config_policy *explain_policy(const struct explain *explain,
					   const struct dns_explain_name *name)
{
	return &explain->config->policies[name->steered->policy];
}

struct steer_key explain_key(const struct dns_explain_name *name)
{
	return steer_map_key(&name->where, name->known_bits);
}

void explain_find_rule(struct explain *explain, const struct dns_explain_name *name,
		       struct explain_rule *rule)
{
	const struct config_policy *policy = explain_policy(explain, name);
	struct steer_key key = explain_key(name);
	size_t i;

	memset(rule, 0, sizeof(*rule));
	world_look(&explain->world, &key, &rule->spot);
	for (i = 0; i < rule->spot.nr_pairs; i += 2)
		explain->levels[rule->spot.pairs[i]] = rule->spot.pairs[i + 1];
	rule->number = policy->rules.nr;
	if (policy->locate != CONFIG_LOCATE_POP)
		rule->number = match_rule(policy, explain->levels);
	rule->region = "default";
	rule->pops = policy->fallback.text;
	if (rule->number < policy->rules.nr) {
		__u16 region = policy->rules.list[rule->number].region;

		rule->region = explain->config->regions[region].name;
		rule->pops = policy->rules.list[rule->number].pops.text;
		rule->level = explain->levels[region];
	}
	for (i = 0; i < rule->spot.nr_pairs; i += 2)
		explain->levels[rule->spot.pairs[i]] = MATCH_NONE;
}

/* --- words ------------------------------------------------------------------------------------ */

const char *explain_prefix(const struct ad_addr *addr, unsigned int bits, char text[EXPLAIN_TEXT])
{
	struct ad_addr first = *addr;
	bool is_ip4 = addr_is_ip4(addr) && bits >= 96;
	char address[ADDR_TEXT];
	unsigned int i;

	for (i = bits; i < 128; i++)
		first.b[i / 8] &= ~(0x80 >> i % 8);
	snprintf(text, EXPLAIN_TEXT, "%s/%u", addr_format(&first, address),
		 is_ip4 ? bits - 96 : bits);
	return text;
}

static const char *key_text(bool is_ip4, __u64 key, unsigned int bits, char text[EXPLAIN_TEXT])
{
	struct ad_addr addr = { 0 };

	if (is_ip4) {
		addr.b[10] = addr.b[11] = 0xff;
		addr.w[3] = __builtin_bswap32(key);
	} else {
		addr.q[0] = __builtin_bswap64(key);
	}
	return explain_prefix(&addr, bits + (is_ip4 ? 96 : 0), text);
}

const char *explain_range(const struct steer_key *key, __u64 start, __u64 end,
			  char text[EXPLAIN_TEXT])
{
	unsigned int width = key->is_ip4 ? 32 : 64, bits;
	__u64 behind;

	for (bits = 0; bits < width; bits++) {
		behind = ~0ull >> (64 - width + bits);
		if ((key->key & ~behind) >= start && (key->key | behind) <= end)
			break;
	}
	return key_text(key->is_ip4, key->key, bits, text);
}

const char *explain_network(bool is_ip4, const struct network *network, char text[EXPLAIN_TEXT])
{
	return key_text(is_ip4, network->start, network->bits, text);
}

const char *explain_level(__u32 level, char text[EXPLAIN_TEXT])
{
	static const char *const words[] = { "default", "continent", "country", "subdivision",
					     "AS number" };

	if (level >= MATCH_NETWORK)
		snprintf(text, EXPLAIN_TEXT, "network /%u", level - MATCH_NETWORK);
	else
		snprintf(text, EXPLAIN_TEXT, "%s", words[level <= MATCH_ASN ? level : 0]);
	return text;
}

const char *explain_by(const struct explain *explain, const struct dns_explain_name *name)
{
	if (explain_policy(explain, name)->locate == CONFIG_LOCATE_POP)
		return "pop";
	return name->by_subnet ? "subnet" : "resolver";
}

const char *explain_outcome(const struct dns_explain_name *name, size_t asked)
{
	const struct dns_asked_pop *pop = &name->asked.list[asked];
	size_t i;

	if (pop->word & AD_STEER_OUT)
		return "out";
	for (i = asked + 1; i < name->asked.nr; i++)
		if (name->asked.list[i].pop == pop->pop)
			return "sheds this client"; /* it was asked again, carelessly */
	for (i = 0; i < name->nr_pops; i++)
		if (name->pops[i] == pop->pop)
			return "chosen";
	return "sheds this client";
}

const char *explain_row(const struct explain *explain, const struct ad_steer_row *row,
			char text[EXPLAIN_ROW_TEXT])
{
	unsigned int counts[AD_STEER_BANK] = { 0 }, i;
	size_t used = 0;
	int len;

	text[0] = '\0';
	for (i = 0; i < AD_STEER_SLOTS; i++)
		counts[row->pop[i]]++;
	for (i = 0; i < explain->config->nr_pops && i < AD_STEER_POPS; i++) {
		if (!counts[i])
			continue;
		len = snprintf(text + used, EXPLAIN_ROW_TEXT - used, "%s%s=%u", used ? "|" : "",
			       explain->config->pops[i].name, counts[i]);
		if (len < 0 || used + len >= EXPLAIN_ROW_TEXT)
			break;
		used += len;
	}
	return text;
}

/* --- the answer ------------------------------------------------------------------------------- */

const char *explain_verdict(const struct dns_explanation *how)
{
	if (how->verdict == DNS_PASS)
		return "none: no zone of ours, left to another nameserver (dns.unserved: pass)";
	if (how->verdict != DNS_SEND)
		return "none";
	return dns_rcode_name(how->rcode) ?: "?";
}

knot_pkt_t *explain_reply(const struct dns_explanation *how)
{
	knot_pkt_t *pkt = NULL;

	if (how->verdict == DNS_SEND)
		pkt = knot_pkt_new((void *)how->reply, how->reply_len, NULL);
	if (pkt && knot_pkt_parse(pkt, KNOT_PF_NOCANON) == KNOT_EOK)
		return pkt;
	knot_pkt_free(pkt);
	return NULL;
}

char *explain_data(const knot_rrset_t *rr, __u16 at)
{
	size_t size = 256;
	char *text = NULL, *more;
	int len = KNOT_ESPACE;

	for (; len == KNOT_ESPACE && size <= 1 << 20; size *= 4) {
		more = realloc(text, size);
		if (!more)
			break;
		text = more;
		len = knot_rrset_txt_dump_data(rr, at, text, size, &KNOT_DUMP_STYLE_DEFAULT);
	}
	if (len >= 0)
		return text;
	free(text);
	return NULL;
}
