// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_text.c: one flow as text (flow_text.h).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include "flow_text.h"
#include "user/base/addr.h"

#define CLOSED_AFTER_S 60 /* Linux's TIME_WAIT */

const char *flow_kind(__u8 kind)
{
	static const char *const kinds[] = {
		[AD_FLOW_FREE] = "free",
		[AD_FLOW_TRANSIT] = "transit",
		[AD_FLOW_PIN] = "pin",
		[AD_FLOW_OURS] = "ours",
	};

	return kind <= AD_FLOW_OURS ? kinds[kind] : "unknown";
}

const char *endpoint_format(const struct ad_addr *addr, __be16 port, char text[ENDPOINT_TEXT])
{
	char address[ADDR_TEXT];

	snprintf(text, ENDPOINT_TEXT, addr_is_ip4(addr) ? "%s:%u" : "[%s]:%u",
		 addr_format(addr, address), ntohs(port));
	return text;
}

static bool is_unknown(const struct ad_addr *addr)
{
	return !(addr->w[0] | addr->w[1] | addr->w[2] | addr->w[3]);
}

const char *flow_vip_format(const struct ad_flow *flow, const struct names *names,
			    char text[ENDPOINT_TEXT])
{
	struct ad_addr vip = names_vip(names, flow->vip);

	if (!is_unknown(&vip))
		return endpoint_format(&vip, flow->vip_port, text);
	snprintf(text, ENDPOINT_TEXT, "removed:%u", ntohs(flow->vip_port));
	return text;
}

__u32 flow_seconds(__u32 now_s, __u32 then_s)
{
	__s32 seconds = now_s - then_s;

	return seconds > 0 ? seconds : 0;
}

bool flow_is_over(const struct ad_flow *flow, const struct names *names)
{
	__u32 idle_s = flow_seconds(names->now_s, flow->last_s);

	return idle_s > (flow->flags & AD_FLOW_CLOSING ? CLOSED_AFTER_S : names_idle_s(names));
}

bool flow_is_estimate(const struct ad_flow *flow)
{
	return flow->kind == AD_FLOW_TRANSIT;
}

/* "prefix":"name", or null. */
static int json_name(char *text, size_t size, const char *key, const char *name)
{
	return name ? snprintf(text, size, ",\"%s\":\"%s\"", key, name)
		    : snprintf(text, size, ",\"%s\":null", key);
}

static int json_node(char *text, size_t size, const struct names *names, const char *key, __u16 id)
{
	char pop_key[16];
	int len;

	snprintf(pop_key, sizeof(pop_key), "%s_pop", key);
	len = snprintf(text, size, ",\"%s_id\":%u", key, id);
	len += json_name(text + len, size - len, key, names_node_name(names, id));
	return len + json_name(text + len, size - len, pop_key, names_pop_name(names, id));
}

static int json_counts(char *text, size_t size, const struct ad_flow *flow, __u32 now_s)
{
	int len = flow->first_s ? snprintf(text, size, ",\"age_s\":%u",
					   flow_seconds(now_s, flow->first_s))
				: snprintf(text, size, ",\"age_s\":null");

	return len +
	       snprintf(text + len, size - len,
			",\"idle_s\":%u"
			",\"rx_packets\":%u,\"rx_bytes\":%llu,\"tx_packets\":%u,\"tx_bytes\":%llu"
			",\"estimate\":%s,\"stamped\":%s,\"closing\":%s,\"forwarded\":%s",
			flow_seconds(now_s, flow->last_s), flow->rx_packets, flow->rx_bytes,
			flow->tx_packets, flow->tx_bytes, flow_is_estimate(flow) ? "true" : "false",
			flow->flags & AD_FLOW_STAMPED ? "true" : "false",
			flow->flags & AD_FLOW_CLOSING ? "true" : "false",
			flow->flags & AD_FLOW_FORWARDED ? "true" : "false");
}

static int json_tcp(char *text, size_t size, const struct socket_info *tcp)
{
	if (!tcp->known)
		return snprintf(text, size,
				",\"rtt_us\":null,\"min_rtt_us\":null,\"retransmits\":null"
				",\"cwnd\":null,\"delivery_rate\":null}");
	return snprintf(text, size,
			",\"rtt_us\":%u,\"min_rtt_us\":%u,\"retransmits\":%u,\"cwnd\":%u"
			",\"delivery_rate\":%llu}",
			tcp->rtt_us, tcp->min_rtt_us, tcp->retransmits, tcp->cwnd,
			tcp->delivery_rate);
}

size_t flow_json(const struct flow_row *row, const struct names *names, char text[FLOW_JSON_TEXT])
{
	const struct ad_flow *flow = &row->flow;
	struct ad_addr vip_addr = names_vip(names, flow->vip);
	char client[ADDR_TEXT], vip[ADDR_TEXT];
	int len;

	len = snprintf(text, FLOW_JSON_TEXT,
		       "{\"kind\":\"%s\",\"client\":\"%s\",\"client_port\":%u",
		       flow_kind(flow->kind), addr_format(&flow->client, client),
		       ntohs(flow->client_port));
	len += json_name(text + len, FLOW_JSON_TEXT - len, "vip",
			 is_unknown(&vip_addr) ? NULL : addr_format(&vip_addr, vip));
	len += snprintf(text + len, FLOW_JSON_TEXT - len, ",\"vip_port\":%u",
			ntohs(flow->vip_port));
	len += json_node(text + len, FLOW_JSON_TEXT - len, names, "owner", flow->owner);
	len += json_node(text + len, FLOW_JSON_TEXT - len, names, "via", flow->via);
	len += json_counts(text + len, FLOW_JSON_TEXT - len, flow, names->now_s);
	len += json_tcp(text + len, FLOW_JSON_TEXT - len, &row->tcp);
	return len;
}
