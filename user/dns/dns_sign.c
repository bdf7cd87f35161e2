// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_sign.c: a private key, and signatures by it or by others (dns_sign.h; RFC 4034, 3.1.8).
 */
#include <errno.h>
#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libdnssec/sign.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dns_sign.h"
#include "maps/dns_proto.h"
#include "user/base/arena.h"
#include "user/config/keys.h"

#define KEY_TEXT    8192
#define SKEW_S	    3600 /* validators whose clocks are late */
#define SIG_FIXED   18	 /* in front of the signer's name (RFC 4034, 3.1) */
#define KEY_FIXED   4	 /* in front of the public key (2.1) */
#define KEY_ZONE    0x0100
#define KEY_REVOKED 0x0080
#define DER_MAX	    256

struct dns_signer {
	dnssec_key_t *key;
	const struct zone *zone;
	__u32 begins_s, until_s; /* as signatures have them: modulo 2^32 */
	__u64 ends_s;
};

/* --- the key ---------------------------------------------------------------------------------- */

/* PKCS #8 of a private key, in front of it and behind: there comes the public key. */
struct der {
	__u8 algorithm; /* RFC 8624 */
	size_t private_bytes, public_bytes;
	const char *head, *middle;
	size_t head_bytes, middle_bytes;
};

#define DER_OF(algorithm, private_bytes, public_bytes, head, middle)                               \
	{                                                                                          \
		algorithm, private_bytes, public_bytes, head, middle, sizeof(head) - 1,            \
			sizeof(middle) - 1                                                         \
	}
static const struct der ders[] = {
	DER_OF(DNSSEC_KEY_ALGORITHM_ECDSA_P256_SHA256, 32, 64,
	       "\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a"
	       "\x86\x48\xce\x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20",
	       "\xa1\x44\x03\x42\x00\x04"),
	DER_OF(DNSSEC_KEY_ALGORITHM_ECDSA_P384_SHA384, 48, 96,
	       "\x30\x81\xb6\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b"
	       "\x81\x04\x00\x22\x04\x81\x9e\x30\x81\x9b\x02\x01\x01\x04\x30",
	       "\xa1\x64\x03\x62\x00\x04"),
	DER_OF(DNSSEC_KEY_ALGORITHM_ED25519, 32, 0,
	       "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", ""),
};

/* As PEM. */
static int wrap_pem(const __u8 *der, size_t size, dnssec_binary_t *pem)
{
	const dnssec_binary_t raw = { size, (__u8 *)der };
	dnssec_binary_t base64 = { 0 };
	char *text;
	int len;

	if (dnssec_binary_to_base64(&raw, &base64))
		return -ENOMEM;
	len = asprintf(&text, "-----BEGIN PRIVATE KEY-----\n%.*s\n-----END PRIVATE KEY-----\n",
		       (int)base64.size, (char *)base64.data);
	dnssec_binary_free(&base64);
	if (len < 0)
		return -ENOMEM;
	pem->data = (__u8 *)text;
	pem->size = len;
	return 0;
}

/* "Algorithm: 13 (...)" and "PrivateKey: BASE64", and the public key of the record @rr. */
static int read_bind(const char *text, const struct zone_rr *rr, dnssec_binary_t *pem)
{
	const char *algorithm = strstr(text, "Algorithm: "), *key = strstr(text, "PrivateKey: ");
	dnssec_binary_t base64 = { 0 }, private = { 0 };
	__u8 out[DER_MAX], *to = out;
	const struct der *der;
	int err = -EINVAL;

	for (der = ders; der < ders + 3; der++)
		if (algorithm && atoi(algorithm + 11) == der->algorithm)
			break;
	if (der == ders + 3 || !key || rr->rdata[3] != der->algorithm ||
	    rr->rdlen < KEY_FIXED + der->public_bytes)
		return -EINVAL;
	base64.data = (__u8 *)key + 12;
	base64.size = strcspn(key + 12, "\r\n");
	if (!dnssec_binary_from_base64(&base64, &private) && private.size == der->private_bytes) {
		to = mempcpy(to, der->head, der->head_bytes);
		to = mempcpy(to, private.data, private.size);
		to = mempcpy(to, der->middle, der->middle_bytes);
		to = mempcpy(to, rr->rdata + KEY_FIXED, der->public_bytes);
		err = wrap_pem(out, to - out, pem);
	}
	if (private.data)
		explicit_bzero(private.data, private.size);
	dnssec_binary_free(&private);
	explicit_bzero(out, sizeof(out));
	return err;
}

