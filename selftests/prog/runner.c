// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * runner.c: plays the vectors against the real programs and reports in TAP.
 *
 *   runner [-m MUTANTS] [-c STEP] [-p PROGRAMS [-w]] VECTORS
 *
 * First: what each program costs this kernel must be what the file PROGRAMS says; -w writes it
 * there.
 *
 * Each vector must end in its action, count its reason once and no other, and leave its bytes;
 * directly and through the door. Then: frames cut short, bits flipped under the tunnel's tag, and
 * mutants of every vector, of which nothing is known but that they may break nothing, and that a
 * trace tells what was counted. At the end every row of maps/reasons.h must have been earned. An
 * emulated machine, which is there for its kernel's sake, makes fewer mutants, and cuts frames at
 * every STEP bytes only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include "selftests/tap.h"
#include "complaints.h"
#include "rig.h"
#include "world.h"
#include "zones.h"

#define MUTANTS_DEFAULT	 100000
#define MUTANTS_A_VECTOR 64
#define VERIFIED_MAX	 700000 /* 70 % of what the kernel takes */
#define VERIFIED_MUCH	 200000 /* told, for it is time that a load takes */
#define STACK_MAX	 (512 - 96)
#define TC_UNSPEC	 ((__u32)-1)

static bool earned[AD_REASON_MAX];
static size_t cut_step = 1;
static struct rig_result outcome;
static struct {
	const char *path; /* what programs cost, by kernel */
	bool write;
} programs = { .path = "programs.txt" };

static bool report(const char *name, const char *what)
{
	bool good = ok(!*complaints, "%s%s", name, what);

	if (!good)
		diag("%s", complaints);
	*complaints = '\0';
	return good;
}

/* --- expectations --------------------------------------------------------------------------- */

static __u32 action_code(const struct vector *vector)
{
	if (vector->program == PROGRAM_EGRESS)
		return TC_UNSPEC;
	switch (vector->action) {
	case ACTION_DROP:
		return XDP_DROP;
	case ACTION_TX:
		return XDP_TX;
	case ACTION_REDIRECT:
		return XDP_REDIRECT;
	case ACTION_PASS:
		break;
	}
	return XDP_PASS;
}

static void complain_bytes(const char *what, const __u8 *data, size_t len, size_t at)
{
	size_t i;

	complain("%s from %zu:", what, at);
	for (i = at; i < len && i < at + 24; i++)
		complain(" %02x", data[i]);
	complain("\n");
}

static void expect_bytes(const struct bytes *expected)
{
	size_t i;

	if (outcome.len != expected->len)
		complain("%zu bytes, expected %zu\n", outcome.len, expected->len);
	for (i = 0; i < outcome.len && i < expected->len; i++) {
		if (outcome.frame[i] == expected->data[i])
			continue;
		complain_bytes("     got", outcome.frame, outcome.len, i);
		complain_bytes("expected", expected->data, expected->len, i);
		return;
	}
}

static __u32 sum_be16(const __u8 *p, size_t len, __u32 sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	return sum;
}

