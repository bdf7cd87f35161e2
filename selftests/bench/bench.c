// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench.c: net ns per packet of the real programs: bench [-o FILE] [NAME...]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "maps/dns_proto.h"
#include "selftests/bench/bench.h"

#define K1  (1u << 10)
#define M1  (1u << 20)
#define M10 (10 * M1)

#define FOREIGN(name, what, many)                                                                  \
	{                                                                                          \
		name, what, FRAME_FOREIGN, many, 0, AD_FLOW_FREE, AD_R_FOREIGN, 0, 0, 0, 0, 0      \
	}
#define FLOW(name, what, frame, many, owner, entry, reason)                                        \
	{                                                                                          \
		name, what, FRAME_##frame, many, owner, AD_FLOW_##entry, AD_R_##reason, 0, 0, 0,   \
			0, 0                                                                       \
	}
/* A million of ten million flows, in a table that is made for them; only if asked for by name. */
#define LARGE(name, what, frame, owner, entry, reason)                                             \
	{                                                                                          \
		name, what, FRAME_##frame, M1, owner, AD_FLOW_##entry, AD_R_##reason, 0, 0, 0,     \
			M10, 0                                                                     \
	}
#define DNS(name, what, frame, many, rcode)                                                        \
	{                                                                                          \
		name, what, FRAME_##frame, many, 0, AD_FLOW_FREE, AD_R_DNS_ANSWERED, rcode, 0, 0,  \
			0, 0                                                                       \
	}

#define DNS_OF_MANY(name, what, frame, many)                                                       \
	{                                                                                          \
		name, what, FRAME_##frame, many, 0, AD_FLOW_FREE, AD_R_DNS_ANSWERED, DNS_NOERROR,  \
			0, M1, 0, 0                                                                \
	}
/* Of 1k names, for @many of so many client networks. */
#define STEERED(name, what, many, networks)                                                        \
	{                                                                                          \
		name, what, FRAME_DNS_STEERED, many, 0, AD_FLOW_FREE, AD_R_DNS_ANSWERED,           \
			DNS_NOERROR, 0, 0, 0, networks                                             \
	}
#define UNASKED(name, what, many)                                                                  \
	{                                                                                          \
		name, what, FRAME_DNS_UNASKED, many, 0, AD_FLOW_FREE, AD_R_DNS_IGNORED, 0, 0, 0,   \
			0, 0                                                                       \
	}

/* What nobody asked for: each ends in @reason, or in the other one. */
#define FLOOD(name, what, frame, owner, reason, other)                                             \
	{                                                                                          \
		name, what, FRAME_##frame, M1, owner, AD_FLOW_FREE, AD_R_##reason, 0, other, 0, 0, \
			0                                                                          \
	}

