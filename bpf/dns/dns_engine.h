/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_engine.h: from a query in a buffer to its reply in the same buffer.
 *
 *   dns_read	  header, question and EDNS; lower-cases and hashes the name
 *   dns_match	  the name itself, or its deepest stored ancestor and what that means
 *   dns_follow	  RRset, CNAME chain, referral, or proof of absence
 *   dns_follow_more  the same where it takes longer: below a DNAME, and signed zones with DO
 *   dns_finish	  OPT and header
 *
 * Plain C over memory that the home (dns_wire.h) provides; no loop without a bound, no offset
 * without a mask, so that the verifier and the fuzzer are content with the same text.
 */
#ifndef AD_DNS_ENGINE_H
#define AD_DNS_ENGINE_H

#include "dns_wire.h"

static __always_inline const struct ad_dns_image *dns_image(const struct dns_work *w)
{
	return (const struct ad_dns_image *)dns_page(w, 0);
}

/* Page 0 is at hand already and holds all of a small image: no lookup for it. */
static __always_inline const __u8 *dns_page_of(const struct dns_work *w,
					       const struct ad_dns_image *image, __u64 address)
{
	__u32 n = address / AD_DNS_PAGE_BYTES;

	return n ? dns_page(w, n) : (const __u8 *)image;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A reply without a question: what was asked could not be read, or is no query. */
static __always_inline int dns_reject(struct dns_work *w, __u32 rcode)
{
	dns_put8(w, 2, DNS_QR | (dns_get8(w, 2) & (DNS_OPCODE | DNS_RD)));
	dns_put8(w, 3, rcode);
	dns_put64(w, 4, 0);
	w->rcode = rcode;
	w->len = w->body = DNS_HEADER;
	return DNS_SEND;
}

/* Legal perhaps, but nothing the kernel should think about; nor do we know what to do with it. */
static __always_inline int dns_odd(struct dns_work *w)
{
	return DNS_IN_KERNEL ? DNS_PASS : dns_reject(w, DNS_FORMERR);
}

#include "dns_odd.h"
#include "dns_options.h"

/* Who sent an OPT record gets one back (RFC 6891, 6.1.1); dns_answer_odd() is the daemon's. */
static __always_inline int dns_reject_odd(struct dns_work *w, __u32 rcode)
{
	return DNS_IN_KERNEL && dns_get16(w, 10) ? DNS_PASS : dns_reject(w, rcode);
}

static __always_inline int dns_read_header(struct dns_work *w)
{
	if (w->len < DNS_HEADER || dns_get8(w, 2) & DNS_QR)
		return DNS_IGNORE;
	if (dns_get8(w, 2) & DNS_OPCODE)
		return dns_reject_odd(w, DNS_NOTIMP);
	if (dns_get16(w, 4) != 1)
		return dns_reject_odd(w, DNS_FORMERR);
	if (DNS_IN_KERNEL && (dns_get16(w, 6) || dns_get16(w, 8) || dns_get16(w, 10) > 1))
		return DNS_PASS;
	return DNS_GO;
}

/*
 * Finds the labels of the name at w->subject. Compression has nothing to point at in a question,
 * so it is an error.
 */
static __always_inline int dns_read_labels(struct dns_work *w)
{
	__u32 at = 0, n, len;

	for (n = 0; n < DNS_LABELS_MAX + 1; n++) {
		w->labels[n] = at;
		len = dns_get8(w, w->subject + at);
		if (!len)
			break;
		at += len + 1;
		if (len > DNS_LABEL_BYTES || at >= DNS_NAME_BYTES)
			return DNS_PASS;
	}
	w->name_len = at + 1;
	w->nr_labels = n;
	return DNS_GO;
}

/* Lower-cases and hashes the whole name in one pass. */
static __always_inline void dns_read_name(struct dns_work *w, const struct ad_dns_image *image)
{
	__u64 h0 = 0, h1 = 0, word;
	__u32 i, left = w->name_len;

	for (i = 0; i < AD_DNS_NAME_WORDS; i++) {
		word = dns_load64(&w->msg[(w->subject + 8 * i) & DNS_MSG_MASK]);
		word = dns_lower(word);
		if (left < 8)
			word &= (1ull << 8 * left) - 1;
		w->name[i] = word;
		h0 += dns_nh(word, image->keys[i][0]);
		h1 += dns_nh(word, image->keys[i][1]);
		if (left <= 8)
			break;
		left -= 8;
	}
	w->name[i + 1] = 0;
	w->hash[0] = h0;
	w->hash[1] = h1;
}

static __always_inline int dns_read_edns(struct dns_work *w)
{
	__u32 at = w->body;
	int verdict = DNS_IN_KERNEL ? DNS_GO : dns_tidy(w);

	if (verdict)
		return verdict;
	w->udp_max = DNS_UDP_MIN;
	if (!dns_get16(w, 10))
		return at == w->len ? DNS_GO : dns_reject(w, DNS_FORMERR);
	if (at + DNS_OPT_BYTES > w->len)
		return dns_reject(w, DNS_FORMERR);
	if (dns_get8(w, at) || dns_get16(w, at + 1) != DNS_T_OPT)
		return dns_odd(w);
	if (at + DNS_OPT_BYTES + dns_get16(w, at + 9) != w->len)
		return dns_reject(w, DNS_FORMERR);
	w->edns = 1;
	w->edns_do = dns_get8(w, at + 7) & DNS_DO;
	w->udp_max = dns_get16(w, at + 3);
	if (w->udp_max < DNS_UDP_MIN)
		w->udp_max = DNS_UDP_MIN;
	if (dns_get8(w, at + 6)) /* RFC 6891, 6.1.3: a version that we do not speak */
		w->rcode = DNS_BADVERS;
	return at + DNS_OPT_BYTES == w->len ? DNS_GO : dns_read_options(w);
}

/* Where answers start and must end. */
static __always_inline void dns_begin(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 max = w->udp_max < image->udp_size ? w->udp_max : image->udp_size;

	if (w->tcp)
		max = DNS_REPLY_MAX;
	if (w->edns)
		max -= DNS_OPT_BYTES + dns_options_bytes(w, image);
	w->limit = max;
	w->at = w->body;
	w->count[DNS_ANSWER] = 0;
	w->count[DNS_AUTHORITY] = 0;
	w->count[DNS_ADDITIONAL] = 0;
	w->aa = 0;
	w->tc = 0;
	w->chain = 0;
	w->nr_passed = 0;
	w->run = DNS_NAME_BYTES;
	w->asked = 0;
	w->zone = DNS_NOT_COUNTED;
}

/* Types that are no data (RFC 6895, 3.1), but ANY. */
static __always_inline int dns_is_meta(__u32 qtype)
{
	return qtype == DNS_T_OPT || (qtype >= DNS_T_TKEY && qtype < DNS_T_ANY);
}

static __always_inline int dns_read_question(struct dns_work *w)
{
	w->subject = DNS_HEADER;
	if (dns_read_labels(w))
		return dns_reject(w, DNS_FORMERR);
	w->body = DNS_HEADER + w->name_len + 4;
	if (w->body > w->len)
		return dns_reject(w, DNS_FORMERR);
	w->qtype = dns_get16(w, w->body - 4);
	w->qclass = dns_get16(w, w->body - 2);
	return DNS_GO;
}

DNS_STAGE int dns_read(struct dns_work *w, const struct ad_dns_image *image)
{
	int verdict;

	if (!w || !image)
		return DNS_PASS;
	verdict = dns_read_header(w);
	if (verdict)
		return verdict;
	w->rcode = DNS_NOERROR;
	verdict = dns_read_question(w);
	if (verdict)
		return verdict;
	dns_join();
	verdict = dns_read_edns(w);
	if (verdict)
		return verdict;
	dns_join();
	if (dns_is_meta(w->qtype) && DNS_IN_KERNEL)
		return DNS_PASS;
	if (!DNS_IN_KERNEL || w->hashed != w->name_len)
		dns_read_name(w, image);
	dns_join();
	dns_begin(w, image);
	return DNS_GO;
}

/* --- the name table --------------------------------------------------------------------------- */

/* Cells are counted through all buckets. */
static __always_inline const struct ad_dns_cell *
dns_cell(const struct dns_work *w, const struct ad_dns_image *image, __u32 index)
{
	__u64 at = (__u64)image->buckets * 8 + (__u64)index * sizeof(struct ad_dns_cell);
	const __u8 *page = dns_page_of(w, image, at);

	return page ? dns_at(page, at) : 0;
}

static __always_inline int dns_cell_is(const struct ad_dns_cell *cell, __u64 h0, __u64 h1)
{
	return cell->hash[0] == h0 && cell->hash[1] == h1 && cell->kind != AD_DNS_EMPTY;
}

/*
 * The cell with this hash in the bucket that @mixed names, its own seat first: there most are, so
 * it is one line and one branch. Its number goes to w->cell.
 */
static __always_inline const struct ad_dns_cell *
dns_bucket(struct dns_work *w, const struct ad_dns_image *image, __u32 mixed, __u64 h0, __u64 h1)
{
	__u32 bucket = (mixed & image->bucket_mask) * AD_DNS_BUCKET_CELLS, seat = dns_seat(mixed);
	const struct ad_dns_cell *cells = dns_cell(w, image, bucket);

	if (!cells)
		return 0;
	w->cell = bucket + seat;
	if (dns_cell_is(cells + seat, h0, h1))
		return cells + seat;
	seat ^= 1;
	w->cell = bucket + seat;
	return dns_cell_is(cells + seat, h0, h1) ? cells + seat : 0;
}

static __always_inline const struct ad_dns_cell *
dns_probe(struct dns_work *w, const struct ad_dns_image *image, __u64 h0, __u64 h1)
{
	const struct ad_dns_cell *cell = dns_bucket(w, image, dns_mix(h0), h0, h1);

	return cell ? cell : dns_bucket(w, image, dns_mix(h1), h0, h1);
}

/*
 * Probes the ancestor that starts with the given label. Its words are made of the name's own: what
 * has been stored just now in other words than it is loaded in waits until the stores are done.
 */
static __always_inline const struct ad_dns_cell *
dns_probe_ancestor(struct dns_work *w, const struct ad_dns_image *image, __u32 label)
{
	__u32 i, at = w->labels[label & DNS_LABELS_MAX], shift = at % 8 * 8;
	__u64 h0 = 0, h1 = 0, word, next = w->name[at / 8];

	for (i = 0; i < AD_DNS_NAME_WORDS; i++) {
		if (at + 8 * i >= w->name_len)
			break;
		word = next >> shift;
		next = w->name[(at / 8 + i + 1) & (2 * AD_DNS_NAME_WORDS - 1)];
		word |= next << 1 << (63 - shift);
		h0 += dns_nh(word, image->keys[i][0]);
		h1 += dns_nh(word, image->keys[i][1]);
	}
	dns_join();
	return dns_probe(w, image, h0, h1);
}

/* Which labels of the question the cell's own name, or the cut above it, starts at. */
static __always_inline void dns_matched(struct dns_work *w, const struct ad_dns_cell *cell,
					__u32 label)
{
	__u32 above = cell->kind >= AD_DNS_CUT ? cell->up : 0;

	w->zone = cell->zone;
	w->match = label + above;
	w->skip = w->labels[(label + above) & DNS_LABELS_MAX];
	w->owner = w->subject + w->skip;
}

/* Halves what is left between w->low and w->high; the cell of the lower end is kept in @found. */
DNS_STAGE int dns_bisect(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 depth;

	if (!w || !image)
		return DNS_PASS;
	depth = (w->low + w->high + 1) / 2;
	if (dns_probe_ancestor(w, image, w->nr_labels - depth)) {
		w->low = depth;
		w->found = w->cell;
	} else {
		w->high = depth - 1;
	}
	return DNS_GO;
}

/*
 * Not stored: bisects for the closest encloser (RFC 4592, 3.3.1), which is the deepest stored
 * ancestor because every ancestor of a stored name is stored.
 */
DNS_STAGE int dns_search(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;
	__u32 i;

	if (!w || !image || !w->nr_labels)
		return DNS_PASS;
	w->low = 0;
	w->high = w->nr_labels - 1;
	if (w->high > image->depth_max)
		w->high = image->depth_max;
	for (i = 0; i < 7; i++) { /* halves 127 labels to one */
		dns_join();
		if (w->low >= w->high)
			break;
		if (dns_bisect(w, image))
			return DNS_PASS;
	}
	dns_join();
	if (!w->low) { /* the root is always stored */
		if (!dns_probe_ancestor(w, image, w->nr_labels))
			return DNS_PASS;
		w->found = w->cell;
	}
	dns_join();
	w->cell = w->found;
	cell = dns_cell(w, image, w->cell);
	if (!cell)
		return DNS_PASS;
	dns_matched(w, cell, w->nr_labels - w->low);
	return DNS_GO;
}

/* --- writing ---------------------------------------------------------------------------------- */

static __always_inline int dns_fits(const struct dns_work *w, __u32 bytes)
{
	return w->at + bytes <= w->limit;
}

/* RFC 2181, 9: nothing of a set that is not whole; the client comes back by TCP. */
static __always_inline int dns_truncate(struct dns_work *w)
{
	w->tc = 1;
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

/*
 * Appends the first @len bytes of a blob, which the caller knows to fit, and sets its w->fixups
 * pointers: @owner is where the owner's name stands. Two words at a time, and a little beyond.
 */
DNS_STAGE int dns_copy(struct dns_work *w, const struct ad_dns_image *image, __u32 blob, __u32 len,
		       __u32 owner)
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
	w->base[AD_DNS_BASE_OWNER] = owner;
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

/* All zones lie in page 0. */
static __always_inline const struct ad_dns_zone *dns_zone(const struct ad_dns_image *image,
							  __u32 index)
{
	__u32 at = image->zones * 8 + index * sizeof(struct ad_dns_zone);

	return dns_at((const __u8 *)image, at);
}

/* A zone without SOA could not be read; another server of it may know (RFC 1035, 4.1.1). */
static __always_inline int dns_fail(struct dns_work *w)
{
	w->rcode = DNS_SERVFAIL;
	w->aa = 0;
	return DNS_SEND;
}

/* SOA for a negative answer (RFC 2308, section 3), and the end of it. */
static __always_inline int dns_deny(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_zone *zone;
	int verdict;

	if (w->zone == DNS_NOT_COUNTED)
		return DNS_SEND;
	zone = dns_zone(image, w->zone);
	if (!zone->soa)
		return dns_fail(w);
	if (!dns_fits(w, zone->soa_len))
		return dns_truncate(w);
	w->fixups = zone->soa_fixups;
	verdict = dns_copy(w, image, zone->soa, zone->soa_len, w->base[AD_DNS_BASE_APEX]);
	if (verdict)
		return verdict;
	w->count[DNS_AUTHORITY]++;
	return DNS_SEND;
}

/* Where the apex of w->zone stands: in the question, whatever has been followed since. */
static __always_inline void dns_locate_apex(struct dns_work *w, const struct ad_dns_image *image)
{
	if (w->zone != DNS_NOT_COUNTED)
		w->base[AD_DNS_BASE_APEX] = w->body - 4 - dns_zone(image, w->zone)->apex_len;
}

static __always_inline int dns_has_inline(const struct ad_dns_cell *cell, __u32 qtype)
{
	return (qtype == DNS_T_A && cell->nr_a) || (qtype == DNS_T_AAAA && cell->nr_aaaa);
}

/* Pointer, type, class, TTL, length, address: A is two words, AAAA three and a half. */
static __always_inline int dns_put_inline(struct dns_work *w, const struct ad_dns_cell *cell,
					  __u32 qtype, __u32 owner)
{
	__u32 v4 = qtype == DNS_T_A, size = v4 ? 4 : 16;
	__u32 n = v4 ? cell->nr_a : cell->nr_aaaa, i, from = v4 ? 0 : cell->nr_a * 4;
	__u32 ttl = v4 ? cell->ttl_a : cell->ttl_aaaa;
	__u64 head = __builtin_bswap16(DNS_POINTER | owner) |
		     (__u64)__builtin_bswap16(qtype) << 16 |
		     (__u64)__builtin_bswap16(DNS_CLASS_IN) << 32 | (__u64)ttl << 48;
	__u32 tail = ttl >> 16 | (__u32)__builtin_bswap16(size) << 16;

	if (!dns_fits(w, n * (DNS_RR_FIXED + size)))
		return dns_truncate(w);
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
					 const struct ad_dns_rrset *rrset, __u32 owner,
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
	return dns_copy(w, image, rrset->blob, len + extra, owner);
}

/*
 * Looks for the RRset of @qtype in a record's directory (any, for ANY: RFC 8482, 4.1), in that of
 * signed sets if @with_sigs. DNS_GO: its address is w->set, 0 if there is none; DNS_PASS: the
 * directory is too long to be looked through.
 */
DNS_STAGE int dns_find_set(struct dns_work *w, const struct ad_dns_image *image, __u32 ref,
			   __u32 qtype, __u32 with_sigs)
{
	const struct ad_dns_record *record;
	const struct ad_dns_rrset *r;
	const __u8 *page;
	__u32 i, n, at;

	if (!w || !image)
		return DNS_PASS;
	w->set = 0;
	if (!ref)
		return DNS_GO;
	page = dns_page_of(w, image, (__u64)ref * 8);
	if (!page)
		return DNS_PASS;
	at = ref * 8;
	record = dns_at(page, at);
	at += sizeof(*record);
	n = record->nr_rrsets;
	if (with_sigs) {
		at += n * sizeof(*r);
		n = record->nr_signed;
	}
	if (n > DNS_RRSETS_MAX)
		return DNS_PASS;
	for (i = 0; i < DNS_RRSETS_MAX && i < n; i++) {
		r = dns_at(page, at + i * sizeof(*r));
		if (r->type != qtype && qtype != DNS_T_ANY)
			continue;
		w->set = at + i * sizeof(*r);
		break;
	}
	return DNS_GO;
}

/* DNS_GO and *@rrset, which is NULL if there is none. */
static __always_inline int dns_find(struct dns_work *w, const struct ad_dns_image *image, __u32 ref,
				    __u32 qtype, __u32 with_sigs, const struct ad_dns_rrset **rrset)
{
	const __u8 *page;

	*rrset = 0;
	if (dns_find_set(w, image, ref, qtype, with_sigs))
		return DNS_PASS;
	if (!w->set)
		return DNS_GO;
	page = dns_page_of(w, image, (__u64)ref * 8);
	if (!page)
		return DNS_PASS;
	*rrset = dns_at(page, w->set);
	return DNS_GO;
}

/* --- deciding --------------------------------------------------------------------------------- */

/* No zone of ours. */
static __always_inline int dns_refuse(struct dns_work *w, const struct ad_dns_image *image)
{
	if (image->unserved_pass)
		return DNS_PASS;
	w->rcode = DNS_REFUSED;
	return DNS_SEND;
}

/* The name as asked. Other classes have names of their own. */
static __always_inline const struct ad_dns_cell *
dns_probe_question(struct dns_work *w, const struct ad_dns_image *image)
{
	__u16 class = w->qclass - DNS_CLASS_IN;

	if (DNS_IN_KERNEL && w->hashed == w->name_len) {
		w->cell = w->probed - 1;
		return w->probed ? dns_cell(w, image, w->cell) : 0;
	}
	return dns_probe(w, image, w->hash[0] ^ class, w->hash[1]);
}

/*
 * A question for what is no data. We send no zone to anybody: REFUSED for one that we have,
 * NOTAUTH for others (RFC 5936, 2.2.1).
 */
static __always_inline int dns_meta(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell = dns_probe_question(w, image);
	__u32 transfer = w->qtype == DNS_T_AXFR || w->qtype == DNS_T_IXFR;

	if (image->unserved_pass && !cell)
		return DNS_PASS;
	w->rcode = DNS_REFUSED;
	if (transfer && !(cell && cell->flags & AD_DNS_IS_APEX))
		w->rcode = DNS_NOTAUTH;
	return DNS_SEND;
}

/* @cell is that of the name as asked; without it, its closest encloser is looked for. */
static __always_inline int dns_match(struct dns_work *w, const struct ad_dns_image *image,
				     const struct ad_dns_cell *cell)
{
	if (cell)
		dns_matched(w, cell, 0);
	else if (w->qclass != DNS_CLASS_IN)
		return dns_refuse(w, image);
	else
		return dns_search(w, image);
	return DNS_GO;
}

/* Nothing stored at the name itself: a wildcard below its closest encloser, or no such name. */
static __always_inline int dns_wildcard(struct dns_work *w, const struct ad_dns_image *image,
					const struct ad_dns_cell *cell)
{
	__u64 at = (__u64)cell->record * 8;
	const __u8 *page;

	w->aa = 1;
	if (!(cell->flags & AD_DNS_HAS_WILD)) {
		w->rcode = DNS_NXDOMAIN; /* RFC 6604, section 3: of the last name in a chain */
		return DNS_ABSENT;
	}
	page = dns_page_of(w, image, at);
	if (!page)
		return DNS_PASS;
	w->cell = ((const struct ad_dns_record *)dns_at(page, at))->wild - 1;
	w->owner = w->subject;
	w->skip = 0;
	return DNS_GO;
}

/* Notes that the alias at w->cell was followed; @dname: where it stands, if it is a DNAME. */
static __always_inline void dns_pass_by(struct dns_work *w, __u32 dname)
{
	struct dns_passed *passed = &w->passed[w->nr_passed & (DNS_CHAIN_MAX - 1)];

	passed->hash = dname ? w->hash[0] : 0;
	passed->cell = w->cell;
	passed->at = dname;
	w->nr_passed++;
}

/* After this alias the chain meets itself. */
static __always_inline int dns_is_last(struct dns_work *w, const struct ad_dns_rrset *alias)
{
	if (alias->loop && !w->chain)
		w->chain = alias->loop;
	return w->chain && !--w->chain;
}

/* Where a CNAME just written leads. Its target was looked up when the zone was compiled. */
static __always_inline int dns_next(struct dns_work *w, const struct ad_dns_rrset *cname,
				    __u32 rdata)
{
	if (dns_is_last(w, cname) || cname->next_kind == AD_DNS_NEXT_OUT || w->at >= DNS_REACH)
		return DNS_SEND;
	dns_pass_by(w, 0);
	w->subject = rdata;
	w->run = DNS_NAME_BYTES;
	w->cell = cname->next - 1;
	w->owner = rdata + cname->next_skip;
	w->skip = cname->next_skip;
	return DNS_GO;
}

#include "dns_signed.h"

/*
 * No DS at an apex whose parent zone is ours too: the parent is the one to say so (RFC 4035,
 * 3.1.4.1), as it would be the one to have it.
 */
static __always_inline int dns_no_ds(struct dns_work *w, const struct ad_dns_image *image,
				     const struct ad_dns_cell *cell, __u32 with_sigs)
{
	__u64 at = (__u64)cell->record * 8;
	const __u8 *page = dns_page_of(w, image, at);
	__u32 parent;

	if (!page)
		return DNS_PASS;
	parent = ((const struct ad_dns_record *)dns_at(page, at))->parent_zone;
	if (with_sigs && dns_prove_self(w, image, cell, parent))
		return DNS_PASS;
	if (parent) {
		w->zone = parent - 1;
		dns_locate_apex(w, image);
	}
	return DNS_ABSENT;
}

#include "dns_dname.h"

/* What stands beside a CNAME answers for itself; everything else is at its target. */
static __always_inline __u32 dns_wanted(const struct dns_work *w, const struct ad_dns_cell *cell,
					__u32 referral)
{
	if (referral)
		return DNS_T_NS;
	if (cell->flags & AD_DNS_HAS_CNAME && w->qtype != DNS_T_RRSIG && w->qtype != DNS_T_NSEC &&
	    w->qtype != DNS_T_ANY)
		return DNS_T_CNAME;
	if (w->qtype == DNS_T_ANY && cell->nr_a)
		return DNS_T_A;
	return w->qtype == DNS_T_ANY && cell->nr_aaaa ? DNS_T_AAAA : w->qtype;
}

/*
 * The sets of one name, or of the cut above it: RFC 1034, 4.3.2, 3. A referral has the NS of the
 * cut as authority and their addresses as additional data.
 */
static __always_inline int dns_take(struct dns_work *w, const struct ad_dns_image *image,
				    const struct ad_dns_cell *cell, __u32 referral)
{
	__u32 wanted = dns_wanted(w, cell, referral), rdata = w->at + DNS_RR_FIXED;
	const struct ad_dns_rrset *rrset;
	int verdict;

	if (!w->asked)
		w->asked = w->cell + 1;
	w->aa |= !referral;
	if (dns_has_inline(cell, wanted))
		return dns_put_inline(w, cell, wanted, w->owner);
	if (dns_find(w, image, cell->record, wanted, 0, &rrset))
		return DNS_PASS;
	if (!rrset && wanted == DNS_T_DS && cell->flags & AD_DNS_IS_APEX)
		return dns_no_ds(w, image, cell, 0);
	if (!rrset)
		return DNS_ABSENT;
	verdict = dns_put_rrset(w, image, rrset, w->owner, referral ? DNS_AUTHORITY : DNS_ANSWER);
	if (verdict)
		return verdict;
	if (wanted == DNS_T_CNAME && w->qtype != DNS_T_CNAME)
		return dns_next(w, rrset, rdata);
	return DNS_SEND;
}

/* The same on the longer way; @with_sigs: and what makes it sure. */
static __always_inline int dns_take_more(struct dns_work *w, const struct ad_dns_image *image,
					 const struct ad_dns_cell *cell, __u32 referral,
					 __u32 with_sigs)
{
	__u32 wanted = dns_wanted(w, cell, referral), rdata = w->at + DNS_RR_FIXED;
	const struct ad_dns_rrset *rrset;
	int verdict;

	if (!w->asked)
		w->asked = w->cell + 1;
	w->aa |= !referral;
	if (wanted == DNS_T_CNAME && dns_has_passed(w, 0)) /* in a circle, by way of a DNAME */
		return DNS_SEND;
	if (!with_sigs && dns_has_inline(cell, wanted))
		return dns_put_inline(w, cell, wanted, w->owner);
	if (dns_find(w, image, cell->record, wanted, with_sigs, &rrset))
		return DNS_PASS;
	if (!rrset && wanted == DNS_T_DS && cell->flags & AD_DNS_IS_APEX)
		return dns_no_ds(w, image, cell, with_sigs);
	if ((!rrset || referral) && with_sigs && dns_prove_self(w, image, cell, 0))
		return DNS_PASS;
	if (!rrset)
		return DNS_ABSENT;
	verdict = dns_put_more(w, image, rrset, referral ? DNS_AUTHORITY : DNS_ANSWER, with_sigs);
	if (verdict)
		return verdict;
	if (wanted != DNS_T_CNAME || w->qtype == DNS_T_CNAME)
		return DNS_SEND;
	w->cover = rrset->cover;
	w->encloser = 0;
	return dns_next(w, rrset, rdata);
}

static __always_inline __u32 dns_is_referral(const struct dns_work *w,
					     const struct ad_dns_cell *cell)
{
	return cell->kind == AD_DNS_CUT && (w->skip || w->qtype != DNS_T_DS);
}

/* One name of the chain. */
DNS_STAGE int dns_hop(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;

	if (!w || !image)
		return DNS_PASS;
	cell = dns_cell(w, image, w->cell);
	if (!cell)
		return DNS_PASS;
	if (cell->flags & w->edns_do || (cell->kind == AD_DNS_DNAME && w->skip))
		return DNS_MORE;
	if (cell->kind == AD_DNS_ABOVE)
		return dns_refuse(w, image);
	if (cell->kind == AD_DNS_NAME && w->skip)
		return dns_wildcard(w, image, cell);
	return dns_take(w, image, cell, dns_is_referral(w, cell));
}

/* The same on the longer way. */
DNS_STAGE int dns_hop_more(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;
	__u32 with_sigs;

	if (!w || !image)
		return DNS_PASS;
	cell = dns_cell(w, image, w->cell);
	if (!cell)
		return DNS_PASS;
	with_sigs = cell->flags & w->edns_do;
	if (cell->kind == AD_DNS_ABOVE)
		return dns_refuse(w, image);
	if (cell->kind == AD_DNS_NAME && w->skip)
		return with_sigs && dns_zone(image, cell->zone)->chain
			       ? dns_wildcard_signed(w, image, cell)
			       : dns_wildcard(w, image, cell);
	if (cell->kind == AD_DNS_DNAME && w->skip)
		return dns_redirect(w, image, with_sigs);
	return dns_take_more(w, image, cell, dns_is_referral(w, cell), with_sigs);
}

/*
 * From where dns_follow() stopped to the end of the chain; then what belongs to it in the other
 * sections, in their order.
 */
static __always_inline int dns_follow_more(struct dns_work *w, const struct ad_dns_image *image)
{
	int verdict = DNS_GO;
	__u32 i;

	w->extra = 0;
	w->extra_must = 0;
	w->nr_proofs = 0;
	w->encloser = 0;
	w->cover = 0;
	for (i = 0; i < DNS_CHAIN_MAX && verdict == DNS_GO; i++)
		verdict = dns_hop_more(w, image);
	if (verdict == DNS_GO)
		return DNS_IN_KERNEL ? DNS_PASS : DNS_SEND;
	if (verdict == DNS_PASS || w->tc)
		return verdict;
	verdict = verdict == DNS_ABSENT ? dns_put_soa(w, image) : DNS_GO;
	if (!verdict)
		verdict = dns_put_proofs(w, image);
	return verdict ? verdict : dns_put_extra(w, image);
}

/* From the match to the end of the chain. */
static __always_inline int dns_follow(struct dns_work *w, const struct ad_dns_image *image)
{
	int verdict = DNS_GO;
	__u32 i;

	dns_locate_apex(w, image);
	for (i = 0; i < DNS_CHAIN_MAX && verdict == DNS_GO; i++)
		verdict = dns_hop(w, image);
	if (verdict == DNS_ABSENT)
		return dns_deny(w, image);
	if (verdict == DNS_MORE && !DNS_IN_KERNEL)
		return dns_follow_more(w, image);
	if (verdict == DNS_GO)
		return DNS_IN_KERNEL ? DNS_PASS : DNS_SEND;
	return verdict;
}

#include "dns_limit.h"

/* --- finishing -------------------------------------------------------------------------------- */

/* RFC 6891, 6.1.3; NSID only to who asked (RFC 5001, 2.2). Room was kept for it. */
static __always_inline void dns_put_opt(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 at = w->at;

	dns_put64(w, at,
		  DNS_T_OPT << 16 | (__u64)__builtin_bswap16(image->udp_size) << 24 |
			  (__u64)(w->rcode >> 4) << 40 | (__u64)w->edns_do << 56);
	dns_put64(w, at + 8, (__u64)__builtin_bswap16(dns_options_bytes(w, image)) << 8);
	w->at = dns_put_options(w, image, at + DNS_OPT_BYTES);
	w->count[DNS_ADDITIONAL]++;
}

/*
 * The question and its case stay as they came. The header is put together in the words that it is
 * read back in: a load that spans several young stores has to wait.
 */
static __always_inline void dns_finish(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 head = dns_load32(w->msg), flags;

	if (w->edns)
		dns_put_opt(w, image);
	flags = DNS_QR | (head >> 16 & (DNS_OPCODE | DNS_RD)) | (w->aa ? DNS_AA : 0) |
		(w->tc ? DNS_TC : 0) | (w->rcode & 15) << 8;
	dns_store32(w->msg, (head & 0xffff) | flags << 16);
	dns_store64(w->msg + 4, (dns_load64(w->msg + 4) & 0xffff) |
					(__u64)__builtin_bswap16(w->count[DNS_ANSWER]) << 16 |
					(__u64)__builtin_bswap16(w->count[DNS_AUTHORITY]) << 32 |
					(__u64)__builtin_bswap16(w->count[DNS_ADDITIONAL]) << 48);
	w->len = w->at;
}

/* Most questions are for an address of a name that has one: no more than its cell is needed. */
static __always_inline int dns_find_answer(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell = dns_probe_question(w, image);
	int verdict;

	if (cell && cell->kind == AD_DNS_NAME && dns_has_inline(cell, w->qtype) &&
	    !(cell->flags & w->edns_do)) {
		w->zone = cell->zone;
		w->aa = 1;
		return dns_put_inline(w, cell, w->qtype, w->subject);
	}
	verdict = dns_match(w, image, cell);
	return verdict ? verdict : dns_follow(w, image);
}

static __always_inline int dns_answer(struct dns_work *w, const struct ad_dns_image *image)
{
	if (w->rcode != DNS_NOERROR)
		return DNS_SEND;
	if (!DNS_IN_KERNEL && dns_is_meta(w->qtype))
		return dns_meta(w, image);
	return dns_find_answer(w, image);
}

/* An OPT record alone: a client that asks for nothing but a cookie (RFC 7873, 5.4). */
static __always_inline int dns_wants_cookie(const struct dns_work *w)
{
	const struct ad_dns_guard *guard = dns_guard_of(w);

	return guard && guard->cookies != AD_DNS_COOKIES_OFF && !(dns_get8(w, 2) & DNS_OPCODE) &&
	       !dns_get16(w, 4) && !dns_get16(w, 6) && !dns_get16(w, 8) && dns_get16(w, 10) == 1;
}

/* An answer, unless its client has been told too often. */
static __always_inline int dns_complete(struct dns_work *w, const struct ad_dns_image *image,
					int verdict)
{
	if (verdict == DNS_SEND && dns_has_limits(w))
		verdict = dns_limit(w);
	if (verdict != DNS_SEND)
		return verdict;
	if (dns_has_limits(w) && w->limited == AD_DNS_LIMITED_SLIPPED)
		dns_slip(w);
	dns_finish(w, image);
	return verdict;
}

/* No query that anybody could answer, but with something behind its question, if it has one. */
static __always_inline int dns_is_odd(const struct dns_work *w)
{
	return w->len >= DNS_HEADER && !(dns_get8(w, 2) & DNS_QR) && dns_get16(w, 10) &&
	       (dns_get8(w, 2) & DNS_OPCODE || dns_get16(w, 4) != 1);
}

/* RFC 6891, 7: header, question and OPT go back at least. */
static __always_inline int dns_answer_odd(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 wants_cookie = dns_wants_cookie(w);
	int verdict = dns_tidy_odd(w);

	if (!verdict && wants_cookie)
		w->rcode = DNS_NOERROR;
	if (!verdict)
		verdict = dns_read_edns(w);
	if (verdict)
		return dns_has_limits(w) ? dns_limit(w) : verdict;
	if (w->rcode == DNS_NOERROR && !w->cookie_len)
		w->rcode = DNS_FORMERR;
	dns_begin(w, image);
	return dns_complete(w, image, DNS_SEND);
}

/* A reply is on its way. */
static __always_inline void dns_count_reply(const struct dns_work *w, struct ad_dns_count *count,
					    bool is_ip6)
{
	__u32 type = w->qtype;

	if (w->rcode < AD_DNS_RCODES)
		count->rcodes[w->rcode]++;
	if (w->tc)
		count->truncated++;
	count->edns[is_ip6][(w->edns & 1) + (w->edns_do >> 7)]++;
	count->types[type < AD_DNS_TYPES ? type : 0]++;
}

/*
 * The whole of it. DNS_SEND: w->len bytes of w->msg are the reply, w->rcode and w->zone say what
 * to count. What was rejected while it was read is a reply already, and as short as one can be.
 */
static __always_inline int dns_respond(struct dns_work *w, const struct ad_dns_image *image)
{
	int rejected, verdict;

	w->zone = DNS_NOT_COUNTED;
	w->tc = 0;
	w->brought = 0;
	w->qtype = 0;
	if (!DNS_IN_KERNEL)
		w->want_idle = 0;
	if (!DNS_IN_KERNEL && dns_is_odd(w))
		return dns_answer_odd(w, image);
	verdict = dns_read(w, image);
	rejected = verdict == DNS_SEND;
	if (verdict == DNS_GO)
		verdict = dns_answer(w, image);
	if (rejected)
		return dns_has_limits(w) ? dns_limit(w) : verdict;
	return dns_complete(w, image, verdict);
}

#endif
