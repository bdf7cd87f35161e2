// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stages.c: how long a query takes to each stage of its way (stages.bpf.c). The programs have the
 * maps of those that are measured, and their options.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/bench/bench.h"
#include "anydoor.skel.h"
#include "selftests/bench/stages.skel.h"

static int share_maps(struct stages_bpf *stages, const struct rig *rig)
{
	struct bpf_map *map, *of_rig;

	bpf_object__for_each_map(map, stages->obj) {
		of_rig = bpf_object__find_map_by_name(rig->door->obj, bpf_map__name(map));
		if (!of_rig || bpf_map__is_internal(map))
			continue;
		if (bpf_map__reuse_fd(map, bpf_map__fd(of_rig)))
			return -errno;
	}
	return 0;
}

static int load(struct stages_bpf **stages, const struct rig *rig)
{
	int err;

	*stages = stages_bpf__open();
	if (!*stages)
		return -errno;
	(*stages)->rodata->opt = rig->door->rodata->opt;
	err = share_maps(*stages, rig);
	return err ?: stages_bpf__load(*stages);
}

int stages_play(struct rig *rig, const struct bench *bench, struct stages *times)
{
	struct stages_bpf *stages;
	struct bpf_program *program = NULL;
	struct figure figure;
	int nr = 0, err = load(&stages, rig);

	while (!err && nr < STAGES && (program = bpf_object__next_program(stages->obj, program))) {
		err = play_program(rig, bench, bpf_program__fd(program), &figure);
		times->ns[nr++] = figure.ns;
	}
	stages_bpf__destroy(stages);
	times->ok = !err && nr == STAGES;
	if (err)
		fprintf(stderr, "bench: stages of %s: %s\n", bench->name, strerror(-err));
	return err;
}
