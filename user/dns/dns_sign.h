/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_sign.h: signatures: made here, by a zone-signing key of a zone that was signed elsewhere, and
 * verified.
 */
#ifndef AD_DNS_SIGN_H
#define AD_DNS_SIGN_H

#include "user/zone/zone.h"

struct dns_signer;

/*
 * The private key in @path, which must be that of a DNSKEY of @zone: PEM (PKCS #8), or as ldns and
 * BIND write it (K*.private), of ECDSA or Ed25519. Signatures are good from an hour ago for
 * @seconds from now. 0, or -errno and *@why.
 */
int dns_signer_new(const struct zone *zone, const char *path, __u32 seconds,
		   struct dns_signer **signer, const char **why);
void dns_signer_free(struct dns_signer *signer);

/* When what it signs ends. */
__u64 dns_signer_until(const struct dns_signer *signer);

/*
 * The signature of the set @rrs, sorted, of one owner name and type, with its TTL: *@sig is a
 * record of the same owner name, its data and key are in @arena. 0 or -errno.
 */
int dns_signer_sign(const struct dns_signer *signer, struct arena *arena, const struct zone_rr *rrs,
		    size_t nr, struct zone_rr *sig);

/*
 * Is @sig the signature of the set @rrs, sorted, by @key? 0; -EBADMSG: it is not; or -EINVAL: that
 * cannot be said here.
 */
struct dnssec_key;
int dns_sign_verify(const struct dnssec_key *key, const struct zone_rr *rrs, size_t nr,
		    const struct zone_rr *sig);

#endif
