// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_dns.c: any bytes as a query. Input: one byte of bits (by TCP, a cookie is required, answers
 * are limited), then the message.
 */
#include "engine.h"
#include "proof_zones.h"

#define NOW_NS 1559731985000000000ull
#define CLIENT 0x646433c6 /* 198.51.100.100, as it lies in memory */

enum {
	BY_TCP = 1,
	REQUIRED = 2,
	LIMITED = 4
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* With the cookie of RFC 9018, A.1, that `seeds` has, when it was made. */
	static const struct ad_dns_rules rules = {
		.secrets = { { 0x3fa4b2a6e573e9e5, 0xcfbf379e84dce748 } },
		.nr_secrets = 1,
		.costs = { 7, 7, 7, 7, 7 },
		.debt_max = 100,
		.slip = 2,
	};
	static struct ad_dns_accounts accounts;
	static struct dns_limiter *limiter;
	static struct dns_work *work;
	struct message query, reply;
	bool tcp;

	if (!work)
		work = engine_new(getenv("FUZZ_ZONES") ?: "selftests", &rules, NOW_NS);
	if (!size || size > 4096)
		return 0;
	limiter = (struct dns_limiter *)work->limiter;
	limiter->rules.cookies = data[0] & REQUIRED ? AD_DNS_COOKIES_REQUIRED : AD_DNS_COOKIES_ON;
	limiter->lines = data[0] & LIMITED ? &accounts : NULL;
	memset(&accounts, data[0] & LIMITED ? data[0] : 0, sizeof(accounts));
	work->client.w[2] = 0xffff0000;
	work->client.w[3] = CLIENT;
	tcp = data[0] & BY_TCP;
	query = (struct message){ data + 1, size - 1 };
	if (!engine_respond(work, &query, tcp))
		return 0;
	reply = (struct message){ work->msg, work->len };
	judge_reply(&query, &reply, tcp);
	proof_reply(&query, &reply);
	return 0;
}
