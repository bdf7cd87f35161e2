// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_cost.c: what this process and its programs cost (metrics_cost.h).
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "metrics_cost.h"
#include "user/base/output.h"
#include "user/state/pins.h"

#define PROGRAM_PIN "prog_"

static void read_memory(struct cost *cost)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident;
	long page = sysconf(_SC_PAGESIZE);

	if (!file)
		return;
	if (fscanf(file, "%lu %lu", &size, &resident) == 2) {
		cost->virtual_bytes = (__u64)size * page;
		cost->resident_bytes = (__u64)resident * page;
	}
	fclose(file);
}

/* "/proc/self/stat", field 22, in ticks since the host was booted; the name may have spaces. */
static void read_start(struct cost *cost)
{
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long long ticks;
	char text[1024], *at;

	if (!file)
		return;
	at = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	fclose(file);
	if (at && sscanf(at,
			 ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			 "%*d %*d %*d %llu",
			 &ticks) == 1) {
		struct timespec boot, real;

		clock_gettime(CLOCK_BOOTTIME, &boot);
		clock_gettime(CLOCK_REALTIME, &real);
		cost->started_real_s = real.tv_sec - boot.tv_sec +
				       (double)ticks / sysconf(_SC_CLK_TCK) +
				       (real.tv_nsec - boot.tv_nsec) / 1e9;
	}
}

static void read_fds(struct cost *cost)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit))
		cost->fds_max = limit.rlim_cur;
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));)
		cost->fds += entry->d_name[0] != '.';
	cost->fds--; /* by which it was read */
	closedir(dir);
}

/* One that never ran while the kernel counted is left out. */
static void read_program(struct cost *cost, const char *path, const char *name)
{
	struct cost_program *program = &cost->programs[cost->nr_programs];
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.run_cnt) {
		text_cut(program->name, sizeof(program->name) - 1, name);
		program->run_ns = info.run_time_ns;
		program->runs = info.run_cnt;
		cost->nr_programs++;
	}
	close(fd);
}

static void read_programs(const struct pins *pins, struct cost *cost)
{
	DIR *dir = opendir(pins->dir);
	char path[sizeof(pins->dir) + NAME_MAX + 2];

	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (strncmp(entry->d_name, PROGRAM_PIN, strlen(PROGRAM_PIN)) ||
		    cost->nr_programs == COST_PROGRAMS_MAX)
			continue;
		snprintf(path, sizeof(path), "%s/%s", pins->dir, entry->d_name);
		read_program(cost, path, entry->d_name + strlen(PROGRAM_PIN));
	}
	closedir(dir);
}

void cost_read(const struct pins *pins, struct cost *cost)
{
	struct timespec cpu;

	memset(cost, 0, sizeof(*cost));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	cost->cpu_s = cpu.tv_sec + cpu.tv_nsec / 1e9;
	read_memory(cost);
	read_start(cost);
	read_fds(cost);
	read_programs(pins, cost);
}
