// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_steer_rows.c: policies to rows, and rows with the POPs' states to POPs: shares, stickiness,
 * and that nobody moves who need not. Drawn by the same code as in the kernel.
 */
#include "steer_fixture.h"

#define CLIENTS	 20000
#define POLICIES 300
#define NOBODY	 AD_STEER_NONE

static struct dns_work *work;

static unsigned int random_of(unsigned int nr)
{
	static __u64 state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % nr;
}

/* How many clients each POP gets; pops[i]: whom client i got. */
static void draw_all(__u8 *pops, unsigned int *counts, __u32 out)
{
	memset(counts, 0, AD_STEER_BANK * sizeof(*counts));
	for (__u32 i = 0; i < CLIENTS; i++) {
		pops[i] = steer_pop_of(work, i, out);
		counts[pops[i]]++;
	}
}

static size_t random_choices(struct steer_choice *choices, unsigned int ranks)
{
	size_t nr = 2 + random_of(7), i;
	unsigned int first = random_of(200);

	for (i = 0; i < nr; i++)
		choices[i] = (struct steer_choice){ first + i, random_of(ranks), 1 + random_of(9) };
	return nr;
}

static unsigned int total_of(const struct steer_choice *choices, size_t nr)
{
	unsigned int total = 0;

	while (nr--)
		total += choices[nr].weight;
	return total;
}

static void test_quotas_are_within_one_slot_of_weights(void)
{
	struct steer_choice choices[AD_STEER_POPS];
	__u8 quotas[AD_STEER_POPS];
	int bad_sum = 0, bad_slot = 0;
	unsigned int round, sum;
	size_t nr, i;

	for (round = 0; round < POLICIES; round++) {
		nr = random_choices(choices, 1);
		memset(quotas, 0, sizeof(quotas));
		steer_quotas(choices, nr, quotas);
		for (sum = i = 0; i < nr; i++) {
			double exact = 64.0 * choices[i].weight / total_of(choices, nr);

			sum += quotas[i];
			bad_slot += quotas[i] < exact - 1 || quotas[i] > exact + 1;
		}
		bad_sum += sum != 64;
	}
	is_int(bad_sum, 0, "64 slots in each of %d rows", POLICIES);
	is_int(bad_slot, 0, "each POP's within one slot of its weight");
}

/* Slots that changed, and the fewest that could. */
static void count_moved(const __u8 *before, const __u8 *after, unsigned int *moved,
			unsigned int *least)
{
	int have[AD_STEER_BANK] = { 0 };
	unsigned int i;

	for (i = 0; i < AD_STEER_SLOTS; i++) {
		*moved += before[i] != after[i];
		have[before[i]]--;
		have[after[i]]++;
	}
	for (i = 0; i < AD_STEER_BANK; i++)
		*least += have[i] > 0 ? have[i] : 0;
}

static void copy_row(__u8 *row)
{
	const struct ad_rows_head *head = steer_table_head(&steer_rows);

	memcpy(row, steer_rows.bytes + head->rows + sizeof(struct ad_steer_row), AD_STEER_SLOTS);
}

static void test_changed_weight_moves_little_more_than_it_must(void)
{
	struct steer_choice choices[AD_STEER_POPS];
	unsigned int round, moved = 0, least = 0;
	__u8 before[AD_STEER_SLOTS], after[AD_STEER_SLOTS];
	size_t nr;

	for (round = 0; round < POLICIES; round++) {
		nr = random_choices(choices, 1);
		steer_use_one(STEER_WEIGHTED, choices, nr, 0, NULL, 0);
		copy_row(before);
		if (round % 2)
			choices[random_of(nr)].weight = 1 + random_of(9);
		else
			nr--;
		steer_use_one(STEER_WEIGHTED, choices, nr, 0, NULL, 0);
		copy_row(after);
		count_moved(before, after, &moved, &least);
	}
	diag("%.1f %% of slots moved, the fewest possible are %.1f %%",
	     100.0 * moved / (POLICIES * 64), 100.0 * least / (POLICIES * 64));
	ok(least && moved <= least * 13 / 10, "at most 1.3 times the fewest move");
}

