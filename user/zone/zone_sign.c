// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_sign.c: what a signed zone must contain so that its answers can be validated (zone_sign.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "maps/dns_proto.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "zone_chain.h"
#include "zone_check.h"
#include "zone_rdata.h"
#include "zone_sign.h"

#define KEYS_MAX    64
#define RRSIG_FIXED 18 /* in front of the signer's name (RFC 4034, 3.1) */
#define NSEC3_FIXED 5
#define TIME_TEXT   32

#define SHA1_BLOCK   64
#define SHA1_PADDING 9 /* at least: a bit, and the length */

/*
 * A signature with less than a tenth of its lifetime left should have been renewed already:
 * dnssec-signzone renews when a quarter is left. With a later renewal (the default of Knot 3.2)
 * there is no time to repair a broken signer.
 */
#define LIFE_LEFT 10

/* A reason for validators to reject the zone: logged once, with the first place. */
enum flaw {
	FLAW_EARLY,
	FLAW_KEY,
	FLAWS
};

static const char *const flaws[FLAWS] = {
	[FLAW_EARLY] = "its signatures are not valid yet",
	[FLAW_KEY] = "signed with a key that is no DNSKEY of the zone",
};

struct key {
	__u8 algorithm;
	__u16 tag;
};

struct seal {
	struct zone *zone;
	struct config_errors *errors;
	unsigned int failed;
	const struct zone_rr *cover; /* of the cut or DNAME above, or NULL */
	struct key keys[KEYS_MAX];
	size_t nr_keys;
	__u64 now_s;
	struct zone_remark flawed[FLAWS];
	size_t nr_expired;	       /* sets */
	const struct zone_rr *weakest; /* a signature of the set that is to be signed first */
	__u64 weakest_until_s;
};

#define complain(seal, rr, ...)                                                                    \
	do {                                                                                       \
		(seal)->failed++;                                                                  \
		config_errors_add((seal)->errors, (rr)->file, (rr)->line, __VA_ARGS__);            \
	} while (0)

static __u16 get_16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

static __u32 get_32(const __u8 *p)
{
	return (__u32)get_16(p) << 16 | get_16(p + 2);
}

/* --- one signature (RFC 4034, 3.1) ------------------------------------------------------------ */

__u16 zone_sig_covers(const struct zone_rr *sig)
{
	return get_16(sig->rdata);
}

/* Times are numbers modulo 2^32, near to now (3.1.5). */
static __u64 sig_time(const struct seal *seal, const __u8 *p)
{
	return seal->now_s + (__s32)(get_32(p) - (__u32)seal->now_s);
}

static __u64 sig_expires(const struct seal *seal, const struct zone_rr *sig)
{
	return sig_time(seal, sig->rdata + 8);
}

static __u64 sig_begins(const struct seal *seal, const struct zone_rr *sig)
{
	return sig_time(seal, sig->rdata + 12);
}

/* When it should have been renewed. */
static __u64 sig_renewed(const struct seal *seal, const struct zone_rr *sig)
{
	__u64 expires = sig_expires(seal, sig), begins = sig_begins(seal, sig);

	return expires > begins ? expires - (expires - begins) / LIFE_LEFT : expires;
}

static bool sig_has_key(const struct seal *seal, const struct zone_rr *sig)
{
	size_t i;

	for (i = 0; i < seal->nr_keys; i++)
		if (seal->keys[i].algorithm == sig->rdata[2] &&
		    seal->keys[i].tag == get_16(sig->rdata + 16))
			return true;
	return false;
}

/* UTC, to the minute. */
static const char *time_text(__u64 real_s, char text[TIME_TEXT])
{
	time_t at = real_s;
	struct tm tm;

	strftime(text, TIME_TEXT, "%Y-%m-%d %H:%M UTC", gmtime_r(&at, &tm));
	return text;
}

