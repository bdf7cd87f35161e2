// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_render.c: records to wire format. Names are compressed against two names that every reply
 * contains: the owner name and the zone's apex (dns_render.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_render.h"
#include "maps/dns_proto.h"

#define RR_FIXED 12 /* owner name as a pointer, type, class, TTL, length */

/*
 * No pointers to names behind this offset: 14 bits must reach them wherever the set starts in the
 * message.
 */
#define SELF_MAX 8192

/* Position of the writer. Once @failed is set, it stays set. */
struct pen {
	struct dns_render *render;
	const struct dns_place *place;
	__u32 at;
	bool failed;
};

static void pen_bytes(struct pen *pen, const void *from, size_t len)
{
	if (pen->at + len > DNS_RENDER_BYTES)
		pen->failed = true;
	if (pen->failed)
		return;
	memcpy(pen->render->bytes + pen->at, from, len);
	pen->at += len;
}

static void pen_16(struct pen *pen, __u16 v)
{
	__u8 b[2] = { v >> 8, v };

	pen_bytes(pen, b, sizeof(b));
}

static void pen_32(struct pen *pen, __u32 v)
{
	pen_16(pen, v >> 16);
	pen_16(pen, v);
}

static void pen_pointer(struct pen *pen, enum ad_dns_base base, __u16 add)
{
	struct dns_render *render = pen->render;

	if (render->nr_fixups == DNS_RENDER_FIXUPS)
		pen->failed = true;
	if (pen->failed)
		return;
	render->fixups[render->nr_fixups++] =
		(struct ad_dns_fixup){ pen->at, base << AD_DNS_BASE_SHIFT | add };
	pen_16(pen, 0xC000);
}

/* The place in @name where @tail starts; NULL if @name does not end with @tail. */
static const __u8 *name_tail(const __u8 *name, const __u8 *tail)
{
	size_t len = name_len(name), tail_len;

	if (!tail || !*tail)
		return NULL;
	tail_len = name_len(tail);
	for (; *name && len > tail_len; name += *name + 1)
		len -= *name + 1;
	return len == tail_len && name_equal(name, tail) ? name : NULL;
}

static void pen_name(struct pen *pen, const __u8 *name, bool compress)
{
	const __u8 *tail = compress ? name_tail(name, pen->place->owner_name) : NULL;
	enum ad_dns_base base = AD_DNS_BASE_OWNER;

	if (!tail && compress) {
		tail = name_tail(name, pen->place->apex);
		base = AD_DNS_BASE_APEX;
	}
	if (!tail) {
		pen_bytes(pen, name, name_len(name));
		return;
	}
	pen_bytes(pen, name, tail - name);
	pen_pointer(pen, base, 0);
}

/*
 * Only names in types of RFC 1035 may be compressed (RFC 3597, 4). Returns how many there are;
 * *@before: bytes before the first.
 */
static unsigned int rdata_names(__u16 type, size_t *before)
{
	*before = type == DNS_T_MX ? 2 : 0;
	switch (type) {
	case DNS_T_NS:
	case DNS_T_CNAME:
	case DNS_T_PTR:
	case DNS_T_MX:
		return 1;
	case DNS_T_SOA:
		return 2;
	default:
		return 0;
	}
}

static void pen_rdata(struct pen *pen, const struct zone_rr *rr)
{
	const __u8 *p = rr->rdata;
	size_t before;
	unsigned int names = rdata_names(rr->type, &before);

	pen_bytes(pen, p, before);
	p += before;
	while (names--) {
		pen_name(pen, p, true);
		p += name_len(p);
	}
	pen_bytes(pen, p, rr->rdata + rr->rdlen - p);
}

static void pen_rr(struct pen *pen, const struct zone_rr *rr, __u32 ttl)
{
	__u32 length_at, end;

	pen_16(pen, rr->type);
	pen_16(pen, pen->place->class);
	pen_32(pen, ttl);
	length_at = pen->at;
	pen_16(pen, 0);
	pen_rdata(pen, rr);
	if (pen->failed)
		return;
	end = pen->at;
	pen->at = length_at;
	pen_16(pen, end - length_at - 2);
	pen->at = end;
}

static void extra_begin(struct dns_render *render)
{
	render->extra_len = 0;
	render->extra_rrs = 0;
	render->extra_sets = 0;
	render->extra_must = 0;
}

static void render_begin(struct dns_render *render)
{
	render->nr_fixups = 0;
	render->len = 0;
	render->rrs = 0;
	extra_begin(render);
}

