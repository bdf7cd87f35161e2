// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * crowd.c: a thousand connections at once, of which every byte is looked at.
 *
 * crowd serve NAME PORT
 *     Serves whoever calls, on every address and over both families, and calls itself NAME.
 * crowd call [OPTION...] PORT ADDRESS...
 *     Opens connections, a quarter each of which sends, receives, talks, and is idle, to the
 *     addresses in turn. Says "connected N" when all are served. "end" on stdin ends them, each in
 *     good order; then says in JSON which arrived whole, and what became of the others. Any other
 *     line: how many live, were lost, and are waiting for what should have come.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include "crowd.h"

static int usage(void)
{
	fputs("usage: crowd serve NAME PORT\n"
	      "       crowd call [--count N] [--rate BYTES/S] [--life S] PORT ADDRESS...\n",
	      stderr);
	return 2;
}

/* As many descriptors as we may have. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	int code = -1;

	raise_limit();
	if (argc == 4 && !strcmp(argv[1], "serve"))
		code = crowd_serve(argv[2], argv[3]);
	else if (argc > 3 && !strcmp(argv[1], "call"))
		code = crowd_call(argc - 1, argv + 1);
	return code < 0 ? usage() : code;
}