/* Only the first is reported: the others usually have the same cause. */
static void say_expiry(const struct seal *seal)
{
	const struct zone_rr *sig = seal->weakest;
	char name[NAME_TEXT], type[ZONE_TYPE_TEXT], at[TIME_TEXT];

	if (!sig || seal->zone->resign_by_s > seal->now_s)
		return;
	name_format(sig->owner_name, name);
	zone_type_name(zone_sig_covers(sig), type);
	time_text(seal->weakest_until_s, at);
	if (seal->nr_expired)
		log_warn("%s:%u: %s %s: its signature has expired (%s), one of %zu: "
			 "validators will find them bogus; sign the zone again",
			 sig->file, sig->line, name, type, at, seal->nr_expired);
	else
		log_warn("%s:%u: %s %s: its signature expires on %s, the first of the zone's to "
			 "do so: sign it again",
			 sig->file, sig->line, name, type, at);
}

static void say_flaws(const struct seal *seal)
{
	const struct zone_remark *flawed;
	char name[NAME_TEXT];
	int i;

	for (i = 0; i < FLAWS; i++) {
		flawed = &seal->flawed[i];
		if (flawed->nr)
			log_warn("%s:%u: %s: %s, %zu of the zone's: validators will find it bogus",
				 flawed->first->file, flawed->first->line,
				 name_format(flawed->first->owner_name, name), flaws[i],
				 flawed->nr);
	}
}

/* --- the zone's keys -------------------------------------------------------------------------- */

/* RFC 4034, appendix B. */
static __u16 key_tag(const struct zone_rr *key)
{
	__u32 sum = 0;
	size_t i;

	for (i = 0; i < key->rdlen; i++)
		sum += i & 1 ? key->rdata[i] : key->rdata[i] << 8;
	return sum + (sum >> 16);
}

bool zone_has_key(const struct zone *zone, const struct zone_rr *sig)
{
	const struct zone_rr *keys;
	size_t i, nr;

	keys = zone_find(zone, &zone->key, DNS_T_DNSKEY, &nr);
	for (i = 0; i < nr; i++)
		if (keys[i].rdata[3] == sig->rdata[2] &&
		    key_tag(&keys[i]) == get_16(sig->rdata + 16))
			return true;
	return false;
}

static void read_keys(struct seal *seal)
{
	const struct zone_rr *rrs;
	size_t i, nr;

	rrs = zone_find(seal->zone, &seal->zone->key, DNS_T_DNSKEY, &nr);
	for (i = 0; i < nr && i < KEYS_MAX; i++) {
		seal->keys[i].algorithm = rrs[i].rdata[3];
		seal->keys[i].tag = key_tag(&rrs[i]);
	}
	seal->nr_keys = i;
}

/* --- sets ------------------------------------------------------------------------------------- */

static bool is_sig_of(const struct zone_rr *rr, __u16 type)
{
	return rr->type == DNS_T_RRSIG && zone_sig_covers(rr) == type;
}

const struct zone_rr *zone_rrs_signatures(const struct zone_rr *rrs, size_t nr_rrs, __u16 type,
					  size_t *nr)
{
	size_t first = 0, n = 0;

	while (first < nr_rrs && !is_sig_of(&rrs[first], type))
		first++;
	while (first + n < nr_rrs && is_sig_of(&rrs[first + n], type))
		n++;
	*nr = n;
	return n ? rrs + first : NULL;
}

const struct zone_rr *zone_signatures(const struct zone *zone, const struct zone_rr *rr, size_t *nr)
{
	size_t all;
	const struct zone_rr *sigs = zone_find(zone, &rr->key, DNS_T_RRSIG, &all);

	return zone_rrs_signatures(sigs, all, rr->type, nr);
}

/* The signature of these @nr that is good for longest. */
static const struct zone_rr *best_sig(const struct seal *seal, const struct zone_rr *sigs,
				      size_t nr)
{
	const struct zone_rr *best = sigs;
	size_t i;

	for (i = 1; i < nr; i++)
		if (sig_expires(seal, &sigs[i]) > sig_expires(seal, best))
			best = &sigs[i];
	return best;
}

/* A set is good until its best signature ends. */
static void note_end(struct seal *seal, const struct zone_rr *best)
{
	__u64 until = sig_expires(seal, best), renewed = sig_renewed(seal, best);
	struct zone *zone = seal->zone;

	seal->nr_expired += until < seal->now_s;
	if (!zone->signed_until_s || until < zone->signed_until_s)
		zone->signed_until_s = until;
	if (seal->weakest && renewed >= zone->resign_by_s)
		return;
	zone->resign_by_s = renewed;
	seal->weakest = best;
	seal->weakest_until_s = until;
}

