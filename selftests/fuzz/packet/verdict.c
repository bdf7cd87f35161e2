// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * verdict.c: is what the kernel made of a frame what it had to make of it (packet.h)?
 */
#include <linux/bpf.h>
#include "packet.h"
#include "selftests/fuzz/proof_zones.h"

#define TTL	  64
#define DF	  0x4000
#define PORT	  53
#define GENEVE	  6081
#define QUERY_MAX 1024 /* longer ones are the daemon's */

/* Features for libFuzzer: it sees no branch of the program in the kernel. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t outcomes[4096];

static void note(const struct run *run, const struct parts *query, const struct message *reply)
{
	uint32_t rcode = reply ? reply->data[3] & 15 : 0;
	uint32_t size = reply ? reply->len >> 7 & 15 : 0;
	uint32_t what = run->reason * 31 + query->tags * 7 + query->ip6 * 3 + query->plain;

	outcomes[(what * 257 + rcode * 17 + size) % sizeof(outcomes)] = 1;
}

/* What became of the frames, told in the end; the last: answers that carry signatures. */
static unsigned long told[AD_REASON_MAX + 1];

static void tell(void)
{
	fprintf(stderr, "answered %lu (%lu with signatures), passed %lu, ignored %lu\n",
		told[AD_R_DNS_ANSWERED], told[AD_REASON_MAX], told[AD_R_DNS_PASSED],
		told[AD_R_DNS_IGNORED]);
}

static void count(uint32_t reason)
{
	static bool ready;

	if (!ready)
		ready = !atexit(tell);
	told[reason]++;
}

/* What answers whatever it hears. */
static bool is_odd_port(unsigned int port)
{
	static const uint16_t odd[] = { 0, 7, 13, 17, 19, 37, 464 };
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		if (port == odd[i])
			return true;
	return false;
}

/* Nobody who could have asked, or ourselves. */
static bool is_odd_source(const uint8_t *f, const struct parts *p)
{
	static const uint8_t zero[16];
	const uint8_t *from = f + p->l3 + (p->ip6 ? 8 : 12);

	if (is_odd_port(get16(f + p->l4)) || bench_is_ours(from, p->ip6))
		return true;
	if (!p->ip6)
		return !from[0] || from[0] == 127 || from[0] >= 224;
	return from[0] == 0xff || (!memcmp(from, zero, 15) && from[15] <= 1);
}

/* An IPv4 address within an IPv6 one is nobody's on a wire: the stack's to drop. */
static bool is_mapped_source(const uint8_t *f, const struct parts *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return p->ip6 && !memcmp(f + p->l3 + 8, mapped, sizeof(mapped));
}

static bool is_query(const struct run *run, const struct parts *p)
{
	return !is_mapped_source(run->in, p) &&
	       bench_is_dns_vip(run->in + p->l3 + (p->ip6 ? 24 : 16), p->ip6) &&
	       get16(run->in + p->l4 + 2) == PORT;
}

static void judge_link(const struct run *run, const struct parts *q, const struct parts *r)
{
	demand(r->l3 == q->l3);
	demand(!memcmp(run->out, run->in + 6, 6) && !memcmp(run->out + 6, run->in, 6));
	demand(!memcmp(run->out + 12, run->in + 12, q->l3 - 12)); /* type, and every tag */
	demand(r->end == run->out_len && r->payload + r->payload_len == r->end);
}

static void judge_ip4(const struct run *run, const struct parts *q)
{
	const uint8_t *was = run->in + q->l3, *is = run->out + q->l3;

	demand(is[0] == 0x45 && !is[1]);
	demand(!get16(is + 4) && get16(is + 6) == DF && is[8] == TTL);
	demand(!memcmp(is + 12, was + 16, 4) && !memcmp(is + 16, was + 12, 4));
}

static void judge_ip6(const struct run *run, const struct parts *q)
{
	const uint8_t *was = run->in + q->l3, *is = run->out + q->l3;

	demand(is[0] == 0x60 && !is[1] && !get16(is + 2) && is[7] == TTL);
	demand(!memcmp(is + 8, was + 24, 16) && !memcmp(is + 24, was + 8, 16));
}

