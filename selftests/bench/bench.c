// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench.c: net ns per packet of the real programs: bench [-o FILE] [NAME...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftests/bench/bench.h"

#define M1 (1u << 20)

static const struct bench benches[] = {
	{ "pass_foreign", "TCP that is not for a VIP", FRAME_FOREIGN, M1, 0, AD_FLOW_FREE,
	  AD_R_FOREIGN },
	{ "flow_stamped_local", "ours by its stamp, metered, 1M flows", FRAME_STAMPED, M1, SELF,
	  AD_FLOW_OURS, AD_R_LOCAL_STAMP },
	{ "flow_stamped_local_1k", "the same, 1k flows", FRAME_STAMPED, 1024, SELF, AD_FLOW_OURS,
	  AD_R_LOCAL_STAMP },
	{ "flow_stamped_wrap", "another's by its stamp, metered, tunnelled, 1M flows",
	  FRAME_STAMPED, M1, OTHER, AD_FLOW_TRANSIT, AD_R_WRAP_STAMP },
	{ "flow_stamped_wrap_1k", "the same, 1k flows", FRAME_STAMPED, 1024, OTHER, AD_FLOW_TRANSIT,
	  AD_R_WRAP_STAMP },
	{ "flow_unwrap", "ours, from the tunnel, authenticated, metered, 1M flows", FRAME_TUNNEL,
	  M1, SELF, AD_FLOW_OURS, AD_R_LOCAL_STAMP },
	{ "flow_unwrap_1k", "the same, 1k flows", FRAME_TUNNEL, 1024, SELF, AD_FLOW_OURS,
	  AD_R_LOCAL_STAMP },
	{ "flow_relay", "not ours, from the tunnel: unwrap, ask for a socket, wrap again",
	  FRAME_TUNNEL, M1, SELF, AD_FLOW_FREE, AD_R_WRAP_NEXT },
	{ "flow_table_1", "ours by the table, no stamp, 1 flow", FRAME_PLAIN, 1, SELF, AD_FLOW_OURS,
	  AD_R_LOCAL_FLOW },
	{ "flow_table_1k", "1k flows", FRAME_PLAIN, 1024, SELF, AD_FLOW_OURS, AD_R_LOCAL_FLOW },
	{ "flow_table_64k", "64k flows", FRAME_PLAIN, 65536, SELF, AD_FLOW_OURS, AD_R_LOCAL_FLOW },
	{ "flow_table_1m", "1M flows", FRAME_PLAIN, M1, SELF, AD_FLOW_OURS, AD_R_LOCAL_FLOW },
	{ "flow_pinned_wrap_1k", "another's by the table, tunnelled, 1k flows", FRAME_PLAIN, 1024,
	  OTHER, AD_FLOW_PIN, AD_R_WRAP_PIN },
	{ "flow_pinned_wrap_1m", "1M flows", FRAME_PLAIN, M1, OTHER, AD_FLOW_PIN, AD_R_WRAP_PIN },
	{ "egress_stamped", "tc egress: stamped and metered, 1M flows", FRAME_OUT, M1, SELF,
	  AD_FLOW_OURS, AD_R_OUT_STAMPED },
	{ "egress_stamped_1k", "the same, 1k flows", FRAME_OUT, 1024, SELF, AD_FLOW_OURS,
	  AD_R_OUT_STAMPED },
	{ "dns_a_1k", "A of 1k names", FRAME_DNS_A, BENCH_NAMES, 0, AD_FLOW_FREE,
	  AD_R_DNS_ANSWERED },
	{ "dns_nx", "NXDOMAIN, three labels below the apex", FRAME_DNS_NX, 65536, 0, AD_FLOW_FREE,
	  AD_R_DNS_ANSWERED },
};
#define NR (sizeof(benches) / sizeof(benches[0]))

static bool wanted(const struct bench *bench, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, bench->name))
			return true;
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

static int run(struct rig *rig, const char *json, char **names)
{
	struct figure figures[NR] = {};
	struct verified verified[VERIFIED_MAX];
	struct yardsticks sticks;
	int failed, nr, err;

	err = play_yardsticks(rig, &sticks);
	if (err)
		return err;
	report_machine(&sticks);
	failed = run_benches(rig, figures, names);
	nr = verifier_figures(rig, verified);
	if (nr < 0)
		return nr;
	report_verified(verified, nr);
	if (json)
		err = report_json(json, benches, figures, NR, verified, nr);
	if (failed)
		fprintf(stderr, "bench: %d failed\n", failed);
	return err ?: failed;
}

int main(int argc, char **argv)
{
	const char *json = NULL;
	struct rig rig;
	int option, err;

	while ((option = getopt(argc, argv, "o:")) != -1) {
		if (option != 'o') {
			fprintf(stderr, "usage: bench [-o FILE] [NAME...]\n");
			return 2;
		}
		json = optarg;
	}
	err = rig_new(&rig) ?: run(&rig, json, argv + optind);
	rig_free(&rig);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
