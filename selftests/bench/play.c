// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * play.c: rounds. Each run plays a stretch of the deck twice, with nothing behind the wrapper
 * and with the program behind it; the difference is the program's. Counters say afterwards
 * whether the program did what the bench is about.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/bench/bench.h"
#include "anydoor.skel.h"
#include "selftests/bench/wrap.skel.h"

#define RUNS	      16
#define ROUNDS	      65536u
#define TRIES	      4
#define SLOW	      1.4 /* times what the wrapper took at best */
#define PAUSE_US      500000
#define SAMPLE_OFF_BY 20 /* what a sample counted may be off by one in so many */

struct table {
	struct wrap_bpf *wrap;
	const struct rig *rig;
	int wrapper, empty, behind; /* programs and the slot's map, of XDP or of tc */
	bool tc;
	__u64 played; /* rounds with the program behind the wrapper */
	__u32 said;   /* by the program in the last of them */
};

static struct wrap_bpf *wrap_load(const struct deck *deck, __u32 cold_lines, __u32 cold_step)
{
	struct wrap_bpf *wrap = wrap_bpf__open();

	if (!wrap)
		return NULL;
	memcpy(&wrap->rodata->layout, &deck->layout, sizeof(deck->layout));
	wrap->rodata->layout.cold_mask = cold_lines - 1;
	wrap->rodata->layout.cold_step = cold_step;
	bpf_map__set_value_size(wrap->maps.deck, 8 * deck->layout.nr_words);
	bpf_map__set_max_entries(wrap->maps.deck, deck->cards);
	bpf_map__set_max_entries(wrap->maps.cold_lines, cold_lines * cold_step);
	if (wrap_bpf__load(wrap)) {
		wrap_bpf__destroy(wrap);
		return NULL;
	}
	return wrap;
}

static int table_open(struct table *table, const struct rig *rig, const struct deck *deck, bool tc,
		      __u32 cold_lines, __u32 cold_step)
{
	size_t length = (size_t)deck->cards * 8 * deck->layout.nr_words;
	void *cards;

	table->rig = rig;
	table->tc = tc;
	table->wrap = wrap_load(deck, cold_lines, cold_step);
	if (!table->wrap)
		return -EINVAL;
	cards = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(table->wrap->maps.deck), 0);
	if (cards == MAP_FAILED)
		return -errno;
	memcpy(cards, deck->words, length);
	munmap(cards, length);
	table->wrapper = bpf_program__fd(tc ? table->wrap->progs.wrap_tc : table->wrap->progs.wrap);
	table->empty = bpf_program__fd(tc ? table->wrap->progs.empty_tc : table->wrap->progs.empty);
	table->behind = bpf_map__fd(tc ? table->wrap->maps.behind_tc : table->wrap->maps.behind);
	return 0;
}

