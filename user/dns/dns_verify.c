// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_verify.c: the signatures of variants, verified once (dns_verify.h). Of each that is right a
 * hash is kept, of all that it depends on, so that a reload verifies what is new.
 */
#include <errno.h>
#include <libdnssec/key.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "dns_sign.h"
#include "dns_steered.h"
#include "dns_verify.h"
#include "maps/dns_proto.h"
#include "user/base/progress.h"
#include "user/config/config.h"
#include "user/zone/zone_rdata.h"

struct verifying {
	struct dns_steer_set *set;
	const struct dns_steer_set *before;
	struct config_errors *errors;
	size_t room; /* of set->verified */
	const struct zone *zone;
	/* Its DNSKEY records; NULL: of no use here. */
	const struct zone_rr *rrs;
	dnssec_key_t **keys;
	size_t nr_keys;
	char name[NAME_TEXT];
	int err;
};

/* --- keys ------------------------------------------------------------------------------------- */

static void free_keys(struct verifying *verifying)
{
	size_t i;

	for (i = 0; i < verifying->nr_keys; i++)
		dnssec_key_free(verifying->keys[i]);
	free(verifying->keys);
	verifying->keys = NULL;
	verifying->nr_keys = 0;
	verifying->zone = NULL;
}

static int read_keys(struct verifying *verifying, const struct zone *zone)
{
	dnssec_binary_t rdata;
	size_t nr;

	if (verifying->zone == zone)
		return 0;
	free_keys(verifying);
	verifying->rrs = zone_find(zone, &zone->key, DNS_T_DNSKEY, &nr);
	verifying->keys = calloc(nr + 1, sizeof(dnssec_key_t *));
	if (!verifying->keys)
		return -ENOMEM;
	for (; verifying->nr_keys < nr; verifying->nr_keys++) {
		const struct zone_rr *rr = &verifying->rrs[verifying->nr_keys];
		dnssec_key_t **key = &verifying->keys[verifying->nr_keys];

		rdata = (dnssec_binary_t){ rr->rdlen, (__u8 *)rr->rdata };
		if (!dnssec_key_new(key) && dnssec_key_set_rdata(*key, &rdata)) {
			dnssec_key_free(*key);
			*key = NULL;
		}
	}
	verifying->zone = zone;
	return 0;
}

/* --- what was right before -------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct dns_verified));
}

static void hash(crypto_generichash_state *state, const struct zone_rr *rr)
{
	const __u8 head[] = { rr->type >> 8, rr->type, rr->rdlen >> 8, rr->rdlen };

	crypto_generichash_update(state, rr->owner_name, name_len(rr->owner_name));
	crypto_generichash_update(state, head, sizeof(head));
	crypto_generichash_update(state, rr->rdata, rr->rdlen);
}

static struct dns_verified hash_all(const struct zone_rr *key, const struct zone_rr *rrs, size_t nr,
				    const struct zone_rr *sig)
{
	crypto_generichash_state state;
	struct dns_verified all;
	size_t i;

	crypto_generichash_init(&state, NULL, 0, sizeof(all.hash));
	hash(&state, key);
	hash(&state, sig);
	for (i = 0; i < nr; i++)
		hash(&state, &rrs[i]);
	crypto_generichash_final(&state, all.hash, sizeof(all.hash));
	return all;
}

static bool was_right(const struct verifying *verifying, const struct dns_verified *all)
{
	const struct dns_steer_set *before = verifying->before;

	return before && before->nr_verified &&
	       bsearch(all, before->verified, before->nr_verified, sizeof(*all), compare);
}

static int remember(struct verifying *verifying, const struct dns_verified *all)
{
	struct dns_steer_set *set = verifying->set;
	struct dns_verified *grown;

	if (set->nr_verified == verifying->room) {
		verifying->room = verifying->room ? 2 * verifying->room : 64;
		grown = reallocarray(set->verified, verifying->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		set->verified = grown;
	}
	set->verified[set->nr_verified++] = *all;
	return 0;
}

/* --- signatures ------------------------------------------------------------------------------- */

