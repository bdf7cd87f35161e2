// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz.c: any frame, through the real program in the kernel. Needs root.
 *
 * FUZZ_VECTORS is the vector file of the program tests, for the world that it describes;
 * FUZZ_ZONES the folder of the zones in zones.h.
 */
#include "mutate.h"
#include "packet.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *vectors = getenv("FUZZ_VECTORS"), *zones = getenv("FUZZ_ZONES");

	demand(vectors && zones);
	reader_raise();
	bench_raise(vectors, zones);
	engine_raise(zones, bench_rules(), bench_real_ns());
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return frame_mutate(data, size, max, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run;

	if (size < FRAME_MIN || size > FRAME_MAX)
		return 0;
	bench_run(data, size, &run);
	verdict(&run);
	return 0;
}
