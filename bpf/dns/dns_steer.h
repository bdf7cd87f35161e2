/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_steer.h: which POP's sets a steered name has for this client (maps/steer_rows.h).
 *
 *   who	  the client: its subnet, if the query has it and the name goes by it; else who asks
 *   where	  its location, and how much of its address that depends on
 *   draw	  a hash of its network and the name, made once whatever the type: a slot of a row
 *   state	  the POP in that slot may be out, or shed this client: then another
 *
 * What is chosen is a cell like any other, w->cell, and the engine goes on with it. A name may have
 * several answers: then further POPs are drawn from the same row, and the addresses of all are
 * told.
 */
#ifndef AD_DNS_STEER_H
#define AD_DNS_STEER_H

#include "dns_locate.h"
#include "dns_names.h"
#include "dns_put.h"

#define STEER_DRAWS 8 /* of a row, each as if the one before were not there; then one by one */
#define STEER_BITS  6 /* that name a slot */

/* --- the client ------------------------------------------------------------------------------- */

/* The first @bits of eight bytes. */
static __always_inline __u64 steer_mask(__u32 bits)
{
	return bits >= 64 ? ~0ull : ~__builtin_bswap64(~0ull >> bits);
}

/* The address in the option, which was checked: nothing is set behind its length. */
static __always_inline void steer_read_subnet(struct dns_work *w, __u32 source)
{
	__u64 head = w->subnet[0] >> 32 | w->subnet[1] << 32;
	__u64 tail = w->subnet[1] >> 32 | w->subnet[2] << 32;

	if ((__u16)w->subnet[0] == __builtin_bswap16(1)) {
		w->where.q[0] = 0;
		w->where.q[1] =
			__builtin_bswap32(0xffff) | (__u64)(__u32)(head & steer_mask(source)) << 32;
		return;
	}
	w->where.q[0] = head & steer_mask(source);
	w->where.q[1] = source > 64 ? tail & steer_mask(source - 64) : 0;
}

/*
 * Whom the answer is to fit; not 0: so many bits of its subnet came with the query. A source of no
 * bits is the wish to remain unknown; then who asks is all that there is to go by (RFC
 * 7871, 7.1.2), and the answer depends on no subnet (7.2.1).
 */
static __always_inline __u32 steer_who(struct dns_work *w, __u32 flags)
{
	__u32 source = w->subnet[0] >> 16 & 0xff;

	if (!(flags & AD_DNS_STEER_ECS) || !w->subnet_len || !source) {
		w->where = w->client;
		return 0;
	}
	steer_read_subnet(w, source);
	return source;
}

static __always_inline int steer_is_ip4(const struct dns_work *w)
{
	return !w->where.q[0] && w->where.w[2] == __builtin_bswap32(0xffff);
}

static __always_inline __u64 steer_mix(__u64 v)
{
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93ull;
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93ull;
	return v ^ v >> 32;
}

