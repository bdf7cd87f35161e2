/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_names.h: the table of names: a name's cell, its deepest stored ancestor, its RRsets.
 */
#ifndef AD_DNS_NAMES_H
#define AD_DNS_NAMES_H

#include "dns_pages.h"

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
	w->owner_name = w->subject + w->skip;
}

/* Halves what is left between w->low and w->high; the cell of the lower end is kept in @found. */
static __always_inline void dns_bisect(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 depth = (w->low + w->high + 1) / 2;

	if (dns_probe_ancestor(w, image, w->nr_labels - depth)) {
		w->low = depth;
		w->found = w->cell;
	} else {
		w->high = depth - 1;
	}
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
		dns_bisect(w, image);
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

static __always_inline int dns_has_inline(const struct ad_dns_cell *cell, __u32 qtype)
{
	return (qtype == DNS_T_A && cell->nr_a) || (qtype == DNS_T_AAAA && cell->nr_aaaa);
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

#endif
