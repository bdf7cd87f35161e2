/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_put.h: records into the message: addresses of a cell, compiled sets, SOA.
 */
#ifndef AD_DNS_PUT_H
#define AD_DNS_PUT_H

#include "dns_pages.h"

static __always_inline int dns_fits(const struct dns_work *w, __u32 bytes)
{
	return w->at + bytes <= w->limit;
}

/* RFC 2181, 9: nothing of a set that is not whole; the client comes back by TCP. */
static __always_inline int dns_truncate(struct dns_work *w)
{
	w->tc = 1;
	w->nr_parts = 0;
	w->at = w->body;
	w->count[DNS_ANSWER] = 0;
	w->count[DNS_AUTHORITY] = 0;
	w->count[DNS_ADDITIONAL] = 0;
	return DNS_SEND;
}

/*
 * There is no room for a set. More than by TCP there never is: aliases that led to it are an
 * answer, and their client goes on from there (RFC 1034, 5.3.3).
 */
static __always_inline int dns_no_room(struct dns_work *w)
{
	return w->tcp && w->count[DNS_ANSWER] ? DNS_SEND : dns_truncate(w);
}

/* The pointers of the set that lies between w->at and w->end. */
static __always_inline void dns_fix(struct dns_work *w, const __u8 *page, __u32 blob)
{
	const struct ad_dns_fixup *fixup = dns_at(page, (__u64)blob * 8);
	__u32 i, to;

	for (i = 0; i < DNS_FIXUPS_MAX; i++, fixup++) {
		if (i >= w->fixups || w->at + fixup->at >= w->end)
			break;
		to = w->base[fixup->to >> AD_DNS_BASE_SHIFT & (AD_DNS_BASE_MAX - 1)];
		to += fixup->to & ((1 << AD_DNS_BASE_SHIFT) - 1);
		dns_put16(w, w->at + fixup->at, DNS_POINTER | to);
	}
}

/* Notes a part for the frame. DNS_MORE: there are too many, or it is too long. */
static __always_inline int dns_note(struct dns_work *w, __u32 qtype, __u32 ref, __u32 len,
				    __u32 owner_name)
{
	struct dns_part *part = &w->parts[w->nr_parts & (DNS_PARTS_MAX - 1)];

	if (w->nr_parts == DNS_PARTS_MAX || len > DNS_PART_BYTES)
		return DNS_MORE;
	w->nr_parts++;
	part->ref = ref;
	part->qtype = qtype;
	part->at = w->at;
	part->len = len;
	part->fixups = w->fixups;
	part->owner_name = owner_name;
	part->apex = w->base[AD_DNS_BASE_APEX];
	part->set = w->base[AD_DNS_BASE_SET];
	w->at += len;
	return DNS_GO;
}

/* A blob is never shorter than a record, but of additional data there may be none that fits. */
static __always_inline int dns_note_blob(struct dns_work *w, __u32 ref, __u32 len, __u32 owner_name)
{
	if (!len)
		return DNS_GO;
	return w->fixups > DNS_PART_FIXUPS ? DNS_MORE : dns_note(w, 0, ref, len, owner_name);
}

/* To the message, two words at a time, and a little beyond. */
DNS_STAGE int dns_copy(struct dns_work *w, const struct ad_dns_image *image, __u32 blob, __u32 len,
		       __u32 owner_name)
{
	const __u8 *page, *from;
	__u32 at, i;
	__u8 *to;

	if (!w || !image || len > DNS_REPLY_MAX || w->fixups > DNS_FIXUPS_MAX)
		return DNS_PASS;
	page = dns_page_of(w, image, (__u64)blob * 8);
	if (!page)
		return DNS_PASS;
	at = w->at;
	from = dns_at(page, (__u64)blob * 8 + w->fixups * sizeof(struct ad_dns_fixup));
	to = w->msg + (at & (DNS_MSG_MASK >> 1)); /* room for a whole reply is behind it */
	w->end = at + len;
	w->base[AD_DNS_BASE_OWNER] = owner_name;
	w->base[AD_DNS_BASE_SELF] = at;
	for (i = 0; i < DNS_REPLY_MAX; i += 16) {
		if (i >= len)
			break;
		dns_store64(to + i, dns_load64(from + i));
		dns_store64(to + i + 8, dns_load64(from + i + 8));
	}
	dns_join();
	dns_fix(w, page, blob);
	w->at = w->end;
	return DNS_GO;
}

/*
 * Appends the first @len bytes of a blob, which the caller knows to fit, and sets its w->fixups
 * pointers: @owner_name is where the owner name stands. To note a part takes less than a call.
 */
static __always_inline int dns_append(struct dns_work *w, const struct ad_dns_image *image,
				      __u32 blob, __u32 len, __u32 owner_name)
{
	if (DNS_IN_KERNEL && w->framed)
		return dns_note_blob(w, blob, len, owner_name);
	return dns_copy(w, image, blob, len, owner_name);
}