static void check_times(struct seal *seal, const struct zone_rr *sigs, size_t nr)
{
	const struct zone_rr *best = best_sig(seal, sigs, nr);
	bool begun = false, known = false;
	size_t i;

	for (i = 0; i < nr; i++) {
		begun |= sig_begins(seal, &sigs[i]) <= seal->now_s;
		known |= sig_has_key(seal, &sigs[i]);
	}
	if (!begun)
		zone_remark(&seal->flawed[FLAW_EARLY], sigs);
	if (!known)
		zone_remark(&seal->flawed[FLAW_KEY], sigs);
	note_end(seal, best);
}

static void check_set(struct seal *seal, const struct zone_rr *rr)
{
	char name[NAME_TEXT], type[ZONE_TYPE_TEXT];
	const struct zone_rr *sigs;
	size_t nr;

	sigs = zone_signatures(seal->zone, rr, &nr);
	if (sigs)
		check_times(seal, sigs, nr);
	else
		complain(seal, rr, "%s: %s without a signature in a signed zone",
			 name_format(rr->owner_name, name), zone_type_name(rr->type, type));
}

static void check_sig(struct seal *seal, const struct zone_rr *sig)
{
	char name[NAME_TEXT], type[ZONE_TYPE_TEXT];
	bool wild = !memcmp(sig->owner_name, "\1*", 2);
	size_t nr;

	name_format(sig->owner_name, name);
	if (!zone_find(seal->zone, &sig->key, zone_sig_covers(sig), &nr))
		complain(seal, sig, "%s: signature of %s, which is not there", name,
			 zone_type_name(zone_sig_covers(sig), type));
	if (!name_equal(sig->rdata + RRSIG_FIXED, seal->zone->apex))
		complain(seal, sig, "%s: signed by another zone", name);
	if (sig->rdata[3] != sig->key.labels - wild)
		complain(seal, sig, "%s: signature for %u labels", name, sig->rdata[3]);
}

/* --- names ------------------------------------------------------------------------------------ */

/* All records of one owner name. */
struct owner_name {
	const struct zone_rr *rrs;
	size_t nr;
	bool cut;
};

static bool owner_has(const struct owner_name *owner_name, __u16 type)
{
	return zone_rrs_have(owner_name->rrs, owner_name->nr, type);
}

/* Nothing but an NSEC3: a name that only hashes have. */
static bool owner_is_hash(const struct owner_name *owner_name)
{
	size_t i;

	for (i = 0; i < owner_name->nr; i++)
		if (owner_name->rrs[i].type != DNS_T_NSEC3 &&
		    owner_name->rrs[i].type != DNS_T_RRSIG)
			return false;
	return true;
}

/* At a cut the zone signs only NSEC and DS; all other data belongs to the child (RFC 4035, 2.2). */
static bool is_signed_type(const struct owner_name *owner_name, __u16 type)
{
	if (type == DNS_T_RRSIG)
		return false;
	return !owner_name->cut || type == DNS_T_DS || type == DNS_T_NSEC;
}

static void check_in_chain(struct seal *seal, const struct owner_name *owner_name)
{
	const struct zone_chain *chain = &seal->zone->chain;
	const struct zone_rr *rr = &owner_name->rrs[0], *denier;
	char name[NAME_TEXT];
	bool own;

	if (owner_is_hash(owner_name))
		return;
	denier = chain->deniers[zone_chain_find(chain, rr->owner_name, &own)];
	if (own)
		return;
	if (chain->type == DNS_T_NSEC3 && owner_name->cut && !owner_has(owner_name, DNS_T_DS) &&
	    denier->rdata[NSEC3_FLAGS] & NSEC3_OPT_OUT)
		return;
	complain(seal, rr, "%s: no %s denies what is not there", name_format(rr->owner_name, name),
		 chain->type == DNS_T_NSEC ? "NSEC" : "NSEC3");
}

