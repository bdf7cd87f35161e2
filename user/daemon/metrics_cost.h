/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_cost.h: internal to metrics*.c: what this process and the programs of the instance cost.
 */
#ifndef AD_METRICS_COST_H
#define AD_METRICS_COST_H

#include <stddef.h>
#include <linux/types.h>

#define COST_PROGRAMS_MAX 16

struct pins;

/* What is not known is 0. */
struct cost {
	double cpu_s, started_real_s;
	__u64 resident_bytes, virtual_bytes;
	__u64 fds, fds_max;
	/* Only while kernel.bpf_stats_enabled is 1, or was: the kernel counts nothing otherwise. */
	struct cost_program {
		char name[16];
		__u64 run_ns, runs;
	} programs[COST_PROGRAMS_MAX];
	size_t nr_programs;
};

/* @pins need not be loaded. */
void cost_read(const struct pins *pins, struct cost *cost);

#endif