/* 0, -EBADMSG, or -EAGAIN: @key is not its key. */
static int try_key(struct verifying *verifying, size_t key, const struct zone_rr *rrs, size_t nr,
		   const struct zone_rr *sig)
{
	const dnssec_key_t *with = verifying->keys[key];
	struct dns_verified all;
	int err = 0;

	if (!with || dnssec_key_get_algorithm(with) != sig->rdata[2] ||
	    dnssec_key_get_keytag(with) != (sig->rdata[16] << 8 | sig->rdata[17]))
		return -EAGAIN;
	all = hash_all(&verifying->rrs[key], rrs, nr, sig);
	if (was_right(verifying, &all)) {
		verifying->set->nr_remembered++;
	} else {
		err = dns_sign_verify(with, rrs, nr, sig);
		if (err == -EINVAL)
			return -EAGAIN;
	}
	return err ?: remember(verifying, &all);
}

/* Two keys may have one tag. */
static void verify_one(struct verifying *verifying, const struct zone_rr *rrs, size_t nr,
		       const struct zone_rr *sig)
{
	char type[ZONE_TYPE_TEXT];
	int err = -EAGAIN;
	size_t i;

	for (i = 0; i < verifying->nr_keys && (err == -EAGAIN || err == -EBADMSG); i++) {
		int now = try_key(verifying, i, rrs, nr, sig);

		err = now == -EAGAIN ? err : now;
	}
	if (err == -ENOMEM)
		verifying->err = -ENOMEM;
	if (err != -EBADMSG)
		return;
	config_errors_add(verifying->errors, sig->file, sig->line,
			  "steer: %s: the signature of its %s is wrong, no validator would believe "
			  "it: sign the variants again",
			  verifying->name, zone_type_name(rrs->type, type));
	verifying->err = -EINVAL;
}

/* All sets that the variant has at the name. */
static void verify_variant(struct verifying *verifying, const struct zone *variant,
			   const struct name_key *key)
{
	const struct zone_rr *rrs, *sigs;
	size_t nr, nr_sigs, i, run, j;

	rrs = zone_find(variant, key, 0, &nr);
	for (i = 0; i < nr && verifying->err != -ENOMEM; i += run) {
		for (run = 1; i + run < nr && rrs[i + run].type == rrs[i].type;)
			run++;
		if (!dns_steered_is_data(&rrs[i]))
			continue;
		sigs = zone_signatures(variant, &rrs[i], &nr_sigs);
		for (j = 0; j < nr_sigs && verifying->err != -ENOMEM; j++)
			verify_one(verifying, &rrs[i], run, &sigs[j]);
	}
}

static void verify_name(struct verifying *verifying, const struct dns_steered *name,
			const struct dns_spot *spot)
{
	const struct zone *variant;
	size_t pop;

	name_format(name->name, verifying->name);
	for (pop = 0; pop < name->nr_pops && verifying->err != -ENOMEM; pop++) {
		variant = name->members[pop][0] ? name->variants[pop] : NULL;
		if (!variant || !strcmp(variant->file, spot->zone->file))
			continue; /* one with the zone's file was signed here */
		verify_variant(verifying, variant, &spot->key);
		if (!progress_at("verifying variants of %s", verifying->name))
			verifying->err = -ECANCELED;
	}
}

int dns_verify(struct zone *const *zones, size_t nr_zones, struct dns_steer_set *set,
	       const struct dns_steer_set *before, struct config_errors *errors)
{
	struct verifying verifying = { .set = set, .before = before, .errors = errors };
	struct dns_spot spot;
	size_t i;

	for (i = 0; i < set->nr_names; i++) {
		dns_steered_spot(zones, nr_zones, set->names[i].name, &spot);
		if (!set->names[i].variants || !spot.zone)
			continue;
		if (read_keys(&verifying, spot.zone))
			verifying.err = -ENOMEM;
		if (verifying.err && verifying.err != -EINVAL)
			break;
		verify_name(&verifying, &set->names[i], &spot);
	}
	free_keys(&verifying);
	if (set->nr_verified)
		qsort(set->verified, set->nr_verified, sizeof(*set->verified), compare);
	return verifying.err;
}

void dns_verify_free(struct dns_steer_set *set)
{
	free(set->verified);
	set->verified = NULL;
	set->nr_verified = 0;
}
