// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure.c: programs measured (measure.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include "measure.h"

#define FUNCTIONS_MAX 256
#define FRAME_ALIGN   16
#define DEPTH_MAX     16

struct calls {
	struct bpf_insn *insns;
	__u32 nr_insns;
	struct bpf_func_info functions[FUNCTIONS_MAX];
	__u32 nr;
	__u32 frames[FUNCTIONS_MAX];
};

static const char *series(void)
{
	static char text[32];
	struct utsname name;
	unsigned int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	snprintf(text, sizeof(text), "%u.%u", major, minor);
	return text;
}

/* "stack depth 40+72+0+..." */
static int read_frames(const char *log, struct calls *calls)
{
	static const char head[] = "stack depth ";
	const char *at = strstr(log, head);
	char *end;
	__u32 nr = 0;

	if (!at)
		return -ENOMSG;
	for (at += strlen(head); nr < FUNCTIONS_MAX; at = end + 1) {
		calls->frames[nr++] = strtoul(at, &end, 10);
		if (*end != '+')
			break;
	}
	return nr == calls->nr ? 0 : -EPROTO;
}

static __u32 function_at(const struct calls *calls, __u32 insn)
{
	for (__u32 i = 0; i < calls->nr; i++)
		if (calls->functions[i].insn_off == insn)
			return i;
	return FUNCTIONS_MAX;
}

/* Whom the instruction @i calls, or hands to a helper that calls it; FUNCTIONS_MAX: nobody. */
static __u32 callee(const struct calls *calls, __u32 i)
{
	const struct bpf_insn *insn = &calls->insns[i];

	if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL)
		return function_at(calls, i + 1 + insn->off);
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC)
		return function_at(calls, i + 1 + insn->imm);
	return FUNCTIONS_MAX;
}

static __u32 deepest(const struct calls *calls, __u32 function, int depth)
{
	__u32 first = calls->functions[function].insn_off, most = 0, below, to;
	__u32 end = function + 1 < calls->nr ? calls->functions[function + 1].insn_off
					     : calls->nr_insns;
	__u32 frame = calls->frames[function] ?: 1;

	for (__u32 i = first; i < end && depth < DEPTH_MAX; i++) {
		to = callee(calls, i);
		below = to < calls->nr ? deepest(calls, to, depth + 1) : 0;
		if (below > most)
			most = below;
	}
	return (frame + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN + most;
}

static int read_calls(int fd, const struct bpf_prog_info *sizes, struct calls *calls)
{
	struct bpf_prog_info info = {
		.xlated_prog_insns = (__u64)(uintptr_t)calls->insns,
		.xlated_prog_len = sizes->xlated_prog_len,
		.func_info = (__u64)(uintptr_t)calls->functions,
		.nr_func_info = sizes->nr_func_info,
		.func_info_rec_size = sizeof(calls->functions[0]),
	};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	calls->nr = sizes->nr_func_info;
	calls->nr_insns = sizes->xlated_prog_len / sizeof(*calls->insns);
	return 0;
}

int measure_program(const char *name, int fd, const char *log, struct measure *measure)
{
	struct bpf_prog_info info = {};
	struct calls calls = {};
	__u32 len = sizeof(info);
	int err;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	if (!info.nr_func_info || info.nr_func_info > FUNCTIONS_MAX)
		return -E2BIG;
	calls.insns = calloc(1, info.xlated_prog_len);
	if (!calls.insns)
		return -ENOMEM;
	err = read_calls(fd, &info, &calls);
	err = err ?: read_frames(log, &calls);
	if (!err)
		*measure = (struct measure){ name, info.verified_insns, deepest(&calls, 0, 0),
					     info.jited_prog_len };
	free(calls.insns);
	return err;
}

/* --- programs.txt ----------------------------------------------------------------------------- */

static bool row_is(const char *line, const char *program, struct measure *row)
{
	char name[64], kernel[32];

	return sscanf(line, "%63s %31s %u %u %u", name, kernel, &row->insns, &row->stack,
		      &row->jit) == 5 &&
	       !strcmp(name, program) && !strcmp(kernel, series());
}

bool measure_read(const char *path, const char *program, struct measure *row)
{
	FILE *file = fopen(path, "r");
	bool found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file))
		found = row_is(line, program, row);
	if (file)
		fclose(file);
	if (!found)
		*row = (struct measure){};
	row->program = program;
	return found;
}

const char *measure_row(const struct measure *measure, char text[128])
{
	snprintf(text, 128, "%-12s %-8s %8u %8u %8u", measure->program, series(), measure->insns,
		 measure->stack, measure->jit);
	return text;
}

int measure_write(const char *path, const struct measure *measure)
{
	FILE *from = fopen(path, "r"), *to;
	struct measure old;
	char line[256], fresh[512], text[128];

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	to = from ? fopen(fresh, "w") : NULL;
	if (!to) {
		if (from)
			fclose(from);
		return -errno;
	}
	while (fgets(line, sizeof(line), from))
		if (!row_is(line, measure->program, &old))
			fputs(line, to);
	fprintf(to, "%s\n", measure_row(measure, text));
	fclose(from);
	return fclose(to) || rename(fresh, path) ? -errno : 0;
}

static bool near(__u32 a, __u32 b, __u32 least)
{
	__u32 off = a > b ? a - b : b - a;

	return off <= least || off <= b / 10;
}

bool measure_agrees(const struct measure *now, const struct measure *row)
{
	return near(now->insns, row->insns, 1000) && near(now->stack, row->stack, FRAME_ALIGN) &&
	       near(now->jit, row->jit, 1024);
}
