// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_steer_scope.c: scopes (RFC 7871, 7.2.1) as properties, over random places, policies and
 * states of POPs, by the code that the kernel runs. A cache believes that everybody within a scope
 * gets the same, and that no two scopes overlap.
 */
#include "steer_fixture.h"
#include "user/steer/steer_map.h"

#define WORLDS	  150
#define CLIENTS	  60 /* of each world, whose scope is asked for */
#define NEAR	  40 /* at random within each scope */
#define ENDS	  30 /* where places end, in each family */
#define LOCATIONS 7
#define POPS	  6
#define IP4_BITS  24
#define IP6_BITS  56

static struct dns_work *work;
static struct steer_ranges ranges4, ranges6;
static struct steer_map map;
static __u64 seed = 88172645463325252ull;

static __u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* --- a random world --------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* IPv6 networks that stand for IPv4 addresses: places of their own (bpf/dns/dns_locate.h). */
static const struct {
	__u64 first, last;
} inner[] = { { 0, 0 },
	      { 0x0064ff9b00000000, 0x0064ff9b00000000 },
	      { 0x2001000000000000, 0x20010000ffffffff },
	      { 0x2002000000000000, 0x2002ffffffffffff } };

static bool stands_for_ip4(__u64 key)
{
	size_t i;

	for (i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (key >= inner[i].first && key <= inner[i].last)
			return true;
	return false;
}

/* Ends of prefixes of any length, some with shorter ones around them, as overrides are. */
static size_t draw_ends(__u64 *ends, unsigned int width, __u64 front)
{
	__u64 last = width == 64 ? ~0ull : 0xffffffff;
	size_t i, nr = 0;

	for (; nr < ENDS; nr++) {
		ends[nr] = front | (rnd() & (last >> 12));
		ends[nr] |= (1ull << rnd() % (width - 13)) - 1;
		if (nr && rnd() % 3 == 0)
			ends[nr] = ends[nr - 1] & ~(1ull << rnd() % (width - 13));
	}
	for (i = 0; width == 64 && i < sizeof(inner) / sizeof(inner[0]); i++) {
		if (inner[i].first)
			ends[nr++] = inner[i].first - 1;
		ends[nr++] = inner[i].last;
	}
	ends[nr++] = last;
	qsort(ends, nr, sizeof(*ends), compare);
	return nr;
}

static void draw_ranges(struct steer_ranges *ranges, unsigned int width, __u64 front)
{
	__u64 ends[ENDS + 9];
	size_t nr = draw_ends(ends, width, front), i;

	steer_ranges_free(ranges);
	memset(ranges, 0, sizeof(*ranges));
	for (i = 0; i < nr; i++)
		if (i + 1 == nr || ends[i] != ends[i + 1])
			steer_ranges_add(ranges, ends[i],
					 width == 64 && stands_for_ip4(ends[i])
						 ? AD_STEER_LOCATION_NONE
						 : rnd() % LOCATIONS);
}

static size_t draw_choices(struct steer_choice *choices)
{
	size_t nr = 1 + rnd() % POPS, i;
	__u8 first = rnd() % POPS, rank = 0;

	for (i = 0; i < nr; i++) {
		rank += i && rnd() & 1;
		choices[i] = (struct steer_choice){ (first + i) % POPS, rank, 1 + rnd() % 5 };
	}
	return nr;
}

static void draw_states(void)
{
	size_t i;

	steer_all_up();
	for (i = 0; i < POPS; i++) {
		switch (rnd() % 5) {
		case 0:
			steer_bank[i].word = AD_STEER_OUT;
			break;
		case 1:
			steer_bank[i].word = (rnd() % 65) << AD_STEER_SHED_SHIFT;
			break;
		default:
			break;
		}
	}
}

static bool draw_world(void)
{
	static struct steer_choice choices[LOCATIONS + 1][POPS];
	struct steer_rule rules[LOCATIONS];
	struct steer_policy policy = { .draw = (enum steer_draw)(rnd() % 3), .rules = rules };
	size_t i;

	for (i = 0; i < LOCATIONS; i++)
		rules[i] = (struct steer_rule){ choices[i], draw_choices(choices[i]) };
	policy.last_resort = (struct steer_rule){ choices[i], draw_choices(choices[i]) };
	draw_ranges(&ranges4, 32, 0xc6000000);
	draw_ranges(&ranges6, 64, 0x2001000000000000);
	draw_states();
	steer_map_free(&map);
	if (steer_map_build(&ranges4, &ranges6, LOCATIONS, &map) ||
	    !steer_use(&policy, 1, LOCATIONS))
		return false;
	steering.lines = map.lines;
	steering.nr_lines = map.nr_lines;
	work->steering = &steering;
	return true;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct told {
	int pop;
	unsigned int scope, location;
};

/* Of an IPv4 address (32 bits), or of the first 64 of an IPv6 one. */
static struct ad_addr address_of(__u64 key, bool is_ip4)
{
	struct ad_addr addr = { 0 };

	if (is_ip4) {
		addr.q[1] = __builtin_bswap32(0xffff) | (__u64)__builtin_bswap32(key) << 32;
		return addr;
	}
	addr.q[0] = __builtin_bswap64(key);
	return addr;
}

/* As the answer has them for a subnet of @bits (0: no option, and the client asks). */
static struct told ask(__u64 key, bool is_ip4, unsigned int bits)
{
	const struct ad_dns_steered name = { .seed = 7,
					     .flags = AD_DNS_STEER_ECS,
					     .ip4_bits = IP4_BITS,
					     .ip6_bits = IP6_BITS,
					     .pops = POPS };
	struct ad_addr addr = address_of(key, is_ip4);
	__u8 option[24] = { 0, is_ip4 ? 1 : 2, bits };
	static const struct ad_addr nobody;
	struct told told = { 0 };

	memcpy(option + 4, addr.b + (is_ip4 ? 12 : 0), is_ip4 ? 4 : 8);
	memset(work->subnet, 0, sizeof(work->subnet));
	work->subnet_len = bits ? 4 + (bits + 7) / 8 : 0;
	if (bits)
		memcpy(work->subnet, option, sizeof(option));
	work->client = bits ? nobody : addr;
	work->scope = 0;
	steer_find(work, &name);
	told.pop = steer_choose(work, (const struct ad_rows *)steering.table, &name);
	steer_scope(work);
	told.scope = work->scope;
	told.location = work->location;
	return told;
}

static bool is_same(const struct told *a, const struct told *b)
{
	return a->pop == b->pop && a->scope == b->scope && a->location == b->location;
}

static __u64 rest_of(unsigned int bits, unsigned int width)
{
	return bits >= width ? 0 : (width == 64 ? ~0ull : 0xffffffffull) >> bits;
}

struct tally {
	size_t asked, other, coarse, differs, shorter;
};

/* Whether some place begins, ends or lies within @rest of @key that is not @location. */
static bool has_others(const struct steer_ranges *ranges, __u64 key, __u64 rest,
		       unsigned int location)
{
	__u64 start = 0, first = key & ~rest, last = key | rest;
	size_t i;

	for (i = 0; i < ranges->nr; start = ranges->list[i++].end + 1)
		if (ranges->list[i].end >= first && start <= last &&
		    ranges->list[i].location != location)
			return true;
	return false;
}

/* Everybody within the scope: where places begin and end, and at random. */
static void check_within(__u64 key, bool is_ip4, const struct told *told, struct tally *tally)
{
	const struct steer_ranges *ranges = is_ip4 ? &ranges4 : &ranges6;
	unsigned int width = is_ip4 ? 32 : 64;
	__u64 rest = rest_of(told->scope, width), near;
	struct told other;
	size_t i;

	for (i = 0; i < NEAR + 2 * ranges->nr; i++) {
		near = i < NEAR ? rnd() : ranges->list[(i - NEAR) / 2].end + (i & 1);
		if (i >= NEAR && (near ^ key) & ~rest)
			continue;
		near = (key & ~rest) | (near & rest);
		other = ask(near, is_ip4, width);
		tally->other += !is_same(&other, told);
		other = ask(near, is_ip4, 0);
		tally->differs += other.pop != told->pop;
	}
	other = ask(key & ~rest, is_ip4, told->scope);
	tally->shorter += !is_same(&other, told);
	tally->asked += i;
}

static void check(bool is_ip4, struct tally *tally)
{
	const struct steer_ranges *ranges = is_ip4 ? &ranges4 : &ranges6;
	unsigned int width = is_ip4 ? 32 : 64, draw_bits = is_ip4 ? IP4_BITS : IP6_BITS;
	__u64 key = ranges->list[rnd() % ranges->nr].end + rnd() % 3 - 1;
	struct told told;

	key = rnd() % 4 ? key & rest_of(0, width) : rnd() & rest_of(0, width);
	if (!is_ip4 && stands_for_ip4(key))
		return;
	told = ask(key, is_ip4, width);
	check_within(key, is_ip4, &told, tally);
	if (told.scope > 1 && told.scope != draw_bits)
		tally->coarse +=
			!has_others(ranges, key, rest_of(told.scope - 1, width), told.location);
}

static void test_everybody_within_a_scope_gets_the_same(void)
{
	struct tally tally = { 0 };
	size_t world, i, failed = 0;

	for (world = 0; world < WORLDS; world++) {
		if (!draw_world()) {
			failed++;
			continue;
		}
		for (i = 0; i < CLIENTS; i++)
			check(rnd() & 1, &tally);
	}
	is_int(failed, 0, "%d worlds are made", WORLDS);
	ok(tally.asked > WORLDS * CLIENTS * NEAR, "%zu clients ask", tally.asked);
	is_int(tally.other, 0, "in one scope there is one answer, and no other scope");
	is_int(tally.shorter, 0, "so it is for a subnet that is as long as the scope");
	is_int(tally.coarse, 0,
	       "one bit less, and another place is in it, or those who draw alike");
	is_int(tally.differs, 0, "who asks for itself is answered as by its subnet");
}

int main(void)
{
	work = calloc(1, sizeof(*work));
	steer_name_pops(0);
	test_everybody_within_a_scope_gets_the_same();
	steer_map_free(&map);
	steer_ranges_free(&ranges4);
	steer_ranges_free(&ranges6);
	steer_table_free(&steer_rows);
	free(work);
	return done_testing();
}
