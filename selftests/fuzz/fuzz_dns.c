// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_dns.c: any bytes as a query. Input: one byte (odd = by TCP), then the message.
 */
#include "engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_work *work;
	struct message query, reply;
	bool tcp;

	if (!work)
		work = engine_new(getenv("FUZZ_ZONES") ?: "selftests/dns/zones");
	if (!size || size > 4096)
		return 0;
	tcp = data[0] & 1;
	query = (struct message){ data + 1, size - 1 };
	if (!engine_respond(work, &query, tcp))
		return 0;
	reply = (struct message){ work->msg, work->len };
	judge_reply(&query, &reply, tcp);
	return 0;
}
