// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * race.c: the flow table under two CPUs at once, and a reader.
 *
 *   race FRAMES [SECONDS]
 *
 * First a melee: both CPUs send frames of all flows as they come, into buckets that are too small
 * for them. Then duels: on a signal both send a frame of the same flow, which no table of the
 * other's knows yet. Afterwards nothing of ours may be missing or counted wrong, and nothing twice.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/tap.h"
#include "selftests/prog/rig.h"
#include "selftests/prog/world.h"
#include "selftests/prog/zones.h"

#define SECONDS_DEFAULT 4
#define FLOWS_MAX	256
#define BURST		64 /* of one frame, at most */
#define ETH		14
#define TRIES		4 /* of a reader, while an entry changes hands */

enum role {
	IN,
	FIN,
	OUT,
	OUTFIN,
	STAMPED,
	ASKED,
	SYN,
	CLAIM,
	OTHER,
	NO,
	GONE,
	ROLES
};
enum group {
	KEPT,
	CROWD,
	PIN,
	TRANSIT,
	ALONE,
	GROUPS
};

static const char *const role_names[] = { "in",	 "fin",	  "out",   "outfin", "stamped", "asked",
					  "syn", "claim", "other", "no",     "gone",	NULL };
static const char *const group_names[] = { "kept", "crowd", "pin", "transit", "alone", NULL };

struct flow {
	enum group group;
	__u32 bucket, tag;
	__be16 port; /* the client's: no other flow has it */
	const struct vector *roles[ROLES];
};

/* What one CPU has sent. */
struct racer {
	int cpu;
	unsigned int seed;
	__u64 frames;
	__u64 rx[FLOWS_MAX];
	int err;
};

struct slots {
	union {
		struct ad_flow_slot slot;
		__u64 word;
	} at[AD_FLOW_SLOTS];
};

static struct flow flows[FLOWS_MAX];
static size_t nr_flows;
static struct racer racers[2];
static struct rig *rig;
static int tags_fd, flows_fd;
static volatile bool over;
static unsigned int hot; /* moves on, so that both think of the same flow at the same time */

/* --- the frames ----------------------------------------------------------------------------- */

