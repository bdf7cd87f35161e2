// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * prf.c: the keyed hash of a flow (prf.h).
 */
#include <string.h>
#include <sodium.h>
#include "prf.h"
#include "user/base/addr.h"

__u64 prf_of_tuple(const struct ad_tuple *tuple, const __u64 key[2])
{
	size_t skip = addr_is_ip4(&tuple->vip) ? 12 : 0, len = 16 - skip;
	__u8 message[36], *at = message, bytes[16], out[8];
	__u64 prf;

	memcpy(bytes, key, sizeof(bytes));
	at = mempcpy(at, tuple->client.b + skip, len);
	at = mempcpy(at, tuple->vip.b + skip, len);
	at = mempcpy(at, &tuple->client_port, 2);
	at = mempcpy(at, &tuple->vip_port, 2);
	crypto_shorthash(out, message, at - message, bytes);
	explicit_bzero(bytes, sizeof(bytes));
	memcpy(&prf, out, sizeof(prf));
	return prf;
}
