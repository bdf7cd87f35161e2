// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report.c: what was found, for people and for programs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <jansson.h>
#include "selftests/bench/bench.h"
#include "user/base/output.h"

/*
 * Other people's programs, measured once on a machine like this, in the same way: their own code
 * under BPF_PROG_TEST_RUN behind a restoring wrapper. Constants: they are not built here.
 */
static const struct rival {
	const char *bench, *what;
	double ns;
} rivals[] = {
	{ "pass_foreign", "Katran, pass of what is not for a VIP", 70 },
	{ "flow_stamped_local_1k", "GLB, stateless path", 83 },
	{ "flow_stamped_wrap_1k", "GLB, stateless path", 83 },
	{ "flow_stamped_wrap", "Katran, table of 1M, IPIP", 425 },
	{ "flow_stamped_wrap", "Katran, table of 1M, GUE", 627 },
	{ "flow_unwrap", "Katran, from another POP: unwrap, wrap again", 331 },
	{ "flow_relay", "Katran, from another POP: unwrap, wrap again", 331 },
	{ "flow_table_1k", "Katran, table of 1k, and IPIP, which ours is without", 106 },
	{ "flow_table_1m", "Katran, table of 1M, and IPIP, which ours is without", 425 },
	{ "flow_local_metered_1k", "Katran, table of 1k, and IPIP, which ours is without", 106 },
	{ "flow_local_metered_1m", "Katran, table of 1M, and IPIP, which ours is without", 425 },
	{ "flow_pinned_wrap_1k", "Katran, table of 1k, IPIP", 106 },
	{ "flow_pinned_wrap_1k", "Katran, table of 1k, GUE", 283 },
	{ "flow_pinned_wrap_1m", "Katran, table of 1M, IPIP", 425 },
	{ "flow_pinned_wrap_1m", "Katran, table of 1M, GUE", 627 },
	{ "dns_a_1k", "the quickest other XDP responder, small exact table", 195 },
	{ "dns_nx", "the same, a miss", 115 },
};
#define NR_RIVALS (sizeof(rivals) / sizeof(rivals[0]))

/* What we want to reach, on the machine of the first table in deploy/doc/figures.md. */
static const struct goal {
	const char *bench;
	double ns;
} goals[] = {
	{ "dns_a_1k", 85 },	 { "dns_nx", 160 },	 { "dns_wildcard", 130 },
	{ "dns_a_signed", 140 }, { "dns_nx_nsec", 280 }, { "dns_nx_nsec3", 600 },
};
#define NR_GOALS (sizeof(goals) / sizeof(goals[0]))

/* The first line of @path that starts with @key; what follows its colon. */
static void line_of(const char *path, const char *key, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	char line[512];

	snprintf(text, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');
		char *value = !*key ? line : colon ? colon + 1 : NULL;

		if (strncmp(line, key, strlen(key)) || !value)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, size, "%s", value + strspn(value, " "));
		break;
	}
	if (file)
		fclose(file);
}

void report_machine(const struct yardsticks *sticks)
{
	char cpu[128], spectre[256];
	struct utsname kernel;

	uname(&kernel);
	line_of("/proc/cpuinfo", "model name", cpu, sizeof(cpu));
	line_of("/sys/devices/system/cpu/vulnerabilities/spectre_v2", "", spectre, sizeof(spectre));
	printf("machine     %s, Linux %s\n", cpu, kernel.release);
	printf("spectre_v2  %s\n", spectre);
	printf("yardsticks  cold memory line %.0f ns (%.0f of it for the page), helper call %.1f "
	       "ns, "
	       "clock read %.1f ns (coarse %.1f ns),\n"
	       "            round of SipHash %.1f ns, route asked of the kernel %.0f ns, frame's "
	       "end moved %.1f ns\n\n",
	       sticks->cold_line, sticks->page_walk, sticks->helper, sticks->clock,
	       sticks->coarse_clock, sticks->sip_round, sticks->route, sticks->resize);
}

void report_table(const struct rig *rig)
{
	__u32 slots = (rig->flow_mask + 1) * AD_FLOW_SLOTS;
	char text[2][UNIT_TEXT];

	printf("flow table  %s slots, %s; loaded, with the programs, in %.2f s\n\n",
	       unit_count(slots, text[0]), unit_bytes(rig_flow_bytes(rig), text[1]), rig->load_s);
}

void report_networks(unsigned int networks, __u64 bytes)
{
	char text[2][UNIT_TEXT];

	printf("%-24s %7s clients in %s networks: %s\n", "location table", "",
	       unit_exact(networks, text[0]), unit_bytes(bytes, text[1]));
	fflush(stdout);
}

void report_header(void)
{
	printf("%-24s %7s %14s %8s   %s\n", "bench", "ns", "quartiles", "wrapper", "what");
}

static void print_goal(const struct bench *bench, const struct figure *figure)
{
	for (size_t i = 0; i < NR_GOALS; i++)
		if (!strcmp(goals[i].bench, bench->name))
			printf("%-24s %7.2f of %.0f ns: the goal\n", "", figure->ns / goals[i].ns,
			       goals[i].ns);
}

static void print_rivals(const struct bench *bench, const struct figure *figure)
{
	for (size_t i = 0; i < NR_RIVALS; i++)
		if (!strcmp(rivals[i].bench, bench->name))
			printf("%-24s %7.2f of %.0f ns: %s\n", "", figure->ns / rivals[i].ns,
			       rivals[i].ns, rivals[i].what);
}

void report_bench(const struct bench *bench, const struct figure *figure)
{
	if (!figure->ok) {
		printf("%-24s %7s %14s %8s   %s\n", bench->name, "failed", "", "", bench->what);
		return;
	}
	printf("%-24s %7.1f %6.0f .. %4.0f %8.0f   %s\n", bench->name, figure->ns, figure->low,
	       figure->high, figure->wrapper, bench->what);
	if (figure->busy)
		printf("%-24s %7s the machine was busy: too high by half or more\n", "", "");
	print_goal(bench, figure);
	print_rivals(bench, figure);
	fflush(stdout);
}

void report_verified(const struct verified *list, int nr)
{
	printf("\n%-24s %14s %8s %8s\n", "program", "insns verified", "stack", "jited");
	for (int i = 0; i < nr; i++)
		printf("%-24s %14u %8u %8u\n", list[i].program, list[i].insns, list[i].stack,
		       list[i].jited);
}

static json_t *verified_json(const struct verified *list, int nr)
{
	json_int_t insns = 0, stack = 0, jited = 0;

	for (int i = 0; i < nr; i++) {
		insns += list[i].insns;
		jited += list[i].jited;
		if (list[i].stack > stack)
			stack = list[i].stack;
	}
	return json_pack("{s:I, s:I, s:I}", "insns", insns, "stack", stack, "jited", jited);
}

int report_json(const char *path, const struct bench *benches, const struct figure *figures,
		size_t nr, const struct verified *list, int nr_verified)
{
	json_t *root = json_object();
	int err = 0;

	for (size_t i = 0; i < nr; i++)
		if (figures[i].ok)
			json_object_set_new(root, benches[i].name,
					    json_pack("{s:f}", "ns", figures[i].ns));
	json_object_set_new(root, "verifier", verified_json(list, nr_verified));
	if (json_dump_file(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6))) {
		fprintf(stderr, "bench: cannot write %s\n", path);
		err = -EIO;
	}
	json_decref(root);
	return err;
}