static void check_owner(struct seal *seal, struct owner_name *owner_name)
{
	const struct zone_rr *rrs = owner_name->rrs;
	bool apex = rrs->key.len == seal->zone->key.len;
	size_t i;

	if (seal->cover && name_key_within(&rrs->key, &seal->cover->key))
		return;
	owner_name->cut = !apex && owner_has(owner_name, DNS_T_NS);
	seal->cover = owner_name->cut || owner_has(owner_name, DNS_T_DNAME) ? rrs : NULL;
	for (i = 0; i < owner_name->nr; i++) {
		if (rrs[i].type == DNS_T_RRSIG)
			check_sig(seal, &rrs[i]);
		else if (is_signed_type(owner_name, rrs[i].type) &&
			 (!i || rrs[i - 1].type != rrs[i].type))
			check_set(seal, &rrs[i]);
	}
	if (seal->zone->chain.nr)
		check_in_chain(seal, owner_name);
}

static void check_owners(struct seal *seal)
{
	const struct zone *zone = seal->zone;
	struct owner_name owner_name;
	size_t i;

	for (i = 0; i < zone->nr_rrs; i += owner_name.nr) {
		owner_name = (struct owner_name){ &zone->rrs[i], zone_owner_run(zone, i), false };
		check_owner(seal, &owner_name);
	}
}

/* --- the chain -------------------------------------------------------------------------------- */

/* The NSEC3 is of the chain that @chain describes. */
static bool denier_belongs(const struct zone_chain *chain, const struct zone_rr *rr)
{
	__u8 hash[NSEC3_HASH_BYTES];

	if (rr->type != chain->type)
		return false;
	if (chain->type == DNS_T_NSEC)
		return true;
	return rr->rdata[NSEC3_ALGORITHM] == 1 && nsec3_owner_hash(rr->owner_name, hash) &&
	       get_16(rr->rdata + NSEC3_ITERATIONS) == chain->iterations &&
	       rr->rdata[NSEC3_SALT_LENGTH] == chain->salt_len &&
	       !memcmp(rr->rdata + NSEC3_SALT, chain->salt, chain->salt_len);
}

static int chain_gather(struct zone *zone)
{
	struct zone_chain *chain = &zone->chain;
	size_t i;

	free(chain->deniers);
	chain->nr = 0;
	chain->deniers = calloc(zone->nr_rrs, sizeof(*chain->deniers));
	if (!chain->deniers)
		return -ENOMEM;
	for (i = 0; i < zone->nr_rrs; i++)
		if (denier_belongs(chain, &zone->rrs[i]))
			chain->deniers[chain->nr++] = &zone->rrs[i];
	return 0;
}

/* Whether @next is what @rr says that comes after it. */
static bool denier_leads_to(const struct zone_rr *rr, const struct zone_rr *next)
{
	const __u8 *p = rr->rdata + NSEC3_FIXED + rr->rdata[NSEC3_SALT_LENGTH];
	__u8 hash[NSEC3_HASH_BYTES];

	if (rr->type == DNS_T_NSEC)
		return name_equal(rr->rdata, next->owner_name);
	return nsec3_owner_hash(next->owner_name, hash) && p[0] == NSEC3_HASH_BYTES &&
	       !memcmp(p + 1, hash, NSEC3_HASH_BYTES);
}

/* The denier that leads elsewhere than to the next, or NULL. */
static const struct zone_rr *chain_gap(const struct zone_chain *chain)
{
	size_t i;

	for (i = 0; i < chain->nr; i++)
		if (!denier_leads_to(chain->deniers[i], chain->deniers[(i + 1) % chain->nr]))
			return chain->deniers[i];
	return NULL;
}

static void check_iterations(const struct zone_rr *param)
{
	__u16 iterations = get_16(param->rdata + NSEC3_ITERATIONS);

	if (iterations)
		log_warn("%s:%u: %u NSEC3 iterations: every one costs servers and resolvers, and "
			 "resolvers may take the zone for unsigned; 0 is right (RFC 9276, 3.1)",
			 param->file, param->line, iterations);
}

/* Blocks of SHA-1 for all iterations: each hashes the hash before it, and the salt. */
static unsigned int chain_costs(const struct zone_rr *param)
{
	unsigned int bytes = NSEC3_HASH_BYTES + param->rdata[NSEC3_SALT_LENGTH] + SHA1_PADDING;

	return get_16(param->rdata + NSEC3_ITERATIONS) * ((bytes + SHA1_BLOCK - 1) / SHA1_BLOCK);
}

