// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * engine.c: the daemon's engine beside the kernel's (packet.h). It is compiled with the
 * sanitizers and counts branches, so it also leads the fuzzer on.
 */
#include "selftests/fuzz/engine.h"
#include "packet.h"

static struct dns_work *work;

void engine_raise(const char *zones)
{
	work = engine_new(zones);
}

bool engine_ask(const struct message *query, struct message *reply)
{
	if (!engine_respond(work, query, false))
		return false;
	reply->data = work->msg;
	reply->len = work->len;
	return true;
}
