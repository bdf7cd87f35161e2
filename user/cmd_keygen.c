// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_keygen.c: `anydoor keygen`: the one secret of a fleet.
 */
#include <stdio.h>
#include "cmd.h"
#include "keys.h"
#include "log.h"

const struct arg cmd_keygen_args[] = {
	{ "FILE", 0, ARG_WORD, 0, NULL, 0, 0, "where to; must not exist yet" }, { NULL }
};

int cmd_keygen(const struct globals *globals, int argc, char **argv)
{
	const char *path = NULL;

	if (args_parse(cmd_keygen_args, argc, argv, &path))
		return EXIT_USAGE;
	if (!path) {
		log_err("keygen: needs a file to write, such as /etc/anydoor/fleet.key");
		return EXIT_USAGE;
	}
	if (keys_generate(path))
		return EXIT_FAILED;
	printf("%s: made. Copy it to every node of the fleet, readable by root alone.\n", path);
	return EXIT_OK;
}