static void test_weighted_has_shares_by_weight(void)
{
	static __u8 pops[CLIENTS];
	unsigned int counts[AD_STEER_BANK], round, bad = 0;
	struct steer_choice choices[AD_STEER_POPS];
	double worst = 0, off;
	size_t nr, i;

	for (round = 0; round < 30; round++) {
		nr = random_choices(choices, 3);
		steer_use_one(STEER_WEIGHTED, choices, nr, 0, NULL, 0);
		draw_all(pops, counts, 0);
		for (i = 0; i < nr; i++) {
			off = (double)counts[choices[i].pop] / CLIENTS -
			      (double)choices[i].weight / total_of(choices, nr);
			off = off < 0 ? -off : off;
			worst = off > worst ? off : worst;
			bad += off > 0.03;
		}
	}
	is_int(bad, 0, "within 3 %% of all clients; the worst was %.1f %%", worst * 100);
}

/* One of three weights, from a sixth to two sevenths: of clients, not of slots. */
static void test_one_changed_weight_moves_clients_to_that_pop_alone(void)
{
	static __u8 before[CLIENTS], after[CLIENTS];
	struct steer_choice choices[] = { { 1, 0, 3 }, { 2, 0, 2 }, { 3, 0, 1 } };
	unsigned int counts[AD_STEER_BANK], moved = 0, elsewhere = 0, i;
	double must = 2 / 7.0 - 1 / 6.0;

	steer_use_one(STEER_WEIGHTED, choices, 3, 0, NULL, 0);
	draw_all(before, counts, 0);
	choices[2].weight = 2;
	steer_use_one(STEER_WEIGHTED, choices, 3, 0, NULL, 0);
	draw_all(after, counts, 0);
	for (i = 0; i < CLIENTS; i++) {
		moved += before[i] != after[i];
		elsewhere += before[i] != after[i] && after[i] != 3;
	}
	diag("weights 3:2:1 to 3:2:2: %.1f %% of clients moved, %.1f %% must; %.1f %% to a POP "
	     "whose weight had not changed",
	     100.0 * moved / CLIENTS, 100 * must, 100.0 * elsewhere / CLIENTS);
	ok(moved > 0.8 * must * CLIENTS && moved < 1.5 * must * CLIENTS,
	   "little more than must move");
	ok(elsewhere < 0.04 * CLIENTS, "and hardly anybody to another POP");
}

static void test_order_is_the_first_that_is_up(void)
{
	static const struct steer_choice choices[] = { { 1, 0, 1 }, { 2, 1, 1 }, { 3, 2, 1 } };
	static const struct steer_choice last[] = { { 9, 0, 1 } };
	int i;

	steer_use_one(STEER_ORDER, choices, 3, STEER_OUT_LAST_RESORT, last, 1);
	for (i = 1; i <= 3; i++) {
		is_int(steer_pop_of(work, 5, 0), i, "the first that is up is pop%d", i);
		steer_bank[i].word = AD_STEER_OUT;
	}
	is_int(steer_pop_of(work, 5, AD_DNS_STEER_LAST), 9, "none is: the last resort");
	is_int(steer_pop_of(work, 5, AD_DNS_STEER_NODATA), NOBODY, "or nobody, if so configured");
	is_int(steer_pop_of(work, 5, AD_DNS_STEER_SERVFAIL), NOBODY, "or nobody, the other way");
	steer_bank[9].word = AD_STEER_OUT;
	is_int(steer_pop_of(work, 5, AD_DNS_STEER_LAST), 9, "the last resort, out as it is");
	steer_bank[3].word = 0;
	is_int(steer_pop_of(work, 5, 0), 3, "one is up again");
	steer_all_up();
}

/* A failure: whoever did not have that POP keeps his; the others go where the weights say. */
static void test_failure_moves_only_the_lost_pops_clients(void)
{
	static __u8 before[CLIENTS], after[CLIENTS];
	unsigned int counts[AD_STEER_BANK], round, i, lost, moved = 0, kept = 0;
	struct steer_choice choices[AD_STEER_POPS];
	size_t nr;

	for (round = 0; round < 30; round++) {
		nr = random_choices(choices, 3);
		steer_use_one(round % 3, choices, nr, STEER_OUT_SERVFAIL, NULL, 0);
		draw_all(before, counts, AD_DNS_STEER_SERVFAIL);
		lost = choices[random_of(nr)].pop;
		steer_bank[lost].word = AD_STEER_OUT;
		draw_all(after, counts, AD_DNS_STEER_SERVFAIL);
		for (i = 0; i < CLIENTS; i++) {
			moved += before[i] != lost && before[i] != after[i];
			kept += after[i] == lost;
		}
		steer_all_up();
	}
	is_int(moved, 0, "nobody else moves");
	is_int(kept, 0, "nobody stays");
}