/* clang-format off */
static const struct bench benches[] = {
	FOREIGN("pass_foreign", "TCP that is not for a VIP", M1),
	FLOW("flow_stamped_local", "ours by its stamp, 1M flows",
	     STAMPED, M1, SELF, OURS, LOCAL_STAMP),
	FLOW("flow_stamped_local_1k", "the same, 1k flows",
	     STAMPED, K1, SELF, OURS, LOCAL_STAMP),
	FLOW("flow_stamped_wrap", "another's by its stamp, tunnelled, 1M flows",
	     STAMPED, M1, OTHER, TRANSIT, WRAP_STAMP),
	FLOW("flow_stamped_wrap_1k", "the same, 1k flows",
	     STAMPED, K1, OTHER, TRANSIT, WRAP_STAMP),
	FLOW("flow_unwrap", "ours (NAT), from the tunnel, authenticated, 1M flows",
	     TUNNEL, M1, SELF, OURS, LOCAL_STAMP),
	FLOW("flow_unwrap_1k", "the same, 1k flows",
	     TUNNEL, K1, SELF, OURS, LOCAL_STAMP),
	FLOW("flow_relay", "not ours, from the tunnel: unwrap, ask for a socket, wrap again",
	     TUNNEL, M1, SELF, FREE, WRAP_NEXT),
	FLOW("flow_table_1", "ours (NAT) by the table, no stamp, metered, 1 flow",
	     PLAIN, 1, SELF, OURS, LOCAL_FLOW),
	FLOW("flow_table_1k", "1k flows", PLAIN, K1, SELF, OURS, LOCAL_FLOW),
	FLOW("flow_table_64k", "64k flows", PLAIN, 64 * K1, SELF, OURS, LOCAL_FLOW),
	FLOW("flow_table_1m", "1M flows", PLAIN, M1, SELF, OURS, LOCAL_FLOW),
	FLOW("flow_pinned_wrap_1k", "another's by the table, metered, tunnelled, 1k flows",
	     PLAIN, K1, OTHER, PIN, WRAP_PIN),
	FLOW("flow_pinned_wrap_1m", "1M flows", PLAIN, M1, OTHER, PIN, WRAP_PIN),
	FLOW("flow_local_metered_1k", "ours by its stamp, in the table, 1k flows",
	     STAMPED, K1, SELF, OURS, LOCAL_STAMP),
	FLOW("flow_local_metered_1m", "1M flows", STAMPED, M1, SELF, OURS, LOCAL_STAMP),
	FLOW("egress_stamped", "tc egress of a socket: stamped, 1M flows",
	     OUT, M1, SELF, OURS, OUT_STAMPED),
	FLOW("egress_stamped_1k", "the same, 1k flows", OUT, K1, SELF, OURS, OUT_STAMPED),
	LARGE("flow_table_10m", "ours (NAT) by the table, no stamp, metered, 10M flows",
	      PLAIN, SELF, OURS, LOCAL_FLOW),
	LARGE("flow_pinned_wrap_10m", "another's by the table, metered, tunnelled, 10M flows",
	      PLAIN, OTHER, PIN, WRAP_PIN),
	LARGE("flow_local_metered_10m", "ours by its stamp, in the table, 10M flows",
	      STAMPED, SELF, OURS, LOCAL_STAMP),
	FLOOD("flood_ack", "ACKs of unknown flows, no stamp", PLAIN, SELF, BUDGET_HUNT, AD_R_WRAP_HUNT),
	FLOOD("flood_ack_copied", "the same, each with the timestamps of another flow",
	      STAMPED, NOWHERE, BUDGET_HUNT, AD_R_WRAP_HUNT),
	FLOOD("flood_syn", "SYNs, each of another client", SYN, SELF, LOCAL_SYN, AD_CONTINUE),
	FLOOD("flood_stranger", "tunnel packets of no peer", STRANGER, SELF, TUNNEL_PEER, AD_CONTINUE),
	FLOOD("flood_replayed", "tunnel packets of a minute ago",
	      REPLAYED, SELF, TUNNEL_STALE, AD_CONTINUE),
	FLOOD("flood_forged", "tunnel packets with a wrong tag",
	      FORGED, SELF, TUNNEL_AUTH, AD_CONTINUE),
	FLOOD("flood_looping", "tunnel packets out of hops",
	      LOOPING, SELF, TUNNEL_HOPS, AD_CONTINUE),
	DNS("dns_a_1k", "A of 1k names", DNS_A, BENCH_NAMES, DNS_NOERROR),
	DNS("dns_nx", "NXDOMAIN, three labels below the apex", DNS_NX, 64 * K1, DNS_NXDOMAIN),
	DNS("dns_wildcard", "A of a wildcard", DNS_WILDCARD, 64 * K1, DNS_NOERROR),
	DNS("dns_cookie", "A of 1k names, with EDNS and a valid cookie", DNS_COOKIE, BENCH_NAMES,
	    DNS_NOERROR),
	DNS("dns_a_do", "A of 1k names, with EDNS and DO", DNS_DO, BENCH_NAMES, DNS_NOERROR),
	DNS("dns_a_ecs", "A of 1k names, with EDNS, DO and a client subnet", DNS_ECS, BENCH_NAMES,
	    DNS_NOERROR),
	DNS("dns_a_signed", "A with its signature, of a signed zone", DNS_SIGNED, BENCH_NAMES,
	    DNS_NOERROR),
	DNS("dns_steered_signed", "the same of a steered name, as its client's POP has it",
	    DNS_STEERED_SIGNED, BENCH_NAMES, DNS_NOERROR),
	DNS("dns_nx_nsec", "NXDOMAIN with NSEC", DNS_NSEC, 64 * K1, DNS_NXDOMAIN),
	DNS("dns_nx_nsec3", "NXDOMAIN with NSEC3", DNS_NSEC3, 64 * K1, DNS_NXDOMAIN),
	STEERED("dns_steered_hot", "the same of 1k steered names, 64k client networks", 64 * K1, 64 * K1),
	STEERED("dns_steered_1m", "the same, clients at random in 5M networks", M1, 5000000),
	UNASKED("dns_unasked", "a query that must not be answered: its heads are read", BENCH_NAMES),
	DNS_OF_MANY("dns_a_1m_hot", "A of 1k names among 1M", DNS_A, BENCH_NAMES),
	DNS_OF_MANY("dns_a_1m", "A of 1M names at random", DNS_A, M1),
};
/* clang-format on */
#define NR (sizeof(benches) / sizeof(benches[0]))