static int index_of(const char *const *names, const char *name, size_t len)
{
	for (int i = 0; names[i]; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return i;
	return -1;
}

/* GROUP-NUMBER-ROLE */
static int flow_take(const struct vector *vector)
{
	const char *name = vector->name, *number = strchr(name, '-'), *role;
	int group = number ? index_of(group_names, name, number - name) : -1, at;
	size_t n = number ? strtoul(number + 1, (char **)&role, 10) : FLOWS_MAX;
	struct flow *flow;

	if (group < 0 || n >= FLOWS_MAX || *role++ != '-' || vector->flows.nr != 1)
		return -EINVAL;
	at = index_of(role_names, role, strlen(role));
	if (at < 0)
		return -EINVAL;
	flow = &flows[n];
	flow->group = group;
	flow->bucket = vector->flows.list[0].bucket;
	flow->tag = vector->flows.list[0].tag;
	flow->roles[at] = vector;
	if (at == IN)
		memcpy(&flow->port,
		       vector->in.data + ETH + (vector->in.data[ETH] >> 4 == 6 ? 40 : 20),
		       sizeof(flow->port));
	nr_flows = n >= nr_flows ? n + 1 : nr_flows;
	return 0;
}

static int lay_ground(const char *path, struct plan **plan)
{
	int err = plan_read(path, plan);

	for (size_t i = 0; !err && i < (*plan)->vectors.nr; i++)
		err = flow_take((*plan)->vectors.list[i]);
	err = err ?: world_enter(*plan) ?: zones_mount();
	for (size_t i = 0; !err && i < (*plan)->sockets.nr; i++)
		err = world_socket_open(&(*plan)->sockets.list[i]);
	err = err ?: rig_open((*plan)->options.list[0], &rig);
	err = err ?: rig_prepare(rig, (*plan)->vectors.list[0]);
	if (err)
		return err;
	tags_fd = rig_map_fd(rig, "flow_tags");
	flows_fd = rig_map_fd(rig, "flows");
	return 0;
}

/* --- sending -------------------------------------------------------------------------------- */

static void send_role(struct racer *racer, size_t n, enum role role, __u32 times)
{
	int err = rig_repeat(rig, flows[n].roles[role], times);

	if (err && !racer->err)
		racer->err = err;
	racer->frames += times;
	if (role != OUT && role != OUTFIN && role != ASKED) /* that one is only asked about */
		racer->rx[n] += times;
}

/*
 * A flow's packets come in on one CPU and go out on the other, as flow.h has it. Its FINs are
 * forged: they do not fit the socket. One of ours would end it, and make room.
 */
static void send_kept(struct racer *racer, size_t n, __u32 dice)
{
	bool rx = racer == &racers[n % 2];
	bool fin = dice % 8 == 0;

	if (rx && dice % 32 == 1)
		send_role(racer, n, ASKED, 1);
	else if (rx && dice % 32 == 2)
		send_role(racer, n, STAMPED, 1);
	else if (rx)
		send_role(racer, n, fin ? FIN : IN, 1 + dice / 64 % BURST);
	else
		send_role(racer, n, OUT, 1 + dice / 64 % BURST);
}

static void send_pin(struct racer *racer, size_t n, __u32 dice)
{
	static const enum role roles[] = { IN, IN, IN, SYN, CLAIM, CLAIM, OTHER, NO };

	send_role(racer, n, roles[dice % 8], 1);
}

static void send_transit(struct racer *racer, size_t n, __u32 dice)
{
	static const enum role roles[] = { STAMPED, STAMPED, STAMPED, STAMPED, FIN, IN, GONE, SYN };

	send_role(racer, n, roles[dice % 8], 1);
}

static void melee(struct racer *racer)
{
	__u32 dice = rand_r(&racer->seed);
	size_t n;

	if (dice % 4)
		n = (__atomic_fetch_add(&hot, 1, __ATOMIC_RELAXED) / 4 + dice / 4 % 2) % nr_flows;
	else
		n = dice / 8 % nr_flows;
	dice = rand_r(&racer->seed);
	switch (flows[n].group) {
	case KEPT:
		return send_kept(racer, n, dice);
	case CROWD:
		return send_role(racer, n, dice % 2 ? IN : OUT, 1 + dice / 2 % 4);
	case PIN:
		return send_pin(racer, n, dice);
	default:
		return send_transit(racer, n, dice);
	}
}

static void stay_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void *melee_run(void *arg)
{
	struct racer *racer = arg;

	stay_on(racer->cpu);
	while (!over && !racer->err)
		melee(racer);
	return NULL;
}

/* --- looking -------------------------------------------------------------------------------- */

static struct flow *flow_of(__u32 bucket, __u32 tag)
{
	for (size_t n = 0; n < nr_flows; n++)
		if (flows[n].bucket == bucket && flows[n].tag == tag)
			return &flows[n];
	return NULL;
}

static bool owner_fits(const struct flow *flow, const struct ad_flow *entry)
{
	switch (flow->group) {
	case KEPT:
	case CROWD:
		return entry->kind == AD_FLOW_OURS && entry->owner == 1;
	case PIN:
		return entry->kind == AD_FLOW_PIN && (entry->owner == 2 || entry->owner == 3);
	default:
		return entry->kind == AD_FLOW_TRANSIT && entry->owner == 2;
	}
}

/* Does the entry say what its slot says, and what its flow can be? */
static bool entry_fits(__u32 bucket, const struct ad_flow_slot *slot, const struct ad_flow *entry)
{
	const struct flow *flow = flow_of(bucket, slot->tag);

	return flow && !slot->busy && entry->kind == slot->kind &&
	       entry->client_port == flow->port && owner_fits(flow, entry);
}

static bool look(__u32 bucket, struct slots *slots)
{
	return !bpf_map_lookup_elem(tags_fd, &bucket, slots);
}

static bool look_at_entry(__u32 bucket, __u32 at, struct ad_flow *entry)
{
	__u32 index = bucket * AD_FLOW_SLOTS + at;

	return !bpf_map_lookup_elem(flows_fd, &index, entry);
}

enum sight {
	NOTHING,
	WHOLE,
	TORN
};

/* As everybody must read it: slot, entry, and the slot again (pins_flows.c, flow.h). */
static enum sight read_entry(__u32 bucket, __u32 at)
{
	struct slots before, after;
	struct ad_flow entry;

	for (int i = 0; i < TRIES; i++) {
		if (!look(bucket, &before) || !look_at_entry(bucket, at, &entry) ||
		    !look(bucket, &after))
			return TORN;
		if (before.at[at].slot.kind == AD_FLOW_FREE)
			return NOTHING;
		if (before.at[at].word == after.at[at].word &&
		    entry_fits(bucket, &before.at[at].slot, &entry))
			return WHOLE;
	}
	return before.at[at].slot.busy || before.at[at].word != after.at[at].word ? NOTHING : TORN;
}

static __u64 seen[TORN + 1];

static void *read_run(void *arg)
{
	while (!over)
		for (size_t n = 0; n < nr_flows; n++)
			for (__u32 at = 0; at < AD_FLOW_SLOTS; at++)
				seen[read_entry(flows[n].bucket, at)]++;
	return NULL;
}

/* Entries of this flow; the last one found in @entry. */
static int count_entries(const struct flow *flow, struct ad_flow *entry)
{
	struct slots slots;
	int nr = 0;

	if (!look(flow->bucket, &slots))
		return -1;
	for (__u32 at = 0; at < AD_FLOW_SLOTS; at++)
		if (slots.at[at].slot.kind && slots.at[at].slot.tag == flow->tag) {
			nr++;
			if (!look_at_entry(flow->bucket, at, entry))
				return -1;
		}
	return nr;
}

/* --- after the melee ------------------------------------------------------------------------ */

static __u32 ip_bytes(const struct vector *vector)
{
	return vector->in.len - ETH;
}

/* All frames of a kept flow but one are of one size. What its socket sends the socket counts. */
static bool kept_counts_fit(size_t n, const struct ad_flow *entry)
{
	__u64 rx = racers[0].rx[n] + racers[1].rx[n];

	if (entry->rx_packets == rx && !entry->tx_packets &&
	    entry->rx_bytes >= rx * ip_bytes(flows[n].roles[IN]))
		return true;
	diag("flow %zu: %u in and %u out counted, %llu in sent", n, entry->rx_packets,
	     entry->tx_packets, rx);
	return false;
}

static void check_kept(void)
{
	int missing = 0, wrong = 0, unmarked = 0;
	struct ad_flow entry;

	for (size_t n = 0; n < nr_flows; n++) {
		if (flows[n].group != KEPT)
			continue;
		if (count_entries(&flows[n], &entry) != 1 || entry.kind != AD_FLOW_OURS) {
			missing++;
			continue;
		}
		wrong += !kept_counts_fit(n, &entry);
		unmarked += !(entry.flags & AD_FLOW_STAMPED);
	}
	ok(!missing, "every flow of ours is in the table, once: nothing of others' evicted it");
	ok(!wrong, "its counters are what came");
	ok(!unmarked, "what it was marked with is still there");
}

static void check_table(void)
{
	int twice = 0, unfit = 0, busy = 0;
	struct ad_flow entry;
	struct slots slots;

	for (size_t n = 0; n < nr_flows; n++) {
		twice += count_entries(&flows[n], &entry) > 1;
		if (!look(flows[n].bucket, &slots))
			unfit++;
		for (__u32 at = 0; at < AD_FLOW_SLOTS; at++) {
			busy += slots.at[at].slot.busy;
			unfit += slots.at[at].slot.kind &&
				 (!look_at_entry(flows[n].bucket, at, &entry) ||
				  !entry_fits(flows[n].bucket, &slots.at[at].slot, &entry));
		}
	}
	is_int(twice, 0, "no flow is in it twice");
	is_int(busy, 0, "no slot was left busy");
	is_int(unfit, 0, "every entry is what its slot says");
}

static void check_crowds(void)
{
	__u64 counted = 0, sent = 0;
	struct ad_flow entry;

	for (size_t n = 0; n < nr_flows; n++) {
		if (flows[n].group != CROWD)
			continue;
		for (int i = 0; i < 2; i++)
			sent += racers[i].rx[n];
		if (count_entries(&flows[n], &entry) == 1)
			counted += (__u64)entry.rx_packets + entry.tx_packets;
	}
	ok(counted && counted <= sent,
	   "where there are too many of ours: %llu counted of %llu sent", counted, sent);
}

static void check_stats(void)
{
	struct ad_flow_stats stats[libbpf_num_possible_cpus()], sum = {};
	__u32 zero = 0;

	if (!ok(!bpf_map_lookup_elem(rig_map_fd(rig, "flow_stats"), &zero, stats), "statistics"))
		return;
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		sum.inserts += stats[cpu].inserts;
		sum.evictions += stats[cpu].evictions;
		sum.refusals += stats[cpu].refusals;
	}
	ok(sum.inserts > 1000 && sum.evictions > 1000 && sum.refusals,
	   "a melee it was: %llu inserts, %llu evictions, %llu refusals", sum.inserts,
	   sum.evictions, sum.refusals);
}

