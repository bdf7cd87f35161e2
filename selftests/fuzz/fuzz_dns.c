// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_dns.c: any bytes as a query. Input: one byte (odd = by TCP), then the message.
 */
#include "engine.h"

#define NOW_NS 1559731985000000000ull
#define CLIENT 0x646433c6 /* 198.51.100.100, as it lies in memory */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* With the cookie of RFC 9018, A.1, that `seeds` has, when it was made. */
	static const struct ad_dns_guard rules = {
		.secrets = { { 0x3fa4b2a6e573e9e5, 0xcfbf379e84dce748 } },
		.nr_secrets = 1,
		.cookies = AD_DNS_COOKIES_ON,
	};
	static struct dns_work *work;
	struct message query, reply;
	bool tcp;

	if (!work)
		work = engine_new(getenv("FUZZ_ZONES") ?: "selftests/dns/zones", &rules, NOW_NS);
	if (!size || size > 4096)
		return 0;
	work->client.w[2] = 0xffff0000;
	work->client.w[3] = CLIENT;
	tcp = data[0] & 1;
	query = (struct message){ data + 1, size - 1 };
	if (!engine_respond(work, &query, tcp))
		return 0;
	reply = (struct message){ work->msg, work->len };
	judge_reply(&query, &reply, tcp);
	return 0;
}
