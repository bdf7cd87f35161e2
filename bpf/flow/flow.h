/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow.h: the flow table, a cache with counters (layout: maps/types.h). Of flows with stamps it
 * sees a sample of the packets, each of which counts for those that it stands for.
 *
 * A slot is one 64-bit word that is changed by compare-and-swap only: first free or another flow's,
 * then busy while its entry is written, then ours. Whoever finds its tag compares the whole key,
 * and whoever acts on what the entry says reads the slot once more (flow_still()). Nothing waits: a
 * flow that loses a race stays uncounted until its next packet. selftests/race tests this.
 *
 * Counters are not atomic, because each has one writer: a client's packets arrive by one queue, on
 * one CPU (by RSS; the tunnel's source port is made of the same tuple), and packets to it leave
 * under its socket's lock. A locked instruction would make every packet wait for the uncached line
 * of its entry. What may be lost: a count when a queue moves to another CPU; and a packet that is
 * counted while its entry is evicted counts for the new flow. No decision depends on a counter. For
 * flags, see flow_mark().
 */
#ifndef AD_FLOW_H
#define AD_FLOW_H

#include "bpf/base/clock.h"
#include "socket.h"

union flow_word {
	struct ad_flow_slot s;
	__u64 w;
};

#define FLOW_WORD_LAST_S (0xffffULL << 32)
#define FLOW_WORD_BUSY	 (1ULL << 56)
#define FLOW_WORTH_IDLE	 2
#define FLOW_AGE_STEPS	 16 /* precision of ages, as a part of opt.flow_idle_s */

struct flow_ref {
	union flow_word *slot; /* NULL: no such flow */
	struct ad_flow *flow;
	union flow_word seen;
};

static __always_inline __u32 flow_bucket(const struct packet *p)
{
	return p->prf >> 32 & opt.flow_mask;
}

/* The part of the key after the client's address, as it lies in struct ad_flow. */
static __always_inline __u64 flow_key_rest(const struct packet *p)
{
	return p->ports | (__u64)p->local.vip << 32 | (__u64)IPPROTO_TCP << 48;
}

_Static_assert(__builtin_offsetof(struct ad_flow, client_port) == 16 &&
		       __builtin_offsetof(struct ad_flow, vip) == 20 &&
		       __builtin_offsetof(struct ad_flow, protocol) == 22 &&
		       __builtin_offsetof(struct ad_flow, rx_bytes) == 24,
	       "flow_key_rest()");

static __always_inline bool flow_matches(const struct ad_flow *f, const struct packet *p)
{
	return f->client.q[0] == p->client.q[0] && f->client.q[1] == p->client.q[1] &&
	       *(const __u64 *)&f->client_port == flow_key_rest(p);
}

/*
 * The slot of its bucket that a flow prefers. It nearly always gets it, and then bucket and entry,
 * two uncached lines in a large table, are fetched at the same time.
 */
static __always_inline __u32 flow_seat(const struct packet *p)
{
	return p->prf >> 61;
}

/*
 * The slot with our tag, or any other slot. Without branches: the verifier would follow each hit
 * through the rest of the program.
 */
static __always_inline __u32 flow_scan(const volatile union flow_word *slots, __u32 tag)
{
	__u64 differs, mask, hit = 0;

	for (int i = 0; i < AD_FLOW_SLOTS; i++) {
		differs = (__u32)slots[i].w ^ tag;
		mask = (__s64)(differs - 1) >> 63;
		hit ^= (hit ^ i) & mask;
	}
	return hit & (AD_FLOW_SLOTS - 1);
}

static __always_inline bool flow_find(const struct packet *p, struct flow_ref *ref)
{
	__u32 bucket = flow_bucket(p), slot = flow_seat(p), index;
	volatile union flow_word *slots = bpf_map_lookup_elem(&flow_tags, &bucket);
	union flow_word seen;

	ref->slot = NULL;
	ref->seen.w = 0;
	if (!slots)
		return false;
	if ((__u32)slots[slot].w != (__u32)p->prf)
		slot = flow_scan(slots, p->prf);
	seen.w = slots[slot].w;
	index = bucket * AD_FLOW_SLOTS + slot;
	ref->flow = bpf_map_lookup_elem(&flows, &index);
	if (!ref->flow || seen.s.tag != (__u32)p->prf || seen.s.busy ||
	    seen.s.kind == AD_FLOW_FREE || !flow_matches(ref->flow, p))
		return false;
	ref->slot = (union flow_word *)&slots[slot];
	ref->seen = seen;
	return true;
}

/* Is the slot still as flow_find() saw it? If so, what we read from the entry was of this flow. */
static __always_inline bool flow_still(const struct flow_ref *ref)
{
	__u64 now = *(volatile __u64 *)&ref->slot->w;

	return !((now ^ ref->seen.w) & ~FLOW_WORD_LAST_S);
}

/* Removes a flow that is not ours after all, unless another CPU has changed the slot. */
static __always_inline void flow_drop(struct flow_ref *ref)
{
	__sync_val_compare_and_swap(&ref->slot->w, ref->seen.w, 0);
	ref->slot = NULL;
	ref->seen.w = 0;
}

/*
 * Decisions depend on flags, and both directions write them: setting one must not be lost when
 * another is cleared. There is no atomic operation on a byte, so these change the word around it.
 */
#define FLOW_FLAGS_SHIFT 24
_Static_assert(__builtin_offsetof(struct ad_flow, flags) ==
		       __builtin_offsetof(struct ad_flow, via) + 3,
	       "flags");

static __always_inline void flow_mark(struct ad_flow *flow, __u32 flag)
{
	__sync_fetch_and_or((__u32 *)&flow->via, flag << FLOW_FLAGS_SHIFT);
}

static __always_inline void flow_unmark(struct ad_flow *flow, __u32 flag)
{
	__sync_fetch_and_and((__u32 *)&flow->via, ~(flag << FLOW_FLAGS_SHIFT));
}

/* A time so long ago that any other flow may take the slot. */
static __always_inline __u16 flow_past(__u32 now_s)
{
	return now_s - opt.flow_idle_s - 1;
}

/*
 * The entry has the second of the last packet. The slot, by which flows are aged, is updated less
 * often: its cache line is shared with seven other slots and so stays clean for most packets. When
 * a flow of ours ends, or may never have begun, its slot is marked as long silent: the flow's
 * socket proves it, and without an entry it is only not counted.
 */
static __always_inline void flow_touch(struct flow_ref *ref, const struct packet *p)
{
	__u32 now_s = clock_mono_s(p->mono_ns);
	__u16 age = now_s - ref->seen.s.last_s;

	if (ref->flow->last_s != now_s)
		ref->flow->last_s = now_s;
	if (ref->seen.s.kind == AD_FLOW_OURS &&
	    ref->flow->flags & (AD_FLOW_CLOSING | AD_FLOW_HALF_OPEN)) {
		if (age <= opt.flow_idle_s)
			ref->slot->s.last_s = flow_past(now_s);
	} else if (age > opt.flow_idle_s / FLOW_AGE_STEPS) {
		ref->slot->s.last_s = now_s;
	}
}

static __always_inline void flow_count_in(struct flow_ref *ref, const struct packet *p)
{
	ref->flow->rx_packets += p->weight;
	ref->flow->rx_bytes += (__u64)p->weight * p->ip_bytes;
	if (ref->flow->via != p->landing)
		ref->flow->via = p->landing;
	flow_touch(ref, p);
}

/* A flow that our own stack ends has ended. */
static __always_inline void flow_count_out(struct flow_ref *ref, const struct packet *p)
{
	ref->flow->tx_packets++;
	ref->flow->tx_bytes += p->ip_bytes;
	if (p->tcp_flags & (TCP_FIN | TCP_RST) && !(ref->flow->flags & AD_FLOW_CLOSING))
		flow_mark(ref->flow, AD_FLOW_CLOSING);
	flow_touch(ref, p);
}

/*
 * For a flow that is not ours, nobody here can tell whether its FIN is valid. So it counts as
 * closing until it sends more than an ACK, and its entry keeps its value.
 */
static __always_inline void flow_note_end(struct flow_ref *ref, const struct packet *p)
{
	bool ends = p->tcp_flags & (TCP_FIN | TCP_RST),
	     closing = ref->flow->flags & AD_FLOW_CLOSING;

	if (ends && !closing)
		flow_mark(ref->flow, AD_FLOW_CLOSING);
	else if (closing && !ends && !packet_is_bare_ack(p))
		flow_unmark(ref->flow, AD_FLOW_CLOSING);
}

/*
 * The value of a slot against a new flow: 0 if it is free, idle, or of the same flow, even if that
 * one is being written; else by its kind, then by its age. A busy slot has the highest value.
 * Global: eight slots with five outcomes each are too many paths for the verifier.
 */
__noinline __u32 flow_worth(__u64 slot_word, __u64 newcomer_word)
{
	union flow_word slot = { .w = slot_word }, newcomer = { .w = newcomer_word };
	__u16 age = newcomer.s.last_s - slot.s.last_s;

	if (slot.s.tag == newcomer.s.tag && slot.s.kind <= newcomer.s.kind)
		return 0;
	if (slot.s.busy)
		return ~0u;
	if (slot.s.kind == AD_FLOW_FREE)
		return 1;
	if (age > opt.flow_idle_s)
		return FLOW_WORTH_IDLE;
	return (__u32)slot.s.kind << 16 | (__u16)~age;
}

/* The slot with the lowest value, of several the nearest to @seat. */
static __always_inline __u32 flow_choose(const volatile union flow_word *slots, __u32 seat,
					 union flow_word newcomer)
{
	__u64 best = ~0ULL, rank;

	for (__u32 i = 0; i < AD_FLOW_SLOTS; i++) {
		rank = flow_worth(slots[i].w, newcomer.w);
		rank = rank << 8 | ((i - seat) & (AD_FLOW_SLOTS - 1));
		if (rank < best)
			best = rank;
	}
	return (best + seat) & (AD_FLOW_SLOTS - 1);
}

/* A live flow found no room. `status` reports when. */
static __always_inline void flow_refused_now(__u32 now_s)
{
	__u32 zero = 0;
	struct ad_state *st = bpf_map_lookup_elem(&state, &zero);

	if (st && st->refused_s != now_s)
		st->refused_s = now_s;
}

/*
 * @worth: of the slot that the newcomer took, or did not get. Global: its caller has no stack to
 * spare.
 */
__noinline int flow_stat(__u32 worth, __u32 refused, __u32 now_s)
{
	struct ad_flow_stats *stats;
	__u32 zero = 0;

	stats = bpf_map_lookup_elem(&flow_stats, &zero);
	if (!stats)
		return 0;
	if (refused) {
		stats->refusals++;
		flow_refused_now(now_s);
		return 0;
	}
	stats->inserts++;
	stats->expiries += worth == FLOW_WORTH_IDLE;
	stats->evictions += worth > FLOW_WORTH_IDLE;
	return 0;
}

static __always_inline __u8 flow_first_flags(const struct packet *p, __u32 kind, __u32 flags)
{
	bool ends = kind == AD_FLOW_OURS ? p->socket == SOCKET_CLOSING
					 : (p->tcp_flags & (TCP_FIN | TCP_RST)) != 0;

	return flags | (p->unstamp || kind == AD_FLOW_TRANSIT ? AD_FLOW_STAMPED : 0) |
	       (ends ? AD_FLOW_CLOSING : 0);
}

/* A flow that ends or has not begun has the value of an idle one. */
static __always_inline bool flow_is_passing(const struct packet *p, __u32 kind, __u32 flags)
{
	return flags & AD_FLOW_HALF_OPEN || (kind == AD_FLOW_OURS && p->socket == SOCKET_CLOSING);
}

/*
 * Writes the entry at @index, whose slot is busy and ours. Returns 0. Global: its callers have no
 * stack to spare.
 */
__noinline int flow_write(const struct packet *p, __u32 index, __u32 kind, __u32 owner, __u32 flags)
{
	struct ad_flow *flow = bpf_map_lookup_elem(&flows, &index);
	__u32 now_s;

	if (!p || !flow)
		return 0;
	now_s = clock_mono_s(p->mono_ns);
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->client = p->client;
	*(__u64 *)&flow->client_port = flow_key_rest(p);
	flow->owner = owner;
	flow->first_s = now_s;
	flow->last_s = now_s;
	flow->via = p->landing;
	flow->kind = kind;
	flow->flags = flow_first_flags(p, kind, flags);
	if (flags & AD_FLOW_FORWARDED) {
		flow->tx_bytes = p->ip_bytes;
		flow->tx_packets = 1;
	} else {
		flow->rx_bytes = (__u64)p->weight * p->ip_bytes;
		flow->rx_packets = p->weight;
	}
	return 0;
}

/*
 * Is another CPU entering the same flow? Two CPUs that see the same bucket choose the same slot,
 * and one gets it. If the bucket changed in between, at least the second CPU sees the first one's
 * slot.
 */
static __always_inline bool flow_is_twice(const volatile union flow_word *slots, __u32 tag)
{
	__u64 differs, nr = 0;

	for (int i = 0; i < AD_FLOW_SLOTS; i++) {
		differs = (__u32)slots[i].w ^ tag;
		nr += (differs - 1) >> 63;
	}
	return nr > 1;
}

/*
 * Enters the flow of @p as @kind and counts @p, in the slot with the lowest value, if that is not
 * higher than @kind's: ours evicts pins, pins evict transit. A flow that ends or has not begun
 * takes only a free or idle slot, and others may take it back. Without room, or if a race is lost,
 * the flow stays uncounted until its next packet. @flags: AD_FLOW_FORWARDED, for packets that
 * leave. Returns 1 if it was entered, else 0. Global for the verifier's sake.
 */
__noinline int flow_enter(const struct packet *p, __u32 kind, __u32 owner, __u32 flags)
{
	__u32 bucket, index, slot, worth;
	union flow_word newcomer = {};
	union flow_word *words;
	__u64 victim;

	if (!p)
		return 0;
	bucket = flow_bucket(p);
	words = bpf_map_lookup_elem(&flow_tags, &bucket);
	if (!words)
		return 0;
	newcomer.s.tag = p->prf;
	newcomer.s.last_s = clock_mono_s(p->mono_ns);
	newcomer.s.kind = kind;
	slot = flow_choose(words, flow_seat(p), newcomer);
	index = bucket * AD_FLOW_SLOTS + slot;
	victim = *(volatile __u64 *)&words[slot].w;
	worth = victim & FLOW_WORD_BUSY ? ~0u : flow_worth(victim, newcomer.w);
	if (flow_is_passing(p, kind, flags) && worth >> 16)
		return 0;
	if (worth >> 16 > kind) {
		flow_stat(worth, true, clock_mono_s(p->mono_ns));
		return 0;
	}
	if (__sync_val_compare_and_swap(&words[slot].w, victim, newcomer.w | FLOW_WORD_BUSY) !=
	    victim)
		return 0;
	if (flow_is_twice(words, newcomer.s.tag)) {
		__sync_lock_test_and_set(&words[slot].w, 0);
		return 0;
	}
	flow_write(p, index, kind, owner, flags);
	if (flow_is_passing(p, kind, flags))
		newcomer.s.last_s = flow_past(newcomer.s.last_s);
	__sync_lock_test_and_set(&words[slot].w, newcomer.w);
	flow_stat(worth, false, 0);
	return 1;
}

#endif