static __always_inline void steer_draw(struct dns_work *w, __u32 seed, __u32 bits)
{
	__u64 network = steer_is_ip4(w) ? w->where.w[3] & (__u32)steer_mask(bits)
					: steer_mix(w->where.q[0] & steer_mask(bits));

	w->draw = steer_mix(network ^ (__u64)seed << 32);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* What lies at @address, which is a multiple of @size; NULL: no such page. */
static __always_inline const void *steer_at(const struct dns_work *w, const struct ad_rows *table,
					    __u64 address, __u32 size)
{
	__u32 n = address / AD_STEER_PAGE_BYTES;
	const __u8 *page = n ? dns_steer_page(w, n) : (const __u8 *)table;

	if (!page)
		return 0;
	__asm__ volatile("" : "+r"(page));
	return page + (address & AD_STEER_PAGE_MASK & ~(__u64)(size - 1));
}

static __always_inline __u32 steer_entry(const struct dns_work *w, const struct ad_rows *table,
					 __u64 address)
{
	const __u32 *entry = steer_at(w, table, address, sizeof(*entry));

	return entry ? *entry : 0;
}

static __always_inline int steer_has(const struct dns_work *w, __u32 pop)
{
	return w->pops[0] == pop || w->pops[1] == pop || w->pops[2] == pop || w->pops[3] == pop;
}

/* 1: the POP gets this client, as its state is now. */
DNS_STAGE int dns_pop_takes(struct dns_work *w, __u32 pop)
{
	__u32 word, shed;

	if (!w || pop == AD_STEER_NONE || steer_has(w, pop))
		return 0;
	word = dns_pop_word(w, pop);
	w->doubtful |= !!(word & (AD_STEER_OUT | AD_STEER_DOUBT));
	if (word & AD_STEER_OUT)
		return 0;
	shed = word >> AD_STEER_SHED_SHIFT & AD_STEER_SHED_MASK;
	if (!shed || w->careless)
		return 1;
	w->drawn = 1;
	return steer_mix(w->draw ^ (pop + 1)) >> (64 - STEER_BITS) >= shed;
}

/* The POP that a row has for this client; AD_STEER_NONE: all of it are out. */
DNS_STAGE int dns_draw_row(struct dns_work *w, const struct ad_rows *table, __u32 entry)
{
	const struct ad_steer_row *row;
	__u32 i, pop;
	__u64 draw;

	if (!w || !table)
		return AD_STEER_NONE;
	row = steer_at(w, table, table->head.rows + (entry & AD_STEER_ROW) * sizeof(*row),
		       sizeof(*row));
	if (!row)
		return AD_STEER_NONE;
	draw = w->draw;
	w->drawn |= !(entry & AD_STEER_SINGLE);
	for (i = 0; i < STEER_DRAWS; i++, draw >>= STEER_BITS) {
		pop = row->pop[draw & (AD_STEER_SLOTS - 1)];
		if (dns_pop_takes(w, pop))
			return pop;
		if (entry & (AD_STEER_SINGLE | AD_STEER_SPREAD))
			return AD_STEER_NONE;
	}
	dns_join();
	for (i = 0; i < AD_STEER_SLOTS; i++) {
		pop = row->pop[(w->draw + i) & (AD_STEER_SLOTS - 1)];
		if (dns_pop_takes(w, pop))
			return pop;
	}
	return AD_STEER_NONE;
}

/* The same of a row and those behind it. */
DNS_STAGE int dns_draw_rank(struct dns_work *w, const struct ad_rows *table, __u32 entry)
{
	__u32 i;
	int pop;

	if (!w || !table)
		return AD_STEER_NONE;
	for (i = 0; i < AD_STEER_RANKS; i++) {
		dns_join();
		if (!(entry & AD_STEER_ROW))
			break;
		pop = dns_draw_row(w, table, entry);
		if (pop != AD_STEER_NONE) {
			w->row = entry;
			return pop;
		}
		entry = steer_entry(w, table,
				    table->head.nexts + (entry & AD_STEER_ROW) * sizeof(entry));
	}
	return AD_STEER_NONE;
}

/* When all are out: who of the last resort is up, or who would be drawn if they were. */
static __always_inline int steer_last(struct dns_work *w, const struct ad_rows *table, __u32 entry)
{
	int pop = dns_draw_rank(w, table, entry);
	const struct ad_steer_row *row;

	if (pop != AD_STEER_NONE || !(entry & AD_STEER_ROW))
		return pop;
	row = steer_at(w, table, table->head.rows + (entry & AD_STEER_ROW) * sizeof(*row),
		       sizeof(*row));
	return row ? row->pop[w->draw & (AD_STEER_SLOTS - 1)] : AD_STEER_NONE;
}

/* The POP drawn first, if it is up and sheds nobody: so it is of nearly all. */
static __always_inline __u32 steer_first(struct dns_work *w, const struct ad_rows *table,
					 __u32 entry)
{
	const struct ad_steer_row *row = steer_at(
		w, table, table->head.rows + (entry & AD_STEER_ROW) * sizeof(*row), sizeof(*row));
	__u32 pop = row && entry & AD_STEER_ROW ? row->pop[w->draw & (AD_STEER_SLOTS - 1)]
						: AD_STEER_NONE;

	return pop == AD_STEER_NONE || dns_pop_word(w, pop) ? AD_STEER_NONE : pop;
}

/* What POPs shed others take, and if there are none, they do themselves. */
static __always_inline int steer_choose(struct dns_work *w, const struct ad_rows *table,
					const struct ad_dns_steered *name)
{
	__u32 nr = table->head.nr_locations;
	__u64 first = table->head.entries + (__u64)name->policy * (nr + 1) * sizeof(__u32);
	__u32 entry;
	int pop;

	if (name->policy >= table->head.nr_policies || w->location >= nr)
		return AD_STEER_NONE;
	entry = steer_entry(w, table, first + w->location * sizeof(entry));
	w->doubtful = 0;
	w->careless = 0;
	w->pops_word = ~0u;
	w->row = entry;
	w->drawn = !(entry & AD_STEER_SINGLE);
	pop = steer_first(w, table, entry);
	if (pop != AD_STEER_NONE)
		return pop;
	w->row = 0;
	w->drawn = 0;
	pop = dns_draw_rank(w, table, entry);
	if (pop != AD_STEER_NONE)
		return pop;
	w->careless = 1;
	pop = dns_draw_rank(w, table, entry);
	if (pop != AD_STEER_NONE || name->out != AD_DNS_STEER_LAST)
		return pop;
	return steer_last(w, table, steer_entry(w, table, first + nr * sizeof(entry)));
}

/*
 * Further POPs, of the same row: none that would only get clients if these were out. Those drawn
 * before take nobody a second time.
 */
DNS_STAGE int dns_draw_others(struct dns_work *w, const struct ad_rows *table, __u32 answers)
{
	__u32 i;
	int pop;

	if (!w || !table)
		return DNS_PASS;
	for (i = 1; i < AD_DNS_STEER_ANSWERS; i++) {
		dns_join();
		if (i >= answers || !(w->row & AD_STEER_ROW))
			break;
		pop = dns_draw_row(w, table, w->row & ~AD_STEER_SPREAD);
		if (pop == AD_STEER_NONE)
			break;
		w->pops[i & (AD_DNS_STEER_ANSWERS - 1)] = pop;
		w->nr_pops = i + 1;
	}
	return DNS_GO;
}

/* --- the answer ------------------------------------------------------------------------------- */

/*
 * RFC 7871, 7.2.1: how much of the subnet must be the same for the answer to be. That of the place
 * if everybody there gets the same; else at least the network that draws alike. Never 0: that would
 * be everybody's answer. All bits were counted in 128.
 */
static __always_inline void steer_scope(struct dns_work *w)
{
	__u32 scope = w->place_bits, front = w->front;

	if (front == AD_STEER_NONE)
		return;
	if (w->drawn && w->draw_bits > scope)
		scope = w->draw_bits;
	scope = scope > front ? scope - front : 1;
	if (scope > w->scope)
		w->scope = scope;
}

static __always_inline int steer_nobody(struct dns_work *w, __u32 out)
{
	w->aa = 1;
	return out == AD_DNS_STEER_NODATA ? DNS_ABSENT : dns_fail(w);
}

/*
 * Where w->where is, of which @bits are known (of all 128). A stage of its own: its stack is not
 * that of the draw.
 */
DNS_STAGE int dns_place(struct dns_work *w, __u32 bits)
{
	struct steer_place place = {};

	if (!w)
		return DNS_PASS;
	steer_locate(w, &w->where, bits, &place);
	w->location = place.location;
	w->place_bits = place.scope;
	return DNS_GO;
}

/* The client, its place and its draw. */
static __always_inline void steer_find(struct dns_work *w, const struct ad_dns_steered *name)
{
	__u32 source = steer_who(w, name->flags), mapped = steer_is_ip4(w) ? 96 : 0;
	__u32 bits = mapped ? name->ip4_bits : name->ip6_bits;
	__u32 front = (__u16)w->subnet[0] == __builtin_bswap16(1) ? 96 : 0;

	w->location = 0;
	w->place_bits = front;
	if (!(name->flags & AD_DNS_STEER_HERE))
		dns_place(w, source ? front + source : 128);
	steer_draw(w, name->seed, bits);
	w->front = source ? front : AD_STEER_NONE;
	w->draw_bits = mapped + bits;
}

/* What the name is at the POP that was drawn as number @n becomes w->cell. NULL: nothing. */
static __always_inline const struct ad_dns_cell *
steer_variant(struct dns_work *w, const struct ad_dns_image *image, __u32 n)
{
	__u32 pop = w->pops[n & (AD_DNS_STEER_ANSWERS - 1)];
	const struct ad_dns_cell *cell;

	w->cell = w->variants + (pop << w->doubles) + (w->doubtful & w->doubles);
	cell = dns_cell(w, image, w->cell);
	return cell && cell->kind == AD_DNS_NAME ? cell : 0;
}

/* The steered name at w->cell becomes what it is for this client. DNS_GO, or what is said instead.
 */
DNS_STAGE int dns_steer(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_steered *name;
	const struct ad_dns_cell *cell;
	const struct ad_rows *rows;
	int pop;

	if (!w || !image)
		return DNS_PASS;
	cell = dns_cell(w, image, w->cell);
	rows = (const struct ad_rows *)dns_steer_page(w, 0);
	if (!cell || !rows)
		return DNS_PASS;
	name = (const struct ad_dns_steered *)cell->addr;
	steer_find(w, name);
	pop = steer_choose(w, rows, name);
	w->nr_pops = 1;
	w->pops[0] = pop;
	if (name->answers > 1 && dns_draw_others(w, rows, name->answers))
		return DNS_PASS;
	steer_scope(w);
	if (pop >= name->pops)
		return steer_nobody(w, name->out);
	w->variants = name->variants;
	w->doubles = name->flags & AD_DNS_STEER_DOUBT ? 1 : 0;
	return steer_variant(w, image, 0) ? DNS_GO : dns_fail(w);
}

#endif
