// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * verifier.c: what the verifier thought of each program, and how long the JIT made it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/bench/bench.h"
#include "anydoor.skel.h"

/*
 * "stack depth 96+48+0": one figure for each function. Their sum bounds what any chain of calls
 * among them can take.
 */
static __u32 stack_of(const char *log)
{
	static const char words[] = "stack depth ";
	const char *at = log ? strstr(log, words) : NULL;
	__u32 sum = 0;

	for (at = at ? at + sizeof(words) - 1 : NULL; at; at = *at == '+' ? at + 1 : NULL)
		sum += strtoul(at, (char **)&at, 10);
	return sum;
}

int verifier_figures(const struct rig *rig, struct verified list[VERIFIED_MAX])
{
	struct bpf_program *program;
	int nr = 0;

	bpf_object__for_each_program(program, rig->door->obj)
	{
		struct bpf_prog_info info = {};
		__u32 length = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length))
			return -errno;
		list[nr].program = bpf_program__name(program);
		list[nr].insns = info.verified_insns;
		list[nr].jited = info.jited_prog_len;
		list[nr].stack = stack_of(rig->logs[nr]);
		nr++;
	}
	return nr;
}
