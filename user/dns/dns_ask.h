/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_ask.h: a question for the engine in this process, as a client or a resolver sends it.
 */
#ifndef AD_DNS_ASK_H
#define AD_DNS_ASK_H

#include <stdbool.h>
#include <linux/types.h>
#include "maps/types.h"

struct dns_work;

struct dns_ask {
	__u8 wire[256]; /* the name */
	__u16 qtype;
	bool tcp;
	bool chaos;
	bool dnssec;
	bool nsid;
	bool cookie;
	bool has_subnet;
	struct ad_addr client;	  /* who asks */
	struct ad_addr prefix;	  /* the subnet that it tells: nothing is set behind its bits */
	unsigned int prefix_bits; /* of its family */
};

/*
 * "ADDRESS/BITS", or an address alone: all of its bits; what is set behind them is cleared. 0 or
 * -EINVAL.
 */
int dns_ask_subnet(struct dns_ask *ask, const char *text);
/* Makes @work the question; its home's part is the caller's. */
void dns_ask_write(const struct dns_ask *ask, struct dns_work *work);

#endif
