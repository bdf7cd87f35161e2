// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flowlog_line.c: a line of the flow log (flowlog_line.h).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include "flowlog_line.h"
#include "user/base/addr.h"

static int put_name(char *text, size_t size, const char *key, const char *name)
{
	return name ? snprintf(text, size, ",\"%s\":\"%s\"", key, name)
		    : snprintf(text, size, ",\"%s\":null", key);
}

/* null where it is 0: it was not measured. */
static int put_measured(char *text, size_t size, const char *key, double value, int digits)
{
	return value ? snprintf(text, size, ",\"%s\":%.*f", key, digits, value)
		     : snprintf(text, size, ",\"%s\":null", key);
}

/* RFC 3339, in UTC. */
static int put_time(char *text, size_t size, const struct timespec *at)
{
	struct tm tm;
	char day[32];

	gmtime_r(&at->tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	return snprintf(text, size, "{\"time\":\"%s.%03ldZ\"", day, at->tv_nsec / 1000000);
}

size_t flowlog_line(const struct ad_connection_news *news, const struct flowlog_about *about,
		    char text[FLOWLOG_LINE])
{
	const struct ad_tuple *tuple = &news->tuple;
	char client[ADDR_TEXT], vip[ADDR_TEXT];
	size_t size = FLOWLOG_LINE;
	int at = put_time(text, size, &about->ended);

	at += snprintf(text + at, size - at,
		       ",\"client\":\"%s\",\"client_port\":%u,\"vip\":\"%s\",\"vip_port\":%u",
		       addr_format(&tuple->client, client), ntohs(tuple->client_port),
		       addr_format(&tuple->vip, vip), ntohs(tuple->vip_port));
	at += put_name(text + at, size - at, "node", about->node);
	at += put_name(text + at, size - at, "pop", about->pop);
	at += put_name(text + at, size - at, "region", about->region);
	at += put_name(text + at, size - at, "landing", about->landing);
	at += put_name(text + at, size - at, "outcome",
		       news->what == AD_CONNECTION_FAILED ? "failed" : "ended");
	at += put_measured(text + at, size - at, "duration_s", news->lived_ns / 1e9, 3);
	at += snprintf(text + at, size - at,
		       ",\"rx_bytes\":%llu,\"tx_bytes\":%llu,\"rx_packets\":%u,\"tx_packets\":%u"
		       ",\"retransmits\":%u",
		       news->rx_bytes, news->tx_bytes, news->rx_packets, news->tx_packets,
		       news->retransmits);
	at += put_measured(text + at, size - at, "handshake_us", news->handshake_us, 0);
	at += put_measured(text + at, size - at, "min_rtt_us", news->min_rtt_us, 0);
	at += snprintf(text + at, size - at, ",\"stamped\":%s}\n",
		       news->is_stamped ? "true" : "false");
	return at;
}
