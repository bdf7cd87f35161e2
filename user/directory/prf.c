// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * prf.c: the keyed hash of a flow (prf.h).
 */
#include <string.h>
#include <sodium.h>
#include "prf.h"
#include "user/base/addr.h"

/* SipHash-2-4 of the 4-tuple, client first. */
__u64 prf_of_tuple(const struct ad_tuple *tuple, const __u64 stamp[2])
{
	size_t skip = addr_is_ip4(&tuple->vip) ? 12 : 0, len = 16 - skip;
	__u8 message[36], out[8];
	__u64 prf;

	memcpy(message, tuple->client.b + skip, len);
	memcpy(message + len, tuple->vip.b + skip, len);
	memcpy(message + 2 * len, &tuple->client_port, 2);
	memcpy(message + 2 * len + 2, &tuple->vip_port, 2);
	crypto_shorthash(out, message, 2 * len + 4, (const __u8 *)stamp);
	memcpy(&prf, out, sizeof(prf));
	return prf;
}
