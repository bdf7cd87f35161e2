/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_fixture.h: questions to the engine, and what libknot reads in its replies, for unit tests.
 */
#ifndef AD_DNS_FIXTURE_H
#define AD_DNS_FIXTURE_H

#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>
#include "user/dns/dns_home.h"
#include "zone_fixture.h"

#define FIXTURE __attribute__((unused)) static

static struct dns_work *work;

struct ask {
	const char *name;
	__u16 type;
	__u16 class;   /* 0 = IN */
	__u16 payload; /* of EDNS; 0 = none */
	bool tcp;
	bool nsid;
	bool dnssec; /* the DO bit */
	__u8 version;
};

FIXTURE void put_opt(const struct ask *ask, __u32 at)
{
	dns_put8(work, at, 0);
	dns_put16(work, at + 1, DNS_T_OPT);
	dns_put16(work, at + 3, ask->payload);
	dns_put16(work, at + 5, ask->version);
	dns_put16(work, at + 7, ask->dnssec ? DNS_DO << 8 : 0);
	dns_put16(work, at + 9, ask->nsid ? 4 : 0);
	dns_put16(work, at + 11, DNS_OPTION_NSID);
	dns_put16(work, at + 13, 0);
	dns_put8(work, 11, 1);
	work->len = at + DNS_OPT_BYTES + (ask->nsid ? 4 : 0);
}

FIXTURE int ask(const struct ask *ask)
{
	__u8 wire[256];
	__u32 at;

	name_parse(ask->name, wire);
	memset(work->msg, 0, 1024);
	dns_put16(work, 0, 0x1234);
	dns_put8(work, 5, 1);
	memcpy(work->msg + DNS_HEADER, wire, name_len(wire));
	at = DNS_HEADER + name_len(wire);
	dns_put16(work, at, ask->type);
	dns_put16(work, at + 2, ask->class ?: DNS_CLASS_IN);
	work->len = at + 4;
	work->tcp = ask->tcp;
	if (ask->payload)
		put_opt(ask, at + 4);
	return dns_respond(work, dns_image(work));
}

FIXTURE bool said(const char *flags)
{
	char got[64];

	snprintf(got, sizeof(got), "%s%s%s", knot_lookup_by_id(knot_rcode_names, work->rcode)->name,
		 work->msg[2] & DNS_AA ? " aa" : "", work->msg[2] & DNS_TC ? " tc" : "");
	return is_str(got, flags, "  %s", flags);
}

/* One record a line: owner, TTL, type, data, one space between. */
FIXTURE const char *records(knot_pkt_t *pkt, knot_section_t id)
{
	static char text[3][65536];
	const knot_pktsection_t *section = knot_pkt_section(pkt, id);
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	size_t size = 65536, at = 0;
	char *line = malloc(size), *c, *to = text[id];
	__u16 i;

	style.original_ttl = false;
	for (i = 0; i < section->count; i++) {
		if (knot_pkt_rr(section, i)->type == KNOT_RRTYPE_OPT)
			continue;
		knot_rrset_txt_dump(knot_pkt_rr(section, i), &line, &size, &style);
		for (c = line; *c; c++)
			if ((*c != '\t' && *c != ' ') || (at && to[at - 1] != ' '))
				to[at++] = *c == '\t' ? ' ' : *c;
	}
	to[at] = '\0';
	free(line);
	return to;
}

/* Asks, and expects sections in this order; NULL: not looked at. */
FIXTURE void expect(const struct ask *question, const char *flags, const char *answer,
		    const char *authority, const char *additional)
{
	const char *expected[] = { answer, authority, additional };
	knot_pkt_t *pkt;
	int i;

	is_int(ask(question), DNS_SEND, "%s %u is answered", question->name, question->type);
	said(flags);
	pkt = knot_pkt_new(work->msg, work->len, NULL);
	if (!ok(!knot_pkt_parse(pkt, 0), "  in a way that libknot can read"))
		return;
	for (i = 0; i < 3; i++)
		if (expected[i])
			is_str(records(pkt, i), expected[i], "  section %d", i);
	knot_pkt_free(pkt);
}

FIXTURE void answer(const char *name, __u16 type, const char *flags, const char *records,
		    const char *authority)
{
	struct ask question = { .name = name, .type = type };

	expect(&question, flags, records, authority, NULL);
}

#endif
