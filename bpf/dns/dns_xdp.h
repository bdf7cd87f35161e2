/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_xdp.h: a query in a frame to its answer in the same frame.
 *
 * `packet` has seen UDP, port 53 of a VIP that answers DNS, no fragment and no options; lengths are
 * read here. What dns_quick.h knows is answered where it is. Else the message is copied out,
 * answered there, and copied back once the frame has its new size (dns_copy.h).
 */
#ifndef AD_DNS_XDP_H
#define AD_DNS_XDP_H

#include "dns_copy.h"
#include "dns_quick.h"
#include "bpf/base/action.h"
#include "bpf/packet/catchment.h"
#include "maps/door_maps.h"

/*
 * One question at a time on each CPU; no program that uses it can be interrupted by another. Not on
 * the stack, which all that `dns` calls has to share with it.
 */
struct dns_state {
	struct dns_work work;
	struct dns_frame frame;
	struct dns_quick quick;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_state);
} dns_states SEC(".maps");

static __always_inline void dns_count(const struct dns_frame *f, const struct dns_work *w,
				      const struct ad_dns_image *image)
{
	__u32 zero = 0, counter;
	struct ad_dns_count *count = bpf_map_lookup_elem(&dns_counts, &zero);
	__u64 *hits;

	if (!count)
		return;
	dns_count_reply(w, count, f->is_ip6);
	if (w->zone == DNS_NOT_COUNTED)
		return;
	counter = dns_zone(image, w->zone)->counter;
	hits = bpf_map_lookup_elem(&dns_zone_hits, &counter);
	if (hits)
		(*hits)++;
}

static __always_inline bool dns_is_sent(__u32 reason)
{
	return action_of(reason) == ACTION_SEND;
}

/* Few queries have anything to count here. */
static __always_inline void dns_count_rules(const struct dns_work *w)
{
	__u32 zero = 0;
	struct ad_dns_rule_counts *count;

	if (!w->cookie_state && !w->limited)
		return;
	count = bpf_map_lookup_elem(&dns_guarded, &zero);
	if (!count)
		return;
	if (w->cookie_state)
		count->cookies[w->cookie_state % AD_DNS_COOKIE_STATES]++;
	if (w->limited && w->limited_class < AD_DNS_CLASSES)
		count->limited[w->limited % AD_DNS_LIMITED_STATES][w->limited_class]++;
}

/* The image that answers this packet, whatever is published meanwhile. */
static __always_inline const struct ad_dns_image *dns_choose_image(struct dns_work *w)
{
	__u32 zero = 0;
	const struct ad_dns_live *live = bpf_map_lookup_elem(&dns_live, &zero);

	if (!live)
		return NULL;
	w->slot = live->slot;
	w->hashed = 0;
	w->brought = 0;
	w->nr_pops = 0; /* who traces asks for them, whatever way the answer took */
	return dns_image(w);
}

/* From what the engine made of it to one reason. */
static __always_inline __u32 dns_conclude(struct xdp_md *ctx, const struct dns_frame *f,
					  struct dns_work *w, int verdict)
{
	if (verdict == DNS_IGNORE)
		return AD_R_DNS_IGNORED;
	if (verdict == DNS_DROP)
		return AD_R_DNS_LIMITED;
	return verdict == DNS_SEND ? dns_send(ctx, f, w) : AD_R_DNS_PASSED;
}

static __always_inline void dns_count_all(const struct dns_frame *f, const struct dns_work *w,
					  const struct ad_dns_image *image, __u32 reason)
{
	if (dns_is_sent(reason))
		dns_count(f, w, image);
	if (reason != AD_R_DNS_PASSED)
		dns_count_rules(w);
}

/* Global: of few queries is asked where they come from. Returns 0. */
__noinline int dns_sample_source(void)
{
	__u32 zero = 0;
	const struct dns_state *state = bpf_map_lookup_elem(&dns_states, &zero);

	if (state)
		catchment_add(&catch_queries,
			      prefix_of(&state->work.client, !dns_from_ip4(&state->work)),
			      AD_CATCHMENT_SAMPLE);
	return 0;
}

/* The exit of both programs: @nth of its reason on this CPU. */
static __always_inline void dns_sample(__u32 reason, __u64 nth)
{
	if (dns_is_sent(reason) && catchment_is_sampled(nth))
		dns_sample_source();
}

/* The stage: UDP 53 for a VIP, to one reason, or on to the next program. */
static __always_inline __u32 dns_packet(struct xdp_md *ctx, __u32 frame_bytes)
{
	__u32 zero = 0, reason;
	struct dns_state *state = bpf_map_lookup_elem(&dns_states, &zero);
	const struct ad_dns_image *image;
	struct dns_frame *f;
	struct dns_work *w;

	if (!state)
		return AD_R_INTERNAL;
	w = &state->work;
	f = &state->frame;
	f->bytes = frame_bytes;
	reason = dns_read_frame(ctx, f, w);
	if (reason)
		return reason;
	if (f->odd)
		return AD_R_DNS_IGNORED;
	image = dns_choose_image(w);
	if (!image)
		return AD_R_DNS_UNREAD;
	reason = dns_quick(ctx, f, w, image, &state->quick);
	if (!reason) {
		bpf_tail_call(ctx, &door_xdp, AD_DOOR_DNS_COPIED);
		return AD_R_DNS_PASSED;
	}
	dns_count_all(f, w, image, reason);
	return reason;
}

/*
 * The next program: the same packet on the same CPU, in a copy, by the engine. What is not answered
 * is as it came. A program of its own, so that what most questions never need costs them nothing.
 */
static __always_inline __u32 dns_packet_copied(struct xdp_md *ctx, __u32 frame_bytes)
{
	__u32 zero = 0, reason;
	struct dns_state *state = bpf_map_lookup_elem(&dns_states, &zero);
	const struct ad_dns_image *image;
	struct dns_frame *f;
	struct dns_work *w;
	int verdict;

	if (!state)
		return AD_R_INTERNAL;
	w = &state->work;
	f = &state->frame;
	f->bytes = frame_bytes;
	reason = dns_read_frame(ctx, f, w);
	if (reason)
		return reason;
	image = dns_image(w);
	if (!image)
		return AD_R_DNS_UNREAD;
	w->framed = 0;
	verdict = dns_load(ctx, f, w);
	if (verdict == DNS_GO)
		verdict = dns_respond(w, image);
	reason = dns_conclude(ctx, f, w, verdict);
	dns_count_all(f, w, image, reason);
	return reason;
}

#endif