/* From the address and port that was asked, to the one that asked. */
static void judge_heads(const struct run *run, const struct parts *q, struct parts *r)
{
	demand(frame_read(run->out, run->out_len, r));
	demand(r->plain && r->ip6 == q->ip6);
	judge_link(run, q, r);
	if (q->ip6)
		judge_ip6(run, q);
	else
		judge_ip4(run, q);
	demand(q->ip6 || frame_ip4_sum_holds(run->out, r));
	demand(!memcmp(run->out + r->l4, run->in + q->l4 + 2, 2));
	demand(!memcmp(run->out + r->l4 + 2, run->in + q->l4, 2));
	demand(frame_udp_sum_holds(run->out, r));
}

static void judge_answer(const struct run *run, const struct parts *q, const struct message *query,
			 const struct message *engine)
{
	struct parts r;
	struct message reply;

	demand(run->action == XDP_TX);
	demand(q->plain && engine->len && !is_odd_source(run->in, q));
	judge_heads(run, q, &r);
	reply = (struct message){ run->out + r.payload, r.payload_len };
	demand(reply.len == engine->len && !memcmp(reply.data, engine->data, reply.len));
	judge_reply(query, &reply, false);
	told[AD_REASON_MAX] += memmem(reply.data, reply.len, "\0\56\0\1", 4) != NULL;
}

/* Whatever is not answered stays as it came. */
static void judge_left(const struct run *run)
{
	demand(run->out_len == run->in_len && !memcmp(run->out, run->in, run->in_len));
}

static void judge_query(const struct run *run, const struct parts *q)
{
	struct message query = { run->in + q->payload, q->payload_len }, reply = { NULL, 0 };
	const uint8_t *client = run->in + q->l3 + (q->ip6 ? 8 : 12);
	bool answer = engine_ask(&query, client, q->ip6, &reply);

	note(run, q, answer ? &reply : NULL);
	count(run->reason);
	if (answer) {
		judge_reply(&query, &reply, false);
		proof_reply(&query, &reply);
		reader_read(&query, &reply);
	}
	if (run->reason == AD_R_DNS_ANSWERED)
		return judge_answer(run, q, &query, &reply);
	judge_left(run);
	if (run->reason == AD_R_DNS_IGNORED)
		demand(run->action == XDP_DROP && (!answer || is_odd_source(run->in, q)));
	else
		demand(run->reason == AD_R_DNS_PASSED && run->action == XDP_PASS);
	demand(run->reason == AD_R_DNS_IGNORED || !q->plain || !is_odd_source(run->in, q));
}

/* --- what is no question: TCP, tunnels, ICMP ----------------------------------------------------
 */

static bool is_tunnel(const struct run *run, const struct parts *p)
{
	return p->payload && get16(run->in + p->l4 + 2) == GENEVE;
}

/* Ours, and its TSecr what the stack knows again: that, and the checksum, are six bytes. */
static void judge_passed(const struct run *run)
{
	size_t i, changed = 0;

	demand(run->out_len == run->in_len);
	for (i = 0; i < run->in_len; i++)
		changed += run->out[i] != run->in[i];
	demand(changed <= 6);
}

/* Whatever we send is an IP packet to its last byte. */
static void judge_sent(const struct run *run)
{
	struct parts p;

	demand(frame_read_ip(run->out, run->out_len, &p) && p.end == run->out_len);
	demand(p.ip6 || frame_ip4_sum_holds(run->out, &p));
}

static void judge_flow(const struct run *run, const struct parts *p)
{
	if (run->action == XDP_TX || run->action == XDP_REDIRECT)
		judge_sent(run);
	else if (!is_tunnel(run, p) && run->action == XDP_PASS)
		judge_passed(run);
	else if (!is_tunnel(run, p))
		judge_left(run);
}

void verdict(const struct run *run)
{
	struct parts parts = {};

	demand(run->reason != AD_R_INTERNAL);
	if (frame_read(run->in, run->in_len, &parts) && is_query(run, &parts))
		return judge_query(run, &parts);
	note(run, &parts, NULL);
	demand(run->reason != AD_R_DNS_ANSWERED);
	judge_flow(run, &parts);
}
