/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hints.h: what claims have taught about where flows come from, and what noes have taught about
 * segments that nobody has. All of it only decides whom to ask first, or saves a question; a wrong
 * entry costs one journey through the tunnel.
 *
 * Only an authenticated claim teaches a hint or a source, and only the end of a hunt teaches that
 * nobody has a segment. The tables are arrays with one entry at each place, found by a keyed hash.
 * They are never full: a new entry replaces the old one.
 */
#ifndef AD_HINTS_H
#define AD_HINTS_H

#include "bpf/base/clock.h"
#include "bpf/packet/packet.h"
#include "bpf/packet/prefix.h"

#define HINT_SCOUT_S 2 /* at most one scout per prefix in this time */

/* The place of hints for @prefix (a hash); *@known: the entry there is this prefix's. */
static __always_inline struct ad_hint *hint_place(__u64 prefix, bool *known)
{
	__u32 at = prefix >> 32 & (AD_HINT_MAX - 1);
	struct ad_hint *hint = bpf_map_lookup_elem(&hints, &at);

	*known = hint && hint->tag == (__u32)prefix;
	return hint;
}

static __always_inline bool hint_is_fresh(const struct ad_hint *hint, __u32 now_s, __u32 age_s)
{
	return hint->owner && now_s - hint->learned_s <= age_s;
}

/* The node that other flows of the client's prefix came from; 0: unknown. */
static __always_inline __u16 hint_ask(const struct packet *p, __u32 age_s)
{
	struct ad_hint *hint;
	bool known;

	hint = hint_place(prefix_hash(p), &known);
	if (!hint || !known || !hint_is_fresh(hint, clock_mono_s(p->mono_ns), age_s))
		return 0;
	return hint->owner;
}

static __always_inline void hint_learn(const struct packet *p, __u16 owner)
{
	__u32 now_s = clock_mono_s(p->mono_ns);
	__u64 prefix = prefix_hash(p);
	struct ad_hint *hint;
	bool known;

	hint = hint_place(prefix, &known);
	if (!hint || (known && hint->owner == owner && hint->learned_s == now_s))
		return;
	hint->tag = prefix;
	hint->owner = owner;
	hint->learned_s = now_s;
}

/*
 * Should a scout be sent, so that its claim teaches a hint? No, if there is a hint in the first
 * half of its life, if one was sent just now, or if the place has another prefix's hint.
 */
static __always_inline bool hint_wants_scout(const struct packet *p, __u32 age_s)
{
	__u32 now_s = clock_mono_s(p->mono_ns);
	__u64 prefix = prefix_hash(p);
	struct ad_hint *hint;
	bool known;

	hint = hint_place(prefix, &known);
	if (!hint || hint_is_fresh(hint, now_s, known ? age_s / 2 : age_s))
		return false;
	if (known && now_s - hint->asked_s < HINT_SCOUT_S)
		return false;
	if (!known)
		hint->owner = 0;
	hint->tag = prefix;
	hint->asked_s = now_s;
	return true;
}

/*
 * The last two nodes whose flows have shifted here, of any client. A new node replaces the older
 * one.
 */
static __always_inline void source_learn(__u16 owner, __u64 mono_ns)
{
	__u32 zero = 0, now_s = clock_mono_s(mono_ns), at;
	struct ad_sources *s;

	s = bpf_map_lookup_elem(&sources, &zero);
	if (!s)
		return;
	if (s->owner[0] == owner || s->owner[1] == owner)
		at = s->owner[1] == owner;
	else
		at = s->last_s[1] < s->last_s[0];
	at &= 1;
	if (s->owner[at] == owner && s->last_s[at] == now_s)
		return;
	s->owner[at] = owner;
	s->last_s[at] = now_s;
}

/* The latest of them, or the one before; 0: none. */
static __always_inline __u16 source_ask(__u32 before, __u64 mono_ns, __u32 age_s)
{
	__u32 zero = 0, now_s = clock_mono_s(mono_ns), at;
	struct ad_sources *s;

	s = bpf_map_lookup_elem(&sources, &zero);
	if (!s)
		return 0;
	at = ((s->last_s[1] > s->last_s[0]) ^ before) & 1;
	return now_s - s->last_s[at] <= age_s ? s->owner[at] : 0;
}

/*
 * A segment that nobody owns comes again, with the same ACK number. That number is part of the
 * entry's tag. So an attacker cannot use an entry against a flow that does not exist yet: he cannot
 * know what it will acknowledge.
 */
static __always_inline __u64 *nobody_place(const struct packet *p)
{
	__u32 at = p->prf >> 32 & (AD_NOBODY_MAX - 1);

	return bpf_map_lookup_elem(&nobodies, &at);
}

/*
 * A segment without timestamps says nothing about segments that have them: it may be a keepalive,
 * and the next segment of its flow, with the same ACK number, has the stamp that names the owner. A
 * SYN may be repeated without its options.
 */
static __always_inline __u32 nobody_tag(const struct packet *p)
{
	__u32 tag = (__u32)p->prf ^ p->ack;

	return p->ts_at && !packet_is_syn(p) ? ~tag : tag;
}

static __always_inline void nobody_note(const struct packet *p)
{
	__u64 *word = nobody_place(p);

	if (word)
		*word = (__u64)nobody_tag(p) << 32 | clock_mono_ms(p->mono_ns);
}

/* How long ago the segment was noted, in ms; ~0: it was not. */
static __always_inline __u32 nobody_age_ms(const struct packet *p)
{
	__u64 *place = nobody_place(p), word;

	if (!place)
		return ~0u;
	word = *(volatile __u64 *)place;
	if (!word || word >> 32 != nobody_tag(p))
		return ~0u;
	return clock_mono_ms(p->mono_ns) - (__u32)word;
}

static __always_inline bool nobody_owned(const struct packet *p, __u32 age_ms)
{
	return nobody_age_ms(p) < age_ms;
}

/*
 * A SYN is about to be diverted. Was the same SYN diverted before, long enough ago for an answer?
 * Its sequence number is in the tag.
 */
__noinline int syn_is_repeated(const struct packet *p)
{
	__u32 age_ms;

	if (!p)
		return false;
	age_ms = nobody_age_ms(p);
	if (age_ms > AD_SYN_AGAIN_MAX_MS)
		nobody_note(p);
	return age_ms >= AD_SYN_AGAIN_MIN_MS && age_ms <= AD_SYN_AGAIN_MAX_MS;
}

#endif
