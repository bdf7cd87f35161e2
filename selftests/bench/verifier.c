// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * verifier.c: what the verifier thought of each program, and how long the JIT made it.
 *
 * The log of level 4 says "stack depth 96+48+0": one figure for each function, in the order of
 * their first instructions. What counts against the limit of 512 is the deepest chain of calls.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/bench/bench.h"
#include "anydoor.skel.h"

#define FUNCTIONS_MAX 64
#define FRAME_ALIGN   32 /* the kernel rounds each function's frame up to this */

struct functions {
	const struct bpf_insn *insns;
	size_t nr_insns;
	size_t starts[FUNCTIONS_MAX]; /* ascending; the first is the program */
	__u32 stacks[FUNCTIONS_MAX];
	int nr;
};

/* The instruction that @at calls, or takes the address of to be called back; 0: none. */
static size_t callee(const struct functions *f, size_t at)
{
	const struct bpf_insn *insn = &f->insns[at];
	bool call = insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
	bool address =
		insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC;

	return call || address ? at + insn->imm + 1 : 0;
}

static void add_start(struct functions *f, size_t start)
{
	int i = 0;

	while (i < f->nr && f->starts[i] < start)
		i++;
	if (f->nr == FUNCTIONS_MAX || (i < f->nr && f->starts[i] == start))
		return;
	memmove(&f->starts[i + 1], &f->starts[i], (f->nr - i) * sizeof(f->starts[0]));
	f->starts[i] = start;
	f->nr++;
}

static void read_stacks(struct functions *f, const char *log)
{
	static const char words[] = "stack depth ";
	const char *at = log ? strstr(log, words) : NULL;
	char *end;

	if (!at)
		return;
	at += sizeof(words) - 1;
	for (int i = 0; i < f->nr; i++) {
		f->stacks[i] = strtoul(at, &end, 10);
		if (*end != '+')
			break;
		at = end + 1;
	}
}

/* Functions do not call themselves, not even by way of others: the verifier saw to that. */
static __u32 deepest(const struct functions *f, int function)
{
	size_t end = function + 1 < f->nr ? f->starts[function + 1] : f->nr_insns;
	__u32 below = 0;

	for (size_t at = f->starts[function]; at < end; at++) {
		size_t target = callee(f, at);

		for (int i = 0; target && i < f->nr; i++)
			if (f->starts[i] == target && deepest(f, i) > below)
				below = deepest(f, i);
	}
	return (f->stacks[function] + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN + below;
}

static __u32 stack_of(const struct bpf_program *program, const char *log)
{
	struct functions f = {
		.insns = bpf_program__insns(program),
		.nr_insns = bpf_program__insn_cnt(program),
		.nr = 1,
	};

	for (size_t at = 0; at < f.nr_insns; at++)
		if (callee(&f, at))
			add_start(&f, callee(&f, at));
	read_stacks(&f, log);
	return deepest(&f, 0);
}

int verifier_figures(const struct rig *rig, struct verified list[VERIFIED_MAX])
{
	struct bpf_program *program;
	int nr = 0;

	bpf_object__for_each_program(program, rig->door->obj) {
		struct bpf_prog_info info = {};
		__u32 length = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length))
			return -errno;
		list[nr].program = bpf_program__name(program);
		list[nr].insns = info.verified_insns;
		list[nr].jited = info.jited_prog_len;
		list[nr].stack = stack_of(program, rig->logs[nr]);
		nr++;
	}
	return nr;
}