/* Mean ns of @rounds from card @start on, with @program behind the wrapper. */
static int play(struct table *table, int program, __u32 start, __u32 rounds, __u32 *ns)
{
	struct wrap_bpf *wrap = table->wrap;
	__u8 frame[BENCH_FRAME_MAX] = {};
	__u32 length = wrap->rodata->layout.length, slot = 0;
	struct xdp_md from = { .data_end = length, .ingress_ifindex = table->rig->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length,
		    .repeat = rounds);

	if (!table->tc) {
		opts.ctx_in = &from;
		opts.ctx_size_in = sizeof(from);
	}
	if (program != table->empty)
		rig_freshen(table->rig);
	wrap->bss->home = 0;
	wrap->bss->next = start;
	if (bpf_map_update_elem(table->behind, &slot, &program, BPF_ANY) ||
	    bpf_prog_test_run_opts(table->wrapper, &opts))
		return -errno;
	*ns = opts.duration;
	if (program != table->empty) {
		table->played += rounds;
		table->said = opts.retval;
	}
	return wrap->bss->lost ? -EPROTO : 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Each run compares the same cards, one right after the other, so that noise hits both. */
static int measure_once(struct table *table, int program, struct figure *figure)
{
	double net[RUNS], wrapper[RUNS];

	for (int run = 0; run < RUNS; run++) {
		__u32 base, whole;
		int err = play(table, table->empty, run * ROUNDS, ROUNDS, &base)
				  ?: play(table, program, run * ROUNDS, ROUNDS, &whole);

		if (err)
			return err;
		net[run] = (double)whole - base;
		wrapper[run] = base;
	}
	qsort(net, RUNS, sizeof(*net), compare);
	qsort(wrapper, RUNS, sizeof(*wrapper), compare);
	figure->ns = (net[RUNS / 2 - 1] + net[RUNS / 2]) / 2;
	figure->low = net[RUNS / 4];
	figure->high = net[RUNS - 1 - RUNS / 4];
	figure->wrapper = wrapper[RUNS / 2];
	return 0;
}

/*
 * A neighbour on the same core halves its speed, for seconds at a time. The wrapper shows it: it
 * costs about the same in all benches of one hook. Then we wait, look again, and keep the best.
 */
static int measure(struct table *table, int program, struct figure *figure)
{
	static double quickest[2];
	double *best = &quickest[table->tc];

	for (int i = 0; i < TRIES; i++) {
		struct figure once = {};
		int err = measure_once(table, program, &once);

		if (err)
			return err;
		if (!i || once.wrapper < figure->wrapper)
			*figure = once;
		if (!*best || once.wrapper < *best)
			*best = once.wrapper;
		figure->busy = figure->wrapper > SLOW * *best;
		if (!figure->busy)
			break;
		usleep(PAUSE_US);
	}
	return 0;
}

/* All, bar one in a thousand. */
static bool enough(__u64 counted, __u64 rounds)
{
	return counted >= rounds - rounds / 1000;
}

static void complain(const struct bench *bench, const struct tally *before, const struct tally *now,
		     __u64 rounds)
{
	static const char *const labels[] = {
#define X(sym, side, action, label, help) [AD_R_##sym] = label,
		AD_REASONS(X)
#undef X
	};

	fprintf(stderr, "bench: %s: of %llu rounds", bench->name, rounds);
	for (int reason = 1; reason < AD_REASON_MAX; reason++)
		if (now->reasons[reason] != before->reasons[reason])
			fprintf(stderr, " %llu %s", now->reasons[reason] - before->reasons[reason],
				labels[reason]);
	fprintf(stderr, "; all should be %s\n", labels[bench->reason]);
}

static __u64 ended(const struct tally *tally, const struct bench *bench)
{
	__u64 nr = tally->reasons[bench->reason];

	return bench->other ? nr + tally->reasons[bench->other] : nr;
}

/* The guard: every round since @before ended as @bench says. */
static bool as_intended(const struct rig *rig, const struct bench *bench,
			const struct tally *before, __u64 rounds)
{
	struct tally now;

	rig_tally(rig, &now);
	if (!enough(ended(&now, bench) - ended(before, bench), rounds)) {
		complain(bench, before, &now, rounds);
		return false;
	}
	if (bench->reason == AD_R_DNS_ANSWERED &&
	    !enough(now.rcodes[bench->rcode] - before->rcodes[bench->rcode], rounds)) {
		fprintf(stderr, "bench: %s: answered, but with another rcode\n", bench->name);
		return false;
	}
	return true;
}

/* The flow table met the packets too: its entries counted them, or a sample of them. */
static bool as_metered(const struct rig *rig, const struct bench *bench, __u64 rounds)
{
	__u64 metered = rig_flow_packets(rig), least = rounds;

	if (bench->frame == FRAME_STAMPED || bench->frame == FRAME_TUNNEL)
		least -= rounds / SAMPLE_OFF_BY;
	if (bench->entry == AD_FLOW_FREE || bench->frame == FRAME_OUT || enough(metered, least))
		return true;
	fprintf(stderr, "bench: %s: the flow table counted %llu packets of %llu\n", bench->name,
		metered, rounds);
	return false;
}

static int play_deck(struct table *table, const struct bench *bench, const struct deck *deck,
		     struct figure *figure)
{
	const struct rig *rig = table->rig;
	int program =
		bpf_program__fd(table->tc ? rig->door->progs.egress : rig->door->progs.packet);
	struct tally before;
	__u32 warm;
	int err = 0;

	rig_tally(rig, &before);
	for (__u32 start = 0; start < deck->cards && !err; start += ROUNDS)
		err = play(table, program, start, ROUNDS, &warm);
	err = err ?: measure(table, program, figure);
	if (err)
		return err;
	figure->ok = as_intended(rig, bench, &before, table->played) &&
		     as_metered(rig, bench, table->played);
	return 0;
}

int play_bench(struct rig *rig, const struct bench *bench, struct figure *figure)
{
	struct deck deck = {};
	struct table table = {};
	int err;

	memset(figure, 0, sizeof(*figure));
	err = rig_serve(rig, bench->names ?: BENCH_NAMES, bench->networks) ?:
	      deck_build(&deck, rig, bench) ?:
	      table_open(&table, rig, &deck, bench->frame == FRAME_OUT, 1, 1) ?:
	      play_deck(&table, bench, &deck, figure);
	wrap_bpf__destroy(table.wrap);
	deck_free(&deck);
	return err;
}

int play_program(struct rig *rig, const struct bench *bench, int program, struct figure *figure)
{
	struct deck deck = {};
	struct table table = {};
	__u32 warm;
	int err;

	err = rig_serve(rig, bench->names ?: BENCH_NAMES, bench->networks) ?:
	      deck_build(&deck, rig, bench) ?:
	      table_open(&table, rig, &deck, false, 1, 1) ?:
	      play(&table, program, 0, ROUNDS, &warm) ?: measure(&table, program, figure);
	if (!err && table.said != XDP_TX)
		err = -EPROTO;
	wrap_bpf__destroy(table.wrap);
	deck_free(&deck);
	return err;
}

#define COLD_LINES (1u << 21) /* 134 MB: no cache of one core's holds it */
#define HOT_LINES  16u
#define PAGES	   32768u /* of 4 KiB; one line of each is 2 MB, which a core's cache holds */
#define PAGE_LINES 64u

static int time_cold(const struct rig *rig, const struct deck *deck, __u32 lines, __u32 step,
		     double *ns)
{
	struct table table = {};
	struct figure figure = {};
	int err = table_open(&table, rig, deck, false, lines, step);

	if (!err)
		err = measure(&table, bpf_program__fd(table.wrap->progs.cold), &figure);
	wrap_bpf__destroy(table.wrap);
	*ns = figure.ns;
	return err;
}

/* One of BENCH_CALLS calls in a row. */
static int time_call(struct table *table, const struct bpf_program *calls, double *ns)
{
	struct figure figure;
	int err = measure(table, bpf_program__fd(calls), &figure);

	*ns = figure.ns / BENCH_CALLS;
	return err;
}

static int time_calls(const struct rig *rig, const struct deck *deck, struct yardsticks *sticks)
{
	struct table table = {};
	int err = table_open(&table, rig, deck, false, 1, 1);

	if (!err)
		err = time_call(&table, table.wrap->progs.calls, &sticks->helper) ?:
		      time_call(&table, table.wrap->progs.clocks, &sticks->clock) ?:
		      time_call(&table, table.wrap->progs.coarse_clocks, &sticks->coarse_clock)
				      ?: time_call(&table, table.wrap->progs.rounds,
						   &sticks->sip_round) ?:
		      time_call(&table, table.wrap->progs.routes, &sticks->route) ?:
		      time_call(&table, table.wrap->progs.resizes, &sticks->resize);
	wrap_bpf__destroy(table.wrap);
	return err;
}

int play_yardsticks(struct rig *rig, struct yardsticks *sticks)
{
	static const struct bench any = { .frame = FRAME_FOREIGN, .many = 1 };
	struct deck deck = {};
	double hot, cold, near, far;
	int err;

	err = deck_build(&deck, rig, &any) ?:
	      time_cold(rig, &deck, HOT_LINES, 1, &hot) ?:
	      time_cold(rig, &deck, COLD_LINES, 1, &cold) ?:
	      time_cold(rig, &deck, PAGES, 1, &near) ?:
	      time_cold(rig, &deck, PAGES, PAGE_LINES + 1, &far) ?:
	      time_calls(rig, &deck, sticks);
	sticks->cold_line = cold - hot;
	sticks->page_walk = far - near;
	deck_free(&deck);
	return err;
}
