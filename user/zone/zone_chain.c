// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_chain.c: finds the NSEC or NSEC3 record that covers a name (zone_chain.h).
 */
#include <string.h>
#include "bpf/dns/dns_nsec3.h"
#include "maps/dns_proto.h"
#include "zone_chain.h"

_Static_assert(NSEC3_ITERATIONS_MAX == DNS_ITERATIONS_MAX, "what is loaded can be answered");

#define HASH_LABEL 32 /* letters of a hash: five bits each (RFC 4648, 7) */

static int hash_digit(__u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

bool nsec3_owner_hash(const __u8 *owner_name, __u8 hash[NSEC3_HASH_BYTES])
{
	unsigned int bits = 0, i, n = 0;
	__u32 word = 0;
	int digit;

	if (owner_name[0] != HASH_LABEL)
		return false;
	for (i = 1; i <= HASH_LABEL; i++) {
		digit = hash_digit(owner_name[i]);
		if (digit < 0)
			return false;
		word = word << 5 | digit;
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		hash[n++] = word >> bits;
	}
	return true;
}

void nsec3_hash(const struct zone_chain *chain, const __u8 *name, __u8 hash[NSEC3_HASH_BYTES])
{
	struct dns_nsec3 work = {
		.len = name_len(name),
		.salt_len = chain->salt_len,
		.iterations = chain->iterations,
	};

	memcpy(work.text, name, work.len);
	if (chain->salt_len)
		memcpy(work.salt, chain->salt, chain->salt_len);
	dns_nsec3_hash(&work);
	memcpy(hash, work.text, NSEC3_HASH_BYTES);
}

/* Owner names of NSEC3 sort as the hashes do (RFC 5155, 1.3), so either chain is searched by name.
 */
static void chain_key(const struct zone_chain *chain, const __u8 *name, __u8 bytes[NAME_KEY_MAX],
		      struct name_key *key)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	__u8 hash[NSEC3_HASH_BYTES], owner_name[256] = { HASH_LABEL };
	unsigned int i, at;

	if (chain->type == DNS_T_NSEC) {
		name_to_key(name, bytes, key);
		return;
	}
	nsec3_hash(chain, name, hash);
	for (i = 0; i < HASH_LABEL; i++) {
		at = 5 * i;
		owner_name[1 + i] = digits[((hash[at / 8] << 8 | hash[at / 8 + (at % 8 > 3)]) >>
					    (11 - at % 8)) &
					   31];
	}
	memcpy(owner_name + 1 + HASH_LABEL, chain->apex, name_len(chain->apex));
	name_to_key(owner_name, bytes, key);
}

size_t zone_chain_find(const struct zone_chain *chain, const __u8 *name, bool *own)
{
	size_t low = 0, high = chain->nr, middle;
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key;
	int diff = 1;

	chain_key(chain, name, bytes, &key);
	while (low < high && diff) {
		middle = low + (high - low) / 2;
		diff = name_key_compare(&chain->deniers[middle]->key, &key);
		if (diff <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	*own = !diff;
	return low ? low - 1 : chain->nr - 1;
}