/* A zone without SOA could not be read; another server of it may know (RFC 1035, 4.1.1). */
static __always_inline int dns_fail(struct dns_work *w)
{
	w->rcode = DNS_SERVFAIL;
	w->aa = 0;
	return DNS_SEND;
}

/* Pointer, type, class, TTL, length, address: A is two words, AAAA three and a half. */
static __always_inline int dns_put_inline(struct dns_work *w, const struct ad_dns_cell *cell,
					  __u32 qtype, __u32 owner_name)
{
	__u32 v4 = qtype == DNS_T_A, size = v4 ? 4 : 16;
	__u32 n = v4 ? cell->nr_a : cell->nr_aaaa, i, from = v4 ? 0 : cell->nr_a * 4;
	__u32 ttl = v4 ? cell->ttl_a : cell->ttl_aaaa;
	__u64 head = __builtin_bswap16(DNS_POINTER | owner_name) |
		     (__u64)__builtin_bswap16(qtype) << 16 |
		     (__u64)__builtin_bswap16(DNS_CLASS_IN) << 32 | (__u64)ttl << 48;
	__u32 tail = ttl >> 16 | (__u32)__builtin_bswap16(size) << 16;

	if (!dns_fits(w, n * (DNS_RR_FIXED + size)))
		return dns_truncate(w);
	if (DNS_IN_KERNEL && w->framed) {
		w->count[DNS_ANSWER] += n;
		return dns_note(w, qtype, w->cell, n * (DNS_RR_FIXED + size), owner_name)
			       ?: DNS_SEND;
	}
	for (i = 0; i < AD_DNS_CELL_ADDR / 4; i++) {
		const __u8 *addr = cell->addr + (from & 31);
		__u32 at = w->at;

		if (i >= n)
			break;
		dns_put64(w, at, head);
		dns_put64(w, at + 8, tail | (__u64) * (const __u32 *)addr << 32);
		if (!v4) {
			dns_put64(w, at + 12, dns_load64(addr));
			dns_put64(w, at + 20, dns_load64(addr + 8));
		}
		w->at = at + DNS_RR_FIXED + size;
		from += size;
	}
	w->count[DNS_ANSWER] += n;
	return DNS_SEND;
}

/* One more set of additional data between w->low and w->high: does it fit behind @len bytes? */
static __always_inline void dns_fit_one(struct dns_work *w, const __u8 *page, __u64 marks,
					__u32 len)
{
	__u32 middle = w->low + (w->high - w->low) / 2;
	const struct ad_dns_mark *mark = dns_at(page, marks + middle * sizeof(*mark));

	if (dns_fits(w, len + mark->len)) {
		w->part_len = mark->len;
		w->part_rrs = mark->rrs;
		w->low = middle + 1;
	} else {
		w->high = middle;
	}
}

/*
 * How many of @nr additional sets fit behind @len bytes (RFC 9471, 3.1 and 3.2: what must be there
 * is first): w->part_len and w->part_rrs. Their marks lie behind the address @end.
 */
DNS_STAGE int dns_fit_sets(struct dns_work *w, const struct ad_dns_image *image, __u64 end,
			   __u32 nr, __u32 len)
{
	__u64 marks = (end + 3) & ~3ull;
	const __u8 *page;
	__u32 i;

	if (!w || !image)
		return DNS_PASS;
	page = dns_page_of(w, image, end);
	if (!page)
		return DNS_PASS;
	w->part_len = 0;
	w->part_rrs = 0;
	w->low = 0;
	w->high = nr;
	for (i = 0; i < 16; i++) { /* of more sets than can be counted */
		dns_join();
		if (w->low >= w->high)
			break;
		dns_fit_one(w, page, marks, len);
	}
	dns_join();
	return DNS_GO;
}

static __always_inline int dns_put_rrset(struct dns_work *w, const struct ad_dns_image *image,
					 const struct ad_dns_rrset *rrset, __u32 owner_name,
					 __u32 section)
{
	__u32 len = rrset->len, extra = rrset->extra_len, rrs = rrset->extra_rrs;
	__u64 end = (__u64)rrset->blob * 8 + rrset->nr_fixups * sizeof(struct ad_dns_fixup);

	if (!dns_fits(w, len))
		return dns_no_room(w);
	if (!dns_fits(w, len + extra)) {
		if (dns_fit_sets(w, image, end + len + extra, rrset->extra_sets, len))
			return DNS_PASS;
		extra = w->part_len;
		rrs = w->part_rrs;
	}
	w->tc |= extra < rrset->extra_must; /* RFC 9471: a referral is nothing without its glue */
	w->count[DNS_ADDITIONAL] += rrs;
	w->count[section & 1] += rrset->rrs;
	w->fixups = rrset->nr_fixups;
	return dns_append(w, image, rrset->blob, len + extra, owner_name);
}

#endif