static __u64 sum_counts(void)
{
	struct counts counts;
	__u64 sum = 0;

	if (rig_counts(rig, &counts))
		return 0;
	for (int i = 0; i < AD_REASON_MAX; i++)
		sum += counts.packets[i];
	return sum;
}

/* Each kept flow is there before it begins, marked as stamped. */
static void introduce(void)
{
	for (size_t n = 0; n < nr_flows; n++)
		if (flows[n].group == KEPT)
			send_role(&racers[n % 2], n, STAMPED, 1);
}

static void test_melee_keeps_what_is_ours(unsigned int seconds)
{
	pthread_t threads[2], reader;
	__u64 before = sum_counts(), frames;

	introduce();
	over = false;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, melee_run, &racers[i]);
	pthread_create(&reader, NULL, read_run, NULL);
	sleep(seconds);
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_join(reader, NULL);
	frames = racers[0].frames + racers[1].frames;
	ok(!racers[0].err && !racers[1].err, "%llu frames are sent by both CPUs", frames);
	ok(frames == sum_counts() - before, "and each is counted, under one reason");
	ok(seen[WHOLE] && !seen[TORN], "a reader saw %llu entries meanwhile, %llu of them torn",
	   seen[WHOLE], seen[TORN]);
	check_kept();
	check_table();
	check_crowds();
	check_stats();
}