/* Who signs must be able to verify: else the halves are not of one key. */
static bool is_pair(const dnssec_key_t *key)
{
	const dnssec_binary_t text = { 4, (__u8 *)"text" };
	dnssec_binary_t sig = { 0 };
	dnssec_sign_ctx_t *ctx = NULL;
	bool good;

	good = !dnssec_sign_new(&ctx, key) && !dnssec_sign_add(ctx, &text) &&
	       !dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &sig) && !dnssec_sign_init(ctx) &&
	       !dnssec_sign_add(ctx, &text) && !dnssec_sign_verify(ctx, false, &sig);
	dnssec_binary_free(&sig);
	dnssec_sign_free(ctx);
	return good;
}

/* The pair of the DNSKEY @rr and the private key in @text; NULL: it is not its. */
static dnssec_key_t *try_key(const struct zone_rr *rr, const char *text)
{
	const dnssec_binary_t rdata = { rr->rdlen, (__u8 *)rr->rdata };
	dnssec_binary_t pem = { strlen(text), (__u8 *)text };
	bool is_pem = strstr(text, "-----BEGIN ");
	dnssec_key_t *key = NULL;

	if (!is_pem && read_bind(text, rr, &pem))
		return NULL;
	if (!dnssec_key_new(&key) && (dnssec_key_set_rdata(key, &rdata) ||
				      dnssec_key_load_pkcs8(key, &pem) || !is_pair(key))) {
		dnssec_key_free(key);
		key = NULL;
	}
	if (!is_pem) {
		explicit_bzero(pem.data, pem.size);
		free(pem.data);
	}
	return key;
}

static int find_key(struct dns_signer *signer, const char *text)
{
	const struct zone *zone = signer->zone;
	const struct zone_rr *rrs;
	size_t i, nr;

	rrs = zone_find(zone, &zone->key, DNS_T_DNSKEY, &nr);
	for (i = 0; i < nr && !signer->key; i++) {
		__u16 flags = rrs[i].rdata[0] << 8 | rrs[i].rdata[1];

		if ((flags & (KEY_ZONE | KEY_REVOKED)) == KEY_ZONE)
			signer->key = try_key(&rrs[i], text);
	}
	return signer->key ? 0 : -ENOKEY;
}

int dns_signer_new(const struct zone *zone, const char *path, __u32 seconds,
		   struct dns_signer **result, const char **why)
{
	struct dns_signer *signer = calloc(1, sizeof(*signer));
	char text[KEY_TEXT];
	__u64 now = time(NULL);
	int err;

	if (!signer)
		return -ENOMEM;
	signer->zone = zone;
	signer->ends_s = now + seconds;
	signer->until_s = signer->ends_s;
	signer->begins_s = now - SKEW_S;
	err = keys_read_text(path, text, sizeof(text));
	*why = err ? strerror(-err) : NULL;
	if (!err) {
		err = find_key(signer, text);
		if (err)
			*why = "it is the private key of no DNSKEY of the zone, or of an "
			       "algorithm that only a file in PEM can have here";
	}
	explicit_bzero(text, sizeof(text));
	if (err)
		dns_signer_free(signer);
	else
		*result = signer;
	return err;
}

void dns_signer_free(struct dns_signer *signer)
{
	if (!signer)
		return;
	dnssec_key_free(signer->key);
	free(signer);
}

__u64 dns_signer_until(const struct dns_signer *signer)
{
	return signer->ends_s;
}

/* --- a signature ------------------------------------------------------------------------------ */

static __u8 *put_16(__u8 *to, __u16 v)
{
	*to++ = v >> 8;
	*to++ = v;
	return to;
}

static __u8 *put_32(__u8 *to, __u32 v)
{
	return put_16(put_16(to, v >> 16), v);
}

