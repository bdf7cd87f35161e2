/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.h: what a program costs before a packet comes: how long the verifier was at it, how much
 * stack it may need, how large it is. selftests/prog/programs.txt holds it for each kernel.
 */
#ifndef AD_MEASURE_H
#define AD_MEASURE_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

struct measure {
	const char *program;
	__u32 insns; /* verified */
	__u32 stack; /* of the deepest chain of calls, each frame rounded up to 16 bytes */
	__u32 jit;   /* bytes; 0: not compiled */
};

#define MEASURE_LOG_LEVEL 4 /* BPF_LOG_STATS: among others, the stack of each function */

/* @log is what the verifier said. 0 or -errno; the stack is that of a loaded program's calls. */
int measure_program(const char *name, int fd, const char *log, struct measure *measure);

/*
 * The row of @program and this kernel's series ("6.12"), in a file of "program kernel insns stack
 * jit"; false: there is none.
 */
bool measure_read(const char *path, const char *program, struct measure *row);
/* As it stands there. */
const char *measure_row(const struct measure *measure, char text[128]);
/* Writes it, in the place of one that is there. 0 or -errno. */
int measure_write(const char *path, const struct measure *measure);
/* Do both agree to a tenth, or to 16 bytes of stack? */
bool measure_agrees(const struct measure *now, const struct measure *row);

#endif