int dns_render_add(struct dns_render *render, const struct dns_place *place,
		   const struct zone_rr *rrs, size_t nr, __u32 ttl)
{
	struct pen pen = { .render = render, .place = place, .at = render->len };
	size_t i;

	for (i = 0; i < nr; i++) {
		pen_pointer(&pen, AD_DNS_BASE_OWNER, 0);
		pen_rr(&pen, &rrs[i], ttl == DNS_RENDER_TTL_OWN ? rrs[i].ttl : ttl);
	}
	render->len = pen.at;
	render->rrs += nr;
	return pen.failed ? -E2BIG : 0;
}

int dns_render_set(struct dns_render *render, const struct dns_place *place,
		   const struct zone_rr *rrs, size_t nr, __u32 ttl)
{
	render_begin(render);
	return dns_render_add(render, place, rrs, nr, ttl);
}

int dns_render_proof(struct dns_render *render, const struct zone *zone,
		     const struct zone_rr *denier)
{
	struct dns_place place = { .apex = zone->apex, .class = DNS_CLASS_IN };
	struct pen pen = { .render = render, .place = &place };
	const struct zone_rr *sigs;
	size_t i, nr;

	render_begin(render);
	pen_name(&pen, denier->owner_name, true);
	pen_rr(&pen, denier, denier->ttl);
	sigs = zone_signatures(zone, denier, &nr);
	for (i = 0; i < nr; i++) {
		if (name_equal(denier->owner_name, zone->apex))
			pen_name(&pen, denier->owner_name, true);
		else
			pen_pointer(&pen, AD_DNS_BASE_SELF, 0);
		pen_rr(&pen, &sigs[i], denier->ttl);
	}
	render->len = pen.at;
	render->rrs = 1 + nr;
	return pen.failed ? -E2BIG : 0;
}

/* Bytes before the host name in the data; -1: there is none. */
static int rdata_host(__u16 type)
{
	switch (type) {
	case DNS_T_NS:
		return 0;
	case DNS_T_MX:
	case DNS_T_SVCB:
	case DNS_T_HTTPS:
		return 2;
	case DNS_T_SRV:
		return 6;
	default:
		return -1;
	}
}

static bool is_service(__u16 type)
{
	return type == DNS_T_SVCB || type == DNS_T_HTTPS;
}

/* RFC 9460, 2.5.2: the target "." of a service means the owner name. */
static bool names_owner(const struct zone_rr *rr)
{
	return is_service(rr->type) && (rr->rdata[0] || rr->rdata[1]) && !rr->rdata[2];
}

/* Offset of the record after the one at @at, in the rendered bytes. */
static __u32 render_next(const struct dns_render *render, __u32 at)
{
	return at + RR_FIXED + (render->bytes[at + RR_FIXED - 2] << 8) +
	       render->bytes[at + RR_FIXED - 1];
}

/* @at: offset of the name in the set; 0: it is the owner name. */
static void pen_host_name(struct pen *pen, const __u8 *host, __u32 at)
{
	if (!at)
		pen_pointer(pen, AD_DNS_BASE_OWNER, 0);
	else if (at < SELF_MAX)
		pen_pointer(pen, AD_DNS_BASE_SELF, at);
	else
		pen_name(pen, host, true);
}

static void pen_host_rrs(struct pen *pen, const __u8 *host, __u32 at, const struct zone_rr *rrs,
			 size_t nr, __u32 ttl)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		pen_host_name(pen, host, at);
		pen_rr(pen, &rrs[i], ttl);
	}
}

/* The zone is authoritative for this name: no cut and no DNAME is above it. */
static bool is_own(const struct zone *zone, const struct name_key *key)
{
	struct name_key above;
	unsigned int labels;
	size_t nr;

	for (labels = zone->key.labels; labels <= key->labels; labels++) {
		above = name_key_ancestor(key, labels);
		if (labels > zone->key.labels && zone_find(zone, &above, DNS_T_NS, &nr))
			return false;
		if (labels < key->labels && zone_find(zone, &above, DNS_T_DNAME, &nr))
			return false;
	}
	return true;
}

/* If there is too little room, the last sets are left out: signatures first (RFC 4035, 3.1.1). */
enum extra_round {
	EXTRA_GLUE,
	EXTRA_OTHERS,
	EXTRA_SIGNATURES,
	EXTRA_ROUNDS
};

/* Additional data while it is written. */
struct extra {
	struct pen pen;
	const struct dns_naming_set *naming;
	enum extra_round round;
	bool full;
};

/* One host name of the set, and its offset there; 0: it is the owner name. */
struct host {
	const __u8 *name;
	__u32 at;
	struct name_key key;
};