static void test_spread_shares_the_lost_clients_by_weight(void)
{
	static const struct steer_choice choices[] = {
		{ 1, 0, 1 }, { 2, 1, 1 }, { 3, 2, 2 }, { 4, 3, 1 }
	};
	static __u8 pops[CLIENTS];
	unsigned int counts[AD_STEER_BANK];

	steer_use_one(STEER_SPREAD, choices, 4, STEER_OUT_SERVFAIL, NULL, 0);
	draw_all(pops, counts, 0);
	is_int(counts[1], CLIENTS, "all are at the first rank");
	steer_bank[1].word = AD_STEER_OUT;
	draw_all(pops, counts, 0);
	ok(counts[2] > CLIENTS * 22 / 100 && counts[2] < CLIENTS * 28 / 100,
	   "then a quarter at the second: %u", counts[2]);
	ok(counts[3] > CLIENTS * 47 / 100 && counts[3] < CLIENTS * 53 / 100,
	   "half at the third, which has twice the weight: %u", counts[3]);
	steer_all_up();
}

static void test_shed_sheds_its_part(void)
{
	static const struct steer_choice choices[] = { { 1, 0, 3 }, { 2, 0, 2 }, { 3, 0, 1 } };
	static __u8 before[CLIENTS], after[CLIENTS];
	unsigned int counts[AD_STEER_BANK], was, percent, i, strays = 0, bad = 0;

	steer_use_one(STEER_WEIGHTED, choices, 3, STEER_OUT_SERVFAIL, NULL, 0);
	draw_all(before, counts, 0);
	was = counts[1];
	for (percent = 0; percent <= 100; percent += 10) {
		steer_bank[1].word = ((percent * 64 + 50) / 100) << AD_STEER_SHED_SHIFT;
		draw_all(after, counts, 0);
		for (i = 0; i < CLIENTS; i++)
			strays += before[i] != 1 && before[i] != after[i];
		/* a slot is 1.6 %, and 10,000 clients are a sample */
		bad += counts[1] < was * (100.0 - percent - 3) / 100 ||
		       counts[1] > was * (100.0 - percent + 3) / 100;
	}
	is_int(bad, 0, "0 to 100 %% of a POP's clients go elsewhere, as told");
	is_int(strays, 0, "and no others");
	steer_bank[2].word = steer_bank[3].word = 64 << AD_STEER_SHED_SHIFT;
	draw_all(after, counts, AD_DNS_STEER_SERVFAIL);
	is_int(counts[NOBODY], 0, "if all shed all, nobody goes unanswered");
	steer_all_up();
}

/* Whatever the policy and the states: never a POP that is out while a listed one is up. */
static void test_random_states_never_give_a_pop_that_is_out(void)
{
	struct steer_choice choices[AD_STEER_POPS];
	unsigned int round, wrong = 0, missed = 0, up, i, states = 0;
	int pop;
	size_t nr;

	for (round = 0; round < POLICIES; round++) {
		nr = random_choices(choices, 4);
		steer_use_one(round % 3, choices, nr, STEER_OUT_SERVFAIL, NULL, 0);
		for (up = i = 0; i < nr; i++) {
			unsigned int out = random_of(3) > 0;

			steer_bank[choices[i].pop].word =
				out ? AD_STEER_OUT : random_of(65) << AD_STEER_SHED_SHIFT;
			up += !out;
		}
		states += up > 0;
		for (i = 0; i < 200; i++) {
			pop = steer_pop_of(work, random_of(1u << 24), AD_DNS_STEER_SERVFAIL);
			missed += up && pop == NOBODY;
			wrong += pop != NOBODY && steer_bank[pop].word & AD_STEER_OUT;
		}
		steer_all_up();
	}
	ok(states > POLICIES / 2, "in %u states one at least is up", states);
	is_int(wrong, 0, "nobody gets a POP that is out");
	is_int(missed, 0, "and nobody goes without one while one is up");
}

