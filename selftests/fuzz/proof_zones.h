/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proof_zones.h: proof.h for replies of the fuzzers' zones, which of them has to prove anything.
 * Header only.
 */
#ifndef AD_FUZZ_PROOF_ZONES_H
#define AD_FUZZ_PROOF_ZONES_H

#include "proof.h"
#include "zones.h"

/* The apex of the zone that is asked, in @apex; false: it is not signed, or none of ours. */
static inline bool proof_zone(const knot_dname_t *name, uint16_t type, uint8_t *apex)
{
	uint8_t zone[KNOT_DNAME_MAXLEN];
	bool found = false;
	size_t i;
	int depth;

	/* Sorted: what is below another comes later. */
	for (i = 0; i < FUZZ_ZONES; i++) {
		demand(knot_dname_from_str(zone, fuzz_zones[i].name, sizeof(zone)));
		depth = knot_dname_in_bailiwick(name, zone);
		if (depth < 0 || (!depth && type == KNOT_RRTYPE_DS && found))
			continue; /* DS is its parent's to answer (RFC 4035, 3.1.4.1) */
		found = fuzz_zones[i].is_signed;
		memcpy(apex, zone, sizeof(zone));
	}
	return found;
}

/*
 * What stands at an alias itself is not asked here: an NSEC3 that shows a CNAME proves nothing
 * (RFC 6840, 4.3), and nobody validates that there is no NSEC.
 */
static inline bool proof_is_due(const knot_pkt_t *query, const knot_pkt_t *reply)
{
	uint16_t type = knot_pkt_qtype(query), rcode = knot_pkt_ext_rcode(reply);

	return knot_pkt_has_dnssec(query) && knot_wire_get_qdcount(query->wire) == 1 &&
	       knot_pkt_qclass(query) == KNOT_CLASS_IN && !knot_wire_get_tc(reply->wire) &&
	       (rcode == KNOT_RCODE_NOERROR || rcode == KNOT_RCODE_NXDOMAIN) &&
	       type != KNOT_RRTYPE_NSEC && type != KNOT_RRTYPE_RRSIG;
}

/* Queries that libknot does not read have nothing to prove. */
static inline void proof_reply(const struct message *query, const struct message *reply)
{
	knot_pkt_t *asked = knot_pkt_new((void *)query->data, query->len, NULL);
	knot_pkt_t *read = knot_pkt_new((void *)reply->data, reply->len, NULL);
	uint8_t apex[KNOT_DNAME_MAXLEN];

	demand(asked && read && knot_pkt_parse(read, KNOT_PF_KEEPWIRE) == KNOT_EOK);
	if (knot_pkt_parse(asked, KNOT_PF_KEEPWIRE) == KNOT_EOK && proof_is_due(asked, read) &&
	    proof_zone(knot_pkt_qname(asked), knot_pkt_qtype(asked), apex))
		proof_judge(read, apex);
	knot_pkt_free(asked);
	knot_pkt_free(read);
}

#endif