/* --- duels ---------------------------------------------------------------------------------- */

struct duel {
	const char *name;
	enum group group;
	enum role before; /* sent first, by one; ROLES: nothing is */
	enum role by[2];
	int entries; /* that must be there then; -1: one or none */
	__u8 flags;  /* that it must have */
};

/* The first one gets half of the time: what it looks for is two nanoseconds wide. */
static const struct duel duels[] = {
	{ "two flags set at once are both set",
	  ALONE,
	  STAMPED,
	  { STAMPED, FIN },
	  1,
	  AD_FLOW_STAMPED | AD_FLOW_CLOSING | AD_FLOW_SCOUTED },
	{ "one flag set while another is taken away",
	  KEPT,
	  STAMPED,
	  { IN, FIN },
	  1,
	  AD_FLOW_STAMPED },
	{ "a flow of ours enters once", KEPT, ROLES, { IN, IN }, 1, 0 },
	{ "a pin enters once", PIN, ROLES, { CLAIM, OTHER }, 1, 0 },
	{ "a transit flow enters once", TRANSIT, ROLES, { STAMPED, STAMPED }, 1, 0 },
	{ "a pin is renewed while it is taken back", PIN, CLAIM, { NO, OTHER }, -1, 0 },
	{ "a flow passes through while it is given back",
	  TRANSIT,
	  STAMPED,
	  { GONE, STAMPED },
	  -1,
	  0 },
};