/* All of its data but the signature. */
static size_t put_head(const struct dns_signer *signer, const struct zone_rr *rr, __u8 *head)
{
	const __u8 *apex = signer->zone->apex;
	__u8 *to = put_16(head, rr->type);

	*to++ = dnssec_key_get_algorithm(signer->key);
	*to++ = rr->key.labels - !memcmp(rr->owner_name, "\1*", 2);
	to = put_32(to, rr->ttl);
	to = put_32(to, signer->until_s);
	to = put_32(to, signer->begins_s);
	to = put_16(to, dnssec_key_get_keytag(signer->key));
	to = mempcpy(to, apex, name_len(apex));
	return to - head;
}

/* A record in the form of RFC 4034, 6.2, with @ttl: names in old types are lower case. */
static int add_record(dnssec_sign_ctx_t *ctx, const struct zone_rr *rr, __u32 ttl)
{
	__u8 head[256 + 10], *to = mempcpy(head, rr->owner_name, name_len(rr->owner_name));
	dnssec_binary_t part;
	knot_rrset_t set;
	int err;

	knot_rrset_init(&set, knot_dname_copy(rr->owner_name, NULL), rr->type, KNOT_CLASS_IN, ttl);
	err = set.owner ? knot_rrset_add_rdata(&set, rr->rdata, rr->rdlen, NULL) : KNOT_ENOMEM;
	err = err ?: knot_rrset_rr_to_canonical(&set);
	to = put_16(put_32(put_16(put_16(to, rr->type), DNS_CLASS_IN), ttl), rr->rdlen);
	part = (dnssec_binary_t){ to - head, head };
	err = err ?: dnssec_sign_add(ctx, &part);
	if (!err) {
		part = (dnssec_binary_t){ set.rrs.rdata->len, set.rrs.rdata->data };
		err = dnssec_sign_add(ctx, &part);
	}
	knot_rrset_clear(&set, NULL);
	return err ? -EINVAL : 0;
}

int dns_signer_sign(const struct dns_signer *signer, struct arena *arena, const struct zone_rr *rrs,
		    size_t nr, struct zone_rr *sig)
{
	__u8 head[SIG_FIXED + 256], *rdata = NULL;
	dnssec_binary_t first = { put_head(signer, rrs, head), head }, value = { 0 };
	dnssec_sign_ctx_t *ctx = NULL;
	int err = 0;
	size_t i;

	if (dnssec_sign_new(&ctx, signer->key) || dnssec_sign_add(ctx, &first))
		err = -EINVAL;
	for (i = 0; i < nr && !err; i++)
		err = add_record(ctx, &rrs[i], rrs[i].ttl);
	if (!err && dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &value))
		err = -EINVAL;
	dnssec_sign_free(ctx);
	if (!err)
		rdata = arena_alloc(arena, first.size + value.size);
	if (rdata) {
		memcpy(mempcpy(rdata, head, first.size), value.data, value.size);
		*sig = rrs[0];
		sig->type = DNS_T_RRSIG;
		sig->rdata = rdata;
		sig->rdlen = first.size + value.size;
	}
	dnssec_binary_free(&value);
	return err ?: rdata ? 0 : -ENOMEM;
}

int dns_sign_verify(const struct dnssec_key *key, const struct zone_rr *rrs, size_t nr,
		    const struct zone_rr *sig)
{
	const __u8 *signer = sig->rdata + SIG_FIXED;
	size_t head_bytes = SIG_FIXED + name_len(signer), i;
	__u8 head[SIG_FIXED + 256];
	dnssec_binary_t first = { head_bytes, head };
	dnssec_binary_t value = { sig->rdlen - head_bytes, (__u8 *)sig->rdata + head_bytes };
	dnssec_sign_ctx_t *ctx = NULL;
	__u32 ttl = (__u32)sig->rdata[4] << 24 | sig->rdata[5] << 16 | sig->rdata[6] << 8 |
		    sig->rdata[7];
	int err = 0;

	memcpy(head, sig->rdata, SIG_FIXED);
	name_lower(head + SIG_FIXED, signer);
	if (dnssec_sign_new(&ctx, key) || dnssec_sign_add(ctx, &first))
		err = -EINVAL;
	for (i = 0; i < nr && !err; i++)
		err = add_record(ctx, &rrs[i], ttl);
	if (!err && dnssec_sign_verify(ctx, false, &value))
		err = -EBADMSG;
	dnssec_sign_free(ctx);
	return err;
}
