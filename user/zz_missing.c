// SPDX-License-Identifier: GPL-3.0-or-later
/* Stands in for what has not landed yet (last in the archive, and weak). To be deleted. */
#include <stdio.h>
#include "cmd.h"

#define MISSING(name)                                                                              \
	__attribute__((weak)) int cmd_##name(const struct globals *g, int argc, char **argv)       \
	{                                                                                          \
		fprintf(stderr, #name ": not there yet\n");                                        \
		return EXIT_FAILED;                                                                \
	}
MISSING(zones)
MISSING(query)
