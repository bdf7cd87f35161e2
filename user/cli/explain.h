/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.h: what `anydoor explain` knows of one question, and how it says so.
 */
#ifndef AD_EXPLAIN_H
#define AD_EXPLAIN_H

#include <jansson.h>
#include <libknot/libknot.h>
#include "user/config/config.h"
#include "user/dns/dns_explain.h"
#include "user/steer/pops.h"
#include "user/steer/world.h"

struct explain {
	const struct config *config;
	const struct dns_zones *zones;
	struct world world;
	struct ad_steer_pop bank[AD_STEER_BANK]; /* by number: the word of each POP */
	struct ad_steer_told told[AD_STEER_BANK];
	bool is_loaded; /* those are the loaded instance's; else all are up */
	struct dns_ask ask;
	__u32 *levels; /* by region, all of them 0 between two questions */
	struct dns_explanation how;
};

void explain_print(struct explain *explain);
json_t *explain_json(struct explain *explain);

/* --- what both are made of -------------------------------------------------------------------- */

/* Which rule of the policy the client falls under. */
struct explain_rule {
	struct world_spot spot;
	size_t number;	    /* of the policy's rules; how many there are: `default` */
	const char *region; /* or "default" */
	const char *pops;   /* what is written there */
	__u32 level;	    /* how exactly the region names the client */
};
void explain_find_rule(struct explain *explain, const struct dns_explain_name *name,
		       struct explain_rule *rule);
const struct config_policy *explain_policy(const struct explain *explain,
					   const struct dns_explain_name *name);
/* The client's key in databases and networks. */
struct steer_key explain_key(const struct dns_explain_name *name);

#define EXPLAIN_TEXT 64
/* "192.0.2.0/24": the first @bits of @addr, of all 128. */
const char *explain_prefix(const struct ad_addr *addr, unsigned int bits, char text[EXPLAIN_TEXT]);
/* The same of the largest network around @key between @start and @end. */
const char *explain_range(const struct steer_key *key, __u64 start, __u64 end,
			  char text[EXPLAIN_TEXT]);
const char *explain_network(bool is_ip4, const struct network *network, char text[EXPLAIN_TEXT]);
/* "network /24", "AS number", "country", "default" ... */
const char *explain_level(__u32 level, char text[EXPLAIN_TEXT]);
/* What became of a POP that was asked: "chosen", "out", "sheds this client". */
const char *explain_outcome(const struct dns_explain_name *name, size_t asked);
/* "fra=48|nyc=16": of how many slots which POP has how many. */
#define EXPLAIN_ROW_TEXT 512
const char *explain_row(const struct explain *explain, const struct ad_steer_row *row,
			char text[EXPLAIN_ROW_TEXT]);
/* "subnet", "resolver", "pop": what the client is found by. */
const char *explain_by(const struct explain *explain, const struct dns_explain_name *name);
/* "NOERROR", "left to another nameserver" ... */
const char *explain_verdict(const struct dns_explanation *how);
/* The answer, to free with knot_pkt_free(); NULL: there is none. */
knot_pkt_t *explain_reply(const struct dns_explanation *how);
/* The data of a record, for people; NULL: no memory. The caller frees. */
char *explain_data(const knot_rrset_t *rr, __u16 at);

#endif
