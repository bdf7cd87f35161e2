// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * engine.c: the daemon's engine beside the kernel's (packet.h). It is compiled with the
 * sanitizers and counts branches, so it also leads the fuzzer on.
 */
#include "selftests/fuzz/engine.h"
#include "packet.h"

static struct dns_work *work;

void engine_raise(const char *zones, const struct ad_dns_rules *rules, uint64_t real_ns)
{
	work = engine_new(zones, rules, real_ns);
}

bool engine_ask(const struct message *query, const uint8_t *client, bool ip6, struct message *reply)
{
	memset(work->client.b, 0, sizeof(work->client));
	memset(work->client.b + 10, 0xff, 2);
	memcpy(work->client.b + (ip6 ? 0 : 12), client, ip6 ? 16 : 4);
	if (!engine_respond(work, query, false))
		return false;
	reply->data = work->msg;
	reply->len = work->len;
	return true;
}