/* RFC 1071 over the pseudo header and the datagram at the IP header @at: all ones if right. */
static void expect_udp_checksum(const struct vector *vector)
{
	const __u8 *ip = outcome.frame + vector->udp_check;
	bool ip6 = ip[0] >> 4 == 6;
	size_t l3 = ip6 ? 40 : (ip[0] & 15) * 4, udp = (ip[l3 + 4] << 8) | ip[l3 + 5];
	__u32 sum = sum_be16(ip + (ip6 ? 8 : 12), ip6 ? 32 : 8, IPPROTO_UDP + udp);

	if (vector->udp_check + l3 + udp > outcome.len) {
		complain("UDP length %zu reaches beyond the frame\n", udp);
		return;
	}
	if (!ip6 && !ip[l3 + 6] && !ip[l3 + 7])
		return; /* none, which IPv4 allows */
	sum = sum_be16(ip + l3, udp, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	if (sum != 0xffff)
		complain("outer UDP checksum is wrong (sum %04x)\n", sum);
}

static void expect_reason(const struct counts *before, const struct counts *after,
			  enum ad_reason reason)
{
	__u32 i;

	for (i = 0; i < AD_REASON_MAX; i++) {
		__u64 gained = after->packets[i] - before->packets[i];

		if (gained != (i == reason))
			complain("%s counted %llu times, expected %d\n", reason_label(i), gained,
				 i == reason);
	}
}

static void expect_peers(const struct rig *rig, const struct vector *vector,
			 const struct ad_peer_count *before)
{
	struct ad_peer_count after;
	size_t i;

	for (i = 0; i < vector->peers.nr; i++) {
		const struct peer_check *check = &vector->peers.list[i];

		rig_peer(rig, check->node, &after);
		if (after.tx.packets - before[i].tx.packets != check->tx ||
		    after.rx.packets - before[i].rx.packets != check->rx)
			complain("peer %u: tx %llu rx %llu, expected %u and %u\n", check->node,
				 after.tx.packets - before[i].tx.packets,
				 after.rx.packets - before[i].rx.packets, check->tx, check->rx);
	}
}

static void expect_maps(const struct rig *rig, const struct vector *vector)
{
	size_t i;

	for (i = 0; i < vector->after.nr; i++) {
		if (!rig_entry_is(rig, &vector->after.list[i]))
			complain("map %s: entry %zu is not as expected\n",
				 vector->after.list[i].map, i);
	}
	for (i = 0; i < vector->flows.nr; i++) {
		if (!rig_flow_is(rig, &vector->flows.list[i]))
			complain("flow %zu is not as expected\n", i);
	}
}

/* --- one vector ----------------------------------------------------------------------------- */

static struct bytes bytes_copy(const struct bytes *from)
{
	struct bytes copy = { .data = malloc(from->len + 1), .len = from->len };

	if (!copy.data)
		abort();
	memcpy(copy.data, from->data, from->len);
	return copy;
}

/* Writes @ack into the TCP header at @tcp and makes its checksum right again (RFC 1624, eqn 3). */
static void frame_patch_ack(struct bytes *frame, int tcp, __u32 ack)
{
	__u8 *p = frame->data + tcp;
	__u32 sum = (__u16) ~((p[16] << 8) | p[17]);

	sum += (__u16) ~((p[8] << 8) | p[9]) + (__u16) ~((p[10] << 8) | p[11]);
	sum += (ack >> 16) + (ack & 0xffff);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ack = htonl(ack);
	memcpy(p + 8, &ack, sizeof(ack));
	p[16] = (__u8)(~sum >> 8);
	p[17] = (__u8)~sum;
}

static void frames_patch_acks(const struct vector *vector, struct bytes *in, struct bytes *out)
{
	size_t i;

	for (i = 0; i < vector->acks.nr; i++) {
		const struct ack_patch *patch = &vector->acks.list[i];
		__u32 ack = world_socket_next(patch->socket) + patch->delta;

		frame_patch_ack(in, patch->tcp, ack);
		frame_patch_ack(out, patch->tcp, ack);
	}
}

static void vector_play(struct rig *rig, const struct vector *vector, bool door,
			const struct bytes *in, const struct bytes *out)
{
	struct ad_peer_count peers[vector->peers.nr + 1];
	struct counts before, after;
	size_t i;
	int err = rig_prepare(rig, vector);

	for (i = 0; i < vector->peers.nr; i++)
		rig_peer(rig, vector->peers.list[i].node, &peers[i]);
	err = err ?: rig_counts(rig, &before);
	err = err ?: rig_run(rig, vector, door, in, &outcome);
	err = err ?: rig_counts(rig, &after);
	if (err) {
		complain("cannot run: %s\n", strerror(-err));
		return;
	}
	if (outcome.retval != action_code(vector))
		complain("returned %d, expected %d\n", (int)outcome.retval,
			 (int)action_code(vector));
	expect_reason(&before, &after, vector->reason);
	expect_bytes(out);
	if (vector->udp_check)
		expect_udp_checksum(vector);
	expect_peers(rig, vector, peers);
	expect_maps(rig, vector);
}

static int vector_open_sockets(const struct plan *plan, const struct vector *vector)
{
	const struct socket_plan *socket;
	size_t i;
	int err;

	for (i = 0; i < vector->sockets.nr; i++) {
		socket = plan_socket(plan, vector->sockets.list[i]);
		err = world_socket_open(socket);
		if (err) {
			complain("socket %s: %s\n", socket->name, strerror(-err));
			return err;
		}
	}
	return 0;
}

/* --- frames that nobody meant to send -------------------------------------------------------- */

static bool retval_is_known(const struct vector *vector, __u32 retval)
{
	if (vector->program == PROGRAM_EGRESS)
		return retval == TC_UNSPEC;
	return retval == XDP_PASS || retval == XDP_DROP || retval == XDP_TX ||
	       retval == XDP_REDIRECT;
}

/* The reason that was counted, or 0: not run, or with a complaint if it was not one and once. */
static __u32 run_for_reason(const struct rig *rig, const struct vector *vector,
			    const struct bytes *in)
{
	struct counts before, after;
	__u32 i, total = 0, reason = 0;
	int err = rig_counts(rig, &before);

	err = err ?: rig_run(rig, vector, false, in, &outcome) ?: rig_counts(rig, &after);
	if (err == -EAGAIN)
		return 0;
	if (err) {
		complain("cannot run %zu bytes: %s\n", in->len, strerror(-err));
		return 0;
	}
	for (i = 1; i < AD_REASON_MAX; i++) {
		total += after.packets[i] - before.packets[i];
		if (after.packets[i] != before.packets[i])
			reason = i;
	}
	if (total != 1 || !retval_is_known(vector, outcome.retval))
		complain("%zu bytes: %u reasons, returned %d\n", in->len, total,
			 (int)outcome.retval);
	return total == 1 ? reason : 0;
}

/* A frame cut short may be passed or dropped, as it is, but nothing is made of it. */
static void vector_truncate(struct rig *rig, const struct vector *vector, const struct bytes *in)
{
	struct bytes cut = *in;
	__u32 reason;

	for (cut.len = in->len - 1; cut.len >= 13 + cut_step && !*complaints; cut.len -= cut_step) {
		if (rig_prepare(rig, vector))
			return complain("cannot prepare\n");
		reason = run_for_reason(rig, vector, &cut);
		if (!reason)
			continue;
		if (reason == AD_R_INTERNAL)
			complain("%zu bytes: counted as our own failure\n", cut.len);
		if (outcome.retval == XDP_TX || outcome.retval == XDP_REDIRECT)
			complain("%zu bytes: sent (%s)\n", cut.len, reason_label(reason));
		if (outcome.retval == XDP_PASS &&
		    (outcome.len != cut.len || memcmp(outcome.frame, cut.data, cut.len)))
			complain("%zu bytes: changed (%s)\n", cut.len, reason_label(reason));
	}
	report(vector->name, ": cut short anywhere");
}

static void vector_flip(struct rig *rig, const struct vector *vector, const struct flip *flip,
			const struct bytes *in)
{
	size_t at, bit;
	__u32 reason;

	for (at = flip->offset; at < flip->offset + flip->len; at++) {
		for (bit = 0; bit < 8; bit++) {
			in->data[at] ^= 1 << bit;
			if (rig_prepare(rig, vector))
				complain("cannot prepare\n");
			reason = run_for_reason(rig, vector, in);
			in->data[at] ^= 1 << bit;
			if (!flip->reasons[reason])
				complain("byte %zu bit %zu: %s\n", at, bit, reason_label(reason));
		}
	}
}

static void vector_flip_all(struct rig *rig, const struct vector *vector, const struct bytes *in)
{
	size_t i;

	for (i = 0; i < vector->flips.nr; i++)
		vector_flip(rig, vector, &vector->flips.list[i], in);
	if (vector->flips.nr)
		report(vector->name, ": every bit flipped alone");
}

static void vector_test(const struct plan *plan, struct rig *rig, struct vector *vector)
{
	const struct vector *of = vector->in_of ? plan_vector(plan, vector->in_of) : NULL;
	struct bytes in = bytes_copy(of ? &of->result : &vector->in);
	struct bytes out = bytes_copy(vector->out.len ? &vector->out : &in);

	if (!vector_open_sockets(plan, vector)) {
		frames_patch_acks(vector, &in, &out);
		vector_play(rig, vector, false, &in, &out);
		vector->result = bytes_copy(&(struct bytes){ outcome.frame, outcome.len });
		vector_play(rig, vector, true, &in, &out);
	}
	if (report(vector->name, ""))
		earned[vector->reason] = true;
	if (vector->truncate)
		vector_truncate(rig, vector, &in);
	vector_flip_all(rig, vector, &in);
	free(in.data);
	free(out.data);
}

/* --- mutants -------------------------------------------------------------------------------- */

/* xorshift64*: the same mutants every time, on every machine. */
static __u64 random_next(void)
{
	static __u64 x = 0x9e3779b97f4a7c15ull;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return x * 0x2545f4914f6cdd1dull;
}

static __u32 random_below(__u32 limit)
{
	return (random_next() >> 32) % limit;
}

/* One small damage: a bit, a byte set to an edge, a word swapped in, a cut, or a repeat. */
static void frame_damage(struct bytes *frame)
{
	static const __u8 edges[] = { 0, 1, 4, 5, 6, 0x45, 0x7f, 0x80, 0xff };
	__u32 at = random_below(frame->len), span;

	switch (random_below(5)) {
	case 0:
		frame->data[at] ^= 1 << random_below(8);
		break;
	case 1:
		frame->data[at] = edges[random_below(sizeof(edges))];
		break;
	case 2:
		frame->data[at] = random_next();
		break;
	case 3:
		if (frame->len > 15)
			frame->len -= random_below(frame->len - 14);
		break;
	case 4:
		span = random_below(frame->len - at) + 1;
		if (frame->len + span <= VECTOR_FRAME_MAX && span < 64) {
			memmove(frame->data + at + span, frame->data + at, frame->len - at);
			frame->len += span;
		}
		break;
	}
}

/* Who traces is told of each packet once, what was counted and how the frame left. */
static void expect_record(struct rig *rig, const struct vector *vector, const struct bytes *in,
			  __u32 reason)
{
	struct ad_trace_record record = {};
	int nr = rig_traced(rig, &record);

	if (!reason)
		return;
	if (nr != 1 || record.reason != reason)
		complain("a mutant of %s: %d records, the last for %s, where %s was counted\n",
			 vector->name, nr, reason_label(record.reason), reason_label(reason));
	else if (record.came_bytes != in->len || record.left_bytes != outcome.len ||
		 record.captured > outcome.len ||
		 memcmp(record.bytes, outcome.frame, record.captured))
		complain("a mutant of %s: recorded otherwise than it left\n", vector->name);
}

static void mutant_play(struct rig *rig, const struct vector *vector)
{
	static __u8 buffer[VECTOR_FRAME_MAX];
	const struct bytes *from = vector->in_of ? &vector->result : &vector->in;
	struct bytes frame = { buffer, from->len };
	__u32 damages = 1 + random_below(4), reason;

	memcpy(buffer, from->data, from->len);
	while (damages--)
		frame_damage(&frame);
	reason = run_for_reason(rig, vector, &frame);
	if (reason == AD_R_INTERNAL)
		complain("a mutant of %s: counted as our own failure\n", vector->name);
	expect_record(rig, vector, &frame, reason);
}

/* Any of these options, but those whose fleet is broken on purpose. */
static const struct vector *vector_at_random(const struct plan *plan, const struct options *options)
{
	const struct vector *vector;

	do
		vector = plan->vectors.list[random_below(plan->vectors.nr)];
	while (vector->options != options || vector->reason == AD_R_INTERNAL);
	return vector;
}

/* In batches of one vector, because preparing the maps costs more than running a program. */
static void test_mutants(struct rig *rig, const struct plan *plan, const struct options *options,
			 __u32 mutants)
{
	const struct vector *vector = NULL;
	char what[64];
	__u32 i;

	snprintf(what, sizeof(what), ": %u mutants break nothing", mutants);
	for (i = 0; i < mutants && !*complaints; i++) {
		if (i % MUTANTS_A_VECTOR == 0) {
			vector = vector_at_random(plan, options);
			if (rig_prepare(rig, vector) || rig_trace(rig))
				complain("cannot prepare\n");
		}
		mutant_play(rig, vector);
	}
	report(options->name, what);
}

/* The kernel gives up at 512 bytes and a million instructions: room for what comes next. */
static void test_room(const struct measure *now)
{
	if (now->insns > VERIFIED_MUCH)
		diag("%s: %u verified instructions, more than %u: loading takes long", now->program,
		     now->insns, VERIFIED_MUCH);
	ok(now->insns <= VERIFIED_MAX && now->stack <= STACK_MAX,
	   "%s has room: %u verified instructions of %u, %u bytes of stack of %u", now->program,
	   now->insns, VERIFIED_MAX, now->stack, STACK_MAX);
}

/* What it cost when its row was written. */
static void test_row(const struct measure *now, const char *path, bool write)
{
	struct measure row = {};
	bool good = write ? !measure_write(path, now)
			  : measure_read(path, now->program, &row) && measure_agrees(now, &row);
	char text[128];

	if (!good)
		diag("%s has %u %u %u; the row of now: %s", path, row.insns, row.stack, row.jit,
		     measure_row(now, text));
	ok(good, "%s costs what %s says", now->program, path);
}

static void test_programs(const struct rig *rig, const char *path, bool write)
{
	struct measure now = {};
	int err, nr;

	diag("all programs were loaded in %u ms", rig_load_ms(rig));
	for (nr = 0; (err = rig_measure(rig, nr, &now)) != -ENOENT; nr++) {
		if (!ok(!err, "program %d is measured", nr))
			return;
		test_room(&now);
		test_row(&now, path, write);
	}
}

/* --- everything ----------------------------------------------------------------------------- */

static void test_options(const struct plan *plan, const struct options *options, __u32 mutants)
{
	struct rig *rig;
	size_t i;

	if (!ok(!rig_open(options, &rig), "programs load with options '%s'", options->name))
		return;
	if (options == plan->options.list[0])
		test_programs(rig, programs.path, programs.write);
	for (i = 0; i < plan->vectors.nr; i++) {
		if (plan->vectors.list[i]->options == options)
			vector_test(plan, rig, plan->vectors.list[i]);
	}
	test_mutants(rig, plan, options, mutants);
	rig_close(rig);
}

static void test_reasons_are_all_earned(void)
{
	__u32 i;

	for (i = 1; i < AD_REASON_MAX; i++)
		ok(earned[i], "reason %s was earned", reason_label(i));
}

static int usage(void)
{
	fputs("usage: runner [-m MUTANTS] [-c STEP] [-p PROGRAMS [-w]] VECTORS\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	__u32 mutants = MUTANTS_DEFAULT;
	struct plan *plan;
	size_t i;
	int option;

	while ((option = getopt(argc, argv, "c:m:p:w")) != -1) {
		if (option == 'm')
			mutants = strtoul(optarg, NULL, 10);
		else if (option == 'c')
			cut_step = strtoul(optarg, NULL, 10) ?: 1;
		else if (option == 'p')
			programs.path = optarg;
		else if (option == 'w')
			programs.write = true;
		else
			return usage();
	}
	if (optind != argc - 1)
		return usage();
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (plan_read(argv[optind], &plan) || world_enter(plan) || zones_mount())
		return 1;
	for (i = 0; i < plan->options.nr; i++)
		test_options(plan, plan->options.list[i], mutants / plan->options.nr);
	test_reasons_are_all_earned();
	return done_testing();
}