/* The chain of @param; false if it is not whole. */
static bool chain_try(struct zone *zone, const struct zone_rr *param, int *err)
{
	struct zone_chain *chain = &zone->chain;
	bool own;

	chain->iterations = get_16(param->rdata + NSEC3_ITERATIONS);
	chain->salt_len = param->rdata[NSEC3_SALT_LENGTH];
	chain->salt = param->rdata + NSEC3_SALT;
	*err = chain_gather(zone);
	if (*err || !chain->nr || chain_gap(chain))
		return false;
	zone_chain_find(chain, zone->apex, &own);
	return own;
}

/*
 * RFC 5155, 7.3: any whole chain that NSEC3PARAM names will do; there are several while one
 * replaces another, or NSEC.
 */
static int chain_nsec3(struct seal *seal, const struct zone_rr *params, size_t nr)
{
	struct zone *zone = seal->zone;
	size_t i;
	int err = 0;

	zone->chain.type = DNS_T_NSEC3;
	for (i = 0; i < nr && !err; i++) {
		if (params[i].rdata[NSEC3_ALGORITHM] != 1 || params[i].rdata[NSEC3_FLAGS])
			continue;
		if (chain_costs(&params[i]) > NSEC3_ITERATIONS_MAX) {
			complain(seal, &params[i],
				 "NSEC3 with %u iterations and %u bytes of salt is more work than "
				 "%u iterations without; sign with 0 and no salt (RFC 9276, 3.1)",
				 get_16(params[i].rdata + NSEC3_ITERATIONS),
				 params[i].rdata[NSEC3_SALT_LENGTH], NSEC3_ITERATIONS_MAX);
			zone->chain.nr = 0;
			return 0;
		}
		if (chain_try(zone, &params[i], &err)) {
			check_iterations(&params[i]);
			return 0;
		}
	}
	zone->chain.nr = 0;
	return err;
}

static int chain_nsec(struct seal *seal)
{
	struct zone_chain *chain = &seal->zone->chain;
	const struct zone_rr *gap;
	char name[NAME_TEXT];
	int err;

	chain->type = DNS_T_NSEC;
	err = chain_gather(seal->zone);
	if (err || !chain->nr)
		return err;
	gap = chain_gap(chain);
	if (gap)
		complain(seal, gap, "%s: its NSEC does not lead to the next name of the zone",
			 name_format(gap->owner_name, name));
	return 0;
}

static int check_chain(struct seal *seal)
{
	struct zone *zone = seal->zone;
	const struct zone_rr *params, *soa;
	size_t nr, n;
	int err = 0;

	zone->chain.apex = zone->apex;
	params = zone_find(zone, &zone->key, DNS_T_NSEC3PARAM, &nr);
	if (nr)
		err = chain_nsec3(seal, params, nr);
	if (!err && !zone->chain.nr && !seal->failed && zone_find(zone, &zone->key, DNS_T_NSEC, &n))
		err = chain_nsec(seal);
	if (err || zone->chain.nr || seal->failed)
		return err;
	soa = zone_find(zone, &zone->key, DNS_T_SOA, &n);
	complain(seal, nr ? params : soa,
		 nr ? "the chain of NSEC3 is not closed, or lacks the apex"
		    : "signed, but with neither NSEC nor NSEC3PARAM at the apex");
	return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Signatures, but none of the SOA: the zone is served as unsigned. */
static void say_unsigned(const struct zone *zone)
{
	size_t i;

	for (i = 0; i < zone->nr_rrs; i++) {
		if (zone->rrs[i].type != DNS_T_RRSIG)
			continue;
		log_warn("%s:%u: signatures, but none of the SOA: the zone is not taken for signed",
			 zone->rrs[i].file, zone->rrs[i].line);
		return;
	}
}

int zone_sign_check(struct zone *zone, struct config_errors *errors)
{
	struct seal seal = { .zone = zone, .errors = errors, .now_s = time(NULL) };
	const struct zone_rr *soa;
	size_t nr;
	int err;

	soa = zone_find(zone, &zone->key, DNS_T_SOA, &nr);
	if (!zone_signatures(zone, soa, &nr)) {
		say_unsigned(zone);
		return 0;
	}
	read_keys(&seal);
	err = check_chain(&seal);
	if (err)
		return err;
	check_owners(&seal);
	if (seal.failed)
		return -EINVAL;
	say_expiry(&seal);
	say_flaws(&seal);
	return 0;
}
