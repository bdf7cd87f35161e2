// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bpf_stamp.c: the stamp's arithmetic as properties, over random ids, ages, clocks and K.
 */
#include <sodium.h>
#include "selftests/tap.h"
#include "maps/limits.h"
#include "bpf/flow/stamp.h"

#define ROUNDS 200000

/* One flow, as its owner sees it and as the node does that an echo lands on. */
struct trial {
	__u8 shift;
	__u16 id;
	__u32 prf;
	__u32 tsval; /* the owner's clock when it sent, ms */
	__u32 wall_minus_mono;
	__u32 skew;    /* what clocks may differ by: 2^(K-4) ms */
	__u32 stamped; /* on the wire */
};

static struct trial draw(void)
{
	struct trial t = {
		.shift = 32 - AD_OWNER_BITS_MAX +
			 randombytes_uniform(AD_OWNER_BITS_MAX - AD_OWNER_BITS_MIN + 1),
		.prf = randombytes_random(),
		.tsval = randombytes_random(),
		.wall_minus_mono = randombytes_random(),
	};

	t.skew = 1u << (t.shift - 4);
	t.id = 1 + randombytes_uniform((1u << (32 - t.shift)) - 1);
	t.stamped = t.tsval + stamp_delta(t.wall_minus_mono, t.id, t.shift, t.prf);
	return t;
}

/* What a node decodes when the echo is @age old by its own clock. */
static __u16 decode(const struct trial *t, __u32 age)
{
	return stamp_decode(t->stamped, t->tsval + t->wall_minus_mono + age, t->shift, t->prf);
}

static __u16 before(const struct trial *t)
{
	return (t->id - 1) & ((1u << (32 - t->shift)) - 1);
}

static void test_stamp_young_echo_names_owner(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();
		__u32 age = randombytes_uniform(1u << t.shift) - t.skew;

		wrong += decode(&t, age) != t.id;
	}
	is_int(wrong, 0, "ages from -2^(K-4) to 2^K - 2^(K-4) ms");
}

static __s32 age_by(const struct trial *t, __s32 age)
{
	return stamp_age_ms(t->stamped, t->tsval + t->wall_minus_mono + age, t->shift, t->prf);
}

static void test_stamp_age_is_exact(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();
		__s32 age = randombytes_uniform(1u << t.shift) - t.skew;

		wrong += age_by(&t, age) != age;
		wrong += !stamp_is_young(age_by(&t, 1 << (t.shift - 5)), t.shift);
		wrong += stamp_is_young(age_by(&t, (1 << (t.shift - 5)) + 1), t.shift);
	}
	is_int(wrong, 0, "of an echo that names its owner");
}

static void test_stamp_within_two_seconds_is_fresh(void)
{
	struct trial t = draw();

	ok(stamp_is_fresh(age_by(&t, 0)), "of this moment");
	ok(stamp_is_fresh(age_by(&t, 2000)) && stamp_is_fresh(age_by(&t, -2000)), "two seconds");
	ok(!stamp_is_fresh(age_by(&t, 2001)) && !stamp_is_fresh(age_by(&t, -2001)), "and no more");
	ok(!stamp_is_fresh(INT32_MIN) && !stamp_is_fresh(INT32_MAX), "nor nearly never");
	ok(stamp_is_fresh(age_by(&t, 1 << t.shift)), "an alias: it reads as the one before it");
}

static void test_stamp_old_echo_names_owner_minus_one(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();
		__u32 age = (1u << t.shift) - t.skew + randombytes_uniform(1u << t.shift);

		wrong += decode(&t, age) != before(&t);
	}
	is_int(wrong, 0, "ages up to 2^(K+1) - 2^(K-4) ms");
}

static void test_stamp_decode_edges_are_exact(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();
		__u32 turn = (1u << t.shift) - t.skew;

		wrong += decode(&t, -t.skew) != t.id || decode(&t, turn - 1) != t.id;
		wrong += decode(&t, turn) != before(&t);
		wrong += decode(&t, turn + (1u << t.shift) - 1) != before(&t);
		wrong += decode(&t, turn + (1u << t.shift)) == before(&t);
		wrong += decode(&t, -t.skew - 1) == t.id;
	}
	is_int(wrong, 0, "the last age of one id is followed by the first of the next");
}

static void test_stamp_delta_is_its_own_inverse(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();

		wrong +=
			t.stamped - stamp_delta(t.wall_minus_mono, t.id, t.shift, t.prf) != t.tsval;
	}
	is_int(wrong, 0, "what egress adds, ingress takes off");
}

static void test_stamp_plausible_is_the_window_of_design(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();
		__u32 oldest = 2u << t.shift, now = t.tsval;

		wrong += !stamp_plausible(now, now, t.shift);
		wrong += !stamp_plausible(now + 1, now, t.shift);
		wrong += stamp_plausible(now + 2, now, t.shift);
		wrong += !stamp_plausible(now - oldest, now, t.shift);
		wrong += stamp_plausible(now - oldest - 1, now, t.shift);
	}
	is_int(wrong, 0, "[mono - 2^(K+1), mono + 1 ms], to the millisecond");
}

/* Whatever decodes to us or to the id below, and is not from the future, can be restored. */
static void test_stamp_of_ours_is_plausible(void)
{
	unsigned int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trial t = draw();
		__u32 age = randombytes_uniform((2u << t.shift) - t.skew);

		wrong += !stamp_plausible(t.tsval, t.tsval + age, t.shift);
	}
	is_int(wrong, 0, "any age that still decodes");
}

static void test_stamp_clock_within_two_seconds_is_ours(void)
{
	__u32 now = 5; /* just after a wrap */

	ok(stamp_clock_is_ours(now, now), "the same");
	ok(stamp_clock_is_ours(now - 2000, now), "2 s behind, across the wrap");
	ok(stamp_clock_is_ours(now + 2000, now), "2 s ahead");
	ok(!stamp_clock_is_ours(now - 2001, now), "more behind");
	ok(!stamp_clock_is_ours(now + 2001, now), "more ahead");
	ok(!stamp_clock_is_ours(now + 0x80000000u, now), "the far side");
}

int main(void)
{
	if (sodium_init() < 0)
		return skip_all("libsodium does not start");
	test_stamp_young_echo_names_owner();
	test_stamp_age_is_exact();
	test_stamp_within_two_seconds_is_fresh();
	test_stamp_old_echo_names_owner_minus_one();
	test_stamp_decode_edges_are_exact();
	test_stamp_delta_is_its_own_inverse();
	test_stamp_plausible_is_the_window_of_design();
	test_stamp_of_ours_is_plausible();
	test_stamp_clock_within_two_seconds_is_ours();
	return done_testing();
}