static struct {
	const struct duel *duel;
	size_t flow;
	unsigned int round, ready;
	bool ends;
	__u64 fought, lost;
} ring;

/* Both leave it at the same moment. */
static void meet(void)
{
	unsigned int round = __atomic_load_n(&ring.round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&ring.ready, 1, __ATOMIC_ACQ_REL) == 2) {
		ring.ready = 0;
		__atomic_store_n(&ring.round, round + 1, __ATOMIC_RELEASE);
		return;
	}
	for (unsigned int spins = 0; __atomic_load_n(&ring.round, __ATOMIC_ACQUIRE) == round;
	     spins++)
		if (spins > 2000)
			sched_yield();
}

static void next_flow(void)
{
	do
		ring.flow = (ring.flow + 1) % nr_flows;
	while (flows[ring.flow].group != ring.duel->group);
}

static void prepare_duel(struct racer *racer)
{
	static const struct slots none;

	ring.ends = over;
	next_flow();
	bpf_map_update_elem(tags_fd, &flows[ring.flow].bucket, &none, BPF_ANY);
	if (ring.duel->before != ROLES)
		send_role(racer, ring.flow, ring.duel->before, 1);
}

static void judge_duel(void)
{
	struct ad_flow entry = {};
	int nr = count_entries(&flows[ring.flow], &entry);
	bool good = ring.duel->entries < 0 ? nr == 0 || nr == 1 : nr == ring.duel->entries;

	ring.fought++;
	ring.lost += !good || (entry.flags & ring.duel->flags) != ring.duel->flags;
}

static void *duel_run(void *arg)
{
	struct racer *racer = arg;
	bool second = racer == &racers[1];

	stay_on(racer->cpu);
	for (;;) {
		if (!second)
			prepare_duel(racer);
		meet();
		if (ring.ends)
			return NULL;
		send_role(racer, ring.flow, ring.duel->by[second], 1);
		meet();
		if (!second)
			judge_duel();
		meet();
	}
}

static void test_duel_leaves_one(const struct duel *duel, useconds_t duration)
{
	pthread_t threads[2];

	ring.duel = duel;
	ring.fought = ring.lost = 0;
	over = false;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, duel_run, &racers[i]);
	usleep(duration);
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ok(!ring.lost && ring.fought, "%s: %llu duels, %llu with another end", duel->name,
	   ring.fought, ring.lost);
}

/* One for each racer, of those that we may use. False: there are not enough. */
static bool choose_cpus(void)
{
	size_t nr = 0;
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (int cpu = 0; cpu < CPU_SETSIZE && nr < 2; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			racers[nr++] = (struct racer){ .cpu = cpu, .seed = 1 + cpu };
	return nr == 2;
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 2 ? strtoul(argv[2], NULL, 0) : SECONDS_DEFAULT;
	size_t nr = sizeof(duels) / sizeof(duels[0]);
	struct plan *plan;
	int err;

	if (argc < 2 || argc > 3 || !seconds) {
		fprintf(stderr, "usage: %s FRAMES [SECONDS]\n", argv[0]);
		return 2;
	}
	if (!choose_cpus()) {
		puts("1..0 # SKIP a race needs two CPUs");
		return 0;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	err = lay_ground(argv[1], &plan);
	if (!ok(!err, "the program, its sockets and its network are there")) {
		diag("%s", strerror(-err));
		return done_testing();
	}
	test_melee_keeps_what_is_ours((seconds + 1) / 2);
	for (size_t i = 0; i < nr; i++)
		test_duel_leaves_one(&duels[i], seconds * 500000ull / (i ? 2 * (nr - 1) : 2));
	rig_close(rig);
	return done_testing();
}