/* Another place in the list of POPs, as after a reload, or at another node. */
static void test_clients_stay_when_pops_are_numbered_anew(void)
{
	static __u8 before[CLIENTS], after[CLIENTS];
	static const struct steer_choice choices[] = { { 5, 0, 3 }, { 6, 0, 2 }, { 7, 0, 1 } };
	static const struct steer_choice moved[] = { { 1, 0, 2 }, { 2, 0, 1 }, { 0, 0, 3 } };
	unsigned int counts[AD_STEER_BANK], i, strays = 0;

	steer_use_one(STEER_WEIGHTED, choices, 3, 0, NULL, 0);
	draw_all(before, counts, 0);
	steer_name_pops(5);
	steer_use_one(STEER_WEIGHTED, moved, 3, 0, NULL, 0);
	draw_all(after, counts, 0);
	steer_name_pops(0);
	for (i = 0; i < CLIENTS; i++)
		strays += before[i] != after[i] + 5;
	is_int(strays, 0, "each has the POP of the same name");
}

static void test_equal_rows_are_stored_once(void)
{
	static const struct steer_choice choices[] = { { 1, 0, 1 }, { 2, 1, 1 } };
	struct steer_choice copies[250][2];
	struct steer_rule rules[250];
	struct steer_policy policies[40];
	size_t i;

	for (i = 0; i < 250; i++) {
		memcpy(copies[i], choices, sizeof(choices));
		rules[i] = (struct steer_rule){ copies[i], 2 };
	}
	for (i = 0; i < 40; i++)
		policies[i] = (struct steer_policy){ .draw = STEER_ORDER,
						     .out = STEER_OUT_LAST_RESORT,
						     .last_resort = rules[0],
						     .rules = rules };
	ok(steer_use(policies, 40, 250), "40 policies at 250 locations, all alike");
	is_int(steer_table_head(&steer_rows)->nr_rows, 2, "are two rows");
	is_int(steer_pop_of(work, 1, 0), 1, "that are drawn from");
	ok(steer_rows_build(policies, 1, 0, steer_seeds, &(struct steer_table){ 0 }),
	   "no location at all is refused");
}

static int choose(const struct ad_rows *rows, const struct ad_dns_steered *name, __u16 location)
{
	work->location = location;
	return steer_choose(work, rows, name);
}

/* More pages than one: an entry, a row and the row behind it on different ones. */
static void test_large_tables_are_drawn_from(void)
{
	enum {
		LOCATIONS = 300,
		MANY = 1200
	};
	struct steer_policy *policies = calloc(MANY, sizeof(*policies));
	struct steer_rule *rules = calloc(LOCATIONS, sizeof(*rules));
	struct steer_choice(*choices)[2] = calloc(LOCATIONS, sizeof(*choices));
	struct ad_dns_steered name = { .seed = 7, .policy = MANY - 1, .pops = AD_STEER_POPS };
	const struct ad_rows *table;
	size_t i;

	for (i = 0; i < LOCATIONS; i++) {
		choices[i][0] = (struct steer_choice){ i % 200, 0, 1 };
		choices[i][1] = (struct steer_choice){ i % 200 + 1, 1, 1 };
		rules[i] = (struct steer_rule){ choices[i], 2 };
	}
	for (i = 0; i < MANY; i++)
		policies[i] = (struct steer_policy){ .rules = rules, .out = STEER_OUT_SERVFAIL };
	ok(steer_use(policies, MANY, LOCATIONS), "1,200 policies at 300 locations");
	table = (const struct ad_rows *)steering.table;
	ok(table->head.pages > 1, "take %u pages", table->head.pages);
	is_int(choose(table, &name, 299), 99, "the last of them is found");
	steer_bank[99].word = AD_STEER_OUT;
	is_int(choose(table, &name, 299), 100, "and the row behind it");
	is_int(choose(table, &name, 300), NOBODY, "there is no location behind it");
	name.policy = MANY;
	is_int(choose(table, &name, 0), NOBODY, "nor a policy");
	steer_all_up();
	free(policies);
	free(rules);
	free(choices);
}

int main(void)
{
	work = calloc(1, sizeof(*work));
	work->steering = &steering;
	steer_name_pops(0);
	test_quotas_are_within_one_slot_of_weights();
	test_changed_weight_moves_little_more_than_it_must();
	test_weighted_has_shares_by_weight();
	test_one_changed_weight_moves_clients_to_that_pop_alone();
	test_order_is_the_first_that_is_up();
	test_failure_moves_only_the_lost_pops_clients();
	test_spread_shares_the_lost_clients_by_weight();
	test_shed_sheds_its_part();
	test_random_states_never_give_a_pop_that_is_out();
	test_clients_stay_when_pops_are_numbered_anew();
	test_equal_rows_are_stored_once();
	test_large_tables_are_drawn_from();
	steer_table_free(&steer_rows);
	free(work);
	return done_testing();
}