/* Keeps the set that was just written, or removes all of it if it does not fit. */
static void extra_close(struct extra *extra, const struct pen *before, size_t rrs)
{
	struct dns_render *render = extra->pen.render;
	__u32 len = extra->pen.at - render->len;

	if (extra->pen.failed || render->extra_sets == DNS_RENDER_SETS ||
	    (extra->round != EXTRA_GLUE && len > extra->naming->max)) {
		extra->full = true;
		if (extra->round == EXTRA_GLUE)
			render->extra_must = AD_DNS_MUST_NONE;
		while (render->nr_fixups && render->fixups[render->nr_fixups - 1].at >= before->at)
			render->nr_fixups--;
		extra->pen = *before;
		return;
	}
	render->extra_rrs += rrs;
	render->marks[render->extra_sets++] = (struct ad_dns_mark){ len, render->extra_rrs };
	if (extra->round == EXTRA_GLUE)
		render->extra_must = len;
}

/* A set of a host, or its signatures. */
static void extra_set(struct extra *extra, const struct host *host, __u16 type)
{
	const struct zone *zone = extra->naming->zone;
	const struct pen before = extra->pen;
	size_t nr;
	const struct zone_rr *rrs = zone_find(zone, &host->key, type, &nr), *set = rrs;

	if (!nr || extra->full ||
	    (type != DNS_T_A && type != DNS_T_AAAA && !is_own(zone, &host->key)))
		return;
	if (extra->round == EXTRA_SIGNATURES)
		rrs = zone_signatures(zone, set, &nr);
	if (!nr)
		return;
	pen_host_rrs(&extra->pen, host->name, host->at, rrs, nr, set->ttl);
	extra_close(extra, &before, nr);
}

static int steered_compare(const void *key, const void *extra)
{
	return name_key_compare(key, &((const struct dns_extra *)extra)->key);
}

/* What the zone itself has at a steered name is answered to nobody. */
static bool is_steered(const struct dns_naming_set *naming, const struct host *host)
{
	const struct dns_extra *found = NULL;

	if (naming->nr_steered)
		found = bsearch(&host->key, naming->steered, naming->nr_steered, sizeof(*found),
				steered_compare);
	return found && found->zone == naming->zone_index;
}

static void extra_host(struct extra *extra, const struct host *host)
{
	const struct dns_naming_set *naming = extra->naming;
	bool is_glue = naming->cut && name_key_within(&host->key, naming->cut);

	if (is_glue != (extra->round == EXTRA_GLUE) || (!is_glue && is_steered(naming, host)))
		return;
	extra_set(extra, host, DNS_T_A);
	extra_set(extra, host, DNS_T_AAAA);
	if (host->at && is_service(naming->rrs->type)) /* RFC 9460, 4.1 */
		extra_set(extra, host, naming->rrs->type);
}

static const __u8 *host_name(const struct zone_rr *rr)
{
	return names_owner(rr) ? rr->owner_name : rr->rdata + rdata_host(rr->type);
}

/* RFC 2181, 5: several records may name the same host; its addresses are added once. */
static bool is_named_before(const struct zone_rr *rrs, size_t i)
{
	size_t k;

	for (k = 0; k < i && rrs->type != DNS_T_NS; k++)
		if (name_equal(host_name(&rrs[k]), host_name(&rrs[i])))
			return true;
	return false;
}

static void extra_hosts(struct extra *extra)
{
	const struct dns_naming_set *naming = extra->naming;
	const struct zone_rr *rrs = naming->rrs;
	__u8 bytes[NAME_KEY_MAX];
	struct host host;
	__u32 at = 0;
	size_t i;

	for (i = 0; i < naming->nr && !extra->full; i++, at = render_next(extra->pen.render, at)) {
		host.name = host_name(&rrs[i]);
		host.at = names_owner(&rrs[i]) ? 0 : at + RR_FIXED + rdata_host(rrs->type);
		name_to_key(host.name, bytes, &host.key);
		if (name_key_within(&host.key, &naming->zone->key) && !is_named_before(rrs, i))
			extra_host(extra, &host);
	}
}

void dns_render_extra(struct dns_render *render, const struct dns_place *place,
		      const struct dns_naming_set *naming)
{
	struct extra extra = {
		.pen = { .render = render, .place = place, .at = render->len },
		.naming = naming,
	};
	enum extra_round rounds = naming->with_sigs ? EXTRA_ROUNDS : EXTRA_SIGNATURES;

	extra_begin(render);
	for (; extra.round < rounds && rdata_host(naming->rrs->type) >= 0; extra.round++)
		extra_hosts(&extra);
	render->extra_len = extra.pen.at - render->len;
}