static bool wanted(const struct bench *bench, char **names)
{
	if (!*names)
		return !bench->live;
	for (; *names; names++)
		if (!strcmp(*names, bench->name))
			return true;
	return false;
}

static bool wants_room(char **names)
{
	for (size_t i = 0; i < NR; i++)
		if (benches[i].live && wanted(&benches[i], names))
			return true;
	return false;
}

static bool known(const char *name)
{
	for (size_t i = 0; i < NR; i++)
		if (!strcmp(benches[i].name, name))
			return true;
	fprintf(stderr, "bench: there is no %s\n", name);
	return false;
}

/* The number of benches that failed. */
static int run_benches(struct rig *rig, struct figure figures[NR], char **names)
{
	int err, failed = 0;

	report_header();
	for (size_t i = 0; i < NR; i++) {
		if (!wanted(&benches[i], names))
			continue;
		err = play_bench(rig, &benches[i], &figures[i]);
		if (err)
			fprintf(stderr, "bench: %s: %s\n", benches[i].name, strerror(-err));
		report_bench(&benches[i], &figures[i]);
		failed += !figures[i].ok;
	}
	return failed;
}

/* The stages of a bench that was run and is in order. */
static int take_apart(struct rig *rig, const struct figure figures[NR], const char *name,
		      struct stages *stages)
{
	for (size_t i = 0; i < NR; i++)
		if (!strcmp(benches[i].name, name) && figures[i].ok)
			return stages_play(rig, &benches[i], stages);
	return 0;
}

static int run(struct rig *rig, const char *json, char **names)
{
	struct figure figures[NR] = {};
	struct ways ways = {};
	struct verified verified[VERIFIED_MAX];
	struct yardsticks sticks;
	int failed, nr, err;

	err = play_yardsticks(rig, &sticks);
	if (err)
		return err;
	report_machine(&sticks);
	report_table(rig);
	failed = run_benches(rig, figures, names);
	err = take_apart(rig, figures, "dns_a_1k", &ways.found) ?:
	      take_apart(rig, figures, "dns_wildcard", &ways.wildcard) ?:
	      take_apart(rig, figures, "dns_nx", &ways.absent);
	if (err)
		return err;
	nr = verifier_figures(rig, verified);
	if (nr < 0)
		return nr;
	report_breakdown(benches, figures, NR, &sticks, &ways);
	report_verified(verified, nr);
	if (json)
		err = report_json(json, benches, figures, NR, verified, nr);
	if (failed)
		fprintf(stderr, "bench: %d failed\n", failed);
	return err ?: failed;
}

/* What is measured must not wait for its turn. Where this is not allowed, it is only noisier. */
static void go_first(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO, &lowest);
}

static int usage(void)
{
	fprintf(stderr, "usage: bench [-o FILE] [NAME...]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *json = NULL;
	struct rig rig;
	int option, err;

	while ((option = getopt(argc, argv, "o:")) != -1) {
		if (option != 'o')
			return usage();
		json = optarg;
	}
	for (int i = optind; i < argc; i++)
		if (!known(argv[i]))
			return usage();
	go_first();
	err = rig_new(&rig, wants_room(argv + optind) ? "10M" : "2M")
		      ?: run(&rig, json, argv + optind);
	rig_free(&rig);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
